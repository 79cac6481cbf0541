import hashlib

import numpy as np
import pytest
from PIL import Image

from napari_hounsfield.demo.lung_set import LungSetParams, lung_set, write_lung_set
from napari_hounsfield.errors import WriteError
from napari_hounsfield.images.reading import read_image
from napari_hounsfield.images.table import read_image_table

FROZEN = "e986f89f521d3a199b147afc2659cc0a1d0cd73b22a97dfb06da193303620927"
FIRST_TWO = "d0e24666d462f380f9b9c92a73419d221cd318286dac251dde4f6dc8574d5213"


def digest(slices):
    return hashlib.sha256(np.concatenate([each.image.array for each in slices]).tobytes()).hexdigest()


@pytest.fixture(scope="module")
def two():
    return lung_set(LungSetParams(patients=2))


def test_the_set_is_frozen(two):
    assert digest(two) == FIRST_TWO


@pytest.mark.slow
def test_the_whole_set_is_frozen_and_even():
    slices = lung_set()
    assert digest(slices) == FROZEN
    assert [each.label for each in slices].count("nodule") == 50
    assert len({each.patient for each in slices}) == 20


def test_every_patient_has_slices_of_both_kinds(two):
    for patient, count in (("P001", 2), ("P002", 3)):
        labels = [each.label for each in two if each.patient == patient]
        assert labels.count("nodule") == count
        assert len(labels) == 5


def test_slices_are_hu_of_lung(two):
    for each in two:
        assert (each.image.unit, each.image.array.dtype, each.image.array.shape) == ("HU", np.int16, (1, 128, 128))
        assert np.mean((each.image.array > -950) & (each.image.array < -700)) > 0.4


def test_written_with_its_table(tmp_path, two):
    params = LungSetParams(patients=2)
    for suffix in (".nii.gz", ".png"):
        table = read_image_table(write_lung_set(tmp_path / suffix, params, suffix))
        assert [(entry.label, entry.patient) for entry in table.entries] == [(each.label, each.patient) for each in two]
        first = read_image(table.entries[0].path)
        if suffix == ".png":
            np.testing.assert_allclose(first.array / 255, np.clip((two[0].image.array + 1000) / 1400, 0, 1), atol=0.003)
        else:
            np.testing.assert_array_equal(first.array, two[0].image.array)
            assert first.unit == "HU"
    assert Image.open(table.entries[0].path).mode == "L"
    with pytest.raises(WriteError, match="none of"):
        write_lung_set(tmp_path, params, ".jpg")
