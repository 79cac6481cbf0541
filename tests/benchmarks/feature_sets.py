"""What each set of features is worth on real CT: `python -m tests.benchmarks.feature_sets`.

`--write` puts the tables into docs/features.md.

The cases, the strokes and the rules are those of `tests.benchmarks.real_ct`: strokes are all that is seen of the reference, every
figure is the Dice of the whole volume, and the mean over the seeds of the strokes and of the training.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

import napari_hounsfield as nh
from napari_hounsfield.demo.strokes import StrokeParams, draw_strokes

from .real_ct import ORGAN_STROKES, RECIPE, STROKES, data_folder, figures, lung_case, organ_case, table

PAGE = Path(__file__).parents[2] / "docs" / "features.md"
MARKS = ("<!-- figures: -->", "<!-- :figures -->")
SEEDS = 5
PRESETS = nh.FeatureParams.presets
SETS = {
    "Gabor alone": PRESETS["gabor alone"],
    "defaults": {},
    "defaults, kernels of 4 sigmas": {"gabor": nh.GaborParams(pool="mean", truncate=4.0)},
    "defaults, gradient": {"gradient": True},
    "defaults, Laplacian": {"laplacian": True},
    "defaults, structure": {"structure": True},
    "defaults, Hessian": {"hessian": True},
    "defaults, position": {"position": True},
    "Gabor plus": PRESETS["gabor plus"],
    "Gabor plus, no position": {**PRESETS["gabor plus"], "position": False},
}


def rows(
    volume: nh.Volume, reference: nh.LabelMap, strokes: StrokeParams, clean: nh.CleanParams, only: Sequence[str] = ()
) -> Iterator[Sequence[str]]:
    """For each set and classifier: maps, seconds for them, and Dice raw / cleaned of every class."""
    names = [name for value, name in reference.classes.items() if value]
    for title, chosen in SETS.items():
        if only and title not in only:
            continue
        started = time.perf_counter()
        maps = nh.features(volume, nh.FeatureParams(**chosen))
        seconds = time.perf_counter() - started
        for kind, method in (("bp", "BP"), ("forest", "forest")):
            dice = []
            for seed in range(SEEDS):
                painted = draw_strokes(reference, strokes.model_copy(update={"seed": seed}))
                recipe = RECIPE.model_copy(update={"classifier": kind, "seed": seed, "features": nh.FeatureParams(**maps.recipe)})
                found = nh.segment(volume, nh.train(volume, painted, features=maps, params=recipe), maps)
                dice.append([[figures(f, reference, name).dice for name in names] for f in (found, nh.clean(found, clean))])
            raw, cleaned = np.mean(dice, axis=0)
            figures_of = (f"{one:.2f} / {other:.2f}" for one, other in zip(raw, cleaned, strict=True))
            row = title, method, str(len(maps.names)), f"{seconds:.1f}", *figures_of
            print(" ".join(row), flush=True)
            yield row


def main() -> None:
    """Print the tables, or write them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", nargs="*", default=(), choices=SETS, help="only these; nothing is written")
    parser.add_argument("--write", action="store_true", help=f"write docs/{PAGE.name} as well")
    given = parser.parse_args()
    organs = nh.CleanParams(drop_border=False, minimum_share=0.5)
    cases = ((*lung_case(data_folder()), STROKES, nh.CleanParams()), (*organ_case(data_folder()), ORGAN_STROKES, organs))
    lines = []
    for volume, reference, strokes, clean in cases:
        names = [name for value, name in reference.classes.items() if value]
        lines += [
            "",
            *table(("features", "classifier", "maps", "seconds", *names), rows(volume, reference, strokes, clean, given.sets)),
        ]
    text = "\n".join(lines[1:])
    print(text)
    if given.write and not given.sets:
        before, _, rest = PAGE.read_text(encoding="utf-8").partition(MARKS[0])
        PAGE.write_text(f"{before}{MARKS[0]}\n{text}\n{MARKS[1]}{rest.partition(MARKS[1])[2]}", encoding="utf-8")


if __name__ == "__main__":
    main()
