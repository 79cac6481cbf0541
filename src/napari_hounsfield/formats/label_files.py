"""DICOM files that hold label maps: segmentations and RT Structure Sets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_hounsfield.errors import DicomError
from napari_hounsfield.operation import Progress

from .dicom_seg_reading import read_dicom_seg
from .rtstruct_contours import is_rtstruct
from .rtstruct_grid import place_of
from .rtstruct_reading import read_rtstruct, rtstruct_steps
from .seg_check import checked_steps, images_by_uid

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    from napari_hounsfield.dicom.series import Series
    from napari_hounsfield.results import Features
    from napari_hounsfield.volume import LabelMap, Volume


def label_files(series: Series) -> list[Path]:
    """Files of a series of label maps; several of them are independent of each other."""
    return list(dict.fromkeys(plane.path for plane in series.planes))


def label_file_steps(path: Path, others: Sequence[Series]) -> Generator[Progress, None, list[LabelMap | Features]]:
    """Label maps of a DICOM segmentation or RT Structure Set, which was found with `others`.

    Raises
    ------
    DicomError
        If it cannot be read, or does not lie where those of the others lie that it refers to.
    """
    if is_rtstruct(path):
        maps = yield from rtstruct_steps(path, beside=[place for one in others if (place := place_of(one))])
        return [*maps]
    images = images_by_uid([plane for other in others if not other.labels for plane in other.planes])
    return (yield from checked_steps(path, images)).data


def chosen_maps(path: Path, part: int, source: Any = None) -> list[Volume | LabelMap | Features]:
    """What a DICOM segmentation or RT Structure Set holds, or the one of its label maps that was chosen, counted from 1.

    Raises
    ------
    DicomError
        If there is no such label map; and as their readers.
    """
    found: list[Any] = [*(read_rtstruct(path, source) if is_rtstruct(path) else read_dicom_seg(path))]
    if part > len(found):
        raise DicomError(f"{path.name}: there is no label map {part}, there are {len(found)}")
    return found[part - 1 : part] if part else found
