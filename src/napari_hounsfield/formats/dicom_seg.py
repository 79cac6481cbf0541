"""Label maps as DICOM Segmentation (binary), through highdicom.

DICOM PS3.3 A.51: every class that occurs is a segment with coded category and type, the algorithm that made it and a colour;
every plane says where it lies and which source image it was drawn on.
"""

from __future__ import annotations

import json
import logging
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_hounsfield._version import __version__
from napari_hounsfield.errors import DicomError, GridError, LabelError
from napari_hounsfield.grid import Grid, same_lattice

from .notes import one_line
from .orientation import is_sheared
from .seg_source import SegSource, read_source
from .terminology import Code, class_colour, concept

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_hounsfield.volume import LabelMap, Record, Source

MAKER = "napari-hounsfield"
VALUE_NOTE = "label value "
"""Begins the Segment Description that keeps a label's number, since segments are numbered from 1 without gaps."""
_MAX_PARAMETERS = 10000
_log = logging.getLogger(__name__)


def write_dicom_seg(path: Path, labels: LabelMap, source: Source | None = None) -> None:
    """Write one BINARY segmentation that refers to the series which was labelled.

    Background (0) is not written; classes without voxels are left out, with a note in the log. The first and the last plane of
    the grid always have a frame, empty or not, so that a reader learns the whole extent.

    Parameters
    ----------
    path
        Where to.
    labels
        On the grid of the series, in any order of axes; or on another grid in the same frame of reference.
    source
        The series; None: the one that `labels` remember.

    Raises
    ------
    LabelError
        If there is no labelled voxel.
    DicomError
        If no source is known, or a source image is gone or lacks what a segmentation must repeat.
    GridError
        If the labels lie neither on the grid of the series nor in its frame of reference.
    """
    source = source or labels.source
    if source is None or not source.files:
        raise DicomError("a DICOM segmentation refers to a DICOM series: give its source, or write .seg.nrrd or .nii.gz")
    series = read_source(source.files)
    planes, grid = _planes(labels, series)
    found = sorted({int(value) for plane in planes for value in np.unique(plane)})
    if not any(found):
        raise LabelError(f"{labels.name or 'labels'}: no labelled voxel to write")
    empty = [name for value, name in labels.classes.items() if value and value not in found]
    if empty:
        _log.warning("%d classes without voxels are left out: %s", len(empty), ", ".join(empty[:5]) + ", ..." * (len(empty) > 5))
    present = [value for value in found if value]
    dataset = _dataset(series, _numbered(planes, present), grid, _descriptions(labels, present))
    dataset.save_as(path, enforce_file_format=True)


def _numbered(planes: NDArray[Any], present: Sequence[int]) -> NDArray[Any]:
    """Segment numbers in the place of label values; `present` are those above 0, ascending."""
    kind = np.uint8 if len(present) < 256 else np.uint16
    if present[-1] >= 1 << 20:
        return np.searchsorted(present, planes, side="right").astype(kind)
    table = np.zeros(present[-1] + 1, kind)
    table[present] = np.arange(1, len(present) + 1)
    numbers: NDArray[Any] = table[planes]
    return numbers


def _planes(labels: LabelMap, series: SegSource) -> tuple[NDArray[Any], Grid | None]:
    """Labels plane by plane of the source (and no grid), or on their own planes with their grid."""
    if same_lattice(labels.grid, series.grid):
        return labels.on(series.grid).array, None
    if not labels.frame_of_reference or labels.frame_of_reference != series.grid.frame_of_reference:
        raise GridError(f"{labels.name or 'labels'}: {labels.grid} is not the grid of the source, {series.grid}")
    in_plane = np.array(labels.affine)
    in_plane[:3, 0] = np.cross(in_plane[:3, 2], in_plane[:3, 1])
    if is_sheared(in_plane):
        raise GridError(f"{labels.name or 'labels'}: rows and columns are not at right angles")
    return labels.array, labels.grid


