"""Hostile and damaged OME-Zarr folders are refused in one line, before anything of them is run or allocated."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
import zarr

from napari_hounsfield import FormatError, Volume, axial_affine, read, write
from napari_hounsfield.formats.ome_zarr import read_ome_zarr


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return write(tmp_path / "x.ome.zarr", Volume(np.arange(60, dtype=np.int16).reshape(3, 4, 5), axial_affine((3, 1, 1))))


def edited(path: Path, change) -> None:
    meta = json.loads(path.read_text())
    change(meta)
    path.write_text(json.dumps(meta))


def refused(path: Path, reason: str) -> None:
    with pytest.raises(FormatError, match=reason) as caught:
        read(path)
    message = str(caught.value)
    assert message.startswith(path.name)
    assert "\n" not in message
    assert str(path.parent) not in message


def image(meta: dict) -> dict:
    return meta["attributes"]["ome"]["multiscales"][0]


@pytest.mark.parametrize("entry", ["../../secret", "/etc", "..", "", "a\0b", "no/such"])
def test_no_array_lies_outside_the_folder(good, entry):
    secret = good.parent / "secret"
    zarr.create_array(secret, data=np.ones((3, 4, 5)))
    edited(good / "zarr.json", lambda m: image(m)["datasets"][0].update(path=entry))
    refused(good, "outside its folder|missing|impossible path")


def test_no_array_lies_behind_a_link_that_leads_out(good):
    zarr.create_array(good.parent / "secret", data=np.ones((3, 4, 5)))
    (good / "out").symlink_to(good.parent / "secret")
    edited(good / "zarr.json", lambda m: image(m)["datasets"][0].update(path="out"))
    refused(good, "outside its folder")


def test_labels_do_not_lie_outside_either(good):
    edited(good / "zarr.json", lambda m: m["attributes"]["ome"].update(labels=["../y.ome.zarr"]))
    refused(good, "outside its folder")


def test_metadata_are_limited_in_size(good):
    (good / "zarr.json").write_text('{"a": "' + "x" * (1 << 24) + '"}')
    refused(good, "larger than 16 MB")


@pytest.mark.parametrize("text", ["", "[1]", "{", "[" * 100_000, '{"attributes": {"ome": {"multiscales": [{}]}}}'])
def test_metadata_that_are_none(good, text):
    (good / "zarr.json").write_text(text)
    refused(good, "damaged|unknown version|without an OME image")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda i: i["axes"].pop(), "axes|damaged"),
        (lambda i: i["axes"].insert(0, {"name": "t", "type": "time"}), "damaged|does not fit its axes"),
        (lambda i: i["axes"][0].update(name="q"), "axes"),
        (lambda i: i["axes"][0].update(name="x"), "axes"),
        (lambda i: i.update(axes=["z", "y", "x"]), "its axes"),
        (lambda i: i.update(datasets=[]), "damaged|without"),
        (lambda i: i["datasets"][0].update(coordinateTransformations=[{"type": "scale", "scale": [1, 2]}]), "damaged"),
        (lambda i: i["datasets"][0].update(coordinateTransformations=[{"type": "rotation"}]), "damaged"),
        (lambda i: i["datasets"][0].update(coordinateTransformations=[{"type": "scale", "scale": ["a", 1, 1]}]), "damaged"),
    ],
)
def test_images_that_are_described_wrongly(good, change, reason):
    edited(good / "zarr.json", lambda m: change(image(m)))
    refused(good, reason)


@pytest.mark.parametrize("scale", [[0, 1, 1], [float("nan"), 1, 1], [float("inf"), 1, 1]])
def test_voxels_without_size(good, scale):
    def change(meta):
        image(meta)["datasets"][0]["coordinateTransformations"][0]["scale"] = scale
        del meta["attributes"]["hounsfield"]

    edited(good / "zarr.json", change)
    refused(good, "no size|damaged")


@pytest.mark.parametrize("affine", [[[1]], "x", [[0] * 4] * 4, {"a": 1}])
def test_a_place_that_is_none(good, affine):
    edited(good / "zarr.json", lambda m: m["attributes"]["hounsfield"].update(affine=affine))
    refused(good, "no size or no place")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda m: m["chunk_grid"]["configuration"].update(chunk_shape=[1 << 20, 1 << 20, 4]), "larger than 1 GB"),
        (lambda m: m["chunk_grid"]["configuration"].update(chunk_shape=[0, 1, 1]), "empty"),
        (lambda m: m.update(data_type="string"), "type 'string'"),
        (lambda m: m["codecs"].append({"name": "numcodecs.pickle"}), "not supported"),
        (lambda m: m.update(shape=[3, 4]), "does not fit|damaged"),
        (lambda m: m.update(shape=[3, 4, -5]), "does not fit|damaged"),
        (lambda m: m.update(codecs=None), "damaged"),
        (lambda m: m.update(node_type="group"), "is none"),
    ],
)
def test_arrays_that_may_not_be_opened(good, change, reason):
    edited(good / "0" / "zarr.json", change)
    refused(good, reason)


def test_an_array_that_is_missing(good):
    (good / "0" / "zarr.json").unlink()
    refused(good, "missing")


def test_a_declared_size_beyond_memory_costs_nothing_until_it_is_read(good):
    edited(good / "0" / "zarr.json", lambda m: m.update(shape=[1 << 20, 1 << 20, 1 << 20]))
    (volume,) = read(good)
    assert volume.array[0, :4, :5].shape == (4, 5)
    with pytest.raises(FormatError, match=r"too large for the memory|damaged"):
        np.asarray(volume.array)


@pytest.mark.parametrize("garbage", [b"", b"\x00" * 7, b"\xff" * 500])
def test_damaged_chunks(good, garbage):
    (chunk,) = [file for file in (good / "0").rglob("*") if file.is_file() and file.name != "zarr.json"]
    chunk.write_bytes(garbage)
    refused(good, "damaged or truncated")
    (lazy,) = read_ome_zarr(good, 0)
    with pytest.raises(FormatError, match=r"^x\.ome\.zarr: damaged or truncated$"):
        lazy.loaded()


class _Evil:
    def __reduce__(self):
        return (pytest.fail, ("code was run",))


@pytest.mark.parametrize("where", ["filters", "compressor", "dtype"])
def test_nothing_is_unpickled(tmp_path, where):
    folder = tmp_path / "evil.ome.zarr"
    (folder / "0").mkdir(parents=True)
    meta = {
        "zarr_format": 2, "shape": [1, 1, 1], "chunks": [1, 1, 1], "dtype": "<i2", "compressor": None, "fill_value": 0,
        "order": "C", "filters": None,
    }  # fmt: skip
    meta |= {
        "filters": {"filters": [{"id": "pickle"}]},
        "compressor": {"compressor": {"id": "pickle"}},
        "dtype": {"dtype": "|O"},
    }[where]
    (folder / "0" / ".zarray").write_text(json.dumps(meta))
    (folder / "0" / "0.0.0").write_bytes(pickle.dumps(_Evil()))
    (folder / ".zgroup").write_text('{"zarr_format": 2}')
    axes = [{"name": n, "type": "space"} for n in "zyx"]
    steps = [{"type": "scale", "scale": [1, 1, 1]}]
    datasets = [{"path": "0", "coordinateTransformations": steps}]
    (folder / ".zattrs").write_text(json.dumps({"multiscales": [{"version": "0.4", "axes": axes, "datasets": datasets}]}))
    refused(folder, "not supported|type '.O'")


def test_folders_that_hold_no_image(tmp_path):
    zarr.create_group(tmp_path / "group.zarr")
    refused(tmp_path / "group.zarr", "without an OME image")
    (tmp_path / "empty.ome.zarr").mkdir()
    refused(tmp_path / "empty.ome.zarr", "without an OME image")
    plate = zarr.create_group(tmp_path / "plate.zarr")
    plate.attrs["ome"] = {"version": "0.5", "plate": {}}
    refused(tmp_path / "plate.zarr", "a plate of many wells")
