"""Split the planes of one series into stacks that are one volume each. Pure: headers in, headers out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from napari_hounsfield.errors import DicomError, UnsupportedDicomError

from .codecs import undecodable
from .geometry import check_geometry, has_geometry, parallel, plane_name
from .header import Header
from .kinds import is_colour, is_projection, modality, unsupported
from .projections import is_tomography
from .read_params import ReadParams
from .repeats import Stack, stacks
from .spacing import ROUNDED, even_blocks, evenness
from .tags import named

if TYPE_CHECKING:
    from collections.abc import Callable


Duplicate = tuple[Header, Header]


@dataclass(frozen=True)
class Part:
    """Planes that make one volume."""

    planes: tuple[Header, ...]
    """Every plane of the first time point in ascending order along the normal, then those of the next."""
    times: int = 1
    name: str = ""
    """What tells this part from the others of its series; empty where it is the whole series."""
    duplicates: tuple[Duplicate, ...] = ()
    """Planes that stand twice in the series: the one kept, the one dropped."""
    placed: bool = True
    """Whether the planes have a place in the patient."""
    along: str = ""
    """Keyword of the tag along the time axis; empty where there is no time, or nothing tells it."""

    @property
    def first(self) -> tuple[Header, ...]:
        """The planes of the first time point."""
        return self.planes[: len(self.planes) // self.times]


def parts(planes: tuple[Header, ...], params: ReadParams | None = None) -> tuple[Part, ...]:
    """Split a series: by scout, matrix, orientation and kind of image, then into blocks of one spacing; pictures by file.

    Raises
    ------
    UnsupportedDicomError
        If a plane is of a kind that is not read.
    DicomError
        If a plane is damaged, has no place in the patient, or does not agree with the others.
    """
    params = params or ReadParams()
    planes = tuple(sorted(planes, key=_by_content))
    for check in (_check_kind, _check_problem):
        for plane in planes:
            check(plane)
    if all(is_projection(plane) for plane in planes) and not all(has_geometry(plane) for plane in planes):
        return _named(_pictures(_without_duplicates(planes)[0]), _without_duplicates(planes)[1])
    if not params.geometry and not all(has_geometry(plane) for plane in planes):
        return _named(_unplaced(_without_duplicates(planes)[0]), _without_duplicates(planes)[1])
    for plane in planes:
        check_geometry(plane)
    kept, duplicates = _without_duplicates(planes)
    for plane in kept:
        _check_agreement(plane, kept[0])
    _check_concatenations(kept)
    frames = {plane.frame_of_reference for plane in kept} - {""}
    if len(frames) > 1:  # their positions cannot be compared
        raise DicomError(f"{kept[0].name}: {named('FrameOfReferenceUID')} changes within the series")
    found: list[Part] = []
    for group in _parallel(kept):
        _check_spacing(group)
        for stack in stacks(group):
            found += _blocks(stack) if params.uneven == "refuse" else [_part(stack)]
    return _named(found, duplicates)


def _by_content(plane: Header) -> tuple[object, ...]:
    """Key that orders planes by what they say, and by their file's name last, so that parts keep their numbers elsewhere."""
    return _number(plane), plane.sop_uid, plane.frame, plane.path


def _check_kind(plane: Header) -> None:
    reason = unsupported(plane) or ("" if plane.problem else undecodable(plane))
    if reason:
        raise UnsupportedDicomError(f"{plane.file_name}: {reason}")


def _check_agreement(plane: Header, first: Header) -> None:
    """Refuse a plane of another patient or kind of image than the first: no volume has both."""
    for keyword, here, there in (
        ("PatientID", plane.patient, first.patient),
        ("Modality", modality(plane), modality(first)),
        ("PhotometricInterpretation", plane.photometric == "MONOCHROME1", first.photometric == "MONOCHROME1"),
    ):
        if here != there:
            raise DicomError(f"{plane.name}: {named(keyword)} differs from {first.name} in the same series")


def _check_concatenations(planes: tuple[Header, ...]) -> None:
    """Refuse a concatenation of which a file is missing."""
    found: dict[tuple[str, int], set[int]] = {}
    for plane in planes:
        if plane.concatenation is not None:
            uid, number, total = plane.concatenation
            found.setdefault((uid, total), set()).add(number)
    for (_, total), numbers in found.items():
        if len(numbers) < total:
            what = f"{len(numbers)} of {total} files of a concatenation are there"
            raise DicomError(f"{planes[0].file_name}: {what}, by {named('InConcatenationTotalNumber')}")


def _check_problem(plane: Header) -> None:
    if plane.problem:
        raise DicomError(f"{plane.file_name}: {plane.problem}")


