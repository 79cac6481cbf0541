import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.transform import downscale_local_mean

from napari_hounsfield.images.shrinking import in_matrix


def test_whole_factors_are_means_of_blocks():
    image = np.random.default_rng(0).random((24, 36, 12)).astype(np.float32)
    np.testing.assert_allclose(in_matrix(image, (8, 9, 12)), downscale_local_mean(image, (3, 4, 1)), atol=1e-6)


@given(st.integers(2, 70), st.integers(2, 70), st.integers(0, 9))
def test_shrinking_keeps_the_mean_and_growing_stays_between(size, wanted, seed):
    image = np.random.default_rng(seed).random((size, size)).astype(np.float32)
    found = in_matrix(image, (wanted, wanted))
    assert found.shape == (wanted, wanted)
    assert image.min() - 1e-6 <= found.min() <= found.max() <= image.max() + 1e-6
    if wanted <= size:
        assert found.mean() == pytest.approx(image.mean(), abs=1e-5)


def test_what_is_finer_than_the_matrix_turns_grey():
    board = (np.indices((96, 96)).sum(axis=0) % 2).astype(np.float32)
    assert np.ptp(in_matrix(board, (40, 40))) < 0.2


def test_a_ramp_stays_a_ramp_when_it_grows():
    ramp = np.arange(8, dtype=np.float32)[None]
    np.testing.assert_allclose(in_matrix(ramp, (1, 16))[0, 1:-1], np.arange(1, 15) / 2 - 0.25, atol=1e-6)
