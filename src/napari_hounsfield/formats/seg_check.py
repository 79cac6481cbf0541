"""Our own check of a segmentation against the images it refers to, which checkers of DICOM conformance do not make."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_hounsfield.dicom.geometry import unit_directions
from napari_hounsfield.errors import DicomError, WriteError
from napari_hounsfield.grid import reordered
from napari_hounsfield.operation import Progress
from napari_hounsfield.results import Features
from napari_hounsfield.volume import LabelMap

from .dicom_seg_reading import ReadSeg, dicom_seg_steps
from .seg_geometry import Placement
from .seg_pixels import MAXIMUM

if TYPE_CHECKING:
    from pathlib import Path

    from napari_hounsfield.dicom.header import Header

    from .seg_source import SegSource

OFF = 0.01
"""mm by which a frame may be off the image that it says it was drawn on."""
ROUNDING = 0.5001 / MAXIMUM
"""By how much a probability may differ from what was written."""
Images = Mapping[tuple[str, int], "Header"]
"""Planes by SOP Instance UID and number of the frame, counted from 1."""


def images_by_uid(planes: Sequence[Header]) -> dict[tuple[str, int], Header]:
    """Planes as `check_references` looks for them."""
    return {(plane.sop_uid, plane.frame + 1): plane for plane in planes}


def check_references(place: Placement, images: Images) -> None:
    """Hold the frames to the images that they refer to, as far as those are known.

    Raises
    ------
    DicomError
        If a frame lies in another frame of reference than its image, on another plane, or, where the file says that its pixels
        are those of the image, at another position or in another orientation.
    """
    normal = unit_directions(_orientation(place))[0]
    for position, references in zip(place.positions, place.references, strict=True):
        for reference in references:
            image = images.get((reference.sop_uid, reference.frame))
            if image is None or image.position is None or image.orientation is None:
                continue
            if image.frame_of_reference != place.frame_of_reference:
                raise DicomError("its FrameOfReferenceUID (0020,0052) is not that of the images that it refers to")
            apart = position - np.array(image.position)
            off = float(np.linalg.norm(apart)) if reference.preserved else 0.0
            if off > OFF:
                raise DicomError(f"its planes are not where the images lie that it refers to: off by {off:.3g} mm")
            turned = np.abs(np.array(image.orientation) - _orientation(place)).max()
            if reference.preserved and turned > 1e-3:
                raise DicomError("its planes have another orientation than the images that it refers to")
            thick = max(image.thickness or 0.0, float(abs(normal @ place.affine[:3, 0])))
            if abs(float(apart @ normal)) > thick:
                raise DicomError("its planes are not those of the images that it refers to")


def _orientation(place: Placement) -> Any:
    row, column = (place.affine[:3, i] / np.linalg.norm(place.affine[:3, i]) for i in (2, 1))
    return np.concatenate((row, column))


def checked_steps(path: Path, images: Images) -> Generator[Progress, None, ReadSeg]:
    """Read a segmentation, and hold it to those of its images that lie beside it.

    Raises
    ------
    DicomError
        As `read_dicom_seg` and `check_references`.
    """
    found = yield from dicom_seg_steps(path)
    try:
        check_references(found.placement, images)
    except DicomError as error:
        raise DicomError(f"{path.name}: {error}") from None
    return found


def check_written(
    path: Path, data: LabelMap | Features | Sequence[LabelMap], series: SegSource
) -> Generator[Progress, None, None]:
    """Read back what was written, and compare voxels, place and references.

    Raises
    ------
    WriteError
        If anything is not as it should be: a full disk or a fault of a library must not pass for success.
    """
    try:
        found = yield from dicom_seg_steps(path)
    except DicomError:
        raise WriteError("not written: it could not be read back; the disk may be full") from None
    parts: list[LabelMap | Features] = [data] if isinstance(data, LabelMap | Features) else list(data)
    try:
        check_references(found.placement, images_by_uid(series.planes))
    except DicomError as error:
        raise WriteError(f"not written: {error}") from None
    if not _same(parts, found):
        raise WriteError("not written: it did not read back as it was; the disk may be full")


def _same(parts: Sequence[LabelMap | Features], found: ReadSeg) -> bool:
    grid = found.data[0].grid
    if isinstance(parts[0], Features):
        wanted = [reordered(one, parts[0].grid, grid) for one in parts[0].array]
        return len(found.data[0].array) == len(wanted) and all(
            np.abs(a - b).max() <= ROUNDING
            for one, other in zip(found.data[0].array, wanted, strict=True)
            for a, b in zip(one, other, strict=True)
        )
    layers = [reordered(part.array, part.grid, grid) for part in parts]
    if len(layers) == len(found.data) == 1:
        return all(np.array_equal(a, b) for a, b in zip(found.data[0].array, layers[0], strict=True))
    written = [(layer, value) for layer in layers for value in np.unique(layer) if value]
    return len(written) == len(found.segments) and all(
        np.array_equal(layer == value, found.data[index].array == number)
        for (layer, value), (index, number) in zip(written, found.segments, strict=True)
    )
