"""Read what is meant as labels, maps or a draft, also from formats that do not tell labels from other images."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from napari_hounsfield.errors import FormatError, LabelError
from napari_hounsfield.grid import reordered
from napari_hounsfield.results import Features, Segmentation
from napari_hounsfield.volume import LabelMap, Volume

from .atomic import full_suffix, sibling
from .guessing import looks_like_labels
from .kind import holds_one_image, kind_of
from .notes import MAX_BYTES, Notes, class_names
from .reading import image_and_notes, of_unit, read, read_volume

if TYPE_CHECKING:
    from napari_hounsfield.dicom.read_params import ReadParams


def read_labels(path: str | Path, params: ReadParams | None = None, source: Any = None) -> LabelMap:
    """Read labels from any format, with the names of classes where they are written.

    Names come from the file itself (DICOM segments, Slicer's keys, our own header notes, a Workbench label table), or from a file
    of the same name with the suffix `.json` beside it, which holds `{"classes": {"1": "lung"}}` or `{"labels": {"lung": 1}}`.

    Parameters
    ----------
    path
        File or folder.
    params
        Which of several (`part`).
    source
        As `read`.

    Raises
    ------
    LabelError
        If the values are not whole numbers, or there are colours, time points or probabilities.
    FormatError
        If there are several maps or images; and as `read`.
    """
    path = Path(path)
    kind = kind_of(path)
    if holds_one_image(path, kind):
        volume, notes = image_and_notes(path, kind)
        return _with_names(_as_labels(volume, notes), path)
    found = read(path, params, source)
    if kind in ("DICOM SEG", "RTSTRUCT") and len(found) > 1:
        _choose(path.name, found)
    maps = [data for data in found if isinstance(data, LabelMap)] or found
    if len(maps) > 1:
        listed = ", ".join(f"{data.name or 'unnamed'} {data.grid.shape}" for data in maps)
        raise FormatError(f"{path.name}: several maps, choose one: {listed}")
    if isinstance(maps[0], Features):
        raise LabelError(f"{path.name}: holds probabilities, no labels")
    return maps[0] if isinstance(maps[0], LabelMap) else _with_names(_as_labels(maps[0], Notes()), path)


def read_named(path: Path, params: ReadParams | None = None, source: Any = None) -> Volume | LabelMap | Features:
    """Read a file that holds one image or label map: labels where classes have names, otherwise what `read` gives.

    Raises
    ------
    FormatError, DicomError
        As `read`; or if it holds several maps.
    """
    kind = kind_of(path)
    if not holds_one_image(path, kind):
        found = read(path, params, source)
        return found[0] if len(found) == 1 else _choose(path.name, found)
    volume, notes = image_and_notes(path, kind)
    try:
        labels = _with_names(_as_labels(volume, notes), path)
    except LabelError:
        return of_unit(volume, params)
    return labels if labels.classes else of_unit(volume, params)


def read_as_meant(path: Path) -> tuple[list[Volume | LabelMap | Features], bool]:
    """Read as `read` does, but labels where classes have names or the values look like labels; and whether that was a guess.

    Raises
    ------
    FormatError, DicomError
        As `read`.
    """
    if not holds_one_image(path, kind_of(path)):
        return read(path), False
    found = read_named(path)
    if not isinstance(found, Volume) or not looks_like_labels(found):
        return [found], False
    try:
        return [_as_labels(found, Notes())], True
    except LabelError:
        return [found], False


def read_draft(path: str | Path) -> Segmentation | LabelMap:
    """Read labels, with the sureness that was written beside them, if there is one on the same grid.

    Raises
    ------
    LabelError, FormatError
        As `read_labels`.
    """
    from .writing import sureness_path

    labels = read_labels(path)
    beside = sureness_path(path)
    if not beside.is_file():
        return labels
    sureness = read_volume(beside)
    return Segmentation(labels, sureness=reordered(sureness.array, sureness.grid, labels.grid, beside.name).astype(np.float32))


def read_maps(path: str | Path) -> Features:
    """Read feature maps or probabilities: one image a map, with the names that `write` put into the file.

    Files of other programs hold the maps as time points are held (4D), or a single one (3D). Maps without names are called "".

    Raises
    ------
    FormatError
        If the file is damaged, holds colours, or is none of NIfTI, NRRD, MetaImage, OME-Zarr and fractional DICOM segmentation.
    """
    path = Path(path)
    kind = kind_of(path)
    if kind == "OME-Zarr":
        from .ome_zarr import read_ome_zarr_maps

        return read_ome_zarr_maps(path)
    if kind == "DICOM SEG" and isinstance(maps := read(path)[0], Features):
        return maps
    if not holds_one_image(path, kind):
        raise FormatError(f"{path.name}: maps are read from NIfTI, NRRD, MetaImage, OME-Zarr and fractional DICOM segmentations")
    volume, notes = image_and_notes(path, kind)
    if "c" in volume.axes or volume.array.dtype.kind not in "biuf":
        raise FormatError(f"{path.name}: colours or complex numbers, no maps")
    array = np.asarray(volume.array if volume.axes == "tzyx" else volume.array[np.newaxis], np.float32)
    names = notes.maps if len(notes.maps) == len(array) else ("",) * len(array)
    valid = None if notes.padding is None else np.asarray(array.any(axis=0))
    return Features(array, names, volume.affine, valid=valid, frame_of_reference=volume.frame_of_reference, name=path.name)


def _choose(name: str, found: list[Any]) -> NoReturn:
    raise FormatError(f"{name}: its segments overlap, so that it is {len(found)} label maps: choose one (part=1, --part 1)")


def _as_labels(volume: Volume, notes: Notes) -> LabelMap:
    if volume.axes != "zyx":
        raise LabelError(f"{volume.name}: labels have the axes zyx, not {volume.axes}")
    return LabelMap(
        volume.array,
        volume.affine,
        notes.classes,
        frame_of_reference=volume.frame_of_reference,
        source=volume.source,
        name=volume.name,
    )


def _with_names(labels: LabelMap, path: Path) -> LabelMap:
    """Names from a JSON file beside the labels, where they have none of their own."""
    beside = sibling(path, "", ".json").with_name(path.name[: len(path.name) - len(full_suffix(path))] + ".json")
    if labels.classes or not beside.is_file() or beside.stat().st_size > MAX_BYTES:
        return labels
    try:
        table: Any = json.loads(beside.read_text(encoding="utf-8"))
    except (ValueError, RecursionError, OSError):
        return labels
    if not isinstance(table, dict):
        return labels
    names = class_names(table.get("classes", table.get("labels", table)))
    if not table.keys() & {"classes", "labels"} and len(names) < len(table):
        return labels  # the table tells something else, as those of BIDS do
    return replace(labels, classes=names)
