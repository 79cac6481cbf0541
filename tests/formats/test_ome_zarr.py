"""OME-Zarr holds what was written, at its place, in levels that others understand; and is larger than memory."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import zarr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_hounsfield import Features, LabelMap, Source, Volume, WriteError, read, write
from napari_hounsfield.formats.label_reading import read_labels, read_maps
from napari_hounsfield.formats.ome_zarr import read_ome_zarr
from napari_hounsfield.formats.ome_zarr_writing import local_mean, pyramid
from napari_hounsfield.formats.writing import write_steps
from napari_hounsfield.lazy import LazyArray

from .generated import AFFINE, TYPES, affines, voxels

few = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)


def attributes(path: Path) -> dict:
    return json.loads((path / "zarr.json").read_text())["attributes"]


@few
@given(affine=affines(), dtype=st.sampled_from([t for t in TYPES if t[0] != ">"]), seed=st.integers(0, 99), lazy=st.booleans())
def test_volumes_come_back_as_they_were(tmp_path, affine, dtype, seed, lazy):
    volume = Volume(voxels(dtype, seed=seed), affine, unit="HU", modality="CT", window=(-160, 240))
    path = write(tmp_path / "v.ome.zarr", volume, overwrite=True)
    (back,) = read_ome_zarr(path, 0) if lazy else read(path)
    assert isinstance(back.array, LazyArray) == lazy
    assert back.array.dtype == volume.array.dtype
    assert np.array_equal(np.asarray(back.array), volume.array)
    np.testing.assert_array_equal(back.affine, affine)
    assert (back.unit, back.modality, back.window) == ("HU", "CT", (-160, 240))


@few
@given(affine=affines(), dtype=st.sampled_from(["u1", "i2", "u4", "i8"]))
def test_labels_come_back_with_their_names(tmp_path, affine, dtype):
    classes = {1: "lung", 3: "Łunge, links", 6: "肺\\結節", 70000: "not there"}
    labels = LabelMap((voxels(dtype) % 7).astype(dtype) & 7, affine, classes)
    path = write(tmp_path / "l.ome.zarr", labels, overwrite=True)
    (back,) = read(path)
    assert isinstance(back, LabelMap)
    assert np.array_equal(back.array, labels.array)
    np.testing.assert_array_equal(back.affine, affine)
    assert back.classes == classes
    described = attributes(path)["ome"]["image-label"]
    assert {p["label-value"]: p["class"] for p in described["properties"]} == classes
    assert all(len(c["rgba"]) == 4 and all(0 <= v <= 255 for v in c["rgba"]) for c in described["colors"])


def test_others_find_the_fields_of_ngff_0_5(tmp_path):
    array = voxels("i2", (60, 520, 300))
    path = write(tmp_path / "v.ome.zarr", Volume(array, AFFINE, unit="HU", modality="CT", window=(-100, 200)))
    group = zarr.open_group(path, mode="r")
    ome = group.attrs["ome"]
    assert ome["version"] == "0.5"
    (image,) = ome["multiscales"]
    assert image["axes"] == [{"name": name, "type": "space", "unit": "millimeter"} for name in "zyx"]
    levels = [group[entry["path"]] for entry in image["datasets"]]
    assert [level.shape for level in levels] == [(60, 520, 300), (60, 260, 150), (60, 130, 75)]
    assert all(level.metadata.dimension_names == ("z", "y", "x") for level in levels)
    assert np.array_equal(levels[0][:], array)
    assert np.array_equal(levels[1][:], local_mean(array, (1, 2, 2)))
    places = [entry["coordinateTransformations"] for entry in image["datasets"]]
    assert [[step["type"] for step in steps] for steps in places] == [["scale", "translation"]] * 3
    np.testing.assert_allclose(places[0][0]["scale"], (3, 0.7, 0.8))
    np.testing.assert_allclose(places[0][1]["translation"], (-300, 20, -100.5))
    np.testing.assert_allclose(places[1][1]["translation"], (-300, 20.35, -100.1))
    window = ome["omero"]["channels"][0]["window"]
    assert window == {"min": array.min(), "max": array.max(), "start": -100, "end": 200}
    np.testing.assert_allclose(group.attrs["hounsfield"]["affine"], AFFINE)


@given(shape=st.tuples(*[st.integers(1, 9)] * 3), ratio=st.tuples(*[st.integers(1, 2)] * 3))
def test_coarser_levels_are_local_means(shape, ratio):
    array = voxels("f8", shape)
    expected = np.empty([-(-n // r) for n, r in zip(shape, ratio, strict=True)])
    for place in np.ndindex(*expected.shape):
        expected[place] = array[tuple(slice(p * r, p * r + r) for p, r in zip(place, ratio, strict=True))].mean()
    np.testing.assert_allclose(local_mean(array, ratio), expected)


def test_levels_make_voxels_alike_before_they_halve_all_axes():
    assert pyramid((100, 2048, 2048), (5, 0.5, 0.5)) == [(1, 1, 1), (1, 2, 2), (1, 4, 4), (1, 8, 8)]
    assert pyramid((1000, 1000, 1000), (1, 1, 1)) == [(1, 1, 1), (2, 2, 2), (4, 4, 4)]
    assert pyramid((1, 1000, 200), (9, 0.1, 30)) == [(1, 1, 1), (1, 2, 1), (1, 4, 1)]


def test_labels_are_thinned_so_that_no_value_is_made_up(tmp_path):
    array = np.random.default_rng(0).choice([0, 5, 9], (4, 300, 300)).astype(np.uint8)
    group = zarr.open_group(write(tmp_path / "l.ome.zarr", LabelMap(array, np.eye(4))), mode="r")
    assert np.array_equal(group["1"][:], array[::2, ::2, ::2])


def test_time_maps_and_colour(tmp_path):
    series = Volume(voxels("i2", (2, 3, 4, 5)), AFFINE, axes="tzyx")
    for limit in (0, 1 << 30):
        (back,) = read_ome_zarr(write(tmp_path / "t.ome.zarr", series, overwrite=True), limit)
        assert back.axes == "tzyx"
        assert np.array_equal(np.asarray(back.array), series.array)
        assert np.array_equal(back.time_point(1).array, series.array[1])
    colour = Volume(voxels("u1", (3, 4, 5, 3)), AFFINE, axes="zyxc")
    path = write(tmp_path / "c.ome.zarr", colour)
    assert zarr.open_group(path, mode="r")["0"].shape == (3, 3, 4, 5), "channels come first"
    (back,) = read(path)
    assert back.axes == "zyxc"
    assert np.array_equal(back.array, colour.array)
    maps = Features(array=voxels("f4", (2, 3, 4, 5)), names=["fine", "groß"], affine=AFFINE)
    back = read_maps(write(tmp_path / "m.ome.zarr", maps))
    assert back.names == ("fine", "groß")
    assert np.array_equal(back.array, maps.array)
    assert [one.name for one in read(tmp_path / "m.ome.zarr")] == ["m.ome.zarr fine", "m.ome.zarr groß"]


def test_padding_stays_padding_in_memory_and_on_the_disk(tmp_path):
    array = voxels("i2") // 20
    valid = np.random.default_rng(1).random(array.shape) < 0.7
    array[~valid] = -3024
    path = write(tmp_path / "p.ome.zarr", Volume(array, AFFINE, unit="HU", modality="CT", valid=valid))
    for limit in (0, 1 << 30):
        (back,) = read_ome_zarr(path, limit)
        assert np.array_equal(np.asarray(back.valid), valid)


def theirs(folder: Path, array: np.ndarray, version: str, axes: str = "zyx", **more) -> Path:
    """An image as other programs write it."""
    group = zarr.create_group(folder, zarr_format=2 if version == "0.4" else 3)
    group.create_array("s0", data=array, chunks=tuple(min(3, n) for n in array.shape))
    unit = {n: {"name": n, "type": "space", "unit": "micrometer"} for n in "zyx"}
    unit |= {"t": {"name": "t", "type": "time"}, "c": {"name": "c", "type": "channel"}}
    steps = [
        {"type": "scale", "scale": [1.0] * (len(axes) - 3) + [2000, 500, 400]},
        {"type": "translation", "translation": [0.0] * (len(axes) - 3) + [10000, 0, -3000]},
    ]
    image = {"axes": [unit[a] for a in axes], "datasets": [{"path": "s0", "coordinateTransformations": steps}]}
    ome = {"multiscales": [{**image, "version": version}], **more}
    group.attrs.update(ome if version == "0.4" else {"ome": {"version": version, **ome}})
    return folder


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_theirs_are_read_with_their_labels(tmp_path, version):
    array = voxels("u2", (1, 2, 3, 4, 5))
    omero = {"channels": [{"label": "DAPI"}, {"label": "GFP"}]}
    path = theirs(tmp_path / "x.zarr", array, version, "tczyx", omero=omero)
    labels = {"labels": ["cells"]}
    group = zarr.create_group(path / "labels", zarr_format=2 if version == "0.4" else 3)
    group.attrs.update(labels if version == "0.4" else {"ome": {"version": "0.5", **labels}})
    properties = [{"label-value": 1, "class": "nucleus"}, {"label-value": 2, "area": 4}]
    theirs(path / "labels" / "cells", array[0, 0] % 3, version, **{"image-label": {"properties": properties}})
    first, second, cells = read(path)
    assert [first.name, second.name, cells.name] == ["x.zarr DAPI", "x.zarr GFP", "x.zarr cells"]
    assert np.array_equal(second.array, array[0, 1])
    np.testing.assert_allclose(first.affine, [[0, 0, 0.4, -3], [0, 0.5, 0, 0], [2, 0, 0, 10], [0, 0, 0, 1]])
    assert isinstance(cells, LabelMap)
    assert cells.classes == {1: "nucleus"}
    assert np.array_equal(cells.array, array[0, 0] % 3)
    assert read_labels(path).classes == {1: "nucleus"}, "labels beside an image are found"
    assert np.array_equal(read(path / "labels" / "cells")[0].array, cells.array)
    assert len(read(path / "labels")) == 1


def test_a_picture_in_a_plane_and_big_endian_voxels(tmp_path):
    group = zarr.create_group(tmp_path / "flat.zarr", zarr_format=2)
    array = voxels(">i2", (4, 5))
    group.create_array("0", data=array, chunks=(2, 2))
    axes = [{"name": n, "type": "space", "unit": "millimeter"} for n in "yx"]
    steps = [{"type": "scale", "scale": [0.5, 0.25]}]
    datasets = [{"path": "0", "coordinateTransformations": steps}]
    group.attrs["multiscales"] = [{"version": "0.4", "axes": axes, "datasets": datasets}]
    for limit in (0, 1 << 30):
        (volume,) = read_ome_zarr(tmp_path / "flat.zarr", limit)
        assert volume.spacing == (1, 0.5, 0.25)
        assert volume.warnings == ()
        assert volume.array.dtype == np.int16
        assert np.array_equal(np.asarray(volume.array), array[np.newaxis])
        assert np.array_equal(volume.array[0, 1:3], array[1:3])


def test_lengths_without_unit_are_taken_as_mm_and_that_is_said(tmp_path):
    path = theirs(tmp_path / "x.zarr", voxels("i2"), "0.5")
    meta = json.loads((path / "zarr.json").read_text())
    for axis in meta["attributes"]["ome"]["multiscales"][0]["axes"]:
        del axis["unit"]
    (path / "zarr.json").write_text(json.dumps(meta))
    (volume,) = read(path)
    assert volume.spacing == (2000, 500, 400)
    assert volume.warnings == ("no unit of length in its metadata: taken as mm",)


def test_large_volumes_are_written_and_read_a_few_blocks_at_a_time(tmp_path):
    """As measured by what is read from the source at once; the benchmark measures memory."""
    asked = []

    def source(index):
        shape = [i.stop - i.start for i in index]
        asked.append(np.prod(shape))
        return np.full(shape, index[0].start, np.int16)

    volume = Volume(LazyArray(source, (130, 300, 280), np.int16, 8), AFFINE)
    steps = write_steps(tmp_path / "big.ome.zarr", volume)
    fractions = [step.fraction for step in steps]
    assert fractions == sorted(fractions)
    assert len(fractions) > 8
    assert max(asked) <= 64 * 256 * 256
    (back,) = read_ome_zarr(tmp_path / "big.ome.zarr", 0)
    assert [level.shape for level in back.array.levels] == [(130, 150, 140)]
    assert (back.array[70] == 64).all()


def test_an_existing_folder_is_replaced_only_when_asked_and_only_if_it_is_an_ome_zarr(tmp_path):
    volume = Volume(voxels("i2"), AFFINE)
    path = write(tmp_path / "v.ome.zarr", volume)
    with pytest.raises(WriteError, match=r"^v\.ome\.zarr: exists"):
        write(path, volume)
    other = replace(volume, array=voxels("f4"))
    assert read(write(path, other, overwrite=True))[0].array.dtype == np.float32
    (tmp_path / "mine.ome.zarr").mkdir()
    (tmp_path / "mine.ome.zarr" / "thesis.txt").write_text("precious")
    with pytest.raises(WriteError, match=r"^mine\.ome\.zarr: is a folder"):
        write(tmp_path / "mine.ome.zarr", volume, overwrite=True)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["mine.ome.zarr", "v.ome.zarr"]


def test_cancelling_leaves_nothing(tmp_path):
    steps = write_steps(tmp_path / "v.ome.zarr", Volume(voxels("i2", (9, 300, 300)), AFFINE))
    next(steps)
    next(steps)
    assert len(list(tmp_path.iterdir())) == 1
    steps.close()
    assert not list(tmp_path.iterdir())


def test_nothing_about_the_patient_is_written(tmp_path):
    hidden = {"frame_of_reference": "1.2.CANARY", "source": Source("1.2.CANARY", (Path("/CANARY/x"),)), "name": "CANARY"}
    for data in (Volume(voxels("i2"), AFFINE, **hidden), LabelMap(voxels("u1"), AFFINE, {1: "lung"}, **hidden)):
        path = write(tmp_path / "v.ome.zarr", data, overwrite=True)
        assert not [file for file in path.rglob("*") if file.is_file() and b"CANARY" in file.read_bytes()]
