"""What is found below a path: series, what was skipped and why, JSON."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest

from napari_hounsfield.dicom.scan import scan, scan_steps
from napari_hounsfield.errors import DicomError, UnsupportedDicomError


def test_several_series_and_junk_in_one_folder(tmp_path, write_series, noise):
    write_series(tmp_path / "one", noise(seed=1), seed="one", SeriesNumber=7)
    write_series(tmp_path / "two", noise((2, 4, 4), seed=2), seed="two", SeriesNumber=2)
    write_series(tmp_path / "mixed", noise((1, 4, 4)), seed="three", SeriesNumber=9, SOPClassUID="1.2.840.10008.5.1.4.1.1.481.2")
    (tmp_path / "empty").touch()
    (tmp_path / "notes.dcm").write_text("not an image")
    found = scan(tmp_path)
    assert [(series.name, series.shape) for series in found.series] == [("CT 2", (2, 4, 4)), ("CT 7", (4, 6, 5)), ("CT 9", None)]
    assert sorted(found.skipped) == [("empty", "empty file"), ("notes.dcm", "not DICOM")]
    assert [series.name for series in found.chosen()] == ["CT 2", "CT 7"]
    assert [series.name for series in found.chosen(found.series[1].uid)] == ["CT 7"]
    with pytest.raises(DicomError, match="none of its 3 series"):
        found.chosen("1.2.3")


def test_json_has_the_documented_keys(tmp_path, write_series, noise):
    write_series(tmp_path, noise())
    (tmp_path / "junk").write_bytes(b"junk")
    record = json.loads(json.dumps(scan(tmp_path).to_json(), allow_nan=False))
    assert set(record) == {"series", "skipped", "warnings"}
    (series,) = record["series"]
    assert (series["modality"], series["shape"], series["unit"], series["status"]) == ("CT", [4, 6, 5], "HU", "readable")
    assert series["spacing"] == pytest.approx([3.0, 0.8, 0.7])
    np.testing.assert_allclose(series["affine"], [[0, 0, 0.7, -10], [0, 0.8, 0, -20], [3, 0, 0, 0], [0, 0, 0, 1]])
    assert series["transfer_syntax"] == "1.2.840.10008.1.2.1"
    assert (series["slices"], series["number"]) == (4, 3)
    assert record["skipped"] == [{"file": "junk", "reason": "not DICOM"}]


def test_a_single_file_is_a_series_of_its_own(tmp_path, write_series, noise):
    files = write_series(tmp_path, noise())
    (series,) = scan(files[1]).series
    assert series.shape == (1, 6, 5)
    assert series.spacing == pytest.approx((2.5, 0.8, 0.7))
    np.testing.assert_array_equal(series.read().array[0], noise()[1] - 1024)


@pytest.mark.parametrize("content", [None, b"", b"text", b"\0" * 200])
def test_nothing_to_read_is_an_error(tmp_path, content):
    folder = tmp_path / "folder"
    folder.mkdir()
    if content is not None:
        (folder / "file").write_bytes(content)
    with pytest.raises(DicomError, match=r"^folder: .*no DICOM files"):
        scan(folder)


def test_missing_path_and_non_dicom_file_are_errors(tmp_path):
    with pytest.raises(DicomError, match=r"^gone: no such file or folder"):
        scan(tmp_path / "gone")
    (tmp_path / "note").write_text("text")
    with pytest.raises(DicomError, match=r"^note: not DICOM"):
        scan(tmp_path / "note")


def test_only_refused_series_give_their_reason(tmp_path, write_series, noise):
    write_series(tmp_path, noise(), SOPClassUID="1.2.840.10008.5.1.4.1.1.481.2")
    with pytest.raises(UnsupportedDicomError, match="nothing can be read: CT 3: IM0000: RT Dose is not read yet"):
        scan(tmp_path).chosen()


def test_a_pipe_does_not_block_and_an_unreadable_link_is_listed(tmp_path, write_series, noise):
    write_series(tmp_path, noise())
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    skipped = dict(scan(tmp_path).skipped)
    assert skipped["pipe"] == "not a regular file"
    assert skipped["link"].startswith("cannot be opened")


def test_a_slice_with_a_damaged_header_refuses_its_series(tmp_path, write_series, noise):
    files = write_series(tmp_path, noise())
    content = files[3].read_bytes()
    at = content.index(b"\x20\x00\x32\x00DS")
    files[3].write_bytes(content[: at + 20])  # cut off within Image Position (Patient)
    (series,) = scan(tmp_path).series
    with pytest.raises(DicomError, match="IM0003"):
        series.read()


def test_dicom_without_preamble_is_told_in_a_warning(tmp_path, write_series, noise):
    files = write_series(tmp_path, noise())
    files[3].write_bytes(files[3].read_bytes()[132:])
    found = scan(tmp_path)
    assert found.skipped == (("IM0003", "looks like DICOM, but has no preamble; --force reads it"),)
    assert "IM0003" in found.warnings[0]


def test_missing_series_uid_groups_by_folder(tmp_path, write_series, noise):
    for name in ("a", "b"):
        write_series(tmp_path / name, noise(), seed=name, SeriesInstanceUID="")
    found = scan(tmp_path)
    assert [series.shape for series in found.series] == [(4, 6, 5), (4, 6, 5)]
    assert "Series Instance UID is missing" in found.series[0].warnings[0]


def test_scanning_yields_progress(tmp_path, write_series, noise):
    write_series(tmp_path, noise((70, 2, 2)), [(0, 0, z) for z in range(70)])
    assert len(list(scan_steps(tmp_path))) >= 2


def test_control_characters_of_a_name_do_not_break_the_line(tmp_path):
    (tmp_path / "two\nlines").write_text("text")
    with pytest.raises(DicomError) as raised:
        scan(tmp_path / "two\nlines")
    assert "\n" not in str(raised.value)


@pytest.fixture
def open_to_all():
    """A folder in which this process acts without the rights of root, once `os.seteuid` was called; root again at the end."""
    if not hasattr(os, "seteuid"):
        pytest.skip("no folder rights on this system")
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    before = os.geteuid()
    yield folder
    os.seteuid(before)
    for each in (folder, *folder.rglob("*")):
        if each.is_dir():
            each.chmod(0o755)
    shutil.rmtree(folder)


def test_a_folder_that_cannot_be_opened_is_listed_and_told(open_to_all, write_series, noise):
    write_series(open_to_all / "study" / "one", noise())
    write_series(open_to_all / "study" / "two", noise(), seed="two")
    (open_to_all / "study" / "two").chmod(0)
    if os.geteuid() == 0:
        os.seteuid(65534)
    found = scan(open_to_all / "study")
    assert [series.shape for series in found.series] == [(4, 6, 5)]
    assert found.skipped == (("two", "folder that cannot be opened (Permission denied)"),)
    assert found.warnings == ("1 folder(s) could not be opened: two.",)
    with pytest.raises(DicomError, match="two: no DICOM files to be seen: two folder that cannot be opened"):
        scan(open_to_all / "study" / "two")
