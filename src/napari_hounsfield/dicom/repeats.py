"""Several images at one position: volumes of their own (echoes, phases, image types), or points along a time axis. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from napari_hounsfield.errors import DicomError

from .facts import CODE
from .geometry import sorted_along_normal
from .kinds import modality
from .spacing import SAME_POSITION
from .tags import ACQUISITIONS, CLOCKS, DATE_OF, DIFFUSION, KINDS_OF_IMAGE, TIMES, named

if TYPE_CHECKING:
    from .header import Header

Cluster = tuple["Header", ...]
"""Planes at one position."""
WORDS = {
    "EchoNumbers": "echo", "EchoTime": "echo time", "EffectiveEchoTime": "echo time", "InversionTime": "inversion time",
    "FlipAngle": "flip angle", "ConvolutionKernel": "kernel", "KVP": "kVp", "NominalPercentageOfCardiacPhase": "phase",
    "AcquisitionNumber": "acquisition", "FrameAcquisitionNumber": "acquisition", "StackID": "stack",
}  # fmt: skip
SHARED = ("TemporalPositionIdentifier", "TemporalPositionIndex", "TemporalPositionTimeOffset", *DIFFUSION)
HALF_A_DAY = 120000.0
"""Times of day (hhmmss) further apart, without a date, may lie on either side of midnight."""
WEAK_TYPES = ("ORIGINAL", "DERIVED", "PRIMARY", "SECONDARY")
"""Image types that nearly every image has: they say little in a name."""


@dataclass(frozen=True)
class Stack:
    """Planes of one volume: those of each time point ascend along the normal, one time point after the other."""

    planes: tuple[Header, ...]
    times: int = 1
    name: str = ""
    """What tells it from the others at the same positions."""
    along: str = ""
    """Keyword of the tag along the time axis."""

    @property
    def first(self) -> tuple[Header, ...]:
        """The planes of the first time point."""
        return self.planes[: len(self.planes) // self.times]


def stacks(planes: tuple[Header, ...]) -> list[Stack]:
    """Volumes among parallel planes of one matrix.

    Raises
    ------
    DicomError
        If images at one position cannot be told apart, or a time point lacks some.
    """
    return _resolved(planes, "")


def _resolved(planes: tuple[Header, ...], name: str) -> list[Stack]:
    clusters = _clusters(planes)
    if all(len(cluster) == 1 for cluster in clusters):
        return [Stack(tuple(plane for (plane,) in clusters), name=name)]
    for keyword in KINDS_OF_IMAGE:
        if split := _split(planes, clusters, keyword, name):
            return split
    for keyword in TIMES:
        if _tells_apart(clusters, keyword):
            return [_timed(clusters, keyword, name)]
    if modality(planes[0]) == "CT":
        for keyword in ACQUISITIONS:
            if split := _split(planes, clusters, keyword, name):
                return split
    for keyword in (*ACQUISITIONS, *CLOCKS):
        if _tells_apart(clusters, keyword):
            return [_timed(clusters, keyword, name)]
    if all(plane.time_points == len(cluster) for cluster in clusters for plane in cluster):
        return [_timed(clusters, "InstanceNumber", name)]
    first, second = next(cluster for cluster in clusters if len(cluster) > 1)[:2]
    raise DicomError(f"{first.name} and {second.name} lie in one plane and no tag tells them apart")


def _clusters(planes: tuple[Header, ...]) -> list[Cluster]:
    """Planes by position, ascending."""
    ordered, distances = sorted_along_normal(planes)
    found: list[list[Header]] = []
    before = -np.inf
    for plane, distance in zip(ordered, distances, strict=True):
        if distance - before > SAME_POSITION:
            found.append([])
        before = distance
        found[-1].append(plane)
    pixel = min(planes[0].spacing or (1.0,))
    for cluster in found:
        for a, b in pairwise(cluster):
            if np.abs(np.subtract(a.position or (), b.position or ())).max() > max(0.1 * pixel, SAME_POSITION):
                raise DicomError(f"{a.name} and {b.name} lie side by side in one plane by {named('ImagePositionPatient')}")
    return [tuple(cluster) for cluster in found]


def _value(plane: Header, keyword: str) -> object:
    if keyword == "ImageType":
        return plane.image_type
    if keyword == "InstanceNumber":
        return None if plane.instance_number is None else (plane.instance_number,)
    return plane.telling_apart.get(keyword)


def _tells_apart(clusters: list[Cluster], keyword: str) -> bool:
    """Whether a tag differs between images at one position."""
    return any(len({_value(plane, keyword) for plane in cluster}) > 1 for cluster in clusters)


def _split(planes: tuple[Header, ...], clusters: list[Cluster], keyword: str, name: str) -> list[Stack]:
    """Volumes by the values of a tag; empty where it is the same for all images at every position."""
    if not _tells_apart(clusters, keyword):
        return []
    groups: dict[object, list[Header]] = {}
    for plane in planes:
        groups.setdefault(_value(plane, keyword), []).append(plane)
    if len(groups) == len(planes) > 2:  # every image has its own value: no kind of image, but a measurement
        return []
    found: list[Stack] = []
    words = _words(keyword, list(groups))
    for (_, group), word in sorted(zip(groups.items(), words, strict=True), key=lambda pair: _order(pair[0][0])):
        found += _resolved(tuple(group), f"{name} {word}".strip())
    return found


def _order(value: object) -> tuple[bool, object]:
    """Key that sorts numbers, and text, and puts what is missing last."""
    return (True, ()) if value is None else (False, str(value) if isinstance(value, str) else value)


def _words(keyword: str, values: list[object]) -> list[str]:
    """What each value of a tag is called in the name of a volume."""
    if keyword in ("ImageType", "FrameType"):
        common = set.intersection(*(set(value or ()) for value in values))  # type: ignore[call-overload]
        own = [[word for word in (value or ()) if word not in common and CODE.fullmatch(word)] for value in values]  # type: ignore[attr-defined]
        strong = [[word for word in words if word not in WEAK_TYPES] or words for words in own]
        return [" ".join(dict.fromkeys(words)).lower() or "other" for words in strong]
    label = WORDS.get(keyword, "")
    return [f"{label} {_shown(value)}".strip() for value in values]


def _shown(value: object) -> str:
    if value is None:
        return "unknown"
    if isinstance(value, tuple):
        return " ".join(f"{v:g}" for v in value)
    return str(value).lower() if CODE.fullmatch(str(value)) else "other"


def _timed(clusters: list[Cluster], keyword: str, name: str) -> Stack:
    """Order the images at each position along a tag; every position must have as many."""
    times = len(clusters[0])
    for cluster in clusters:
        if len(cluster) != times:
            raise DicomError(
                f"{cluster[0].name}: {len(cluster)} image(s) at its position and {times} at that of {clusters[0][0].name}: "
                f"they differ in {named(keyword)}, and a time point is incomplete"
            )
    if keyword in DATE_OF:
        _check_midnight(clusters, keyword)
    ordered = [sorted(cluster, key=lambda plane: _moment(plane, keyword)) for cluster in clusters]
    for images in ordered:
        for a, b in pairwise(images):
            if _moment(a, keyword) == _moment(b, keyword):
                raise DicomError(f"{a.name} and {b.name} lie in one plane and no tag tells them apart")
    if keyword in SHARED:  # one value for a whole time point
        for others in zip(*ordered, strict=True):
            for plane in others:
                _check_same(plane, others[0], keyword)
    return Stack(tuple(images[t] for t in range(times) for images in ordered), times, name, keyword)


def _check_midnight(clusters: list[Cluster], keyword: str) -> None:
    """Refuse times of day that may lie on either side of midnight, and have no date."""
    times = [value for cluster in clusters for plane in cluster if isinstance(value := _value(plane, keyword), tuple)]
    if times and all(len(value) == 1 for value in times) and max(times)[0] - min(times)[0] > HALF_A_DAY:
        plane = clusters[0][0]
        raise DicomError(f"{plane.name}: images differ in {named(keyword)}, which may cross midnight, and have no date")


def _check_same(plane: Header, first: Header, keyword: str) -> None:
    keywords = DIFFUSION if keyword in DIFFUSION else (keyword,)
    for one in keywords:
        if _value(plane, one) != _value(first, one):
            raise DicomError(f"{plane.name}: {named(one)} differs from {first.name} at the same time point")


def _moment(plane: Header, keyword: str) -> tuple[object, ...]:
    """Key that orders images at one position; b-values are repeated for several directions, which follow as acquired."""
    if keyword not in DIFFUSION:
        return (_order(_value(plane, keyword)),)
    order = [_order(_value(plane, one)) for one in ("DiffusionBValue", *ACQUISITIONS, *CLOCKS)]
    return (*order, plane.instance_number or 0.0, plane.frame)
