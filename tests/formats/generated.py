"""Affines and voxels of every kind, for round trips."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from napari_hounsfield import axial_affine

AFFINE = axial_affine((3, 0.7, 0.8), (-100.5, 20, -300))
TYPES = ["u1", "i1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8", ">i2", ">f4", "f2"]


@st.composite
def affines(draw: st.DrawFn) -> np.ndarray:
    """Axial, oblique, permuted, descending or sheared, far from the origin and near it."""
    spacing = [draw(st.floats(0.2, 8)) for _ in range(3)]
    rotation = np.linalg.qr(np.array(draw(st.lists(st.floats(-1, 1), min_size=9, max_size=9))).reshape(3, 3) + 2 * np.eye(3))[0]
    columns = (rotation if draw(st.booleans()) else np.eye(3))[:, draw(st.permutations(range(3)))] * spacing
    columns = columns * [draw(st.sampled_from([1, -1])) for _ in range(3)]
    if draw(st.booleans()):
        columns[:, 0] += draw(st.floats(-0.6, 0.6)) * columns[:, 1]
    affine = np.eye(4)
    affine[:3, :3] = columns
    affine[:3, 3] = [draw(st.floats(-2000, 2000)) for _ in range(3)]
    return affine


def voxels(dtype: str, shape: tuple[int, ...] = (3, 4, 5), seed: int = 0) -> np.ndarray:
    kind = np.dtype(dtype)
    random = np.random.default_rng(seed)
    if kind.kind == "f":
        return random.normal(0, 500, shape).astype(kind)
    info = np.iinfo(kind)
    return random.integers(info.min, info.max, shape, endpoint=True, dtype=kind.newbyteorder("=")).astype(kind)
