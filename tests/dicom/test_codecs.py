"""Compressed frames: exact where lossless, refused where damaged."""

from __future__ import annotations

import re
import struct
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_hounsfield.dicom import codecs, jpeg_2000, jpeg_ls, rle
from napari_hounsfield.dicom.codecs import decoded, undecodable
from napari_hounsfield.dicom.codestream import lengthened
from napari_hounsfield.dicom.guards import typed
from napari_hounsfield.dicom.header import Header
from napari_hounsfield.dicom.header_reading import read_headers
from napari_hounsfield.dicom.pixel_files import PixelFiles
from napari_hounsfield.dicom.pixels import stored_values
from napari_hounsfield.dicom.rle import decoded_rle
from napari_hounsfield.errors import DicomError

CT = "05_transfer_syntax/cornerstone_ct/testImages"
RLE = "1.2.840.10008.1.2.5"
JPEG = "1.2.840.10008.1.2.4."
LOSSLESS = ("57", "70", "80", "90")
LOSSY = ("50", "81", "91")


@pytest.fixture
def coded(shared_data):
    """Header and codestream of the one CT that is there in many codings."""

    def find(end: str) -> tuple[Header, bytes]:
        (path,) = (shared_data / CT).glob(f"*_{JPEG}{end}.dcm")
        (header,) = read_headers(path)
        return header, PixelFiles().frame(header)

    return find


def header_of(shape, bits=16, stored=16, signed=False, syntax=RLE, **facts):
    return Header(
        Path("nowhere", "IM1"),
        rows=shape[0],
        columns=shape[1],
        bits_allocated=bits,
        bits_stored=stored,
        high_bit=stored - 1,
        signed=signed,
        transfer_syntax=syntax,
        photometric="MONOCHROME2",
        **facts,
    )


@pytest.fixture(scope="session")
def encode(make_plane):
    """Codestream of one plane, by pydicom."""
    from pydicom.encaps import generate_frames

    def encoded(stored: np.ndarray, syntax: str = RLE, **tags) -> bytes:
        dataset = make_plane(stored, (0, 0, 0), 1, **tags)
        plugin = "pydicom" if syntax == RLE else ""  # that of GDCM aborts on the smallest images
        dataset.compress(syntax, encoding_plugin=plugin, generate_instance_uid=False)
        (frame,) = generate_frames(dataset.PixelData, number_of_frames=1)
        return frame

    return encoded


@pytest.mark.parametrize("end", LOSSLESS)
def test_lossless_codings_hold_the_very_pixels(shared_data, coded, end):
    expected = stored_values(read_headers(shared_data / CT / "CTImage.dcm")[0])
    header, frame = coded(end)
    np.testing.assert_array_equal(decoded(header, frame), expected)


@pytest.mark.parametrize("left", [0.9995, 0.99, 0.9, 0.5, 0.1])
@pytest.mark.parametrize("end", [*LOSSLESS, *LOSSY])
def test_a_codestream_cut_short_and_closed_again_is_refused(coded, end, left):
    header, frame = coded(end)
    whole = frame.rstrip(b"\0")
    cut = whole[: int(len(whole) * left)] + b"\xff\xd9"
    with pytest.raises(DicomError), typed("refused by the decoder"):
        decoded(header, cut)
    if end in ("90", "91"):  # even where the tile-part says that it ends there
        at = cut.find(b"\xff\x90")
        closed = cut[: at + 6] + struct.pack(">I", len(cut) - 2 - at) + cut[at + 10 :]
        with pytest.raises(DicomError), typed("refused by the decoder"):
            decoded(header, closed)


@pytest.mark.parametrize("end", LOSSY[:1])
def test_filler_changes_no_pixel_of_a_whole_codestream(coded, end):
    header, frame = coded(end)
    np.testing.assert_array_equal(
        codecs.decoded_by_pydicom(header, frame, raw=True), codecs.decoded_by_pydicom(header, lengthened(frame), raw=True)
    )


@pytest.mark.parametrize("predictor", range(1, 8))
def test_lossless_jpeg_of_every_predictor_is_taken_for_whole(predictor):
    from napari_hounsfield.dicom.jpeg_lossless import cut_off

    values = np.random.default_rng(predictor).integers(900, 1300, (40, 30)).astype("u2")
    values[:8] = 65535 - values[:8]  # differences beyond 2 ** 15
    frame = lossless_jpeg(values, predictor)
    assert not cut_off(frame, values)
    assert cut_off(frame[:-5] + b"\xff\xd9", values)


