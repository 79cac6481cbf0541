"""The process that meshes: `python -m napari_hounsfield.meshes.child` takes labels on its input and sends meshes.

A process of its own, because marching cubes holds the interpreter's lock for as long as it runs, and cannot be stopped. It is
started as a command rather than by `multiprocessing`, which would run a user's script once more on systems that spawn.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.components import Box

from .frames import receive, send
from .meshing import mesh_of


def main(source: IO[bytes], target: IO[bytes]) -> None:
    """Mesh what comes, one class after the other."""
    request = receive(source)
    if request is None:
        return
    facts, arrays = request
    try:
        found = boxes(arrays["labels"], facts["wanted"])
        send(target, {"count": len(found)})
        for value, box in found.items():
            vertices, faces = mesh_of(arrays["labels"][box] == value, arrays["axes"], facts["smoothing"])
            corner = np.array([part.start for part in box], np.float32)
            send(target, {"value": value}, vertices=vertices + corner, faces=faces)
        send(target, {"end": True})
    except MemoryError:
        send(target, {"error": "not enough memory"})


def boxes(labels: NDArray[Any], wanted: Sequence[int]) -> dict[int, Box]:
    """Where the classes lie that occur and are wanted (none named: all), by value."""
    from scipy.ndimage import find_objects

    signed = labels.view(np.int64) if labels.dtype == np.uint64 else labels
    found = {value: box for value, box in enumerate(find_objects(signed), start=1) if box is not None}
    return {value: box for value, box in found.items() if not wanted or value in wanted}


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
