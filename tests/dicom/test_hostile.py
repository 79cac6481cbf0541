"""Hostile files and containers: refused, or read right, in bounded memory and without a word on standard error.

Each is read in a process of its own, forked from one that has imported everything, so that its peak memory is its own.
"""

from __future__ import annotations

import gzip
import json
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="measures memory as Linux counts it")

READER = r"""
import json, logging, os, resource, sys, tempfile
import napari_hounsfield as nh
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import RLELossless, JPEG2000Lossless, JPEGLSLossless, JPEGBaseline8Bit, JPEGLossless

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize()

def outcome(path):
    try:
        images = nh.read(path)
    except nh.HounsfieldError as error:
        return {"error": type(error).__name__, "message": str(error)}
    except BaseException as error:
        return {"untyped": repr(error)}
    small = all(image.array.size < 10**4 for image in images)
    return {"images": [image.array.tolist() if small else list(image.array.shape) for image in images]}

logging.getLogger("napari_hounsfield").addHandler(logging.NullHandler())  # what it says on purpose is looked at elsewhere
for syntax in (RLELossless, JPEG2000Lossless, JPEGLSLossless, JPEGBaseline8Bit, JPEGLossless):
    get_decoder(syntax).available_plugins
outcome(sys.argv[1])
for line in sys.stdin:
    child = os.fork()
    if not child:
        resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
        resource.setrlimit(resource.RLIMIT_AS, (2**34, 2**34))
        with tempfile.TemporaryFile() as printed:
            os.dup2(printed.fileno(), 2)
            before = resident()
            result = outcome(json.loads(line))
            result["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before
            result["cpu"] = resource.getrusage(resource.RUSAGE_SELF).ru_utime + resource.getrusage(resource.RUSAGE_SELF).ru_stime
            result["printed"] = os.pread(2, 1000, 0).decode("utf-8", "replace")
        print(json.dumps(result), flush=True)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if status:
        print(json.dumps({"untyped": f"process ended by signal or status {status}"}), flush=True)
"""
MEMORY = 512 * 2**20
EXPLICIT, IMPLICIT, DEFLATED = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.1.99"
RLE, JPEG, JPEGLS, JPEG2000 = "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.90"
ULTRASOUND, ENHANCED_CT = "1.2.840.10008.5.1.4.1.1.3.1", "1.2.840.10008.5.1.4.1.1.2.1"
ITEM, ITEM_END, SEQUENCE_END = b"\xfe\xff\0\xe0", b"\xfe\xff\x0d\xe0\0\0\0\0", b"\xfe\xff\xdd\xe0\0\0\0\0"
UNDEFINED = b"\xff" * 4
STORED = np.arange(20, dtype="i2").reshape(4, 5)


