"""Zip archives are read in place: right members, right bytes, and nothing that could harm."""

from __future__ import annotations

import gzip
import random
import stat
import struct
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_hounsfield.dicom import zip_directory
from napari_hounsfield.dicom.archive import member_bytes, members
from napari_hounsfield.dicom.files import opened
from napari_hounsfield.dicom.scan import scan
from napari_hounsfield.errors import DicomError
from napari_hounsfield.volume import LabelMap

METHODS = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]


def zipped(path: Path, contents: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return path


def names(archive: Path) -> list[str]:
    return [str(path.relative_to(archive)) for path in members(archive)[0]]


@pytest.mark.parametrize("method", METHODS)
def test_members_have_the_bytes_that_were_packed(tmp_path, method):
    contents = {"CT/IM2": b"two" * 1000, "CT/IM1": b"one", "empty": b"", "ümlaut/é": b"\0\1"}
    archive = zipped(tmp_path / "study.zip", contents, method)
    paths, skipped = members(archive)
    assert paths == [archive / name for name in ("CT/IM1", "CT/IM2", "empty", "ümlaut/é")]
    assert not skipped
    assert [member_bytes(path) for path in paths] == [contents[str(path.relative_to(archive))] for path in paths]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["study.zip"]


NAMES = st.text("abc/é", min_size=1, max_size=6).filter(lambda name: name.strip("/") == name and "//" not in name)


@given(st.dictionaries(NAMES, st.binary(max_size=300)))
def test_any_archive_reads_as_zipfile_reads_it(tmp_path_factory, contents):
    path = zipped(tmp_path_factory.mktemp("zip") / "a.zip", contents)
    with zipfile.ZipFile(path) as archive:
        expected = {name: archive.read(name) for name in archive.namelist()}
    assert {name: member_bytes(path / name) for name in names(path)} == expected


@pytest.mark.parametrize("method", METHODS)
def test_a_series_in_an_archive_reads_as_its_files_do(tmp_path, write_series, noise, method):
    files = write_series(tmp_path / "files", noise())
    contents = {f"CT/{file.name}": file.read_bytes() for file in files[:3]} | {"CT/last.gz": gzip.compress(files[3].read_bytes())}
    archive = zipped(tmp_path / "study.zip", contents, method)
    (series,), (expected,) = scan(archive).series, scan(tmp_path / "files").series
    np.testing.assert_array_equal(series.read().array, expected.read().array)
    np.testing.assert_array_equal(series.affine, expected.affine)


@pytest.mark.parametrize("packed", ["gzip", "zip"])
@pytest.mark.parametrize("which", [1, 3])
def test_a_series_with_a_damaged_file_is_refused_by_its_name(tmp_path, write_series, packed, which):
    stored = np.random.default_rng(0).integers(0, 2000, (4, 100, 100)).astype("i2")
    files = write_series(tmp_path / "files", stored)
    target, content = tmp_path / "files", bytearray(gzip.compress(files[which].read_bytes()))
    if packed == "zip":
        target = zipped(tmp_path / "study.zip", {file.name: file.read_bytes() for file in files})
        content = bytearray(target.read_bytes())
    at = content.index(files[which].name.encode()) + 10_000 if packed == "zip" else len(content) // 2
    content[at : at + 100] = bytes(100)
    (target if packed == "zip" else files[which]).write_bytes(content)
    (series,) = scan(target).series
    with pytest.raises(DicomError, match=files[which].name):
        series.read()


def test_a_segmentation_refers_to_a_series_in_an_archive(tmp_path, write_series, noise):
    from napari_hounsfield.formats.label_reading import read_labels
    from napari_hounsfield.formats.writing import write

    files = write_series(tmp_path / "files", noise(), StudyID="1", AccessionNumber="", ReferringPhysicianName="")
    archive = zipped(tmp_path / "study.zip", {file.name: file.read_bytes() for file in files})
    (series,) = scan(archive).series
    labels = (noise() > 1000).astype(np.uint8)
    assert series.source.files[0] == archive / "IM0000"
    write(tmp_path / "labels.dcm", LabelMap(labels, series.affine, {1: "bone"}, source=series.source))
    read_back = read_labels(tmp_path / "labels.dcm")
    np.testing.assert_array_equal(read_back.array, labels)
    np.testing.assert_allclose(read_back.affine, series.affine, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../IM1", "path leaves the archive"),
        ("a/../../IM1", "path leaves the archive"),
        ("/IM1", "path leaves the archive"),
        ("//host/IM1", "path leaves the archive"),
        ("C:/IM1", "path leaves the archive"),
        ("..\\IM1", "path leaves the archive"),
        ("C:\\IM1", "path leaves the archive"),
        ("x" * 2000 + "/IM1", "its name is too long or holds a NUL"),
    ],
)
def test_names_that_lead_elsewhere_are_skipped(tmp_path, name, reason):
    archive = zipped(tmp_path / "study.zip", {name: b"outside", "good": b"inside"})
    paths, skipped = members(archive)
    assert paths == [archive / "good"]
    assert skipped == [("IM1", reason)]
    with pytest.raises(DicomError):
        member_bytes(archive / name)


