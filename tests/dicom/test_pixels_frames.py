"""Files with several frames: which bytes are which frame, uncompressed and encapsulated."""

from __future__ import annotations

import gzip
import struct
from dataclasses import replace

import numpy as np
import pytest

from napari_hounsfield.dicom import pixel_files
from napari_hounsfield.dicom.direct import stored_directly
from napari_hounsfield.dicom.header import Header, PixelElement
from napari_hounsfield.dicom.pixel_files import PixelFiles
from napari_hounsfield.dicom.pixels import stored_values
from napari_hounsfield.errors import DicomError

LITTLE = "1.2.840.10008.1.2.1"
BIG = "1.2.840.10008.1.2.2"
RLE = "1.2.840.10008.1.2.5"
JPEG_LS = "1.2.840.10008.1.2.4.80"
START = 132


def planes_of(path, before: bytes, data: bytes, frames: int, **facts) -> list[Header]:
    """Headers of a file that is nothing but pixel data behind some bytes."""
    path.write_bytes(bytes(128) + b"DICM" + before + data)
    offset = START + len(before)
    encapsulated = facts.get("transfer_syntax", LITTLE) not in (LITTLE, BIG)
    pixels = PixelElement(offset, -1 if encapsulated else len(data), len(data), True)
    defaults = {"transfer_syntax": LITTLE, "rows": 5, "columns": 7, "bits_allocated": 8, "bits_stored": 8, "high_bit": 7}
    first = Header(path, frames=frames, pixels=pixels, photometric="MONOCHROME2", **{**defaults, **facts})
    return [replace(first, frame=index) for index in range(frames)]


def check(planes, stored):
    with PixelFiles() as files:
        for index in np.random.default_rng(0).permutation(len(planes)):
            np.testing.assert_array_equal(stored_values(planes[index], files), stored[index])
            np.testing.assert_array_equal(stored_values(planes[index]), stored[index])


@pytest.mark.parametrize("syntax", [LITTLE, BIG])
@pytest.mark.parametrize("dtype", ["u1", "u2", "u4"])
def test_uncompressed_frames_follow_each_other(tmp_path, syntax, dtype):
    stored = np.random.default_rng(0).integers(0, 256, (3, 5, 7)).astype(dtype)  # an odd number of bytes in a frame
    bits = 8 * stored.itemsize
    data = stored.astype(stored.dtype.newbyteorder(">" if syntax == BIG else "<")).tobytes()
    if syntax == BIG and bits == 8:
        data = np.frombuffer(data + b"\0", "<u2").byteswap().tobytes()
    planes = planes_of(
        tmp_path / "a", b"", data, 3, transfer_syntax=syntax, bits_allocated=bits, bits_stored=bits, high_bit=bits - 1
    )
    check(planes, stored)
    if syntax == LITTLE:
        for index, plane in enumerate(planes):
            np.testing.assert_array_equal(stored_directly(plane), stored[index])


@pytest.mark.parametrize("syntax", [LITTLE, BIG])
def test_frames_of_one_bit_are_packed_without_gaps(tmp_path, syntax):
    stored = np.random.default_rng(0).integers(0, 2, (6, 5, 7)).astype("u1")
    data = np.packbits(stored.ravel(), bitorder="little").tobytes()
    data += b"\0" * (len(data) % 2)
    if syntax == BIG:
        data = np.frombuffer(data, "<u2").byteswap().tobytes()
    planes = planes_of(tmp_path / "a", b"", data, 6, transfer_syntax=syntax, bits_allocated=1, bits_stored=1, high_bit=0)
    check(planes, stored)
    assert stored_directly(planes[0]) is None


def test_a_packed_file_of_many_frames_is_unpacked_once(tmp_path, monkeypatch):
    stored = np.random.default_rng(0).integers(0, 256, (30, 5, 7)).astype("u1")
    planes = planes_of(tmp_path / "a", b"", stored.tobytes(), 30)
    planes[0].path.write_bytes(gzip.compress(planes[0].path.read_bytes()))
    calls = []
    opened = pixel_files.opened
    monkeypatch.setattr(pixel_files, "opened", lambda *args, **options: calls.append(1) or opened(*args, **options))
    with PixelFiles() as files:
        for index, plane in enumerate(planes):
            np.testing.assert_array_equal(stored_values(plane, files), stored[index])
    assert len(calls) == 1


def item(data: bytes) -> bytes:
    return b"\xfe\xff\x00\xe0" + struct.pack("<I", len(data)) + data


END = b"\xfe\xff\xdd\xe0\0\0\0\0"


@pytest.fixture
def codestreams():
    """Three frames of noise, and their JPEG-LS codestreams of even length."""
    import jpeg_ls

    stored = np.random.default_rng(0).integers(0, 256, (3, 64, 48)).astype("u1")
    streams = [bytes(jpeg_ls.encode_array(frame)) for frame in stored]
    return stored, [stream + b"\0" * (len(stream) % 2) for stream in streams]