@pytest.fixture(scope="module")
def reader(tmp_path_factory, write_series):
    """`reader(path)`: what `napari_hounsfield.read` gives, with the memory it took and what was printed."""
    (plain,) = write_series(tmp_path_factory.mktemp("plain"), STORED[None])
    process = subprocess.Popen(
        [sys.executable, "-c", READER, str(plain)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )

    def outcome(path: Path) -> dict[str, Any]:
        process.stdin.write(json.dumps(str(path)) + "\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline())

    yield outcome
    process.stdin.close()
    process.wait(60)


@pytest.fixture
def refused(reader) -> Callable[..., str]:
    """`refused(path)`: that it is refused properly; returns the message."""

    def check(path: Path, budget: int = MEMORY, name: str = "") -> str:
        result = reader(path)
        assert "message" in result, result
        assert "\n" not in result["message"]
        assert "anary" not in result["message"]
        assert (name or path.name) in result["message"]
        assert (result["printed"], result["memory"] < budget) == ("", True), result
        return result["message"]

    return check


@pytest.fixture
def read_right(reader) -> Callable[..., None]:
    """`read_right(path, expected)`: that it is read, and every value is the expected one."""

    def check(path: Path, *expected: np.ndarray) -> None:
        result = reader(path)
        assert "images" in result, result
        assert len(result["images"]) == len(expected)
        for image, values in zip(result["images"], expected, strict=True):
            np.testing.assert_array_equal(np.squeeze(image), np.squeeze(values))
        assert (result["printed"], result["memory"] < MEMORY) == ("", True), result

    return check


@pytest.fixture
def image(make_plane, tmp_path) -> Callable[..., bytes]:
    """Bytes of one CT file, of `STORED` if nothing else is given."""

    def make(stored: np.ndarray = STORED, **tags: Any) -> bytes:
        pixels = tags.pop("pixels", None)
        syntax = tags.pop("syntax", EXPLICIT)
        native = syntax in (EXPLICIT, IMPLICIT, DEFLATED)
        dataset = make_plane(stored, (0, 0, 0), 1, syntax=syntax if native else EXPLICIT, **tags)
        path = tmp_path / "made"
        dataset.save_as(path, enforce_file_format=True)
        content = path.read_bytes()
        path.unlink()
        if not native:  # the length of the element changes only where the UID gets longer: padded to the same
            content = _with_syntax(content, syntax)
        if pixels is not None:
            content = content[: content.index(b"\xe0\x7f\x10\0OW")] + pixels
        return content

    return make


def _with_syntax(content: bytes, syntax: str) -> bytes:
    """Another transfer syntax in the file meta information, whose group length follows."""
    at = content.index(b"\2\0\x10\0UI")
    old = int.from_bytes(content[at + 6 : at + 8], "little")
    new = syntax.encode() + b"\0" * (len(syntax) % 2)
    group = content.index(b"\2\0\0\0UL\4\0") + 8
    length = int.from_bytes(content[group : group + 4], "little") + len(new) - old
    content = content[:at] + b"\2\0\x10\0UI" + len(new).to_bytes(2, "little") + new + content[at + 8 + old :]
    return content[:group] + length.to_bytes(4, "little") + content[group + 4 :]


def before_pixels(content: bytes, inserted: bytes) -> bytes:
    at = content.rindex(b"\xe0\x7f\x10\0")
    return content[:at] + inserted + content[at:]


def encapsulated(*fragments: bytes, end: bytes = SEQUENCE_END) -> bytes:
    """Compressed pixel data element: an empty offset table, then the fragments."""
    items = b"".join(ITEM + len(f).to_bytes(4, "little") + f for f in (b"", *fragments))
    return b"\xe0\x7f\x10\0OB\0\0" + UNDEFINED + items + end


def rle(stored: np.ndarray) -> bytes:
    """RLE frame of 16-bit pixels (DICOM PS3.5 annex G), all literal."""
    segments = []
    for plane in (stored.astype("<i2").tobytes()[1::2], stored.astype("<i2").tobytes()[::2]):
        runs = b"".join(bytes([len(plane[i : i + 128]) - 1]) + plane[i : i + 128] for i in range(0, len(plane), 128))
        segments.append(runs + b"\x80" * (len(runs) % 2))
    return struct.pack("<16L", 2, 64, 64 + len(segments[0]), *[0] * 13) + b"".join(segments)


def zeros(size: int, wbits: int) -> bytes:
    """Compressed stream of `size` MiB of zeros, made without compressing them all."""
    machine = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = machine.compress(b"\0" * 2**20) + machine.flush(zlib.Z_FULL_FLUSH)
    again = machine.compress(b"\0" * 2**20) + machine.flush(zlib.Z_FULL_FLUSH)
    assert again == block
    end = zlib.compressobj(9, zlib.DEFLATED, -15).flush()
    head = gzip.compress(b"")[:10] if wbits == 31 else b""
    return head + block * size + end


def bomb_behind(content: bytes, mib: int) -> bytes:
    """Deflated `content`, and zeros behind it."""
    machine = zlib.compressobj(9, zlib.DEFLATED, -15)
    return machine.compress(content) + machine.flush(zlib.Z_FULL_FLUSH) + zeros(mib, -15)


# compressed containers


@pytest.mark.parametrize("where", ["pixels", "behind the pixels", "element before"])
def test_deflate_bomb(tmp_path, image, refused, where):
    content = image()
    meta_end = content.index(b"\x08\0\x08\0CS")
    if where == "element before":
        content = content[: content.index(b"\xe0\x7f\x10\0")] + b"\xe1\x7f\x10\0UN\0\0" + (2**32 - 2).to_bytes(4, "little")
    if where == "pixels":
        content = image(Rows=65535, Columns=65535)
        content = content[: content.index(b"\xe0\x7f\x10\0")] + b"\xe0\x7f\x10\0OW\0\0" + (2**32 - 2).to_bytes(4, "little")
    head = _with_syntax(content[:meta_end], DEFLATED)
    path = tmp_path / "bomb.dcm"
    path.write_bytes(head + bomb_behind(content[meta_end:], 4096))
    assert path.stat().st_size < 2**23
    message = refused(path)
    assert where == "element before" or "compressed content grows beyond 256 MiB" in message


def test_gzip_bomb(tmp_path, image, refused):
    (tmp_path / "bomb.gz").write_bytes(gzip.compress(b"")[:10] + bomb_behind(image(), 4096))
    assert "compressed content grows beyond 256 MiB" in refused(tmp_path / "bomb.gz")


def zip_of(*entries: tuple[str, bytes, int, int, int], shift: int = 0) -> bytes:
    """Archive of deflated members (name, packed, declared size, crc, offset of its header or -1: behind the last)."""
    body, directory = b"", b""
    for name, packed, size, crc, offset in entries:
        raw = name.encode()
        if offset < 0:
            offset = len(body)
            body += struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 8, 0, 33, crc, len(packed), size, len(raw), 0) + raw + packed
        directory += (
            struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 8, 0, 33, crc, len(packed), size, len(raw), 0, 0, 0, 0, 0, offset)
            + raw
        )
    return body + directory + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, len(entries), len(entries), len(directory), len(body), 0)


