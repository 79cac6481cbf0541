"""A table of images: where each lies, what it is of, and who."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from napari_hounsfield.errors import FormatError
from napari_hounsfield.formats.csv_rows import csv_rows, near_name
from napari_hounsfield.formats.notes import one_line

REQUIRED = ("path", "label")
OPTIONAL = ("patient", "region")
NOT_FIT = "not fit for use"
"""Label of images that screening has put aside: they are no class, and are left out."""
ALONE = " "
"""Begins the patient of an image whose patient is not known: cells are stripped, so that no patient of a table is called so."""


@dataclass(frozen=True)
class ImageEntry:
    """One image.

    Attributes
    ----------
    path
        A file, or the folder of a series.
    label
        Name of its class; empty where it is not known.
    patient
        Who it is of; the image itself where the table does not say. Like the paths out of every representation.
    row
        Line of the table's file, of a folder the number of the image from 1: what messages name.
    region
        What of it is classified: a mask's path from the table on, or a box in voxels, `10:40,20:60` (rows, columns; slices before
        them where it has some); empty: all of it.
    """

    path: Path = field(repr=False)
    label: str
    patient: str = field(repr=False)
    row: int = 0
    region: str = field(default="", repr=False)


@dataclass(frozen=True)
class ImageTable:
    """Images in the order of their table."""

    entries: tuple[ImageEntry, ...]
    source: Path = field(repr=False)
    """The table's file, or the folder."""
    notes: tuple[str, ...] = ()
    """What was not read, one line each: columns of other names, rows that repeat another."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Names, sorted."""
        return tuple(sorted({entry.label for entry in self.entries if entry.label}))

    @property
    def folder(self) -> Path:
        """What paths are relative to."""
        return self.source if self.source.is_dir() else self.source.parent

    @property
    def digest(self) -> str:
        """SHA-256 of its rows, in order, with paths relative to it: the same wherever the folder lies."""
        return self.digest_of(self.entries)

    def digest_of(self, entries: Sequence[ImageEntry]) -> str:
        """The same of some of its rows, such as those that could be read."""
        found = hashlib.sha256()
        for entry in entries:
            found.update(repr((relative(entry.path, self.folder), entry.label, entry.patient, entry.region)).encode())
        return found.hexdigest()


def read_image_table(path: str | Path, tag: str = "") -> ImageTable:
    """Read a table of images.

    Parameters
    ----------
    path
        A CSV table (UTF-8; commas, semicolons or tabs) with the columns `path` (relative to it), `label`, and where known
        `patient` and `region`; or a folder of one folder a class, in which every file, and every folder of a series, is an image.
    tag
        Keyword of a DICOM attribute: `path` is a folder of DICOM files of any depth, and the attribute's value is the label.
        Patients are pseudonyms of Patient ID.

    Raises
    ------
    FormatError
        If a column, a cell or a file is missing, an optional column is mistyped, a row repeats another with another label or
        patient, there is no image, or one class alone. Rows are named by their line, never by what stands in them.
    ParameterError
        If there is no DICOM attribute of that keyword, or it is no single value.
    OSError
        If it cannot be opened.
    """
    path = Path(path)
    if not path.exists():
        raise FormatError(f"{one_line(path.name)}: no such file or folder")
    if tag:
        from .dicom_labels import labelled_by_tag

        entries, notes = labelled_by_tag(path, tag)
    elif path.is_dir():
        entries, notes = _folders_of_classes(path), []
    else:
        entries, notes = rows_of_table(path)
    name = one_line(path.name)
    fit = [entry for entry in entries if entry.label != NOT_FIT]
    if len(fit) < len(entries):
        notes = [*notes, f"{len(entries) - len(fit)} images are {NOT_FIT}, and are left out"]
    entries = fit
    if not entries:
        raise FormatError(f"{name}: holds no image")
    table = ImageTable(tuple(entries), path, tuple(notes))
    if len(table.classes) < 2:
        raise FormatError(f"{name}: all of its {len(entries)} images are of one class; there is nothing to tell apart")
    return table


def rows_of_table(path: Path, required: Sequence[str] = REQUIRED) -> tuple[list[ImageEntry], list[str]]:
    """Entries of a CSV table whose required cells are all filled, and what was not read of it; raises as `read_image_table`."""
    rows = csv_rows(path)
    if not rows:
        raise FormatError(f"{path.name}: empty")
    written = [name.strip() for name in rows[0][1]]
    columns = [name.casefold() for name in written]
    known = (*REQUIRED, *OPTIONAL)
    if twice := [name for name in known if columns.count(name) > 1]:
        raise FormatError(f"{path.name}: has the column {twice[0]} twice")
    if missing := [name for name in required if name not in columns]:
        raise FormatError(f"{path.name}: has no column {', '.join(missing)}; it takes {', '.join(known)}")
    notes = []
    for name in (name for name in written if name and name.casefold() not in known):
        if near := near_name(name, [other for other in known if other not in columns]):
            raise FormatError(f"{path.name}: the column {one_line(name)!r} is not known; is it {near!r}?")
        notes.append(f"column {one_line(name)!r} is not read")
    found: dict[tuple[str, str], ImageEntry] = {}
    unnamed = 0
    for line, cells in rows[1:]:
        if any(cell.strip() for cell in cells[len(columns) :]):
            raise FormatError(f"{path.name}: line {line} has more cells than the header")
        words = dict.fromkeys(known, "") | {name: cell.strip() for name, cell in zip(columns, cells, strict=False)}
        if empty := [name for name in required if not words[name]]:
            raise FormatError(f"{path.name}: line {line} has no {empty[0]}")
        image = Path(os.path.normpath(path.parent / words["path"]))
        patient = words["patient"] or ALONE + relative(image, path.parent)
        entry = ImageEntry(image, words["label"], patient, line, words["region"])
        unnamed += not words["patient"]
        if (before := found.setdefault((str(image), entry.region), entry)) is not entry:
            for what in ("label", "patient"):
                if getattr(before, what) != getattr(entry, what):
                    raise FormatError(f"{path.name}: line {line} has the image of line {before.row} with another {what}")
            notes.append(f"line {line} repeats line {before.row}, and is left out")
    if "patient" in columns and unnamed:
        notes.append(f"{unnamed} rows have no patient, and count as a patient each")
    entries = list(found.values())
    if absent := [entry.row for entry in entries if not entry.path.exists()]:
        more = f" (and {len(absent) - 1} more that are missing)" if len(absent) > 1 else ""
        raise FormatError(f"{path.name}: line {absent[0]}: no such file or folder{more}")
    return entries, notes


def _folders_of_classes(folder: Path) -> list[ImageEntry]:
    """Every file, and every folder of a series, in the folders of the classes; names that begin with a dot are not looked at."""
    found = [
        (image, each.name)
        for each in sorted(folder.iterdir())
        if each.is_dir() and not each.name.startswith(".")
        for image in sorted(each.iterdir())
        if not image.name.startswith(".")
    ]
    return [ImageEntry(image, label, ALONE + relative(image, folder), row) for row, (image, label) in enumerate(found, start=1)]


def relative(path: Path, folder: Path) -> str:
    """A path from a folder on, the same on every system."""
    return Path(os.path.relpath(path, folder)).as_posix()
