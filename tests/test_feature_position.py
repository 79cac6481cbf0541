"""Where in the body a voxel lies."""

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt

import napari_hounsfield as nh
from napari_hounsfield.feature_maps import body

POSITION = nh.FeatureParams(intensity=False, smooth=False, texture=False, position=True)


def ellipse(shape, centre, radii):
    return sum(((i - c) / r) ** 2 for i, c, r in zip(np.indices(shape), centre, radii, strict=True)) <= 1


@pytest.fixture
def trunk():
    """A body of 60 x 40 mm half-axes with a lung in it, a table below it, and the mask of the body."""
    shape = (10, 60, 80)
    column = np.broadcast_to(ellipse(shape[1:], (25, 38), (20, 30)), shape)
    array = np.where(column, 40, -1000)
    array[2:8, 15:35, 20:35] = -850
    array[:, 52:55, 10:70] = 100
    return nh.Volume(array.astype(np.int16), nh.axial_affine((5, 2, 2)), unit="HU", modality="CT"), column


def test_distance_to_skin_ignores_lungs_and_the_table(trunk):
    volume, mask = trunk
    depth = nh.features(volume, POSITION).array[0]
    expected = distance_transform_edt(mask, sampling=(5, 2, 2)) - distance_transform_edt(~mask, sampling=(5, 2, 2))
    np.testing.assert_allclose(depth, expected, atol=1.0 + 1e-5)  # half a voxel
    assert (depth[mask] > 0).all()
    assert (depth[~mask] < 0).all()


def test_place_in_the_box_around_the_body(trunk):
    volume, mask = trunk
    left, back, head = nh.features(volume, POSITION).array[1:]
    inside = np.argwhere(mask)
    low, high = inside.min(axis=0), inside.max(axis=0)
    z, y, x = np.indices(mask.shape)
    for found, index, axis in ((head, z, 0), (back, y, 1), (left, x, 2)):
        expected = np.clip((index - low[axis]) / (high[axis] - low[axis]), 0, 1)
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_large_image_is_measured_on_blocks(trunk, monkeypatch):
    volume, _ = trunk
    exact = nh.features(volume, POSITION).array
    monkeypatch.setattr(body, "MOST_SAMPLES", 30)
    coarse = nh.features(volume, POSITION).array
    assert np.abs(coarse[0] - exact[0]).max() < 2 * 3 * 2  # two blocks of 3 voxels of 2 mm
    assert np.abs(coarse[1:] - exact[1:]).max() < 0.08


def test_other_modalities_are_divided_by_otsu(trunk):
    volume, mask = trunk
    array = np.where(mask, 300, 10) + np.random.default_rng(0).normal(0, 20, mask.shape)
    found = nh.features(volume.like(array.astype(np.float32), unit="", modality="MR"), POSITION).array[0]
    assert ((found > 0) == mask).mean() > 0.999


@pytest.mark.parametrize("value", [40, -1000])
def test_an_image_without_skin_or_without_body_gives_finite_maps(value):
    volume = nh.Volume(np.full((1, 9, 9), value, np.int16), nh.axial_affine((5, 2, 2)), unit="HU")
    found = nh.features(volume, POSITION).array
    assert np.isfinite(found).all()
    assert found[0, 0, 4, 4] == (9 if value == 40 else 0)  # all body: mm to the border; no body: nowhere near
    assert (found[3] == 0.5).all()


def test_positions_follow_the_patient_not_the_array(trunk):
    """The same body stored as sagittal slices."""
    volume, _ = trunk
    axial = nh.features(volume, POSITION).array
    turned = nh.Volume(np.ascontiguousarray(volume.array.transpose(2, 0, 1)), volume.affine[:, [2, 0, 1, 3]], unit="HU")
    sagittal = nh.features(turned, POSITION).array
    np.testing.assert_allclose(sagittal[1:], axial.transpose(0, 3, 1, 2)[1:], atol=1e-6)