def test_zip_bomb_that_declares_its_size(tmp_path, refused):
    path = tmp_path / "bomb.zip"
    path.write_bytes(zip_of(("IM1", zeros(4000, -15), 4000 * 2**20, 0, -1)))
    assert "would expand to" in refused(path)


def test_zip_bomb_that_hides_its_size(tmp_path, image, refused):
    content = image()
    packed = bomb_behind(content, 4096)
    path = tmp_path / "bomb.zip"
    path.write_bytes(zip_of(("bomb", packed, len(content), zlib.crc32(content), -1)))
    assert "compressed content grows beyond" in refused(path, name="bomb")


def test_zip_bomb_of_many_members(tmp_path, refused):
    packed = zeros(200, -15)
    path = tmp_path / "bomb.zip"
    path.write_bytes(zip_of(*((f"IM{i}", packed, 200 * 2**20, 0, -1) for i in range(100))))
    assert "would expand to" in refused(path)


def test_zip_bomb_of_overlapping_members(tmp_path, refused):
    """All entries of the directory share one member: thousands of files from the bytes of one."""
    packed = zeros(100, -15)
    path = tmp_path / "bomb.zip"
    path.write_bytes(zip_of(("IM", packed, 100 * 2**20, 0, -1), *((f"IM{i}", packed, 100 * 2**20, 0, 0) for i in range(1000))))
    assert "members that overlap" in refused(path)


def test_zip_bomb_of_quoted_headers(tmp_path, refused):
    """Each member holds the headers of the next ones as stored blocks."""
    packed = zeros(10, -15)
    path = tmp_path / "bomb.zip"
    path.write_bytes(zip_of(("IM0", packed, 10 * 2**20, 0, -1), ("IM1", packed[:-40], 10 * 2**20, 0, 40)))
    assert "members that overlap" in refused(path)


def test_zip_bomb_of_nested_archives(tmp_path, refused):
    inner = zip_of(("IM", zeros(100, -15), 100 * 2**20, 0, -1))
    for _ in range(5):
        packed = zlib.compressobj(9, zlib.DEFLATED, -15)
        inner = zip_of(("inner.zip", packed.compress(inner) + packed.flush(), len(inner), zlib.crc32(inner), -1))
    (tmp_path / "bomb.zip").write_bytes(inner)
    assert "zip archive: open it by itself" in refused(tmp_path / "bomb.zip")


