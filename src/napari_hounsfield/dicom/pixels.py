"""Stored values of one plane: uncompressed ones straight from the file, compressed ones by a decoder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_hounsfield.errors import DicomError

from .codecs import decoded
from .files import inflated, opened
from .guards import typed
from .pixel_element import CUT_OFF
from .syntaxes import BIG_ENDIAN, RLE, UNCOMPRESSED

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .header import Header


def stored_values(header: Header) -> NDArray[Any]:
    """Stored values (rows, columns) of a plane, of an integer type: bits above High Bit are left out, signs extended.

    Raises
    ------
    UnsupportedDicomError
        If its transfer syntax cannot be decoded.
    DicomError
        If the pixel data is cut off or damaged; the message names the file.
    """
    try:
        with typed("pixel data (7FE0,0010) cannot be decoded"):
            return _stored_values(header)
    except DicomError as error:
        raise type(error)(f"{header.name}: {error}") from None


def _stored_values(header: Header) -> NDArray[Any]:
    pixels = header.pixels
    if pixels is None:
        raise DicomError("no pixel data (7FE0,0010)")
    size = header.rows * header.columns * header.bits_allocated // 8
    native = header.transfer_syntax in UNCOMPRESSED
    with opened(header.path) as stream:
        if pixels.deflated_from >= 0:
            stream.seek(pixels.deflated_from)
            data = inflated(stream.read(), -15)[0][pixels.offset : pixels.offset + size]
        else:
            stream.seek(pixels.offset)
            data = stream.read(size + size % 2 if native else pixels.length)
    if native:
        return significant(_unpacked(header, data, size), header)
    array = decoded(header, data)
    if array.shape != (header.rows, header.columns):
        raise DicomError(f"decoded image is {array.shape}, Rows x Columns are {header.rows} x {header.columns}")
    return significant(array, header) if header.transfer_syntax == RLE else array


def _unpacked(header: Header, data: bytes, size: int) -> NDArray[Any]:
    """Words of uncompressed pixel data in the byte order of this machine."""
    if len(data) < size:
        raise DicomError(f"{CUT_OFF}: {len(data)} of {size} bytes of pixel data")
    big = header.transfer_syntax == BIG_ENDIAN
    if big and header.bits_allocated == 8 and header.pixels is not None and header.pixels.words:
        data = np.frombuffer(data + b"\0" * (len(data) % 2), ">u2").astype("<u2").tobytes()
    words = np.frombuffer(data[:size], f"{'>' if big else '<'}u{header.bits_allocated // 8}")
    return words.reshape(header.rows, header.columns).astype(words.dtype.newbyteorder("="), copy=False)


def significant(words: NDArray[Any], header: Header) -> NDArray[Any]:
    """The bits from High Bit down, Bits Stored of them, as signed or unsigned numbers (DICOM PS3.5 8.1.1)."""
    kind = "i" if header.signed else "u"
    numbers = words.view(f"{kind}{words.dtype.itemsize}")
    above = header.bits_allocated - 1 - header.high_bit
    below = header.bits_allocated - header.bits_stored
    if not below:
        return numbers
    return (numbers << above) >> below
