"""Outputs appear whole under their final name, or not at all."""

from __future__ import annotations

import os
import secrets
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from napari_hounsfield.errors import WriteError

if TYPE_CHECKING:
    from collections.abc import Iterator

DOUBLE_SUFFIXES = (".nii.gz", ".seg.nrrd", ".rtstruct.dcm", ".sr.dcm")


def full_suffix(path: str | Path) -> str:
    """Lower-case suffix of a file name, those of two parts, as `.nii.gz`, counting as one."""
    name = Path(path).name.lower()
    return next((s for s in DOUBLE_SUFFIXES if name.endswith(s)), Path(name).suffix)


def sibling(path: str | Path, word: str, suffix: str = "") -> Path:
    """`lung.nii.gz` and `test` give `lung.test.nii.gz` in the same folder; `suffix` replaces the suffix."""
    path = Path(path)
    own = full_suffix(path)
    stem = path.name[: len(path.name) - len(own)]
    return path.with_name(f"{stem}.{word}{suffix or own}")


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()


def _probe(target: Path) -> Path:
    """A free dot-named path beside `target`, in whose folder a file could just now be made."""
    temporary = target.with_name(f".hounsfield-{secrets.token_hex(6)}{full_suffix(target)}")
    try:
        with open(temporary, "xb"):
            pass
        temporary.unlink()
    except OSError as error:
        raise WriteError(f"{target.name}: cannot be written: {_reason(error)}") from None
    return temporary


def check_target(target: str | Path, overwrite: bool = False) -> None:
    """Raise before a long computation if its result could not be written.

    Parameters
    ----------
    target
        Path of the output.
    overwrite
        Whether an existing file may be replaced.

    Raises
    ------
    WriteError
        If it exists and may not be replaced, is a folder, or its folder is missing or read-only.
    """
    target = Path(target)
    if target.is_dir():
        raise WriteError(f"{target.name or target}: is a folder")
    if not target.parent.is_dir():
        raise WriteError(f"{target.name}: its folder does not exist")
    if not overwrite and os.path.lexists(target):
        raise WriteError(f"{target.name}: exists already; ask for overwriting to replace it")
    _probe(target)


@contextmanager
def atomic_path(target: str | Path, overwrite: bool = False) -> Iterator[Path]:
    """Give a temporary path beside `target`, and move what was written there to `target` at the end.

    The temporary has a name that begins with a dot and the suffix of the target. It is flushed to the disk before it replaces the
    target, and removed when anything is raised.

    Raises
    ------
    WriteError
        As `check_target`, before the body runs; or when the disk is full, the body wrote nothing, or the system refuses.
    """
    target = Path(target)
    check_target(target, overwrite)
    temporary = _probe(target)
    try:
        yield temporary
        _flush(temporary)
        os.replace(temporary, target)
    except OSError as error:
        raise WriteError(f"{target.name}: not written: {_reason(error)}") from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
    with suppress(OSError):  # the rename itself; not every system can
        _flush(target.parent)


def _flush(path: Path) -> None:
    """Wait until the content of a file or folder is on the disk."""
    flags = os.O_RDONLY if path.is_dir() or os.name != "nt" else os.O_RDWR
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
