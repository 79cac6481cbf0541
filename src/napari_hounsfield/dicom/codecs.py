"""Compressed frames to stored values: one trusted decoder for each transfer syntax.

A second decoder is never tried where the first fails: some fill up damaged frames without a word.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_hounsfield.errors import DicomError, UnsupportedDicomError

from .codestream import check_jpeg, check_rle, joined_fragments
from .syntaxes import JPEG, JPEG_EXTENDED, RLE, UNCOMPRESSED

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .header import Header

MAX_PIXELS = 2**28
"""Pixels of a compressed frame: beyond, a few bytes could ask for any amount of memory."""


@dataclass(frozen=True)
class Codec:
    """Which plug-in of pydicom decodes a syntax, and the package that brings it."""

    name: str
    plugin: str
    package: str


CODECS = {
    RLE: Codec("RLE Lossless", "pylibjpeg", "pylibjpeg-rle"),
    JPEG + "50": Codec("JPEG Baseline", "pillow", "pillow"),
    JPEG_EXTENDED: Codec("JPEG Extended", "pillow", "pillow"),
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
EXTENDED_12_BIT = "pylibjpeg-libjpeg (GPLv3, not installed with this package)"


def undecodable(header: Header) -> str:
    """Why the transfer syntax of a plane cannot be decoded, naming the package that would; empty where it can."""
    if header.transfer_syntax in UNCOMPRESSED:
        return ""
    codec = CODECS.get(header.transfer_syntax)
    if codec is None:
        return f"transfer syntax {_syntax_name(header.transfer_syntax)} cannot be decoded"
    if header.high_bit != header.bits_stored - 1 and header.transfer_syntax != RLE:
        return f"{codec.name} with HighBit (0028,0102) other than Bits Stored - 1 is not read"
    plugins = _plugins(header.transfer_syntax)
    if header.transfer_syntax == JPEG_EXTENDED and header.bits_stored > 8:
        return "" if "pylibjpeg" in plugins else f"JPEG Extended of 12 bits needs {EXTENDED_12_BIT}"
    return "" if codec.plugin in plugins else f"{codec.name} needs the package {codec.package}"


def _syntax_name(syntax: str) -> str:
    from pydicom.uid import UID

    uid = UID(syntax)
    return str(uid.name) if uid.is_transfer_syntax and not uid.is_private else "unknown"


def _plugins(syntax: str) -> tuple[str, ...]:
    from pydicom.pixels.decoders.base import get_decoder

    return tuple(get_decoder(syntax).available_plugins)


def decoded(header: Header, data: bytes) -> NDArray[Any]:
    """Decode the value of a compressed Pixel Data element to (rows, columns).

    Raises
    ------
    UnsupportedDicomError
        If the transfer syntax cannot be decoded.
    DicomError
        If the frame is damaged, cut off, or of another size; the message is the bare reason.
    """
    from pydicom.encaps import encapsulate
    from pydicom.pixels.decoders.base import get_decoder

    reason = undecodable(header)
    if reason:
        raise UnsupportedDicomError(reason)
    if header.rows * header.columns > MAX_PIXELS:
        raise DicomError(f"Rows x Columns are {header.rows} x {header.columns}: too large for one compressed frame")
    frame = joined_fragments(data, -1 if header.pixels is None else header.pixels.length)
    codec = CODECS[header.transfer_syntax]
    plugin = codec.plugin
    if header.transfer_syntax == RLE:
        check_rle(frame, header.rows * header.columns * header.bits_allocated // 8, header.bits_allocated // 8)
    else:
        bits = check_jpeg(frame, header.rows, header.columns)
        if bits > header.bits_allocated:
            raise DicomError(f"codestream has {bits} bits a sample, Bits Allocated (0028,0100) is {header.bits_allocated}")
        if header.transfer_syntax == JPEG_EXTENDED and header.bits_stored > 8:
            plugin = "pylibjpeg"
    options: dict[str, Any] = {
        "rows": header.rows,
        "columns": header.columns,
        "samples_per_pixel": 1,
        "number_of_frames": 1,
        "photometric_interpretation": header.photometric,
        "bits_allocated": header.bits_allocated,
        "bits_stored": header.bits_stored,
        "pixel_representation": int(header.signed),
        "pixel_keyword": "PixelData",
    }
    if header.transfer_syntax == RLE:
        options["correct_unused_bits"] = False  # done here, as for uncompressed data
    decoder = get_decoder(header.transfer_syntax)
    array, _ = decoder.as_array(encapsulate([frame], has_bot=False), raw=True, decoding_plugin=plugin, **options)
    return np.asarray(array)
