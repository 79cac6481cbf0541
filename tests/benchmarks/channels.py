"""What further channels are worth: sarcomas in CT, PET and MR, `python -m tests.benchmarks.channels`.

`--write` puts the table into docs/labelling.md.

Everything lies on the grid of the CT. Strokes are drawn from the reference by a seeded rule, in the field that all three scanned,
and nothing else of it is seen; figures are of that whole field, mean over the seeds of strokes and training.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

import napari_hounsfield as nh
from napari_hounsfield.demo.strokes import StrokeParams, draw_strokes
from napari_hounsfield.formats.label_reading import read_labels

from .real_ct import RECIPE, data_folder, table

PAGE = Path(__file__).parents[2] / "docs" / "labelling.md"
MARKS = ("<!-- channels: -->", "<!-- :channels -->")
SEEDS = 5
STROKES = StrokeParams(slices=3, voxels=400)
PATIENTS = ("STS_002", "STS_025")
SETS: dict[str, tuple[int, ...]] = {"CT": (), "MR": (2,), "CT, PET": (1,), "CT, MR": (2,), "CT, PET, MR": (1, 2)}


def patient(data: Path, name: str) -> tuple[nh.Channels, nh.LabelMap]:
    """CT, cut to what all scanned, PET and MR on its grid, and the tumour: 1, what is around it 2, what one did not scan 0."""
    folder = data / "04_pet_ct_mr_sts"
    ct, pet, mr = (nh.read(folder / "dicom" / name / kind / "image")[0] for kind in ("CT", "PET", "MR_T1"))
    tumour = read_labels(folder / "nifti" / name / "CT_mask.nii.gz").on(ct.grid).array > 0
    valid = nh.aligned(ct, [pet, mr]).valid
    field = np.ones(tumour.shape, bool) if valid is None else valid
    box = tuple(slice(at.min(), at.max() + 1) for at in np.nonzero(field))
    affine = np.array(ct.affine)
    affine[:3, 3] = ct.grid.positions([[part.start for part in box]])[0]
    cut = replace(ct, array=ct.array[box], affine=affine, source=None)
    reference = np.where(field, np.where(tumour, 1, 2), 0)[box].astype(np.uint8)
    return nh.aligned(cut, [pet, mr]), cut.label_map(reference, {1: "tumour", 2: "background"})


def some(channels: nh.Channels, title: str) -> nh.Channels:
    """A set of the channels, on the same grid; MR alone is the main one."""
    if title == "MR":
        return nh.Channels((channels.volumes[2],))
    chosen = (0, *SETS[title])
    return nh.Channels(tuple(channels.volumes[i] for i in chosen))


def dice(found: nh.Segmentation, reference: nh.LabelMap) -> float:
    """Of the tumour, in the field that all have scanned."""
    ours, theirs = (found.labels.array == 1) & (reference.array > 0), reference.array == 1
    return float(2 * (ours & theirs).sum() / (ours.sum() + theirs.sum()))


def scores(cases: Sequence[tuple[nh.Channels, nh.LabelMap]], title: str, kind: str) -> np.ndarray:
    """Dice (seeds, trained on, recognised) of a set of channels."""
    images = [some(channels, title) for channels, _ in cases]
    result = np.empty((SEEDS, len(cases), len(cases)))
    for seed in range(SEEDS):
        recipe = RECIPE.model_copy(update={"classifier": kind, "seed": seed})
        for i, (_, reference) in enumerate(cases):
            painted = draw_strokes(reference, STROKES.model_copy(update={"seed": seed}))
            model = nh.train(images[i], painted, recipe)
            for j, (_, wanted) in enumerate(cases):
                result[seed, i, j] = dice(nh.segment(images[j], model), wanted)
    return result


def rows(data: Path) -> Iterator[Sequence[str]]:
    """Of every set and classifier: Dice of either patient from its own strokes, and from the other's."""
    cases = [patient(data, name) for name in PATIENTS]
    for title in SETS:
        for kind, method in (("bp", "BP"), ("forest", "forest")):
            found = scores(cases, title, kind).mean(axis=0)
            row = title, method, *(f"{d:.2f}" for d in (found[0, 0], found[1, 1], found[1, 0], found[0, 1]))
            print(" ".join(row), flush=True)
            yield row


def main() -> None:
    """Print the table, or write it into the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    heads = ("channels", "classifier", *PATIENTS, *(f"{name}, strokes of the other" for name in PATIENTS))
    text = "\n".join(table(heads, rows(data_folder())))
    print(text)
    if arguments.write:
        before, _, rest = PAGE.read_text(encoding="utf-8").partition(MARKS[0])
        PAGE.write_text(f"{before}{MARKS[0]}\n{text}\n{MARKS[1]}{rest.partition(MARKS[1])[2]}", encoding="utf-8")


if __name__ == "__main__":
    main()