def _part(stack: Stack) -> Part:
    return Part(stack.planes, stack.times, stack.name, along=stack.along)


def _blocks(stack: Stack) -> list[Part]:
    """A stack as it is, or the blocks of one spacing that it falls into."""
    whole = _part(stack)
    if stack.times > 1 or len(stack.planes) < 2 or evenness(stack.planes).within(ROUNDED):
        return [whole]
    return [replace(whole, planes=block) for block in even_blocks(stack.planes)] or [whole]


def _pictures(planes: tuple[Header, ...]) -> list[Part]:
    """One volume a file; the frames of a file follow each other in time."""
    files: dict[object, list[Header]] = {}
    for plane in planes:
        files.setdefault((plane.path, plane.rows, plane.columns), []).append(plane)
    ordered = sorted(files.values(), key=lambda frames: (_number(frames[0]), frames[0].path))
    # slices of nuclear tomography follow each other in space, though nothing says where
    return [Part(tuple(f), 1 if is_tomography(f[0]) else len(f), placed=False) for f in ordered]


def _unplaced(planes: tuple[Header, ...]) -> list[Part]:
    """Slices in the order of their numbers, by matrix, where nothing says where they lie."""
    groups: dict[object, list[Header]] = {}
    for plane in planes:
        groups.setdefault((_matrix(plane), plane.spacing), []).append(plane)
    return [
        Part(tuple(sorted(group, key=lambda plane: (_number(plane), plane.path, plane.frame))), placed=False)
        for group in groups.values()
    ]


def _number(plane: Header) -> float:
    return float("inf") if plane.instance_number is None else plane.instance_number


def _without_duplicates(planes: tuple[Header, ...]) -> tuple[tuple[Header, ...], tuple[Duplicate, ...]]:
    """Drop planes whose SOP Instance UID, frame, place and rescale stand there already.

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
        place = plane.position, plane.orientation, plane.spacing
        key = (plane.sop_uid, plane.frame, place, _matrix(plane), plane.slope, plane.intercept)
        if key in first:
            duplicates.append((first[key], plane))
        else:
            first[key] = plane
            kept.append(plane)
    return tuple(kept), tuple(duplicates)


def _parallel(planes: tuple[Header, ...]) -> list[tuple[Header, ...]]:
    """Group planes by scout, matrix, colour and orientation, in the order of first appearance."""
    groups: list[list[Header]] = []
    for plane in planes:
        for group in groups:
            head = group[0]
            if _matrix(plane) == _matrix(head) and parallel(plane, head):
                group.append(plane)
                break
        else:
            groups.append([plane])
    return [tuple(group) for group in groups]


def _matrix(plane: Header) -> tuple[bool, bool, int, int]:
    return plane.localizer, is_colour(plane), plane.rows, plane.columns


def _check_spacing(planes: tuple[Header, ...]) -> None:
    first = planes[0].spacing or ()
    for plane in planes:
        if any(abs(a - b) > 1e-4 * b for a, b in zip(plane.spacing or (), first, strict=True)):
            raise DicomError(f"{plane.name}: {named('PixelSpacing')} differs from {planes[0].name} in the same series")


def _named(found: list[Part], duplicates: tuple[Duplicate, ...]) -> tuple[Part, ...]:
    """Name each part of a split series by what sets it apart, and give it its duplicates."""
    names = _telling_names(found) if len(found) > 1 else [""]
    homes = {id(plane): index for index, part in enumerate(found) for plane in part.planes} if duplicates else {}
    return tuple(
        replace(part, name=name, duplicates=tuple(pair for pair in duplicates if homes.get(id(pair[0])) == index))
        for index, (part, name) in enumerate(zip(found, names, strict=True))
    )


def _telling_names(found: list[Part]) -> list[str]:
    """As few words for each part as tell it from the others; numbers where words do not."""
    describe: tuple[Callable[[Part], str], ...] = (
        lambda part: part.name,
        lambda part: "localizer" if part.planes[0].localizer else "",
        lambda part: plane_name(part.planes[0]) if part.placed else "",
        lambda part: f"{part.planes[0].rows} x {part.planes[0].columns}",
        lambda part: f"{evenness(part.first).spacing:.3g} mm" if part.placed and len(part.first) > 1 else "single",
    )
    names = [""] * len(found)
    for say in describe if found[0].placed else ():
        words = [say(part) for part in found]
        if len(set(words)) > 1:
            names = [f"{name} {word}".strip() for name, word in zip(names, words, strict=True)]
        if len(set(names)) == len(names) and all(names):
            return names
    what = "part" if found[0].placed else "image"
    return [f"{name} {what} {number}".strip() for number, name in enumerate(names, start=1)]
