"""Segments as a DICOM segmentation describes them: name, coded category, type and region, colour, algorithm."""

from __future__ import annotations

import json
import re
import warnings
from typing import TYPE_CHECKING, Any

from napari_hounsfield._version import __version__
from napari_hounsfield.coded_terms import CATEGORIES, Code, Term
from napari_hounsfield.volume import BACKGROUND

from .notes import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_hounsfield.volume import Record

    from .seg_params import SegParams
    from .seg_pixels import Segment

MAKER = "napari-hounsfield"
VALUE_NOTE = "label value "
"""Begins the Segment Description that keeps a label's number, since binary segments are numbered from 1 without gaps."""
_MAX_PARAMETERS = 10000
_NOTHING = Code("125040", "Background", "DCM")


def descriptions(segments: Sequence[Segment], history: Sequence[Record], params: SegParams) -> list[Any]:
    """Items of the Segment Sequence (PS3.3 C.8.20.4)."""
    import highdicom as hd
    from highdicom.color import CIELabColor

    algorithm = None if params.algorithm == "manual" else _algorithm(history, params)
    found = []
    for segment in segments:
        label = (one_line(segment.name).replace("\\", "/") or f"label {segment.value}")[:64]
        item = hd.seg.SegmentDescription(
            segment_number=segment.number,
            segment_label=label,
            segmented_property_category=_coded(segment.term.category),
            segmented_property_type=_coded(segment.term.kind),
            algorithm_type=params.algorithm.upper(),
            algorithm_identification=algorithm,
            tracking_id=label,
            tracking_uid=hd.UID(),
            anatomic_regions=None if segment.term.region is None else [_coded(segment.term.region)],
            display_color=CIELabColor.from_rgb(*segment.colour),
        )
        if segment.value:
            item.SegmentDescription = f"{VALUE_NOTE}{segment.value}"
        if segment.term.side is not None:
            kind = item.SegmentedPropertyTypeCodeSequence[0]
            kind.SegmentedPropertyTypeModifierCodeSequence = [_coded(segment.term.side)]
        if segment.term.region is not None and segment.term.region_side is not None:
            item.AnatomicRegionSequence[0].AnatomicRegionModifierSequence = [_coded(segment.term.region_side)]
        found.append(item)
    return found


def background() -> Any:
    """Segment 0 of a label map: what is no segment."""
    import highdicom as hd

    item = hd.seg.SegmentDescription(1, BACKGROUND, _coded(CATEGORIES["spatial"]), _coded(_NOTHING), "MANUAL")
    item.SegmentNumber = 0
    return item


def term_and_value(item: Any) -> tuple[str, Term, int]:
    """Name, term and, where it is noted, label value (else 0) of an item of the Segment Sequence."""
    name = one_line(item.get("SegmentLabel", ""))[:200]
    kind, region = _first(item, "SegmentedPropertyTypeCodeSequence"), _first(item, "AnatomicRegionSequence")
    term = Term(
        _code(_first(item, "SegmentedPropertyCategoryCodeSequence")) or Code("85756007", "Tissue"),
        _code(kind) or Code("85756007", "Tissue"),
        _code(_first(kind, "SegmentedPropertyTypeModifierCodeSequence")),
        _colour(item),
        _code(region),
        _code(_first(region, "AnatomicRegionModifierSequence")),
        name,
    )
    noted = re.fullmatch(rf"{VALUE_NOTE}(\d{{1,9}})", str(item.get("SegmentDescription", "")))
    return name, term, int(noted[1]) if noted else 0


def _first(item: Any, keyword: str) -> Any:
    sequence = None if item is None else item.get(keyword)
    return sequence[0] if sequence else None


def _code(item: Any) -> Code | None:
    """A coded concept; the value may be long, or a resource."""
    if item is None:
        return None
    value = next((str(item[word].value) for word in ("CodeValue", "LongCodeValue", "URNCodeValue") if item.get(word)), "")
    scheme = one_line(item.get("CodingSchemeDesignator") or "")[:16]
    return Code(one_line(value)[:64], one_line(item.get("CodeMeaning") or "")[:64], scheme) if value else None


def _colour(item: Any) -> tuple[int, int, int] | None:
    """Recommended Display CIELab Value as red, green, blue."""
    from highdicom.color import CIELabColor

    values = item.get("RecommendedDisplayCIELabValue")
    if values is None or isinstance(values, int) or len(values) != 3:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        red, green, blue = CIELabColor.from_dicom_value([int(v) for v in values]).to_rgb(clip=True)
    return int(red), int(green), int(blue)


def _coded(code: Code) -> Any:
    from highdicom.sr import CodedConcept

    return CodedConcept(code.value, code.scheme or "99UNKNOWN", code.meaning or code.value)


def _algorithm(history: Sequence[Record], params: SegParams) -> Any:
    """What made the labels: the operations by name, their parameters as JSON as far as there is room."""
    import highdicom as hd
    from pydicom.sr.codedict import codes

    parameters: dict[str, str] = {}
    for number, record in enumerate(reversed(history), 1):
        text = json.dumps(dict(record.parameters), default=str)
        if sum(map(len, parameters.values())) + len(text) < _MAX_PARAMETERS - 64 * number:
            parameters[f"{len(history) - number + 1} {record.operation}"] = text
    own = f"{MAKER} {' '.join(dict.fromkeys(r.operation for r in history))}".strip()
    return hd.AlgorithmIdentificationSequence(
        name=(params.algorithm_name or own)[:64],
        family=codes.DCM.ArtificialIntelligence,
        version=params.algorithm_version or __version__,
        parameters=dict(reversed(parameters.items())) or None,
    )
