from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_hounsfield._napari.views.position import centre_with, cut_elsewhere, fitted, merged, snapped, zoomed_centre

NUMBER = st.floats(-500, 500)
PAIR = st.tuples(NUMBER, NUMBER)


def test_only_views_that_cut_the_moved_axis_are_sliced() -> None:
    before, after = (10.0, 20.0, 30.0), (11.0, 20.0, 30.0)
    assert cut_elsewhere(before, after, [0])
    assert not cut_elsewhere(before, after, [1])
    assert not cut_elsewhere(before, after, []), "3D is never sliced"


def test_viewers_of_other_dimensions_share_the_last_axes() -> None:
    assert fitted((5.0, 1.0, 2.0, 3.0), 3, (0.0, 0.0, 0.0)) == (1.0, 2.0, 3.0)
    assert fitted((1.0, 2.0), 3, (9.0, 0.0, 0.0)) == (9.0, 1.0, 2.0)
    assert merged((5.0, 1.0, 2.0, 3.0), (7.0, 8.0, 9.0), [1]) == (5.0, 1.0, 8.0, 3.0)
    assert merged((1.0, 2.0), (7.0, 8.0, 9.0), [0, 2]) == (1.0, 9.0)


@given(st.floats(-1000, 1000), st.floats(-100, 100), st.floats(0.1, 9), st.integers(1, 50))
def test_positions_are_centres_of_voxels_that_are_there(value: float, start: float, step: float, count: int) -> None:
    stop = start + step * (count - 1)
    (at,) = snapped([value], [(start, stop, step)])
    voxels = start + step * np.arange(count)
    assert np.abs(voxels - at).min() < 1e-6
    assert abs(at - value) == pytest.approx(np.abs(voxels - value).min(), abs=1e-6)


@given(PAIR, PAIR, st.floats(0.05, 20))
def test_zoom_keeps_the_position_where_it_is_on_the_canvas(
    centre: tuple[float, ...], point: tuple[float, ...], factor: float
) -> None:
    new = np.array(zoomed_centre(centre, point, factor))
    assert (np.array(point) - new) * factor == pytest.approx(np.array(point) - centre, abs=1e-6)


@given(PAIR, PAIR, st.tuples(st.floats(1, 900), st.floats(1, 900)))
def test_position_is_in_sight_afterwards(centre: tuple[float, ...], point: tuple[float, ...], size: tuple[float, ...]) -> None:
    new = centre_with(centre, point, size)
    assert (np.abs(np.array(point) - new) <= np.array(size) / 2).all()
    assert new in (centre, point)
