"""*Match to image* puts labels and images where the patient has them."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_hounsfield import GridError, LabelMap, MatchParams, Source, Volume, axial_affine, match, match_image
from napari_hounsfield.matching import MatchImageParams

IMAGE = Volume(np.zeros((20, 24, 22), np.int16), axial_affine((2, 1, 1.2), (-5, 3, 7)), name="CT")


def turned(angle: float, spacing=(1.5, 1.1, 0.9), origin=(-6, 2, 5)) -> np.ndarray:
    c, s = np.cos(angle), np.sin(angle)
    affine = axial_affine(spacing, origin)
    affine[:3, :3] = np.array([[1, 0, 0], [0, c, -s], [0, s, c]]) @ affine[:3, :3]
    return affine


def ball(affine: np.ndarray, shape=(30, 28, 32), centre=(8, 14, 25), radius=9.0, dtype=np.uint8) -> np.ndarray:
    index = np.argwhere(np.ones(shape, bool))
    places = index @ affine[:3, :3].T + affine[:3, 3]
    return (np.linalg.norm(places - centre, axis=1) < radius).reshape(shape).astype(dtype)


def as_itk(array: np.ndarray, affine: np.ndarray):
    image = SimpleITK.GetImageFromArray(array)
    matrix = affine[:3, [2, 1, 0]]
    sizes = np.linalg.norm(matrix, axis=0)
    image.SetSpacing(sizes.tolist())
    image.SetDirection((matrix / sizes).ravel().tolist())
    image.SetOrigin(affine[:3, 3].tolist())
    return image


@settings(max_examples=20)
@given(angle=st.floats(-0.7, 0.7), seed=st.integers(0, 9))
def test_nearest_is_that_of_simpleitk(angle, seed):
    affine = turned(angle)
    array = np.random.default_rng(seed).integers(0, 5, (30, 28, 32)).astype(np.uint8)
    found = match(LabelMap(array, affine, {1: "a"}), IMAGE)
    moving, fixed = as_itk(array, affine), as_itk(IMAGE.array, np.array(IMAGE.affine))
    expected = SimpleITK.GetArrayFromImage(
        SimpleITK.Resample(moving, fixed, SimpleITK.Transform(), SimpleITK.sitkNearestNeighbor, 0)
    )
    assert (found.array != expected).mean() < 2e-3, "ties, and the outermost half voxel"
    assert np.array_equal(found.affine, IMAGE.affine)
    assert found.classes == {1: "a"}


@pytest.mark.parametrize("method", ["nearest", "shape"])
def test_the_same_lattice_changes_nothing(method):
    array = np.random.default_rng(0).integers(0, 4, IMAGE.array.shape).astype(np.int32)
    step = np.array([[0, 0, -1, 19], [0, 1, 0, 0], [-1, 0, 0, 21], [0, 0, 0, 1.0]])
    flipped = LabelMap(array.transpose(2, 1, 0)[::-1, :, ::-1], IMAGE.affine @ step)
    found = match(flipped, IMAGE, MatchParams(method=method))
    assert np.array_equal(found.array, array)
    assert found.array.dtype == np.int32


@settings(max_examples=10)
@given(angle=st.floats(-0.6, 0.6))
def test_both_ways_find_a_ball_where_it_is(angle):
    affine = turned(angle)
    truth = ball(np.array(IMAGE.affine), IMAGE.array.shape)
    for method, least in (("nearest", 0.93), ("shape", 0.95)):
        found = match(LabelMap(ball(affine) * 3, affine), IMAGE, MatchParams(method=method)).array
        assert set(np.unique(found)) == {0, 3}
        assert 2 * (truth * (found == 3)).sum() / (truth.sum() + (found == 3).sum()) > least


def test_by_shape_is_closer_than_nearest_from_coarse_slices():
    coarse = axial_affine((6, 1, 1.2), (-5, 3, 5))
    labels = LabelMap(ball(coarse, (9, 26, 24)), coarse)
    truth = ball(np.array(IMAGE.affine), IMAGE.array.shape)
    wrong = {m: (match(labels, IMAGE, MatchParams(method=m)).array != truth).sum() for m in ("nearest", "shape")}
    assert wrong["shape"] < 0.7 * wrong["nearest"]


def test_classes_that_touch_stay_without_gap_by_shape():
    affine = turned(0.0, (3, 1, 1.2), (-5, 3, 7))
    array = np.ones((14, 24, 22), np.uint8)
    array[:, 12:] = 2
    found = match(LabelMap(array, affine), IMAGE, MatchParams(method="shape")).array
    assert (found > 0).all()
    assert np.array_equal(found == 2, np.broadcast_to(np.arange(24)[:, None] >= 12, found.shape))


def test_labels_refer_to_the_series_of_the_image():
    image = Volume(IMAGE.array, IMAGE.affine, frame_of_reference="1.2.3", source=Source("1.2.3.4"))
    labels = LabelMap(ball(turned(0.2)), turned(0.2))
    found = match(labels, image)
    assert found.source == image.source
    assert found.frame_of_reference == "1.2.3"
    assert found.history[-1].operation == "match"
    assert found.history[-1].parameters == {"across_frames": False, "method": "nearest"}


def test_other_frames_of_reference_only_when_asked():
    labels = LabelMap(ball(turned(0.2)), turned(0.2), frame_of_reference="1.2.3", name="lung")
    image = Volume(IMAGE.array, IMAGE.affine, frame_of_reference="1.2.4", name="CT")
    with pytest.raises(GridError, match=r"^lung: its frame of reference is another than that of CT") as caught:
        match(labels, image)
    assert "1.2" not in str(caught.value)
    assert match(labels, image, MatchParams(across_frames=True)).array.any()
    with pytest.raises(GridError, match="frame of reference"):
        match_image(Volume(labels.array, labels.affine, frame_of_reference="1.2.3"), image)
    assert match(LabelMap(labels.array, labels.affine), image).array.any(), "files that do not say it are taken"


def test_labels_far_away_are_an_error():
    labels = LabelMap(np.ones((3, 3, 3), np.uint8), axial_affine((1, 1, 1), (500, 0, 0)), name="lung")
    with pytest.raises(GridError, match=r"^lung: nothing of them lies within"):
        match(labels, IMAGE)


def test_images_are_interpolated_linearly():
    affine = turned(0.3)
    index = np.argwhere(np.ones((30, 28, 32), bool))
    ramp = ((index @ affine[:3, :3].T + affine[:3, 3]) @ (1, 2, 3)).reshape(30, 28, 32)
    found = match_image(Volume(ramp, affine, unit="HU"), IMAGE, MatchImageParams())
    where = np.argwhere(np.ones(IMAGE.array.shape, bool)) @ IMAGE.affine[:3, :3].T + IMAGE.affine[:3, 3]
    inner = found.valid & ~np.isnan(found.array)
    expected = (where @ (1, 2, 3)).reshape(inner.shape)
    off = np.abs(found.array - expected)[inner]
    assert np.quantile(off, 0.9) < 1e-3, "all but the outermost half voxels"
    assert found.unit == "HU"
