"""Where to paint next: where doubt is largest, and nothing is painted."""

import numpy as np

from napari_hounsfield.pixels.next_place import PlaneDoubt, next_place, plane_doubt


def sureness(*places, shape=(60, 80)):
    """Sure everywhere but in squares of 11 at some places, by their doubt."""
    plane = np.ones(shape, np.float32)
    for y, x, doubt in places:
        plane[y - 5 : y + 6, x - 5 : x + 6] = 1 - doubt
    return plane


def test_the_most_doubtful_region_is_found():
    found = plane_doubt(sureness((20, 30, 0.5), (45, 60, 0.9)), region=11)
    assert abs(found.centre[0] - 45) <= 1
    assert abs(found.centre[1] - 60) <= 1
    (top, bottom), (left, right) = found.region
    assert (bottom - top, right - left) == (11, 11)
    assert found.doubt > 0.85


def test_what_is_painted_is_avoided():
    painted = np.zeros((60, 80), bool)
    painted[45, 50:70] = True
    found = plane_doubt(sureness((20, 30, 0.5), (45, 60, 0.9)), painted, region=5)
    assert abs(found.centre[0] - 20) <= 4
    assert plane_doubt(sureness((20, 30, 0.5)), np.ones((60, 80), bool)).doubt == 0


def test_padding_is_no_doubt():
    plane = sureness((20, 30, 0.5))
    plane[:, 50:] = 0
    valid = np.ones(plane.shape, bool)
    valid[:, 50:] = False
    found = plane_doubt(plane, None, valid)
    assert found.centre[1] < 50
    assert found.total < 0.05


def test_regions_are_millimetres():
    found = plane_doubt(sureness((20, 30, 0.5)), spacing=(0.5, 1.0), region=12)
    (top, bottom), (left, right) = found.region
    assert (bottom - top, right - left) == (24, 12)


def test_the_most_doubtful_slice_is_chosen_and_suggestions_spread():
    planes = {z: PlaneDoubt(d, (z, z), ((0, 1), (0, 1)), t) for z, d, t in [(0, 0.5, 0.1), (1, 0.55, 0.12), (2, 0.1, 0.02)]}
    first = next_place(planes)
    assert (first.z, first.y, first.x) == (1, 1, 1)
    assert next_place(planes, {1: 200, 2: 5}).z == 0
    assert next_place({}) is None
    assert next_place({0: PlaneDoubt(0.0, (0, 0), ((0, 1), (0, 1)), 0.0)}) is None
