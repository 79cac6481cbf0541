"""`measure` against SimpleITK's and scikit-image's label statistics."""

from __future__ import annotations

import json

import numpy as np
import pytest
import SimpleITK
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from skimage.measure import regionprops

import napari_hounsfield as nh

AFFINE = nh.axial_affine((3.0, 0.7, 0.8))


@st.composite
def scan_and_labels(draw):
    shape = draw(hnp.array_shapes(min_dims=3, max_dims=3, max_side=6))
    kind, values = draw(st.sampled_from([(np.int16, st.integers(-1024, 3000)), (np.float32, st.floats(-1000, 1000, width=32))]))
    return draw(hnp.arrays(kind, shape, elements=values)), draw(hnp.arrays(np.uint8, shape, elements=st.integers(0, 3)))


@given(scan_and_labels())
def test_equals_simpleitk_and_scikit_image(case):
    array, labels = case
    found = nh.measure(nh.Volume(array, AFFINE, unit="HU"), nh.LabelMap(labels, AFFINE)).classes
    image, label_image = SimpleITK.GetImageFromArray(array.astype(np.float64)), SimpleITK.GetImageFromArray(labels)
    for each in (image, label_image):
        each.SetSpacing((0.8, 0.7, 3.0))
    statistics = SimpleITK.LabelStatisticsImageFilter()
    statistics.Execute(image, label_image)
    regions = {r.label: r for r in regionprops(labels, intensity_image=array.astype(np.float64))}
    assert [c.label for c in found] == (sorted(regions) or [0])
    for c in found:
        if c.label == 0:
            continue
        n = statistics.GetCount(c.label)
        assert c.voxels == n == regions[c.label].area
        assert c.volume_ml == pytest.approx(n * 3.0 * 0.7 * 0.8 / 1000, abs=1e-9)
        assert c.mean == pytest.approx(statistics.GetMean(c.label), abs=1e-9)
        assert c.mean == pytest.approx(regions[c.label].intensity_mean, abs=1e-9)
        assert c.sd == pytest.approx(regions[c.label].intensity_std, abs=1e-9)
        if n > 1:  # theirs divides by n - 1
            assert c.sd == pytest.approx(statistics.GetSigma(c.label) * np.sqrt((n - 1) / n), abs=1e-6)
        assert (c.min, c.max) == (statistics.GetMinimum(c.label), statistics.GetMaximum(c.label))
        assert c.median == np.median(array[labels == c.label].astype(np.float64))


def test_padding_is_left_out():
    array = np.array([[[-2000, 10, 20, -2000]]], np.int16)
    volume = nh.Volume(array, AFFINE, unit="HU", valid=array > -2000)
    body, outside = nh.measure(volume, nh.LabelMap(np.array([[[1, 1, 1, 2]]]), AFFINE)).classes
    assert (body.voxels, body.mean, body.sd, body.median, body.min, body.max) == (2, 15, 5, 15, 10, 20)
    assert body.volume_ml == pytest.approx(2 * 3.0 * 0.7 * 0.8 / 1000)
    assert (body.box_start_voxels, body.box_stop_voxels) == ((0, 0, 1), (1, 1, 3))
    assert (outside.voxels, outside.volume_ml) == (0, 0)
    assert outside.mean is outside.surface_mm2 is None
    assert outside.reasons["mean"] == "all voxels lie outside the scanned field"


def test_not_a_number_in_padding_is_no_obstacle_and_in_the_field_an_error():
    array = np.array([[[np.nan, 10.0, 20.0]]])
    labels = nh.LabelMap(np.ones((1, 1, 3), int), AFFINE)
    assert nh.measure(nh.Volume(array, AFFINE, valid=np.isfinite(array)), labels).classes[0].mean == 15
    with pytest.raises(nh.IntensityError, match="NaN"):
        nh.measure(nh.Volume(array, AFFINE), labels)


def test_empty_class_is_null_with_reason():
    volume = nh.Volume(np.zeros((1, 1, 2)), AFFINE)
    found = nh.measure(volume, nh.LabelMap(np.array([[[0, 1]]]), AFFINE, classes={1: "lung", 2: "nodule"}))
    document = found.to_json()
    json.dumps(document, allow_nan=False)
    lung, nodule = document["classes"]
    assert (lung["name"], lung["sd"]) == ("lung", 0)
    assert (nodule["voxels"], nodule["volume_ml"], nodule["mean"]) == (0, 0, None)
    assert {key for key, value in nodule.items() if value is None} == set(nodule["reasons"])


def test_background_is_measured_when_asked_or_alone():
    volume = nh.Volume(np.zeros((1, 1, 2)), AFFINE)
    labels = nh.LabelMap(np.array([[[0, 1]]]), AFFINE, classes={0: "background", 1: "lung"})
    assert [c.label for c in nh.measure(volume, labels).classes] == [1]
    assert [c.label for c in nh.measure(volume, labels, nh.MeasureParams(background=True)).classes] == [0, 1]
    assert [c.label for c in nh.measure(volume, nh.LabelMap(np.zeros((1, 1, 2), int), AFFINE)).classes] == [0]


@given(scan_and_labels(), st.sets(st.integers(0, 2)))
def test_labels_stored_flipped_are_matched_by_geometry(case, axes):
    array, labels = case
    volume = nh.Volume(array, AFFINE)
    affine = AFFINE.copy()
    for axis in axes:
        affine[:3, 3] += affine[:3, axis] * (labels.shape[axis] - 1)
        affine[:3, axis] *= -1
    flipped = nh.LabelMap(np.flip(labels, tuple(axes)), affine)
    assert nh.measure(volume, flipped).to_json() == nh.measure(volume, nh.LabelMap(labels, AFFINE)).to_json()


def test_volume_of_sheared_voxels_is_the_determinant():
    affine = AFFINE.copy()
    affine[1, 0] = 1.5
    labels = nh.LabelMap(np.ones((2, 2, 2), int), affine)
    (one,) = nh.measure(nh.Volume(np.zeros((2, 2, 2)), affine), labels).classes
    assert one.volume_ml == pytest.approx(8 * 3 * 0.7 * 0.8 / 1000)


def test_bad_input():
    labels = nh.LabelMap(np.ones((1, 2, 2), int), AFFINE)
    with pytest.raises(nh.GridError, match="grids differ"):
        nh.measure(nh.Volume(np.zeros((1, 2, 3)), AFFINE), labels)
    with pytest.raises(nh.IntensityError, match="^image: has colours"):
        nh.measure(nh.Volume(np.zeros((1, 2, 2, 3)), AFFINE, axes="zyxc"), labels)


def test_the_image_is_not_changed_and_the_unit_is_named():
    array = np.random.default_rng(0).normal(size=(3, 4, 5)).astype(np.float32)
    before = array.copy()
    found = nh.measure(nh.Volume(array, AFFINE, unit="SUV"), nh.LabelMap(np.ones(array.shape, int), AFFINE))
    assert np.array_equal(array, before)
    assert found.unit == found.to_json()["unit"] == "SUV"
    assert "mean (SUV)" in found.table()[0]
    assert found.history[-1].parameters == nh.MeasureParams().model_dump(mode="json")
