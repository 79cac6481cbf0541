"""SUVmax, SUVpeak, metabolic volume and total lesion glycolysis."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import napari_hounsfield as nh
from napari_hounsfield.evaluation import uptake
from napari_hounsfield.evaluation.uptake import PEAK_RADIUS_MM
from napari_hounsfield.formats.label_reading import read_labels
from napari_hounsfield.formats.reading import read_volume

AFFINE = nh.axial_affine((3.0, 2.0, 2.0))


def measured(array, mask, affine=AFFINE, valid=None, **params):
    """The one class of a mask in an image in SUV."""
    volume = nh.Volume(np.asarray(array, float), affine, unit="SUV", modality="PT", valid=valid)
    labels = nh.LabelMap(np.asarray(mask).astype(np.uint8), affine, {1: "lesion"})
    (one,) = nh.measure(volume, labels, nh.MeasureParams(**params)).classes
    return one


def brute_force(array, mask, affine, valid):
    """Highest mean of all scanned voxels whose centres are within the radius, over all voxels of a mask."""
    positions = nh.Grid(array.shape, affine).positions(np.indices(array.shape).reshape(3, -1).T)
    known = valid.ravel()
    means = []
    for centre in positions[mask.ravel()]:
        inside = (np.linalg.norm(positions - centre, axis=1) <= PEAK_RADIUS_MM * (1 + 1e-9)) & known
        means.append(array.ravel()[inside].mean())
    return max(means)


SHEARED = np.array([[0.3, 0, 2.1, 0], [1.1, 2.5, 0, 0], [3.0, 0, 0.2, 0], [0, 0, 0, 1]])


@given(st.integers(0, 2**32 - 1), st.sampled_from([AFFINE, SHEARED]), st.sampled_from([40, 500_000]))
def test_peak_equals_brute_force(seed, affine, slab):
    random = np.random.default_rng(seed)
    array, mask, valid = random.normal(4, 2, (5, 7, 6)), random.random((5, 7, 6)) < 0.1, random.random((5, 7, 6)) < 0.9
    mask[2, 3, 3] = valid[2, 3, 3] = True
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(uptake, "SLAB", slab)
        found = measured(array, mask, affine, valid)
    assert found.suv_peak == pytest.approx(brute_force(array, mask & valid, affine, valid), rel=1e-12)
    inside = array[mask & valid]
    assert found.suv_max == inside.max() == found.max
    assert found.mtv_ml == pytest.approx(inside.size * abs(np.linalg.det(affine)) / 1000)
    assert found.tlg_suv_ml == pytest.approx(inside.mean() * found.mtv_ml)


def test_digital_phantom_of_the_image_biomarker_standardisation_initiative(shared_data):
    # Reference manual of IBSI-1 (Zwanenburg 2020, arXiv:1612.07003), digital phantom: global intensity peak 3.1, and local
    # intensity peak, around the hottest voxels alone, 2.6.
    folder = shared_data / "03_gabor_ibsi2" / "ibsi1_digital_phantom" / "nifti"
    volume, labels = read_volume(folder / "image" / "phantom.nii.gz"), read_labels(folder / "mask" / "mask.nii.gz")
    mask = labels.array == 1
    assert measured(volume.array, mask, volume.affine).suv_peak == pytest.approx(3.1, abs=0.05)
    hottest = mask & (volume.array == volume.array[mask].max())
    assert measured(volume.array, hottest, volume.affine).suv_peak == pytest.approx(2.6, abs=0.05)


def test_sphere_holds_a_millilitre():
    assert 4 / 3 * np.pi * PEAK_RADIUS_MM**3 == pytest.approx(1000)
    fine = nh.axial_affine((0.5, 0.5, 0.5))
    voxels = sum(last - first + 1 for _, _, first, last in uptake.sphere_runs(fine[:3, :3]))
    assert voxels * 0.125 == pytest.approx(1000, rel=0.01)


def test_peak_looks_beyond_the_object_and_not_beyond_the_image():
    array = np.full((9, 15, 15), 1.0)
    array[4, 7, 7] = 100.0
    mask = np.zeros(array.shape, bool)
    mask[4, 7, 7] = True
    found = measured(array, mask)
    assert found.suv_max == found.mean == 100
    assert 1 < found.suv_peak < 10  # one hot voxel among those of a millilitre
    corner = np.zeros(array.shape, bool)
    corner[0, 0, 0] = True
    assert measured(array, corner).suv_peak == 1  # the mean of those that there are


def test_peak_of_voxels_larger_than_the_sphere_is_the_maximum():
    array = np.random.default_rng(0).random((3, 4, 5))
    found = measured(array, np.ones(array.shape), nh.axial_affine((20, 20, 20)))
    assert found.suv_peak == pytest.approx(found.suv_max, rel=1e-12)


def test_not_a_number_outside_the_scanned_field_is_left_out():
    array = np.full((3, 7, 7), 2.0)
    array[:, :, 0] = np.nan
    found = measured(array, np.ones(array.shape), valid=np.isfinite(array))
    assert found.suv_peak == pytest.approx(2)
    assert found.voxels == 3 * 7 * 6


def test_objects_have_their_own_uptake():
    array = np.zeros((1, 9, 40))
    array[0, 4, 5], array[0, 4, 30] = 10, 20
    mask = array > 0
    found = nh.measure(
        nh.Volume(array, AFFINE, unit="SUV"), nh.LabelMap(mask.astype(int), AFFINE, {1: "lesion"}), nh.MeasureParams(objects=True)
    )
    assert sorted(o.suv_max for o in found.objects) == [10, 20]
    assert found.classes[0].suv_peak == max(o.suv_peak for o in found.objects)
    assert found.classes[0].tlg_suv_ml == pytest.approx(sum(o.tlg_suv_ml for o in found.objects))
    assert "SUVpeak" in found.table()[0]


def test_without_suv_there_is_no_uptake():
    (one,) = nh.measure(nh.Volume(np.ones((1, 2, 2)), AFFINE, unit="HU"), nh.LabelMap(np.ones((1, 2, 2), int), AFFINE)).classes
    assert one.suv_peak is one.mtv_ml is None
    assert one.reasons["suv_peak"] == "the image is in HU, not in SUV"
