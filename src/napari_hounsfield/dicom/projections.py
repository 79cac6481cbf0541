"""Places and sizes that projection, ultrasound and nuclear images state in ways of their own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from .facts import Facts
from .kinds import NUCLEAR
from .tags import SEQUENCES

if TYPE_CHECKING:
    from .elements import Elements
    from .header import Header, Vector

TWO_DIMENSIONAL = 1
CENTIMETRES = 3


def region_spacing(elements: Elements) -> Vector | None:
    """Pixel spacing (y, x) in mm of the two-dimensional ultrasound regions (PS3.3 C.8.5.5); None unless all of them agree."""
    found = set()
    for item in elements.items.get(SEQUENCES["SequenceOfUltrasoundRegions"], []):
        facts = Facts(item.values, elements.little)
        if facts.first("RegionSpatialFormat") != TWO_DIMENSIONAL:
            continue
        units = facts.first("PhysicalUnitsXDirection"), facts.first("PhysicalUnitsYDirection")
        x, y = facts.first("PhysicalDeltaX"), facts.first("PhysicalDeltaY")
        if units != (CENTIMETRES, CENTIMETRES) or not x or not y:
            return None
        found.add((round(abs(y) * 10, 9), round(abs(x) * 10, 9)))
    return found.pop() if len(found) == 1 else None


def detector_place(elements: Elements) -> tuple[Vector | None, Vector | None]:
    """Position and orientation of the first slice of a nuclear image (PS3.3 C.8.4.11)."""
    item = elements.first(SEQUENCES["DetectorInformationSequence"])
    if item is None:
        return None, None
    facts = Facts(item.values, elements.little)
    return facts.numbers("ImagePositionPatient", 3, optional=True), facts.numbers("ImageOrientationPatient", 6, optional=True)


def is_tomography(header: Header) -> bool:
    """Whether the frames of a nuclear image are slices, one at each place."""
    return header.sop_class in NUCLEAR and "RECON TOMO" in header.image_type and header.between is not None


def tomographic_slices(header: Header, elements: Elements) -> tuple[Header, ...]:
    """Slices of reconstructed nuclear tomography: from the first one, Spacing Between Slices apart (PS3.3 C.8.4.15).

    The sign of the spacing is that along the normal, row x column. Where there is more than one slice at a place (gates, time
    slots, energy windows), or the spacing is missing, the frames have no place of their own.
    """
    facts = Facts(elements.values, elements.little)
    vector = facts.numbers("SliceVector", optional=True) or ()
    order = [int(number) - 1 for number in vector] or list(range(header.frames))
    step, first = header.between, header.position
    if not step or sorted(order) != list(range(header.frames)):
        nowhere = replace(header, position=None, orientation=None, between=None)
        return tuple(replace(nowhere, frame=index) for index in range(header.frames))
    if first is None or header.orientation is None:
        return tuple(replace(header, frame=order.index(z), instance_number=float(z)) for z in range(header.frames))
    normal = np.cross(header.orientation[:3], header.orientation[3:])
    return tuple(
        replace(header, frame=index, position=tuple(float(v) for v in np.add(first, normal * step * number)))
        for index, number in enumerate(order)
    )