def test_zip_with_a_million_members(tmp_path, refused):
    entry = struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 0, 0, 33, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, len(entry) * 10**6, 4, 0)
    (tmp_path / "bomb.zip").write_bytes(b"PK\3\4" + entry * 10**6 + end)
    assert "more than 200,000 members" in refused(tmp_path / "bomb.zip")


def test_zip_slip(tmp_path, image, reader):
    folder = tmp_path / "inside"
    folder.mkdir()
    (tmp_path / "IM1").write_bytes(image())
    before = sorted(tmp_path.rglob("*"))
    with zipfile.ZipFile(folder / "slip.zip", "w") as archive:
        for name in ("../IM1", "../../IM2", "/tmp/IM3", "..\\IM4", "C:\\IM5"):
            archive.writestr(name, image())
    result = reader(folder / "slip.zip")
    assert "path leaves the archive" in result["message"]
    assert sorted(tmp_path.rglob("*")) == sorted([*before, folder / "slip.zip"])


@pytest.mark.filterwarnings("ignore:Invalid value for VR")
def test_dicomdir_that_leaves_its_folder(tmp_path, image, reader, make_plane):
    from pydicom.dataset import Dataset

    (tmp_path / "secret").write_bytes(image())
    (tmp_path / "medium").mkdir()
    directory = make_plane(STORED, (0, 0, 0), 1)
    record = Dataset()
    record.DirectoryRecordType, record.ReferencedFileID = "IMAGE", ["..", "secret"]
    directory.DirectoryRecordSequence = [record]
    directory.file_meta.MediaStorageSOPClassUID = directory.SOPClassUID = "1.2.840.10008.1.3.10"
    directory.save_as(tmp_path / "medium" / "DICOMDIR", enforce_file_format=True)
    assert "leaves its folder" in reader(tmp_path / "medium" / "DICOMDIR")["message"]


# sizes that the file does not hold

HUGE = {"Rows": 65535, "Columns": 65535}


@pytest.mark.parametrize("bits", [16, 32])
@pytest.mark.parametrize("pixels", [b"", b"\xe0\x7f\x10\0OW\0\0" + bytes(4), b"\xe0\x7f\x10\0OW\0\0\x10\0\0\0" + bytes(16)])
def test_65535_squared_without_its_pixels(tmp_path, image, refused, pixels, bits):
    (tmp_path / "huge.dcm").write_bytes(image(BitsAllocated=bits, pixels=pixels, **HUGE))
    refused(tmp_path / "huge.dcm")


def jpeg2000(size: int) -> bytes:
    siz = struct.pack(">H", 0) + struct.pack(">8L", size, size, 0, 0, size, size, 0, 0) + struct.pack(">H3B", 1, 15, 1, 1)
    cod = b"\xff\x52\0\x0c\0\0\0\1\0\5\4\4\0\1"
    qcd = b"\xff\x5c\0\x13\x40" + b"\x48" * 16
    sot = b"\xff\x90\0\x0a\0\0\0\0\0\x10\0\1\xff\x93\0\0"
    return b"\xff\x4f\xff\x51" + struct.pack(">H", len(siz) + 2) + siz + cod + qcd + sot + b"\xff\xd9"


def jpeg(size: int, precision: int, start: bytes) -> bytes:
    frame = start + struct.pack(">HBHHB3B", 11, precision, size, size, 1, 1, 0x11, 0)
    return b"\xff\xd8" + frame + b"\xff\xda\0\x08\1\1\0\0\x3f\0" + bytes(20) + b"\xff\xd9"


PROMISES = [(kind, size) for kind in ("RLE", "JPEG", "JPEG-LS", "JPEG 2000") for size in (65535, 8000)]


