"""JPEG-LS by CharLS, in several threads at once."""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any

from napari_hounsfield.errors import DicomError

LONGEST_TEXT = 256


def decoded_jpeg_ls(frame: bytes, size: int) -> bytes | bytearray:
    """Decode a codestream to `size` bytes.

    The function of the package pyjpegls lets no other thread run meanwhile, so the library inside it is called where it can be.

    Raises
    ------
    DicomError
        If the codestream is damaged; the message is the bare reason.
    """
    decode = _function()
    if decode is None:
        from jpeg_ls import decode_from_buffer  # type: ignore[import-untyped]

        found: bytearray = decode_from_buffer(frame)
        return found
    values = bytearray(size)
    memory = (ctypes.c_char * size).from_buffer(values)
    text = ctypes.create_string_buffer(LONGEST_TEXT)
    if decode(memory, size, frame, len(frame), None, text):
        raise DicomError("codestream is damaged")
    return values


@cache
def _function() -> Any:
    """`JpegLsDecode` of CharLS 2, called without the interpreter's lock; None where pyjpegls does not show it."""
    import _CharLS  # type: ignore[import-not-found]

    try:
        decode = ctypes.CDLL(_CharLS.__file__).JpegLsDecode
    except (OSError, AttributeError):
        return None
    pointer, length = ctypes.c_void_p, ctypes.c_size_t
    decode.argtypes = (pointer, length, ctypes.c_char_p, length, pointer, ctypes.c_char_p)
    decode.restype = ctypes.c_int
    return decode
