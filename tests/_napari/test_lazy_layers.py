"""Large OME-Zarr folders are shown from the disk, at the same place and with the same contrast as from memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import napari_hounsfield as nh
from napari_hounsfield._napari import readers
from napari_hounsfield._napari.export import Export
from napari_hounsfield._napari.layers import layer_tuples
from napari_hounsfield.formats.ome_zarr import read_ome_zarr
from napari_hounsfield.lazy import LazyArray

FLIPPED = np.array([[0, 0, -0.7, 1], [0, 0.7, 0, 2], [-3, 0, 0, 3], [0, 0, 0, 1.0]])
"""Slices from the head down, rows to the right."""


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    array = np.random.default_rng(0).normal(0, 300, (20, 300, 280)).astype(np.int16)
    volume = nh.Volume(array, FLIPPED, unit="HU", modality="CT", window=(-160, 240))
    return nh.write(tmp_path_factory.mktemp("zarr") / "ct.ome.zarr", volume)


def test_the_same_is_shown_from_the_disk_as_from_memory(stored, make_napari_viewer):
    (memory,), (disk,) = read_ome_zarr(stored), read_ome_zarr(stored, 0)
    viewer = make_napari_viewer()
    (first,), (second,) = nh.show(viewer, memory), nh.show(viewer, disk)
    assert second.multiscale
    assert [level.shape for level in second.data] == [(20, 300, 280), (20, 150, 140)]
    assert np.array_equal(np.asarray(second.data[0]), first.data)
    assert second.contrast_limits == first.contrast_limits == [-160, 240]
    assert np.array_equal(second.scale, first.scale)
    assert np.array_equal(second.translate, first.translate)
    assert second.units == first.units
    back = nh.from_layer(second)
    assert isinstance(back.array, LazyArray)
    assert np.array_equal(back.affine, FLIPPED)
    assert np.array_equal(nh.window(back).array, nh.window(memory).array)


def test_labels_on_the_disk_have_their_colours_and_names(tmp_path, make_napari_viewer):
    array = np.zeros((10, 300, 280), np.int32)
    array[2:8, 50:200, 50:200] = 3
    path = nh.write(tmp_path / "l.ome.zarr", nh.LabelMap(array, FLIPPED, {3: "liver", 4: "spleen"}))
    (memory,), (disk,) = read_ome_zarr(path), read_ome_zarr(path, 0)
    viewer = make_napari_viewer()
    (first,), (second,) = nh.show(viewer, memory), nh.show(viewer, disk)
    assert list(second.features["index"]) == list(first.features["index"])
    assert np.array_equal(second.get_color(3), first.get_color(3))
    assert nh.from_layer(second).classes == {3: "liver", 4: "spleen"}


def test_a_folder_that_is_dropped_is_opened_and_saved(stored, tmp_path, make_napari_viewer, qtbot):
    viewer = make_napari_viewer()
    assert readers.dicom_reader(str(stored)) is readers.read_files
    viewer.open(stored, plugin="napari-hounsfield")
    qtbot.waitUntil(lambda: len(viewer.layers) == 1, timeout=20000)
    (layer,) = viewer.layers
    assert layer.name == "ct.ome.zarr"
    viewer.layers.selection = {layer}
    (written,) = viewer.layers.save(str(tmp_path / "again.ome.zarr"), plugin="napari-hounsfield")
    (again,) = nh.read(written)
    assert np.array_equal(np.asarray(again.array), np.asarray(nh.read(stored)[0].array))
    np.testing.assert_allclose(again.affine, FLIPPED)


def test_export_offers_ome_zarr_and_writes_it(stored, tmp_path, make_napari_viewer, qtbot):
    viewer = make_napari_viewer()
    nh.show(viewer, nh.read(stored)[0])
    dock = Export(viewer)
    qtbot.addWidget(dock)
    dock._format.value = "OME-Zarr (.ome.zarr)"
    dock._path.value = tmp_path / "out"
    dock.run()
    qtbot.waitUntil(lambda: (tmp_path / "out.ome.zarr").is_dir(), timeout=20000)
    assert np.array_equal(np.asarray(nh.read(tmp_path / "out.ome.zarr")[0].array), np.asarray(nh.read(stored)[0].array))


def test_one_level_without_a_window_is_judged_by_its_middle(tmp_path):
    lazy = LazyArray(lambda index: np.arange(3 * 4 * 5, dtype=np.float32).reshape(3, 4, 5)[index], (3, 4, 5), np.float32)
    ((array, arguments, kind),) = layer_tuples(nh.Volume(lazy, np.eye(4)))
    assert kind == "image"
    assert array.shape == (5, 4, 3) or array.shape == (3, 4, 5)
    assert arguments["multiscale"] is False
    assert arguments["contrast_limits"][0] < arguments["contrast_limits"][1]
