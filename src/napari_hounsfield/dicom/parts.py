"""Split the planes of one series into stacks that are one volume each. Pure: headers in, headers out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from napari_hounsfield.errors import DicomError, UnsupportedDicomError

from .codecs import undecodable
from .geometry import check_geometry, parallel, plane_name, sorted_along_normal
from .header import Header
from .kinds import unsupported
from .spacing import ROUNDED, SAME_POSITION, even_blocks, evenness
from .tags import TELLING_APART, named

if TYPE_CHECKING:
    from collections.abc import Callable

Duplicate = tuple[Header, Header]


@dataclass(frozen=True)
class Part:
    """Planes of one matrix and orientation, in ascending order along their normal."""

    planes: tuple[Header, ...]
    name: str = ""
    """What tells this part from the others of its series; empty where it is the whole series."""
    duplicates: tuple[Duplicate, ...] = ()
    """Planes that stand twice in the series: the one kept, the one dropped."""


def parts(planes: tuple[Header, ...]) -> tuple[Part, ...]:
    """Split a series: by scout, matrix and orientation, then into blocks of one spacing.

    Raises
    ------
    UnsupportedDicomError
        If a plane is of a kind that is not read yet, or several images lie at one position.
    DicomError
        If a plane is damaged, has no place in the patient, or does not agree with the others.
    """
    for check in (_check_kind, _check_problem, check_geometry):
        for plane in planes:
            check(plane)
    kept, duplicates = _without_duplicates(planes)
    frames = {plane.frame_of_reference for plane in kept} - {""}
    if len(frames) > 1:  # their positions cannot be compared
        raise DicomError(f"{kept[0].name}: {named('FrameOfReferenceUID')} changes within the series")
    found: list[Part] = []
    for group in _stacks(kept):
        _check_spacing(group)
        ordered, distances = sorted_along_normal(group)
        _check_positions(ordered, [float(d) for d in distances])
        blocks = [] if len(ordered) < 2 or evenness(ordered).within(ROUNDED) else even_blocks(ordered, distances)
        found += [Part(block) for block in blocks or [ordered]]
    return _with_names(found, duplicates)


def _check_kind(plane: Header) -> None:
    reason = unsupported(plane) or ("" if plane.problem else undecodable(plane))
    if reason:
        raise UnsupportedDicomError(f"{plane.name}: {reason}")


def _check_problem(plane: Header) -> None:
    if plane.problem:
        raise DicomError(f"{plane.name}: {plane.problem}")


def _without_duplicates(planes: tuple[Header, ...]) -> tuple[tuple[Header, ...], tuple[Duplicate, ...]]:
    """Drop planes whose SOP Instance UID, place and rescale stand there already.

    Equal UIDs at different places are different images with a faulty UID, and are all kept. That the pixels of duplicates are
    equal too is checked when they are read.
    """
    first: dict[object, Header] = {}
    duplicates: list[Duplicate] = []
    kept: list[Header] = []
    for plane in planes:
        if not plane.sop_uid:
            kept.append(plane)
            continue
        key = (plane.sop_uid, plane.position, plane.orientation, _shape(plane), plane.spacing, plane.slope, plane.intercept)
        if key in first:
            duplicates.append((first[key], plane))
        else:
            first[key] = plane
            kept.append(plane)
    return tuple(kept), tuple(duplicates)


def _stacks(planes: tuple[Header, ...]) -> list[tuple[Header, ...]]:
    """Group planes by scout, matrix and orientation, in the order of first appearance."""
    stacks: list[list[Header]] = []
    for plane in planes:
        for stack in stacks:
            head = stack[0]
            if _shape(plane) == _shape(head) and parallel(plane, head):
                stack.append(plane)
                break
        else:
            stacks.append([plane])
    return [tuple(stack) for stack in stacks]


def _shape(plane: Header) -> tuple[bool, int, int]:
    return plane.localizer, plane.rows, plane.columns


def _check_spacing(planes: tuple[Header, ...]) -> None:
    first = planes[0].spacing or ()
    for plane in planes:
        if any(abs(a - b) > 1e-4 * b for a, b in zip(plane.spacing or (), first, strict=True)):
            raise DicomError(f"{plane.name}: {named('PixelSpacing')} differs from {planes[0].name} in the same series")


def _check_positions(planes: tuple[Header, ...], distances: list[float]) -> None:
    """Refuse several images at one position, by the tag that tells them apart."""
    for i in range(len(planes) - 1):
        if distances[i + 1] - distances[i] > SAME_POSITION:
            continue
        pair = planes[i], planes[i + 1]
        names = f"{pair[0].name} and {pair[1].name} lie in one plane"
        if pair[0].image_type != pair[1].image_type:
            raise UnsupportedDicomError(f"{names} and differ in {named('ImageType')}: such series are not read yet")
        for keyword in TELLING_APART:
            if pair[0].telling_apart.get(keyword) != pair[1].telling_apart.get(keyword):
                raise UnsupportedDicomError(f"{names} and differ in {named(keyword)}: such series are not read yet")
        raise DicomError(f"{names} and no tag tells them apart")


def _with_names(found: list[Part], duplicates: tuple[Duplicate, ...]) -> tuple[Part, ...]:
    """Name each part of a split series by what sets it apart, and give it its duplicates."""
    names = _telling_names(found) if len(found) > 1 else [""]
    return tuple(
        replace(part, name=name, duplicates=tuple(pair for pair in duplicates if any(pair[0] is plane for plane in part.planes)))
        for part, name in zip(found, names, strict=True)
    )


def _telling_names(found: list[Part]) -> list[str]:
    """As few words for each part as tell it from the others; numbers where words do not."""
    describe: tuple[Callable[[Part], str], ...] = (
        lambda part: "localizer" if part.planes[0].localizer else "",
        lambda part: plane_name(part.planes[0]),
        lambda part: f"{part.planes[0].rows} x {part.planes[0].columns}",
        lambda part: f"{evenness(part.planes).spacing:.3g} mm" if len(part.planes) > 1 else "single",
    )
    names = [""] * len(found)
    for say in describe:
        words = [say(part) for part in found]
        if len(set(words)) > 1:
            names = [f"{name} {word}".strip() for name, word in zip(names, words, strict=True)]
        if len(set(names)) == len(names) and all(names):
            return names
    return [f"{name} part {number}".strip() for number, name in enumerate(names, start=1)]
