"""Surface distances against SimpleITK, MONAI and brute force."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter
from scipy.spatial.distance import cdist

from napari_hounsfield.evaluation.surface import surface, surface_distances
from napari_hounsfield.operation import finish

SPACINGS = st.sampled_from([(1.0, 1.0, 1.0), (3.0, 0.7, 0.7), (5.0, 0.488, 0.9)])


def distances(first, second, spacing, counted=None):
    return finish(surface_distances(first, second, np.diag(spacing), counted))


def image(mask, spacing):
    result = SimpleITK.GetImageFromArray(mask.astype(np.uint8))
    result.SetSpacing([float(s) for s in spacing[::-1]])
    return result


def sitk_hausdorff(first, second, spacing):
    measure = SimpleITK.HausdorffDistanceImageFilter()
    measure.Execute(image(first, spacing), image(second, spacing))
    return measure.GetHausdorffDistance()


def blobs(seed, shape=(9, 14, 16)):
    """Two overlapping masks with holes and islands, away from the edge."""
    rng = np.random.default_rng(seed)
    base, change = (gaussian_filter(rng.normal(size=shape), 1.5) for _ in range(2))
    masks = [field > np.quantile(field, 0.6) for field in (base, base + 0.6 * change)]
    for mask in masks:
        mask[[0, -1]] = mask[:, [0, -1]] = mask[:, :, [0, -1]] = False
    return masks


@given(st.integers(0, 10_000), SPACINGS)
def test_hausdorff_equals_simpleitk(seed, spacing):
    first, second = blobs(seed)
    assert distances(first, second, spacing).hausdorff == pytest.approx(sitk_hausdorff(first, second, spacing), abs=1e-9)


@given(st.integers(0, 10_000), SPACINGS)
def test_surface_distances_equal_simpleitk_contours(seed, spacing):
    """The surface is SimpleITK's binary contour, and each distance that of its distance map."""
    first, second = blobs(seed)
    found = distances(first, second, spacing)
    contours = [SimpleITK.BinaryContour(image(m, spacing), fullyConnected=False) for m in (first, second)]
    for mine, other, ours in ((0, 1, found.from_first), (1, 0, found.from_second)):
        far = SimpleITK.SignedMaurerDistanceMap(contours[other], squaredDistance=False, useImageSpacing=True)
        expected = np.abs(SimpleITK.GetArrayFromImage(far))[SimpleITK.GetArrayFromImage(contours[mine]) > 0]
        assert np.sort(ours) == pytest.approx(np.sort(expected), abs=1e-4)  # that map is float32
        assert found.hausdorff95 >= np.percentile(expected, 95) - 1e-4


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (3.0, 0.7, 0.9)])
def test_percentile_and_surface_dice_equal_monai(seed, spacing):
    metrics = pytest.importorskip("monai.metrics")
    torch = pytest.importorskip("torch")
    first, second = blobs(seed)
    found = distances(first, second, spacing)
    pair = [torch.from_numpy(m[None, None].astype(np.uint8)) for m in (first, second)]
    hausdorff95 = metrics.compute_hausdorff_distance(*pair, include_background=True, percentile=95, spacing=spacing)
    assert found.hausdorff95 == pytest.approx(float(hausdorff95), rel=1e-5)  # its ranks are float32
    for tolerance in (0.0, 1.0, spacing[0]):
        dice = metrics.compute_surface_dice(*pair, [tolerance], include_background=True, spacing=spacing)
        assert found.surface_dice(tolerance) == pytest.approx(float(dice), rel=1e-6)


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_where_the_two_definitions_of_hausdorff_part():
    """A hole in one of two balls: its surface is far from the other surface, its voxels are near the ball."""
    z, y, x = np.ogrid[-12:13, -12:13, -12:13]
    ball = z**2 + y**2 + x**2 <= 100
    holed = ball.copy()
    holed[12, 12, 12] = False
    found = distances(ball, holed, (1, 1, 1))
    assert found.hausdorff == 1 == sitk_hausdorff(ball, holed, (1, 1, 1))
    assert found.from_second.max() > 8
    metrics, torch = pytest.importorskip("monai.metrics"), pytest.importorskip("torch")
    pair = [torch.from_numpy(m[None, None].astype(np.uint8)) for m in (ball, holed)]
    theirs = metrics.compute_hausdorff_distance(*pair, include_background=True)
    assert float(theirs) == pytest.approx(found.from_second.max(), rel=1e-6)


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_the_edge_of_the_image_is_outside_as_for_monai():
    metrics, torch = pytest.importorskip("monai.metrics"), pytest.importorskip("torch")
    first, second = np.zeros((2, 6, 8, 8), bool)
    first[0:3, :5, :5] = second[0:4, :5, :6] = True
    found = distances(first, second, (1, 1, 1))
    pair = [torch.from_numpy(m[None, None].astype(np.uint8)) for m in (first, second)]
    dice = metrics.compute_surface_dice(*pair, [0.5], include_background=True)
    assert found.surface_dice(0.5) == pytest.approx(float(dice), rel=1e-6)
    contour = SimpleITK.GetArrayFromImage(SimpleITK.BinaryContour(image(first, (1, 1, 1)), fullyConnected=False))
    assert contour.sum() < surface(first).sum()


def test_solid_boxes_by_hand():
    first = np.zeros((20, 20, 20), bool)
    second = first.copy()
    first[5:10, 5:10, 5:10] = True
    second[5:10, 5:10, 8:13] = True
    found = distances(first, second, (2.0, 1.0, 0.5))
    assert found.hausdorff == pytest.approx(1.5)
    assert found.from_first.max() == found.from_second.max() == pytest.approx(1.5)
    assert found.surface_dice(1.5) == 1
    assert found.surface_dice(1.4) < 1


