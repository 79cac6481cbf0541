"""How much of a file an uncompressed frame takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .header import Header

SAMPLES_STORED = {"YBR_FULL_422": (2, 1), "YBR_PARTIAL_422": (2, 1), "YBR_PARTIAL_420": (3, 2)}
"""Samples a pixel, as a fraction, where uncompressed colours share chrominance (PS3.3 C.7.6.3.1.2)."""


def frame_bits(header: Header) -> int:
    """Bits of one uncompressed frame; frames of 1 bit a pixel follow each other without filling up a byte."""
    samples, a_pixel = SAMPLES_STORED.get(header.photometric, (header.samples, 1)) if header.samples > 1 else (1, 1)
    return header.rows * header.columns * samples * header.bits_allocated // a_pixel
