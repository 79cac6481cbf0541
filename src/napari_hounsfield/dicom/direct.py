"""The short way: uncompressed pixels from the file straight into the memory where they are wanted."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from .frame_size import frame_bits
from .syntaxes import UNCOMPRESSED

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .header import Header

LITTLE_ENDIAN = UNCOMPRESSED[:2]
GZIP = b"\x1f\x8b"
BITS = (8, 16, 32)


def stored_directly(header: Header, out: NDArray[Any] | None = None) -> NDArray[Any] | None:
    """Stored values (rows, columns) of a plane, of its signedness; None where its file needs anything but reading.

    Parameters
    ----------
    header
        Of a plane with one sample a pixel.
    out
        Contiguous memory (rows, columns) that the values may take; they do where its numbers have their size.
    """
    pixels = header.pixels
    if pixels is None or header.transfer_syntax not in LITTLE_ENDIAN or pixels.deflated_from >= 0:
        return None
    if header.bits_allocated not in BITS or pixels.numbers != "integer" or header.samples != 1:
        return None
    dtype = np.dtype(f"<{'i' if header.signed else 'u'}{header.bits_allocated // 8}")
    if out is not None and out.dtype.kind in "iu" and out.dtype.itemsize == dtype.itemsize and out.flags.c_contiguous:
        stored = out.view(dtype)
    else:
        stored = np.empty((header.rows, header.columns), dtype)
    size = frame_bits(header) // 8
    if not _filled(header, stored.reshape(-1).view(np.uint8).data, pixels.offset + header.frame * size):
        return None
    above = header.bits_allocated - 1 - header.high_bit
    below = header.bits_allocated - header.bits_stored
    if below and not header.signed and not above - below:
        stored &= 2**header.bits_stored - 1
    elif below:
        if above:
            stored <<= above
        stored >>= below
    return stored


def _filled(header: Header, memory: memoryview, offset: int) -> bool:
    """Read into `memory`; False where the file is packed, changed since its header was read, or not there as a file."""
    assert header.pixels is not None
    try:
        with open(header.path, "rb", buffering=0, opener=_without_waiting) as file:
            if os.fstat(file.fileno()).st_size != header.pixels.offset + header.pixels.available or file.read(2) == GZIP:
                return False
            file.seek(offset)
            at = 0
            while at < len(memory):
                count = file.readinto(memory[at:])
                if not count:
                    return False
                at += count
            return True
    except OSError:  # the general way says why; or it is a member of an archive
        return False


def _without_waiting(path: str, flags: int) -> int:
    """Open without waiting for the other end, should it be a pipe by now."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
