"""Colour images to RGB, whatever way their colours are stored (DICOM PS3.3 C.7.6.3.1.2 and C.7.6.3.1.5)."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_hounsfield.errors import DicomError, UnsupportedDicomError

from .codecs import CODECS, checked, decoded_by_pydicom, pixel_options, undecodable
from .codestream import DAMAGED, lengthened
from .files import inflated, opened
from .pixels import read_stored
from .rle import decoded_rle
from .syntaxes import RLE, UNCOMPRESSED

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .header import Header
    from .pixel_files import PixelFiles

PALETTE = "PALETTE COLOR"
SUPPLEMENTAL = 0x00089205
"""Pixel Presentation: MIXED or COLOR where only part of the stored values are colours."""
TABLES = (*range(0x00281101, 0x00281104), *range(0x00281201, 0x00281204), *range(0x00281221, 0x00281224))
"""Palette Color Lookup Tables: descriptors, data, segmented data, of red, green and blue each."""


def read_rgb(header: Header, files: PixelFiles) -> NDArray[Any]:
    """Colours (rows, columns, 3), uint8 or uint16, of a plane.

    Raises
    ------
    UnsupportedDicomError
        If they are stored in a way that is not read.
    DicomError
        If they are damaged; the message is the bare reason.
    """
    reason = undecodable(header) or ("" if header.samples == 3 or header.photometric == PALETTE else "not a colour image")
    if reason:
        raise UnsupportedDicomError(reason)
    if header.photometric == PALETTE:
        first, table = files.remembered(header.path, lambda: _palette(header))
        indices = read_stored(header, files).astype(np.int64) - first
        colours: NDArray[Any] = table[np.clip(indices, 0, len(table) - 1)]
    else:
        colours = _samples(header, files.frame(header))
    if colours.shape != (header.rows, header.columns, 3) or colours.dtype not in (np.uint8, np.uint16):
        raise DicomError(f"decoded colours are {colours.dtype} {colours.shape}, expected {header.rows} x {header.columns} x 3")
    return colours


def _samples(header: Header, frame: bytes) -> NDArray[Any]:
    """Three samples a pixel, as RGB."""
    if header.transfer_syntax in UNCOMPRESSED:
        return _converted(header, frame, header.planar)
    checked(header, frame)
    if header.transfer_syntax == RLE:
        planes = decoded_rle(frame, header.rows, header.columns, 3, header.bits_allocated)
        return _converted(header, planes.astype(planes.dtype.newbyteorder("<"), copy=False).tobytes(), planar=True)
    colours = decoded_by_pydicom(header, frame, raw=False)
    if CODECS[header.transfer_syntax].plugin == "pillow":
        again = decoded_by_pydicom(header, lengthened(frame), raw=False)
        if not np.array_equal(again, colours):
            raise DicomError(DAMAGED)
    return colours


def _converted(header: Header, data: bytes, planar: bool) -> NDArray[Any]:
    """Uncompressed samples, little endian, as RGB."""
    from pydicom.pixels.decoders.base import get_decoder

    decoder = get_decoder(UNCOMPRESSED[1])
    options = {**pixel_options(header), "planar_configuration": int(planar), "pixel_vr": "OW"}
    array, _ = decoder.as_array(data + b"\0" * (len(data) % 2), **options)
    return np.asarray(array)


def _palette(header: Header) -> tuple[int, NDArray[Any]]:
    """First stored value that has a colour, and the colours (entries, 3) from there on; the header does not keep them."""
    from pydicom.filereader import read_dataset
    from pydicom.pixels.processing import apply_color_lut

    syntax = header.transfer_syntax
    implicit, little = syntax == UNCOMPRESSED[0], syntax != UNCOMPRESSED[2]
    with opened(header.path, force=True) as stream:
        content = stream
        if header.pixels is not None and header.pixels.deflated_from >= 0:
            stream.seek(header.pixels.deflated_from)
            content = io.BytesIO(inflated(stream.read(), -15)[0])
        else:
            read_dataset(stream, False, True, stop_when=lambda tag, vr, length: tag >> 16 != 2)
        wanted = [SUPPLEMENTAL, *TABLES]
        dataset = read_dataset(content, implicit, little, None, lambda tag, vr, length: tag >= 0x7FE00008, specific_tags=wanted)
    count, first, bits = (int(value) for value in dataset.RedPaletteColorLookupTableDescriptor)
    count = count or 2**16
    if bits not in (8, 16) or (bits == 8 and count > 256):
        raise DicomError(f"palette of {count} entries of {bits} bits is not read")
    table = np.asarray(apply_color_lut(np.arange(first, first + count), dataset))[:, :3]  # a fourth one would be opacity
    return first, table.astype(np.uint8) if bits == 8 and table.max() < 256 else table
