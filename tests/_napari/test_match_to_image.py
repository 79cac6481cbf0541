"""Labels of another grid lie where the patient has them; *Match to image* puts them onto the image."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import napari_hounsfield as nh
from napari_hounsfield._napari.operation_docks import MatchToImage
from napari_hounsfield.formats.label_reading import read_labels

IMAGE = nh.Volume(np.zeros((20, 24, 22), np.int16), nh.axial_affine((2, 1, 1.2), (-5, 3, 7)), unit="HU", name="CT")


@pytest.fixture
def oblique() -> nh.LabelMap:
    c, s = np.cos(0.4), np.sin(0.4)
    affine = nh.axial_affine((1.5, 1.1, 0.9), (-6, 2, 5))
    affine[:3, :3] = np.array([[1, 0, 0], [0, c, -s], [0, s, c]]) @ affine[:3, :3]
    array = np.zeros((30, 28, 32), np.uint8)
    array[12:16, 10:20, 8:24] = 2
    return nh.LabelMap(array, affine, {2: "lung"})


@pytest.mark.parametrize(("suffix", "image_first"), [(".nii.gz", True), (".seg.nrrd", False), (".ome.zarr", True)])
def test_oblique_labels_lie_over_an_axial_image_where_they_belong(viewer, tmp_path, oblique, suffix, image_first):
    paths = nh.write(tmp_path / "ct.nii.gz", IMAGE), nh.write(tmp_path / f"labels{suffix}", oblique)
    both = nh.read(paths[0])[0], read_labels(paths[1])
    for data in both if image_first else both[::-1]:
        nh.show(viewer, data)
    _check(viewer, oblique)


def test_they_do_when_they_are_dropped(tmp_path, oblique, make_napari_viewer):
    viewer = make_napari_viewer()
    viewer.open(nh.write(tmp_path / "ct.nii.gz", IMAGE), plugin="napari-hounsfield")
    viewer.open(nh.write(tmp_path / "labels.seg.nrrd", oblique), plugin="napari-hounsfield")
    _check(viewer, oblique)


def _check(viewer: Any, oblique: nh.LabelMap) -> None:
    ct, drawn = sorted(viewer.layers, key=lambda layer: layer._type_string)
    assert nh.from_layer(drawn).array.shape == oblique.array.shape, "their own grid is kept"
    for place in np.argwhere(oblique.array)[::50]:
        position = oblique.grid.positions([place])[0]
        voxel = np.linalg.inv(IMAGE.affine) @ [*position, 1]
        world = ct.data_to_world(voxel[:3])
        assert drawn.get_value(world, world=True) == 2
        assert ct.get_value(world, world=True) == 0
    back = nh.from_layer(drawn)
    np.testing.assert_allclose(back.affine, oblique.affine, atol=1e-4)


def test_the_dock_puts_labels_and_images_onto_the_image(viewer, oblique, qtbot, finish):
    (ct,), _ = nh.show(viewer, IMAGE), nh.show(viewer, oblique)
    dock = MatchToImage(viewer)
    qtbot.addWidget(dock)
    form = dock.forms["match"]
    form.fields.inputs["method"].value = "shape"
    form.run()
    finish(form.bar)
    matched = nh.from_layer(viewer.layers[-1])
    expected = nh.match(oblique, IMAGE, nh.MatchParams(method="shape"))
    assert np.array_equal(matched.array, expected.array)
    assert np.array_equal(viewer.layers[-1].scale, ct.scale)
    assert matched.classes == {2: "lung"}
