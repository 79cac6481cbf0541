"""Label maps as DICOM RT Structure Set: closed contours in the slices of the series that was labelled.

DICOM PS3.3 A.19. Written with pydicom: highdicom has no writer, and the last release of rt-utils is of 2022.
"""

from __future__ import annotations

import datetime
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_hounsfield._version import __version__
from napari_hounsfield.coded_terms import CATEGORIES
from napari_hounsfield.errors import LabelError
from napari_hounsfield.grid import Grid, same_lattice
from napari_hounsfield.operation import Progress, part

from .contours import outlines
from .notes import one_line
from .overlap import Member, maps_of, members
from .seg_segments import MAKER
from .seg_source import PATIENT_AND_STUDY, SegSource, known_source, off_grid, read_source
from .terminology import UNKNOWN, colour_in, term_in

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_hounsfield.dicom.header import Header
    from napari_hounsfield.volume import LabelMap, Source

_LARGEST_NUMBER = 2**31 - 1


def write_rtstruct(
    path: Path, data: LabelMap | Sequence[LabelMap], source: Source | None = None
) -> Generator[Progress, None, Grid]:
    """Write stepwise a region for every class, with contours that hold exactly the centres of its voxels.

    A region's ROI Number is its label value, or its place where several maps share a value.
    Background (0) is not written; a class that has a name and no voxels is a region
    without contours.

    Parameters
    ----------
    path
        Where to.
    data
        Labels on the grid of the series, in any order of axes; or several label maps whose classes overlap.
    source
        The series; None: the one that the labels remember.

    Returns
    -------
    Grid
        Of the series.

    Raises
    ------
    LabelError
        If there is nothing to write, or a value too large for a number of a region.
    DicomError
        If no source is known, or a source image is gone or lacks what a structure set must repeat.
    GridError
        If the labels do not lie on the grid of the series.
    """
    maps = maps_of(data)
    name = maps[0].name or "labels"
    series = read_source(known_source(source, maps[0].source, "an RT Structure Set"))
    for labels in maps:
        if not same_lattice(labels.grid, series.grid):
            raise off_grid(name, labels.grid, series)
    drawn: list[dict[int, list[Any]]] = []
    for done, labels in enumerate(maps):
        steps = _drawn(labels.on(series.grid).array, series)
        drawn.append((yield from part(steps, 0.7 * done / len(maps), 0.7 * (done + 1) / len(maps))))
    regions = members(maps, drawn)
    if not regions:
        raise LabelError(f"{name}: no labelled voxel to write")
    if (largest := max(region.number for region in regions)) > _LARGEST_NUMBER:
        raise LabelError(f"{name}: label value {largest} is too large for the number of a region")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom's warnings can hold values
        _dataset(series, regions, drawn).save_as(path, enforce_file_format=True)
    return series.grid


def _drawn(array: NDArray[Any], series: SegSource) -> Generator[Progress, None, dict[int, list[Any]]]:
    """Contour items of each value, slice by slice."""
    found: dict[int, list[Any]] = {}
    images = [_reference(plane) for plane in series.planes]
    for z, plane in enumerate(array):
        yield Progress(z / len(array), "contours")
        for value, (rows, columns) in _boxes(plane):
            items = found.setdefault(value, [])
            for polygon in outlines(plane[rows, columns] == value):
                corners = np.column_stack([np.full(len(polygon), z), polygon + np.array([rows.start, columns.start])])
                items.append(_contour(len(items) + 1, series.grid.positions(corners), images[z]))
    return found


def _boxes(plane: NDArray[Any]) -> Iterator[tuple[int, tuple[slice, slice]]]:
    """Values above 0 in a plane, each with the rows and columns that hold it."""
    from scipy.ndimage import find_objects

    values, numbers = np.unique(plane, return_inverse=True)
    boxes = find_objects(numbers.reshape(plane.shape).astype(np.int32) + 1)
    for value, box in zip(values.tolist(), boxes, strict=True):
        if value > 0:
            yield value, box


def _contour(number: int, points: NDArray[np.float64], image: Any) -> Any:
    from pydicom.charset import default_encoding
    from pydicom.dataelem import RawDataElement
    from pydicom.dataset import Dataset
    from pydicom.tag import Tag

    item = Dataset()
    item.ContourImageSequence = [image]
    item.ContourGeometricType = "CLOSED_PLANAR"
    item.NumberOfContourPoints = len(points)
    item.ContourNumber = number
    item.set_original_encoding(True, True, default_encoding)  # pydicom writes the raw element then, and makes no object a number
    # ten digits take at most the 16 characters that a number may have, and are far finer than a voxel
    text = "\\".join([f"{number:.10g}" for number in points.ravel().tolist()]).encode("ascii")
    tag = Tag("ContourData")
    item[tag] = RawDataElement(tag, "DS", len(text), text + b" " * (len(text) % 2), 0, True, True)
    return item


