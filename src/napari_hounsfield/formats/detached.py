"""Voxels in a file of their own, beside the header that names it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_hounsfield.errors import FormatError

if TYPE_CHECKING:
    from pathlib import Path


def detached(path: Path, entry: str) -> Path:
    """The file of the voxels that the header in `path` calls `entry`.

    Raises
    ------
    FormatError
        If it is missing, outside the folder of the header (which may not name any file of the computer), or a list of files.
    """
    folder = path.parent.resolve()
    target = (folder / entry).resolve()
    if entry.upper().startswith("LIST") or "%" in entry:
        raise FormatError(f"{path.name}: its voxels are spread over several files; not supported")
    if not target.is_relative_to(folder):
        raise FormatError(f"{path.name}: its voxels are said to lie outside its folder")
    if not target.is_file():
        raise FormatError(f"{path.name}: its voxels, {target.name}, are missing")
    return target
