"""Outputs appear whole under their final name, or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from napari_hounsfield.errors import WriteError

from .exchanging import exchange

if TYPE_CHECKING:
    from collections.abc import Iterator

DOUBLE_SUFFIXES = (".nii.gz", ".seg.nrrd", ".rtstruct.dcm", ".sr.dcm", ".ome.zarr")
FOLDERS = (".ome.zarr",)
"""Outputs that are folders of many files."""


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
        If it exists and may not be replaced, is a folder (other than an OME-Zarr), or its folder is missing or read-only.
    """
    target = Path(target)
    if target.is_dir() and not _is_output(target):
        raise WriteError(f"{target.name or target}: is a folder")
    if not target.parent.is_dir():
        raise WriteError(f"{target.name}: its folder does not exist")
    if not overwrite and os.path.lexists(target):
        raise WriteError(f"{target.name}: exists already; ask for overwriting to replace it")
    _probe(target)


def _is_output(folder: Path) -> bool:
    """Whether a folder is itself an output of its name, and holds nothing else that could be lost with it."""
    from .ome_zarr_store import is_zarr

    return full_suffix(folder) in FOLDERS and is_zarr(folder)


def remove(path: Path) -> None:
    """Remove a file, or a folder with what is in it, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _put(temporary: Path, target: Path) -> None:
    """Give what was written its final name; a folder that was there may get the temporary one."""
    if not target.is_dir():
        os.replace(temporary, target)
    elif not exchange(temporary, target):
        _put_in_two_steps(temporary, target)


def _put_in_two_steps(temporary: Path, target: Path) -> None:
    """Replace a folder where names cannot be exchanged: the old one steps aside, to a name that is found if all ends here."""
    old = sibling(target, f"replaced-{secrets.token_hex(3)}")
    os.rename(target, old)
    try:
        os.rename(temporary, target)
    except OSError:
        os.rename(old, target)
        raise
    with suppress(OSError):
        remove(old)


@contextmanager
def atomic_path(target: str | Path, overwrite: bool = False) -> Iterator[Path]:
    """Give a temporary path beside `target`, and move what was written there to `target` at the end.

    The temporary has a name that begins with a dot and the suffix of the target. It is flushed to the disk before it replaces the
    target, and removed when anything is raised. It may be a folder, which replaces a folder: in one step on Linux
    and macOS; elsewhere the old one is called as `ct.replaced-5c0b7f.ome.zarr` between two steps, and is left there by a process
    that is ended between them.

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
        _flush_all(temporary)
        _put(temporary, target)
    except OSError as error:
        raise WriteError(f"{target.name}: not written: {_reason(error)}") from error
    finally:
        with suppress(OSError):
            remove(temporary)
    with suppress(OSError):  # the rename itself; not every system can
        _flush(target.parent)


def _flush_all(path: Path) -> None:
    if path.is_dir() and hasattr(os, "sync"):
        os.sync()  # a folder may hold thousands of files, each of which would be waited for
        return
    for each in [path, *path.rglob("*")] if path.is_dir() else [path]:
        _flush(each)


def _flush(path: Path) -> None:
    """Wait until the content of a file or folder is on the disk."""
    flags = os.O_RDONLY if path.is_dir() or os.name != "nt" else os.O_RDWR
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