def lossless_jpeg(values: np.ndarray, predictor: int) -> bytes:
    """ISO/IEC 10918-1 annex H, plainly: every category has a code of 5 bits."""
    bits = ""
    for y, x in np.ndindex(values.shape):
        a, b, c = (
            int(values[y, x - 1]) if x else 0,
            int(values[y - 1, x]) if y else 0,
            int(values[y - 1, x - 1]) if y and x else 0,
        )
        ways = [a, b, c, a + b - c, a + ((b - c) >> 1), b + ((a - c) >> 1), (a + b) >> 1]
        guess = ways[predictor - 1] if y and x else a if x else b if y else 2**15
        difference = (int(values[y, x]) - guess + 2**15 - 1) % 2**16 - (2**15 - 1)
        category = abs(difference).bit_length()
        bits += f"{category:05b}"
        if 0 < category < 16:
            bits += f"{difference if difference > 0 else difference + 2**category - 1:0{category}b}"
    bits += "1" * (-len(bits) % 8)
    data = int(bits, 2).to_bytes(len(bits) // 8).replace(b"\xff", b"\xff\0")
    rows, columns = values.shape
    return (
        b"\xff\xd8\xff\xc3\0\x0b\x10"
        + struct.pack(">HH", rows, columns)
        + b"\1\1\x11\0\xff\xc4"
        + struct.pack(">H", 2 + 17 + 17)
        + b"\0"
        + bytes([0, 0, 0, 0, 17] + [0] * 11)
        + bytes(range(17))
        + b"\xff\xda\0\x08\1\1\0"
        + bytes([predictor, 0, 0])
        + data
        + b"\xff\xd9"
    )


def test_the_lossless_jpeg_of_this_test_is_one(tmp_path):
    """GDCM reads it back."""
    values = np.random.default_rng(0).integers(900, 1300, (40, 30)).astype("u2")
    for predictor in range(1, 8):
        header = header_of(values.shape, syntax=JPEG + "57")
        np.testing.assert_array_equal(decoded(header, lossless_jpeg(values, predictor)), values)


def rle_of(stored: np.ndarray) -> bytes:
    """PS3.5 annex G, plainly: runs where a byte is repeated, otherwise literals."""
    segments = []
    for significance in reversed(range(stored.itemsize)):
        data = (stored >> (8 * significance)).astype("u1").tobytes()
        segment, at = b"", 0
        while at < len(data):
            run = next((n for n in range(1, min(128, len(data) - at)) if data[at + n] != data[at]), min(128, len(data) - at))
            segment += bytes([257 - run, data[at]]) if run > 1 else bytes([0, data[at]])
            at += run
        segments.append(segment + b"\0" * (len(segment) % 2))
    offsets = 64 + np.cumsum([0, *map(len, segments)])[:-1]
    return struct.pack("<16I", len(segments), *offsets, *[0] * (15 - len(segments))) + b"".join(segments)


@pytest.fixture(params=["at once", "within bounds"])
def either_way(request, monkeypatch):
    """Both ways to unpack a segment of RLE."""
    monkeypatch.setattr(rle, "LARGEST", 2**28 if request.param == "at once" else 0)


@pytest.mark.usefixtures("either_way")
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    size=st.sampled_from([1, 2, 4]),
    rows=st.integers(1, 40),
    columns=st.integers(1, 40),
    runs=st.integers(1, 300),
    seed=st.integers(0, 999),
)
def test_rle_is_exact_whatever_encoded_it(encode, size, rows, columns, runs, seed):
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 2 ** (8 * size), rows * columns).repeat(runs)[: rows * columns]
    stored = values.reshape(rows, columns).astype(f"u{size}")
    frames = [rle_of(stored), *([encode(stored)] if size < 4 else [])]
    for frame in frames:
        np.testing.assert_array_equal(decoded_rle(frame, rows, columns, 1, 8 * size)[0], stored)


@pytest.mark.usefixtures("either_way")
@pytest.mark.parametrize("dtype", ["u1", "u2"])
def test_damaged_rle_is_never_more_than_an_error(capfd, encode, dtype):
    stored = np.random.default_rng(0).integers(0, 256, (32, 32)).astype(dtype)
    frame, rng, refused = encode(stored), np.random.default_rng(1), 0
    for _ in range(400):
        damaged = bytearray(frame[: rng.integers(1, len(frame) + 1)] if rng.random() < 0.5 else frame)
        for _ in range(rng.integers(0, 6)):
            damaged[rng.integers(len(damaged))] = rng.integers(256)
        try:
            assert decoded_rle(bytes(damaged), 32, 32, 1, 8 * stored.itemsize).shape == (1, 32, 32)
        except DicomError as error:
            refused += "RLE" in str(error) or "cannot hold" in str(error)
    assert refused > 150
    assert capfd.readouterr() == ("", "")


