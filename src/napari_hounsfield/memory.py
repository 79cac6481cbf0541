"""How much memory this process can still take."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path


def available_memory() -> int | None:
    """Bytes that can be taken without swapping, by the system and by the limits of a container; None where that is not told."""
    found = [figure for figure in (_of_system(), _of_container()) if figure is not None]
    return min(found, default=None)


def _of_system(path: Path = Path("/proc/meminfo")) -> int | None:
    for line in _lines(path):
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return None


def _of_container(folder: Path = Path("/sys/fs/cgroup")) -> int | None:
    """What is left of a control group's limit (version 2); pages of files can be dropped, so they count as free."""
    limit, used = (next(iter(_lines(folder / name)), "") for name in ("memory.max", "memory.current"))
    if not (limit.isdigit() and used.isdigit()):
        return None
    figures = dict(line.split() for line in _lines(folder / "memory.stat"))
    return max(0, int(limit) - int(used) + int(figures.get("inactive_file", 0)))


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeError):
        return []


def restart_peak() -> None:
    """Let `peak_memory` begin anew, where the system can (Linux)."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def peak_memory() -> int | None:
    """Most bytes that this process has held since `restart_peak`, or at all; None where the system does not tell (Windows)."""
    for line in _lines(Path("/proc/self/status")):
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    try:
        import resource
    except ImportError:
        return None
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return held if sys.platform == "darwin" else held * 1024
