"""Compressed frames to stored values: one trusted decoder for each transfer syntax.

A second decoder is never tried where the first fails: some fill up damaged frames without a word.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_hounsfield.errors import DicomError, UnsupportedDicomError

from .codestream import DAMAGED, Codestream, check_jpeg, lengthened
from .guards import quiet
from .jpeg_2000 import decoded_jpeg_2000
from .jpeg_lossless import check_markers, cut_off
from .jpeg_ls import decoded_jpeg_ls
from .rle import decoded_rle
from .syntaxes import JPEG, JPEG_EXTENDED, RLE, UNCOMPRESSED

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .header import Header

MAX_PIXELS = 2**28
"""Pixels of a compressed frame: beyond, a few bytes could ask for any amount of memory."""


@dataclass(frozen=True)
class Codec:
    """Which plug-in of pydicom, or package by itself, decodes a syntax, and the package that brings it."""

    name: str
    plugin: str
    package: str


CODECS = {
    RLE: Codec("RLE Lossless", "pydicom", "pillow"),
    JPEG + "50": Codec("JPEG Baseline", "pillow", "pillow"),
    JPEG_EXTENDED: Codec("JPEG Extended", "pillow", "pillow"),
    JPEG + "53": Codec("JPEG Spectral Selection, Non-Hierarchical (Process 6 and 8)", "imagecodecs", "imagecodecs"),
    JPEG + "55": Codec("JPEG Full Progression, Non-Hierarchical (Process 10 and 12)", "imagecodecs", "imagecodecs"),
    JPEG + "57": Codec("JPEG Lossless", "gdcm", "python-gdcm"),
    JPEG + "70": Codec("JPEG Lossless", "gdcm", "python-gdcm"),
    JPEG + "80": Codec("JPEG-LS Lossless", "pyjpegls", "pyjpegls"),
    JPEG + "81": Codec("JPEG-LS Near-lossless", "pyjpegls", "pyjpegls"),
    JPEG + "90": Codec("JPEG 2000 Lossless", "pylibjpeg", "pylibjpeg-openjpeg"),
    JPEG + "91": Codec("JPEG 2000", "pylibjpeg", "pylibjpeg-openjpeg"),
    JPEG + "201": Codec("HTJ2K Lossless", "pylibjpeg", "pylibjpeg-openjpeg"),
    JPEG + "202": Codec("HTJ2K Lossless RPCL", "pylibjpeg", "pylibjpeg-openjpeg"),
    JPEG + "203": Codec("HTJ2K", "pylibjpeg", "pylibjpeg-openjpeg"),
}
JPEG_2000 = tuple(syntax for syntax, codec in CODECS.items() if codec.package == "pylibjpeg-openjpeg")
PARALLEL = (*UNCOMPRESSED, *JPEG_2000, JPEG + "80", JPEG + "81")
"""Syntaxes whose decoders let other threads run meanwhile; the others would only stand in each other's way."""
JPEG_LOSSLESS = (JPEG + "57", JPEG + "70")
JPEG_LS = (JPEG + "80", JPEG + "81")
COLOURS = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_RCT", "YBR_ICT")
"""Photometric Interpretations of three samples a pixel that are read; OpenJPEG undoes YBR_RCT and YBR_ICT itself."""
DEFLATED_FRAMES = "1.2.840.10008.1.2.8.1"
EXTENDED_12_BIT = "JPEG Extended of 12 bits needs the package imagecodecs, or pylibjpeg-libjpeg (GPLv3)"
OPTIONAL = "imagecodecs"
"""Reads what no other package under a permissive licence does, but is large: used where it is installed."""


def undecodable(header: Header) -> str:
    """Why the pixels of a plane cannot be decoded, naming the package that would; empty where they can."""
    floats = header.pixels is not None and header.pixels.numbers != "integer"
    if header.samples > 1:
        if header.samples != 3 or header.photometric not in COLOURS:
            return f"colours stored as {header.photometric or 'unknown'} with {header.samples} samples a pixel are not read"
        if header.bits_allocated not in (8, 16):
            return f"colours of {header.bits_allocated} bits a sample are not read"
    elif header.bits_allocated not in ((32, 64) if floats else (1, 8, 16, 32)):
        return f"images of {header.bits_allocated} bits a pixel are not read"
    if header.transfer_syntax in UNCOMPRESSED:
        return ""
    codec = CODECS.get(header.transfer_syntax)
    if codec is None:
        return f"transfer syntax {_syntax_name(header.transfer_syntax)} cannot be decoded"
    if header.high_bit != header.bits_stored - 1 and header.transfer_syntax != RLE:
        return f"{codec.name} with HighBit (0028,0102) other than Bits Stored - 1 is not read"
    if header.bits_allocated == 1 or (header.bits_allocated > 16 and codec.plugin == "gdcm"):  # which would abort the process
        return f"{codec.name} with Bits Allocated (0028,0100) of {header.bits_allocated} is not read"
    plugins = _plugins(header.transfer_syntax)
    if header.samples > 1 and codec.plugin == OPTIONAL:
        return f"colours of {codec.name} are not read"
    if header.transfer_syntax == JPEG_EXTENDED and header.bits_stored > 8:
        return "" if {OPTIONAL, "pylibjpeg"} & set(plugins) else EXTENDED_12_BIT
    return "" if codec.plugin in plugins else f"{codec.name} needs the package {codec.package}"


def _syntax_name(syntax: str) -> str:
    from pydicom.uid import UID

    if syntax == DEFLATED_FRAMES:
        return "Deflated Image Frame Compression"
    with quiet():
        uid = UID(syntax)
    return str(uid.name) if uid.is_transfer_syntax and not uid.is_private else "unknown"


