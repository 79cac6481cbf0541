"""`clean` against plain scipy, its invariants, and lungs from a threshold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

import napari_hounsfield as nh

AFFINE = nh.axial_affine((3.0, 1.0, 1.0))
NOTHING = {"drop_border": False, "minimum_share": 0, "keep": 0, "minimum_ml": 0, "fill_holes": "none"}


def labels(array, classes=None):
    return nh.LabelMap(np.asarray(array), AFFINE, classes=classes or {})


def only(**changes):
    return nh.CleanParams(**{**NOTHING, **changes})


def maps(high=3):
    shapes = st.tuples(st.integers(1, 5), st.integers(1, 9), st.integers(1, 9))
    return shapes.flatmap(lambda s: hnp.arrays(np.uint8, s, elements=st.integers(0, high)))


settings = st.builds(
    nh.CleanParams,
    drop_border=st.booleans(),
    minimum_share=st.sampled_from([0, 0.1, 0.5, 1]),
    keep=st.integers(0, 3),
    minimum_ml=st.sampled_from([0, 0.006, 0.02]),
    fill_holes=st.sampled_from(["volume", "slices", "none"]),
)


@given(maps(), settings)
def test_invariants(array, params):
    before = array.copy()
    cleaned = nh.clean(labels(array), params)
    after = cleaned.array
    assert np.array_equal(array, before)
    assert after.dtype == array.dtype
    assert np.array_equal(cleaned.affine, AFFINE)
    for value in range(1, 4):
        ours, theirs = array == value, after == value
        solid = {"none": ours, "volume": ndimage.binary_fill_holes(ours)}
        solid["slices"] = np.array([ndimage.binary_fill_holes(plane) for plane in ours])
        assert not (theirs & ~solid[params.fill_holes]).any()  # adds holes and nothing else
    assert np.array_equal(nh.clean(cleaned, params).array, after)  # twice changes nothing more


@given(maps(), settings)
def test_no_class_takes_a_voxel_that_another_keeps(array, params):
    """Where a class keeps its voxels when cleaned alone, it keeps them beside others."""
    after = nh.clean(labels(array), params).array
    for value in range(1, 4):
        alone = nh.clean(labels(np.where(array == value, array, 0)), params).array
        kept = (alone == value) & (array == value)
        assert np.array_equal(kept, (after == value) & (array == value))


@given(maps(1))
def test_largest_part_equals_scipy(array):
    parts, count = ndimage.label(array)
    expected = parts == np.bincount(parts.ravel(), minlength=2)[1:].argmax() + 1 if count else np.zeros(array.shape, bool)
    assert np.array_equal(nh.clean(labels(array), only(keep=1)).array, expected)


@given(maps(1))
def test_border_equals_scipy(array):
    parts, _ = ndimage.label(array)
    touching = np.concatenate([parts[:, [0, -1]].ravel(), parts[:, :, [0, -1]].ravel()])
    expected = (parts > 0) & ~np.isin(parts, touching)
    assert np.array_equal(nh.clean(labels(array), only(drop_border=True)).array, expected)


@given(maps(1))
def test_holes_equal_scipy(array):
    assert np.array_equal(nh.clean(labels(array), only(fill_holes="volume")).array, ndimage.binary_fill_holes(array))
    planes = [ndimage.binary_fill_holes(p) for p in array]
    assert np.array_equal(nh.clean(labels(array), only(fill_holes="slices")).array, planes)


@given(maps(1), st.sampled_from([0.1, 0.5, 1.0]), st.sampled_from([0, 0.006, 0.02]))
def test_share_and_volume_equal_scipy(array, share, minimum):
    parts, count = ndimage.label(array)
    sizes = ndimage.sum_labels(array, parts, range(count + 1))
    expected = array & ((sizes >= share * sizes.max()) & (sizes * 3 / 1000 >= minimum - 1e-12))[parts]
    assert np.array_equal(nh.clean(labels(array), only(minimum_share=share, minimum_ml=minimum)).array, expected)


def test_a_part_is_measured_with_its_holes():
    array = np.zeros((1, 9, 16), int)
    array[0, 1:8, 1:8] = 1
    array[0, 2:7, 2:7] = 0  # a frame of 24 voxels round 25
    array[0, 1:7, 10:15] = 1  # 30 voxels
    kept = nh.clean(labels(array), only(keep=1, fill_holes="slices")).array
    assert kept[0, 1:8, 1:8].all()
    assert kept.sum() == 49
    assert nh.clean(labels(array), only(keep=1)).array[0, 1:7, 10:15].all()


def test_a_hole_goes_to_the_class_that_encloses_it_most_closely():
    array = np.zeros((1, 11, 11), int)
    array[0, 1:10, 1:10] = 1
    array[0, 3:8, 3:8] = 2
    array[0, 5, 5] = 0
    assert nh.clean(labels(array), only(fill_holes="slices")).array[0, 5, 5] == 2
    swapped = np.array([0, 2, 1])[array]
    assert nh.clean(labels(swapped), only(fill_holes="slices")).array[0, 5, 5] == 1


def test_an_island_that_is_dropped_inside_another_class_becomes_that_class():
    array = np.zeros((1, 12, 12), int)
    array[0, 1:11, 1:11] = 1
    array[0, 3, 3] = 2
    array[0, 6:10, 6:10] = 2
    cleaned = nh.clean(labels(array), only(minimum_share=0.5, fill_holes="slices")).array
    assert cleaned[0, 3, 3] == 1
    assert (cleaned[0, 6:10, 6:10] == 2).all()


def test_holes_of_a_volume_and_of_its_slices():
    tube = np.ones((3, 5, 5), int)
    tube[:, 2, 2] = 0
    assert nh.clean(labels(tube), only(fill_holes="volume")).array.sum() == 3 * 24
    assert nh.clean(labels(tube), only(fill_holes="slices")).array.sum() == 3 * 25


def test_the_ends_of_the_stack_are_no_border():
    column = np.zeros((3, 5, 5), int)
    column[:, 2, 2] = 1
    assert nh.clean(labels(column)).array.sum() == 3


def test_values_of_any_type():
    array = np.zeros((1, 5, 5), np.int32)
    array[0, 2, 1:3] = 7
    array[0, 2, 3] = 100_000
    array[0, 0, 0] = 100_000
    cleaned = nh.clean(labels(array)).array
    assert sorted(np.unique(cleaned)) == [0, 7, 100_000]
    assert cleaned[0, 0, 0] == 0


def test_names_source_and_record():
    data = nh.LabelMap(np.zeros((1, 3, 3), np.uint8), AFFINE, classes={1: "lung"}, source=nh.Source("1.2.3"), name="draft")
    cleaned = nh.clean(nh.Segmentation(data), nh.CleanParams(keep=2))
    assert (cleaned.classes, cleaned.source, cleaned.name) == ({1: "lung"}, data.source, "draft")
    assert cleaned.history[-1].operation == "clean"
    assert cleaned.history[-1].parameters == nh.CleanParams(keep=2).model_dump(mode="json")


def test_flipped_and_read_only_arrays():
    array = np.random.default_rng(0).integers(0, 3, (4, 9, 9)).astype(np.uint8)
    array.setflags(write=False)
    params = only(minimum_share=0.5, drop_border=True, fill_holes="slices")
    expected = nh.clean(labels(array), params).array
    assert np.array_equal(nh.clean(labels(array[:, ::-1]), params).array, expected[:, ::-1])


def test_steps_can_be_closed_and_leave_the_labels_alone():
    data = labels(np.ones((4, 6, 6), np.uint8))
    fractions = [p.fraction for p in nh.clean.steps(data)]
    assert fractions == sorted(fractions)
    assert 0 <= fractions[0] <= fractions[-1] <= 1
    steps = nh.clean.steps(data)
    for _ in range(3):
        next(steps)
    steps.close()
    assert data.array.all()


def test_lungs_from_a_threshold_of_a_real_chest(shared_data):
    """Below -500 HU lie the lungs, the airway and the air around the body; the default clean-up leaves the lungs."""
    nrrd = pytest.importorskip("nrrd")
    folder = shared_data / "01_chest_ct_lung_labels" / "Testing" / "Data" / "Input"
    image, header = nrrd.read(str(folder / "ct-64.nrrd"))
    lungs, _ = nrrd.read(str(folder / "wholeLung-64.nrrd"))
    affine = nh.axial_affine(np.abs(np.diag(header["space directions"]))[::-1])
    mask = nh.LabelMap((image < -500).T, affine, classes={1: "lung"})
    reference = nh.LabelMap(lungs.T, affine, classes={1: "lung"})
    found = nh.evaluate(nh.clean(mask), reference, nh.EvaluateParams(surface=False)).classes[0]
    assert found.dice > 0.98
    assert nh.evaluate(mask, reference, nh.EvaluateParams(surface=False)).classes[0].dice < 0.7
