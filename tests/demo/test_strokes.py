import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from napari_hounsfield.demo.strokes import StrokeParams, draw_strokes
from napari_hounsfield.errors import LabelError
from napari_hounsfield.grid import axial_affine
from napari_hounsfield.volume import LabelMap

AFFINE = axial_affine((3, 1, 1))


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1000), slices=st.integers(1, 5), voxels=st.integers(6, 400), width=st.integers(1, 4))
def test_strokes_lie_in_their_class_on_few_slices_and_are_few(phantom, seed, slices, voxels, width):
    strokes = draw_strokes(phantom.reference, StrokeParams(seed=seed, slices=slices, voxels=voxels, width=width))
    painted = strokes.array > 0
    np.testing.assert_array_equal(strokes.array[painted], phantom.reference.array[painted])
    assert 0 < painted.sum() <= voxels
    assert painted.any(axis=(1, 2)).sum() <= slices
    assert strokes.classes == phantom.reference.classes


def test_every_class_gets_its_share(phantom):
    strokes = draw_strokes(phantom.reference, StrokeParams(seed=3))
    counts = np.bincount(strokes.array.ravel(), minlength=7)[1:]
    assert counts.sum() <= 300
    assert counts.min() >= 40


def test_same_seed_same_strokes_other_seed_others(phantom):
    first, again, other = (draw_strokes(phantom.reference, StrokeParams(seed=s)).array for s in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_strokes_are_connected_lines_away_from_the_border():
    labels = np.ones((1, 80, 80), np.uint8)
    labels[:, 20:60, 20:60] = 2
    strokes = draw_strokes(
        LabelMap(labels, AFFINE, {1: "a", 2: "b"}), StrokeParams(slices=1, voxels=60, length=20, margin=4, width=1)
    )
    for value in (1, 2):
        painted = strokes.array == value
        depth = ndimage.distance_transform_edt(np.pad(labels[0] == value, 1))[1:-1, 1:-1]
        assert depth[painted[0]].min() >= 4
        _, parts = ndimage.label(painted[0], np.ones((3, 3)))
        assert parts <= 3 < painted.sum()


def test_thin_class_is_painted_too():
    labels = np.ones((3, 30, 30), np.uint8)
    labels[1, 5:25, 14] = 2
    strokes = draw_strokes(LabelMap(labels, AFFINE, {1: "wide", 2: "thin"}), StrokeParams(voxels=40, margin=5))
    assert (strokes.array == 2).sum() >= 5


def test_background_is_painted_under_a_number_of_its_own():
    labels = np.zeros((4, 20, 20), np.uint8)
    labels[:, 5:15, 5:15] = 3
    named = draw_strokes(LabelMap(labels, AFFINE, {0: "background", 3: "lung"}))
    assert named.classes == {3: "lung", 4: "background"}
    assert (labels[named.array == 4] == 0).all()
    assert (named.array == 4).any()
    unnamed = draw_strokes(LabelMap(labels, AFFINE, {3: "lung"}))
    assert unnamed.values() == [0, 3]


def test_nothing_to_paint_is_refused():
    empty = LabelMap(np.zeros((2, 4, 4), np.uint8), AFFINE, name="empty.nii.gz")
    with pytest.raises(LabelError, match=r"empty\.nii\.gz"):
        draw_strokes(empty)
    many = LabelMap(np.arange(1, 33, dtype=np.uint8).reshape(2, 4, 4), AFFINE)
    with pytest.raises(LabelError, match="32 classes"):
        draw_strokes(many, StrokeParams(voxels=10))
