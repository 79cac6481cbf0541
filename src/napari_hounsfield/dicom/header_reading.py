"""Read the headers of a file, one a frame: a quick walk over its elements, or pydicom where the walk does not understand it."""

from __future__ import annotations

import io
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any, BinaryIO

from napari_hounsfield.errors import DicomError

from .elements import FIRST_PIXEL_TAG, IMPLICIT, Elements, RunsOutError, WalkError, from_dataset, walked
from .facts import Facts, modality_lut
from .files import PREAMBLE, is_regular, opened
from .frames import frames_of, has_frames, placed
from .guards import quiet, typed
from .header import Header, PixelElement
from .inflating import Unpacking, inflated
from .kinds import kind_name, unsupported
from .pet_facts import pet_facts
from .pixel_element import CUT_OFF, pixel_element, pixel_problem
from .syntaxes import BIG_ENDIAN, DEFLATED
from .tags import SEQUENCES, TAGS, named

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom import Dataset

PIXEL_MODULE = ("Rows", "Columns", "BitsAllocated", "BitsStored", "PixelRepresentation", "PhotometricInterpretation")
DIRECTORY = "1.2.840.10008.1.3.10"
AT_FIRST = 1 << 14
"""Bytes read of a file at first: the header of most images ends within."""
LONGEST = 1 << 26
"""Bytes of a header that are walked; pydicom reads longer ones."""
WANTED = frozenset(tag for keyword, tag in TAGS.items() if keyword != "PixelData")
LOOKED_INTO = frozenset(SEQUENCES.values())
META_SOP_CLASS, META_SOP_UID, META_SYNTAX = 0x00020002, 0x00020003, 0x00020010
PIXEL_DATA_BEGINS = b"\xe0\x7f\x10\x00OW\0\0\0\0\0\0"
META = frozenset((META_SOP_CLASS, META_SOP_UID, META_SYNTAX))


def read_headers(path: Path, force: bool = False) -> tuple[Header, ...]:
    """Read the facts of one DICOM file: a header for every frame.

    A header that is damaged behind its Series Instance UID is returned with a `problem`, so that the series which it belongs to
    can be refused rather than read without it.

    Parameters
    ----------
    path
        A file, or a member of a zip archive.
    force
        Read files without preamble or file meta information as well.

    Raises
    ------
    DicomError
        If the file is not DICOM, or not even its series can be told; the message is the bare reason.
    """
    try:
        if not is_regular(path):
            raise WalkError
        with open(path, "rb", buffering=0) as file:
            header, elements = _walked(path, file)
    except (OSError, WalkError):
        with quiet():
            header, elements = _with_pydicom(path, force)
    if header.problem or unsupported(header) or not has_frames(header, elements):
        return (header,)
    with typed("functional groups are damaged"):
        return frames_of(header, elements)


def is_directory_file(path: Path) -> bool:
    """Whether a file is a DICOMDIR: a list of other files."""
    try:
        with quiet(), opened(path, whole=False) as stream, typed("file meta information is damaged"):
            return _meta(stream).text_of(META_SOP_CLASS) == DIRECTORY
    except DicomError:
        return False


def _walked(path: Path, file: io.FileIO) -> tuple[Header, Elements]:
    """Walk over the elements of a file in one of the common encodings.

    Raises
    ------
    WalkError
        If it is another one, or anything is not as it should be.
    """
    size, limit = os.fstat(file.fileno()).st_size, AT_FIRST
    data = file.read(limit)
    if data[PREAMBLE - 4 : PREAMBLE] != b"DICM" or data[:2] == b"\x1f\x8b":
        raise WalkError
    while True:
        try:
            meta, start = _walked_meta(data)
            syntax = meta.syntax()
            implicit = syntax == IMPLICIT
            if not implicit and (not syntax.startswith(f"{IMPLICIT}.") or syntax in (BIG_ENDIAN, DEFLATED)):
                raise WalkError
            elements, at = walked(data, start, implicit, WANTED, LOOKED_INTO)
            if len(data) < at + 12 <= size:
                raise RunsOutError
            break
        except RunsOutError:
            if len(data) >= min(size, LONGEST):
                raise
            limit *= 8
            data += file.read(limit - len(data))
    pixels = pixel_element(data[at : at + 12], at, size, implicit, True, -1)
    return _header(path, elements, meta, syntax, file, pixels), elements


