"""The files of a plan: the bytes of one frame at a time, each file opened and indexed once."""

from __future__ import annotations

import io
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from napari_hounsfield.errors import DicomError

from .files import inflated, opened
from .fragments import frames_in
from .frame_size import frame_bits
from .pixel_element import CUT_OFF
from .syntaxes import BIG_ENDIAN, UNCOMPRESSED

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

    from .fragments import Span
    from .header import Header, PixelElement

KEPT = 32
"""Files with several frames that stay open."""
KEPT_BYTES = 2**28
"""Of inflated content that stays in memory."""


class PixelFiles:
    """Reads frames, from several threads; files with more than one stay open while a plan is read.

    Usable as a context manager, which closes them.
    """

    def __init__(self) -> None:
        self._files: dict[Path, _PixelFile] = {}
        self._memory: dict[object, Any] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> PixelFiles:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._trim(0, 0)

    def frame(self, header: Header) -> bytes:
        """Bytes of a plane: uncompressed, in little endian order, or its codestream.

        Uncompressed frames of 1 bit begin within the first byte, at bit `frame_bits(header) * header.frame % 8`.

        Raises
        ------
        DicomError
            If the file is cut off or damaged; the message is the bare reason.
        """
        if header.frames < 2:
            file = _PixelFile(header)
            try:
                return file.frame(header)
            finally:
                file.close()
        with self._lock:
            if header.path not in self._files:
                self._files[header.path] = _PixelFile(header)
            file = self._files[header.path]
        return file.frame(header)

    def remembered(self, key: object, make: Callable[[], Any]) -> Any:
        """What `make` returned when this was called with `key` before; the last few are kept."""
        with self._lock:
            if key not in self._memory:
                if len(self._memory) >= KEPT:
                    self._memory.clear()
                self._memory[key] = make()
            return self._memory[key]

    def trim(self) -> None:
        """Close what was opened first, beyond what may stay open; not to be called while frames are read."""
        self._trim(KEPT, KEPT_BYTES)

    def _trim(self, count: int, size: int) -> None:
        held = sum(file.in_memory for file in self._files.values())
        while len(self._files) > count or (held > size and len(self._files) > 1):
            file = self._files.pop(next(iter(self._files)))
            held -= file.in_memory
            file.close()


class _PixelFile:
    """One opened file."""

    def __init__(self, header: Header) -> None:
        if header.pixels is None:
            raise DicomError("no pixel data (7FE0,0010)")
        self.pixels: PixelElement = header.pixels
        self.stream: BinaryIO = opened(header.path, force=True)
        self.in_memory = 0
        self.lock = threading.Lock()
        self.spans: list[list[Span]] | None = None
        with ExitStack() as unless_read:
            unless_read.callback(self.stream.close)
            if self.pixels.deflated_from >= 0:
                self.stream.seek(self.pixels.deflated_from)
                content, _ = inflated(self.stream.read(), -15)
                self.stream.close()
                self.stream = io.BytesIO(content)
            if isinstance(self.stream, io.BytesIO):
                self.in_memory = self.stream.getbuffer().nbytes
            unless_read.pop_all()

    def close(self) -> None:
        self.stream.close()

    def frame(self, header: Header) -> bytes:
        with self.lock:
            if header.transfer_syntax in UNCOMPRESSED:
                return self._uncompressed(header)
            if self.spans is None:
                self.spans = frames_in(self.stream, header, self.pixels)
            return b"".join(self._bytes(*span) for span in self.spans[header.frame])

    def _uncompressed(self, header: Header) -> bytes:
        bits = frame_bits(header)
        first, last = bits * header.frame // 8, -(bits * (header.frame + 1) // -8)
        if header.transfer_syntax != BIG_ENDIAN:
            return self._bytes(self.pixels.offset + first, last - first)
        size = 2 if header.bits_allocated in (1, 8) and self.pixels.words else max(header.bits_allocated // 8, 1)
        if size not in (1, 2, 4, 8):
            raise DicomError(f"big endian images of {header.bits_allocated} bits a pixel are not read")
        start = first // size * size  # words of 8-bit pixels may lie across frames
        wanted = min(-((last - start) // -size) * size, self.pixels.available - start)
        words = self._bytes(self.pixels.offset + start, max(wanted, last - start))
        words += b"\0" * (-len(words) % size)
        return np.frombuffer(words, f">u{size}").astype(f"<u{size}").tobytes()[first - start : last - start]

    def _bytes(self, offset: int, size: int) -> bytes:
        self.stream.seek(offset)
        data = self.stream.read(size)
        if len(data) < size:
            raise DicomError(f"{CUT_OFF}: {len(data)} of {size} bytes of pixel data")
        return data
