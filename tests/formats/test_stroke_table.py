"""Strokes go to a table and come back to the voxels that they were painted on."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_hounsfield import FormatError, LabelError, LabelMap, Volume, WriteError, read_strokes, write_strokes

from .generated import AFFINE, affines

IMAGE = Volume(np.zeros((4, 6, 5), np.int16), AFFINE, name="CT")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(affine=affines(), seed=st.integers(0, 99))
def test_strokes_come_back(tmp_path, affine, seed):
    image = Volume(IMAGE.array, affine)
    array = np.random.default_rng(seed).choice([0, 0, 1, 7, 300], image.array.shape).astype(np.int32)
    array[0, 0, 0] = 7
    strokes = LabelMap(array, affine, {1: "Lunge, links", 7: "肺"})
    back = read_strokes(write_strokes(tmp_path / "s.csv", strokes, overwrite=True), image)
    assert np.array_equal(back.array, array)
    assert back.classes == {value: name for value, name in strokes.classes.items() if (array == value).any()}


def test_rows_say_where_a_voxel_is(tmp_path):
    array = np.zeros(IMAGE.array.shape, np.uint8)
    array[2, 3, 4] = 1
    with open(write_strokes(tmp_path / "s.csv", LabelMap(array, AFFINE, {1: "lung"})), newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert [row[key] for key in ("label", "name", "z", "y", "x")] == ["1", "lung", "2", "3", "4"]
    np.testing.assert_allclose([float(row[f"{key}_mm"]) for key in ("left", "posterior", "superior")], (-97.3, 22.1, -294))


def test_strokes_go_to_the_nearest_voxel_of_another_image_of_the_place(tmp_path):
    finer = np.array(AFFINE)
    finer[:3, :3] /= 2
    array = np.zeros((8, 12, 10), np.uint8)
    array[4, 6, 6] = 2
    back = read_strokes(write_strokes(tmp_path / "s.csv", LabelMap(array, finer)), IMAGE)
    assert np.argwhere(back.array).tolist() == [[2, 3, 3]]
    array[:] = 1
    array[0, 0, 1] = 2
    with pytest.raises(LabelError, match=r"different classes lie in one voxel|outside"):
        read_strokes(write_strokes(tmp_path / "s.csv", LabelMap(array, finer), overwrite=True), IMAGE)


def test_what_cannot_be_is_refused(tmp_path):
    path = tmp_path / "s.csv"
    with pytest.raises(WriteError, match="0 painted voxels"):
        write_strokes(path, LabelMap(np.zeros((2, 2, 2), np.uint8), AFFINE))
    for text in ("", "label,name\n1,a\n", "label,name,z,y,x,left_mm,posterior_mm,superior_mm\n0,a,0,0,0,0,0,0\n"):
        path.write_text(text)
        with pytest.raises(FormatError, match=r"^s\.csv: no table of strokes"):
            read_strokes(path, IMAGE)
    for place in ("1e6", "nan"):
        path.write_text(f"label,name,z,y,x,left_mm,posterior_mm,superior_mm\n1,a,0,0,0,{place},0,0\n")
        with pytest.raises(LabelError, match=r"^s\.csv: 1 strokes lie outside CT$"):
            read_strokes(path, IMAGE)
