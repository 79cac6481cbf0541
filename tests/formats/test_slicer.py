"""Segmentations as 3D Slicer keeps them, read by slicerio, and read back from what it writes."""

from __future__ import annotations

import numpy as np
import pytest
import slicerio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_hounsfield import FormatError, LabelMap, read, write
from napari_hounsfield.formats.slicer import read_seg_nrrd

from .generated import AFFINE, affines, voxels

NAMES = {1: "left lung", 2: "liver", 5: "nodule, small"}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
@given(affine=affines(), seed=st.integers(0, 99))
def test_slicerio_finds_every_segment_with_its_name_colour_and_terminology(tmp_path, affine, seed):
    labels = LabelMap((voxels("u1", seed=seed) % 6).astype(np.uint8), affine, NAMES)
    found = slicerio.read_segmentation(str(write(tmp_path / "s.seg.nrrd", labels, overwrite=True)))
    to_lps = found["ijkToLPS"]
    index = np.argwhere(np.ones(labels.array.shape, bool))
    np.testing.assert_allclose(index[:, ::-1] @ to_lps[:3, :3].T + to_lps[:3, 3], labels.grid.positions(index), atol=1e-6)
    for value in np.unique(labels.array[labels.array > 0]):
        segment = slicerio.segment_from_name(found, labels.class_name(int(value)))
        mask = found["voxels"] == segment["labelValue"]
        assert np.array_equal(mask.transpose(2, 1, 0), labels.array == value)
        assert len(segment["color"]) == 3
        assert segment["terminology"]["category"][0] == "SCT"
    lung = slicerio.segment_from_name(found, "left lung")["terminology"]
    assert lung["type"] == ["SCT", "39607008", "Lung"]
    assert lung["typeModifier"] == ["SCT", "7771000", "Left"]


@pytest.mark.parametrize("seed", range(3))
def test_overlapping_segments_of_slicerio_come_back_whole(tmp_path, seed):
    rng = np.random.default_rng(seed)
    masks = [rng.random((5, 6, 7)) < share for share in (0.5, 0.4, 0.02, 0.02)]
    layers = np.zeros((3, 7, 6, 5), np.uint8)  # two segments overlap the first, and the last shares a layer with it
    layers[0][masks[0].transpose(2, 1, 0)] = 1
    masks[3] &= ~masks[0]
    layers[0][masks[3].transpose(2, 1, 0)] = 2
    layers[1][masks[1].transpose(2, 1, 0)] = 1
    layers[2][masks[2].transpose(2, 1, 0)] = 1
    places = [(0, 1), (1, 1), (2, 1), (0, 2)]
    segments = [
        {"id": f"S{i}", "name": name, "color": [1.0, 0.5, 0.0], "layer": layer, "labelValue": value}
        for i, (name, (layer, value)) in enumerate(zip("abcd", places, strict=True))
    ]
    segmentation = {"voxels": layers, "ijkToLPS": np.diag([0.7, 0.7, 3.0, 1.0]), "encoding": "gzip", "segments": segments}
    slicerio.write_segmentation(str(tmp_path / "o.seg.nrrd"), segmentation)
    maps = read(tmp_path / "o.seg.nrrd")
    found = {name: m.array == value for m in maps for value, name in m.classes.items()}
    assert sorted(found) == list("abcd")
    for name, mask in zip("abcd", masks, strict=True):
        assert np.array_equal(found[name], mask)
    if len(maps) > 1:
        with pytest.raises(FormatError, match=r"^o\.seg\.nrrd: its segments overlap"):
            read_seg_nrrd(tmp_path / "o.seg.nrrd")


def test_many_segments_and_empty_ones(tmp_path):
    array = (np.arange(8 * 9 * 10).reshape(8, 9, 10) % 400).astype(np.uint16)
    classes = {value: f"part {value}" for value in range(1, 420)}
    path = write(tmp_path / "m.seg.nrrd", LabelMap(array, AFFINE, classes))
    (back,) = read(path)
    assert back.classes == classes
    assert np.array_equal(back.array, array)
    assert len(slicerio.read_segmentation(str(path))["segments"]) == 419
