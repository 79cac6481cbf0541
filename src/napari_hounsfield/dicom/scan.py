"""Find the DICOM series below a path, by content and from headers alone."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_hounsfield.errors import DicomError, UnsupportedDicomError
from napari_hounsfield.operation import Progress, finish

from .archive import is_archive, members
from .directory import listed_files
from .files import PREAMBLE, is_regular, shown
from .header_reading import is_directory_file, read_headers
from .read_params import ReadParams
from .series import Series, series_of

if TYPE_CHECKING:
    from collections.abc import Generator

    from .header import Header

FILES_A_STEP = 32
NO_DICOM = ("empty file", "not DICOM", "not a regular file", "zip archive")
CLOSED = "folder that cannot be opened"


@dataclass(frozen=True, eq=False)
class Scan:
    """What was found below a path."""

    name: str
    """Base name of the path."""
    series: tuple[Series, ...]
    """Readable and refused ones, by series number."""
    skipped: tuple[tuple[str, str], ...]
    """Base name of each file that belongs to no series, and of each folder that cannot be opened, and the reason."""
    warnings: tuple[str, ...]

    def chosen(self, uid: str = "", part: int = 0) -> tuple[Series, ...]:
        """Return the readable series, or those with Series Instance UID `uid`, readable or not; of several volumes one by number.

        Raises
        ------
        DicomError
            If there is no such series or volume; or, where none is chosen, if every series is refused: with the reason of each.
        """
        if uid or part:
            found = tuple(series for series in self.series if uid in ("", series.uid))
            if not found:
                raise DicomError(f"{self.name}: none of its {len(self.series)} series has the chosen UID")
            if part:
                found = tuple(series for series in found if series.index == part)
            if not found:
                raise DicomError(f"{self.name}: there is no volume {part} in the series")
            return found
        readable = tuple(series for series in self.series if series.refusal is None)
        if not readable:
            reasons = list(dict.fromkeys(f"{series.name}: {series.refusal}" for series in self.series))
            more = f"; and {len(reasons) - 3} more" if len(reasons) > 3 else ""
            kinds = {type(series.refusal) for series in self.series}
            error = UnsupportedDicomError if kinds == {UnsupportedDicomError} else DicomError
            raise error(f"{self.name}: nothing can be read: " + "; ".join(reasons[:3]) + more)
        return readable

    def to_json(self) -> dict[str, Any]:
        """Everything as `hounsfield info --json` prints it."""
        return {
            "series": [series.describe() for series in self.series],
            "skipped": [{"file": name, "reason": reason} for name, reason in self.skipped],
            "warnings": list(self.warnings),
        }


def scan(path: str | os.PathLike[str], params: ReadParams | None = None) -> Scan:
    """Read the headers of a DICOM file, of every file below a folder or in a zip archive, or of those that a DICOMDIR lists.

    Parameters
    ----------
    path
        File or folder.
    params
        How series will be read: what is refused, split or resampled follows from it.

    Raises
    ------
    DicomError
        If the path does not exist, or no file there is DICOM.
    """
    return finish(scan_steps(path, params))


def scan_steps(path: str | os.PathLike[str], params: ReadParams | None = None) -> Generator[Progress, None, Scan]:
    """Scan stepwise: yields Progress, returns the Scan."""
    root = Path(path)
    if not root.exists():
        raise DicomError(f"{shown(root)}: no such file or folder")
    folder = root.is_dir()
    name = shown(root.absolute())
    params = params or ReadParams()
    try:
        files, closed = _files_of(root, folder)
    except DicomError as error:
        raise DicomError(f"{name}: {error}") from None
    if closed and not files:
        raise DicomError(f"{name}: no DICOM files to be seen: {closed[0][0]} {closed[0][1]}")
    headers: list[Header] = []
    skipped: list[tuple[str, str]] = []
    for i, file in enumerate(files):
        try:
            headers += read_headers(file, params.force)
        except DicomError as error:
            skipped.append((shown(file), str(error)))
        if i % FILES_A_STEP == FILES_A_STEP - 1:
            yield Progress((i + 1) / len(files), f"{i + 1} of {len(files)} headers")
    skipped += closed
    if not headers:
        raise DicomError(f"{name}: {_why_nothing(skipped, folder)}")
    found: list[Series] = []
    for planes in _by_series(headers):
        found += series_of(planes, params)
        yield Progress(1.0, f"{len(found)} series")
    found.sort(key=lambda series: (series.number is None, series.number))
    known = (*NO_DICOM, "DICOMDIR", CLOSED)
    suspects = [file for file, reason in skipped if not reason.startswith(known)]
    warnings = [f"{len(suspects)} DICOM file(s) could not be read: {', '.join(suspects[:5])}."] if suspects else []
    if closed and folder:
        warnings.append(f"{len(closed)} folder(s) could not be opened: {', '.join(folder for folder, _ in closed[:5])}.")
    return Scan(name, tuple(found), tuple(skipped), tuple(warnings))


def _files_of(root: Path, folder: bool) -> tuple[list[Path], list[tuple[str, str]]]:
    """The files that a path stands for, and what is left out of them, with the reason."""
    if folder:
        return _files_below(root)
    if is_regular(root):
        with root.open("rb") as stream:
            head = stream.read(PREAMBLE)
        if is_archive(head):
            return members(root)
        if is_directory_file(root):
            return listed_files(root)
    return [root], []


def _files_below(root: Path) -> tuple[list[Path], list[tuple[str, str]]]:
    """Every file below a folder, and the folders that cannot be looked into, each with the reason."""
    closed: list[tuple[str, str]] = []

    def note(error: OSError) -> None:
        closed.append((shown(Path(error.filename).absolute()), f"{CLOSED} ({error.strerror})"))

    files = sorted(Path(folder, name) for folder, _, names in os.walk(root, onerror=note) for name in names)
    return files, sorted(closed)


def _why_nothing(skipped: list[tuple[str, str]], folder: bool) -> str:
    if not skipped:
        return "empty folder, no DICOM files" if folder else "no DICOM files"
    if len(skipped) == 1 and not folder:
        return skipped[0][1]
    reasons = list(dict.fromkeys(reason for _, reason in skipped))
    return f"no DICOM files among its {len(skipped)} file(s) ({'; '.join(reasons[:3])})"


def _by_series(headers: list[Header]) -> list[tuple[Header, ...]]:
    """Group planes by series and SOP Class; files without Series Instance UID by their folder."""
    groups: dict[tuple[str, str], list[Header]] = {}
    damaged: list[Header] = []
    for header in headers:
        if header.problem and not header.sop_class:
            damaged.append(header)
        else:
            groups.setdefault((header.series_uid or str(header.path.parent), header.sop_class), []).append(header)
    for header in damaged:  # its SOP Class cannot be told: it belongs with whatever has its UID
        uid = header.series_uid or str(header.path.parent)
        home = next((group for (key, _), group in groups.items() if key == uid), None)
        if home is None:
            groups[uid, ""] = [header]
        else:
            home.append(header)
    return [tuple(group) for group in groups.values()]
