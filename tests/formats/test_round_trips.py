"""What is written reads back voxel for voxel at the same place, by us and by others."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_hounsfield import Features, LabelMap, Samples, Segmentation, Volume, WriteError, axial_affine, read, write
from napari_hounsfield.formats import writing
from napari_hounsfield.formats.label_reading import read_labels
from napari_hounsfield.formats.orientation import is_sheared
from napari_hounsfield.formats.reading import read_volume
from napari_hounsfield.formats.writing import probabilities_path
from napari_hounsfield.grid import Grid, same_lattice

from .generated import AFFINE, TYPES, affines, voxels

IMAGES = [".nii", ".nii.gz", ".nrrd", ".mha"]
reuse = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@reuse
@given(affine=affines(), dtype=st.sampled_from(TYPES), suffix=st.sampled_from(IMAGES), seed=st.integers(0, 99))
def test_volumes_come_back_as_they_were(tmp_path: Path, affine: np.ndarray, dtype: str, suffix: str, seed: int) -> None:
    volume = Volume(voxels(dtype, seed=seed), affine, unit="HU", modality="CT")
    (back,) = read(write(tmp_path / f"v{suffix}", volume, overwrite=True))
    assert np.array_equal(back.array, volume.array)
    np.testing.assert_allclose(back.affine, affine, rtol=1e-6, atol=2e-4)
    assert (back.unit, back.modality) == ("HU", "CT")


@reuse
@given(
    affine=affines(), dtype=st.sampled_from([t for t in TYPES if "f" not in t]), suffix=st.sampled_from([*IMAGES, ".seg.nrrd"])
)
def test_labels_come_back_with_their_names(tmp_path: Path, affine: np.ndarray, dtype: str, suffix: str) -> None:
    array = voxels(dtype) % 7 if dtype != "i1" else np.abs(voxels(dtype) % 7)
    array = array.astype(dtype)
    classes = {1: "lung", 3: "Łunge, links", 6: "肺\\結節"}
    back = read_labels(write(tmp_path / f"l{suffix}", LabelMap(array, affine, classes), overwrite=True))
    assert np.array_equal(back.array, array)
    np.testing.assert_allclose(back.affine, affine, rtol=1e-6, atol=2e-4)
    assert back.classes == classes


@reuse
@given(affine=affines(), suffix=st.sampled_from([".nii", ".nii.gz"]))
def test_nibabel_sees_the_same_voxels_at_the_same_place(tmp_path: Path, affine: np.ndarray, suffix: str) -> None:
    import nibabel

    volume = Volume(voxels("i2"), affine)
    image = nibabel.load(write(tmp_path / f"v{suffix}", volume, overwrite=True))
    assert image.header.get_xyzt_units()[0] == "mm"
    data = np.asarray(image.dataobj)
    index = np.argwhere(np.ones(volume.array.shape, bool))
    assert np.array_equal(data[index[:, 2], index[:, 1], index[:, 0]], volume.array.ravel())
    ras = index[:, ::-1] @ image.affine[:3, :3].T + image.affine[:3, 3]
    np.testing.assert_allclose(ras * [-1, -1, 1], volume.grid.positions(index), rtol=1e-6, atol=2e-3)
    sform, qform = image.header.get_sform(coded=True), image.header.get_qform(coded=True)
    assert sform[1] == 1
    if is_sheared(affine):
        assert qform[1] == 0
    else:
        assert qform[1] == 1
        np.testing.assert_allclose(qform[0], sform[0], rtol=1e-5, atol=5e-3)
    np.testing.assert_allclose(image.header.get_zooms(), np.linalg.norm(affine[:3, :3], axis=0)[::-1], rtol=1e-5)


@reuse
@given(affine=affines(), suffix=st.sampled_from([".nrrd", ".mha", ".nii.gz"]))
def test_simpleitk_sees_the_same_voxels_at_the_same_place(tmp_path: Path, affine: np.ndarray, suffix: str) -> None:
    import SimpleITK

    if is_sheared(affine):  # ITK's NIfTI and NRRD readers make such axes orthogonal
        affine[:3, 0] = np.cross(affine[:3, 1], affine[:3, 2])
        affine[:3, 2] = np.cross(affine[:3, 0], affine[:3, 1]) / np.linalg.norm(affine[:3, 0])
    volume = Volume(voxels("i2"), affine)
    image = SimpleITK.ReadImage(str(write(tmp_path / f"v{suffix}", volume, overwrite=True)))
    assert np.array_equal(SimpleITK.GetArrayFromImage(image), volume.array)
    for z, y, x in [(0, 0, 0), (2, 3, 4), (1, 0, 3)]:
        place = image.TransformIndexToPhysicalPoint((x, y, z))
        np.testing.assert_allclose(place, volume.grid.positions([(z, y, x)])[0], rtol=1e-5, atol=5e-3)


@reuse
@given(affine=affines(), dtype=st.sampled_from([t for t in TYPES if t != "f2"]))
def test_pynrrd_sees_the_same_voxels_at_the_same_place(tmp_path: Path, affine: np.ndarray, dtype: str) -> None:
    import nrrd

    volume = Volume(voxels(dtype), affine)
    data, header = nrrd.read(str(write(tmp_path / "v.nrrd", volume, overwrite=True)), index_order="C")
    assert np.array_equal(data, volume.array)
    assert header["space"] == "left-posterior-superior"
    np.testing.assert_array_equal(header["space directions"], affine[:3, [2, 1, 0]].T)
    np.testing.assert_array_equal(header["space origin"], affine[:3, 3])


@reuse
@given(
    affine=affines(),
    space=st.sampled_from(["left-posterior-superior", "RAS", "left-anterior-superior", "LAS"]),
    encoding=st.sampled_from(["raw", "gzip", "bzip2", "ascii"]),
    dtype=st.sampled_from(["u1", "i2", ">i2", "f4", "f8"]),
)
def test_what_pynrrd_writes_is_read(tmp_path: Path, affine: np.ndarray, space: str, encoding: str, dtype: str) -> None:
    import nrrd

    signs = {"left-posterior-superior": (1, 1, 1), "RAS": (-1, -1, 1)}.get(space, (1, -1, 1))
    array = voxels(dtype)
    directions = (affine[:3, [2, 1, 0]].T * signs).tolist()
    header = {
        "space": space,
        "space directions": directions,
        "space origin": (affine[:3, 3] * signs).tolist(),
        "encoding": encoding,
    }
    nrrd.write(str(tmp_path / "p.nrrd"), array, header, index_order="C")
    (back,) = read(tmp_path / "p.nrrd")
    assert np.array_equal(back.array, array)
    np.testing.assert_allclose(back.affine, affine, rtol=1e-12, atol=1e-9)


@reuse
@given(
    affine=affines(), slope=st.sampled_from([1, 2, 0.5, -1]), inter=st.sampled_from([0, -1024, 40000, 0.25]), code=st.booleans()
)
def test_nifti_rescale_is_honoured_and_whole_numbers_stay_whole(tmp_path: Path, affine, slope: float, inter: float, code) -> None:
    import nibabel

    stored = voxels("i2") // 4
    ras = np.diag([-1, -1, 1, 1]) @ affine[:, [2, 1, 0, 3]]
    image = nibabel.Nifti1Image(stored.T, ras)
    image.header.set_slope_inter(slope, inter)
    if code and not is_sheared(affine):
        image.set_sform(None, 0)
        image.set_qform(ras, 1)
    nibabel.save(image, tmp_path / "s.nii")
    raw = bytearray((tmp_path / "s.nii").read_bytes())  # nibabel rescales what it saves: put our numbers into the file
    raw[112:120] = np.array([slope, inter], "<f4").tobytes()
    raw[352:] = stored.astype("<i2").tobytes()
    (tmp_path / "s.nii").write_bytes(raw)
    oracle = nibabel.load(tmp_path / "s.nii").get_fdata().T
    (back,) = read(tmp_path / "s.nii")
    assert np.allclose(back.array, oracle, rtol=1e-6, atol=1e-6)
    whole = float(slope).is_integer() and float(inter).is_integer()
    assert (back.array.dtype.kind == "i") == whole
    if whole and inter == -1024:
        assert back.array.dtype == np.int16 or abs(slope) > 1
    np.testing.assert_allclose(back.affine, affine, rtol=1e-5, atol=1e-2)


@pytest.mark.parametrize("suffix", IMAGES)
def test_time_maps_and_colour(tmp_path: Path, suffix: str) -> None:
    series = Volume(voxels("i2", (2, 3, 4, 5)), AFFINE, axes="tzyx")
    back = read_volume(write(tmp_path / f"t{suffix}", series))
    assert back.axes == "tzyx"
    assert np.array_equal(back.array, series.array)
    colour = Volume(voxels("u1", (3, 4, 5, 3)), AFFINE, axes="zyxc")
    back = read_volume(write(tmp_path / f"c{suffix}", colour))
    assert back.axes == "zyxc"
    assert np.array_equal(back.array, colour.array)
    maps = Features(array=voxels("f4", (2, 3, 4, 5)), names=["fine", "groß"], affine=AFFINE)
    back = read_volume(write(tmp_path / f"m{suffix}", maps))
    assert np.array_equal(back.array, maps.array)
    np.testing.assert_allclose(back.affine, AFFINE, atol=1e-4)


def test_names_of_maps_are_in_the_header(tmp_path: Path) -> None:
    import nibabel
    import nrrd

    maps = Features(array=voxels("f4", (2, 3, 4, 5)), names=["gabor 4 mm", "groß"], affine=AFFINE)
    image = nibabel.load(write(tmp_path / "m.nii.gz", maps))
    assert image.shape == (5, 4, 3, 2)
    assert "groß" in image.header.extensions[0].get_content().decode()
    header = nrrd.read_header(str(write(tmp_path / "m.nrrd", maps)))
    assert list(header["sizes"]) == [5, 4, 3, 2]
    assert header["kinds"] == ["domain", "domain", "domain", "list"]
    assert "gabor 4 mm" in header["napari_hounsfield"]


def test_seg_nrrd_has_the_keys_of_3d_slicer(tmp_path: Path) -> None:
    import nrrd

    array = np.zeros((3, 4, 5), np.int64)
    array[1, 2, 1:4] = 9
    array[2, 0, 0] = 70000
    labels = LabelMap(array, AFFINE, {9: "left lung", 70000: "odd thing", 3: "liver"})
    path = write(tmp_path / "my labels.seg.nrrd", labels)
    data, header = nrrd.read(str(path), index_order="C")
    assert np.array_equal(data, array)
    assert [header[f"Segment{i}_Name"] for i in range(3)] == ["liver", "left lung", "odd thing"]
    assert [header[f"Segment{i}_LabelValue"] for i in range(3)] == ["3", "9", "70000"]
    assert [header[f"Segment{i}_Extent"] for i in range(3)] == ["0 -1 0 -1 0 -1", "1 3 2 2 1 1", "0 0 0 0 2 2"]
    assert all(0 <= float(c) <= 1 for c in header["Segment1_Color"].split())
    tags = dict(tag.split(":", 1) for tag in header["Segment1_Tags"].strip("|").split("|"))
    assert tags["TerminologyEntry"].split("~")[1:4] == [
        "SCT^123037004^Anatomical Structure",
        "SCT^39607008^Lung",
        "SCT^7771000^Left",
    ]
    assert header["Segmentation_SourceRepresentation"] == "Binary labelmap"
    assert read(path)[0].classes == labels.classes


def test_a_seg_nrrd_of_3d_slicer_with_layers(tmp_path: Path) -> None:
    import nrrd

    layers = np.zeros((3, 4, 5, 2), np.uint8)
    layers[0, :, :, 0] = 1
    layers[1, :, :, 1] = 1
    header: dict[str, Any] = {
        "space": "left-posterior-superior",
        "kinds": ["list", "domain", "domain", "domain"],
        "space directions": [[np.nan] * 3, [0.7, 0, 0], [0, 0.7, 0], [0, 0, 3]],
        "space origin": [1, 2, 3],
    }
    for number, name in enumerate(["liver", "tumour"]):
        keys = {"ID": f"S{number}", "Name": name, "Layer": str(number), "LabelValue": "1"}
        header |= {f"Segment{number}_{key}": value for key, value in keys.items()}
    nrrd.write(str(tmp_path / "two.seg.nrrd"), layers, header, index_order="C")
    (labels,) = read(tmp_path / "two.seg.nrrd")
    assert labels.classes == {1: "liver", 2: "tumour"}
    assert np.array_equal(labels.array, layers[..., 0] + 2 * layers[..., 1])
    np.testing.assert_allclose(labels.affine, axial_affine((3, 0.7, 0.7), (1, 2, 3)))
    layers[0, :, :, 1] = 1
    nrrd.write(str(tmp_path / "over.seg.nrrd"), layers, header, index_order="C")
    first, second = read(tmp_path / "over.seg.nrrd")
    assert [first.classes, second.classes] == [{1: "liver"}, {2: "tumour"}], "no voxel of either is lost"
    assert np.array_equal(first.array, layers[..., 0])
    assert np.array_equal(second.array, 2 * layers[..., 1])
    with pytest.raises(ValueError, match=r"^over\.seg\.nrrd: several maps, choose one"):
        read_labels(tmp_path / "over.seg.nrrd")


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd", ".seg.nrrd"])
def test_a_permuted_copy_lies_on_the_same_lattice(tmp_path: Path, suffix: str) -> None:
    labels = LabelMap(voxels("u1") % 3, AFFINE, {1: "a"})
    step = np.array([[0, 0, -1, 2], [0, 1, 0, 0], [-1, 0, 0, 4], [0, 0, 0, 1.0]])
    turned = LabelMap(labels.array.transpose(2, 1, 0)[::-1, :, ::-1], AFFINE @ step, {1: "a"})
    assert same_lattice(labels.grid, turned.grid)
    back = read_labels(write(tmp_path / f"t{suffix}", turned))
    assert np.array_equal(back.array, turned.array), "the file's own order of voxels is kept"
    assert np.array_equal(back.on(labels.grid).array, labels.array)


@pytest.mark.parametrize(
    "name", ["two words.nii.gz", "Łungenkarte 肺.nii.gz", "レ ベ ル.seg.nrrd", "ünïcode.nrrd", "ö.mha", "x" * 240 + ".nii"]
)
def test_file_names_with_blanks_and_other_letters(tmp_path: Path, name: str) -> None:
    labels = LabelMap(voxels("u1") % 3, AFFINE)
    path = write(tmp_path / name, labels)
    assert path.name == name
    assert np.array_equal(read_labels(path).array, labels.array)
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_samples_and_segmentations_make_two_files(tmp_path: Path) -> None:
    array = voxels("u1") % 3
    samples = Samples(array, AFFINE, {1: "a"}, test=LabelMap(array[::-1], AFFINE, {1: "a"}))
    path = write(tmp_path / "s.nii.gz", samples)
    assert writing.test_path(path).name == "s.test.nii.gz"
    assert np.array_equal(read_labels(writing.test_path(path)).array, array[::-1])
    writing.test_path(path).unlink()
    assert np.array_equal(read_labels(path).array, array)
    maps = Features(array=voxels("f4", (2, 3, 4, 5)), names=["a", "b"], affine=AFFINE)
    path = write(tmp_path / "r.seg.nrrd", Segmentation(LabelMap(array, AFFINE), probabilities=maps))
    assert probabilities_path(path).name == "r.probabilities.nii.gz"
    assert np.array_equal(read_volume(probabilities_path(path)).array, maps.array)
    assert np.array_equal(read_labels(path).array, array)


def test_neither_of_two_files_is_written_when_one_exists(tmp_path: Path) -> None:
    array = voxels("u1") % 3
    (tmp_path / "s.test.nrrd").write_text("precious")
    with pytest.raises(WriteError, match=r"^s\.test\.nrrd: exists"):
        write(tmp_path / "s.nrrd", Samples(array, AFFINE, test=LabelMap(array, AFFINE)))
    assert [p.name for p in tmp_path.iterdir()] == ["s.test.nrrd"]


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.xyz", Volume(voxels("i2"), AFFINE), "cannot write .xyz"),
        ("a", Volume(voxels("i2"), AFFINE), "without suffix"),
        ("a.mhd", Volume(voxels("i2"), AFFINE), "cannot write .mhd"),
        ("a.seg.nrrd", Volume(voxels("i2"), AFFINE), "holds no labels"),
        ("a.dcm", Volume(voxels("i2"), AFFINE), "holds no labels"),
        ("a.csv", Volume(voxels("i2"), AFFINE), "no table"),
        ("a.safetensors", Volume(voxels("i2"), AFFINE), "no model"),
        ("a.nii", {"dice": 1}, "no image"),
        ("a.nii.gz", Volume(voxels("u1", (2, 3, 4, 5, 3)), AFFINE, axes="tzyxc"), "colour"),
    ],
)
def test_what_does_not_fit_the_suffix_is_named(tmp_path: Path, name: str, data: Any, reason: str) -> None:
    with pytest.raises(WriteError, match=rf"^{name}: .*{reason}"):
        write(tmp_path / name, data)
    assert list(tmp_path.iterdir()) == []


def test_nothing_about_the_patient_is_written(tmp_path: Path) -> None:
    from napari_hounsfield import Source

    source = Source("1.2.3.CANARY", (Path("/home/CANARY/x.dcm"),))
    hidden: dict[str, Any] = {"frame_of_reference": "1.2.CANARY", "source": source, "name": "CANARY"}
    data = [
        Volume(voxels("i2"), AFFINE, warnings=("CANARY",), **hidden),
        LabelMap(voxels("u1"), AFFINE, {1: "lung"}, **hidden),
    ]
    for number, item in enumerate(data):
        for suffix in [*IMAGES, ".seg.nrrd"][: 4 + number]:
            content = write(tmp_path / f"{number}{suffix}", item).read_bytes()
            content = gzip.decompress(content) if suffix == ".nii.gz" else content
            assert b"CANARY" not in content


def test_grids_of_one_slice_and_of_two_dimensions(tmp_path: Path) -> None:
    import nibabel
    import SimpleITK

    for suffix in IMAGES:
        assert read_volume(write(tmp_path / f"one{suffix}", Volume(voxels("i2", (1, 4, 5)), AFFINE))).grid.shape == (1, 4, 5)
    flat = voxels("i2", (4, 5))
    nibabel.save(nibabel.Nifti1Image(flat.T, np.diag([-0.5, -0.5, 1, 1])), tmp_path / "flat.nii")
    image = SimpleITK.GetImageFromArray(flat)
    image.SetSpacing((0.5, 0.5))
    SimpleITK.WriteImage(image, str(tmp_path / "flat.mha"))
    SimpleITK.WriteImage(image, str(tmp_path / "flat.nrrd"))
    for name in ("flat.nii", "flat.mha", "flat.nrrd"):
        volume = read_volume(tmp_path / name)
        assert np.array_equal(volume.array, flat[np.newaxis]), name
        assert volume.spacing[1:] == pytest.approx((0.5, 0.5))
        assert isinstance(volume.grid, Grid)


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd", ".mha"])
def test_padding_stays_padding(tmp_path, suffix):
    rng = np.random.default_rng(0)
    array = rng.integers(-900, 900, (3, 6, 5)).astype(np.int16)
    valid = rng.random(array.shape) < 0.7
    array[~valid] = rng.choice([-3024, -2000], (~valid).sum())
    volume = Volume(array, np.eye(4), unit="HU", modality="CT", valid=valid)
    write(tmp_path / f"ct{suffix}", volume)
    (again,) = read(tmp_path / f"ct{suffix}")
    np.testing.assert_array_equal(again.valid, valid)
    np.testing.assert_array_equal(again.array, array)


def test_padding_that_no_range_of_values_tells_is_said_to_be_lost(tmp_path, caplog):
    array = np.arange(27, dtype=np.int16).reshape(3, 3, 3)
    volume = Volume(array, np.eye(4), unit="HU", valid=array % 2 == 0, name="CT 3")
    write(tmp_path / "ct.nii.gz", volume)
    assert read(tmp_path / "ct.nii.gz")[0].valid is None
    assert "CT 3: which voxels are padding cannot be kept" in caplog.text
