"""Read whatever a path holds: the content decides, the suffix where the content does not."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_hounsfield.errors import DicomError, FormatError
from napari_hounsfield.operation import finish
from napari_hounsfield.results import Features
from napari_hounsfield.volume import LabelMap, Volume

from .atomic import full_suffix
from .kind import kind_of
from .metaimage import read_metaimage
from .nifti import read_nifti
from .notes import Notes
from .nrrd import read_nrrd
from .slicer import read_seg_nrrd_layers

if TYPE_CHECKING:
    from napari_hounsfield.dicom.read_params import ReadParams
    from napari_hounsfield.dicom.scan import Scan
    from napari_hounsfield.dicom.series import Series

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

        return [of_unit(data, params) if isinstance(data, Volume) else data for data in read_ome_zarr(path)]
    if kind in ("DICOM SEG", "RTSTRUCT"):
        from .label_files import chosen_maps

        return chosen_maps(path, params.part if params else 0, source)
    if kind == "NRRD" and full_suffix(path) == ".seg.nrrd":
        return [*read_seg_nrrd_layers(path)]
    return [of_unit(image_and_notes(path, kind)[0], params)]


def of_unit(volume: Volume, params: ReadParams | None) -> Volume:
    """Volume at the time point, and with the unit, that the user gives, where the file gives none."""
    if params is not None and params.time:
        volume = volume.time_point(params.time - 1)
    if params is None or params.unit in ("auto", "as written") or volume.unit:
        return volume
    return replace(volume, unit=params.unit, modality=volume.modality or {"HU": "CT", "SUV": "PT"}[params.unit])


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


def image_and_notes(path: Path, kind: str) -> tuple[Volume, Notes]:
    """The image of a NIfTI, NRRD or MetaImage file, and what this package or Slicer noted beside its voxels."""
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