def test_backslashes_dots_and_folders_are_taken_for_what_they_mean(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.mkdir("folder")
        archive.writestr("folder\\IM1", b"1")
        archive.writestr("./folder//IM2", b"2")
    assert names(tmp_path / "a.zip") == ["folder/IM1", "folder/IM2"]
    assert member_bytes(tmp_path / "a.zip/folder/IM2") == b"2"
    assert members(tmp_path / "a.zip")[1] == []


def test_links_other_compressions_and_namesakes_are_skipped(tmp_path):
    link = zipfile.ZipInfo("link")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    pipe = zipfile.ZipInfo("pipe")
    pipe.create_system, pipe.external_attr = 3, (stat.S_IFIFO | 0o666) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
        archive.writestr(pipe, "")
        archive.writestr("packed", b"b" * 100, zipfile.ZIP_BZIP2)
        archive.writestr("packed more", b"b" * 100, zipfile.ZIP_LZMA)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of duplicate names
            for name, content in [("same", b"1"), ("same", b"1"), ("twice", b"1"), ("twice", b"2")]:
                archive.writestr(name, content)
    paths, skipped = members(tmp_path / "a.zip")
    assert [path.name for path in paths] == ["same"]
    assert dict(skipped) == {
        "link": "symbolic link in a zip archive",
        "pipe": "not a regular file",
        "packed": "compressed by bzip2, which is not read",
        "packed more": "compressed by LZMA, which is not read",
        "twice": "several different members of the zip archive have this name",
    }


def test_encrypted_members_are_skipped(tmp_path):
    archive = zipped(tmp_path / "a.zip", {"secret": b"1234", "open": b"5678"})
    content = bytearray(archive.read_bytes())
    for mark, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        content[content.index(mark) + at] |= 1
    archive.write_bytes(content)
    assert members(archive)[1] == [("secret", "encrypted")]
    assert names(archive) == ["open"]


def test_an_archive_in_an_archive_or_folder_is_listed(tmp_path, write_series, noise):
    files = write_series(tmp_path / "study", noise())
    inner = zipped(tmp_path / "study" / "inner.zip", {"IM1": files[0].read_bytes()})
    assert dict(scan(tmp_path / "study").skipped)["inner.zip"] == "zip archive: open it by itself"
    outer = zipped(tmp_path / "outer.zip", {"inner.zip": inner.read_bytes(), "IM1": files[0].read_bytes()})
    found = scan(outer)
    assert found.skipped == (("inner.zip", "zip archive: open it by itself"),)
    assert len(found.series) == 1


def test_damaged_content_is_told_by_its_crc(tmp_path):
    archive = zipped(tmp_path / "a.zip", {"IM1": b"content"}, zipfile.ZIP_STORED)
    archive.write_bytes(archive.read_bytes().replace(b"content", b"c0ntent"))
    with pytest.raises(DicomError, match=r"^damaged in its zip archive$"):
        opened(archive / "IM1")


def test_a_member_that_is_not_there_is_an_error(tmp_path):
    archive = zipped(tmp_path / "a.zip", {"IM1": b"content"})
    for path in (archive / "IM2", archive / "IM1" / "deeper", tmp_path / "gone" / "IM1"):
        with pytest.raises(DicomError, match=r"^no such "):
            member_bytes(path)


def test_two_headers_of_one_member_must_agree(tmp_path):
    archive = zipped(tmp_path / "a.zip", {"IM1": b"content"})
    content = archive.read_bytes()
    archive.write_bytes(content.replace(b"IM1", b"IM2", 1))
    with pytest.raises(DicomError, match="differs between the directory of its zip archive and its own header"):
        member_bytes(archive / "IM1")


def test_zip64_and_bytes_before_the_archive_are_read(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("IM1", "w", force_zip64=True) as member:
        member.write(b"content" * 100)
    content = path.read_bytes()
    end = content.rindex(b"PK\5\6")
    _, _, _, _, count, length, offset, _ = struct.unpack("<4s4H2LH", content[end:])
    long_end = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, length, offset)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, end, 1)
    short_end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    path.write_bytes(content[:end] + long_end + locator + short_end)
    assert zipfile.ZipFile(path).namelist() == ["IM1"]
    assert member_bytes(path / "IM1") == b"content" * 100
    entry = struct.Struct("<4s6H3L5H2L")
    central = content.index(b"PK\1\2")
    fields = list(entry.unpack_from(content, central))
    packed, size = fields[8:10]
    fields[8:10], fields[11], fields[16] = [0xFFFFFFFF] * 2, 28, 0xFFFFFFFF
    extra = struct.pack("<2H3Q", 1, 24, size, packed, 0)
    directory = entry.pack(*fields) + b"IM1" + extra
    end_record = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, len(directory), central, 0)
    path.write_bytes(content[:central] + directory + end_record)
    assert zipfile.ZipFile(path).getinfo("IM1").file_size == 700
    assert member_bytes(path / "IM1") == b"content" * 100
    prefixed = tmp_path / "prefixed.zip"
    prefixed.write_bytes(b"PK\3\4 begins otherwise" + content)
    assert member_bytes(prefixed / "IM1") == b"content" * 100


