"""Strings that stand nowhere else, planted in every kind of field that names a patient, and the search for them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydicom.datadict import DicomDictionary, dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag

from napari_hounsfield.dicom.tags import TAGS

MARK = "kNrY"
"""In every planted text, whatever case it is shown in."""
DIGITS = "4711"
"""In every planted number, date and UID: no true value has it."""
TEXTS = ("AE", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT")
DIGITAL = {"DA": "4711{:04d}", "TM": "11{:04d}.4711", "IS": "4711{:04d}", "DS": "0.4711{:04d}", "UI": "1.2.4711.{}"}
OVERLAY = ((0x10, "US", 1), (0x11, "US", 1), (0x40, "CS", "G"), (0x50, "SS", [1, 1]), (0x100, "US", 1), (0x102, "US", 0))
USUAL = (
    "PatientName", "PatientID", "PatientBirthDate", "SeriesDescription", "InstitutionName", "StudyDate", "StudyTime", "StudyID",
)  # fmt: skip
NEVER_READ = ("0008", "0010", "0012", "0018", "0020", "0032", "0038", "0040", "4008", "2050")
"""Groups of the dictionary from which fields are taken that the reader does not know."""


def planted(number: int, vr: str) -> str:
    return DIGITAL[vr].format(number) if vr in DIGITAL else f"{MARK}{number}^NAME"[:16]


def unknown_keywords() -> list[str]:
    """Five keywords of each representation, from all over the dictionary, that the reader does not look at."""
    found: dict[str, list[str]] = {}
    for tag, (vr, _, _, retired, keyword) in sorted(DicomDictionary.items()):
        if keyword and not retired and keyword not in TAGS and f"{tag >> 16:04x}" in NEVER_READ and vr in (*TEXTS, *DIGITAL):
            found.setdefault(vr, []).append(keyword)
    return [keyword for keywords in found.values() for keyword in keywords[:: max(len(keywords) // 5, 1)][:5]]


def plant(dataset: Dataset) -> int:
    """Plant strings in every kind of field that says nothing about the image; returns how many."""
    numbers = iter(range(1, 1000))
    for keyword in (*unknown_keywords(), *USUAL):
        setattr(dataset, keyword, planted(next(numbers), dictionary_VR(tag_for_keyword(keyword))))
    for keyword in ("StudyInstanceUID", "FrameOfReferenceUID"):
        setattr(dataset, keyword, planted(next(numbers), "UI"))
    dataset.SpecificCharacterSet = ["", "ISO 2022 IR 87"]
    comment = b"\x1b$B;3ED\x1b(B " + f"{MARK}{next(numbers)}".encode().ljust(8)
    dataset.add(RawDataElement(Tag(0x00104000), "LT", len(comment), comment, 0, False, True))
    for group in (0x0009, 0x0029, 0x7053):
        block = dataset.private_block(group, f"{MARK} MAKER", create=True)
        for element, vr in enumerate(("LO", "UT", "DS", "DA", "UI", "OB", "UN", "SQ"), start=0x10):
            text = planted(next(numbers), vr)
            value: Any = [nested(numbers)] if vr == "SQ" else text.encode().ljust(16) if vr in ("OB", "UN") else text
            block.add_new(element, vr, value)
    dataset.RequestAttributesSequence = [nested(numbers, 4)]
    for element, vr, value in OVERLAY:
        dataset.add(DataElement(0x60000000 | element, vr, value))
    for element in (0x0022, 0x1500):  # Overlay Description and Label
        dataset.add(DataElement(0x60000000 | element, "LO", planted(next(numbers), "LO")))
    dataset.add(DataElement(0x60003000, "OW", f"{MARK}{next(numbers)}".encode().ljust(16)))
    dataset.add(DataElement(0xFFFCFFFC, "OB", planted(next(numbers), "LO").encode().ljust(16)))  # behind the pixels
    meta = dataset.file_meta
    meta.SourceApplicationEntityTitle, meta.ImplementationVersionName = planted(next(numbers), "AE"), planted(next(numbers), "SH")
    meta.PrivateInformationCreatorUID = planted(next(numbers), "UI")
    meta.PrivateInformation = f"{MARK}{next(numbers)}".encode().ljust(16)
    dataset.preamble = f"{MARK}{next(numbers)}".encode().ljust(128)
    return next(numbers) - 1


def nested(numbers: Iterator[int], deep: int = 1) -> Dataset:
    item = Dataset()
    item.CodeMeaning, item.PatientName = planted(next(numbers), "LO"), planted(next(numbers), "PN")
    if deep > 1:
        item.ProcedureCodeSequence = [nested(numbers, deep - 1)]
    return item


def clean(*texts: Any) -> None:
    for text in texts:
        seen = text.decode("latin-1") if isinstance(text, bytes) else str(text)
        assert MARK.lower() not in seen.lower()
        assert DIGITS not in seen
