"""DICOMDIR: what it lists is found, and nothing outside its folder is touched."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filereader import dcmread

from napari_hounsfield.dicom import directory_records
from napari_hounsfield.dicom.directory import AMBIGUOUS, DAMAGED, GONE, LEAVES, listed_files
from napari_hounsfield.dicom.scan import scan
from napari_hounsfield.errors import DicomError

EXPLICIT, IMPLICIT, BIG = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.2"


def record(file_id: list[str] | str | None, kind: str = "IMAGE", in_use: int = 0xFFFF) -> Dataset:
    made = Dataset()
    made.OffsetOfTheNextDirectoryRecord = made.OffsetOfReferencedLowerLevelDirectoryEntity = 0
    made.RecordInUseFlag, made.DirectoryRecordType = in_use, kind
    made.PatientName = "Canary^Patient"
    if file_id is not None:
        made.ReferencedFileID = file_id
    return made


@pytest.fixture
def write_directory():
    """Write a DICOMDIR of records; pydicom warns of file IDs that the standard forbids, which are the point here."""

    def write(path: Path, records: list[Dataset], syntax: str = EXPLICIT, undefined: bool = False) -> Path:
        dataset = Dataset()
        dataset.DirectoryRecordSequence = records
        dataset["DirectoryRecordSequence"].is_undefined_length = undefined
        for each in records:
            each.is_undefined_length_sequence_item = undefined
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.1.3.10"
        dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
        dataset.file_meta.TransferSyntaxUID = syntax
        pydicom.dcmwrite(path, dataset, enforce_file_format=True)
        return path

    return write


@pytest.fixture
def medium(tmp_path, write_directory) -> Path:
    """A folder with files in subfolders; `write_directory` puts a DICOMDIR there."""
    for name in ("A/IM1", "A/IM2", "A/B/IM3"):
        (tmp_path / "medium" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "medium" / name).touch()
    (tmp_path / "outside").touch()
    return tmp_path / "medium"


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG, "1.2.840.10008.1.2.1.99"])
@pytest.mark.parametrize("undefined", [False, True])
def test_files_are_found_in_the_order_of_the_records(medium, write_directory, syntax, undefined):
    records = [
        record(None, "PATIENT"),
        record(["A", "IM2"]),
        record(["A", "B", "IM3"]),
        record(["A", "IM1"]),
        record(["A", "IM2"]),
    ]
    directory = write_directory(medium / "DICOMDIR", records, syntax, undefined)
    assert listed_files(directory) == ([medium / "A/IM2", medium / "A/B/IM3", medium / "A/IM1"], [])


def test_a_record_out_of_use_counts_for_nothing(medium, write_directory):
    directory = write_directory(medium / "DICOMDIR", [record(["A", "IM1"], in_use=0), record(["A", "IM2"])])
    assert listed_files(directory) == ([medium / "A/IM2"], [])


@pytest.mark.parametrize(
    "file_id",
    [
        ["..", "outside"],
        ["A", "..", "..", "outside"],
        ["", "etc", "outside"],
        "/etc/outside",
        "../outside",
        "..\\outside",
        "\\\\host\\outside",
        ["C:", "outside"],
        "C:/outside",
        ["LINK", "outside"],
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_what_leads_out_of_the_folder_is_refused(medium, write_directory, file_id):
    (medium / "LINK").symlink_to("..")
    directory = write_directory(medium / "DICOMDIR", [record(file_id), record(["A", "IM1"])])
    assert listed_files(directory) == ([medium / "A/IM1"], [("outside", LEAVES)])


def test_a_folder_that_is_reached_by_a_link_is_one(medium, write_directory):
    write_directory(medium / "DICOMDIR", [record(["A", "IM1"])])
    (medium.parent / "link").symlink_to(medium)
    assert listed_files(medium.parent / "link" / "DICOMDIR") == ([medium.parent / "link" / "A/IM1"], [])


@pytest.mark.parametrize("name", ["a/im1", "A/im1.dcm", "a/IM1.DCM", "A/IM1.", "A/IM1;1"])
def test_names_that_a_copy_changed_are_found(tmp_path, write_directory, name):
    (tmp_path / name).parent.mkdir()
    (tmp_path / name).touch()
    assert listed_files(write_directory(tmp_path / "DICOMDIR", [record(["A", "IM1"])])) == ([tmp_path / name], [])


def test_the_exact_name_wins_and_several_others_are_not_guessed_among(medium, write_directory):
    for name in ("A/im1", "A/IM1.dcm", "A/im9", "A/IM9.dcm"):
        (medium / name).touch()
    directory = write_directory(
        medium / "DICOMDIR", [record(["A", "IM1"]), record(["A", "IM9"]), record(["A", "IM8"]), record(["Z", "IM1"])]
    )
    assert listed_files(directory) == ([medium / "A/IM1"], [("IM9", AMBIGUOUS), ("IM8", GONE), ("IM1", GONE)])


def test_a_medium_in_an_archive_reads_as_the_medium(tmp_path, write_directory, write_series, noise):
    write_series(tmp_path / "disk" / "CT", noise(), names=["IM0", "IM1", "IM2", "IM3"])
    directory = write_directory(
        tmp_path / "disk" / "DICOMDIR", [record(["CT", f"IM{z}"]) for z in range(4)] + [record(["CT", "IM9"])]
    )
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for file in sorted((tmp_path / "disk").rglob("*")):
            archive.write(file, Path("inner") / file.relative_to(tmp_path / "disk"))
    found, skipped = listed_files(tmp_path / "a.zip/inner/DICOMDIR")
    assert found == [tmp_path / f"a.zip/inner/CT/IM{z}" for z in range(4)]
    assert skipped == [("IM9", GONE)]
    scanned = scan(directory)
    assert scanned.skipped == (("IM9", GONE),)
    np.testing.assert_array_equal(scanned.series[0].read().array, noise().astype(int) - 1024)


def test_a_cut_off_directory_gives_what_it_still_lists(medium, write_directory):
    directory = write_directory(medium / "DICOMDIR", [record(["A", "IM1"]), record(["A", "IM2"])])
    directory.write_bytes(directory.read_bytes()[:-60])
    assert listed_files(directory) == ([medium / "A/IM1"], [("DICOMDIR", DAMAGED)])
    directory.write_bytes(directory.read_bytes()[:-120])
    with pytest.raises(DicomError, match=r"^directory records \(0004,1220\) are damaged$"):
        listed_files(directory)


def test_a_file_without_records_is_an_error(tmp_path, write_series, noise):
    (file,) = write_series(tmp_path, noise((1, 3, 3)))
    with pytest.raises(DicomError, match=r"^has no directory records \(0004,1220\)$"):
        listed_files(file)


@pytest.mark.parametrize("implicit", [False, True])
@pytest.mark.parametrize("defined", [False, True])
def test_deep_nesting_is_walked_over(medium, write_directory, implicit, defined):
    directory = write_directory(medium / "DICOMDIR", [record(["A", "IM1"])], IMPLICIT if implicit else EXPLICIT)
    inner = b""
    for _ in range(900):
        length = (len(inner) + 8).to_bytes(4, "little"), len(inner).to_bytes(4, "little")
        outer, item = length if defined else (b"\xff" * 4, b"\xff" * 4)
        end = b"" if defined else b"\xfe\xff\x0d\xe0\0\0\0\0"
        head = b"\x08\0\x40\x11" + (b"" if implicit else b"SQ\0\0") + outer
        inner = head + b"\xfe\xff\0\xe0" + item + inner + end + (b"" if defined else b"\xfe\xff\xdd\xe0\0\0\0\0")
    content = directory.read_bytes()
    at = content.index(b"\4\0\x20\x12")
    sequence = content[at:]
    size = 8 if implicit else 12
    records = sequence[size:] + b"\xfe\xff\0\xe0" + len(inner).to_bytes(4, "little") + inner
    directory.write_bytes(content[:at] + sequence[: size - 4] + len(records).to_bytes(4, "little") + records)
    assert listed_files(directory) == ([medium / "A/IM1"], [])


def test_the_walk_gives_up_on_endless_lists(medium, write_directory, monkeypatch):
    directory = write_directory(medium / "DICOMDIR", [record(["A", "IM1"]), record(["A", "IM2"])])
    monkeypatch.setattr(directory_records, "MAX_FILES", 1)
    with pytest.raises(DicomError, match="lists more than 1 files"):
        listed_files(directory)
    monkeypatch.setattr(directory_records, "MAX_BYTES", 100)
    with pytest.raises(DicomError, match="DICOMDIR of more than"):
        listed_files(directory)


def test_real_directories_list_what_pydicom_finds_in_them(shared_data, tmp_path):
    folder = shared_data / "05_transfer_syntax" / "pydicom" / "test_files" / "dicomdirtests"
    checked = 0
    for directory in sorted(folder.rglob("DICOMDIR*")):
        records = dcmread(directory).DirectoryRecordSequence
        expected = {directory.parent.joinpath(*r.ReferencedFileID) for r in records if r.get("ReferencedFileID")}
        found, skipped = listed_files(directory)
        assert set(found) == expected
        assert skipped == ([(directory.name, DAMAGED)] if directory.name == "DICOMDIR-nooffset" else [])  # it is cut off indeed
        checked += len(found) > 0
    assert checked >= 7
    shutil.copy(folder / "DICOMDIR", tmp_path / "DICOMDIR")
    assert {reason for _, reason in listed_files(tmp_path / "DICOMDIR")[1]} == {GONE}
