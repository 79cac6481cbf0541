"""What a frame of a segmentation says of itself: its functional groups (PS3.3 C.7.6.16.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_hounsfield.dicom.header import Header
    from napari_hounsfield.grid import Grid

    from .seg_source import SegSource

COPLANAR = 1e-3
"""mm within which a plane of a segmentation on its own grid is that of an image."""


def derivations(series: SegSource, own: Grid | None, positions: Sequence[NDArray[np.float64]]) -> list[list[tuple[Header, bool]]]:
    """Source planes that each plane of the segmentation was drawn on, and whether their pixels are its own."""
    if own is None:
        return [[(plane, True)] for plane in series.planes]
    normal = np.cross(own.affine[:3, 2], own.affine[:3, 1])
    normal /= np.linalg.norm(normal)
    theirs = np.cross(series.grid.affine[:3, 2], series.grid.affine[:3, 1])
    if abs(abs(normal @ theirs / np.linalg.norm(theirs)) - 1) > 1e-6:
        return [[] for _ in positions]
    levels = np.array([plane.position for plane in series.planes]) @ normal
    return [_coplanar(series.planes, levels - at @ normal) for at in positions]


def _coplanar(planes: Sequence[Header], away: NDArray[np.float64]) -> list[tuple[Header, bool]]:
    return [(plane, False) for plane, distance in zip(planes, away, strict=True) if abs(distance) < COPLANAR]


def derivation(drawn_on: Sequence[tuple[Header, bool]]) -> Any:
    """Derivation Image Sequence: the images, and the frames of them, that a frame was drawn on."""
    from pydicom.dataset import Dataset

    made = Dataset()
    made.DerivationImageSequence = []
    if not drawn_on:
        return made
    images = []
    for plane, preserved in drawn_on:
        image = Dataset()
        image.ReferencedSOPClassUID, image.ReferencedSOPInstanceUID = plane.sop_class, plane.sop_uid
        if plane.frames > 1:
            image.ReferencedFrameNumber = plane.frame + 1
        image.SpatialLocationsPreserved = "YES" if preserved else "NO"
        image.PurposeOfReferenceCodeSequence = [_code("121322", "Source image for image processing operation")]
        images.append(image)
    item = Dataset()
    item.SourceImageSequence, item.DerivationCodeSequence = images, [_code("113076", "Segmentation")]
    made.DerivationImageSequence = [item]
    return made


def position(corner: NDArray[np.float64]) -> Any:
    """Plane Position Sequence: the patient position (x, y, z) in mm of the first pixel's centre."""
    from pydicom.dataset import Dataset
    from pydicom.valuerep import DSfloat

    made, item = Dataset(), Dataset()
    item.ImagePositionPatient = [DSfloat(float(v), auto_format=True) for v in corner]
    made.PlanePositionSequence = [item]
    return made


def identification(number: int) -> Any:
    """Segment Identification Sequence."""
    from pydicom.dataset import Dataset

    made, item = Dataset(), Dataset()
    item.ReferencedSegmentNumber = number
    made.SegmentIdentificationSequence = [item]
    return made


def _code(value: str, meaning: str) -> Any:
    from pydicom.dataset import Dataset

    made = Dataset()
    made.CodeValue, made.CodingSchemeDesignator, made.CodeMeaning = value, "DCM", meaning
    return made
