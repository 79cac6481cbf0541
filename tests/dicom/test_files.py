"""Files are opened by content: with or without preamble, packed or not; nothing is inflated without bound."""

from __future__ import annotations

import gzip
import io
import os
import zipfile
import zlib

import numpy as np
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_hounsfield.dicom.files import opened
from napari_hounsfield.dicom.inflating import MAX_INFLATED, Unpacking, inflated, largest_content
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


@given(st.binary(max_size=3000), st.lists(st.tuples(st.integers(0, 4000), st.integers(-1, 4000))), st.booleans(), st.booleans())
def test_unpacking_reads_as_the_content_itself(content, reads, size_known, from_end):
    stream = Unpacking(zlib.compress(content), 15, len(content) if size_known else None)
    expected = io.BytesIO(content)
    for offset, size in reads:
        at = (max(-offset, -len(content)), io.SEEK_END) if from_end else (offset, io.SEEK_SET)
        assert stream.seek(*at) == expected.seek(*at)
        assert stream.read(size) == expected.read(size)
        assert stream.tell() == expected.tell()
    stream.seek(0)
    assert stream.read() == content


@pytest.mark.parametrize("wbits", [15, -15, 31])
def test_unpacking_ends_where_the_content_is_damaged_or_cut_off(wbits):
    content = np.random.default_rng(0).integers(0, 9, 200_000, np.uint8).tobytes()
    machine = zlib.compressobj(6, zlib.DEFLATED, wbits)
    packed = bytearray(machine.compress(content) + machine.flush())
    assert Unpacking(bytes(packed), wbits).read() == content
    cut = Unpacking(bytes(packed[: len(packed) // 2]), wbits)
    assert content.startswith(cut.read())
    assert 10**4 < cut.tell() < len(content)
    assert cut.seek(0, 2) == cut.tell()


def test_unpacking_has_the_same_limit():
    bomb = zlib.compress(bytes(MAX_INFLATED + 2**20), 9)
    stream = Unpacking(bomb, 15)
    assert stream.read(100) == bytes(100)
    assert len(stream.getbuffer()) < 2**20  # no more is inflated than is read
    with pytest.raises(DicomError, match="grows beyond 256 MiB"):
        stream.read()


@pytest.mark.parametrize("packed", ["gzip", "zip", "gzip in zip"])
def test_the_header_of_a_damaged_file_is_read_and_its_pixels_are_not(tmp_path, make_plane, packed):
    pixels = np.random.default_rng(0).integers(0, 2000, (300, 300)).astype("i2")
    make_plane(pixels, (0, 0, 0), 1).save_as(tmp_path / "IM", enforce_file_format=True)
    content = (tmp_path / "IM").read_bytes()
    path, member = tmp_path / "IM.packed", gzip.compress(content)
    if packed == "gzip":
        path.write_bytes(_damaged(member))
    else:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED if packed == "gzip in zip" else zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("IM", member if packed == "gzip in zip" else content)
        path.write_bytes(_damaged(path.read_bytes()))
        path /= "IM"
    with opened(path, whole=False) as stream:
        assert stream.tell() == 132
        assert stream.read(600) == content[132:732]
    with pytest.raises(DicomError, match=r"damaged|grows beyond"):
        opened(path)


def _damaged(packed: bytes) -> bytes:
    middle = len(packed) // 2
    return packed[:middle] + bytes(100) + packed[middle + 100 :]
