"""DICOM Structured Reports of measurements (TID 1500) as a table: ours, dcmqi's and others'."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from napari_hounsfield.coded_terms import Code
from napari_hounsfield.errors import DicomError, HounsfieldError
from napari_hounsfield.evaluation.text_table import text_table

from .dicom_file import dataset_of
from .notes import one_line

REPORTS = tuple(f"1.2.840.10008.5.1.4.1.1.88.{end}" for end in ("22", "33", "34", "35"))
"""Enhanced SR, Comprehensive SR, Comprehensive 3D SR, Extensible SR."""
MAX_ITEMS = 200_000
MAX_TEXT = 200
_GROUP, _MEASUREMENTS = "125007", "126010"
_TRACKING, _FINDING, _DERIVATION = "112039", "121071", "121401"
_SITE = ("363698007", "G-C0E3")
_SEGMENT = "121191"


@dataclass(frozen=True)
class ReportedValue:
    """A number of a report."""

    quantity: Code
    value: float | None
    """None where the report gives none."""
    unit: Code | None
    derivation: Code | None = None

    @property
    def name(self) -> str:
        """What it is, with how it was derived: `Attenuation Coefficient, Mean`."""
        return ", ".join(concept.meaning for concept in (self.quantity, self.derivation) if concept)


@dataclass(frozen=True)
class ReportedGroup:
    """The figures of one finding."""

    name: str
    """Tracking Identifier."""
    finding: Code | None
    sites: tuple[Code, ...]
    segment: int | None
    """Number of the segment in the segmentation that the report refers to."""
    values: tuple[ReportedValue, ...]


@dataclass(frozen=True)
class ReportedMeasurements:
    """What a report says, group by group."""

    groups: tuple[ReportedGroup, ...]

    def rows(self) -> list[dict[str, Any]]:
        """A flat record for every value, as `write` puts them into a CSV."""
        return [
            {
                "name": group.name,
                "finding": group.finding.meaning if group.finding else "",
                "site": " ".join(site.meaning for site in group.sites),
                "segment": group.segment,
                "quantity": value.quantity.meaning,
                "derivation": value.derivation.meaning if value.derivation else "",
                "value": value.value,
                "unit": value.unit.value if value.unit else "",
                "code": f"{value.quantity.scheme} {value.quantity.value}",
            }
            for group in self.groups
            for value in group.values
        ]

    def to_json(self) -> dict[str, Any]:
        """JSON-ready, with every code."""
        return {"groups": [asdict(group) for group in self.groups]}

    def table(self) -> list[str]:
        """Lines of an aligned table, a value a line."""
        names = ("name", "finding", "segment", "quantity", "derivation", "value", "unit")
        return text_table(list(names), [[row[name] for name in names] for row in self.rows()])


def read_measurements(path: str | Path) -> ReportedMeasurements:
    """Read the measurement groups of a DICOM Structured Report that follows TID 1500.

    Raises
    ------
    DicomError
        If it is no report, holds no measurements in that form, or is damaged.
    """
    path = Path(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom's warnings can hold values
            dataset = dataset_of(path)
            if dataset.get("SOPClassUID") not in REPORTS:
                raise DicomError("not a DICOM Structured Report that can hold measurements")
            groups = tuple(_group(item) for item in _groups(dataset))
    except HounsfieldError as error:
        raise DicomError(f"{path.name}: {str(error).removeprefix(path.name + ': ')}") from None
    except Exception:  # pydicom raises many kinds on damaged files
        raise DicomError(f"{path.name}: damaged DICOM Structured Report") from None
    if not groups:
        raise DicomError(f"{path.name}: a report without measurement groups (TID 1500)")
    return ReportedMeasurements(groups)


def _items(holder: Any) -> list[Any]:
    found = list(holder.get("ContentSequence") or [])
    if len(found) > MAX_ITEMS:
        raise DicomError(f"{len(found)} content items are more than can be")
    return found


def _groups(dataset: Any) -> Iterator[Any]:
    """Measurement groups, in the container of imaging measurements."""
    for container in _items(dataset):
        if _code(container, "ConceptNameCodeSequence", _MEASUREMENTS):
            yield from (item for item in _items(container) if _code(item, "ConceptNameCodeSequence", _GROUP))


def _group(group: Any) -> ReportedGroup:
    name, finding, segment = "", None, None
    sites: list[Code] = []
    values: list[ReportedValue] = []
    for item in _items(group):
        kind = item.get("ValueType")
        if kind == "NUM":
            values.append(_value(item))
        elif _code(item, "ConceptNameCodeSequence", _TRACKING):
            name = one_line(item.get("TextValue") or "")[:MAX_TEXT]
        elif _code(item, "ConceptNameCodeSequence", _FINDING):
            finding = _concept(item, "ConceptCodeSequence")
        elif _code(item, "ConceptNameCodeSequence", *_SITE):
            sites += [site for site in (_concept(item, "ConceptCodeSequence"), *_modifiers(item)) if site]
        elif _code(item, "ConceptNameCodeSequence", _SEGMENT):
            numbers = item.ReferencedSOPSequence[0].get("ReferencedSegmentNumber")
            segment = None if numbers is None else int(numbers if isinstance(numbers, int) else numbers[0])
    return ReportedGroup(name, finding, tuple(sites), segment, tuple(values))


def _modifiers(site: Any) -> list[Code | None]:
    """Laterality, and other modifiers of a finding site."""
    return [_concept(item, "ConceptCodeSequence") for item in _items(site) if item.get("ValueType") == "CODE"]


def _value(item: Any) -> ReportedValue:
    quantity = _concept(item, "ConceptNameCodeSequence") or Code("", "", "")
    measured = (item.get("MeasuredValueSequence") or [None])[0]
    number = unit = None
    if measured is not None:
        exact = measured.get("FloatingPointValue")
        found = float(measured.NumericValue if exact is None else exact)
        number = found if math.isfinite(found) else None
        unit = _concept(measured, "MeasurementUnitsCodeSequence")
    derived = [
        _concept(child, "ConceptCodeSequence") for child in _items(item) if _code(child, "ConceptNameCodeSequence", _DERIVATION)
    ]
    return ReportedValue(quantity, number, unit, derived[0] if derived else None)


def _concept(holder: Any, keyword: str) -> Code | None:
    items = holder.get(keyword)
    if not items:
        return None
    code = next((items[0].get(k) for k in ("CodeValue", "LongCodeValue", "URNCodeValue") if items[0].get(k)), "")
    texts = (code, items[0].get("CodingSchemeDesignator") or "", items[0].get("CodeMeaning") or "")
    value, scheme, meaning = (one_line(text)[:MAX_TEXT] for text in texts)
    return Code(value, meaning, scheme)


def _code(holder: Any, keyword: str, *values: str) -> bool:
    found = _concept(holder, keyword)
    return found is not None and found.value in values
