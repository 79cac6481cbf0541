"""Strokes against Dice, by classifier: `python -m tests.benchmarks.stroke_curves` prints the table.

`--write` puts it into docs/bp-network.md. Strokes are drawn by the seeded rule from the reference; Dice is the mean over the
classes, on voxels that are not painted; mean and standard error over the seeds.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

import napari_hounsfield as nh
from napari_hounsfield.operation import finish
from napari_hounsfield.pixels.classifiers import TITLES
from napari_hounsfield.pixels.learning import learn

from .pixel_cases import Case, cases
from .real_ct import table

PAGE = Path(__file__).parents[2] / "docs" / "bp-network.md"
MARKS = ("<!-- curves: -->", "<!-- :curves -->")
VOXELS = (200, 500, 1000, 2000)
KINDS = ("bp", "forest", "svm", "boosting")
JUDGED = 20_000


def dice_of(case: Case, kind: str, voxels: int, seed: int) -> float:
    """Mean Dice over the classes of one training."""
    painted = case.strokes(voxels, seed)
    recipe = {**nh.TrainParams.presets["live"], "classifier": kind, "features": case.params, "seed": seed}
    model = finish(learn(case.samples(painted), case.reference.classes, nh.TrainParams(**recipe)))
    rows, truth = (part[:: max(1, len(part) // JUDGED)] for part in case.judged(painted))
    found = np.array(list(model.classes))[model.recogniser.probabilities(rows).argmax(axis=1)]
    overlaps = ((found == v, truth == v) for v in model.classes)
    return float(np.mean([2 * np.sum(ours & theirs) / max(1, ours.sum() + theirs.sum()) for ours, theirs in overlaps]))


def rows(seeds: int, only: Sequence[str] = (), kinds: Sequence[str] = KINDS) -> Iterator[Sequence[str]]:
    """A row for each case and classifier."""
    for case in cases(*only):
        for kind in kinds:
            cells = []
            for voxels in VOXELS:
                dice = [dice_of(case, kind, voxels, seed) for seed in range(seeds)]
                cells.append(f"{np.mean(dice):.3f} ± {np.std(dice, ddof=1) / np.sqrt(seeds):.3f}")
            print(case.name, kind, *cells, flush=True)
            yield case.name, TITLES[kind], *cells


def main() -> None:
    """Print the table, or write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--cases", nargs="*", default=())
    parser.add_argument("--kinds", nargs="*", default=KINDS, choices=KINDS)
    parser.add_argument("--write", action="store_true", help=f"write docs/{PAGE.name} as well")
    given = parser.parse_args()
    text = "\n".join(
        table(("case", "classifier", *(f"{voxels} voxels" for voxels in VOXELS)), rows(given.seeds, given.cases, given.kinds))
    )
    print(text)
    if given.write:
        before, _, rest = PAGE.read_text(encoding="utf-8").partition(MARKS[0])
        PAGE.write_text(f"{before}{MARKS[0]}\n{text}\n{MARKS[1]}{rest.partition(MARKS[1])[2]}", encoding="utf-8")


if __name__ == "__main__":
    main()
