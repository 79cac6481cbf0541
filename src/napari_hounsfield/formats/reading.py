"""Read whatever a path holds: the content decides, the suffix where the content does not."""

from __future__ import annotations

import gzip
import json
import logging
import zlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from napari_hounsfield.dicom.archive import is_archive
from napari_hounsfield.dicom.files import is_regular
from napari_hounsfield.errors import DicomError, FormatError, LabelError
from napari_hounsfield.grid import reordered
from napari_hounsfield.operation import finish
from napari_hounsfield.volume import Features, LabelMap, Segmentation, Volume

from .atomic import full_suffix, sibling
from .guessing import looks_like_labels
from .metaimage import is_metaimage, read_metaimage
from .nifti import HEAD_BYTES, is_nifti, read_nifti
from .notes import MAX_BYTES, Notes, class_names
from .nrrd import read_nrrd
from .ome_zarr_store import is_zarr
from .slicer import read_seg_nrrd_layers

if TYPE_CHECKING:
    from napari_hounsfield.dicom.read_params import ReadParams
    from napari_hounsfield.dicom.scan import Scan
    from napari_hounsfield.dicom.series import Series

_NAMED = {
    ".nii": "NIfTI", ".nii.gz": "NIfTI", ".hdr": "NIfTI", ".nrrd": "NRRD", ".nhdr": "NRRD", ".seg.nrrd": "NRRD",
    ".mha": "MetaImage", ".mhd": "MetaImage",
}  # fmt: skip
_log = logging.getLogger(__name__)


def read(path: str | Path, params: ReadParams | None = None, source: Any = None) -> list[Volume | LabelMap | Features]:
    """Read every image and segmentation that `path` holds.

    A folder or a DICOM file gives its series; NIfTI, NRRD and MetaImage give a Volume whatever their numbers mean; `.seg.nrrd`,
    DICOM segmentations and RT Structure Sets give a LabelMap, several where segments overlap; a fractional segmentation Features,
    one map a class; OME-Zarr gives its images and its labels, on the disk if they are large. Voxels are never flipped or
    permuted: the affine says how they lie.

    Parameters
    ----------
    path
        File or folder.
    params
        How to read DICOM series.
    source
        For an RT Structure Set: the series whose voxels its contours become, as Volume, LabelMap, Series or Source; None: the one
        that it was drawn on, where that is in its folder or the folder above.

    Raises
    ------
    FormatError
        If the file is missing, damaged, truncated or of no known format.
    DicomError
        If nothing in the folder or DICOM file can be read.
    """
    path = Path(path)
    kind = kind_of(path)
    if kind == "folder" or kind == "DICOM":
        return _dicom(path, params)
    if kind == "OME-Zarr":
        from .ome_zarr import read_ome_zarr

        return [_of_unit(data, params) if isinstance(data, Volume) else data for data in read_ome_zarr(path)]
    if kind in ("DICOM SEG", "RTSTRUCT"):
        from .label_files import chosen_maps

        return chosen_maps(path, params.part if params else 0, source)
    if kind == "NRRD" and full_suffix(path) == ".seg.nrrd":
        return [*read_seg_nrrd_layers(path)]
    return [_of_unit(_image(path, kind)[0], params)]


def _of_unit(volume: Volume, params: ReadParams | None) -> Volume:
    """Volume at the time point, and with the unit, that the user gives, where the file gives none."""
    if params is not None and params.time:
        volume = volume.time_point(params.time - 1)
    if params is None or params.unit in ("auto", "as written") or volume.unit:
        return volume
    return replace(volume, unit=params.unit, modality=volume.modality or {"HU": "CT", "SUV": "PT"}[params.unit])


def read_named(path: Path, params: ReadParams | None = None, source: Any = None) -> Volume | LabelMap | Features:
    """Read a file that holds one image or label map: labels where classes have names, otherwise what `read` gives.

    Raises
    ------
    FormatError, DicomError
        As `read`; or if it holds several maps.
    """
    kind = kind_of(path)
    if not _as_image(path, kind):
        found = read(path, params, source)
        return found[0] if len(found) == 1 else _choose(path.name, found)
    volume, notes = _image(path, kind)
    try:
        labels = _with_names(_as_labels(volume, notes), path)
    except LabelError:
        return _of_unit(volume, params)
    return labels if labels.classes else _of_unit(volume, params)


def _choose(name: str, found: list[Any]) -> NoReturn:
    raise FormatError(f"{name}: its segments overlap, so that it is {len(found)} label maps: choose one (part=1, --part 1)")


def read_as_meant(path: Path) -> tuple[list[Volume | LabelMap | Features], bool]:
    """Read as `read` does, but labels where classes have names or the values look like labels; and whether that was a guess.

    Raises
    ------
    FormatError, DicomError
        As `read`.
    """
    if not _as_image(path, kind_of(path)):
        return read(path), False
    found = read_named(path)
    if not isinstance(found, Volume) or not looks_like_labels(found):
        return [found], False
    try:
        return [_as_labels(found, Notes())], True
    except LabelError:
        return [found], False


def _as_image(path: Path, kind: str) -> bool:
    """Whether the format tells no labels from other images."""
    return kind in ("NIfTI", "MetaImage") or (kind == "NRRD" and full_suffix(path) != ".seg.nrrd")


