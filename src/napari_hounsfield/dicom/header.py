"""The facts of one image plane that its file's header states, read once and then frozen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from .files import shown

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

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
    numbers: Literal["integer", "float", "double"] = "integer"
    """Pixel Data, Float Pixel Data (32 bits) or Double Float Pixel Data (64 bits)."""


@dataclass(frozen=True, slots=True)
class ModalityLut:
    """Modality LUT (PS3.3 C.11.1): what each stored value becomes."""

    first: int
    """Stored value of the first entry; smaller ones get that entry, larger ones than the last get the last."""
    entries: NDArray[np.uint16] = field(repr=False, compare=False, hash=False)
    kind: str = ""
    """Modality LUT Type (0028,3004): HU, US (unspecified), OD, ..."""


@dataclass(frozen=True, slots=True)
class PetFacts:
    """What a PET header says about dose and time; None and empty where it says nothing. Nothing of it is ever shown."""

    weight: float | None = field(default=None, repr=False)
    """Patient's weight in kg."""
    dose: float | None = field(default=None, repr=False)
    """Radionuclide Total Dose in Bq."""
    half_life: float | None = field(default=None, repr=False)
    """Seconds."""
    injection_time: str = field(default="", repr=False)
    """Radiopharmaceutical Start Time, TM."""
    injection_datetime: str = field(default="", repr=False)
    """Radiopharmaceutical Start DateTime, DT."""
    series_date: str = field(default="", repr=False)
    series_time: str = field(default="", repr=False)
    acquisition_date: str = field(default="", repr=False)
    acquisition_time: str = field(default="", repr=False)
    decay_correction: str = ""
    """START, ADMIN or NONE."""
    injections: int = 1
    """Items of the Radiopharmaceutical Information Sequence."""
    corrected: tuple[str, ...] = ()
    """Corrected Image: ATTN, DECY, ..."""
    frame_reference_time: float | None = field(default=None, repr=False)
    """Milliseconds."""
    frame_duration: float | None = field(default=None, repr=False)
    """Actual Frame Duration, milliseconds."""
    suv_type: str = ""
    """SUV Type (0054,1006): BW (or empty), BSA, LBM, LBMJAMES128, IBW."""
    philips_suv_scale: float | None = field(default=None, repr=False)
    """(7053,1000): SUVbw from the rescaled value."""
    philips_activity_scale: float | None = field(default=None, repr=False)
    """(7053,1009): Bq/ml from the rescaled value."""
    ge_scan_datetime: str = field(default="", repr=False)
    """(0009,100D), DT."""
    siemens_reference_datetime: str = field(default="", repr=False)
    """(0071,1022), DT."""
    decay_datetime: str = field(default="", repr=False)
    """Decay Correction DateTime (0018,9701), DT: what enhanced PET states outright."""
    timezone: str = field(default="", repr=False)
    """Timezone Offset From UTC (0008,0201), in which dates and times without an offset of their own are: `+0100`."""


@dataclass(frozen=True, slots=True, repr=False)
class Header:
    """One image plane. What the file does not state is None or empty; what it states wrongly is in `problem`.

    Holds what decides how an image is read. Its representation names the file alone: any other text may be a patient's in a
    damaged header.
    """

    path: Path
    sop_class: str = ""
    sop_uid: str = ""
    study_uid: str = ""
    series_uid: str = ""
    frame_of_reference: str = ""
    patient: str = ""
    """Hash of the Patient ID, to tell patients apart."""
    concatenation: tuple[str, int, int] | None = None
    """Its UID, the number of this file in it, and how many files there are."""
    description: bytes = b""
    """Series Description as it stands, in `character_set`."""
    character_set: str = ""
    kind: str = ""
    """Name of the SOP Class."""
    modality: str = ""
    series_number: int | None = None
    instance_number: float | None = None
    time_points: int | None = None
    """Number of Temporal Positions of the series."""
    image_type: tuple[str, ...] = ()
    transfer_syntax: str = ""

    rows: int = 0
    columns: int = 0
    samples: int = 1
    frames: int = 1
    """Frames of the file."""
    frame: int = 0
    """Which of them this plane is."""
    planar: bool = False
    """Whether colours are stored plane by plane."""
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
    between: float | None = None
    """Spacing Between Slices in mm, which is believed only where nothing else tells."""
    spacing_at: Literal["", "patient", "detector", "region"] = ""
    """Where Pixel Spacing holds: in the patient, at the detector (Imager Pixel Spacing), or in a calibrated ultrasound region."""

    slope: float | None = None
    intercept: float | None = None
    rescale_type: str = ""
    lut: ModalityLut | None = None
    units: str = ""
    """PET: what the rescaled values are (BQML, CNTS, GML, ...)."""
    pet: PetFacts | None = None
    window: tuple[float, float] | None = None
    """Lower and upper limit that the file asks to be shown, in rescaled values."""
    padding: tuple[int, int] | None = None
    """First and last stored value that mark padding."""
    lossy: bool = False
    lossy_ratio: float | None = None

    telling_apart: Mapping[str, Vector | str] = field(default_factory=dict, hash=False)
    """Values of tags that may differ between images at one position."""
    problem: str = ""
    """Why this plane cannot be read rightly, whatever the others are; empty where nothing is wrong."""

    def __repr__(self) -> str:
        return f"Header({self.name!r}, {self.rows} x {self.columns}{', refused' if self.problem else ''})"

    @property
    def file_name(self) -> str:
        """Base name of the file, for messages."""
        return shown(self.path)

    @property
    def name(self) -> str:
        """Base name of the file, and the frame where it has several, for messages."""
        return shown(self.path) if self.frames < 2 else f"{shown(self.path)} frame {self.frame + 1}"

    @property
    def localizer(self) -> bool:
        """Whether this is a scout image."""
        return "LOCALIZER" in self.image_type
