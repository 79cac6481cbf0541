import io

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from napari_hounsfield.images.near_duplicates import near_duplicates
from napari_hounsfield.images.prepared import PreparedImages
from napari_hounsfield.operation import finish


@pytest.fixture(scope="module")
def pictures():
    """Images that look alike as those of one part of the body do, each with its own details."""
    random = np.random.default_rng(0)
    common = gaussian_filter(random.random((96, 96)), 8)
    own = [gaussian_filter(random.random((96, 96)), 2.5) for _ in range(12)]
    return [np.clip(0.5 + 12 * (common - common.mean()) + 3 * (each - each.mean()), 0, 1) for each in own]


def changed(picture):
    """Cropped by 3 % on two sides, brighter, and saved as JPEG."""
    image = Image.fromarray((255 * picture).astype(np.uint8)).crop((3, 0, 96, 93)).resize((96, 96))
    stream = io.BytesIO()
    Image.fromarray(np.clip(np.asarray(image) * 1.1 + 5, 0, 255).astype(np.uint8)).save(stream, "JPEG", quality=60)
    return np.asarray(Image.open(stream)) / 255


def found(pictures, patients):
    array = np.array(pictures, np.float32)
    images = PreparedImages(array, np.zeros(len(array), np.int64), np.array(patients), ("a",))
    return [(pair.first, pair.second) for pair in finish(near_duplicates(images))]


def test_changed_copies_of_other_patients_are_found_and_nothing_else(pictures):
    copies = [changed(pictures[3]), pictures[7]]
    assert sorted(found([*pictures, *copies], range(14))) == [(3, 12), (7, 13)]


def test_copies_of_the_same_patient_are_none_of_its_business(pictures):
    assert found([*pictures, changed(pictures[3])], [*range(12), 3]) == []


def test_volumes_too(pictures):
    stacks = [np.stack([picture] * 3) for picture in [*pictures[:4], changed(pictures[1])]]
    assert found(stacks, range(5)) == [(1, 4)]


def test_images_without_detail_are_like_none():
    assert found(np.ones((3, 20, 20)), range(3)) == []
