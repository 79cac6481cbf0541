"""Files are opened by content: with or without preamble, packed or not; nothing is inflated without bound."""

from __future__ import annotations

import gzip
import io
import os
import zlib

import numpy as np
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_hounsfield.dicom.files import MAX_INFLATED, inflated, largest_content, opened
from napari_hounsfield.errors import DicomError


@pytest.fixture
def image(tmp_path, write_series, noise):
    """Bytes of one DICOM file."""
    return write_series(tmp_path / "image", noise((1, 3, 3)))[0].read_bytes()


@pytest.mark.parametrize("packed", [False, True])
def test_a_file_is_opened_behind_its_preamble(tmp_path, image, packed):
    path = tmp_path / "IM"
    path.write_bytes(gzip.compress(image) if packed else image)
    with opened(path) as stream:
        assert stream.tell() == 132
        assert stream.read() == image[132:]
        assert stream.seek(0) == 0
        assert stream.read() == image


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    ("prefix", "start"), [(b"", 0), (b"DICM", 4), (b"\0" * 128, 128)], ids=["nothing before", "mark alone", "no mark"]
)
def test_a_file_without_preamble_or_mark_is_opened_by_force_only(tmp_path, image, prefix, start, packed):
    path = tmp_path / "IM"
    path.write_bytes(gzip.compress(prefix + image[132:]) if packed else prefix + image[132:])
    with pytest.raises(DicomError, match=r"^looks like DICOM, but has no preamble; --force reads it$"):
        opened(path)
    with opened(path, force=True) as stream:
        assert stream.tell() == start
        assert stream.read() == image[132:]


@pytest.mark.parametrize("implicit", [False, True])
@pytest.mark.parametrize("little", [False, True])
def test_a_bare_data_set_is_opened_by_force(tmp_path, implicit, little):
    if implicit and not little:
        pytest.skip("DICOM has no such encoding")
    dataset = pydicom.Dataset()
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    content = io.BytesIO()
    pydicom.dcmwrite(content, dataset, implicit_vr=implicit, little_endian=little, enforce_file_format=False)
    path = tmp_path / "bare"
    path.write_bytes(content.getvalue())
    with opened(path, force=True) as stream:
        assert stream.tell() == 0


JUNK = [b"text that is no DICOM", b"\0" * 500, b"\x08\x00", b"\x08\0\x05\0\xff\xff\xff\xff", b"PK\3\4" + b"\0" * 200]


@pytest.mark.parametrize("content", JUNK)
def test_force_opens_nothing_that_is_no_data_set(tmp_path, content):
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(DicomError, match=r"not DICOM|zip archive"):
        opened(path, force=True)


def test_what_cannot_be_opened_is_a_bare_reason(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty").touch()
    for name, reason in [
        ("gone", "cannot be opened (No such file or directory)"),
        ("gone/deeper", "cannot be opened (No such file or directory)"),
        ("pipe", "not a regular file"),
        ("empty", "empty file"),
        ("empty/below", "not a zip archive"),
        ("a\0b", "cannot be opened (its name holds a NUL)"),
    ]:
        with pytest.raises(DicomError) as raised:
            opened(tmp_path / name)
        assert str(raised.value) == reason


def test_a_file_gives_no_more_than_it_holds(tmp_path, image):
    path = tmp_path / "IM"
    path.write_bytes(image)
    with opened(path) as stream:
        assert len(stream.read(2**40)) == len(image) - 132  # no such buffer is allocated


@given(st.binary(max_size=2000), st.integers(0, 3), st.sampled_from([15, -15, 31]))
def test_inflated_is_what_was_deflated(content, level, wbits):
    machine = zlib.compressobj(level, zlib.DEFLATED, wbits)
    packed = machine.compress(content) + machine.flush()
    assert inflated(packed + b"behind", wbits) == (content, True)
    assert inflated(packed, wbits, len(content)) == (content, True)
    found, complete = inflated(packed[:-1], wbits)
    assert not complete
    assert content.startswith(found)
    if content:
        with pytest.raises(DicomError, match="grows beyond"):
            inflated(packed, wbits, len(content) - 1)


@pytest.mark.parametrize("size", [2**22 - 1, 2**22, 2**22 + 1, 3 * 2**22])
def test_limits_hold_to_the_byte_across_pieces(size):
    content = np.random.default_rng(0).integers(0, 4, size, np.uint8).tobytes()
    packed = zlib.compress(content, 1)
    assert inflated(packed, 15, size) == (content, True)
    with pytest.raises(DicomError, match="grows beyond"):
        inflated(packed, 15, size - 1)


def test_damaged_content_is_an_error():
    packed = bytearray(zlib.compress(bytes(range(256)) * 50))
    packed[len(packed) // 2] ^= 0xFF
    with pytest.raises(DicomError, match="compressed content is damaged"):
        inflated(bytes(packed), 15)


def test_large_content_may_grow_by_as_much_as_images_do():
    assert largest_content(1000) == MAX_INFLATED
    assert largest_content(MAX_INFLATED) >= 8 * MAX_INFLATED
