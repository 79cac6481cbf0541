"""Label maps for edits."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import napari_hounsfield as nh

AFFINE = nh.axial_affine((3.0, 1.0, 1.0))
OBLIQUE = np.array([[0.2, 0, 0.9, 5], [0.1, 0.8, 0, -3], [1.9, 0.4, 0, 1], [0, 0, 0, 1]])
"""A sheared grid, as a tilted gantry gives, whose spacing is about (1.9, 0.9, 0.9)."""


def labelled(array, classes=None, affine=AFFINE):
    """A label map whose classes 1 to 3 have names."""
    return nh.LabelMap(np.asarray(array), affine, classes or {1: "one", 2: "two", 3: "three"})


def maps(high=3, side=9, depth=6):
    """Small maps of blocks and single voxels; some of one slice."""
    shapes = st.tuples(st.integers(1, depth), st.integers(1, side), st.integers(1, side))
    return shapes.flatmap(lambda s: hnp.arrays(np.uint8, s, elements=st.integers(0, high)))


def ball(shape, centre, radius, spacing=(3.0, 1.0, 1.0)):
    """Voxels within a radius in mm of a voxel."""
    axes = [(np.arange(n) - c) * s for n, c, s in zip(shape, centre, spacing, strict=True)]
    z, y, x = np.meshgrid(*axes, indexing="ij")
    return z**2 + y**2 + x**2 <= radius**2
