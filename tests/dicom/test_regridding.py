"""Planes onto an even and upright grid: exact for what is linear in the patient, and as independent tools resample it."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_hounsfield.dicom.geometry import spanned, unit_directions
from napari_hounsfield.dicom.regridding import Regridding, evened, regridded, upright
from napari_hounsfield.errors import DicomError
from napari_hounsfield.grid import Grid
from napari_hounsfield.operation import finish

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
OBLIQUE = tuple(np.linalg.qr([[0.9, -0.3], [0.2, 0.8], [-0.4, 0.5]])[0].T.ravel())
CORONAL = (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)
DESCENDING = (1.0, 0.0, 0.0, 0.0, -1.0, 0.0)
HEIGHTS = np.arange(6) * 2.5
UNEVEN = np.array([0.0, 2.5, 5.0, 10.0, 12.5, 14.0, 17.5])
GRADIENT = np.array([0.6, -0.48, 0.64])
"""Unit length, so that an error of 1e-3 in value is one of 1e-3 mm along it."""


class Stack:
    """Planes at `heights` along their normal, each shifted by `shear` (down a column, along a row) of the height."""

    def __init__(self, orientation=AXIAL, shear=(0.0, 0.0), heights=HEIGHTS, pixel=(0.8, 0.7), size=(9, 11)):
        self.axes = unit_directions(np.array(orientation))
        normal, column, row = self.axes
        along = np.asarray(heights, float)[:, None]
        self.positions = np.array([12.0, -34.0, 56.0]) + along * (normal + shear[0] * column + shear[1] * row)
        self.spacing = (2.5, *pixel)
        self.shape = (len(self.positions), *size)
        affine = spanned(self.positions[0], self.positions[-1], len(self.positions) - 1, self.axes, self.spacing)
        self.grid = Grid(self.shape, affine, "1.2")

    def regridding(self, make) -> Regridding:
        return make(self.positions, self.axes, self.spacing, self.shape, "1.2")

    def where(self) -> np.ndarray:
        """Patient position (z, y, x, 3) of every voxel, each plane by its own position."""
        _, column, row = self.axes
        y, x = (np.arange(n) * step for n, step in zip(self.shape[1:], self.spacing[1:], strict=True))
        return self.positions[:, None, None] + y[:, None, None] * column + x[:, None] * row

    def linear(self) -> np.ndarray:
        return (self.where() @ GRADIENT).astype(np.float32)

    def noise(self, dtype="i2") -> np.ndarray:
        return np.random.default_rng(1).integers(-1000, 1000, self.shape).astype(dtype)


def run(array, stack, regridding, valid=None):
    return finish(regridded(array, valid, regridding, stack.grid))


def centres(grid: Grid) -> np.ndarray:
    return grid.positions(np.indices(grid.shape).reshape(3, -1).T).reshape(*grid.shape, 3)


def is_upright(grid: Grid) -> bool:
    steps = grid.affine[:3, :3] / np.linalg.norm(grid.affine[:3, :3], axis=0)
    return bool(np.abs(steps.T @ steps - np.eye(3)).max() < 1e-9)


SHEARS = [
    tuple(np.tan(np.radians(degrees)) * np.array(way)) for degrees in (-25, -14, 3, 25) for way in ((1, 0), (0, 1), (0.6, -0.8))
]


@pytest.mark.parametrize("shear", SHEARS)
@pytest.mark.parametrize("orientation", [AXIAL, OBLIQUE, CORONAL, DESCENDING])
@pytest.mark.parametrize(("make", "heights"), [(upright, HEIGHTS), (evened, HEIGHTS), (evened, UNEVEN)])
def test_what_is_linear_in_the_patient_is_kept(make, heights, orientation, shear):
    stack = Stack(orientation, shear, heights)
    regridding = stack.regridding(make)
    target = regridding.target
    values, valid = run(stack.linear(), stack, regridding)
    assert values.dtype == np.float32
    assert values.shape == target.shape
    assert is_upright(target)
    assert target.frame_of_reference == "1.2"
    np.testing.assert_allclose(target.affine[:3, 1:3], stack.grid.affine[:3, 1:3], atol=1e-12)
    assert valid.any(axis=(1, 2)).all()
    assert np.abs(values - centres(target) @ GRADIENT)[valid].max() < 1e-3


@pytest.mark.parametrize("shear", SHEARS)
def test_the_grid_holds_every_plane_and_no_row_more(shear):
    stack = Stack(OBLIQUE, shear)
    target = stack.regridding(upright).target
    corners = stack.where()[:, [0, 0, -1, -1], [0, -1, 0, -1]].reshape(-1, 3)
    index = (corners - target.affine[:3, 3]) @ np.linalg.inv(target.affine[:3, :3]).T
    assert index.min() > -1e-3
    assert (index < np.array(target.shape) - 1 + 1e-3).all()
    assert (index.min(axis=0) < 1).all()
    assert (index.max(axis=0) > np.array(target.shape) - 2).all()
    assert np.unique(np.round(index[:, 0], 6)).tolist() == list(range(stack.shape[0]))
    first = (stack.positions[0] - target.affine[:3, 3]) @ np.linalg.inv(target.affine[:3, :3]).T
    np.testing.assert_allclose(first, np.round(first), atol=1e-9)  # pixels of the first plane stay where they are


def test_planes_that_are_even_and_upright_stay_as_they_are():
    stack = Stack(OBLIQUE)
    for make, dtype in product((upright, evened), ("i2", "u1", "i4", "f4")):
        regridding = stack.regridding(make)
        np.testing.assert_allclose(regridding.target.affine, stack.grid.affine, atol=1e-9)
        values, valid = run(stack.noise(dtype), stack, regridding)
        np.testing.assert_array_equal(values, stack.noise(dtype))
        assert valid is None
        assert values.dtype == dtype


def test_whole_pixel_shifts_move_values_and_change_none():
    stack = Stack(shear=(2 * 0.8 / 2.5, -3 * 0.7 / 2.5))  # a plane: two rows down, three columns back
    stored = stack.noise()
    values, valid = run(stored, stack, stack.regridding(upright))
    assert values.shape == (6, 9 + 10, 11 + 15)
    assert values.dtype == np.int16
    for z in range(6):
        here = (slice(2 * z, 2 * z + 9), slice(15 - 3 * z, 26 - 3 * z))
        np.testing.assert_array_equal(values[z][here], stored[z])
        assert valid[z][here].all()
    assert valid.sum() == stored.size
    assert (values[~valid] == stored.min()).all()


@given(
    shear=st.tuples(st.floats(-0.47, 0.47), st.floats(-0.47, 0.47)),
    steps=st.lists(st.floats(0.5, 6.0), min_size=1, max_size=9),
    pixel=st.tuples(st.floats(0.4, 3.0), st.floats(0.4, 3.0)),
    orientation=st.sampled_from([AXIAL, OBLIQUE, CORONAL, DESCENDING]),
)
def test_any_stack_keeps_what_is_linear(shear, steps, pixel, orientation):
    stack = Stack(orientation, shear, [0.0, *np.cumsum(steps)], pixel, (40, 45))
    regridding = stack.regridding(evened)
    values, valid = run(stack.linear(), stack, regridding)
    assert is_upright(regridding.target)
    known = np.ones(values.shape, bool) if valid is None else valid
    assert np.abs(values - centres(regridding.target) @ GRADIENT)[known].max() < 1e-3
    assert known[0].any()
    assert known[-1].any()
    ends = regridding.target.positions([(0, 0, 0), (values.shape[0] - 1, 0, 0)]) @ stack.axes[0]
    np.testing.assert_allclose(ends, (stack.positions @ stack.axes[0])[[0, -1]], atol=1e-6)


@pytest.mark.parametrize("shear", SHEARS)
def test_upright_as_simpleitk_resamples_each_plane(shear):
    sitk = pytest.importorskip("SimpleITK")
    stack = Stack(OBLIQUE, shear)
    stored = stack.noise("f4") / 1000
    regridding = stack.regridding(upright)
    values, valid = run(stored, stack, regridding)
    normal, column, row = stack.axes
    direction = np.stack([row, column, normal], axis=1).ravel()
    for z, plane in enumerate(stored):
        image = sitk.GetImageFromArray(plane[None])
        onto = sitk.Image(values.shape[2], values.shape[1], 1, sitk.sitkFloat32)
        onto.SetOrigin(regridding.target.positions([(z, 0, 0)])[0].tolist())
        image.SetOrigin(stack.positions[z].tolist())
        for each in (image, onto):
            each.SetDirection(direction.tolist())
            each.SetSpacing([stack.spacing[2], stack.spacing[1], 1.0])
        expected = sitk.GetArrayFromImage(sitk.Resample(image, onto, sitk.Transform(), sitk.sitkLinear, np.nan))[0]
        assert np.isfinite(expected[valid[z]]).all()  # at the edge it also fills half a pixel that nothing was measured in
        np.testing.assert_allclose(values[z][valid[z]], expected[valid[z]], atol=1e-3)


def test_uneven_planes_as_scipy_interpolates_between_them():
    from scipy.ndimage import map_coordinates

    stack = Stack(heights=UNEVEN)
    stored = stack.noise("f4")
    regridding = stack.regridding(evened)
    values, valid = run(stored, stack, regridding)
    count, rows, columns = regridding.target.shape
    heights = np.arange(count) * regridding.target.spacing[0]
    index = np.interp(heights, UNEVEN, np.arange(len(UNEVEN)))
    expected = map_coordinates(stored, np.stack(np.meshgrid(index, np.arange(rows), np.arange(columns), indexing="ij")), order=1)
    np.testing.assert_allclose(values, expected, atol=1e-3)
    assert valid is None


@pytest.mark.parametrize(
    ("heights", "expected"),
    [
        ([0, 2, 4, 8, 10], 2.0),  # one plane is missing
        ([*np.arange(14) * 4.0, *(52 + 7.0 * np.arange(1, 15))], 150 / 38),  # 14 of 4 mm, then 14 of 7 mm
        ([0, 3, 3.1, 6, 9, 12], 3.0),  # one is nearly doubled
        ([0, 2, 6, 10], 2.0),
        ([0, 5], 5.0),
    ],
)
def test_the_finer_spacing_is_kept(heights, expected):
    target = Stack(heights=heights).regridding(evened).target
    assert target.spacing[0] == pytest.approx(expected)
    assert (target.shape[0] - 1) * expected == pytest.approx(heights[-1])


def test_a_single_plane_stays():
    stack = Stack(heights=[0.0])
    for make in (upright, evened):
        regridding = stack.regridding(make)
        assert regridding.target.spacing == pytest.approx((2.5, 0.8, 0.7))
        values, valid = run(stack.noise(), stack, regridding)
        np.testing.assert_array_equal(values, stack.noise())
        assert valid is None


@pytest.mark.parametrize("dtype", ["i2", "u1", "i4"])
def test_integers_are_the_rounded_numbers(dtype):
    stack = Stack(shear=(0.3, 0.1), heights=UNEVEN)
    info = np.iinfo(dtype)
    stored = np.random.default_rng(2).choice(np.array([info.min, -3 % 7, 5, info.max], dtype), stack.shape)
    regridding = stack.regridding(evened)
    values, valid = run(stored, stack, regridding)
    exact, also = run(stored.astype(np.float32), stack, regridding)
    assert values.dtype == dtype
    np.testing.assert_array_equal(valid, also)
    assert np.abs(values[valid].astype(float) - exact[valid]).max() <= 0.5 + 2e-7 * float(info.max)
    assert values.min() == info.min


def test_large_integers_lose_nothing():
    stack = Stack(heights=UNEVEN)
    stored = np.full(stack.shape, 2**31 - 1, np.int32)
    values, _ = run(stored, stack, stack.regridding(evened))
    assert (values == 2**31 - 1).all()


@pytest.mark.parametrize("hole", [(2, 4, 5), (0, 0, 0), (6, 8, 10)])
def test_a_voxel_that_was_not_measured_takes_all_it_contributes_to(hole):
    """Those are exactly the voxels that change with its value; NaN spreads no further either."""
    stack = Stack(OBLIQUE, (0.31, -0.12), UNEVEN)
    regridding = stack.regridding(evened)
    stored = stack.noise("f4")
    everywhere, covered = run(stored, stack, regridding)
    valid = np.ones(stack.shape, bool)
    valid[hole] = False
    changed = stored.copy()
    changed[hole] += 1e5
    others, measured = run(changed, stack, regridding, valid)
    np.testing.assert_array_equal(measured, covered & (others == everywhere))
    changed[hole] = np.nan
    others, _ = run(changed, stack, regridding, valid)
    np.testing.assert_array_equal(measured, covered & np.isfinite(others))
    np.testing.assert_array_equal(others[measured], everywhere[measured])


def test_voxels_that_were_not_measured_add_up():
    stack = Stack(shear=(0.31, -0.12), heights=UNEVEN)
    regridding = stack.regridding(evened)
    holes = np.random.default_rng(3).random((4, *stack.shape)) > 0.02
    masks = [run(stack.noise(), stack, regridding, valid)[1] for valid in holes]
    _, together = run(stack.noise(), stack, regridding, holes.all(axis=0))
    np.testing.assert_array_equal(together, np.all(masks, axis=0))


def test_times_are_resampled_one_by_one():
    stack = Stack(shear=(0.3, 0.1))
    series = np.stack([stack.noise("f4"), 2 * stack.noise("f4")])
    regridding = stack.regridding(upright)
    once, covered = run(series[0], stack, regridding)
    values, valid = run(series, stack, regridding)
    np.testing.assert_array_equal(valid, covered)
    for t, times in enumerate((1, 2)):
        np.testing.assert_allclose(values[t][valid], times * once[valid], rtol=1e-6)
    assert (values[:, ~valid] == series.min()).all()


def test_where_no_plane_is_the_smallest_number_stands():
    stack = Stack(shear=(0.3, 0.1))
    stored = stack.noise("f4")
    stored[2, 3, 4], stored[3, 3, 4] = np.nan, -np.inf
    values, valid = run(stored, stack, stack.regridding(upright))
    assert (values[~valid] == stored[np.isfinite(stored)].min()).all()


def test_nothing_but_nan_stays_nothing_but_nan():
    stack = Stack(shear=(0.3, 0.1))
    values, valid = run(np.full(stack.shape, np.nan, np.float32), stack, stack.regridding(upright))
    assert np.isnan(values[valid]).all()
    assert (values[~valid] == 0).all()


def test_progress_comes_with_every_plane_and_the_input_is_left_alone():
    stack = Stack(shear=(0.3, 0.1))
    stored = stack.noise()
    kept = stored.copy()
    fractions = [progress.fraction for progress in regridded(stored, None, stack.regridding(upright), stack.grid)]
    np.testing.assert_allclose(fractions, np.arange(1, 7) / 6)
    np.testing.assert_array_equal(stored, kept)


@pytest.mark.parametrize("heights", [HEIGHTS[::-1], [0.0, 0.0, 1.0], [0.0, 2.0, 1.0, 3.0], [0.0, np.nan, 2.0]])
@pytest.mark.parametrize("make", [upright, evened])
def test_planes_that_do_not_ascend_are_refused(make, heights):
    with pytest.raises(DicomError, match="do not ascend"):
        Stack(heights=heights).regridding(make)


def test_positions_that_would_need_a_huge_grid_are_refused():
    with pytest.raises(DicomError, match="more than 20 times"):
        Stack(shear=(100.0, 0.0)).regridding(upright)
    with pytest.raises(DicomError, match="more than 20 times"):
        Stack(heights=[0.0, 0.001, 0.002, 0.003, 5e4]).regridding(evened)
