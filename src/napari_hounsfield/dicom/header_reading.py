"""Read a header: file meta information, then the few tags that matter, up to the pixel data."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from napari_hounsfield.errors import DicomError

from .files import inflated, opened
from .guards import quiet, typed
from .header import Header, ModalityLut, Vector
from .pixel_element import CUT_OFF, PIXEL_TAGS, pixel_element, pixel_problem
from .syntaxes import DEFLATED
from .tags import TAGS, TELLING_APART, named

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom import Dataset

PIXEL_MODULE = ("Rows", "Columns", "BitsAllocated", "BitsStored", "PixelRepresentation", "PhotometricInterpretation")
DIRECTORY = "1.2.840.10008.1.3.10"


def read_header(path: Path) -> Header:
    """Read the facts of one DICOM file.

    A header that is damaged behind its Series Instance UID is returned with a `problem`, so that the series which it belongs to
    can be refused rather than read without it.

    Raises
    ------
    DicomError
        If the file is not DICOM, or not even its series can be told; the message is the bare reason.
    """
    with quiet(), opened(path) as stream:
        with typed("file meta information is damaged"):
            meta = _meta(stream)
        syntax = _text(meta, 0x00020010)
        if not syntax:
            raise DicomError("file meta information has no Transfer Syntax UID (0002,0010)")
        if _text(meta, 0x00020002) == DIRECTORY:
            raise DicomError("DICOMDIR, which is not read yet; give its folder")
        complete, content, deflated_from = True, stream, -1
        if syntax == DEFLATED:
            deflated_from = stream.tell()
            data, complete = inflated(stream.read(), -15)
            content = io.BytesIO(data)
        start = content.tell()
        try:
            with typed("header is damaged"):
                header = _read(path, content, syntax, meta, deflated_from)
        except DicomError as error:
            content.seek(start)
            with typed("header is damaged"):
                header = _salvaged(path, content, syntax, str(error))
        return header if complete else replace(header, problem=header.problem or CUT_OFF)


def _meta(stream: BinaryIO) -> Dataset:
    from pydicom.filereader import read_dataset

    return read_dataset(stream, False, True, stop_when=lambda tag, vr, length: tag >> 16 != 2)


def _dataset(stream: BinaryIO, syntax: str, tags: list[int], last: int) -> Dataset:
    from pydicom.filereader import read_dataset
    from pydicom.uid import UID

    uid = UID(syntax)
    if not (uid.is_transfer_syntax and not uid.is_private):
        return read_dataset(stream, False, True, None, lambda tag, vr, length: tag >= last, specific_tags=tags)
    implicit, little = uid.is_implicit_VR, uid.is_little_endian
    return read_dataset(stream, implicit, little, None, lambda tag, vr, length: tag >= last, specific_tags=tags)


def _salvaged(path: Path, stream: BinaryIO, syntax: str, problem: str) -> Header:
    """Read only what tells which series a damaged file belongs to."""
    tags = [TAGS[keyword] for keyword in ("SOPClassUID", "Modality", "SeriesInstanceUID")]
    dataset = _dataset(stream, syntax, tags, tags[-1] + 1)
    sop_class, modality, uid = (_text(dataset, tag) for tag in tags)
    if not uid:
        raise DicomError(problem)
    return Header(path, sop_class=sop_class, series_uid=uid, modality=modality, transfer_syntax=syntax, problem=problem)


def _read(path: Path, stream: BinaryIO, syntax: str, meta: Dataset, deflated_from: int) -> Header:
    from pydicom.uid import UID

    dataset = _dataset(stream, syntax, [*TAGS.values(), *TELLING_APART.values()], PIXEL_TAGS[0])
    facts = _Facts(dataset)
    sop_class = facts.text("SOPClassUID") or _text(meta, 0x00020002)
    kind = UID(sop_class).name
    bits_stored = facts.whole("BitsStored") or 0
    high_bit = facts.whole("HighBit", optional=True)
    header = Header(
        path=path,
        sop_class=sop_class,
        sop_uid=facts.text("SOPInstanceUID") or _text(meta, 0x00020003),
        series_uid=facts.text("SeriesInstanceUID"),
        frame_of_reference=facts.text("FrameOfReferenceUID"),
        description=facts.text("SeriesDescription"),
        kind="" if kind == sop_class else kind,
        modality=facts.text("Modality"),
        series_number=facts.whole("SeriesNumber", optional=True),
        image_type=tuple(part.strip() for part in facts.text("ImageType").split("\\")),
        transfer_syntax=syntax,
        rows=facts.whole("Rows") or 0,
        columns=facts.whole("Columns") or 0,
        samples=_default(facts.whole("SamplesPerPixel"), 1),
        frames=_default(facts.whole("NumberOfFrames"), 1),
        photometric=facts.text("PhotometricInterpretation"),
        bits_allocated=facts.whole("BitsAllocated") or 0,
        bits_stored=bits_stored,
        high_bit=bits_stored - 1 if high_bit is None else high_bit,
        signed=facts.whole("PixelRepresentation") == 1,
        position=facts.numbers("ImagePositionPatient", 3),
        orientation=facts.numbers("ImageOrientationPatient", 6),
        spacing=facts.numbers("PixelSpacing", 2),
        thickness=facts.number("SliceThickness", optional=True),
        slope=facts.number("RescaleSlope"),
        intercept=facts.number("RescaleIntercept"),
        rescale_type=facts.text("RescaleType"),
        lut=ModalityLut(0, np.zeros(1, np.uint16)) if TAGS["ModalityLUTSequence"] in dataset else None,
        units=facts.text("Units"),
        padding=facts.padding(),
        lossy=facts.text("LossyImageCompression") == "01",
        lossy_ratio=facts.ratio(),
        telling_apart=facts.telling_apart(),
        pixels=pixel_element(stream, dataset, deflated_from),
    )
    problem = facts.problem or facts.missing_pixel_tag() or pixel_problem(header, stream)
    return replace(header, problem=problem)


def _default(value: int | None, otherwise: int) -> int:
    return otherwise if value is None else value


def _text(dataset: Dataset, tag: int) -> str:
    """Text of a tag as it stands, or empty; the values of multi-valued tags are joined by backslashes."""
    if tag not in dataset:
        return ""
    value = dataset.get_item(tag).value
    if isinstance(value, bytes):
        value = value.decode("ascii", "replace")
    return str(value or "").strip(" \0\n\r\t")


class _Facts:
    """Values of a dataset; the first that cannot be understood becomes the `problem`."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        self.problem = ""

    def text(self, keyword: str) -> str:
        if keyword == "SeriesDescription":
            try:
                return str(self.dataset.get(keyword) or "").strip(" \0")
            except (LookupError, ValueError, TypeError, AttributeError):
                return ""
        return _text(self.dataset, TAGS[keyword])

    def numbers(self, keyword: str, count: int, optional: bool = False) -> Vector | None:
        try:
            value: Any = self.dataset.get(keyword)
            if value is None or value == "" or (not isinstance(value, int | float | str) and not len(value)):
                return None
            values = [value] if isinstance(value, int | float | str) else list(value)
            found = tuple(float(v) for v in values)
            if len(found) == count:
                return found
        except Exception:  # pydicom raises what it likes on malformed numbers
            found = ()
        if not optional:
            what = "a number" if count == 1 else f"{count} numbers"
            self.problem = self.problem or f"{named(keyword)} does not hold {what}"
        return None

    def number(self, keyword: str, optional: bool = False) -> float | None:
        found = self.numbers(keyword, 1, optional)
        return None if found is None else found[0]

    def whole(self, keyword: str, optional: bool = False) -> int | None:
        found = self.number(keyword, optional)
        if found is not None and found.is_integer():
            return int(found)
        if found is not None and not optional:
            self.problem = self.problem or f"{named(keyword)} does not hold a whole number"
        return None

    def missing(self, keyword: str) -> bool:
        tag = TAGS[keyword]
        return tag not in self.dataset or self.dataset.get_item(tag).value in (None, "", b"")

    def ratio(self) -> float | None:
        """Compression ratio of the last of possibly several lossy steps, which holds for the whole."""
        try:
            ratio = float(_text(self.dataset, TAGS["LossyImageCompressionRatio"]).split("\\")[-1])
        except ValueError:
            return None
        return ratio if 1 <= ratio < 1e6 else None

    def padding(self) -> tuple[int, int] | None:
        """Padding as stored values; its value representation (US or SS) is often wrong, so that the bytes decide."""
        ends = [self._stored(keyword) for keyword in ("PixelPaddingValue", "PixelPaddingRangeLimit")]
        if ends[0] is None:
            return None
        last = ends[0] if ends[1] is None else ends[1]
        return min(ends[0], last), max(ends[0], last)

    def _stored(self, keyword: str) -> int | None:
        if TAGS[keyword] not in self.dataset:
            return None
        value = self.dataset.get_item(TAGS[keyword]).value
        if not value:
            return None
        bits = self.whole("BitsAllocated") or 16
        if not isinstance(value, bytes) or len(value) not in (2, 4):
            self.problem = self.problem or f"{named(keyword)} does not hold one value"
            return None
        little = self.dataset.original_encoding[1]
        number: int = int.from_bytes(value, "little" if little else "big") % 2**bits
        return number - 2**bits if self.whole("PixelRepresentation") == 1 and number >= 2 ** (bits - 1) else number

    def missing_pixel_tag(self) -> str:
        """First tag missing among those without which pixels have no meaning."""
        if TAGS["Rows"] not in self.dataset:  # no image at all: the missing pixel data says it better
            return ""
        return next((f"{named(keyword)} is missing" for keyword in PIXEL_MODULE if self.missing(keyword)), "")

    def telling_apart(self) -> dict[str, bytes]:
        found = {}
        for keyword, tag in TELLING_APART.items():
            if tag in self.dataset:
                value = self.dataset.get_item(tag).value
                found[keyword] = value if isinstance(value, bytes) else str(value or "").encode()
        return {keyword: value.strip(b" \0") for keyword, value in found.items() if value}
