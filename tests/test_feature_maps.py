"""Derivatives against scipy, scikit-image and calculus, in millimetres."""

import numpy as np
import pytest
from scipy import ndimage
from skimage import feature

import napari_hounsfield as nh
from napari_hounsfield.feature_maps.gaussian_kernels import gaussian_kernel

NONE = {"intensity": False, "smooth": False, "texture": False, "windows": "one"}
WINDOW = nh.WindowParams(lower=0, upper=1000)


def image(array, spacing=(1, 1, 1), **more):
    return nh.Volume(np.asarray(array, np.float32), nh.axial_affine(spacing), **more)


def maps(volume, **chosen):
    """Maps of what is chosen alone, with 0 to 1000 as 0 to 1."""
    return nh.features(volume, nh.FeatureParams(**{**NONE, "window": WINDOW, **chosen})).array


@pytest.fixture
def noise():
    """Smoothed noise from 200 to 800."""
    array = ndimage.gaussian_filter(np.random.default_rng(3).normal(size=(18, 40, 36)), 1.0)
    return 500 + 300 * array / np.abs(array).max()


def test_gradient_and_laplacian_equal_scipy(noise):
    for dimensions, parts in (("volume", [noise]), ("slices", list(noise))):
        found = maps(image(noise), gradient=True, laplacian=True, scales=(1.5, 2.5), dimensions=dimensions)
        for scale, gradient, laplacian in zip((1.5, 2.5), found[:2], found[2:], strict=True):
            expected = [ndimage.gaussian_gradient_magnitude(p / 1000, scale) * scale for p in parts]
            np.testing.assert_allclose(gradient, np.reshape(expected, noise.shape), atol=0.005 * np.max(expected))
            # Scipy's truncated second derivative does not sum to 0: the mean is taken off first, which a Laplacian ignores.
            expected = [ndimage.gaussian_laplace((p - p.mean()) / 1000, scale) * scale**2 for p in parts]
            np.testing.assert_allclose(laplacian, np.reshape(expected, noise.shape), atol=0.01 * np.abs(expected).max())


def test_lengths_are_millimetres_on_anisotropic_voxels(noise):
    spacing, scale = np.array((2.0, 0.8, 1.25)), 2.2
    centred = (noise - noise.mean()) / 1000

    def derivative(*axes):
        orders = [axes.count(axis) for axis in range(3)]
        return ndimage.gaussian_filter(centred, scale / spacing, orders) / np.prod(spacing**orders)

    volume = image(noise, spacing)
    chosen = {"scales": (scale,), "dimensions": "volume"}
    slope = np.sqrt(sum(derivative(axis) ** 2 for axis in range(3))) * scale
    np.testing.assert_allclose(maps(volume, gradient=True, **chosen)[0], slope, atol=0.005 * slope.max())
    hessian = np.array([[derivative(i, j) for i in range(3)] for j in range(3)]) * scale**2
    values = np.linalg.eigvalsh(np.moveaxis(hessian, (0, 1), (-2, -1)))[..., ::-1]
    np.testing.assert_allclose(maps(volume, hessian=True, **chosen), np.moveaxis(values, -1, 0), atol=0.01 * np.abs(values).max())


@pytest.mark.parametrize("dimensions", ["slices", "volume"])
def test_hessian_equals_scikit_image(noise, dimensions):
    found = maps(image(noise), hessian=True, scales=(2,), dimensions=dimensions)
    parts = [noise / 1000] if dimensions == "volume" else noise / 1000
    expected = [
        4 * feature.hessian_matrix_eigvals(feature.hessian_matrix(p, 2, mode="reflect", use_gaussian_derivatives=True))
        for p in parts
    ]
    expected = expected[0] if dimensions == "volume" else np.stack(expected, axis=1)
    inner = (slice(None), *[slice(8, -8)] * 3)
    assert (np.diff(found, axis=0) <= 0).all()
    np.testing.assert_allclose(found[inner], expected[inner], atol=0.04 * np.abs(expected).max())


@pytest.mark.parametrize("dimensions", ["slices", "volume"])
def test_structure_tensor_equals_scikit_image_on_a_smooth_image(dimensions):
    array = ndimage.gaussian_filter(np.random.default_rng(5).normal(size=(40, 60, 60)), 9.0)
    array = 500 + 300 * array / np.abs(array).max()
    found = maps(image(array), structure=True, scales=(2,), dimensions=dimensions)
    count = len(found)
    sobel = 2 * 4 ** (count - 1)  # the gain of scikit-image's derivatives
    parts = [array / 1000] if dimensions == "volume" else array / 1000
    tensors = [feature.structure_tensor(p, 2, mode="reflect") for p in parts]
    expected = [
        feature.structure_tensor_eigenvalues(tensor) / sobel**2 for tensor in tensors
    ]  # gradients times half the scale: 1
    expected = expected[0] if dimensions == "volume" else np.stack(expected, axis=1)
    np.testing.assert_allclose(found, expected, atol=0.05 * expected.max())
    assert (found >= -1e-9).all()


