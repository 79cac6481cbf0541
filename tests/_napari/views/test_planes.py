from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from napari_hounsfield._napari.views.planes import AXIAL, CORONAL, PLANES, SAGITTAL, plane_across, upright


def test_orders_are_permutations_with_the_normal_before_the_rows() -> None:
    assert [plane.order(3) for plane in PLANES] == [(0, 1, 2), (1, 0, 2), (2, 0, 1)]
    assert CORONAL.order(4) == (0, 2, 1, 3)
    assert CORONAL.order(2) == (0, 1)


@pytest.mark.parametrize("ndim", [3, 4, 5])
def test_plane_is_known_by_the_axis_that_is_cut(ndim: int) -> None:
    for plane in (AXIAL, CORONAL, SAGITTAL):
        order = plane.order(ndim)
        assert plane_across(order) is plane
        assert plane_across((*order[:-2], order[-1], order[-2])) is plane, "transposed"
    assert plane_across((0, 1)) is None
    assert plane_across((1, 2, 0, 3)) is None, "time is cut last"


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_3d_is_not_mirrored_and_the_head_is_up_in_planes(order: tuple[int, ...]) -> None:
    depth, vertical, horizontal = upright(order)
    assert (vertical == "up") == (order[1] == 0)
    assert horizontal == "right"
    # Where the displayed axes lead on the screen (right, up, towards the viewer), as napari documents its orientation.
    screen = {"away": (0, 0, -1), "towards": (0, 0, 1), "up": (0, 1, 0), "down": (0, -1, 0), "right": (1, 0, 0)}
    patient = {0: (0, 0, 1), 1: (0, 1, 0), 2: (1, 0, 0)}  # S, P, L as L, P, S
    on_screen = np.array([screen[depth], screen[vertical], screen[horizontal]])
    in_patient = np.array([patient[axis] for axis in order])
    assert np.linalg.det(on_screen) == pytest.approx(np.linalg.det(in_patient)), "LPS is right-handed, and so is the screen"
