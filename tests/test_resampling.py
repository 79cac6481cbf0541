"""Linear interpolation onto another grid, against SimpleITK and against what an affine function must give."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import napari_hounsfield as nh
from napari_hounsfield.operation import finish
from napari_hounsfield.resampling import resampled


def oblique(spacing: tuple[float, float, float], origin: tuple[float, float, float], degrees: float) -> np.ndarray:
    """An affine turned about the patient's axes one after the other."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    affine = np.eye(4)
    affine[:3, :3] = turn @ nh.axial_affine(spacing)[:3, :3]
    affine[:3, 3] = origin
    return affine


def noise(shape: tuple[int, int, int], affine: np.ndarray, seed: int = 0) -> nh.Volume:
    array = np.random.default_rng(seed).normal(100, 30, shape).astype(np.float32)
    return nh.Volume(array, affine, unit="SUV", modality="PT", name="PT 1")


def by_simpleitk(volume: nh.Volume, grid: nh.Grid) -> np.ndarray:
    sitk = pytest.importorskip("SimpleITK")
    image = sitk.GetImageFromArray(volume.array)
    for target, of in ((image, volume.grid),):
        _place(target, of)
    like = sitk.Image([int(n) for n in grid.shape[::-1]], sitk.sitkFloat32)
    _place(like, grid)
    return sitk.GetArrayFromImage(sitk.Resample(image, like, sitk.Transform(), sitk.sitkLinear, -9999.0, sitk.sitkFloat32))


def _place(image: object, grid: nh.Grid) -> None:
    spacing = np.array(grid.spacing)
    image.SetSpacing(spacing[::-1].tolist())  # type: ignore[attr-defined]
    image.SetOrigin(grid.affine[:3, 3].tolist())  # type: ignore[attr-defined]
    image.SetDirection((grid.affine[:3, :3] / spacing)[:, ::-1].ravel().tolist())  # type: ignore[attr-defined]


@pytest.mark.parametrize("degrees", [0.0, 7.0, 31.0])
@pytest.mark.parametrize("other", [0.0, -12.0])
def test_equals_simpleitk(degrees: float, other: float) -> None:
    volume = noise((9, 14, 12), oblique((4, 3.9, 4.1), (-20, -25, 3), degrees))
    grid = nh.Grid((20, 33, 29), oblique((2.1, 1.3, 1.7), (-22, -21, 1), other))
    found, expected = finish(resampled(volume, grid)), by_simpleitk(volume, grid)
    outside = expected == -9999
    assert found.valid is not None
    assert 0 < outside.sum() < outside.size
    assert (found.valid == outside).sum() <= 2, "voxels on the very border"
    both = found.valid & ~outside
    np.testing.assert_allclose(found.array[both], expected[both], atol=2e-3)


@given(shear=st.floats(-0.6, 0.6), degrees=st.floats(-40, 40), seed=st.integers(0, 9))
def test_what_is_affine_in_the_patient_stays_so(shear: float, degrees: float, seed: int) -> None:
    """A plane of values is interpolated exactly, on tilted gantries too, between the outermost centres."""
    affine = oblique((5, 2, 2), (3, -4, 5), degrees)
    affine[:3, 0] += shear * affine[:3, 1]
    slope = np.random.default_rng(seed).normal(size=3)
    source = nh.Grid((8, 10, 9), affine)
    values = source.positions(np.indices(source.shape).reshape(3, -1).T) @ slope
    volume = nh.Volume(values.reshape(source.shape), affine)
    grid = nh.Grid((6, 11, 12), nh.axial_affine((3, 1.5, 1.5), tuple(source.positions([(3, 3, 3)])[0] - 6)))
    found = finish(resampled(volume, grid))
    places = grid.positions(np.indices(grid.shape).reshape(3, -1).T)
    index = (places - affine[:3, 3]) @ np.linalg.inv(affine[:3, :3]).T
    inside = ((index > 0) & (index < np.array(source.shape) - 1)).all(axis=1).reshape(grid.shape)
    np.testing.assert_allclose(found.array[inside], (places @ slope).reshape(grid.shape)[inside], atol=1e-3)
    assert found.valid is None or found.valid[inside].all()


def test_the_same_lattice_is_not_interpolated() -> None:
    volume = noise((4, 5, 6), nh.axial_affine((3, 2, 2)))
    flipped = replace(volume, array=volume.array[::-1], affine=np.array(volume.affine) @ _flip_z(4))
    found = finish(resampled(flipped, volume.grid))
    assert np.shares_memory(found.array, volume.array)
    assert np.array_equal(found.array, volume.array)
    assert found.valid is None


def _flip_z(count: int) -> np.ndarray:
    flip = np.eye(4)
    flip[0, 0], flip[0, 3] = -1, count - 1
    return flip


def test_padding_has_no_share_whatever_it_holds() -> None:
    volume = noise((4, 8, 8), nh.axial_affine((2, 2, 2)))
    valid = np.ones(volume.array.shape, bool)
    valid[:, :2] = False
    array = volume.array.copy()
    array[~valid] = np.nan
    found = finish(resampled(replace(volume, array=array, valid=valid), nh.Grid((8, 16, 16), nh.axial_affine((1, 1, 1)))))
    assert found.valid is not None
    assert not found.valid[:, :4].any(), "one voxel of padding and what lies between it and the next"
    assert found.valid[:, 4:].all()
    assert np.isfinite(found.array).all()
    assert found.array.min() >= volume.array[valid].min()
    kept = finish(resampled(volume, nh.Grid((8, 16, 16), nh.axial_affine((1, 1, 1)))))
    np.testing.assert_array_equal(found.array[:, 4:], kept.array[:, 4:])


def test_a_slab_is_as_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    volume = noise((9, 14, 12), oblique((4, 3.9, 4.1), (-20, -25, 3), 20))
    grid = nh.Grid((20, 33, 29), nh.axial_affine((2, 1, 1), (-20, -20, 2)))
    whole = finish(resampled(volume, grid))
    monkeypatch.setattr("napari_hounsfield.resampling.STEP_VOXELS", 1)
    steps = list(resampled(volume, grid))
    by_slices = finish(resampled(volume, grid))
    assert len(steps) == 20
    np.testing.assert_allclose(by_slices.array, whole.array, atol=1e-4)
    assert np.array_equal(by_slices.valid, whole.valid)


def test_what_cannot_be_resampled_is_refused() -> None:
    volume = noise((4, 5, 6), nh.axial_affine((3, 2, 2)))
    with pytest.raises(nh.GridError, match="nothing of it lies within"):
        finish(resampled(volume, nh.Grid((4, 5, 6), nh.axial_affine((3, 2, 2), (500, 0, 0)))))
    with pytest.raises(nh.IntensityError, match="time axis"):
        finish(resampled(nh.Volume(np.zeros((2, 4, 5, 6)), volume.affine, axes="tzyx"), volume.grid))
    empty = replace(volume, valid=np.zeros(volume.array.shape, bool))
    with pytest.raises(nh.GridError, match="padding"):
        finish(resampled(empty, nh.Grid((4, 5, 6), nh.axial_affine((3, 2, 3)))))
