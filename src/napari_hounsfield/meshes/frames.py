"""Arrays through a pipe between two processes of ours: a line of JSON, then the bytes; no pickle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray


def send(stream: IO[bytes], facts: Mapping[str, Any], **arrays: NDArray[Any]) -> None:
    """Write facts and arrays."""
    shapes = {name: [array.dtype.str, array.shape] for name, array in arrays.items()}
    stream.write(json.dumps({"facts": facts, "arrays": shapes}).encode() + b"\n")
    for array in arrays.values():
        stream.write(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    stream.flush()


def receive(stream: IO[bytes]) -> tuple[dict[str, Any], dict[str, NDArray[Any]]] | None:
    """Read what `send` wrote; None where the other end has closed."""
    line = stream.readline()
    if not line.endswith(b"\n"):
        return None
    head = json.loads(line)
    arrays = {}
    for name, (kind, shape) in head["arrays"].items():
        array = np.empty(shape, np.dtype(kind))
        left = array.reshape(-1).view(np.uint8).data
        while left.nbytes:
            count = stream.readinto(left)  # type: ignore[attr-defined]
            if not count:
                return None
            left = left[count:]
        arrays[name] = array
    return head["facts"], arrays