def test_a_changed_archive_is_read_anew(tmp_path):
    archive = zipped(tmp_path / "a.zip", {"IM1": b"before"})
    assert names(archive) == ["IM1"]
    zipped(archive, {"IM1": b"afterwards", "IM2": b""})
    assert names(archive) == ["IM1", "IM2"]
    assert member_bytes(archive / "IM1") == b"afterwards"


def test_too_many_members_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(zip_directory, "MAX_ENTRIES", 3)
    archive = zipped(tmp_path / "a.zip", {str(i): b"" for i in range(4)})
    with pytest.raises(DicomError, match="more than 3 members"):
        members(archive)
    content = bytearray(archive.read_bytes())
    end = content.rindex(b"PK\5\6")
    content[end + 8 : end + 12] = struct.pack("<2H", 1, 1)  # the end record lies about their number
    archive.write_bytes(content)
    with pytest.raises(DicomError, match="more than 3 members"):
        members(archive)


def test_mutated_archives_give_content_that_is_right_or_a_dicom_error(tmp_path):
    contents = {f"CT/IM{i}": bytes([i]) * 400 for i in range(5)}
    good = zipped(tmp_path / "good.zip", contents).read_bytes()
    chance = random.Random(1)
    intact = 0
    for i in range(1500):
        bad = bytearray(good)
        for _ in range(chance.randint(1, 4)):
            bad[chance.randrange(len(bad))] = chance.choice([0, 1, 0x7F, 0xFF, chance.randrange(256)])
        if i % 5 == 0:
            del bad[chance.randrange(len(bad)) :]
        path = tmp_path / f"{i}.zip"
        path.write_bytes(bad)
        try:
            for member in members(path)[0]:
                assert member_bytes(member) in contents.values()
            intact += 1
        except DicomError:
            pass
    assert 0 < intact < 1500


def test_garbage_behind_the_mark_is_an_error(tmp_path):
    path = tmp_path / "a.zip"
    for content in (b"PK\3\4", b"PK\3\4" + b"\0" * 300, b"PK\5\6" + b"\0" * 17, b"PK\5\6" + b"\xff" * 18):
        path.write_bytes(content)
        with pytest.raises(DicomError, match="zip archive"):
            members(path)
    path.write_bytes(b"text")
    with pytest.raises(DicomError, match="not a zip archive"):
        members(path)
