"""One DICOM file as a pydicom dataset, with bounded memory and without pydicom's warnings, which can print values."""

from __future__ import annotations

import warnings
from io import BytesIO
from typing import TYPE_CHECKING, Any

from napari_hounsfield.dicom.files import inflated, opened
from napari_hounsfield.dicom.syntaxes import DEFLATED
from napari_hounsfield.errors import DicomError

if TYPE_CHECKING:
    from pathlib import Path

LARGEST = 1 << 30
"""Bytes that a deflated segmentation may grow to; a whole volume, where an image file is one slice."""


PIXELS = 0x7FE00008
"""The first of the tags that hold pixels."""


def dataset_of(path: Path, stop_before_pixels: bool = False) -> Any:
    """Dataset of a file, gzip-compressed or not.

    Raises
    ------
    DicomError
        If it cannot be opened, is not DICOM, or inflates beyond 1 GiB; the message is the bare reason.
    Exception
        Whatever pydicom raises on a damaged file.
    """
    from pydicom import dcmread
    from pydicom.dataset import FileMetaDataset
    from pydicom.filereader import read_dataset

    with warnings.catch_warnings(), opened(path) as stream:
        warnings.simplefilter("ignore")
        meta = read_dataset(stream, False, True, stop_when=lambda tag, vr, length: tag >> 16 != 2)
        if meta.get("TransferSyntaxUID") != DEFLATED:
            stream.seek(0)
            return dcmread(stream, stop_before_pixels=stop_before_pixels)
        content, complete = inflated(stream.read(), -15, LARGEST)
        if not complete:
            raise DicomError("truncated: its compressed content is cut off")
        stop = (lambda tag, vr, length: tag >= PIXELS) if stop_before_pixels else None
        dataset = read_dataset(BytesIO(content), False, True, stop_when=stop)
        dataset.file_meta = FileMetaDataset(meta)
        return dataset