@pytest.mark.usefixtures("either_way")
def test_rle_that_holds_too_little_or_too_much_is_refused(encode):
    frame = encode(np.arange(64, dtype="u1").reshape(8, 8))
    for rows, columns in ((8, 9), (8, 7), (9, 8), (7, 8)):
        with pytest.raises(DicomError, match="RLE segment"):
            decoded_rle(frame, rows, columns, 1, 8)
    with pytest.raises(DicomError, match="do not fit Bits Allocated"):
        decoded_rle(frame, 8, 8, 1, 16)
    with pytest.raises(DicomError, match="cannot hold Rows x Columns"):
        decoded_rle(frame, 60000, 60000, 1, 8)


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("stored_bits", [7, 8, 10, 12, 16])
@pytest.mark.parametrize("end", ["80", "90"])
def test_signs_and_precisions_are_kept(encode, signed, stored_bits, end):
    allocated = 8 if stored_bits <= 8 else 16
    low = -(2 ** (stored_bits - 1)) if signed else 0
    kind = f"{'i' if signed else 'u'}{allocated // 8}"
    values = np.random.default_rng(3).integers(low, low + 2**stored_bits, (64, 40)).astype(kind)
    frame = encode(values, JPEG + end, BitsStored=stored_bits)
    header = header_of(values.shape, allocated, stored_bits, signed, JPEG + end)
    found = decoded(header, frame)
    np.testing.assert_array_equal(found, values)
    assert found.dtype == values.dtype
    np.testing.assert_array_equal(found, codecs.decoded_by_pydicom(header, frame, raw=True))


@pytest.mark.parametrize(("end", "module", "name"), [("80", jpeg_ls, "_function"), ("90", jpeg_2000, "_library")])
def test_the_functions_of_the_packages_serve_where_the_libraries_inside_cannot_be_called(coded, monkeypatch, end, module, name):
    header, frame = coded(end)
    assert getattr(module, name)() is not None or sys.platform != "linux"
    expected = decoded(header, frame)
    monkeypatch.setattr(module, name, lambda: None)
    np.testing.assert_array_equal(decoded(header, frame), expected)


def test_one_clear_message_for_what_cannot_be_decoded(monkeypatch):
    monkeypatch.setattr(codecs, "_plugins", lambda syntax: ())
    reasons = {
        JPEG + "51": "JPEG Extended of 12 bits needs the package imagecodecs, or pylibjpeg-libjpeg",
        JPEG + "53": "Spectral Selection.*needs the package imagecodecs",
        JPEG + "55": "Full Progression.*needs the package imagecodecs",
        JPEG + "80": "JPEG-LS Lossless needs the package pyjpegls",
        JPEG + "100": "transfer syntax MPEG2 .* cannot be decoded",
        "1.2.840.10008.1.2.8.1": "Deflated Image Frame Compression cannot be decoded",
        "1.2.3": "transfer syntax unknown cannot be decoded",
    }
    for syntax, reason in reasons.items():
        assert re.search(reason, undecodable(header_of((8, 8), 16, 12, syntax=syntax))), syntax
    header = header_of((8, 8), 16, 12)
    assert "Bits Allocated" in undecodable(replace(header, bits_allocated=1, bits_stored=1, high_bit=0))
    assert "HighBit" in undecodable(replace(header, high_bit=15, transfer_syntax=JPEG + "90"))
    assert "24 bits a pixel" in undecodable(replace(header, bits_allocated=24))


@pytest.mark.parametrize("end", ["51", "53", "55"])
def test_twelve_bits_where_imagecodecs_is_installed(shared_data, coded, end):
    pytest.importorskip("imagecodecs")
    (reference,) = read_headers(shared_data / CT / "CTImage.dcm")
    header, frame = coded(end)
    found = header.slope * decoded(header, frame) + header.intercept
    expected = reference.slope * stored_values(reference) + reference.intercept
    assert np.abs(found - expected).mean() < 10  # HU; the lossy ones were rescaled before they were stored
    with pytest.raises(DicomError):
        decoded(header, frame.rstrip(b"\0")[: len(frame) // 2] + b"\xff\xd9")
