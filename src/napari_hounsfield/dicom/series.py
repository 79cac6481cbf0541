"""A series found by `scan`: what its headers tell, and how to read it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from napari_hounsfield._version import __version__
from napari_hounsfield.errors import DicomError
from napari_hounsfield.operation import Progress, finish
from napari_hounsfield.volume import Record, Volume

from .guards import quiet
from .kinds import LABELS, modality
from .parts import Part, parts
from .plan import Plan, plan
from .read_params import ReadParams
from .reading import read_plan

if TYPE_CHECKING:
    from collections.abc import Generator

    from napari_hounsfield.grid import Affine
    from napari_hounsfield.volume import Source

    from .header import Header


@dataclass(frozen=True, eq=False)
class Series:
    """One volume to be, known by its headers; its pixels are read by `read`.

    A DICOM series that holds several stacks (a scout, other orientations, blocks of other spacing) gives one of these for each
    stack, with the same `uid` and different names.
    """

    uid: str = field(repr=False)
    planes: tuple[Header, ...] = field(repr=False)
    part: Part | None = field(default=None, repr=False)
    """The stack of planes; None where the series could not be sorted into stacks."""
    plan: Plan | None = field(default=None, repr=False)
    """How it will be read; None where it is refused."""
    refusal: DicomError | None = None
    """Why it is not read as an image; None where it is."""
    params: ReadParams = field(default_factory=ReadParams, repr=False)
    """With which it was resolved."""
    index: int = 1
    """Which volume of its DICOM series it is, counted from 1."""

    @property
    def modality(self) -> str:
        """DICOM modality, from the SOP Class where the tag is missing."""
        return modality(self.planes[0])

    @property
    def labels(self) -> bool:
        """Whether its files are label maps (SEG, RTSTRUCT), which `napari_hounsfield.read` reads and `read` here does not."""
        return self.planes[0].sop_class in LABELS

    @property
    def number(self) -> int | None:
        """Series Number."""
        return self.planes[0].series_number

    @property
    def description(self) -> str:
        """Series Description, for the local dialog only: it is free text."""
        return described(self.planes[0].description, self.planes[0].character_set)

    @property
    def study(self) -> str:
        """Study Instance UID, to group series by; never shown."""
        return self.planes[0].study_uid

    @property
    def name(self) -> str:
        """Modality, series number, and what tells a part of a split series from the others."""
        words = (self.modality, self.number, self.part.name if self.part else "")
        return " ".join(str(word) for word in words if word not in ("", None)) or "series"

    @property
    def transfer_syntax(self) -> str:
        """Transfer Syntax UID; several, separated by commas, where the files differ."""
        return ",".join(sorted({plane.transfer_syntax for plane in self.planes}))

    @property
    def shape(self) -> tuple[int, int, int] | None:
        """Voxels (z, y, x); None where refused."""
        return self.plan.result.shape if self.plan else None

    @property
    def axes(self) -> str:
        """`zyx`, `tzyx` (time points or b-values), `zyxc` (colours) or `tzyxc`."""
        return self.plan.axes if self.plan else ""

    @property
    def times(self) -> int:
        """Points along the time axis; 1 where there is none."""
        return self.plan.times if self.plan else 1

    @property
    def spacing(self) -> tuple[float, float, float] | None:
        """Voxel size (z, y, x) in mm; None where refused."""
        return self.plan.result.spacing if self.plan else None

    @property
    def affine(self) -> Affine | None:
        """4x4, from voxel index (z, y, x) to patient mm (L, P, S); None where refused."""
        return self.plan.result.affine if self.plan else None

    @property
    def unit(self) -> str:
        """Unit of the values."""
        return self.plan.unit if self.plan else ""

    @property
    def source(self) -> Source | None:
        """References to its files, one a slice in the order of z; None where refused."""
        return self.plan.source if self.plan else None

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is corrected or assumed in reading it."""
        return self.plan.warnings if self.plan else ()

    def read(self, params: ReadParams | None = None) -> Volume:
        """Read the volume.

        Raises
        ------
        UnsupportedDicomError
            If the series is of a kind that is not read yet.
        DicomError
            If it cannot be read rightly; the message names file, tag and reason.
        """
        return finish(self.steps(params))

    def steps(self, params: ReadParams | None = None) -> Generator[Progress, None, Volume]:
        """Read the volume stepwise: yields Progress, returns the volume."""
        params = params or self.params
        resolved = self.plan
        if how(params) != how(self.params) and self.part is not None:
            resolved = plan(self.part, params)
        if resolved is None:
            raise type(self.refusal)(str(self.refusal)) if self.refusal else DicomError(f"{self.name}: nothing to read")
        volume: Volume = yield from read_plan(resolved)
        return volume.with_record(Record("read", how(params), __version__))  # type: ignore[no-any-return]

    def describe(self) -> dict[str, Any]:
        """Facts for `hounsfield info --json`, ready for JSON; a segmentation is readable, as labels."""
        refusal = None if self.labels else self.refusal
        return {
            "uid": self.uid,
            "part": self.index,
            "name": self.name,
            "modality": self.modality,
            "number": self.number,
            "slices": len(self.part.planes if self.part else self.planes),
            "shape": None if self.shape is None else list(self.shape),
            "spacing": None if self.spacing is None else list(self.spacing),
            "affine": None if self.affine is None else self.affine.tolist(),
            "axes": self.axes or None,
            "times": self.times,
            "unit": self.unit or None,
            "transfer_syntax": self.transfer_syntax,
            "status": "refused" if refusal else "readable",
            "reason": str(refusal) if refusal else None,
            "warnings": list(self.warnings),
        }


def how(params: ReadParams) -> dict[str, Any]:
    """Parameters that decide what is read of a series, without those that choose it."""
    return params.model_dump(exclude={"series", "part", "force"})


def described(text: bytes, character_set: str) -> str:
    """Free text in a character set (PS3.5 6.1); what cannot be decoded is shown by question marks."""
    if text.isascii():
        return text.decode().strip(" \0")
    from pydicom.charset import convert_encodings, decode_bytes

    with quiet():
        try:
            return decode_bytes(text, convert_encodings(character_set.split("\\")), set()).strip(" \0")
        except (LookupError, ValueError, TypeError, AttributeError):
            return text.decode("ascii", "replace").strip(" \0")


def series_of(planes: tuple[Header, ...], params: ReadParams | None = None) -> list[Series]:
    """The volumes that the planes of one series make; where one part is refused, all are."""
    params = params or ReadParams()
    uid = planes[0].series_uid
    try:
        found = parts(planes, params)
    except DicomError as refusal:
        return [Series(uid, planes, refusal=refusal, params=params)]
    plans: list[Plan] = []
    refusals: list[DicomError] = []
    for part in found:
        try:
            plans.append(plan(part, params))
        except DicomError as refusal:
            refusals.append(refusal)
    numbers = range(1, len(found) + 1)
    if refusals:
        return [Series(uid, part.planes, part, None, refusals[0], params, n) for n, part in zip(numbers, found, strict=True)]
    return [Series(uid, p.planes, p, made, None, params, n) for n, p, made in zip(numbers, found, plans, strict=True)]
