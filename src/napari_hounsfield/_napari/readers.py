"""napari's readers: small files are read at once, large ones in a thread that adds the layers, with progress."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .layers import LayerTuple

Paths = str | Sequence[str]
Reader = Callable[[Paths], "list[LayerTuple] | list[tuple[None]]"]

AT_ONCE = 24_000_000
"""Bytes that are read within a moment on the main thread; more would freeze the viewer."""
NOTHING_YET: list[tuple[None]] = [(None,)]
"""napari's way to say that layers come later."""
LOOKED_AT = 64
"""Files of a folder that are opened to see whether it holds DICOM."""


def dicom_reader(path: Paths) -> Reader | None:
    """Reader for DICOM files and for folders that hold some; None for other folders."""
    first = Path(path if isinstance(path, str) else path[0])
    return read_dicom if first.is_file() or _holds_dicom(first) else None


def volume_reader(path: Paths) -> Reader:
    """Reader for NIfTI, NRRD and MetaImage."""
    return read_volumes


def _holds_dicom(folder: Path) -> bool:
    """Whether one of the first files has DICOM's mark, or ends like one."""
    looked = 0
    for file in sorted(folder.rglob("*")):
        if looked == LOOKED_AT:
            break
        if not file.is_file() or file.name.startswith("."):
            continue
        looked += 1
        if file.suffix.lower() in (".dcm", ".dicom", ".ima") or file.name == "DICOMDIR":
            return True
        with file.open("rb") as stream:
            if stream.read(132)[128:] == b"DICM":
                return True
    return False


def read_dicom(path: Paths) -> list[LayerTuple] | list[tuple[None]]:
    """Open the one series at a path; with several, the *Open DICOM* dock asks which."""
    from .opening import open_series, scan_paths

    paths = [Path(path)] if isinstance(path, str) else [Path(p) for p in path]
    return _read(paths, lambda: scan_paths(paths), open_series)


def read_volumes(path: Paths) -> list[LayerTuple] | list[tuple[None]]:
    """Read files of one volume or label map each."""
    from .opening import read_files, tuples_of

    paths = [Path(path)] if isinstance(path, str) else [Path(p) for p in path]
    return _read(paths, lambda: read_files(paths), tuples_of)


def _read(paths: list[Path], steps: Callable[[], Any], finish: Callable[[Any], Any]) -> Any:
    raise NotImplementedError
