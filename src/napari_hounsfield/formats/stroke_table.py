"""Strokes as a table: one painted voxel a row, with its class, its index and its place in the patient."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_hounsfield.errors import FormatError, LabelError, WriteError
from napari_hounsfield.volume import LabelMap

from .atomic import atomic_path
from .notes import one_line

if TYPE_CHECKING:
    from napari_hounsfield.volume import Volume

COLUMNS = ("label", "name", "z", "y", "x", "left_mm", "posterior_mm", "superior_mm")
MOST_VOXELS = 5_000_000
"""Strokes have thousands of voxels; more are a segmentation, which belongs into an image."""


def write_strokes(path: str | Path, strokes: LabelMap, overwrite: bool = False) -> Path:
    """Write painted voxels as UTF-8 CSV.

    Parameters
    ----------
    path
        A `.csv` file.
    strokes
        0 is unlabelled, and left out.
    overwrite
        Replace an existing file.

    Raises
    ------
    WriteError
        If nothing is painted, too much is, the file exists, or the disk cannot be written to.
    """
    path = Path(path)
    index = np.argwhere(strokes.array)
    if not len(index) or len(index) > MOST_VOXELS:
        raise WriteError(f"{path.name}: {len(index)} painted voxels; a table holds 1 to {MOST_VOXELS}")
    if path.suffix.lower() != ".csv":
        raise WriteError(f"{path.name}: strokes are written as .csv")
    values = np.asarray(strokes.array)[tuple(index.T)]
    names = {int(value): strokes.classes.get(int(value), "") for value in np.unique(values)}
    with atomic_path(path, overwrite) as temporary:
        with open(temporary, "w", encoding="utf-8", newline="") as stream:
            table = csv.writer(stream, lineterminator="\n")
            table.writerow(COLUMNS)
            for value, place, position in zip(
                values.tolist(), index.tolist(), strokes.grid.positions(index).tolist(), strict=True
            ):
                table.writerow([value, names[value], *place, *(f"{mm:.6f}" for mm in position)])
        with open(temporary, encoding="utf-8", newline="") as stream:
            if sum(1 for _ in csv.reader(stream)) != len(index) + 1:
                raise WriteError(f"{path.name}: did not read back as it was written")
    return path


def read_strokes(path: str | Path, image: Volume) -> LabelMap:
    """Read painted voxels onto the grid of an image, by their places in the patient.

    Parameters
    ----------
    path
        As `write_strokes` writes it; of another image of the same place too.
    image
        Where the strokes lie: each goes to the nearest voxel.

    Raises
    ------
    FormatError
        If it is no such table.
    LabelError
        If a place is outside the image, or two classes claim a voxel.
    """
    path = Path(path)
    values: list[int] = []
    places: list[list[float]] = []
    classes: dict[int, str] = {}
    try:
        with open(path, encoding="utf-8-sig", newline="") as stream:
            for row in csv.DictReader(stream):
                value = int(row["label"])
                if not 0 < value < 2**31 or len(values) >= MOST_VOXELS:
                    raise ValueError
                values.append(value)
                places.append([float(row[column]) for column in COLUMNS[5:]])
                if row["name"]:
                    classes[value] = one_line(row["name"])[:200]
    except OSError as error:
        raise FormatError(f"{path.name}: {(error.strerror or 'cannot be read').lower()}") from None
    except (ValueError, TypeError, KeyError, csv.Error):
        raise FormatError(f"{path.name}: no table of strokes: row {len(values) + 1} is not {', '.join(COLUMNS)}") from None
    if not values:
        raise FormatError(f"{path.name}: no table of strokes: it is empty")
    step = np.linalg.inv(image.affine)
    with np.errstate(invalid="ignore"):
        index = np.rint(np.array(places) @ step[:3, :3].T + step[:3, 3])
    inside = (index >= 0) & (index < image.grid.shape)
    if not inside.all():
        raise LabelError(f"{path.name}: {int((~inside.all(axis=1)).sum())} strokes lie outside {image.name or 'the image'}")
    array = np.zeros(image.grid.shape, np.uint8 if max(values) < 256 else np.int32)
    at = tuple(index.astype(int).T)
    array[at] = values
    if not np.array_equal(array[at], values):
        raise LabelError(f"{path.name}: strokes of different classes lie in one voxel")
    return image.label_map(array, classes)
