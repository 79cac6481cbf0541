"""Running the process that meshes: started when it is needed, ended with the work or as soon as that is given up."""

from __future__ import annotations

import subprocess
import sys
from collections import deque
from collections.abc import Generator, Sequence
from threading import Thread
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.errors import LabelError
from napari_hounsfield.operation import Progress

from .frames import receive, send
from .meshing import Axes, Mesh

LOOK_EVERY = 0.05
"""Seconds between two looks at what has come; giving up takes as long."""


def meshes_in_process(
    labels: NDArray[Any], wanted: Sequence[int], axes: Axes, smoothing: float
) -> Generator[Progress, None, list[tuple[int, Mesh]]]:
    """Meshes in voxels of the label values that are wanted (none named: all); the process ends with this generator.

    Raises
    ------
    LabelError
        If the other process fails.
    """
    quiet = getattr(subprocess, "CREATE_NO_WINDOW", 0)  # Windows would open a console
    process = subprocess.Popen(
        [sys.executable, "-m", "napari_hounsfield.meshes.child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        creationflags=quiet,
    )
    answers: deque[tuple[dict[str, Any], dict[str, NDArray[Any]]]] = deque()

    def talk() -> None:
        """Write and read, which wait for the other side, in a thread of its own."""
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            send(process.stdin, {"wanted": list(wanted), "smoothing": smoothing}, labels=labels, axes=axes)
            while (answer := receive(process.stdout)) is not None:
                answers.append(answer)
        except (OSError, ValueError):  # it was killed, and its pipes closed
            return

    talking = Thread(target=talk, daemon=True)
    talking.start()
    found: list[tuple[int, Mesh]] = []
    count = 0
    try:
        while True:
            talking.join(LOOK_EVERY)
            done = not talking.is_alive()
            while answers:
                facts, arrays = answers.popleft()
                if "error" in facts:
                    raise LabelError(f"surfaces: {facts['error']}")
                if "end" in facts:
                    return found
                if "count" in facts:
                    count = facts["count"]
                    continue
                found.append((facts["value"], (arrays["vertices"], arrays["faces"])))
            if done:
                raise LabelError("surfaces: the process that computes them has ended; there may not be enough memory")
            yield Progress(len(found) / max(count, 1), "surfaces")
    finally:
        process.kill()
        process.wait()
        talking.join()
        for pipe in (process.stdin, process.stdout):
            _close(pipe)


def _close(pipe: Any) -> None:
    try:
        pipe.close()
    except OSError:  # what was still to be written went to a process that is gone
        return


def contiguous(array: NDArray[Any]) -> NDArray[Any]:
    """Labels as they go through a pipe: in one piece, in this machine's order of bytes."""
    return np.ascontiguousarray(array, array.dtype.newbyteorder("="))