def encapsulated(tmp_path, table: bytes, fragments: list[bytes], before: bytes = b"", **facts):
    data = item(table) + b"".join(map(item, fragments)) + END
    facts = {"transfer_syntax": JPEG_LS, "rows": 64, "columns": 48, "frames": 3, **facts}
    return planes_of(tmp_path / "a", before, data, facts.pop("frames"), **facts)


def halves(streams):
    """Each codestream in two fragments of which only the first has a start marker, and where each frame begins."""
    fragments, starts, at = [], [], 0
    for stream in streams:
        starts.append(at)
        cut = len(stream) // 2 // 2 * 2
        fragments += [stream[:cut], stream[cut:]]
        at += len(stream) + 16
    return fragments, starts


def test_one_fragment_a_frame_needs_no_table(tmp_path, codestreams):
    stored, streams = codestreams
    check(encapsulated(tmp_path, b"", streams), stored)


def test_a_basic_offset_table_tells_frames_apart(tmp_path, codestreams):
    stored, streams = codestreams
    fragments, starts = halves(streams)
    check(encapsulated(tmp_path, struct.pack("<3I", *starts), fragments), stored)


def test_an_extended_offset_table_tells_frames_apart(tmp_path, codestreams):
    stored, streams = codestreams
    fragments, starts = halves(streams)
    lengths = struct.pack("<3Q", *(len(stream) for stream in streams))
    tables = b"\xe0\x7f\x01\x00OV\0\0\x18\0\0\0" + struct.pack("<3Q", *starts) + b"\xe0\x7f\x02\x00OV\0\0\x18\0\0\0" + lengths
    head = b"\xe0\x7f\x10\x00OB\0\0\xff\xff\xff\xff"
    check(encapsulated(tmp_path, b"", fragments, tables + head), stored)
    total = b"\xe0\x7f\x03\x00UV\0\0\x08\0\0\0" + bytes(8)
    check(encapsulated(tmp_path, b"", fragments, tables + total + head), stored)


def test_start_markers_tell_frames_apart(tmp_path, codestreams):
    stored, streams = codestreams
    check(encapsulated(tmp_path, b"", halves(streams)[0]), stored)


def test_several_fragments_of_one_frame_are_joined_whatever_the_table_says(tmp_path, codestreams):
    stored, streams = codestreams
    check(encapsulated(tmp_path, struct.pack("<2I", 0, 99), halves(streams[:1])[0], frames=1), stored[:1])


@pytest.mark.parametrize(
    ("change", "frames", "reason"),
    [
        (lambda table, fragments: (b"", fragments), 2, r"holds 3 frame\(s\), NumberOfFrames"),
        (lambda table, fragments: (b"", fragments), 7, r"holds 3 frame\(s\), NumberOfFrames"),
        (lambda table, fragments: (table[:4] + b"\x09\0\0\0" + table[8:], fragments), 3, "does not point at its fragments"),
        (lambda table, fragments: (table[8:] + table[:8], fragments), 3, "does not point at its fragments"),
        (lambda table, fragments: (b"", [b""] * 6), 3, "is empty"),
        (lambda table, fragments: (b"", [b""] * 20000), 3, "too many fragments"),
    ],
)
def test_frames_that_cannot_be_told_apart_are_refused(tmp_path, codestreams, change, frames, reason):
    fragments, starts = halves(codestreams[1])
    table, fragments = change(struct.pack("<3I", *starts), fragments)
    with pytest.raises(DicomError, match=f"a frame 1: .*{reason}"):
        stored_values(encapsulated(tmp_path, table, fragments, frames=frames)[0])


def test_rle_has_one_fragment_a_frame(tmp_path, codestreams):
    with pytest.raises(DicomError, match="RLE fragments"):
        stored_values(encapsulated(tmp_path, b"", halves(codestreams[1])[0], transfer_syntax=RLE)[0])


@pytest.mark.parametrize("left", [0.2, 0.6, 0.99])
def test_encapsulated_frames_that_are_cut_off(tmp_path, codestreams, left):
    planes = encapsulated(tmp_path, b"", codestreams[1])
    content = planes[0].path.read_bytes()
    planes[0].path.write_bytes(content[: int(len(content) * left)])
    with pytest.raises(DicomError, match="a frame 3: file is cut off"):
        stored_values(planes[2])


def test_real_frames_are_those_of_pydicom(shared_data):
    from pydicom.pixels import pixel_array

    from napari_hounsfield.dicom.header_reading import read_headers

    found = 0
    for path in sorted((shared_data / "05_transfer_syntax").rglob("*.dcm")):
        if not path.name.startswith(("emri_small", "MR-SIEMENS", "SC_rgb_rle_2frame", "liver", "color3d", "eCT")):
            continue
        try:
            planes = read_headers(path)
            with PixelFiles() as files:
                values = [stored_values(plane, files) for plane in planes[:12] if plane.samples == 1]
            expected = pixel_array(path, raw=True)
        except (DicomError, NotImplementedError, RuntimeError, ValueError):
            continue
        for index, value in enumerate(values):
            np.testing.assert_array_equal(value, expected if planes[0].frames < 2 else expected[index])
            found += len(planes) > 1
    assert found > 40
