"""The facts of one image plane that its file's header states, read once and then frozen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .files import shown

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Vector = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class PixelElement:
    """Where the pixel data element lies in the (inflated) file."""

    offset: int
    """First byte of the value."""
    length: int
    """Bytes that the element declares; -1 for undefined length, the mark of encapsulated (compressed) data."""
    available: int
    """Bytes from `offset` to the end of the file."""
    words: bool
    """Whether the value representation is OW, which big endian files swap even for 8-bit pixels."""
    deflated_from: int = -1
    """Where the deflated data set begins in the file, to whose content `offset` refers then; -1 where nothing is deflated."""


@dataclass(frozen=True, slots=True)
class Header:
    """One image plane. What the file does not state is None or empty; what it states wrongly is in `problem`.

    Holds what decides how an image is read, and nothing that names a patient; UIDs, paths and the description stay out of the
    representation.
    """

    path: Path = field(repr=False)
    sop_class: str = field(default="", repr=False)
    sop_uid: str = field(default="", repr=False)
    series_uid: str = field(default="", repr=False)
    frame_of_reference: str = field(default="", repr=False)
    description: str = field(default="", repr=False)
    kind: str = ""
    """Name of the SOP Class."""
    modality: str = ""
    series_number: int | None = None
    image_type: tuple[str, ...] = ()
    transfer_syntax: str = ""

    rows: int = 0
    columns: int = 0
    samples: int = 1
    frames: int = 1
    photometric: str = ""
    bits_allocated: int = 0
    bits_stored: int = 0
    high_bit: int = 0
    signed: bool = False
    pixels: PixelElement | None = None

    position: Vector | None = None
    orientation: Vector | None = None
    spacing: Vector | None = None
    """Pixel Spacing: between rows (y), between columns (x), in mm."""
    thickness: float | None = None

    slope: float | None = None
    intercept: float | None = None
    rescale_type: str = ""
    modality_lut: bool = False
    units: str = ""
    """PET: what the rescaled values are (BQML, CNTS, GML, ...)."""
    padding: tuple[int, int] | None = None
    """First and last stored value that mark padding."""
    lossy: bool = False
    lossy_ratio: float | None = None

    telling_apart: Mapping[str, bytes] = field(default_factory=dict, repr=False, hash=False)
    """Raw values of tags that may differ between images at one position."""
    problem: str = ""
    """Why this plane cannot be read rightly, whatever the others are; empty where nothing is wrong."""

    @property
    def name(self) -> str:
        """Base name of the file, for messages."""
        return shown(self.path)

    @property
    def localizer(self) -> bool:
        """Whether this is a scout image."""
        return "LOCALIZER" in self.image_type
