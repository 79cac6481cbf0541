"""Compressed frames of segmentations that pydicom does not decode: those of one bit a pixel in RLE, and deflated ones."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_hounsfield.dicom.codecs import DEFLATED_FRAMES
from napari_hounsfield.dicom.rle import decoded_rle
from napari_hounsfield.dicom.syntaxes import RLE
from napari_hounsfield.errors import DicomError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray


def is_ours(syntax: str, bits: int) -> bool:
    """Whether frames of a transfer syntax and so many bits a pixel are decoded here."""
    return syntax == DEFLATED_FRAMES or (syntax == RLE and bits == 1)


def frames_of(dataset: Any, count: int) -> Iterator[NDArray[Any]]:
    """Stored values (y, x) of each frame; bits lie lowest first, and every frame begins with a byte (PS3.5 8.2, A.4.2, A.4.13).

    Raises
    ------
    DicomError
        If a frame is damaged, or of another size than the header says.
    """
    from pydicom.encaps import generate_frames

    rows, columns, bits = int(dataset.Rows), int(dataset.Columns), int(dataset.BitsAllocated)
    size = -(-rows * columns * bits // 8)
    deflated = dataset.file_meta.TransferSyntaxUID == DEFLATED_FRAMES
    for frame in generate_frames(dataset.PixelData, number_of_frames=count):
        content = _inflated(frame, size) if deflated else decoded_rle(frame, 1, size, 1, 8).tobytes()
        if bits == 1:
            packed = np.frombuffer(content, np.uint8)
            yield np.unpackbits(packed, count=rows * columns, bitorder="little").reshape(rows, columns)
        else:
            yield np.frombuffer(content, f"<u{bits // 8}").reshape(rows, columns)


def _inflated(frame: bytes, size: int) -> bytes:
    try:
        content = zlib.decompressobj(-zlib.MAX_WBITS).decompress(frame, size + 2)
    except zlib.error:
        raise DicomError("a compressed frame is damaged") from None
    if not size <= len(content) <= size + 1:  # one byte may fill up to an even length
        raise DicomError("a compressed frame has another size than the header says")
    return content[:size]
