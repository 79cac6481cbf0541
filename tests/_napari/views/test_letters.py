from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest
from nibabel.orientations import aff2axcodes
from tests._napari.views.conftest import KINDS, turned

import napari_hounsfield as nh
from napari_hounsfield._napari.placement import WORLD_OF_PATIENT, place
from napari_hounsfield._napari.views.letters import Edges, axis_letters, common, edge_letters

RAS_OF_LPS = np.diag([-1, -1, 1, 1])


@pytest.mark.parametrize("kind", KINDS)
def test_letters_are_those_of_nibabel(kind: str) -> None:
    placement = place(nh.Volume(np.zeros((4, 5, 6), np.int16), turned(kind)).grid)
    patient_from_shown = np.linalg.inv(placement.world) @ placement.matrix
    opposite = dict(("RL", "LR", "AP", "PA", "FH", "HF"))  # pairs of letters
    leads_to = aff2axcodes(RAS_OF_LPS @ patient_from_shown, labels=(("L", "R"), ("P", "A"), ("F", "H")))
    assert axis_letters(placement.world) == tuple((opposite[end], end) for end in leads_to)


def test_axial_hangs_as_radiologists_have_it() -> None:
    assert edge_letters(WORLD_OF_PATIENT, (1, 2)) == Edges("A", "P", "R", "L")
    assert edge_letters(WORLD_OF_PATIENT, (0, 2), ("up", "right")) == Edges("H", "F", "R", "L")
    assert edge_letters(WORLD_OF_PATIENT, (0, 1), ("up", "right")) == Edges("H", "F", "A", "P")


@pytest.mark.parametrize("displayed", list(permutations(range(3), 2)))
def test_opposite_edges_have_opposite_letters_however_turned(displayed: tuple[int, int]) -> None:
    plain = edge_letters(WORLD_OF_PATIENT, displayed)
    assert edge_letters(WORLD_OF_PATIENT, displayed[::-1]) == Edges(plain.left, plain.right, plain.top, plain.bottom)
    for vertical, horizontal in product(("up", "down"), ("left", "right")):
        turned_view = edge_letters(WORLD_OF_PATIENT, displayed, (vertical, horizontal))
        assert {turned_view.top, turned_view.bottom} == {plain.top, plain.bottom}
        assert (turned_view.top == plain.top) == (vertical == "down")
        assert (turned_view.left == plain.left) == (horizontal == "right")


def test_layers_that_disagree_leave_an_edge_blank() -> None:
    one, other = Edges("A", "P", "R", "L"), Edges("A", "P", "L", "R")
    assert common([one, one]) == one
    assert common([one, other]) == Edges("A", "P", "", "")
    assert common([]) == Edges()
