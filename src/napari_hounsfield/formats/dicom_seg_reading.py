"""DICOM Segmentation as label maps or probabilities on its own grid, z ascending along row x column direction.

Our own reading, because tilted stacks of planes are sheared and highdicom's volumes are not.
"""

from __future__ import annotations

import warnings
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from napari_hounsfield.dicom.header_reading import read_headers
from napari_hounsfield.dicom.kinds import SEGMENTATIONS
from napari_hounsfield.errors import DicomError, HounsfieldError, UnsupportedDicomError
from napari_hounsfield.operation import Progress, finish
from napari_hounsfield.results import Features
from napari_hounsfield.volume import LabelMap, Source

from .dicom_file import dataset_of
from .seg_geometry import Placement, placement
from .seg_segments import term_and_value
from .seg_voxels import label_planes_of, layers_of, maps_of

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_hounsfield.coded_terms import Term


@dataclass(frozen=True, eq=False)
class ReadSeg:
    """What one file holds: label maps, several where segments overlap, or probabilities; and what its frames say."""

    data: list[LabelMap | Features]
    placement: Placement
    segments: list[tuple[int, int]] = field(default_factory=list)
    """Which of the label maps holds each segment, and as which value, in the order of the segments; without empty ones."""


def is_dicom_seg(path: Path) -> bool:
    """Whether a DICOM file is a segmentation; False too where it is too damaged to tell."""
    try:
        return read_headers(path)[0].sop_class in SEGMENTATIONS
    except DicomError:  # the reader says what is wrong
        return False


def read_dicom_seg(path: Path) -> list[LabelMap | Features]:
    """Read the segments of one file.

    Binary and label map segmentations are labels, with names, terms and colours: one label map, or several where segments
    overlap. Values are segment numbers, or ours where we wrote the file. Fractional ones are Features, one map a segment.

    Raises
    ------
    UnsupportedDicomError
        If frames are tiles of a slide, or several projections.
    DicomError
        If the file is damaged, or its frames do not lie on one even grid.
    """
    return finish(dicom_seg_steps(path)).data


def dicom_seg_steps(path: Path) -> Generator[Progress, None, ReadSeg]:
    """As `read_dicom_seg`, but yields its progress."""
    steps = _read(path.name, path)
    while True:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # pydicom's warnings can hold values
                progress = next(steps)
        except StopIteration as end:
            found: ReadSeg = end.value
            return found
        except HounsfieldError as error:
            kind = type(error) if isinstance(error, DicomError) else DicomError
            raise kind(f"{path.name}: {str(error).removeprefix(path.name + ': ')}") from None
        except MemoryError:
            raise DicomError(f"{path.name}: too large for the memory of this computer") from None
        except Exception:  # pydicom raises many kinds on damaged files
            raise DicomError(f"{path.name}: damaged DICOM segmentation") from None
        yield progress


def _read(name: str, path: Path) -> Generator[Progress, None, ReadSeg]:
    yield Progress(0, name)
    dataset = dataset_of(path)
    yield Progress(0, name)
    if dataset.get("SOPClassUID") not in SEGMENTATIONS:
        raise DicomError("not a DICOM segmentation")
    kind = dataset.get("SegmentationType", "")
    if kind not in ("BINARY", "LABELMAP", "FRACTIONAL"):
        raise UnsupportedDicomError("its SegmentationType (0062,0001) is none of BINARY, LABELMAP, FRACTIONAL")
    place = yield from placement(dataset)
    described = {int(item.SegmentNumber): term_and_value(item) for item in dataset.SegmentSequence}
    if kind != "LABELMAP" and not set(place.segments) <= set(described):
        raise DicomError("a frame belongs to a segment that is not described")
    shape = (int(place.planes.max()) + 1, int(dataset.Rows), int(dataset.Columns))
    common: dict[str, Any] = {"frame_of_reference": place.frame_of_reference, "source": _source(dataset)}
    if kind == "FRACTIONAL":
        maps = yield from maps_of(dataset, place, list(described), shape)
        names = [text or f"segment {number}" for number, (text, _, _) in described.items()]
        return ReadSeg([Features(maps, names, place.affine, name=name, **common)], place)
    if kind == "LABELMAP":
        described.pop(0, None)  # what is no segment may be described as one
    values = label_values(described)
    layers: list[tuple[NDArray[Any], list[int]]]
    if kind == "LABELMAP":
        layers = [((yield from label_planes_of(dataset, place, values, shape)), list(described))]
    else:
        layers = yield from layers_of(dataset, place, values, shape)
    found: list[LabelMap | Features] = []
    filled = set(place.segments)
    places = {n: (index, values[n]) for index, (_, held) in enumerate(layers) for n in held if n in filled}
    for number, (array, held) in enumerate(layers, 1):
        own = {values[n]: described[n] for n in held}
        classes = {value: text for value, (text, _, _) in own.items() if text not in ("", f"label {value}")}
        terms = {value: term for value, (_, term, _) in own.items()}
        title = name if len(layers) == 1 else f"{name} layer {number}"
        found.append(LabelMap(array, place.affine, classes, terms=terms, name=title, **common))
    return ReadSeg(found, place, [places[n] for n in described if n in places])


def _source(dataset: Any) -> Source:
    referenced = dataset.get("ReferencedSeriesSequence") or [{}]
    return Source(str(referenced[0].get("SeriesInstanceUID", "")))


def label_values(described: dict[int, tuple[str, Term, int]]) -> dict[int, int]:
    """Label value of each segment number: the number that our own files note, or else the segment number."""
    noted = {number: value for number, (_, _, value) in described.items() if value > 0}
    if len(noted) == len(described) and len(set(noted.values())) == len(noted):
        return noted
    return {number: number for number in described}
