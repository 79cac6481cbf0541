import numpy as np
import pytest
from PIL import Image

import napari_hounsfield as nh
from napari_hounsfield.errors import GridError, LabelError
from napari_hounsfield.images.preparing import PrepareParams, prepare
from napari_hounsfield.images.region import cut, region_box
from napari_hounsfield.images.table import read_image_table
from napari_hounsfield.operation import finish


@pytest.fixture
def volume():
    return nh.Volume(np.arange(4 * 20 * 30, dtype=np.int16).reshape(4, 20, 30), nh.axial_affine((2.0, 1.0, 1.0)))


def test_boxes_of_rows_and_columns_and_of_slices_too(volume, tmp_path):
    assert region_box("2:5, 10:20", tmp_path, volume) == (slice(0, 4), slice(2, 5), slice(10, 20))
    assert region_box("1:3,2:5,10:20", tmp_path, volume) == (slice(1, 3), slice(2, 5), slice(10, 20))
    for text in ("5:2,1:3", "0:21,1:3", "3:3,1:3"):
        with pytest.raises(GridError, match="not within 4 x 20 x 30"):
            region_box(text, tmp_path, volume)


def test_masks_of_either_kind(volume, tmp_path):
    mask = np.zeros((4, 20, 30), np.uint8)
    mask[2, 3:6, 7:9] = 1
    nh.write(tmp_path / "mask.nii.gz", volume.label_map(mask, {1: "lesion"}))
    assert region_box("mask.nii.gz", tmp_path, volume) == (slice(2, 3), slice(3, 6), slice(7, 9))
    flat = volume.like(volume.array[:1])
    Image.fromarray(mask[2]).save(tmp_path / "mask.png")
    assert region_box("mask.png", tmp_path, flat) == (slice(0, 1), slice(3, 6), slice(7, 9))
    with pytest.raises(GridError, match="pixels"):
        region_box("mask.png", tmp_path, volume)
    Image.fromarray(mask[0]).save(tmp_path / "none.png")
    with pytest.raises(LabelError, match="empty"):
        region_box("none.png", tmp_path, flat)


def test_what_is_around_it_is_seen_as_far_as_the_image_goes(volume):
    part = cut(volume, (slice(1, 3), slice(1, 11), slice(5, 10)), 0.2)
    np.testing.assert_array_equal(part.array, volume.array[1:3, 0:13, 3:12])
    np.testing.assert_array_equal(part.grid.positions([[0, 0, 0]]), volume.grid.positions([[1, 0, 3]]))


def test_two_lesions_of_one_image_are_two_rows(tmp_path):
    picture = np.zeros((1, 40, 40), np.uint8)[0]
    picture[:20] = 255
    Image.fromarray(picture).save(tmp_path / "a.png")
    (tmp_path / "table.csv").write_text('path,label,region\na.png,x,"0:9,0:9"\na.png,y,"25:35,0:9"\na.png,y,"90:99,0:9"\n')
    found = finish(prepare(read_image_table(tmp_path / "table.csv"), PrepareParams(matrix=8)))
    np.testing.assert_array_equal(found.images.array.mean(axis=(1, 2)), [1, 0])
    assert [row for row, _ in found.unreadable] == [4]
    assert found.images.patients.tolist() == [0, 0]
    assert len(set(found.hashes)) == 2
