"""How a command ends when something went wrong: one line that names the input and the reason, and an exit status."""

from __future__ import annotations

import os
import traceback
from pathlib import Path

from napari_hounsfield.errors import HounsfieldError

from .console import printable

_PACKAGE = Path(__file__).parent.parent


def ending(error: BaseException) -> tuple[int, str]:
    """Exit status and line for an error: 2 for what the user can mend, 1 for a mistake of ours."""
    line = _reason(error)
    if line is not None:
        return 2, printable(" ".join(line.split()))
    return 1, f"unexpected {type(error).__name__} {_place(error)}; the option --traceback shows more"


def _reason(error: BaseException) -> str | None:
    if isinstance(error, HounsfieldError):
        return str(error)
    if isinstance(error, MemoryError):
        return f"not enough memory: {error}" if str(error) else "not enough memory"
    if isinstance(error, OSError):
        reason = error.strerror or type(error).__name__
        name = error.filename if isinstance(error.filename, str | bytes) else ""
        return f"{os.path.basename(os.fsdecode(name).rstrip(os.sep))}: {reason}" if name else reason
    if type(error).__name__ == "ValidationError" and hasattr(error, "errors"):
        from pydantic import ValidationError

        from .options import describe

        return describe(error) if isinstance(error, ValidationError) else None
    return None


def _place(error: BaseException) -> str:
    """The last of our own lines on the way; no message, which may hold what stands in the file."""
    ours = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(_PACKAGE)]
    return f"in {Path(ours[-1].filename).relative_to(_PACKAGE).as_posix()}, line {ours[-1].lineno}" if ours else ""
