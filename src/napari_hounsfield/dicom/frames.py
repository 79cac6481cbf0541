"""Where each frame of a file lies and what its values mean: from its root, or from functional groups (PS3.3 C.7.6.16)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .facts import Facts, Value
from .kinds import NUCLEAR, PARAMETRIC_MAP, ULTRASOUND, is_projection
from .projections import detector_place, region_spacing, tomographic_slices
from .tags import SEQUENCES, named

if TYPE_CHECKING:
    from .elements import Elements
    from .header import Header

MOST_FRAMES = 65536
SHARED = SEQUENCES["SharedFunctionalGroupsSequence"]
PER_FRAME = SEQUENCES["PerFrameFunctionalGroupsSequence"]


def placed(elements: Elements, facts: Facts, sop_class: str) -> dict[str, Any]:
    """What may differ from frame to frame, as fields of a Header."""
    position, orientation = facts.numbers("ImagePositionPatient", 3), facts.numbers("ImageOrientationPatient", 6)
    spacing, spacing_at = facts.numbers("PixelSpacing", 2), "patient"
    if spacing is None and (spacing := facts.numbers("ImagerPixelSpacing", 2, optional=True)):
        spacing_at = "detector"
    if sop_class in ULTRASOUND:
        position = position or facts.numbers("ImagePositionVolume", 3)
        orientation = orientation or facts.numbers("ImageOrientationVolume", 6)
        if spacing is None and (spacing := region_spacing(elements)):
            spacing_at = "region"
    elif sop_class in NUCLEAR and position is None:
        position, orientation = detector_place(elements)
    slope, intercept = facts.number("RescaleSlope"), facts.number("RescaleIntercept")
    if sop_class == PARAMETRIC_MAP and slope is None:
        slope, intercept = facts.number("RealWorldValueSlope"), facts.number("RealWorldValueIntercept")
    return {
        "image_type": facts.words("FrameType") or facts.words("ImageType"),
        "position": position,
        "orientation": orientation,
        "spacing": spacing,
        "spacing_at": spacing_at if spacing else "",
        "thickness": facts.number("SliceThickness", optional=True),
        "between": facts.number("SpacingBetweenSlices", optional=True),
        "slope": slope,
        "intercept": intercept,
        "rescale_type": facts.code("RescaleType"),
        "window": facts.window(),
        "telling_apart": facts.telling_apart(),
    }


def has_frames(header: Header, elements: Elements) -> bool:
    """Whether a file says of single frames where they lie, or has several."""
    return header.frames > 1 or PER_FRAME in elements.items or SHARED in elements.items


def frames_of(header: Header, elements: Elements) -> tuple[Header, ...]:
    """One header a frame of a multi-frame file."""
    if header.frames > MOST_FRAMES:
        return (replace(header, problem=f"{named('NumberOfFrames')} is {header.frames}, more than {MOST_FRAMES}"),)
    if PER_FRAME not in elements.items and SHARED not in elements.items:
        if header.sop_class in NUCLEAR and "RECON TOMO" in header.image_type:
            return tomographic_slices(header, elements)
        if is_projection(header):  # one place for all frames is none
            header = replace(header, position=None, orientation=None)
        return tuple(replace(header, frame=index) for index in range(header.frames))
    shared = _group(elements, SHARED)
    own = elements.items.get(PER_FRAME, [])
    if own and len(own) != header.frames:
        problem = (
            f"{named('PerFrameFunctionalGroupsSequence')} has {len(own)} items, {named('NumberOfFrames')} is {header.frames}"
        )
        return (replace(header, problem=problem),)
    found = []
    for index in range(header.frames):
        # the attributes of functional groups are unique by their tags, so that the groups can be laid flat
        values: dict[int, Value] = {**elements.values, **shared, **(own[index].flattened() if own else {})}
        facts = Facts(values, elements.little)
        place = placed(elements, facts, header.sop_class)
        found.append(replace(header, frame=index, problem=facts.problem, **place))
    return tuple(found)


def _group(elements: Elements, tag: int) -> dict[int, Value]:
    item = elements.first(tag)
    return item.flattened() if item else {}
