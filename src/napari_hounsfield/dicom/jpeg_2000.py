"""JPEG 2000 and HTJ2K by OpenJPEG, in several threads at once."""

from __future__ import annotations

import ctypes
from contextlib import ExitStack
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_hounsfield.errors import DicomError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .codestream import Codestream

DAMAGED = "codestream is damaged"
CODESTREAM = 0
"""OPJ_CODEC_J2K: no boxes around it."""
PARAMETERS = 1 << 15
"""Bytes for opj_dparameters_t, which has 8 KB: OpenJPEG fills in its defaults."""
FAILED = ctypes.c_size_t(-1).value

_Read = ctypes.CFUNCTYPE(ctypes.c_size_t, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p)
_Skip = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p)
_Seek = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int64, ctypes.c_void_p)


class _Component(ctypes.Structure):
    """opj_image_comp_t."""

    _fields_ = (
        *((name, ctypes.c_uint32) for name in ("dx", "dy", "w", "h", "x0", "y0", "prec", "bpp", "sgnd", "resolution", "factor")),
        ("data", ctypes.POINTER(ctypes.c_int32)),
        ("alpha", ctypes.c_uint16),
    )


class _Image(ctypes.Structure):
    """opj_image_t, as far as it is looked at."""

    _fields_ = (
        *((name, ctypes.c_uint32) for name in ("x0", "y0", "x1", "y1", "numcomps")),
        ("color_space", ctypes.c_int),
        ("comps", ctypes.POINTER(_Component)),
    )


class _Memory:
    """A codestream as a stream of OpenJPEG."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0
        self.functions = _Read(self._read), _Skip(self._skip), _Seek(self._seek)

    def _read(self, buffer: int, size: int, _: object) -> int:
        piece = self.data[self.at : self.at + size]
        ctypes.memmove(buffer, piece, len(piece))
        self.at += len(piece)
        return len(piece) or FAILED

    def _skip(self, size: int, _: object) -> int:
        self.at = min(self.at + size, len(self.data))
        return size

    def _seek(self, at: int, _: object) -> int:
        self.at = min(at, len(self.data))
        return 1


def decoded_jpeg_2000(frame: bytes, found: Codestream) -> NDArray[np.int32] | NDArray[Any]:
    """Decode a codestream of one component to whole numbers (rows, columns).

    The function of the package pylibjpeg-openjpeg lets no other thread run meanwhile, not even the one that draws the windows, so
    the library inside it is called where it can be; in its strict mode, in which no data may lack.

    Raises
    ------
    DicomError
        If the codestream is damaged; the message is the bare reason.
    """
    library = _library()
    if library is None:
        from openjpeg.utils import decode

        return np.asarray(decode(frame, j2k_format=CODESTREAM))
    memory = _Memory(frame)
    with ExitStack() as undo:
        stream = ctypes.c_void_p(library.opj_stream_create(len(frame), 1))
        undo.callback(library.opj_stream_destroy, stream)
        for name, function in zip(("read", "skip", "seek"), memory.functions, strict=True):
            getattr(library, f"opj_stream_set_{name}_function")(stream, function)
        library.opj_stream_set_user_data_length(stream, len(frame))
        codec = ctypes.c_void_p(library.opj_create_decompress(CODESTREAM))
        undo.callback(library.opj_destroy_codec, codec)
        parameters = ctypes.create_string_buffer(PARAMETERS)
        library.opj_set_default_decoder_parameters(parameters)
        image = ctypes.POINTER(_Image)()
        ready = library.opj_setup_decoder(codec, parameters) and library.opj_decoder_set_strict_mode(codec, 1)
        ready = ready and library.opj_read_header(stream, codec, ctypes.byref(image))
        undo.callback(lambda: library.opj_image_destroy(image))
        if not ready or not library.opj_decode(codec, stream, image) or not library.opj_end_decompress(codec, stream):
            raise DicomError(DAMAGED)
        component = image.contents.comps[0]
        size = component.h, component.w
        if image.contents.numcomps != 1 or size != (found.rows, found.columns) or not component.data:
            raise DicomError(DAMAGED)
        return np.ctypeslib.as_array(component.data, size).copy()


@cache
def _library() -> Any:
    """OpenJPEG 2, called without the interpreter's lock; None where pylibjpeg-openjpeg does not show it."""
    import _openjpeg  # type: ignore[import-not-found, unused-ignore]

    try:
        library = ctypes.CDLL(_openjpeg.__file__)
        library.opj_version.restype = ctypes.c_char_p
        if not library.opj_version().startswith(b"2."):
            return None
        pointer, size = ctypes.c_void_p, ctypes.c_size_t
        arguments = {
            "opj_stream_create": (size, ctypes.c_int),
            "opj_stream_destroy": (pointer,),
            "opj_stream_set_read_function": (pointer, _Read),
            "opj_stream_set_skip_function": (pointer, _Skip),
            "opj_stream_set_seek_function": (pointer, _Seek),
            "opj_stream_set_user_data_length": (pointer, ctypes.c_uint64),
            "opj_create_decompress": (ctypes.c_int,),
            "opj_destroy_codec": (pointer,),
            "opj_set_default_decoder_parameters": (pointer,),
            "opj_setup_decoder": (pointer, pointer),
            "opj_decoder_set_strict_mode": (pointer, ctypes.c_int),
            "opj_read_header": (pointer, pointer, pointer),
            "opj_decode": (pointer, pointer, pointer),
            "opj_end_decompress": (pointer, pointer),
            "opj_image_destroy": (pointer,),
        }
        for name, types in arguments.items():
            getattr(library, name).argtypes = types
        library.opj_stream_create.restype = library.opj_create_decompress.restype = pointer
    except (OSError, AttributeError):
        return None
    return library