def read_volume(path: str | Path, params: ReadParams | None = None) -> Volume:
    """Read exactly one image.

    Raises
    ------
    FormatError
        If there are several, with a list of what there is, or labels alone; and as `read`.
    """
    found = read(path, params)
    volumes = [image for image in found if isinstance(image, Volume)]
    if len(volumes) == 1:
        return volumes[0]
    listed = ", ".join(f"{image.name or 'unnamed'} {image.grid.shape}" for image in volumes or found)
    raise FormatError(f"{Path(path).name}: {'several images, choose one' if volumes else 'labels, no image'}: {listed}")


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
    if _as_image(path, kind):
        volume, notes = _image(path, kind)
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
    if not _as_image(path, kind):
        raise FormatError(f"{path.name}: maps are read from NIfTI, NRRD, MetaImage, OME-Zarr and fractional DICOM segmentations")
    volume, notes = _image(path, kind)
    if "c" in volume.axes or volume.array.dtype.kind not in "biuf":
        raise FormatError(f"{path.name}: colours or complex numbers, no maps")
    array = np.asarray(volume.array if volume.axes == "tzyx" else volume.array[np.newaxis], np.float32)
    names = notes.maps if len(notes.maps) == len(array) else ("",) * len(array)
    valid = None if notes.padding is None else np.asarray(array.any(axis=0))
    return Features(array, names, volume.affine, valid=valid, frame_of_reference=volume.frame_of_reference, name=path.name)


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


def kind_of(path: Path) -> str:
    """`folder`, `OME-Zarr`, `NIfTI`, `NRRD`, `MetaImage`, `DICOM SEG`, `RTSTRUCT` or `DICOM` (also a zip archive of anything).

    Raises
    ------
    FormatError
        If it does not exist, cannot be opened, is empty, or is of none of these formats.
    """
    if path.is_dir():
        return "OME-Zarr" if is_zarr(path) or full_suffix(path) == ".ome.zarr" else "folder"
    try:
        if not is_regular(path):
            raise FormatError(f"{path.name}: not a regular file")
        with open(path, "rb") as stream:
            head = stream.read(HEAD_BYTES)
        if head[:2] == b"\x1f\x8b":
            head = _inflated_head(path)
    except OSError as error:
        raise FormatError(f"{path.name}: {(error.strerror or 'cannot be opened').lower()}") from None
    if not head:
        raise FormatError(f"{path.name}: empty file, or damaged")
    if is_nifti(head):
        return "NIfTI"
    if head.startswith(b"NRRD000"):
        return "NRRD"
    if is_archive(head):
        return "DICOM"
    if head[128:132] == b"DICM":
        from .dicom_seg_reading import is_dicom_seg
        from .rtstruct_contours import is_rtstruct

        if is_dicom_seg(path):
            return "DICOM SEG"
        return "RTSTRUCT" if is_rtstruct(path) else "DICOM"
    if is_metaimage(head):
        return "MetaImage"
    suffix = full_suffix(path)
    if suffix in _NAMED:
        raise FormatError(f"{path.name}: not a {_NAMED[suffix]} file, though its name says so")
    if suffix in ("", ".dcm", ".rtstruct.dcm", ".dicom", ".ima", ".img"):
        return "DICOM"  # whose reader says what is wrong with it
    raise FormatError(f"{path.name}: none of DICOM, NIfTI, NRRD, MetaImage")


def _inflated_head(path: Path) -> bytes:
    try:
        with gzip.open(path) as stream:
            return stream.read(HEAD_BYTES)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        return b""


def _image(path: Path, kind: str) -> tuple[Volume, Notes]:
    try:
        if kind == "NIfTI":
            return read_nifti(path)
        return read_nrrd(path)[:2] if kind == "NRRD" else read_metaimage(path)
    except OSError as error:
        raise FormatError(f"{path.name}: {(error.strerror or 'cannot be read').lower()}") from None


def _dicom(path: Path, params: ReadParams | None) -> list[Volume | LabelMap | Features]:
    """All series and segmentations that can be read, or the chosen one."""
    from napari_hounsfield.dicom.scan import scan

    scanned = scan(path, params)
    one = params is not None and bool(params.series or params.part)
    chosen = scanned.chosen(params.series, params.part) if params and one else scanned.series
    found: list[Volume | LabelMap | Features] = []
    refused: list[DicomError] = []
    for series in chosen:
        try:
            found += _series(series, params, scanned)
        except DicomError as error:
            refused.append(error)
    if one and refused:
        raise refused[0]
    if not found:
        reasons = "; ".join(dict.fromkeys(str(error) for error in refused[:3]))
        raise refused[0] if len(refused) == 1 else DicomError(f"{scanned.name}: nothing can be read: {reasons}")
    for left_out in refused:
        _log.warning("left out: %s", left_out)
    return found


def _series(series: Series, params: ReadParams | None, scanned: Scan) -> list[Volume | LabelMap | Features]:
    if series.labels:
        from .label_files import label_file_steps, label_files

        return [labels for path in label_files(series) for labels in finish(label_file_steps(path, scanned.series))]
    return [series.read(params)]


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