@given(st.integers(0, 10_000), st.floats(-0.6, 0.6))
def test_sheared_grids_are_exact(seed, shear):
    first, second = blobs(seed, (6, 10, 9))
    if not (first.any() and second.any()):
        return
    axes = np.array([[0, 0, 0.7], [3 * shear, 0.7, 0], [3, 0, 0]])
    found = finish(surface_distances(first, second, axes))
    edges = [np.argwhere(surface(m)) @ axes.T for m in (first, second)]
    between = cdist(*edges)
    assert np.sort(found.from_first) == pytest.approx(np.sort(between.min(axis=1)), abs=1e-9)
    assert np.sort(found.from_second) == pytest.approx(np.sort(between.min(axis=0)), abs=1e-9)
    inside = cdist(*(np.argwhere(m) @ axes.T for m in (first, second)))
    assert found.hausdorff == pytest.approx(max(inside.min(axis=1).max(), inside.min(axis=0).max()), abs=1e-9)


@given(st.integers(0, 10_000), SPACINGS)
def test_symmetry_and_identity(seed, spacing):
    first, second = blobs(seed)
    there, back = distances(first, second, spacing), distances(second, first, spacing)
    assert there.hausdorff == back.hausdorff
    assert there.hausdorff95 == back.hausdorff95
    assert there.surface_dice(1) == back.surface_dice(1)
    same = distances(first, first, spacing)
    assert (same.hausdorff, same.hausdorff95, same.surface_dice(0)) == (0, 0, 1)


def test_outline_of_a_plane_image():
    """A 2D image is measured in its plane, as SimpleITK measures 2D images."""
    mask = np.zeros((1, 9, 9), bool)
    mask[0, 2:7, 2:7] = True
    assert surface(mask, along=(1, 2)).sum() == 16
    assert surface(mask).sum() == 25
    other = np.zeros_like(mask)
    other[0, 2:7, 3:9] = True
    found = finish(surface_distances(mask, other, np.diag((1, 0.5, 0.25)), along=(1, 2)))
    assert found.hausdorff == pytest.approx(sitk_hausdorff(mask[0], other[0], (0.5, 0.25)), abs=1e-12)
    assert found.surface_dice(0) < 1


def test_voxels_at_the_edge_of_the_array_are_surface():
    assert surface(np.ones((4, 5, 6), bool)).sum() == 4 * 5 * 6 - 2 * 3 * 4


def test_single_voxels():
    first, second = np.zeros((2, 1, 5, 5), bool)
    first[0, 1, 1] = second[0, 4, 3] = True
    found = distances(first, second, (1, 2, 3))
    assert found.hausdorff == found.hausdorff95 == pytest.approx(np.hypot(6, 6))
    assert found.surface_dice(1) == 0


def test_only_counted_voxels_are_judged_and_any_may_be_nearest():
    first, second = np.zeros((2, 5, 20, 20), bool)
    first[1:4, 2:8, 2:8] = second[1:4, 2:8, 2:8] = True
    second[2, 15, 15] = True
    counted = np.zeros_like(first)
    counted[:, :10] = True
    assert distances(first, second, (1, 1, 1)).hausdorff > 8
    found = distances(first, second, (1, 1, 1), counted)
    assert (found.hausdorff, found.hausdorff95, found.surface_dice(0)) == (0, 0, 1)
    nothing = distances(first, second, (1, 1, 1), np.zeros_like(first))
    assert nothing.hausdorff95 is None
    assert nothing.surface_dice(1) is None


@pytest.mark.parametrize("axes", [np.diag((3.0, 0.7, 0.7)), np.array([[0, 0.2, 0.9], [0.4, 0.8, 0], [2.0, 0, 0.1]])])
def test_far_surfaces_are_exact(axes):
    """Most lines around a voxel hold nothing: what is far is found too, and what is near beside it."""
    first, second = np.zeros((2, 12, 60, 60), bool)
    first[1:4, 2:9, 2:9] = first[9:11, 50:58, 40:58] = True
    second[2:4, 3:9, 2:10] = True
    for mask, other in ((first, second), (second, first)):
        found = finish(surface_distances(mask, other, axes))
        edges = [np.argwhere(surface(m)) @ axes.T for m in (mask, other)]
        between = cdist(*edges)
        assert found.from_first == pytest.approx(between.min(axis=1), abs=1e-9)
        assert found.from_second == pytest.approx(between.min(axis=0), abs=1e-9)
        inside = cdist(*(np.argwhere(m) @ axes.T for m in (mask, other)))
        assert found.hausdorff == pytest.approx(max(inside.min(axis=1).max(), inside.min(axis=0).max()), abs=1e-9)


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize("seed", range(4))
def test_average_distance_equals_monai(seed):
    metrics = pytest.importorskip("monai.metrics")
    torch = pytest.importorskip("torch")
    first, second = blobs(seed)
    pair = [torch.from_numpy(m[None, None].astype(np.uint8)) for m in (first, second)]
    options = {"include_background": True, "symmetric": True, "spacing": (3.0, 0.7, 0.9)}
    expected = metrics.compute_average_surface_distance(*pair, **options)
    assert distances(first, second, (3.0, 0.7, 0.9)).average == pytest.approx(float(expected), rel=1e-6)


def test_steps_can_be_closed_between_slabs():
    first, second = blobs(3)
    fractions = [p.fraction for p in surface_distances(first, second, np.eye(3))]
    assert fractions == sorted(fractions)
    assert 0 <= fractions[0] <= fractions[-1] <= 1