def _walked_meta(data: bytes) -> tuple[_Meta, int]:
    """File meta information (PS3.10 7.1): always explicit, little endian, and as long as its first element says."""
    if data[PREAMBLE : PREAMBLE + 8] != b"\x02\x00\x00\x00UL\x04\x00":
        raise WalkError
    end = PREAMBLE + 12 + int.from_bytes(data[PREAMBLE + 8 : PREAMBLE + 12], "little")
    if end + 8 > len(data):
        raise RunsOutError if end < LONGEST else WalkError
    if data[end : end + 2] == b"\x02\x00":
        raise WalkError
    try:
        elements, _ = walked(data[:end] + PIXEL_DATA_BEGINS, PREAMBLE, False, META, frozenset())
    except RunsOutError:
        raise WalkError from None
    return _Meta({tag: value[1] for tag, value in elements.values.items()}), end


class _Meta:
    """Texts of the file meta information."""

    def __init__(self, values: dict[int, bytes]) -> None:
        self.values = values

    def text_of(self, tag: int) -> str:
        return self.values.get(tag, b"").decode("ascii", "replace").strip(" \0\n\r\t")

    def syntax(self) -> str:
        """Transfer Syntax UID, empty where there is none; whatever is no UID is not handed on, for it is shown."""
        text = self.text_of(META_SYNTAX)
        return text if len(text) <= 64 and not text.strip("0123456789.") else "unknown"


def _with_pydicom(path: Path, force: bool) -> tuple[Header, Elements]:
    with opened(path, force, whole=False) as stream:
        with typed("file meta information is damaged"):
            meta = _meta(stream)
        syntax = meta.syntax()
        if not syntax and force:
            syntax = _guessed(stream)
        if not syntax:
            raise DicomError("file meta information has no Transfer Syntax UID (0002,0010); --force reads it")
        if meta.text_of(META_SOP_CLASS) == DIRECTORY:
            raise DicomError("DICOMDIR: open it by itself to read the files it lists")
        complete, content, deflated_from = True, stream, -1
        if syntax == DEFLATED:
            deflated_from = stream.tell()
            packed = stream.read()
            try:
                data, complete = inflated(packed, -15)
                content = io.BytesIO(data)
            except DicomError:  # its header tells at least which series must be refused
                content, complete = Unpacking(packed, -15), False
        start = content.tell()
        try:
            with typed("header is damaged"):
                dataset = _dataset(content, syntax, [*WANTED, *LOOKED_INTO], FIRST_PIXEL_TAG)
                elements = from_dataset(dataset, WANTED, LOOKED_INTO)
                implicit, little = dataset.original_encoding
                head = content.read(12)
                at = content.tell() - len(head)
                pixels = pixel_element(head, at, content.seek(0, 2), bool(implicit), bool(little), deflated_from)
                header = _header(path, elements, meta, syntax, content, pixels)
        except DicomError as error:
            content.seek(start)
            with typed("header is damaged"):
                header, elements = _salvaged(path, content, syntax, str(error)), Elements()
        return (header if complete else replace(header, problem=header.problem or CUT_OFF)), elements


def _meta(stream: BinaryIO) -> _Meta:
    from pydicom.filereader import read_dataset

    dataset = read_dataset(stream, False, True, stop_when=lambda tag, vr, length: tag >> 16 != 2)
    texts = {tag: dataset.get_item(tag).value for tag in META if tag in dataset}
    return _Meta({tag: v if isinstance(v, bytes) else str(v or "").encode() for tag, v in texts.items()})


def _guessed(stream: BinaryIO) -> str:
    """Transfer syntax of a data set that nothing is said of: explicit where the third word is a value representation."""
    from .elements import LONG, SHORT
    from .syntaxes import UNCOMPRESSED

    start = stream.tell()
    head = stream.read(6)
    stream.seek(start)
    return UNCOMPRESSED[1] if head[4:6] in SHORT | LONG else IMPLICIT