@cache
def _plugins(syntax: str) -> tuple[str, ...]:
    from pydicom.pixels.decoders.base import get_decoder

    optional = (OPTIONAL,) if find_spec(OPTIONAL) else ()
    try:
        return (*get_decoder(syntax).available_plugins, *optional)
    except NotImplementedError:  # pydicom knows no plug-in at all
        return optional


def checked(header: Header, frame: bytes) -> Codestream | None:
    """Check a frame before it is decoded; None for RLE, whose decoder checks itself.

    Raises
    ------
    UnsupportedDicomError
        If the transfer syntax cannot be decoded.
    DicomError
        If the frame is cut off, or of another size than the header says; the message is the bare reason.
    """
    reason = undecodable(header)
    if reason:
        raise UnsupportedDicomError(reason)
    if header.rows * header.columns > MAX_PIXELS:
        raise DicomError(f"Rows x Columns are {header.rows} x {header.columns}: too large for one compressed frame")
    if header.transfer_syntax == RLE:
        return None
    found = check_jpeg(frame, header.rows, header.columns, header.samples)
    if header.transfer_syntax in JPEG_LOSSLESS:
        check_markers(frame)
    if found.bits > header.bits_allocated:
        raise DicomError(f"codestream has {found.bits} bits a sample, Bits Allocated (0028,0100) is {header.bits_allocated}")
    return found


def decoded(header: Header, frame: bytes) -> NDArray[Any]:
    """Decode a frame of one sample a pixel to (rows, columns), signed or unsigned as the header says.

    Raises
    ------
    UnsupportedDicomError
        If the transfer syntax cannot be decoded.
    DicomError
        If the frame is damaged, cut off, or of another size; the message is the bare reason.
    """
    found = checked(header, frame)
    if found is None:
        plane: NDArray[Any] = decoded_rle(frame, header.rows, header.columns, 1, header.bits_allocated)[0]
        return plane
    if header.transfer_syntax in JPEG_2000:
        numbers = decoded_jpeg_2000(frame, found)
        kind = f"{'i' if header.signed else 'u'}{_bytes(found)}"
        return _signed_as_stated(numbers.astype(kind), found, found.signed != header.signed)
    if header.transfer_syntax in JPEG_LS:
        data = decoded_jpeg_ls(frame, found.rows * found.columns * _bytes(found))
        values = np.frombuffer(data, f"{'i' if header.signed else 'u'}{_bytes(found)}")
        return _signed_as_stated(values.reshape(found.rows, found.columns), found, header.signed)
    decode = _decoded_optionally if _is_optional(header) else _decoded_raw
    values = decode(header, frame)
    lossless = header.transfer_syntax in JPEG_LOSSLESS
    if cut_off(frame, values) if lossless else not np.array_equal(decode(header, lengthened(frame)), values):
        raise DicomError(DAMAGED)
    return values


def _is_optional(header: Header) -> bool:
    twelve = header.transfer_syntax == JPEG_EXTENDED and header.bits_stored > 8
    return CODECS[header.transfer_syntax].plugin == OPTIONAL or (twelve and OPTIONAL in _plugins(header.transfer_syntax))


def _decoded_optionally(header: Header, frame: bytes) -> NDArray[Any]:
    from imagecodecs import jpeg8_decode  # type: ignore[import-not-found, unused-ignore]

    values: NDArray[Any] = jpeg8_decode(frame)
    spare = 8 * values.dtype.itemsize - header.bits_stored
    return (values.view(f"i{values.dtype.itemsize}") << spare) >> spare if header.signed else values


def _decoded_raw(header: Header, frame: bytes) -> NDArray[Any]:
    return decoded_by_pydicom(header, frame, raw=True)


def _bytes(found: Codestream) -> int:
    return 1 if found.bits <= 8 else 2 if found.bits <= 16 else 4


def _signed_as_stated(values: NDArray[Any], found: Codestream, unlike: bool) -> NDArray[Any]:
    """Extend signs as the type of `values` wants it, `unlike` the codestream."""
    spare = 8 * values.dtype.itemsize - found.bits
    return (values << spare) >> spare if unlike and spare else values


def decoded_by_pydicom(header: Header, frame: bytes, raw: bool) -> NDArray[Any]:
    """Decode a frame by the plug-in of pydicom that `CODECS` names; without `raw`, colours become RGB."""
    from pydicom.encaps import encapsulate
    from pydicom.pixels.decoders.base import get_decoder

    plugin = CODECS[header.transfer_syntax].plugin
    if header.transfer_syntax == JPEG_EXTENDED and header.bits_stored > 8:
        plugin = "pylibjpeg"
    decoder = get_decoder(header.transfer_syntax)
    data = encapsulate([frame], has_bot=False)
    options = pixel_options(replace(header, planar=False))  # codestreams hold colours pixel by pixel, whatever the header says
    array, _ = decoder.as_array(data, raw=raw, decoding_plugin=plugin, **options)
    return np.asarray(array)


def pixel_options(header: Header) -> dict[str, Any]:
    """What pydicom's decoders want to know about one frame."""
    options: dict[str, Any] = {
        "rows": header.rows,
        "columns": header.columns,
        "samples_per_pixel": header.samples,
        "number_of_frames": 1,
        "photometric_interpretation": header.photometric,
        "bits_allocated": header.bits_allocated,
        "bits_stored": header.bits_stored,
        "pixel_representation": int(header.signed),
        "pixel_keyword": "PixelData",
    }
    if header.samples > 1:
        options["planar_configuration"] = int(header.planar)
    return options
