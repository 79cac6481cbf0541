"""Intensity figures of `measure`: published values, numpy, and histograms."""

from __future__ import annotations

import csv
from itertools import pairwise

import numpy as np
import pytest
import SimpleITK
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import napari_hounsfield as nh
from napari_hounsfield.evaluation import intensity_statistics
from napari_hounsfield.evaluation.intensity_statistics import PERCENTILES, histogram, statistics
from napari_hounsfield.formats.label_reading import read_labels
from napari_hounsfield.formats.reading import read_volume
from napari_hounsfield.operation import finish

AFFINE = nh.axial_affine((3.0, 0.7, 0.8))


def measured(values, **params):
    """The one class of a row of values."""
    array = np.asarray(values).reshape(1, 1, -1)
    volume = nh.Volume(array, AFFINE, unit="HU")
    (one,) = nh.measure(volume, nh.LabelMap(np.ones(array.shape, int), AFFINE), nh.MeasureParams(**params)).classes
    return one


@pytest.mark.parametrize("case", ["brain1", "breast1"])
def test_pyradiomics_published_first_order(shared_data, case):
    folder = shared_data / "10_mr_pyradiomics"
    with open(folder / "baseline" / "baseline_firstorder.csv", newline="") as file:
        published = {row["featureName"].removeprefix("original_firstorder_"): row[case] for row in csv.DictReader(file)}
    volume = read_volume(folder / f"{case}_image.nrrd")
    labels = read_labels(folder / f"{case}_label.nrrd")
    assert volume.valid is None
    found = next(c for c in nh.measure(volume, labels).classes if c.label == 1)
    expected = {
        "Mean": found.mean,
        "Variance": found.sd**2,
        "Median": found.median,
        "Minimum": found.min,
        "Maximum": found.max,
        "10Percentile": found.percentile_10,
        "90Percentile": found.percentile_90,
        "InterquartileRange": found.percentile_75 - found.percentile_25,
        "Range": found.max - found.min,
    }
    for name, value in expected.items():
        assert value == pytest.approx(float(published[name]), rel=1e-9), name


def test_digital_phantom_of_the_image_biomarker_standardisation_initiative(shared_data):
    # Reference manual of IBSI-1 (Zwanenburg 2020, arXiv:1612.07003), digital phantom, intensity-based statistics.
    folder = shared_data / "03_gabor_ibsi2" / "ibsi1_digital_phantom" / "nifti"
    volume, labels = read_volume(folder / "image" / "phantom.nii.gz"), read_labels(folder / "mask" / "mask.nii.gz")
    (found,) = nh.measure(volume, labels, nh.MeasureParams(bin_width=1)).classes
    assert found.mean == pytest.approx(2.15, abs=0.005)
    assert found.sd**2 == pytest.approx(3.05, abs=0.005)
    assert (found.median, found.min, found.max) == (1, 1, 6)
    assert (found.percentile_10, found.percentile_90) == (1, 4)
    assert found.percentile_75 - found.percentile_25 == 3
    assert found.histogram.counts == (50, 0, 1, 16, 0, 7)  # grey levels 1 to 6 of the 74 voxels


arrays = st.sampled_from(
    [(np.int16, st.integers(-1024, 3000)), (np.uint8, st.integers(0, 255)), (np.float32, st.floats(-1e6, 1e6, width=32))]
).flatmap(lambda kind: hnp.arrays(kind[0], st.integers(1, 200), elements=kind[1]))


@given(arrays, st.sampled_from([7, 1_000_000]))
def test_equals_numpy(values, chunk):
    exact = values.astype(np.float64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(intensity_statistics, "CHUNK", chunk)  # many chunks, where a histogram finds the ranks, and one
        found = finish(statistics(values))
    assert found.mean == pytest.approx(exact.mean(), rel=1e-9, abs=1e-9)
    assert found.sd == pytest.approx(exact.std(), rel=1e-9, abs=1e-6)
    assert (found.min, found.max) == (exact.min(), exact.max())
    assert found.percentiles == pytest.approx(np.percentile(exact, PERCENTILES), rel=1e-12, abs=1e-9)


def test_percentiles_among_outliers(monkeypatch):
    monkeypatch.setattr(intensity_statistics, "CHUNK", 1000)
    values = np.random.default_rng(0).normal(size=10_000).astype(np.float32)
    values[17], values[18] = 1e30, -1e30
    exact = np.percentile(values.astype(np.float64), PERCENTILES)
    assert finish(statistics(values)).percentiles == pytest.approx(exact, rel=1e-12)


def test_equals_simpleitk():
    random = np.random.default_rng(0)
    array, labels = random.normal(40, 200, (5, 9, 8)), random.integers(0, 3, (5, 9, 8)).astype(np.uint8)
    statistics = SimpleITK.LabelIntensityStatisticsImageFilter()
    statistics.Execute(SimpleITK.GetImageFromArray(labels), SimpleITK.GetImageFromArray(array))
    for c in nh.measure(nh.Volume(array, AFFINE), nh.LabelMap(labels, AFFINE)).classes:
        assert c.mean == pytest.approx(statistics.GetMean(c.label), rel=1e-9)
        deviation = statistics.GetStandardDeviation(c.label) * np.sqrt((c.voxels - 1) / c.voxels)  # theirs divides by n - 1
        assert c.sd == pytest.approx(deviation, rel=1e-9)
        assert (c.min, c.max) == (statistics.GetMinimum(c.label), statistics.GetMaximum(c.label))


@given(arrays, st.sampled_from([25.0, 1000.0, 3.5]))
def test_a_histogram_counts_every_value_once(values, width):
    if np.ptp(values.astype(float)) / width > 9_000:
        width = 1e6
    found = finish(histogram(values, width, float(values.min()), float(values.max())))
    assert sum(found.counts) == values.size
    assert found.counts[0] > 0
    assert found.counts[-1] > 0
    assert found.low <= values.min() < found.low + width
    edges = found.low + width * np.arange(len(found.counts) + 1)
    if width != 3.5:  # whole edges, which numpy compares as they are
        expected = [np.count_nonzero((values >= a) & (values < b)) for a, b in pairwise(edges)]
        assert list(found.counts) == expected


def test_a_histogram_where_a_width_is_given():
    found = measured([-30, -25, -1, 0, 24, 25], bin_width=25)
    assert found.to_json()["histogram"] == {"low": -50.0, "width": 25.0, "counts": (1, 2, 2, 1)}
    assert measured([1, 2]).reasons["histogram"] == "no bin width was given"


def test_too_many_bins_are_refused_with_a_width_that_would_do():
    with pytest.raises(nh.ParameterError, match="more than 10000 bins; take at least 3") as error:
        measured([0, 30_000], bin_width=0.01)
    width = float(str(error.value).rsplit(" ", 1)[1])
    assert sum(measured([0, 30_000], bin_width=width).histogram.counts) == 2


def test_huge_intensities_have_finite_figures():
    array = np.where(np.arange(24).reshape(2, 3, 4) < 12, -1e300, 1e300)
    volume = nh.Volume(array, np.eye(4))
    (found,) = nh.measure(volume, nh.LabelMap(np.ones(array.shape, np.uint8), np.eye(4))).classes
    assert (found.mean, found.sd) == (0, pytest.approx(1e300))
