"""Damaged, hostile and unusual files: read rightly, or refused in one line that names the file."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import json
import os
import struct
import tracemalloc
from pathlib import Path

import nibabel
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_hounsfield import (
    DicomError,
    FormatError,
    HounsfieldError,
    LabelError,
    LabelMap,
    ReadParams,
    Segmentation,
    Volume,
    axial_affine,
    read,
    write,
)
from napari_hounsfield.formats.kind import kind_of
from napari_hounsfield.formats.label_reading import read_draft, read_labels
from napari_hounsfield.formats.notes import Notes, class_names
from napari_hounsfield.formats.reading import read_volume

AFFINE = axial_affine((3, 0.7, 0.8), (-100.5, 20, -300))
SUFFIXES = [".nii", ".nii.gz", ".nrrd", ".mha", ".seg.nrrd"]
GOOD = "type: uchar\ndimension: 3\nsizes: 5 4 3\nencoding: raw"
reuse = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def labels() -> LabelMap:
    return LabelMap(np.random.default_rng(0).integers(0, 4, (5, 9, 8)).astype(np.uint8), AFFINE, {1: "lung"})


def refused(path: Path, *kinds: type[HounsfieldError]) -> str:
    """The one line with which a file is refused."""
    with pytest.raises(kinds or FormatError) as caught:
        read(path)
    message = str(caught.value)
    assert message.startswith(f"{path.name}: ")
    assert "\n" not in message
    assert str(path.parent) not in message
    return message


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_truncated_files(tmp_path: Path, labels: LabelMap, suffix: str) -> None:
    whole = write(tmp_path / f"whole{suffix}", labels).read_bytes()
    for part in (*range(1, len(whole) - 8, 29), len(whole) - 9):
        cut = tmp_path / f"cut{suffix}"
        cut.write_bytes(whole[:part])
        refused(cut)


@pytest.mark.parametrize("suffix", [*SUFFIXES, ".mhd", ".nhdr", ".hdr"])
@pytest.mark.parametrize(
    "content", [b"", b"junk\n" * 200, b"\0" * 1000, b"\x1f\x8b" + b"junk" * 99, gzip.compress(b"x" * 999, mtime=0)]
)
def test_junk_with_a_good_name(tmp_path: Path, suffix: str, content: bytes) -> None:
    path = tmp_path / f"junk{suffix}"
    path.write_bytes(content)
    refused(path)


@reuse
@given(data=st.data(), suffix=st.sampled_from(SUFFIXES))
def test_changed_bytes_never_end_in_anything_but_an_image_or_a_typed_error(
    tmp_path: Path, data: st.DataObject, suffix: str
) -> None:
    labels = LabelMap(np.arange(60, dtype=np.uint8).reshape(3, 4, 5), AFFINE, {1: "lung"})
    content = bytearray(write(tmp_path / f"w{suffix}", labels, overwrite=True).read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / f"c{suffix}"
    path.write_bytes(content)
    with contextlib.suppress(HounsfieldError):
        assert len(read(path)) == 1
        return
    refused(path, HounsfieldError)


def test_unknown_missing_and_empty(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear patient")
    assert "none of DICOM, NIfTI, NRRD, MetaImage" in refused(tmp_path / "letter.txt")
    assert "no such file" in refused(tmp_path / "gone.nii")
    (tmp_path / "empty.nii").touch()
    assert "empty" in refused(tmp_path / "empty.nii")
    (tmp_path / "IM0001").write_bytes(b"junk" * 99)
    refused(tmp_path / "IM0001", DicomError)
    (tmp_path / "folder").mkdir()
    with pytest.raises(DicomError, match=r"^folder: "):
        read(tmp_path / "folder")


def test_the_content_decides_not_the_name(tmp_path: Path, labels: LabelMap) -> None:
    for suffix, kind in [(".nii", "NIfTI"), (".nii.gz", "NIfTI"), (".nrrd", "NRRD"), (".mha", "MetaImage")]:
        write(tmp_path / f"a{suffix}", labels).rename(tmp_path / "IM0001")
        assert kind_of(tmp_path / "IM0001") == kind
        assert np.array_equal(read_volume(tmp_path / "IM0001").array, labels.array)


def test_huge_declared_sizes_cost_no_memory(tmp_path: Path, labels: LabelMap) -> None:
    nii = bytearray(write(tmp_path / "a.nii", labels).read_bytes())
    nii[42:48] = struct.pack("<3h", 32000, 32000, 32000)
    nrrd = write(tmp_path / "a.nrrd", labels).read_bytes().replace(b"sizes: 8 9 5", b"sizes: 80000 90000 50000")
    mha = write(tmp_path / "a.mha", labels).read_bytes().replace(b"DimSize = 8 9 5", b"DimSize = 80000 90000 50000")
    contents = {"b.nii": bytes(nii), "b.nii.gz": gzip.compress(nii), "b.nrrd": nrrd, "b.mha": mha}
    voxels = bz2.compress(bytes(1000))
    contents["c.nrrd"] = b"NRRD0005\ntype: uchar\ndimension: 3\nsizes: 9000 9000 900\nencoding: bzip2\n\n" + voxels
    tracemalloc.start()
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
        if name == "c.nrrd":  # bzip2 has no bound: 73 GB are promised, and 1000 bytes come (pages are not touched)
            tracemalloc.stop()
            assert "truncated" in refused(tmp_path / name) or "memory" in refused(tmp_path / name)
        else:
            assert "declares" in refused(tmp_path / name)
            assert tracemalloc.get_traced_memory()[1] < 32 << 20


@pytest.mark.parametrize("offset", [float("nan"), -1e9, 3e38])
def test_impossible_offset_of_the_voxels(tmp_path: Path, labels: LabelMap, offset: float) -> None:
    nii = bytearray(write(tmp_path / "a.nii", labels).read_bytes())
    nii[108:112] = struct.pack("<f", offset)
    (tmp_path / "b.nii").write_bytes(nii)
    refused(tmp_path / "b.nii")


@pytest.mark.parametrize("entry", ["/etc/passwd", "../secret.raw", "%03d.raw 1 3 1", "LIST", "gone.raw"])
def test_a_header_may_not_name_any_file_of_the_computer(tmp_path: Path, entry: str) -> None:
    inside = tmp_path / "in"
    inside.mkdir()
    (tmp_path / "secret.raw").write_bytes(bytes(60))
    header = "NRRD0005\ntype: uchar\ndimension: 3\nsizes: 5 4 3\nencoding: raw\n"
    (inside / "a.nhdr").write_text(f"{header}data file: {entry}\n")
    refused(inside / "a.nhdr")
    header = "ObjectType = Image\nNDims = 3\nDimSize = 5 4 3\nElementType = MET_UCHAR\n"
    (inside / "a.mhd").write_text(f"{header}ElementDataFile = {entry}\n")
    refused(inside / "a.mhd")


def test_voxels_in_a_second_file(tmp_path: Path) -> None:
    import nibabel
    import nrrd
    import SimpleITK

    array = np.arange(60, dtype=np.int16).reshape(3, 4, 5)
    nrrd.write(str(tmp_path / "a.nhdr"), array, {"encoding": "gzip"}, index_order="C")
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(array), str(tmp_path / "a.mhd"))
    nibabel.save(nibabel.Nifti1Pair(array.T, np.eye(4)), tmp_path / "a.img")
    for name in ("a.nhdr", "a.mhd", "a.hdr"):
        assert np.array_equal(read_volume(tmp_path / name).array, array), name
    (tmp_path / "a.img").unlink()
    assert "a.img, are missing" in refused(tmp_path / "a.hdr")


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ("type: block\ndimension: 1\nsizes: 60\nencoding: raw", "type"),
        ("type: uchar\ndimension: 3\nsizes: 5 4\nencoding: raw", "dimension"),
        ("type: uchar\ndimension: 3\nsizes: 5 four 3\nencoding: raw", "whole number"),
        ("type: uchar\ndimension: 3\nsizes: 5 0 3\nencoding: raw", "empty"),
        ("type: uchar\ndimension: 3\nsizes: 5 4 3\nencoding: zip", "encoding"),
        ("type: uchar\ndimension: 3\nsizes: 5 4 3\nencoding: ascii", "truncated|numbers"),
        (f"{GOOD}\nspace: left-left-up\nspace directions: (1,0,0) (0,1,0) (0,0,1)", "frame"),
        (f"{GOOD}\nspace: LPS\nspace directions: (1,0,0) (0,1,0) (0,1,0)", "affine"),
        (f"{GOOD}\nspace: LPS\nspace directions: (1,0,x) (0,1,0) (0,1,0)", "vector"),
        (f"{GOOD}\nspace: LPS\nspace directions: (1,0,0) (0,1,0)", "directions"),
        (f"{GOOD}\nwhatever", "no field"),
        (f"{GOOD}\nline skip: 99999999999", "lines"),
        (f"{GOOD}\nline skip: -1", "least"),
        (f"{GOOD}\nbyte skip: 99999999999", "skips"),
        (f"{GOOD}\nbyte skip: -2", "least"),
        ("type: uchar\ndimension: 3\nsizes: 5 4 3\nencoding: gzip\nbyte skip: -1", "skips"),
    ],
)  # fmt: skip
def test_faulty_nrrd_headers(tmp_path: Path, lines: str, reason: str) -> None:
    path = tmp_path / "a.nrrd"
    path.write_bytes(f"NRRD0005\n{lines}\n\n".encode() + bytes(60))
    assert any(word in refused(path) for word in reason.split("|"))


def test_images_without_geometry_say_so(tmp_path: Path) -> None:
    import nibabel

    (tmp_path / "a.nrrd").write_bytes(
        b"NRRD0005\ntype: uchar\ndimension: 3\nsizes: 5 4 3\nspacings: 0.5 0.6 2\nencoding: raw\n\n" + bytes(60)
    )
    volume = read_volume(tmp_path / "a.nrrd")
    assert volume.spacing == (2, 0.6, 0.5)
    assert "no position" in volume.warnings[0]
    image = nibabel.Nifti1Image(np.zeros((5, 4, 3), np.uint8), None)
    image.header.set_zooms((0.5, 0.6, 2))
    nibabel.save(image, tmp_path / "a.nii")
    volume = read_volume(tmp_path / "a.nii")
    assert volume.spacing == pytest.approx((2, 0.6, 0.5))
    assert "no position" in volume.warnings[0]


def test_metres_and_microns_become_mm(tmp_path: Path) -> None:
    import nibabel

    for unit, length in [("meter", 1000), ("micron", 0.001)]:
        image = nibabel.Nifti1Image(np.zeros((5, 4, 3), np.uint8), np.diag([2, 3, 4, 1.0]) / length)
        image.header.set_xyzt_units(unit)
        nibabel.save(image, tmp_path / "a.nii")
        assert read_volume(tmp_path / "a.nii").spacing == pytest.approx((4, 3, 2))


def test_only_whole_numbers_are_labels(tmp_path: Path) -> None:
    array = np.arange(60.0).reshape(3, 4, 5)
    assert read_labels(write(tmp_path / "a.nii", Volume(array, AFFINE))).array.dtype.kind == "i"
    for value in (0.5, np.nan, np.inf):
        array[1, 1, 1] = value
        with pytest.raises(LabelError, match=r"^a\.nii: values are not whole numbers"):
            read_labels(write(tmp_path / "a.nii", Volume(array, AFFINE), overwrite=True))
    with pytest.raises(LabelError, match="axes"):
        read_labels(write(tmp_path / "t.nii", Volume(np.zeros((2, 3, 4, 5)), AFFINE, axes="tzyx")))
    with pytest.raises(FormatError, match=r"^l\.seg\.nrrd: labels, no image"):
        read_volume(write(tmp_path / "l.seg.nrrd", LabelMap(np.ones((2, 2, 2)), AFFINE)))


@pytest.mark.parametrize(
    "table",
    [{"classes": {"1": "lung", "2": "bone"}}, {"labels": {"background": 0, "lung": 1, "bone": 2}}, {"1": "lung", "2": "bone"}],
)
@pytest.mark.parametrize("suffix", [".nii.gz", ".mha", ".nrrd"])
def test_names_from_a_json_file_beside_the_labels(tmp_path: Path, table: dict[str, object], suffix: str) -> None:
    path = write(tmp_path / f"draft{suffix}", LabelMap(np.ones((2, 2, 2), int), AFFINE))
    (tmp_path / "draft.json").write_text(json.dumps(table))
    names = read_labels(path).classes
    assert (names[1], names[2]) == ("lung", "bone")


@pytest.mark.parametrize("text", ["[1, 2", '["a"]', '{"1": ["a"]}', "[" * 100000, '{"classes": 3}', "\0\1", "9" * 5000])
def test_useless_json_beside_the_labels_is_left_alone(tmp_path: Path, text: str) -> None:
    path = write(tmp_path / "draft.nii", LabelMap(np.ones((2, 2, 2), int), AFFINE))
    (tmp_path / "draft.json").write_text(text)
    assert read_labels(path).classes == {}


@given(
    st.one_of(
        st.text(),
        st.binary(),
        st.recursive(st.none() | st.integers() | st.text(), lambda c: st.lists(c) | st.dictionaries(st.text(), c)).map(
            lambda c: json.dumps({"napari_hounsfield": c})
        ),
    )
)
def test_notes_take_any_text(text: str | bytes) -> None:
    notes = Notes.from_text(text)
    assert all(isinstance(value, int) and isinstance(name, str) for value, name in notes.classes.items())


def test_names_are_bounded_and_of_one_line() -> None:
    assert class_names({"1": "a\nb" * 1000, "x": True, "2": 3.5, "-1": "neg"}) == {1: ("a b" * 1000)[:200], -1: "neg"}
    assert Notes.from_text(b'{"napari_hounsfield": {"classes": {"1": "' + b"x" * (1 << 20) + b'"}}}') == Notes()


def test_unit_is_the_files_own_or_the_users(tmp_path: Path) -> None:
    array = np.arange(-60, 60, dtype=np.int16).reshape(4, 5, 6)
    plain = tmp_path / "foreign.nii.gz"
    nibabel.save(nibabel.Nifti1Image(array, np.eye(4)), plain)
    own = write(tmp_path / "own.nii.gz", Volume(array, AFFINE, unit="SUV", modality="PT"))
    assert [(v.unit, v.modality) for v in read(plain)] == [("", "")]
    assert [(v.unit, v.modality) for v in read(plain, ReadParams(unit="HU"))] == [("HU", "CT")]
    assert [(v.unit, v.modality) for v in read(own, ReadParams(unit="HU"))] == [("SUV", "PT")]


def test_a_pipe_does_not_block(tmp_path: Path) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("no pipes on this system")
    os.mkfifo(tmp_path / "pipe.nii")
    assert refused(tmp_path / "pipe.nii") == "pipe.nii: not a regular file"
    with pytest.raises(FormatError, match="not a regular file"):
        read_labels(tmp_path / "pipe.nii")


def test_draft_keeps_how_sure_it_is(tmp_path: Path, labels: LabelMap) -> None:
    sureness = np.random.default_rng(1).random(labels.array.shape, np.float32)
    path = write(tmp_path / "draft.nii.gz", Segmentation(labels, sureness=sureness))
    again = read_draft(path)
    assert isinstance(again, Segmentation)
    np.testing.assert_array_equal(again.labels.array, labels.array)
    np.testing.assert_array_equal(again.sureness, sureness)
    assert isinstance(read_draft(write(tmp_path / "plain.nii.gz", labels)), LabelMap)


def test_replaced_labels_take_their_sureness_along(tmp_path: Path, labels: LabelMap) -> None:
    path = write(tmp_path / "draft.nii.gz", Segmentation(labels, sureness=np.ones(labels.array.shape, np.float32)))
    other = write(tmp_path / "other.nii.gz", labels)
    write(path, labels, overwrite=True)
    assert isinstance(read_draft(path), LabelMap)
    assert sorted(tmp_path.iterdir()) == [path, other]


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd", ".mha"])
def test_a_byte_that_is_wrong_in_compressed_voxels_is_found(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    voxels = np.random.default_rng(0).random((10, 20, 20)) > 0.7
    write(path, LabelMap(voxels.astype(np.uint8), np.eye(4)))
    whole = path.read_bytes()
    for place in range(len(whole) // 2, len(whole), max(1, len(whole) // 40)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 255]) + whole[place + 1 :])
        with pytest.raises(FormatError, match="damaged"):
            read(path)
