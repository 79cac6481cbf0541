"""The tissue tables: the disjoint one, and the overlapping one of the seed paper."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import napari_hounsfield as nh
from napari_hounsfield.intensity import SEED_TISSUES, TISSUES, nearest_tissue


def draft_of(*values, **params):
    volume = nh.Volume(np.array([[values]], np.float32), np.eye(4), unit="HU")
    draft = nh.classes(volume, nh.ClassesParams(method="table", **params))
    return [draft.labels.class_name(int(v)) for v in draft.labels.array.ravel()], draft.sureness.ravel()


@given(st.lists(st.floats(-3000, 3000, width=32), min_size=1, max_size=20))
def test_every_value_goes_to_the_tissue_that_holds_it_or_lies_nearest(values):
    assert draft_of(*values)[0] == [nearest_tissue(v) for v in values]


def test_sureness_falls_towards_the_border_between_tissues():
    _, sure = draft_of(-700, -520, -501, 60, 140, 149)
    assert sure[0] > sure[1] > sure[2]
    assert sure[3] > sure[4] > sure[5]


def test_between_two_ranges_nothing_is_sure():
    assert not draft_of(-499, -300, -160)[1].any()


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (-2500, "padding"),
        (0, "water"),
        (20, "cerebrospinal fluid"),
        (30, "muscle"),
        (35, "kidney"),
        (42, "blood"),
        (48, "liver"),
        (60, "liver"),
        (1200, "skeleton"),
    ],
)
def test_where_the_ranges_of_the_seed_paper_overlap_the_narrowest_holds(value, name):
    (found,), (sure,) = draft_of(value, table="seed")
    assert found == name
    several = sum(t.lower <= value <= t.upper for t in SEED_TISSUES) > 1
    assert not (several and sure), "where several tissues hold a value, none is sure"


def test_the_preset_of_the_seed_paper_is_its_table():
    volume = nh.Volume(np.array([[[40, 60]]], np.int16), np.eye(4), unit="HU")
    draft = nh.classes(volume, nh.ClassesParams.from_preset("seed"))
    assert list(draft.labels.classes.values()) == [t.name for t in SEED_TISSUES]
    assert list(nh.classes(volume).labels.classes.values()) == [t.name for t in TISSUES]
