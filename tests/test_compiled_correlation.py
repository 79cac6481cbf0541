"""Compiled correlation against scipy.ndimage."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import correlate1d

from napari_hounsfield.feature_maps.gaussian_kernels import correlated
from napari_hounsfield.operation import finish


@pytest.mark.parametrize("shape", [(2, 1, 1), (1, 3, 200), (2, 70, 5), (1, 131, 257)])
@pytest.mark.parametrize("length", [3, 5, 9, 41])
@pytest.mark.parametrize("axis", [1, 2])
def test_equals_scipy(shape: tuple[int, int, int], length: int, axis: int) -> None:
    random = np.random.default_rng(length)
    array = random.normal(size=shape).astype(np.float32)
    half = random.normal(size=length // 2 + 1)
    for kernel in (np.concatenate([half[:0:-1], half]), np.concatenate([-half[:0:-1], half]), random.normal(size=length)):
        assert np.allclose(finish(correlated(array, kernel, axis)), correlate1d(array, kernel, axis, mode="reflect"), 1e-7, 1e-7)
