"""DICOMDIR: the files that the directory of a medium lists (DICOM PS3.3 annex F, PS3.10 section 8)."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from .archive import archive_of, members
from .directory_records import file_ids
from .files import shown

LEAVES = "listed in DICOMDIR by a path that leaves its folder"
GONE = "listed in DICOMDIR, but not there"
AMBIGUOUS = "listed in DICOMDIR, but several files fit its name"
DAMAGED = "records are damaged or cut off: there may be files that it no longer lists"
_ENDINGS = ("", ".dcm", ".", ";1")
"""What copying tools append to the name of a file."""


def listed_files(path: Path) -> tuple[list[Path], list[tuple[str, str]]]:
    """Files that a DICOMDIR lists, each once and in its order, and what it lists in vain: base name and reason.

    File IDs are paths below the folder of the DICOMDIR, in capitals; where a copy changed that, or appended `.dcm`, the file is
    found all the same, if only one fits.

    Raises
    ------
    DicomError
        If it cannot be opened, or its records cannot be read; the message is the bare reason.
    """
    found: dict[Path, None] = {}
    skipped: dict[tuple[str, str], None] = {}
    folder = _Folder(path)
    ids, complete = file_ids(path)
    for file_id in ids:
        parts = [part.strip(" \0") for part in re.split(r"[\\/]", file_id.rstrip(" \0"))]
        file, reason = folder.find(parts)
        if file is None:
            skipped[shown(Path(parts[-1] or "file")), reason] = None
        else:
            found[file] = None
    if not complete:
        skipped[shown(path), DAMAGED] = None
    return list(found), list(skipped)


class _Names:
    """Names in one folder, by how they are written and by how they may have been changed."""

    def __init__(self, names: Iterable[str]) -> None:
        self.exact = set(names)
        self.folded: dict[str, list[str]] = {}
        for name in sorted(self.exact):
            self.folded.setdefault(name.casefold(), []).append(name)

    def fitting(self, wanted: str, endings: tuple[str, ...]) -> list[str]:
        if wanted in self.exact:
            return [wanted]
        return [name for ending in endings for name in self.folded.get(wanted.casefold() + ending, ())]


class _Folder:
    """The folder of a DICOMDIR, on a disk or in a zip archive, each of its subfolders listed once."""

    def __init__(self, path: Path) -> None:
        archive = None if path.is_file() else archive_of(path)
        self.root = path.parent
        self.real = None if archive else self.root.resolve()
        self.listed: Callable[[Path], Iterable[str]] = _names_on_disk if archive is None else _names_in(archive)
        self.known: dict[Path, _Names] = {}

    def find(self, parts: list[str]) -> tuple[Path | None, str]:
        """The file that path components lead to; or None, and the reason."""
        if any(part in ("", "..") or ":" in part or "\0" in part for part in parts):
            return None, LEAVES
        at = self.root
        for i, part in enumerate(parts):
            if at not in self.known:
                self.known[at] = _Names(self.listed(at))
            fitting = self.known[at].fitting(part, _ENDINGS if i == len(parts) - 1 else _ENDINGS[:1])
            if len(fitting) != 1:
                return None, AMBIGUOUS if fitting else GONE
            at /= fitting[0]
        if self.real and not at.resolve().is_relative_to(self.real):  # through a symbolic link
            return None, LEAVES
        return at, ""


def _names_on_disk(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _names_in(archive: Path) -> Callable[[Path], Iterable[str]]:
    tree: dict[Path, set[str]] = {}
    for member in members(archive)[0]:
        for inner in (member, *member.parents):
            if inner == archive or inner.name in tree.setdefault(inner.parent, set()):
                break
            tree[inner.parent].add(inner.name)
    return lambda folder: tree.get(folder, ())