def _dataset(stream: BinaryIO, syntax: str, tags: list[int], last: int) -> Dataset:
    from pydicom.filereader import read_dataset
    from pydicom.uid import UID

    uid = UID(syntax)
    known = uid.is_transfer_syntax and not uid.is_private
    implicit, little = (uid.is_implicit_VR, uid.is_little_endian) if known else (False, True)
    return read_dataset(stream, implicit, little, None, lambda tag, vr, length: tag >= last, specific_tags=tags)


def _salvaged(path: Path, stream: BinaryIO, syntax: str, problem: str) -> Header:
    """Read only what tells which series a damaged file belongs to."""
    tags = [TAGS[keyword] for keyword in ("SOPClassUID", "Modality", "SeriesInstanceUID")]
    facts = Facts(from_dataset(_dataset(stream, syntax, tags, tags[-1] + 1), frozenset(tags), frozenset()).values)
    uid = facts.uid("SeriesInstanceUID")
    if not uid:
        raise DicomError(problem)
    return Header(
        path,
        sop_class=facts.text("SOPClassUID"),
        series_uid=uid,
        modality=facts.code("Modality", otherwise=""),
        transfer_syntax=syntax,
        problem=problem,
    )


def _header(path: Path, elements: Elements, meta: _Meta, syntax: str, stream: Any, pixels: PixelElement | None) -> Header:
    """Header of a file from its elements; what lies behind the pixels is read from `stream`."""
    facts = Facts(elements.values, elements.little)
    sop_class = facts.text("SOPClassUID") or meta.text_of(META_SOP_CLASS)
    bits_stored = facts.whole("BitsStored")
    header = Header(
        path=path,
        sop_class=sop_class,
        sop_uid=facts.uid("SOPInstanceUID") or meta.text_of(META_SOP_UID),
        study_uid=facts.uid("StudyInstanceUID"),
        series_uid=facts.uid("SeriesInstanceUID"),
        frame_of_reference=facts.uid("FrameOfReferenceUID"),
        patient=facts.hashed("PatientID"),
        concatenation=facts.concatenation(),
        description=facts.raw("SeriesDescription"),
        character_set=facts.text("SpecificCharacterSet"),
        kind=kind_name(sop_class),
        modality=facts.code("Modality", otherwise="").upper(),
        series_number=facts.whole_or_none("SeriesNumber"),
        instance_number=facts.number("InstanceNumber", optional=True),
        time_points=facts.whole_or_none("NumberOfTemporalPositions"),
        transfer_syntax=syntax,
        rows=facts.whole("Rows"),
        columns=facts.whole("Columns"),
        samples=facts.whole("SamplesPerPixel", 1),
        planar=facts.whole("PlanarConfiguration", optional=True) == 1,
        frames=facts.whole("NumberOfFrames", 1),
        photometric=facts.text("PhotometricInterpretation"),
        bits_allocated=facts.whole("BitsAllocated"),
        bits_stored=bits_stored,
        high_bit=facts.whole("HighBit", bits_stored - 1, optional=True),
        signed=facts.whole("PixelRepresentation") == 1,
        lut=modality_lut(elements, facts),
        units=facts.code("Units"),
        pet=pet_facts(elements, facts),
        padding=facts.padding(),
        lossy=facts.text("LossyImageCompression") == "01",
        lossy_ratio=facts.ratio(),
        pixels=pixels,
        **placed(elements, facts, sop_class),
    )
    problem = facts.problem or _missing_pixel_tag(facts, header) or pixel_problem(header, stream)
    return replace(header, problem=problem) if problem else header


def _missing_pixel_tag(facts: Facts, header: Header) -> str:
    """First tag missing among those without which pixels have no meaning."""
    if facts.missing("Rows"):  # no image at all: the missing pixel data says it better
        return ""
    floats = header.pixels is not None and header.pixels.numbers != "integer"
    needed = [keyword for keyword in PIXEL_MODULE if not (floats and keyword in ("BitsStored", "PixelRepresentation"))]
    return next((f"{named(keyword)} is missing" for keyword in needed if facts.missing(keyword)), "")
