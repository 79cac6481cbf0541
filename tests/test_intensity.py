"""Windows and thresholds do what their tables say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

import napari_hounsfield as nh
from napari_hounsfield.intensity import TISSUES, WINDOWS


def ct(values, **kwargs):
    array = np.asarray(values)
    return nh.Volume(array.reshape((1,) * (3 - array.ndim) + array.shape), nh.axial_affine((3, 1, 1)), unit="HU", **kwargs)


def test_default_window_of_ct():
    result = nh.window(ct([[-3024, -1000, -300, 400, 3000]]))
    np.testing.assert_allclose(result.array[0, 0], [0, 0, 0.5, 1, 1])
    assert result.unit == ""
    assert result.array.dtype == np.float32


def test_seed_window_is_equation_of_the_paper():
    result = nh.window(ct([[-2001, -2000, -750, 500, 501]]), nh.WindowParams(preset="seed"))
    np.testing.assert_allclose(result.array[0, 0], [0, 0, 0.5, 1, 1])


def test_window_without_hu_uses_robust_percentiles():
    values = np.arange(2000, dtype=np.float32).reshape(1, 40, 50)
    volume = nh.Volume(values, np.eye(4), unit="stored value")
    resolved = nh.WindowParams().resolve(volume)
    assert (resolved.lower, resolved.upper) == pytest.approx(np.percentile(values, (0.5, 99.5)))
    assert resolved.resolve(volume) == resolved


def test_padding_does_not_move_the_percentiles():
    values = np.linspace(0, 100, 400, dtype=np.float32).reshape(1, 20, 20)
    valid = np.ones(values.shape, bool)
    padded = values.copy()
    padded[0, :5], valid[0, :5] = -2000, False
    resolved = nh.WindowParams().resolve(nh.Volume(padded, np.eye(4), valid=valid))
    assert resolved.lower > 0


def test_binary_image_is_cut_at_the_middle_of_the_window():
    result = nh.window(ct([[-301, -300, 400]]), nh.WindowParams(binary=True))
    assert result.array[0, 0].tolist() == [0, 1, 1]


def test_matrix_resamples_over_the_same_field():
    volume = ct(np.tile(np.arange(0, 160, 10), (16, 1)))
    result = nh.window(volume, nh.WindowParams(lower=0, upper=160, matrix=32))
    assert result.array.shape == (1, 32, 32)
    assert result.spacing == pytest.approx((3, 0.5, 0.5))
    corner = volume.affine @ [0, -0.5, -0.5, 1]
    np.testing.assert_allclose(result.affine @ [0, -0.5, -0.5, 1], corner)
    assert np.corrcoef(result.array[0, 8], np.arange(32))[0, 1] > 0.99


def test_matrix_beyond_memory_is_refused_with_the_one_that_fits():
    volume = nh.Volume(np.broadcast_to(np.int16(0), (100, 8, 8)), np.eye(4), unit="HU")
    with pytest.raises(nh.ParameterError, match="2317 is the most here"):
        nh.window(volume, nh.WindowParams(matrix=4096))


@pytest.mark.parametrize("preset", WINDOWS)
def test_every_preset_window_is_linear_and_clipped(preset):
    lower, upper = WINDOWS[preset]
    values = np.linspace(lower - 100, upper + 100, 101).reshape(1, 1, -1)
    result = nh.window(ct(values.astype(np.float32)), nh.WindowParams(preset=preset)).array.ravel()
    np.testing.assert_allclose(result, np.clip((values.ravel() - lower) / (upper - lower), 0, 1), atol=1e-6)


@given(st.integers(-4000, 4000))
def test_no_value_belongs_to_two_tissues(hu):
    inside = [t.name for t in TISSUES if nh.threshold(ct([[hu, hu]]), nh.ThresholdParams(tissue=t.name)).array.any()]
    in_gap = -500 < hu < -150
    assert len(inside) == (0 if in_gap else 1)


def test_threshold_includes_both_ends_and_leaves_padding_out():
    valid = np.array([[[True, True, True, False]]])
    result = nh.threshold(ct([[149, 150, 3000, 200]], valid=valid), nh.ThresholdParams(lower=150, upper=3000))
    assert result.array.ravel().tolist() == [0, 1, 1, 0]


def test_threshold_of_bone_is_named():
    result = nh.threshold(ct([[150, 151]]), nh.ThresholdParams(tissue="bone"))
    assert (result.array.ravel().tolist(), dict(result.classes)) == ([0, 1], {1: "bone"})


def test_otsu_is_scikit_images():
    from skimage.filters import threshold_otsu

    values = np.concatenate([np.random.default_rng(0).normal(m, 20, 500) for m in (-900, 40)]).reshape(1, 20, 50)
    result = nh.threshold(ct(values))
    np.testing.assert_array_equal(result.array, values >= threshold_otsu(values))


def test_otsu_of_a_wide_range_of_whole_numbers_takes_little_memory():
    values = np.array([0, 10, 20, 2_000_000_000, 1_999_999_990] * 8, np.int32).reshape(1, 5, 8)
    result = nh.threshold(nh.Volume(values, np.eye(4)))
    np.testing.assert_array_equal(result.array, values > 1_000_000_000)


def test_matrix_keeps_padding_out_of_valid_voxels():
    values, valid = np.full((1, 16, 16), 40.0), np.ones((1, 16, 16), bool)
    values[:, :, :5], valid[:, :, :5] = -2000, False
    result = nh.window(nh.Volume(values, np.eye(4), unit="HU", valid=valid), nh.WindowParams(matrix=23))
    assert result.valid.any()
    np.testing.assert_allclose(result.array[result.valid], 1040 / 1400, atol=1e-3)


@pytest.mark.parametrize(
    ("model", "bad"),
    [
        (nh.ThresholdParams, {"lower": 5, "upper": 1}),
        (nh.ThresholdParams, {"tissue": "bone", "lower": 10}),
        (nh.ThresholdParams, {"tissue": "auto", "lower": 10}),
        (nh.WindowParams, {"preset": "auto", "upper": 100}),
        (nh.ThresholdParams, {"lowr": 10}),
        (nh.WindowParams, {"lower": 5, "upper": 5}),
        (nh.WindowParams, {"lower": float("nan")}),
    ],
)
def test_contradictions_are_refused(model, bad):
    with pytest.raises(ValidationError):
        model(**bad)


def test_tissue_needs_hu():
    with pytest.raises(nh.ParameterError, match="HU"):
        nh.threshold(nh.Volume(np.zeros((1, 2, 2)), np.eye(4), unit="stored value"), nh.ThresholdParams(tissue="lung"))


@pytest.mark.parametrize("op", ["window", "threshold", "gabor", "features", "classes"])
def test_nan_is_named(op):
    values = np.zeros((2, 16, 16), np.float32)
    values[1, 3, 3] = np.nan
    with pytest.raises(nh.IntensityError, match=r"knee\.nii: 1 voxels of slice 1 are NaN"):
        getattr(nh, op)(nh.Volume(values, np.eye(4), unit="HU", name="knee.nii"))


def test_nan_in_the_padding_is_tolerated():
    values = np.zeros((1, 16, 16), np.float32)
    values[0, 0, 0] = np.nan
    valid = np.isfinite(values)
    assert np.isfinite(nh.window(nh.Volume(values, np.eye(4), unit="HU", valid=valid)).array).all()


def test_resolved_parameters_are_recorded():
    result = nh.window(ct([[0, 1]]))
    (record,) = result.history
    assert (record.operation, record.parameters["lower"], record.parameters["upper"]) == ("window", -1000, 400)


def test_an_image_of_padding_alone_and_values_beyond_the_limits_are_refused():
    array = np.random.default_rng(0).normal(size=(2, 4, 4))
    for volume, reason in (
        (nh.Volume(array, np.eye(4), valid=np.zeros(array.shape, bool)), "every voxel is padding"),
        (nh.Volume(array * 1e12, np.eye(4)), "exceed"),
    ):
        for operation in (nh.window, nh.threshold, nh.features):
            with pytest.raises(nh.IntensityError, match=reason):
                operation(volume)
