import numpy as np
import pytest
from scipy import ndimage

from napari_hounsfield.demo.phantom import CLASSES, PADDING, PhantomParams, chest_phantom

AIR, LUNG, FIBROSIS, FAT, SOFT, BONE = CLASSES


def test_default_phantom_is_the_size_of_a_chest_scan():
    defaults = PhantomParams()
    assert (defaults.slices, defaults.matrix) == (96, 256)
    small = chest_phantom(PhantomParams(slices=12, matrix=32))
    assert small.volume.array.shape == (12, 32, 32)
    np.testing.assert_allclose(np.multiply(small.volume.spacing, (12, 32, 32)), (288, 333, 333))


def test_same_seed_same_voxels_another_seed_another_patient():
    size = {"slices": 16, "matrix": 48}
    first, again = (chest_phantom(PhantomParams(**size, seed=7)) for _ in range(2))
    other = chest_phantom(PhantomParams(**size, seed=8))
    np.testing.assert_array_equal(first.volume.array, again.volume.array)
    np.testing.assert_array_equal(first.reference.array, again.reference.array)
    assert (first.volume.array != other.volume.array).mean() > 0.3


def test_tissues_have_their_hu(phantom):
    image, labels = phantom.volume.array, phantom.reference.array
    assert phantom.reference.values() == [0, *CLASSES]
    inner = {value: image[ndimage.binary_erosion(labels == value)] for value in (AIR, LUNG, FAT, SOFT)}
    means = {value: voxels.mean() for value, voxels in inner.items()}
    assert means[AIR] == pytest.approx(-1000, abs=15)
    assert means[LUNG] == pytest.approx(-825, abs=25)
    assert means[FAT] == pytest.approx(-100, abs=15)
    assert means[SOFT] == pytest.approx(45, abs=15)
    assert image[labels == BONE].mean() > 200


def test_fibrosis_has_the_mean_hu_of_the_lung_around_it(phantom):
    image, labels = phantom.volume.array, phantom.reference.array
    inside = labels == FIBROSIS
    around = (labels == LUNG) & (ndimage.distance_transform_edt(~inside, sampling=phantom.volume.spacing) < 12)
    air = ~ndimage.binary_dilation((labels != LUNG) & ~inside, iterations=2)  # neither vessels nor the lung's border
    assert image[inside & air].mean() == pytest.approx(image[around & air].mean(), abs=8)
    assert inside.sum() > 0.03 * (labels == LUNG).sum()


def test_no_threshold_tells_fibrosis_from_lung_and_texture_does(phantom):
    image, labels = phantom.volume.array, phantom.reference.array
    lungs = (labels == LUNG) | (labels == FIBROSIS)
    truth = labels[lungs] == FIBROSIS
    best = _best_interval_dice(image[lungs], truth)
    lung_window = np.clip(image.astype(float), -1000, -600)
    coarse = ndimage.gaussian_filter(lung_window, (0, 2, 2))
    texture = ndimage.gaussian_filter(np.abs(lung_window - coarse) * ~ndimage.binary_dilation(~lungs, iterations=2), (0.5, 3, 3))
    assert best < 0.4
    assert _best_interval_dice(texture[lungs], truth) > best + 0.1


def _best_interval_dice(values, truth, steps=40):
    """Best Dice of any range of values, by trying all pairs of percentiles."""
    limits = np.percentile(values, np.linspace(0, 100, steps))
    hits = np.histogram(values[truth], limits)[0].cumsum()
    sizes = np.histogram(values, limits)[0].cumsum()
    hits, sizes = np.concatenate([[0], hits]), np.concatenate([[0], sizes])
    dice = 2 * (hits[None, :] - hits[:, None]) / np.maximum(sizes[None, :] - sizes[:, None] + truth.sum(), 1)
    return dice.max()


def test_padding_is_marked_and_nothing_else(phantom):
    volume = phantom.volume
    np.testing.assert_array_equal(volume.valid, volume.array != PADDING)
    assert not phantom.reference.array[~volume.valid].any()
    assert 0.2 < (~volume.valid).mean() < 0.22  # a square less the circle in it: 1 - pi / 4


def test_two_nodules_of_soft_tissue_lie_in_the_lungs(phantom):
    nodules = phantom.nodules
    assert nodules.values() == [0, 1, 2]
    _, parts = ndimage.label(nodules.array)
    assert parts == 2
    assert (phantom.reference.array[nodules.array > 0] == SOFT).mean() > 0.9
    rim = ndimage.binary_dilation(nodules.array > 0, iterations=2) & (nodules.array == 0)
    assert (phantom.reference.array[rim] == LUNG).mean() > 0.6


def test_noise_is_correlated_and_as_strong_as_asked():
    quiet, noisy = (chest_phantom(PhantomParams(slices=8, matrix=128, noise=noise)) for noise in (0, 40))
    difference = (noisy.volume.array - quiet.volume.array.astype(float))[:, 48:80, 48:80]
    assert difference.std() == pytest.approx(40, rel=0.15)
    neighbours = (difference[:, :, 1:] * difference[:, :, :-1]).mean() / difference.var()
    assert 0.15 < neighbours < 0.9