def _reference(plane: Header) -> Any:
    from pydicom.dataset import Dataset

    reference = Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = plane.sop_class, plane.sop_uid
    if plane.frames > 1:
        reference.ReferencedFrameNumber = plane.frame + 1
    return reference


def _dataset(series: SegSource, regions: Sequence[Member], drawn: Sequence[dict[int, list[Any]]]) -> Any:
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ImplicitVRLittleEndian, RTStructureSetStorage, generate_uid

    header, now = series.header, datetime.datetime.now()
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian  # an explicit one has no room for more than 64 kB of points
    dataset.SpecificCharacterSet = "ISO_IR 192"  # names of classes may be in any script
    dataset.SOPClassUID, dataset.SOPInstanceUID = RTStructureSetStorage, generate_uid()
    dataset.InstanceCreationDate = dataset.StructureSetDate = dataset.SeriesDate = f"{now:%Y%m%d}"
    dataset.InstanceCreationTime = dataset.StructureSetTime = dataset.SeriesTime = f"{now:%H%M%S}"
    for keyword in PATIENT_AND_STUDY:
        setattr(dataset, keyword, str(header[keyword].value or ""))
    dataset.Modality, dataset.SeriesInstanceUID, dataset.SeriesNumber = "RTSTRUCT", generate_uid(), 301
    dataset.SeriesDescription, dataset.OperatorsName, dataset.InstanceNumber = "Structure set", "", 1
    dataset.Manufacturer = dataset.ManufacturerModelName = MAKER
    dataset.SoftwareVersions = __version__
    dataset.FrameOfReferenceUID, dataset.PositionReferenceIndicator = series.grid.frame_of_reference, ""
    dataset.StructureSetLabel, dataset.StructureSetName = "SEGMENTATION", "Segmentation"
    if history := regions[0].labels.history:
        dataset.StructureSetDescription = f"{MAKER}: {', '.join(record.operation for record in history)}"[:1024]
    dataset.ReferencedFrameOfReferenceSequence = [_frame(series)]
    dataset.StructureSetROISequence = [_region(one, series.grid.frame_of_reference) for one in regions]
    dataset.ROIContourSequence = [_contours(one, drawn[one.layer].get(one.value, [])) for one in regions]
    dataset.RTROIObservationsSequence = [_observation(order, one) for order, one in enumerate(regions, 1)]
    return dataset


def _frame(series: SegSource) -> Any:
    """What was drawn on: frame of reference, study, series, every image."""
    from pydicom.dataset import Dataset
    from pydicom.uid import UID

    header = series.header
    drawn_on, study, frame = Dataset(), Dataset(), Dataset()
    drawn_on.SeriesInstanceUID = header.SeriesInstanceUID
    drawn_on.ContourImageSequence = [_reference(plane) for plane in series.planes]
    study.ReferencedSOPClassUID = UID("1.2.840.10008.3.1.2.3.1")  # Detached Study Management: retired, and still demanded
    study.ReferencedSOPInstanceUID = header.StudyInstanceUID
    study.RTReferencedSeriesSequence = [drawn_on]
    frame.FrameOfReferenceUID, frame.RTReferencedStudySequence = series.grid.frame_of_reference, [study]
    return frame


def _region(one: Member, frame: str) -> Any:
    from pydicom.dataset import Dataset

    region = Dataset()
    region.ROINumber, region.ReferencedFrameOfReferenceUID = one.number, frame
    region.ROIName = _name(one.labels, one.value)
    region.ROIGenerationAlgorithm = "SEMIAUTOMATIC"
    return region


def _contours(one: Member, items: list[Any]) -> Any:
    from pydicom.dataset import Dataset

    contours = Dataset()
    contours.ROIDisplayColor = list(colour_in(one.labels, one.value))
    contours.ReferencedROINumber = one.number
    if items:
        contours.ContourSequence = items
    return contours


def _observation(order: int, one: Member) -> Any:
    from highdicom.sr import CodedConcept
    from pydicom.dataset import Dataset

    known = term_in(one.labels, one.value)
    observation = Dataset()
    observation.ObservationNumber, observation.ReferencedROINumber = order, one.number
    if known.kind != UNKNOWN.kind:
        observation.RTROIIdentificationCodeSequence = [CodedConcept(known.kind.value, known.kind.scheme, known.kind.meaning)]
    observation.RTROIInterpretedType = "ORGAN" if known.category == CATEGORIES["anatomy"] else ""
    observation.ROIInterpreter = ""
    return observation


def _name(labels: LabelMap, value: int) -> str:
    """Name of a region, at most 64 characters and without the backslash, which parts values (PS3.5, 6.2)."""
    return (one_line(labels.class_name(value)).replace("\\", "/") or f"label {value}")[:64]
