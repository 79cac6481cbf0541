"""The sample that classes are found on."""

import numpy as np

import napari_hounsfield as nh
from napari_hounsfield.feature_stack import feature_source
from napari_hounsfield.operation import finish
from napari_hounsfield.pixels.class_methods import sample
from napari_hounsfield.pixels.class_methods.sample import draw_sample, sample_mask


def test_only_scanned_voxels_of_some_slices_are_sampled():
    valid = np.random.default_rng(0).random((40, 9, 11)) < 0.6
    valid[5:30] = False
    volume = nh.Volume(np.zeros(valid.shape, np.int16), np.eye(4), valid=valid)
    mask = sample_mask(volume, np.random.default_rng(1))
    slices = mask.any(axis=(1, 2))
    assert slices.sum() == 8
    np.testing.assert_array_equal(mask[slices], valid[slices])
    assert slices[:5].any()
    assert slices[30:].any()


def test_it_is_standardised_and_bounded(monkeypatch):
    monkeypatch.setattr(sample, "VOXELS", 500)
    volume = nh.Volume(np.random.default_rng(0).normal(size=(20, 30, 30)), np.eye(4))
    drawn = finish(draw_sample(feature_source(volume, nh.FeatureParams(texture=False).resolve(volume), None), 0))
    assert drawn.intensity.shape == (500,)
    np.testing.assert_allclose(drawn.maps.mean(axis=1), 0, atol=1e-9)
    np.testing.assert_allclose(drawn.maps.std(axis=1), 1)
    assert drawn.thinned(100).maps.shape[1] == 100
    assert drawn.thinned(1000) is drawn
