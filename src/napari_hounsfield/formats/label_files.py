"""DICOM files that hold label maps: segmentations and RT Structure Sets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_hounsfield.operation import Progress

from .dicom_seg_reading import read_dicom_seg
from .rtstruct_contours import is_rtstruct
from .rtstruct_grid import place_of
from .rtstruct_reading import rtstruct_steps

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    from napari_hounsfield.dicom.series import Series
    from napari_hounsfield.volume import LabelMap


def label_files(series: Series) -> list[Path]:
    """Files of a series of label maps; several of them are independent of each other."""
    return list(dict.fromkeys(plane.path for plane in series.planes))


def label_file_steps(path: Path, others: Sequence[Series]) -> Generator[Progress, None, list[LabelMap]]:
    """Label maps of a DICOM segmentation or RT Structure Set, which was found with `others`.

    Raises
    ------
    DicomError
        If it cannot be read.
    """
    if is_rtstruct(path):
        return (yield from rtstruct_steps(path, beside=[place for one in others if (place := place_of(one))]))
    yield Progress(0, path.name)
    return [read_dicom_seg(path)]
