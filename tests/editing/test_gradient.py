"""The gradient's length on lattices of every kind."""

from __future__ import annotations

import numpy as np
import pytest

import napari_hounsfield as nh
from napari_hounsfield.editing import gradient
from napari_hounsfield.editing.gradient import gradient_length
from napari_hounsfield.operation import finish

from .conftest import AFFINE, OBLIQUE


@pytest.mark.parametrize("affine", [AFFINE, OBLIQUE])
@pytest.mark.parametrize("sigma", [0.0, 1.5])
@pytest.mark.parametrize("slab", [1, 1_000_000])
def test_of_a_slope_in_the_patient(affine, sigma, slab, monkeypatch):
    monkeypatch.setattr(gradient, "SLAB_VOXELS", slab)
    shape = (14, 30, 30)
    positions = nh.Grid(shape, affine).positions(np.argwhere(np.ones(shape, bool))).reshape(*shape, 3)
    values = positions @ (3.0, -4.0, 12.0)
    box = (slice(4, 10), slice(10, 20), slice(11, 19))
    found = finish(gradient_length(values, box, nh.Grid(shape, affine), sigma))
    np.testing.assert_allclose(found, 13, rtol=1e-4)


def test_of_one_slice():
    values = np.tile(np.arange(9.0) * 2, (1, 9, 1))
    found = finish(gradient_length(values, (slice(0, 1), slice(2, 7), slice(2, 7)), nh.Grid((1, 9, 9), AFFINE), 0))
    np.testing.assert_allclose(found, 2, rtol=1e-5)