@pytest.mark.parametrize("scale", [0.3, 1.0, 3.0])
def test_derivatives_of_a_quadratic_are_exact(scale):
    """At any voxel size, also where sigma is far below the distance of the slices."""
    spacing = (4.0, 0.8, 1.25)
    matrix = np.array([[0.5, 0.2, -0.1], [0.2, -0.3, 0.15], [-0.1, 0.15, 0.1]])
    centre = (np.indices((15, 61, 41)).reshape(3, -1).T - (7, 30, 20)) * spacing
    array = 500 + 0.5 * np.einsum("ni,ij,nj->n", centre, matrix, centre).reshape(15, 61, 41)
    assert 0 < array.min() < array.max() < 1000
    volume = image(array, spacing)
    middle = (slice(None), 7, 30, 20)
    chosen = {"scales": (scale,), "dimensions": "volume"}
    hessian = scale**2 * matrix / 1000
    close = {"atol": 2e-6, "rtol": 2e-4}
    np.testing.assert_allclose(maps(volume, hessian=True, **chosen)[middle], np.linalg.eigvalsh(hessian)[::-1], **close)
    np.testing.assert_allclose(maps(volume, laplacian=True, **chosen)[middle], [np.trace(hessian)], **close)
    slope = scale * np.linalg.norm(matrix @ (np.array((1, 5, -4)) * spacing)) / 1000
    np.testing.assert_allclose(maps(volume, gradient=True, **chosen)[:, 8, 35, 16], [slope], **close)
    np.testing.assert_allclose(
        maps(volume, hessian=True, scales=(scale,))[middle], np.linalg.eigvalsh(hessian[1:, 1:])[::-1], **close
    )


@pytest.mark.parametrize("dimensions", ["slices", "volume"])
def test_the_same_anatomy_gives_the_same_values_at_another_spacing(dimensions):
    """A smooth pattern of waves in mm, sampled twice; compared where both have a voxel."""

    def sampled(spacing, shape):
        z, y, x = (step * np.arange(n) for step, n in zip(spacing, shape, strict=True))
        return (
            500
            + 200 * np.sin(z / 9)[:, None, None] * np.sin(y / 5)[:, None]
            + 200 * np.cos(x / 6 + 0.4)[None, None]
            + 0 * y[:, None]
        )

    fine = image(sampled((1.5, 1, 1), (33, 61, 61)), (1.5, 1, 1))
    coarse = image(sampled((3, 1.5, 2), (17, 41, 31)), (3, 1.5, 2))
    chosen = {
        "intensity": True, "smooth": True, "gaussian": (2,), "scales": (2.5,), "dimensions": dimensions,
        "gradient": True, "laplacian": True, "structure": True, "hessian": True,
    }  # fmt: skip
    first = maps(fine, **chosen)[:, ::2, ::3, ::2]
    second = maps(coarse, **chosen)[:, :, ::2, :]
    assert first.shape == second.shape
    inner = (slice(5, -5), slice(7, -7), slice(7, -7))
    for one, other in zip(first, second, strict=True):
        np.testing.assert_allclose(one[inner], other[inner], atol=0.04 * np.abs(one[inner]).max())


ALL = {
    "intensity": True, "smooth": True, "gradient": True, "laplacian": True, "structure": True, "hessian": True, "position": True,
}  # fmt: skip


@pytest.mark.parametrize("dimensions", ["slices", "volume"])
def test_maps_do_not_depend_on_the_direction_in_which_rows_are_stored(noise, dimensions):
    noise[:, :6] = noise[:, :, -5:] = 100  # air around
    volume = image(noise, (3, 1, 1.5))
    found = maps(volume, scales=(2,), dimensions=dimensions, **ALL)
    for axes in ((1,), (2,), (0, 1, 2)):
        affine = np.array(volume.affine)
        for axis in axes:
            affine[:3, 3] += affine[:3, axis] * (volume.array.shape[axis] - 1)
            affine[:3, axis] *= -1
        flipped = nh.Volume(np.flip(volume.array, axes), affine)
        again = maps(flipped, scales=(2,), dimensions=dimensions, **ALL)
        np.testing.assert_allclose(np.flip(again, [axis + 1 for axis in axes]), found, atol=2e-6)


@pytest.mark.parametrize("dimensions", ["slices", "volume"])
def test_padding_has_no_influence(noise, dimensions):
    valid = np.ones(noise.shape, bool)
    valid[:, :5] = False
    results = []
    for padding in (-2000, 3000, np.nan):
        array = np.where(valid, noise, padding)
        results.append(maps(image(array, valid=valid), scales=(2,), dimensions=dimensions, **ALL))
    assert np.isfinite(results[0]).all()
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[0], results[2])


def test_a_single_slice_has_nothing_across(noise):
    flat = image(noise[:1])
    found = maps(flat, gradient=True, hessian=True, scales=(2,), dimensions="volume")
    within = maps(flat, gradient=True, hessian=True, scales=(2,))
    np.testing.assert_allclose(found[0], within[0], atol=1e-6)
    np.testing.assert_allclose(np.sort(np.abs(found[1:]), axis=0)[0], 0, atol=1e-6)


def test_a_scale_wider_than_the_image_is_refused(noise):
    with pytest.raises(nh.ParameterError, match="scales 50 mm is wider than the image; 40 mm is the most"):
        maps(image(noise), gradient=True, scales=(50,))


def test_kernels_equal_scipy_where_voxels_are_fine():
    impulse = np.zeros(41)
    impulse[20] = 1
    for order in range(3):
        sampled = ndimage.gaussian_filter1d(impulse, 3.0, order=order)[::-1] * 3.0**order  # correlation, not convolution
        kernel = gaussian_kernel(3.0, order)
        reach = len(kernel) // 2
        np.testing.assert_allclose(kernel, sampled[20 - reach : 21 + reach], atol=0.005 * np.abs(kernel).max())


def test_derivatives_far_below_a_voxel_are_differences_of_neighbours():
    np.testing.assert_allclose(gaussian_kernel(1e-4, 1), 1e-4 * np.array([-0.5, 0, 0.5]))
    np.testing.assert_allclose(gaussian_kernel(1e-4, 2), 1e-8 * np.array([1, -2, 1]))
