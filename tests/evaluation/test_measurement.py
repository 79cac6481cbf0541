"""`measure` against SimpleITK's and scikit-image's label statistics."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
import SimpleITK
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from skimage.measure import regionprops

import napari_hounsfield as nh
from napari_hounsfield import components

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
    with pytest.raises(nh.IntensityError, match="has colours"):
        nh.measure(nh.Volume(np.zeros((1, 2, 2, 3)), AFFINE, axes="zyxc"), labels)


def test_the_image_is_not_changed_and_the_unit_is_named():
    array = np.random.default_rng(0).normal(size=(3, 4, 5)).astype(np.float32)
    before = array.copy()
    found = nh.measure(nh.Volume(array, AFFINE, unit="SUV"), nh.LabelMap(np.ones(array.shape, int), AFFINE))
    assert np.array_equal(array, before)
    assert found.unit == found.to_json()["unit"] == "SUV"
    assert "mean (SUV)" in found.table()[0]
    assert found.history[-1].parameters == nh.MeasureParams().model_dump(mode="json")


def nodules():
    """Two classes in an image of noise: one of three parts that touch at edges only, and one of a single part."""
    labels = np.zeros((6, 9, 9), np.uint8)
    labels[1:3, 1:3, 1:3] = labels[3:6, 3:6, 3:6] = 1
    labels[0, 8, 8] = 1
    labels[1:5, 7, 1:7] = 4
    array = np.random.default_rng(0).normal(50, 20, labels.shape)
    volume = nh.Volume(array, AFFINE, unit="HU")
    return volume, nh.LabelMap(labels, AFFINE, {1: "nodule", 2: "never", 4: "vessel"})


def test_objects_are_the_face_connected_parts_largest_first():
    volume, labels = nodules()
    found = nh.measure(volume, labels, nh.MeasureParams(objects=True))
    assert [(c.name, c.objects) for c in found.classes] == [("nodule", 3), ("never", 0), ("vessel", 1)]
    assert [(o.label, o.object, o.voxels) for o in found.objects] == [(1, 1, 27), (1, 2, 8), (1, 3, 1), (4, 1, 24)]
    largest = found.objects[0]
    inside = volume.array[3:6, 3:6, 3:6]
    assert (largest.mean, largest.sd) == (pytest.approx(inside.mean()), pytest.approx(inside.std()))
    assert (largest.box_start_voxels, largest.box_stop_voxels) == ((3, 3, 3), (6, 6, 6))
    assert largest.centroid_mm == pytest.approx((4 * 0.8, 4 * 0.7, 4 * 3.0))
    alone = nh.measure(volume, nh.LabelMap(labels.array == 4, AFFINE, {1: "vessel"})).classes[0].to_json()
    vessel = found.objects[-1].to_json()
    for key in alone.keys() & vessel.keys() - {"label", "reasons"}:
        assert vessel[key] == alone[key], key


def test_the_largest_objects_where_there_are_many():
    volume, labels = nodules()
    found = nh.measure(volume, labels, nh.MeasureParams(objects=True, most_objects=1))
    assert [c.objects for c in found.classes] == [3, 0, 1]
    assert [(o.label, o.voxels) for o in found.objects] == [(1, 27), (4, 24)]


def test_objects_as_json_and_as_a_second_table():
    volume, labels = nodules()
    plain, found = nh.measure(volume, labels), nh.measure(volume, labels, nh.MeasureParams(objects=True))
    document = found.to_json()
    json.dumps(document, allow_nan=False)
    assert "objects" not in plain.to_json()
    assert [list(record)[:4] for record in document["objects"]] == [["label", "name", "object", "voxels"]] * 4
    for record in document["classes"] + document["objects"] + plain.to_json()["classes"]:
        assert {key for key, value in record.items() if value is None} == set(record["reasons"])
    lines = found.table()
    assert lines.index("") == 4  # a header and three classes before
    assert lines[0].split()[:4] == ["label", "name", "objects", "voxels"]
    assert lines[5].split()[:4] == ["label", "name", "object", "voxels"]
    assert len(lines) == 5 + 1 + 4
    assert plain.table()[0].split()[:3] == ["label", "name", "voxels"]
    nothing = nh.LabelMap(np.zeros(labels.array.shape, int), AFFINE, {1: "nodule"})
    assert nh.measure(volume, nothing, nh.MeasureParams(objects=True)).table()[-2:] == ["", "no object"]


def test_shape_is_left_out_when_not_asked_for():
    found = nh.measure(*nodules(), nh.MeasureParams(shape=False)).classes[0]
    assert found.surface_mm2 is found.diameter_mm is None
    assert found.reasons["surface_mm2"] == "not asked for"
    assert found.centroid_mm is not None


def test_csv_holds_every_figure(tmp_path):
    volume, labels = nodules()
    found = nh.measure(volume, labels, nh.MeasureParams(objects=True, bin_width=100))
    nh.write(tmp_path / "objects.csv", [o.to_json() for o in found.objects])
    nh.write(tmp_path / "classes.csv", found)
    with open(tmp_path / "objects.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["object"] for row in rows] == ["1", "2", "3", "1"]
    assert float(rows[0]["diameter_mm"]) == found.objects[0].diameter_mm
    assert [float(v) for v in rows[0]["centroid_mm"].split()] == list(found.objects[0].centroid_mm)
    assert float(rows[0]["histogram.width"]) == 100
    with open(tmp_path / "classes.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows[:3]] == ["nodule", "never", "vessel"]
    assert [row["object"] for row in rows[3:]] == ["1", "2", "3", "1"]


@pytest.mark.parametrize("kind", [np.uint8, np.int64, np.uint64, ">i2", bool])
def test_labels_of_every_kind_of_number(kind):
    volume = nh.Volume(np.arange(8.0).reshape(2, 2, 2).astype(">f4"), AFFINE)
    labels = np.zeros((2, 2, 2), kind)
    labels[1] = 1
    assert [(c.label, c.mean, c.voxels) for c in nh.measure(volume, nh.LabelMap(labels, AFFINE)).classes] == [(1, 5.5, 4)]


def test_labels_of_great_values():
    volume = nh.Volume(np.arange(8.0).reshape(2, 2, 2), AFFINE)
    labels = np.full((2, 2, 2), 3_000_000_000, np.uint32)
    labels[0] = 7
    assert [(c.label, c.mean) for c in nh.measure(volume, nh.LabelMap(labels, AFFINE)).classes] == [
        (7, 1.5),
        (3_000_000_000, 5.5),
    ]


def test_parts_in_slabs_and_in_one_go_are_the_same(monkeypatch):
    random = np.random.default_rng(0)
    volume = nh.Volume(random.normal(size=(9, 8, 7)).astype(np.float32), AFFINE, valid=random.random((9, 8, 7)) < 0.9)
    labels = nh.LabelMap(random.integers(0, 3, (9, 8, 7), np.uint8), AFFINE)
    params = nh.MeasureParams(objects=True)
    at_once = nh.measure(volume, labels, params).to_json()
    monkeypatch.setattr(components, "SLAB_VOXELS", 60)
    assert nh.measure(volume, labels, params).to_json() == at_once


def test_cancelled_anywhere_it_ends():
    params = nh.MeasureParams(objects=True, bin_width=50)
    fractions = [progress.fraction for progress in nh.measure.steps(*nodules(), params)]
    assert fractions == sorted(fractions)
    assert 0 <= fractions[0] <= fractions[-1] <= 1
    for taken in range(1, len(fractions), 7):
        steps = nh.measure.steps(*nodules(), params)
        for _ in range(taken):
            next(steps)
        steps.close()
        assert next(steps, None) is None
