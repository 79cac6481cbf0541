"""What flows: volumes, label maps, features and segmentations, and what each refuses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import napari_hounsfield as nh
from napari_hounsfield.results import as_label_map

AFFINE = nh.axial_affine((3, 0.7, 0.8))
LABELS = hnp.arrays(
    st.sampled_from([np.uint8, np.int16, np.uint16, np.int64]),
    hnp.array_shapes(min_dims=3, max_dims=3),
    elements=st.integers(0, 100),
)


class TestVolume:
    @pytest.mark.parametrize(
        ("axes", "shape"), [("zyx", (2, 3, 4)), ("tzyx", (5, 2, 3, 4)), ("zyxc", (2, 3, 4, 3)), ("tzyxc", (5, 2, 3, 4, 3))]
    )
    def test_grid_of_every_kind_of_axes(self, axes, shape):
        volume = nh.Volume(np.zeros(shape, np.int16), AFFINE, axes=axes)
        assert volume.grid.shape == (2, 3, 4)
        assert volume.spacing == pytest.approx((3, 0.7, 0.8))

    @pytest.mark.parametrize(
        ("array", "axes", "reason"),
        [
            (np.zeros((2, 3)), "zyx", "dimensions"),
            (np.zeros((2, 3, 4)), "xyz", "axes"),
            (np.zeros((0, 3, 4)), "zyx", "no image"),
            (np.zeros((2, 3, 4), complex), "zyx", "no image"),
            (np.zeros((2, 3, 4), bool), "zyx", "no image"),
            (np.array([[["a"]]]), "zyx", "no image"),
        ],
    )
    def test_what_is_no_image_is_refused(self, array, axes, reason):
        with pytest.raises(nh.IntensityError, match=reason):
            nh.Volume(array, AFFINE, axes=axes)

    def test_valid_of_another_shape_is_refused(self):
        with pytest.raises(nh.GridError, match="valid has shape"):
            nh.Volume(np.zeros((2, 3, 4)), AFFINE, valid=np.ones((2, 3, 5), bool))

    def test_the_array_is_shared_and_a_memory_map_stays_one(self, tmp_path):
        array = np.memmap(tmp_path / "a", np.int16, "w+", shape=(2, 3, 4))
        volume = nh.Volume(array, AFFINE)
        assert volume.array is array
        assert isinstance(volume.like(array, unit="HU").array, np.memmap)
        assert volume.like(array, unit="HU").unit == "HU"

    def test_scanned_values(self):
        array = np.array([[[-2000, 1], [2, 3]]], np.int16)
        assert sorted(nh.Volume(array, AFFINE).scanned()) == [-2000, 1, 2, 3]
        assert sorted(nh.Volume(array, AFFINE, valid=array > -2000).scanned()) == [1, 2, 3]

    def test_scanned_values_of_times_and_channels(self):
        valid = np.array([[[True, False], [True, True]]])
        times = nh.Volume(np.arange(8).reshape(2, 1, 2, 2), AFFINE, axes="tzyx", valid=valid)
        assert sorted(times.scanned()) == [0, 2, 3, 4, 6, 7]
        colours = nh.Volume(np.arange(12).reshape(1, 2, 2, 3), AFFINE, axes="zyxc", valid=valid)
        assert sorted(colours.scanned()) == [0, 1, 2, 6, 7, 8, 9, 10, 11]

    def test_scalar_and_finite_inside_the_scanned_field(self):
        array = np.array([[[np.nan, 1.0]], [[2.0, 3.0]]])
        nh.Volume(array, AFFINE, valid=np.isfinite(array)).require_scalar()
        with pytest.raises(nh.IntensityError, match="CT 4: 1 voxels of slice 0"):
            nh.Volume(array, AFFINE, name="CT 4").require_scalar()
        with pytest.raises(nh.IntensityError, match="colours"):
            nh.Volume(np.zeros((1, 2, 2, 3)), AFFINE, axes="zyxc").require_scalar()

    def test_the_representation_holds_no_identifier(self):
        source = nh.Source("1.2.840.99", (Path("/home/someone/patient/IM1"),))
        shown = repr(nh.Volume(np.zeros((1, 1, 1)), AFFINE, frame_of_reference="1.2.840.77", source=source))
        assert "1.2.840" not in shown
        assert "someone" not in shown


class TestLabelMap:
    @given(LABELS)
    def test_whole_numbers_of_any_type_are_kept(self, array):
        assert nh.LabelMap(array, AFFINE).array is array
        whole = nh.LabelMap(array.astype(np.float32), AFFINE).array
        assert whole.dtype.kind == "i"
        assert np.array_equal(whole, array)

    def test_a_mask_is_a_label_map(self):
        labels = nh.LabelMap(np.array([[[True, False]]]), AFFINE)
        assert labels.array.dtype == np.uint8
        assert labels.values() == [0, 1]

    @pytest.mark.parametrize("bad", [0.5, np.nan, np.inf, 3e9])
    def test_values_that_are_not_whole_are_refused(self, bad):
        with pytest.raises(nh.LabelError, match="strokes: values are not whole"):
            nh.LabelMap(np.full((1, 2, 2), bad), AFFINE, name="strokes")

    def test_other_dimensions_and_types_are_refused(self):
        with pytest.raises(nh.LabelError, match="2 dimensions"):
            nh.LabelMap(np.zeros((2, 2), int), AFFINE)
        with pytest.raises(nh.LabelError, match="holds no labels"):
            nh.LabelMap(np.zeros((1, 2, 2), complex), AFFINE)

    @given(LABELS)
    def test_values_occur_or_have_a_name(self, array):
        assert nh.LabelMap(array, AFFINE, classes={200: "named"}).values() == [*np.unique(array).tolist(), 200]

    def test_names(self):
        labels = nh.LabelMap(np.zeros((1, 1, 1), int), AFFINE, classes={"2": "lung", np.int64(1): "heart"})
        assert list(labels.classes.items()) == [(1, "heart"), (2, "lung")]
        assert [labels.class_name(v) for v in (0, 1, 5)] == ["background", "heart", "label 5"]

    @given(LABELS, st.sets(st.integers(0, 2)))
    def test_on_another_grid_of_the_same_lattice(self, array, axes):
        affine = AFFINE.copy()
        for axis in axes:
            affine[:3, 3] += affine[:3, axis] * (array.shape[axis] - 1)
            affine[:3, axis] *= -1
        flipped = nh.LabelMap(np.flip(array, tuple(axes)), affine, classes={1: "lung"}, name="mine")
        back = flipped.on(nh.Grid(array.shape, AFFINE, "1.2.3"))
        assert np.array_equal(back.array, array)
        assert np.array_equal(back.affine, AFFINE)
        assert (back.classes, back.name, back.frame_of_reference) == ({1: "lung"}, "mine", "1.2.3")

    def test_on_another_lattice_is_refused_by_name(self):
        with pytest.raises(nh.GridError, match="strokes: grids differ"):
            nh.LabelMap(np.zeros((1, 2, 2), int), AFFINE, name="strokes").on(nh.Grid((1, 2, 3), AFFINE))

    def test_whatever_stands_for_labels(self):
        grid = nh.Grid((1, 2, 2), AFFINE)
        labels = nh.LabelMap(np.ones((1, 2, 2), int), AFFINE)
        for data in (labels, nh.Segmentation(labels), labels.array, labels.array.tolist()):
            assert np.array_equal(as_label_map(data, grid).array, labels.array)


class TestFeatures:
    def test_one_name_a_map(self):
        features = nh.Features(np.zeros((2, 3, 4, 5), np.float32), ["a", "b"], AFFINE)
        assert features.names == ("a", "b")
        assert features.grid.shape == (3, 4, 5)
        with pytest.raises(nh.IntensityError, match="1 names do not fit"):
            nh.Features(np.zeros((2, 3, 4, 5), np.float32), ["a"], AFFINE)


def test_records_are_added_to_a_copy():
    record = nh.Record("window", {"lower": -1000}, "1.0")
    labels = nh.LabelMap(np.zeros((1, 1, 1), int), AFFINE)
    for data in (nh.Volume(np.zeros((1, 1, 1)), AFFINE), labels, nh.Segmentation(labels)):
        recorded = data.with_record(record)
        assert recorded.history == (record,)
        assert data.history == ()
        assert type(recorded) is type(data)


def test_samples_hold_their_test_part():
    labels = nh.LabelMap(np.zeros((1, 1, 1), int), AFFINE)
    samples = nh.Samples(np.ones((1, 1, 1), int), AFFINE, classes={1: "lung"}, test=labels)
    assert samples.test is labels
    assert samples.on(samples.grid).test is not None


def test_an_image_is_no_label_map():
    with pytest.raises(nh.LabelError, match=r"ct: negative values"):
        nh.LabelMap(np.array([[[-1000, 40]]], np.int16), np.eye(4), name="ct")


def test_a_time_point_is_a_volume_of_its_own():
    array = np.arange(24.0).reshape(2, 3, 2, 2)
    volume = nh.Volume(array, AFFINE, axes="tzyx", name="MR 4", unit="HU")
    point = volume.time_point(1)
    np.testing.assert_array_equal(point.array, array[1])
    assert (point.axes, point.name, point.unit) == ("zyx", "MR 4 time 2", "HU")
    for wrong, index in ((volume, 2), (volume, -1), (point, 0)):
        with pytest.raises(nh.HounsfieldError, match="no time point"):
            wrong.time_point(index)
