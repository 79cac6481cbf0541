"""Where to paint next: where doubt is largest, and nothing is painted."""

import numpy as np
import pytest

from napari_hounsfield.pixels.next_place import PlaneDoubt, next_place, plane_doubt


def sureness(*places, shape=(60, 80)):
    """Sure everywhere but in squares of 11 at some places, by their doubt."""
    plane = np.ones(shape, np.float32)
    for y, x, doubt in places:
        plane[y - 5 : y + 6, x - 5 : x + 6] = 1 - doubt
    return plane


def test_doubtful_regions_are_found_and_the_more_doubtful_one_more_often():
    plane = sureness((20, 30, 0.5), (45, 60, 0.9))
    found = [plane_doubt(plane, region=11, seed=seed) for seed in range(60)]
    for place in found:
        (top, bottom), (left, right) = place.region
        assert (bottom - top, right - left) == (11, 11)
        assert place.doubt == pytest.approx(1 - plane[top:bottom, left:right].mean(), abs=1e-5)
        assert place.doubt > 0
    assert 0.8 < np.mean([place.centre[0] > 33 for place in found]) < 1  # 0.9^4 / (0.9^4 + 0.5^4) = 0.91
    assert plane_doubt(plane, region=11, seed=7) == found[7]


def test_what_is_painted_is_avoided():
    painted = np.zeros((60, 80), bool)
    painted[45, 50:70] = True
    found = plane_doubt(sureness((20, 30, 0.5), (45, 60, 0.9)), painted, region=5)
    assert abs(found.centre[0] - 20) <= 8
    assert plane_doubt(sureness((20, 30, 0.5)), np.ones((60, 80), bool)).doubt == 0


def test_padding_is_no_doubt():
    plane = sureness((20, 30, 0.5))
    plane[:, 50:] = 0
    valid = np.ones(plane.shape, bool)
    valid[:, 50:] = False
    found = plane_doubt(plane, None, valid)
    assert found.centre[1] < 50
    assert found.weight > 0


def test_regions_are_millimetres():
    found = plane_doubt(sureness((20, 30, 0.5)), spacing=(0.5, 1.0), region=12)
    (top, bottom), (left, right) = found.region
    assert (bottom - top, right - left) == (24, 12)


def test_doubtful_slices_are_drawn_and_suggestions_spread():
    weights = {0: 1.0, 1: 8.0, 2: 1.0, 3: 0.0}
    planes = {z: PlaneDoubt(0.5 * (w > 0), (z, z), ((0, 1), (0, 1)), w) for z, w in weights.items()}
    drawn = [next_place(planes, seed) for seed in range(100)]
    assert {place.z for place in drawn} == {0, 1, 2}
    assert 60 < sum(place.z == 1 for place in drawn) < 95
    assert all((place.y, place.x, place.doubt) == (place.z, place.z, 0.5) for place in drawn)
    assert next_place(planes, 3) == drawn[3]
    assert next_place({}) is None
    assert next_place({3: planes[3]}) is None
