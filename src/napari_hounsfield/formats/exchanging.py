"""Two files or folders exchange their names in one step, where the system can: Linux (`renameat2`) and macOS (`renamex_np`)."""

from __future__ import annotations

import ctypes
import os
import sys
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

_HERE = -100
"""AT_FDCWD: paths are relative to the working directory."""
_EXCHANGE = 2
"""RENAME_EXCHANGE of Linux, RENAME_SWAP of macOS."""


@cache
def _library() -> Any:
    try:
        return ctypes.CDLL(None, use_errno=True)
    except (OSError, TypeError):  # Windows has no such library
        return None


def exchange(one: Path, other: Path) -> bool:
    """Give each of two paths the name of the other, and tell whether it was done; otherwise nothing has changed."""
    first, second = os.fsencode(one), os.fsencode(other)
    if sys.platform == "linux" and hasattr(_library(), "renameat2"):
        failed: int = _library().renameat2(_HERE, first, _HERE, second, _EXCHANGE)
    elif sys.platform == "darwin" and hasattr(_library(), "renamex_np"):
        failed = _library().renamex_np(first, second, _EXCHANGE)
    else:
        return False
    return failed == 0