def _dataset(series: SegSource, numbers: NDArray[Any], own: Grid | None, descriptions: Sequence[Any]) -> Any:
    import highdicom as hd
    from pydicom.uid import ExplicitVRLittleEndian
    from pydicom.valuerep import DSfloat

    grid = own or series.grid
    normal = np.cross(grid.affine[:3, 2], grid.affine[:3, 1])
    apart = float(abs(normal @ grid.affine[:3, 0]) / np.linalg.norm(normal))
    if own is None and len(numbers) == 1:
        apart = float(series.headers[0].get("SliceThickness") or apart)
    geometry: dict[str, Any] = {}
    if own is not None:
        geometry["pixel_measures"] = hd.PixelMeasuresSequence(own.spacing[1:], slice_thickness=apart)
        row, column = (own.affine[:3, i] / own.spacing[i] for i in (2, 1))
        geometry["plane_orientation"] = hd.PlaneOrientationSequence("PATIENT", [*row, *column])
        corners = own.positions([(z, 0, 0) for z in range(len(numbers))])
        geometry["plane_positions"] = [hd.PlanePositionSequence("PATIENT", corner) for corner in corners]
    marked = [plane for plane in {0, len(numbers) - 1} if not numbers[plane].any()]
    for plane in marked:  # highdicom leaves out empty frames: these two are to stay
        numbers[plane, 0, 0] = 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = hd.seg.Segmentation(
            source_images=series.headers,
            pixel_array=numbers,
            segmentation_type="BINARY",
            segment_descriptions=descriptions,
            series_instance_uid=hd.UID(),
            series_number=300,
            sop_instance_uid=hd.UID(),
            instance_number=1,
            manufacturer=MAKER,
            manufacturer_model_name=MAKER,
            software_versions=__version__,
            device_serial_number="1",
            content_label="SEGMENTATION",
            content_description="Segmentation",
            series_description="Segmentation",
            transfer_syntax_uid=ExplicitVRLittleEndian,
            **geometry,
        )
    measures = dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    measures.SpacingBetweenSlices = DSfloat(apart, auto_format=True)  # what the source states may be wrong, or missing
    dataset.SpecificCharacterSet = "ISO_IR 192"  # names of classes may be in any script
    _clear(dataset, [grid.positions([(plane, 0, 0)])[0] for plane in marked])
    return dataset


def _clear(dataset: Any, corners: Sequence[NDArray[np.float64]]) -> None:
    """Empty the first pixel of the frames of segment 1 at `corners`: bits are packed across frames, lowest first (PS3.5 8.2)."""
    if not corners:
        return
    pixels = bytearray(dataset.PixelData)
    for frame, groups in enumerate(dataset.PerFrameFunctionalGroupsSequence):
        position = np.array(groups.PlanePositionSequence[0].ImagePositionPatient, float)
        identified = groups.get("SegmentIdentificationSequence")  # shared by all frames where there is one segment
        if (not identified or identified[0].ReferencedSegmentNumber == 1) and any(
            np.abs(position - corner).max() < 1e-3 for corner in corners
        ):
            bit = frame * dataset.Rows * dataset.Columns
            pixels[bit // 8] &= ~(1 << bit % 8) & 0xFF
    dataset.PixelData = bytes(pixels)


def _descriptions(labels: LabelMap, values: Sequence[int]) -> list[Any]:
    import highdicom as hd
    from highdicom.color import CIELabColor

    algorithm = _algorithm(labels.history)
    found = []
    for number, value in enumerate(values, 1):
        name = labels.class_name(value)
        known = concept(name)
        segment = hd.seg.SegmentDescription(
            segment_number=number,
            segment_label=(one_line(name).replace("\\", "/") or f"label {value}")[:64],
            segmented_property_category=_coded(known.category),
            segmented_property_type=_coded(known.kind),
            algorithm_type="SEMIAUTOMATIC",
            algorithm_identification=algorithm,
            display_color=CIELabColor.from_rgb(*class_colour(name, value)),
        )
        segment.SegmentDescription = f"{VALUE_NOTE}{value}"
        if known.side is not None:
            segment.SegmentedPropertyTypeCodeSequence[0].SegmentedPropertyTypeModifierCodeSequence = [_coded(known.side)]
        found.append(segment)
    return found


def _coded(code: Code) -> Any:
    from highdicom.sr import CodedConcept

    return CodedConcept(code.value, "SCT", code.meaning)


def _algorithm(history: Sequence[Record]) -> Any:
    """What made the labels: the operations by name, their parameters as JSON as far as there is room."""
    import highdicom as hd
    from pydicom.sr.codedict import codes

    parameters: dict[str, str] = {}
    for number, record in enumerate(reversed(history), 1):
        text = json.dumps(dict(record.parameters), default=str)
        if sum(map(len, parameters.values())) + len(text) < _MAX_PARAMETERS - 64 * number:
            parameters[f"{len(history) - number + 1} {record.operation}"] = text
    return hd.AlgorithmIdentificationSequence(
        name=(f"{MAKER} {' '.join(dict.fromkeys(r.operation for r in history))}".strip())[:64],
        family=codes.DCM.ArtificialIntelligence,
        version=__version__,
        parameters=dict(reversed(parameters.items())) or None,
    )
