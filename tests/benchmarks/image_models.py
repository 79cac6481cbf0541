"""Models of whole images compared on four sets: `python -m tests.benchmarks.image_models --out DIR` prints the tables.

Ten folds by patient on four fifths of each set; the last fifth, chosen by a hash of the patients, is locked away and scored
once by models that learned from all the rest. `dl-cnn` is trained with several seeds on the same folds. DIR keeps what is
finished, and is gone on with. `--write` puts the tables into docs/image-comparison.md.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import napari_hounsfield as nh
from napari_hounsfield.images.fold_store import FOLDS

from .image_sets import SETS, image_set
from .real_ct import table

PAGE = Path(__file__).parents[2] / "docs" / "image-comparison.md"
MARKS = ("<!-- comparison: -->", "<!-- :comparison -->")
MODELS = "dl-cnn,cnn,rnn,svm,svm-gabor,svm-hog,svm-pixels,boosting-gabor"
MATRIX = {"cxr_pneumonia_224": 64, "busi_ultrasound_256": 96, "pneumoniamnist_28": 28, "lung": 64}
"""Rows and columns that the models see, of all models the same."""
POSITIVE = {
    "cxr_pneumonia_224": "pneumonia",
    "busi_ultrasound_256": "malignant",
    "pneumoniamnist_28": "pneumonia",
    "lung": "nodule",
}
LOCKED = 0.2
HEADER = ("model", "SE", "SP", "AR", "95 %", "AUC", "AR, locked", "p beside dl-cnn", "seconds", "MB")


def compared(name: str, out: Path, models: str, seed: int) -> nh.Comparison:
    """Cross-validate on one set; other seeds train on the folds of seed 0."""
    data = Path(os.environ.get("HOUNSFIELD_TEST_DATA", "../shared/data"))
    images = image_set(name, data, out / "images")
    folder = out / f"{name}-{seed}"
    if seed:
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / FOLDS).exists():
            shutil.copyfile(out / f"{name}-0" / FOLDS, folder / FOLDS)
    recipe = {"prepare": {"matrix": MATRIX[name]}}
    params = nh.CrossValidateParams(
        models=models, positive=POSITIVE.get(name, "pneumonia"), locked=LOCKED, seed=seed, recipe=recipe
    )
    steps, said = nh.crossvalidate.steps(images, nh.FoldStore(folder), params=params), ""
    while True:
        try:
            progress = next(steps)
        except StopIteration as end:
            found: nh.Comparison = end.value
            return found
        if progress.message != said:
            said = progress.message
            print(f"\r{name} seed {seed}: {said:60s}", end="", file=sys.stderr, flush=True)


def rows(name: str, out: Path, models: str, seeds: int) -> Iterator[tuple[str, ...]]:
    """A row a model, and for each further seed of `dl-cnn` one."""
    found = compared(name, out, models, 0)
    for model in found.record["models"]:
        yield _row(found, model, model)
    for seed in range(1, seeds if "dl-cnn" in found.record["models"] else 0):
        yield _row(compared(name, out, "dl-cnn", seed), "dl-cnn", f"dl-cnn, seed {seed}")


def _row(found: nh.Comparison, model: str, title: str) -> tuple[str, ...]:
    pooled, locked = (found.record["models"][model][part] for part in ("pooled", "locked"))
    cost = found.cost["models"][model]
    low, high = pooled["intervals"]["accuracy"]
    figures = [f"{pooled[name]:.3f}" for name in ("sensitivity", "specificity", "accuracy")]
    p = next((_p(each) for each in found.record["comparisons"] if {each["first"], each["second"]} == {"dl-cnn", model}), "")
    return (
        *(title, *figures, f"{low:.3f} to {high:.3f}", f"{pooled['auc']:.3f}", f"{locked['accuracy']:.3f}", p),
        *(f"{cost['seconds']:.0f}", str(cost["peak_memory_mb"] or "")),
    )


def _p(comparison: dict[str, Any]) -> str:
    p = comparison["mcnemar"]["p_adjusted"]
    return "" if p is None else f"{p:.3f}" if p >= 0.001 else "< 0.001"


def main() -> None:
    """Print the tables, or write them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", nargs="*", default=SETS, choices=SETS)
    parser.add_argument("--models", default=MODELS)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--write", action="store_true", help=f"write docs/{PAGE.name} as well")
    given = parser.parse_args()
    parts = []
    for name in given.sets:
        lines = table(HEADER, rows(name, given.out, given.models, given.seeds))
        record = json.loads((given.out / f"{name}-0" / "crossvalidation.json").read_text())
        folds = record["images"]["fold"]
        away, matrix = folds.count(None), MATRIX[name]
        head = f"{len(folds) - away} images in ten folds, {away} locked away, seen as {matrix} x {matrix}"
        parts.append(f"### `{name}`\n\n{head}; {record['positive']} is positive.\n\n" + "\n".join(lines))
        print(f"\n{parts[-1]}\n", flush=True)
    if given.write:
        before, _, rest = PAGE.read_text(encoding="utf-8").partition(MARKS[0])
        text = "\n\n".join(parts)
        PAGE.write_text(f"{before}{MARKS[0]}\n{text}\n{MARKS[1]}{rest.partition(MARKS[1])[2]}", encoding="utf-8")


if __name__ == "__main__":
    main()
