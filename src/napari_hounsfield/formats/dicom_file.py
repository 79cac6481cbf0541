"""One DICOM file as a pydicom dataset, with bounded memory and without pydicom's warnings, which can print values."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from napari_hounsfield.dicom.files import inflated, opened
from napari_hounsfield.dicom.syntaxes import DEFLATED

if TYPE_CHECKING:
    from pathlib import Path

LARGEST = 1 << 30
"""Bytes that a deflated segmentation may grow to; a whole volume, where an image file is one slice."""


def dataset_of(path: Path, **options: Any) -> Any:
    """Dataset of a file, gzip-compressed or not; `options` are those of pydicom's `dcmread`.

    Raises
    ------
    DicomError
        If it cannot be opened, is not DICOM, or inflates beyond 1 GiB; the message is the bare reason.
    Exception
        Whatever pydicom raises on a damaged file.
    """
    from pydicom import dcmread
    from pydicom.filereader import read_dataset

    with warnings.catch_warnings(), opened(path) as stream:
        warnings.simplefilter("ignore")
        meta = read_dataset(stream, False, True, stop_when=lambda tag, vr, length: tag >> 16 != 2)
        if meta.get("TransferSyntaxUID") == DEFLATED:
            inflated(stream.read(), -15, LARGEST)
        stream.seek(0)
        return dcmread(stream, **options)
