"""Transfer syntaxes by how their pixel data is stored (DICOM PS3.5 annex A)."""

from __future__ import annotations

BIG_ENDIAN = "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"
UNCOMPRESSED = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", BIG_ENDIAN, DEFLATED)
RLE = "1.2.840.10008.1.2.5"
JPEG = "1.2.840.10008.1.2.4."
"""Begin of every syntax of the JPEG families."""
JPEG_EXTENDED = JPEG + "51"
LOSSY = tuple(JPEG + end for end in ("50", "51", "53", "55", "81"))
"""Syntaxes that always lose; those of JPEG 2000 may or may not."""
