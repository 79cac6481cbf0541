"""Compressed content (zlib, gzip, bare deflate) with bounded memory: as a whole and checked, or only as far as it is read."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator

from napari_hounsfield.errors import DicomError

MAX_INFLATED = 256 * 2**20
"""Bytes that compressed content may grow to, however few it is: far beyond any slice, far below a decompression bomb."""
MAX_RATIO = 16
"""Content that is large already may grow by this factor: images compress by less."""
GZIP = 31
"""What zlib calls a stream with the header of gzip."""
_LARGE, _SMALL = 2**20, 2**10
"""Steps of decompression. What comes before damage is lost with the step in which it is met."""


def largest_content(packed: int) -> int:
    """Bytes that `packed` compressed bytes may grow to."""
    return max(MAX_INFLATED, MAX_RATIO * packed)


def inflated(data: bytes, wbits: int, limit: int | None = None) -> tuple[bytes, bool]:
    """Decompress at most `limit` bytes (by default `largest_content`); the second value tells whether the stream is complete.

    Raises
    ------
    DicomError
        If the stream is damaged, or grows beyond `limit`.
    """
    limit = largest_content(len(data)) if limit is None else limit
    machine, content = zlib.decompressobj(wbits), io.BytesIO()
    try:
        for block in _blocks(machine, data, _LARGE):
            content.write(block)
            if content.tell() > limit:
                raise _grown(limit)
    except zlib.error:
        raise DicomError("compressed content is damaged") from None
    return content.getvalue(), machine.eof


class Unpacking(io.BytesIO):
    """Compressed content that is inflated as far as it is read, and that ends where it is damaged.

    For headers, which are a small part of a file: pixels must be read from content that was checked as a whole.

    Parameters
    ----------
    data
        Compressed stream.
    wbits
        Its kind, as zlib counts them.
    size
        Its length where that is known; otherwise seeking from its end inflates it all.
    """

    def __init__(self, data: bytes, wbits: int, size: int | None = None) -> None:
        super().__init__()
        self._blocks = _blocks(zlib.decompressobj(wbits), data, _SMALL)
        self._size = size
        self._limit = largest_content(len(data))

    def read(self, size: int | None = -1, /) -> bytes:
        """Up to `size` bytes."""
        self._reach(None if size is None or size < 0 else self.tell() + size)
        return super().read(size)

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Move, also beyond what was inflated so far."""
        if whence == io.SEEK_END:
            if self._size is not None:
                return super().seek(max(self._size + offset, 0))
            self._reach(None)
        return super().seek(offset, whence)

    def _reach(self, end: int | None) -> None:
        at, there = self.tell(), super().seek(0, io.SEEK_END)
        try:
            while end is None or there < end:
                there += self.write(next(self._blocks))
                if there > self._limit:
                    raise _grown(self._limit)
        except (StopIteration, zlib.error):
            pass
        finally:
            super().seek(at)


def _blocks(machine: zlib._Decompress, data: bytes, step: int) -> Iterator[bytes]:
    """Content in small blocks; the input too is taken in pieces, so that what is left of it is never copied."""
    packed = memoryview(data)
    for at in range(0, len(packed), step):
        piece: bytes | memoryview = packed[at : at + step]
        while piece and not machine.eof:
            yield machine.decompress(piece, 4 * step)
            piece = machine.unconsumed_tail
        if machine.eof:
            return
    yield machine.flush()


def _grown(limit: int) -> DicomError:
    return DicomError(f"compressed content grows beyond {f'{limit // 2**20} MiB' if limit >= 2**20 else f'{limit} bytes'}")
