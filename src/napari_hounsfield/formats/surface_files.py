"""Surfaces as STL or PLY, both binary, in patient mm (L, P, S), for printing and for other viewers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.errors import WriteError

if TYPE_CHECKING:
    from napari_hounsfield.meshes.mesh import Surfaces


def write_stl(path: Path, surfaces: Surfaces) -> None:
    """Write the triangles of all classes; STL knows neither names nor colours."""
    corners = np.concatenate([part.vertices[part.faces] for part in surfaces.parts])
    rows = np.zeros(len(corners), [("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    rows["normal"] = normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    rows["corners"] = corners
    header = b"napari-hounsfield, patient mm (L, P, S)".ljust(80)
    _write(path, header + np.uint32(len(rows)).tobytes(), rows)


def write_ply(path: Path, surfaces: Surfaces) -> None:
    """Write vertices and triangles, each vertex with the value of its class; comments name the classes."""
    vertices = np.zeros(sum(len(part.vertices) for part in surfaces.parts), [("at", "<f4", 3), ("label", "<i4")])
    vertices["at"] = np.concatenate([part.vertices for part in surfaces.parts])
    vertices["label"] = np.repeat([part.label for part in surfaces.parts], [len(part.vertices) for part in surfaces.parts])
    starts = np.cumsum([0, *(len(part.vertices) for part in surfaces.parts)])
    faces = np.zeros(sum(len(part.faces) for part in surfaces.parts), [("count", "u1"), ("corners", "<i4", 3)])
    faces["count"] = 3
    faces["corners"] = np.concatenate([part.faces + start for part, start in zip(surfaces.parts, starts, strict=False)])
    names = [f"comment label {part.label} {' '.join(part.name.split())}" for part in surfaces.parts]
    lines = [
        "ply", "format binary_little_endian 1.0", "comment patient mm (L, P, S)", *names,
        f"element vertex {len(vertices)}", *(f"property float {axis}" for axis in "xyz"), "property int label",
        f"element face {len(faces)}", "property list uchar int vertex_indices", "end_header",
    ]  # fmt: skip
    _write(path, ("\n".join(lines) + "\n").encode("ascii", "replace"), vertices, faces)


def _write(path: Path, header: bytes, *arrays: NDArray[Any]) -> None:
    with path.open("wb") as file:
        file.write(header)
        for array in arrays:
            file.write(array.tobytes())
    if path.stat().st_size != len(header) + sum(array.nbytes for array in arrays):
        raise WriteError("not written: the disk may be full")
