"""Images that are to be labelled, and the table of their labels, which `read_image_table` takes."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from napari_hounsfield.errors import FormatError
from napari_hounsfield.formats.atomic import atomic_path, sibling

from .image_list import image_list
from .table import ALONE, OPTIONAL, REQUIRED, ImageEntry, ImageTable, relative, rows_of_table

LABELS = "labels.csv"
"""Where labels of a folder's images are kept unless another file is named."""
PLAIN = (".csv", ".tsv", ".txt", ".json", ".html")
"""Files of these kinds in a folder are no images."""


def images_to_label(path: str | Path) -> ImageTable:
    """List images, whether they have labels yet or not.

    Parameters
    ----------
    path
        A CSV table with the column `path`, and where known `label`, `patient` and `region`; or a folder: every file in it and
        every picture in its folders is an image, and a folder without pictures is one series.

    Raises
    ------
    FormatError
        If the table is none, or there is no image.
    """
    path = Path(path)
    if not path.exists():
        raise FormatError(f"{path.name}: no such file or folder")
    if path.is_dir():
        inside = [each for each in sorted(path.iterdir()) if not each.name.startswith(".") and each.suffix.lower() not in PLAIN]
        if not inside:
            raise FormatError(f"{path.name}: holds no image")
        return replace(image_list(inside), source=path)
    entries, notes = rows_of_table(path, REQUIRED[:1])
    if not entries:
        raise FormatError(f"{path.name}: holds no image")
    return ImageTable(tuple(entries), path, tuple(notes))


def labels_path(images: ImageTable) -> Path:
    """Where the labels of images are kept unless another file is named: beside their table, or in their folder."""
    return images.source / LABELS if images.source.is_dir() else sibling(images.source, "labels", ".csv")


def read_labels(path: str | Path, images: ImageTable) -> dict[int, str]:
    """Labels of a file, by place among the images; images that it does not name have none.

    Raises
    ------
    FormatError
        If it is no such table, or names an image that is not among them.
    """
    path = Path(path)
    entries, _ = rows_of_table(path)
    places = {_key(entry): place for place, entry in enumerate(images.entries)}
    if foreign := [entry.row for entry in entries if _key(entry) not in places]:
        raise FormatError(f"{path.name}: line {foreign[0]} is none of the images that are to be labelled")
    return {places[_key(entry)]: entry.label for entry in entries}


def write_labels(path: str | Path, images: ImageTable, labels: Mapping[int, str]) -> Path:
    """Write the images that have a label, with paths relative to the file, whole or not at all; an older file is replaced.

    Raises
    ------
    WriteError
        If it cannot be written.
    """
    path = Path(path)
    columns = (*REQUIRED, *(OPTIONAL if any(entry.region for entry in images.entries) else OPTIONAL[:1]))
    with atomic_path(path, overwrite=True) as temporary, open(temporary, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        for place in sorted(labels):
            writer.writerow(_cells(images.entries[place], labels[place], path.parent)[: len(columns)])
    return path


def _cells(entry: ImageEntry, label: str, folder: Path) -> Sequence[str]:
    return relative(entry.path, folder), label, "" if entry.patient.startswith(ALONE) else entry.patient, entry.region


def _key(entry: ImageEntry) -> tuple[str, str]:
    return os.path.abspath(entry.path), entry.region
