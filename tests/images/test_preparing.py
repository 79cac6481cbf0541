import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from napari_hounsfield.errors import FormatError
from napari_hounsfield.grid import axial_affine
from napari_hounsfield.images.preparing import PrepareParams, prepare, prepared
from napari_hounsfield.images.table import read_image_table
from napari_hounsfield.operation import finish
from napari_hounsfield.volume import Volume


def volume(array, **how):
    return Volume(np.asarray(array), axial_affine(how.pop("spacing", (1.0, 1.0, 1.0))), **how)


@pytest.fixture
def table(tmp_path):
    random = np.random.default_rng(0)
    rows = ["path,label,patient"]
    for number, size in enumerate([(20, 30), (64, 64), (9, 50), (64, 64)]):
        Image.fromarray(random.integers(0, 256, size, np.uint8)).save(tmp_path / f"{number}.png")
        rows.append(f"{number}.png,{'ab'[number % 2]},{'QPQR'[number]}")
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n nothing")
    rows.insert(2, "broken.png,a,S")
    (tmp_path / "table.csv").write_text("\n".join(rows))
    return read_image_table(tmp_path / "table.csv")


def test_mixed_sizes_become_one_array_and_the_unreadable_is_listed(table):
    found = finish(prepare(table, PrepareParams(matrix=16)))
    assert found.images.array.shape == (4, 16, 16)
    assert found.images.array.dtype == np.float32
    assert found.images.targets.tolist() == [0, 1, 0, 1]
    assert found.images.patients.tolist() == [0, 1, 0, 2]
    assert [entry.row for entry in found.entries] == [2, 4, 5, 6]
    assert [row for row, _ in found.unreadable] == [3]
    assert "broken" not in found.unreadable[0][1]
    assert found.table != table.digest


def test_hashes_are_of_pixels_not_of_files(table):
    source = table.entries[0].path
    Image.open(source).save(table.folder / "again.bmp")
    text = table.source.read_text() + "\nagain.bmp,b,T\n"
    table.source.write_text(text)
    hashes = finish(prepare(read_image_table(table.source), PrepareParams(matrix=8))).hashes
    assert hashes[0] == hashes[-1]
    assert len(set(hashes)) == len(hashes) - 1


def test_none_readable_is_an_error(table):
    for entry in table.entries:
        entry.path.write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(FormatError, match="none of its 5 images"):
        finish(prepare(table, PrepareParams()))


def test_windows_by_kind():
    hu = np.linspace(-1000, 400, 64).reshape(1, 8, 8)
    same = prepared(volume(hu, unit="HU"), PrepareParams(matrix=8))
    np.testing.assert_allclose(same, np.linspace(0, 1, 64).reshape(8, 8), atol=1e-6)
    eight = np.full((1, 8, 8), 51, np.uint8)
    assert prepared(volume(eight), PrepareParams(matrix=8)) == pytest.approx(0.2)
    wide = np.linspace(0, 4000, 10_000).reshape(1, 100, 100)
    scaled = prepared(volume(wide), PrepareParams(matrix=100))
    np.testing.assert_allclose(scaled, np.clip((wide[0] / 4000 - 0.01) / 0.98, 0, 1), atol=1e-3)
    given = prepared(volume(hu, unit="HU"), PrepareParams(matrix=8, window=(-300, -200)))
    assert set(np.unique(given)) >= {0.0, 1.0}


def test_padding_is_black_whatever_it_holds():
    array, valid = np.full((1, 8, 8), 400, np.int16), np.ones((1, 8, 8), bool)
    valid[0, :4] = False
    found = prepared(volume(array, unit="HU", valid=valid), PrepareParams(matrix=8))
    assert found[:4].max() == 0
    assert found[4:].min() == 1


def test_padding_the_short_side_keeps_the_shape_in_millimetres():
    array = np.full((1, 10, 40), 255, np.uint8)
    found = prepared(volume(array, spacing=(1.0, 2.0, 1.0)), PrepareParams(matrix=16, fit="pad"))
    assert found.any(axis=1).sum() == 8
    assert found.any(axis=0).sum() == 16
    np.testing.assert_array_equal(found, found[::-1])


def test_images_are_the_middle_slice_of_volumes_and_volumes_take_any_depth():
    array = np.arange(5, dtype=np.uint8)[:, None, None] * np.full((1, 8, 8), 51, np.uint8)
    assert prepared(volume(array), PrepareParams(matrix=8)) == pytest.approx(0.4)
    for depth in (1, 3, 9):
        assert prepared(volume(array[:depth]), PrepareParams(matrix=8, slices=4)).shape == (4, 8, 8)


def test_windows_without_width_are_refused():
    for window in ((1.0,), (2.0, 1.0), (1.0, 2.0, 3.0)):
        with pytest.raises(ValidationError, match="lower first"):
            PrepareParams(window=window)
