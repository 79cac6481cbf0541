"""Whether the planes of a stack are evenly spaced, and if not, whether they fall into blocks that are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .geometry import Points, directions, gaps, sorted_along_normal
from .tags import named

if TYPE_CHECKING:
    from .header import Header

EVEN = 0.01
"""Planes within this part of the spacing from an even grid are even."""
ROUNDED = 0.10
"""Planes within this part are taken for rounded positions, with a warning."""
SAME_POSITION = 1e-3
"""Planes closer than this many mm lie at one position."""

WAYS_ON = " (the option `uneven` resamples or ignores that)"


@dataclass(frozen=True)
class Evenness:
    """How far sorted planes are from an even grid over their whole extent."""

    spacing: float
    """Mean distance along the normal in mm."""
    along: float
    """Largest deviation along the normal in mm."""
    sideways: float
    """Largest deviation within the plane in mm, from the straight line through the first and last position."""
    pixel: float
    """Smaller pixel spacing in mm."""
    worst: int
    """Index of the plane that deviates most."""

    def within(self, part: float) -> bool:
        """Whether no plane is further off than `part` of the spacing along, and of a pixel sideways."""
        return self.within_along(part) and self.sideways <= part * self.pixel

    def within_along(self, part: float) -> bool:
        """Whether no plane is further off than `part` of the spacing along the normal."""
        return self.along <= part * self.spacing


def evenness(headers: tuple[Header, ...]) -> Evenness:
    """Measure sorted planes against the even grid from the first to the last."""
    normal = directions(headers)[0]
    positions = np.array([h.position for h in headers], dtype=float)
    count = len(headers)
    step = (positions[-1] - positions[0]) / max(count - 1, 1)
    off = positions - (positions[0] + np.arange(count)[:, None] * step)
    along = np.abs(off @ normal)
    sideways = np.linalg.norm(off - np.outer(off @ normal, normal), axis=1)
    pixel = min(headers[0].spacing or (1.0,))
    return Evenness(
        float(step @ normal), float(along.max()), float(sideways.max()), pixel, int(np.maximum(along, sideways).argmax())
    )


def even_blocks(headers: tuple[Header, ...]) -> list[tuple[Header, ...]]:
    """Split sorted planes into runs of one spacing (and one slice thickness) that abut.

    A run has at least three planes, and the gap between two runs is no larger than the larger of their spacings. Empty if the
    planes are no such blocks.
    """
    distances = sorted_along_normal(headers)[1]
    steps = gaps(distances)
    runs: list[tuple[int, int]] = []
    start = 0
    while start < len(headers):
        stop = start + 1
        while stop < len(headers) and _continues(headers, steps, start, stop):
            stop += 1
        if stop - start < 3:
            return []
        runs.append((start, stop))
        start = stop
    spacings = [(distances[b - 1] - distances[a]) / (b - a - 1) for a, b in runs]
    for i in range(len(runs) - 1):
        near, far = sorted(spacings[i : i + 2])
        if not near * EVEN < steps[runs[i][1] - 1] <= far * (1 + EVEN):
            return []
    return [headers[a:b] for a, b in runs] if len(runs) > 1 else []


def _continues(headers: tuple[Header, ...], steps: list[float], start: int, stop: int) -> bool:
    """Whether plane `stop` goes on with the run that began at `start`."""
    first = steps[start] if start < len(steps) else 0.0
    same_thickness = headers[start].thickness == headers[stop].thickness
    return same_thickness and abs(steps[stop - 1] - first) <= ROUNDED * first


def irregularity(headers: tuple[Header, ...]) -> str:
    """Say in words where sorted uneven planes are uneven, by file."""
    distances = sorted_along_normal(headers)[1]
    steps = np.array(gaps(distances))
    usual = float(np.median(steps))
    worst = int(np.abs(steps - usual).argmax())
    if (stray := _stray(distances, usual)) is not None:
        off = f"{named('ImagePositionPatient')} is off the even grid of the other slices, which are {usual:.4g} mm apart"
        return f"{headers[stray].name}: {off}{WAYS_ON}"
    first, second = headers[worst].name, headers[worst + 1].name
    times = steps[worst] / usual
    where = f"{steps[worst]:.4g} mm from there to {second}, {usual:.4g} mm elsewhere{WAYS_ON}"
    if times > 1.5 and abs(times - round(times)) < ROUNDED:
        return f"{first}: {round(times) - 1} slice(s) missing by {named('ImagePositionPatient')}: {where}"
    return f"{first}: uneven spacing by {named('ImagePositionPatient')}: {where}"


def _stray(distances: Points, usual: float) -> int | None:
    """Index of the one plane without which the others lie on an even grid with one gap, where it should be; or None.

    Where the plane itself lies on that grid as well, slices are missing instead.
    """
    steps = np.diff(distances) / usual
    if np.abs(steps - np.round(steps)).max(initial=0.0) <= ROUNDED:
        return None
    found = []
    for index in range(len(distances)):
        steps = np.diff(np.delete(distances, index)) / usual
        whole = np.round(steps)
        if np.abs(steps - whole).max(initial=0.0) <= ROUNDED and int((whole - 1).sum()) == 1:
            found.append(index)
    return found[0] if len(found) == 1 and len(distances) > 3 else None
