"""Stored values of one plane: uncompressed ones as they lie in the file, compressed ones by a decoder."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_hounsfield.errors import DicomError, UnsupportedDicomError

from .codecs import decoded, undecodable
from .frame_size import frame_bits
from .guards import typed
from .pixel_files import PixelFiles
from .syntaxes import RLE, UNCOMPRESSED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from .header import Header

UNREADABLE = "pixel data (7FE0,0010) cannot be decoded"


def stored_values(header: Header, files: PixelFiles | None = None) -> NDArray[Any]:
    """Stored values (rows, columns) of a plane: bits above High Bit are left out, signs extended; floats as they are.

    Parameters
    ----------
    header
        Of a plane with one sample a pixel.
    files
        Where files with several frames stay open from call to call.

    Raises
    ------
    UnsupportedDicomError
        If its transfer syntax cannot be decoded.
    DicomError
        If the pixel data is cut off or damaged; the message names the file.
    """
    with naming(header), typed(UNREADABLE), PixelFiles() as own:
        return read_stored(header, files or own)


def read_stored(header: Header, files: PixelFiles) -> NDArray[Any]:
    """As `stored_values`, but whatever is wrong is raised bare."""
    frame = files.frame(header)
    if header.transfer_syntax in UNCOMPRESSED:
        return _uncompressed(header, frame)
    array = decoded(header, frame)
    if array.shape != (header.rows, header.columns):
        raise DicomError(f"decoded image is {array.shape}, Rows x Columns are {header.rows} x {header.columns}")
    return significant(array, header) if header.transfer_syntax == RLE else array


@contextmanager
def naming(header: Header) -> Iterator[None]:
    """Put the name of the plane in front of the errors raised inside."""
    try:
        yield
    except DicomError as error:
        raise type(error)(f"{header.name}: {error}") from None


def _uncompressed(header: Header, data: bytes) -> NDArray[Any]:
    shape = header.rows, header.columns
    if header.bits_allocated == 1:
        first = frame_bits(header) * header.frame % 8
        bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")
        return bits[first : first + header.rows * header.columns].reshape(shape)
    words = np.frombuffer(data, "<" + _number_type(header)).reshape(shape)
    return words if words.dtype.kind == "f" else significant(words, header)


def _number_type(header: Header) -> str:
    """Type of the numbers in the file, without their byte order; whole ones are taken as unsigned at first."""
    reason = undecodable(header)
    if reason:
        raise UnsupportedDicomError(reason)
    floats = header.pixels is not None and header.pixels.numbers != "integer"
    return f"{'f' if floats else 'u'}{header.bits_allocated // 8}"


def significant(words: NDArray[Any], header: Header) -> NDArray[Any]:
    """The bits from High Bit down, Bits Stored of them, as signed or unsigned numbers (DICOM PS3.5 8.1.1)."""
    kind = "i" if header.signed else "u"
    numbers = words.view(f"{kind}{words.dtype.itemsize}")
    above = header.bits_allocated - 1 - header.high_bit
    below = header.bits_allocated - header.bits_stored
    if not below:
        return numbers
    return (numbers << above) >> below