@pytest.mark.parametrize(("kind", "size"), PROMISES)
def test_compressed_frames_that_promise_too_much(tmp_path, image, refused, kind, size):
    frame, syntax, bits = {
        "RLE": (rle(STORED), RLE, 16),
        "JPEG": (jpeg(size, 8, b"\xff\xc0"), JPEG, 8),
        "JPEG-LS": (jpeg(size, 16, b"\xff\xf7"), JPEGLS, 16),
        "JPEG 2000": (jpeg2000(size), JPEG2000, 16),
    }[kind]
    tags = {"BitsAllocated": bits, "BitsStored": bits, "HighBit": bits - 1, "PixelRepresentation": 0}
    path = tmp_path / "huge.dcm"
    path.write_bytes(image(Rows=size, Columns=size, syntax=syntax, pixels=encapsulated(frame + b"\0" * (len(frame) % 2)), **tags))
    refused(path, MEMORY + size * size * bits // 8 if size < 65535 else MEMORY)


@pytest.mark.parametrize("sop_class", [None, ULTRASOUND, ENHANCED_CT])
@pytest.mark.parametrize("syntax", [EXPLICIT, RLE])
def test_two_thousand_million_frames(tmp_path, image, refused, sop_class, syntax):
    tags = {"SOPClassUID": sop_class} if sop_class else {}
    pixels = encapsulated(rle(STORED)) if syntax == RLE else None
    (tmp_path / "frames.dcm").write_bytes(image(NumberOfFrames=2**31 - 1, syntax=syntax, pixels=pixels, **tags))
    refused(tmp_path / "frames.dcm")


def test_a_million_frames_of_one_pixel(tmp_path, image, reader):
    """They are all there: what they cost must not exceed what is allowed."""
    tags = {"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7, "PixelRepresentation": 0, "Rows": 1, "Columns": 1}
    pixels = b"\xe0\x7f\x10\0OW\0\0" + (10**6).to_bytes(4, "little") + bytes(10**6)
    (tmp_path / "frames.dcm").write_bytes(image(NumberOfFrames=10**6, SOPClassUID=ULTRASOUND, pixels=pixels, **tags))
    result = reader(tmp_path / "frames.dcm")
    assert "untyped" not in result
    assert result["memory"] < MEMORY, result


# structures


def nested(depth: int, defined: bool, implicit: bool) -> bytes:
    head = b"\x00\x54\x00\x01" + (b"" if implicit else b"SQ\0\0")
    if not defined:
        return (head + UNDEFINED + ITEM + UNDEFINED) * depth + (ITEM_END + SEQUENCE_END) * depth
    inner = b""
    for _ in range(depth):
        inner = ITEM + len(inner).to_bytes(4, "little") + inner
        inner = head + len(inner).to_bytes(4, "little") + inner
    return inner


@pytest.mark.parametrize("implicit", [False, True])
@pytest.mark.parametrize("defined", [False, True])
def test_900_nested_sequences(tmp_path, image, reader, defined, implicit):
    content = image(syntax=IMPLICIT if implicit else EXPLICIT)
    (tmp_path / "nested.dcm").write_bytes(before_pixels(content, nested(900, defined, implicit)))
    right_or_refused(reader(tmp_path / "nested.dcm"))


def test_100000_nested_sequences(tmp_path, image, reader):
    (tmp_path / "nested.dcm").write_bytes(before_pixels(image(), nested(100_000, False, False)))
    right_or_refused(reader(tmp_path / "nested.dcm"))


def right_or_refused(result: dict[str, Any], stored: np.ndarray = STORED) -> None:
    assert "untyped" not in result, result
    if "images" in result:
        np.testing.assert_array_equal(np.squeeze(result["images"]), stored.astype(int) - 1024)
    assert (result["printed"], result["memory"] < MEMORY) == ("", True), result


@pytest.mark.parametrize(
    "element",
    [
        b"\x18\0\x50\0DS\xff\xff" + b"2.5 ",
        b"\x00\x54\x10\0OB\0\0" + (2**32 - 2).to_bytes(4, "little") + bytes(8),
        b"\x00\x54\x10\0UN\0\0" + (2**31).to_bytes(4, "little") + bytes(8),
        b"\x00\x54\x00\x01SQ\0\0" + (2**32 - 16).to_bytes(4, "little") + ITEM + (2**32 - 32).to_bytes(4, "little"),
    ],
    ids=["short", "OB", "UN", "SQ"],
)
def test_lengths_beyond_the_file(tmp_path, image, refused, element):
    (tmp_path / "long.dcm").write_bytes(before_pixels(image(), element))
    refused(tmp_path / "long.dcm")


@pytest.mark.parametrize("syntax", [EXPLICIT, RLE])
def test_pixel_data_longer_than_the_file(tmp_path, image, refused, syntax):
    pixels = b"\xe0\x7f\x10\0OW\0\0" + (2**32 - 2).to_bytes(4, "little") + STORED.tobytes()[:20]
    if syntax == RLE:
        pixels = b"\xe0\x7f\x10\0OB\0\0" + UNDEFINED + ITEM + bytes(4) + ITEM + (2**32 - 2).to_bytes(4, "little") + rle(STORED)
    (tmp_path / "long.dcm").write_bytes(image(syntax=syntax, pixels=pixels))
    refused(tmp_path / "long.dcm")


@pytest.mark.parametrize(
    "element",
    [
        b"\x00\x54\x00\x01SQ\0\0" + UNDEFINED,
        b"\x00\x54\x00\x01SQ\0\0" + UNDEFINED + ITEM + UNDEFINED,
        b"\x00\x54\x10\0UN\0\0" + UNDEFINED,
        b"\x00\x54\x10\0OB\0\0" + UNDEFINED + ITEM + bytes(4),
    ],
    ids=["SQ", "item", "UN", "OB"],
)
def test_undefined_lengths_that_never_end(tmp_path, image, refused, element):
    (tmp_path / "endless.dcm").write_bytes(before_pixels(image(), element))
    refused(tmp_path / "endless.dcm")


def test_fragments_that_never_end(tmp_path, image, refused):
    (tmp_path / "endless.dcm").write_bytes(image(syntax=RLE, pixels=encapsulated(rle(STORED), end=b"")))
    refused(tmp_path / "endless.dcm")


@pytest.mark.parametrize("count", [100_000, 1_000_000])
@pytest.mark.parametrize("frames", [1, 2])
def test_fragment_bomb(tmp_path, image, reader, count, frames):
    items = (ITEM + bytes(4)) * count
    pixels = encapsulated(rle(STORED), end=items + SEQUENCE_END)
    tags = {"NumberOfFrames": frames, "SOPClassUID": ULTRASOUND} if frames > 1 else {}
    (tmp_path / "fragments.dcm").write_bytes(image(syntax=RLE, pixels=pixels, **tags))
    right_or_refused(reader(tmp_path / "fragments.dcm"))


def with_offsets(frames: list[bytes], offsets: list[int], lengths: list[int]) -> bytes:
    """Pixel data behind an Extended Offset Table (7FE0,0001) and Lengths (7FE0,0002)."""
    table = b"".join(value.to_bytes(8, "little") for value in offsets)
    sizes = b"".join(value.to_bytes(8, "little") for value in lengths)
    first = b"\xe0\x7f\1\0OV\0\0" + len(table).to_bytes(4, "little") + table
    return first + b"\xe0\x7f\2\0OV\0\0" + len(sizes).to_bytes(4, "little") + sizes + encapsulated(*frames)


MULTI = {
    "SOPClassUID": ULTRASOUND,
    "Modality": "US",
    "RescaleSlope": None,
    "RescaleIntercept": None,
    "NumberOfFrames": 2,
    "ImagePositionPatient": "",
    "ImageOrientationPatient": "",
}


def test_an_extended_offset_table_is_followed(tmp_path, image, read_right):
    frames = [rle(STORED), rle(STORED[::-1])]
    path = tmp_path / "table.dcm"
    offsets = [0, len(frames[0]) + 8]
    path.write_bytes(image(syntax=RLE, pixels=with_offsets(frames, offsets, [len(f) for f in frames]), **MULTI))
    read_right(path, np.stack([STORED, STORED[::-1]]))


@pytest.mark.parametrize(
    "lie", ["beyond the file", "too long", "one frame twice", "swapped", "in the middle", "too few", "too many"]
)
def test_extended_offset_table_that_lies(tmp_path, image, reader, lie):
    frames = [rle(STORED), rle(STORED[::-1])]
    second, sizes = len(frames[0]) + 8, [len(frame) for frame in frames]
    offsets, lengths = {
        "beyond the file": ([0, 2**63], sizes),
        "too long": ([0, second], [sizes[0], 2**62]),
        "one frame twice": ([0, 0], sizes),
        "swapped": ([second, 0], sizes),
        "in the middle": ([0, second + 8], sizes),
        "too few": ([0], sizes[:1]),
        "too many": ([0, second] * 10**5, sizes * 10**5),
    }[lie]
    path = tmp_path / "table.dcm"
    path.write_bytes(image(syntax=RLE, pixels=with_offsets(frames, offsets, lengths), **MULTI))
    result = reader(path)
    assert "untyped" not in result, result
    if "images" in result:  # the order of the fragments stands for the frames where the table is not believed
        np.testing.assert_array_equal(np.squeeze(result["images"]), np.stack([STORED, STORED[::-1]]))
    assert (result["printed"], result["memory"] < MEMORY) == ("", True), result


@pytest.mark.parametrize("size", [1, pytest.param(4, marks=pytest.mark.slow)])
def test_endless_elements_and_items(tmp_path, image, reader, size):
    elements = b"".join(b"\x01\x20" + (i & 0xFFFF).to_bytes(2, "little") + b"UN\0\0\0\0\0\0" for i in range(2**16)) * size
    items = (ITEM + bytes(4)) * 2**17 * size
    groups = b"\x00\x52\x30\x92SQ\0\0" + len(items).to_bytes(4, "little") + items  # Per-frame Functional Groups
    for name, inserted in (("elements", elements), ("items", groups)):
        (tmp_path / f"{name}.dcm").write_bytes(before_pixels(image(), inserted))
        right_or_refused(reader(tmp_path / f"{name}.dcm"))
    (tmp_path / "frames.dcm").write_bytes(before_pixels(image(SOPClassUID=ENHANCED_CT, NumberOfFrames=1), groups))
    right_or_refused(reader(tmp_path / "frames.dcm"))


def test_values_without_end(tmp_path, image, reader):
    content = image(syntax=IMPLICIT)
    at = content.index(b"\x20\0\x32\0")
    size = int.from_bytes(content[at + 4 : at + 8], "little")
    for value in (b"1\\" * 2**22, b"1" * 2**23, b"\\" * 2**23):
        long = content[: at + 4] + len(value).to_bytes(4, "little") + value + content[at + 8 + size :]
        (tmp_path / "values.dcm").write_bytes(long)
        result = reader(tmp_path / "values.dcm")
        assert "message" in result, result
        assert result["memory"] < MEMORY


def test_a_hostile_file_does_not_take_a_good_series_with_it(tmp_path, write_series, noise, image, read_right):
    write_series(tmp_path, noise())
    (tmp_path / "bomb.gz").write_bytes(gzip.compress(b"")[:10] + bomb_behind(image(seed="other"), 1024))
    (tmp_path / "bomb.zip").write_bytes(zip_of(("IM1", zeros(4000, -15), 4000 * 2**20, 0, -1)))
    read_right(tmp_path, noise().astype(int) - 1024)


def test_a_colour_transform_that_does_not_exist(tmp_path, shared_data, reader):
    """One byte of the Adobe marker segment of a JPEG Lossless frame."""
    (source,) = (shared_data / "05_transfer_syntax").rglob("SC_rgb_jpeg_gdcm.dcm")
    content = bytearray(source.read_bytes())
    content[content.index(b"Adobe") + 11] = 194
    (tmp_path / "adobe.dcm").write_bytes(content)
    result = reader(tmp_path / "adobe.dcm")
    assert "untyped" not in result, result
    assert result["printed"] == ""
