"""Stored values to the array of a volume: the short way against the general one and against pydicom."""

from __future__ import annotations

import gzip
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_hounsfield.dicom import reading
from napari_hounsfield.dicom.direct import stored_directly
from napari_hounsfield.dicom.header import ModalityLut
from napari_hounsfield.dicom.header_reading import read_headers
from napari_hounsfield.dicom.pixels import stored_values
from napari_hounsfield.dicom.plan import Plan
from napari_hounsfield.dicom.reading import preview, read_plan
from napari_hounsfield.dicom.rescaling import scaling
from napari_hounsfield.errors import DicomError
from napari_hounsfield.grid import Grid
from napari_hounsfield.operation import finish

LITTLE = "1.2.840.10008.1.2.1"
BIG = "1.2.840.10008.1.2.2"


def plan_of(headers, axes="zyx", times=1, **facts):
    first = headers[0]
    shape = (len(headers) // times, first.rows, first.columns)
    defaults = {"modality": "CT", "unit": "HU", "name": "CT 3", "duplicates": (), "warnings": ()}
    return Plan(planes=tuple(headers), grid=Grid(shape, np.eye(4)), axes=axes, **{**defaults, **facts})


def headers_of(files):
    return [header for file in files for header in read_headers(file)]


def generally(plan, monkeypatch):
    """Read without the short way."""
    with monkeypatch.context() as patched:
        patched.setattr(reading, "stored_directly", lambda plane, out: None)
        return finish(read_plan(plan))


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_the_short_way_is_the_general_way_is_pydicom(data, tmp_path_factory, write_series, monkeypatch):
    import pydicom
    from pydicom.pixels import pixel_array

    bits = data.draw(st.sampled_from([8, 16, 16, 16, 32]), "bits allocated")
    signed = data.draw(st.booleans(), "signed")
    used = data.draw(st.integers(2, bits), "bits stored")
    high = data.draw(st.sampled_from([used - 1, bits - 1, (used + bits) // 2 - 1]), "high bit")
    syntax = data.draw(st.sampled_from([LITTLE, LITTLE, "1.2.840.10008.1.2", BIG, "1.2.840.10008.1.2.1.99"]), "syntax")
    slope = data.draw(st.sampled_from([1, 1, 2, -3, 0.5, 40000, 1.25e-3]), "slope")
    intercept = data.draw(st.sampled_from([-1024, 0, -8192, 1.5, 100000]), "intercept")
    padding = data.draw(st.sampled_from([None, 0, 1]), "padding")
    shape = data.draw(st.tuples(st.integers(1, 4), st.integers(1, 9), st.integers(1, 9)), "shape")
    seed = data.draw(st.integers(0, 999), "seed")
    # garbage above the high bit, and below the stored ones
    stored = np.random.default_rng(seed).integers(0, 2**bits, shape, dtype=np.uint64).astype(f"u{bits // 8}")

    def change(dataset, z):
        raw = stored[z].astype(stored.dtype.newbyteorder(">" if syntax == BIG else "<")).tobytes()
        raw += b"\0" * (len(raw) % 2)
        dataset.PixelData = np.frombuffer(raw, "<u2").byteswap().tobytes() if syntax == BIG and bits == 8 else raw
        if padding is not None and bits == 16:
            dataset.add_new(0x00280120, "SS" if signed else "US", padding)

    folder = tmp_path_factory.mktemp("series")
    tags = {"RescaleSlope": str(slope), "RescaleIntercept": str(intercept), "PixelRepresentation": int(signed)}
    files = write_series(folder, stored, change=change, syntax=syntax, BitsStored=used, HighBit=high, **tags)
    headers = headers_of(files)
    plan = plan_of(headers)
    expected = generally(plan, monkeypatch)
    volume = finish(read_plan(plan))
    assert volume.array.dtype == expected.array.dtype
    np.testing.assert_array_equal(volume.array, expected.array)
    np.testing.assert_array_equal(volume.valid, expected.valid)
    for z, header in enumerate(headers):
        values = stored_values(header)
        if syntax in (LITTLE, "1.2.840.10008.1.2"):
            direct = stored_directly(header)
            np.testing.assert_array_equal(direct, values)
            assert direct.dtype == values.dtype
        else:
            assert stored_directly(header) is None
        if high == used - 1 and syntax != "1.2.840.10008.1.2.1.99":
            np.testing.assert_array_equal(values, pixel_array(pydicom.dcmread(files[z])))
        exact = values.astype(object) * slope + intercept  # Python's own whole numbers do not overflow
        wanted = exact.astype(np.float64).astype(np.float32) if volume.array.dtype == np.float32 else exact.astype(np.int64)
        np.testing.assert_array_equal(volume.array[z], wanted)


def test_every_file_reads_alike_in_the_short_and_the_general_way(shared_data):
    compared = 0
    for path in sorted(shared_data.rglob("*")):
        if not path.is_file() or path.suffix in (".nii", ".json", ".png", ".jpeg", ".nrrd"):
            continue
        try:
            headers = read_headers(path)
        except DicomError:
            continue
        for header in headers[:3]:
            direct = stored_directly(header) if not header.problem else None
            if direct is not None:
                values = stored_values(header)
                np.testing.assert_array_equal(direct, values)
                assert direct.dtype == values.dtype
                compared += 1
    assert compared > 700


@pytest.mark.parametrize("length", [-1, -40, 40])
def test_a_file_that_changed_after_its_header_was_read(tmp_path, write_series, noise, length):
    files = write_series(tmp_path, noise((3, 16, 16)))
    plan = plan_of(headers_of(files))
    content = files[1].read_bytes()
    files[1].write_bytes(content[:length] if length < 0 else content + b"\0" * length)
    if length > 0:
        assert stored_directly(plan.planes[1]) is None
        finish(read_plan(plan))
    else:
        with pytest.raises(DicomError, match="IM0001: file is cut off"):
            finish(read_plan(plan))
    files[1].unlink()
    with pytest.raises(DicomError, match="IM0001: cannot be opened"):
        finish(read_plan(plan))


@pytest.mark.parametrize("syntax", [LITTLE, "1.2.840.10008.1.2.5"])
def test_a_file_without_preamble_whose_header_was_read_by_force(tmp_path, write_series, noise, syntax):
    stored = noise((1, 16, 16))

    def change(dataset, z):
        if syntax != LITTLE:
            dataset.compress(syntax, encoding_plugin="pydicom", generate_instance_uid=False)

    (file,) = write_series(tmp_path, stored, change=change)
    file.write_bytes(file.read_bytes()[132:])
    (header,) = read_headers(file, force=True)
    np.testing.assert_array_equal(stored_values(header), stored[0])
    np.testing.assert_array_equal(finish(read_plan(plan_of([header]))).array, stored - 1024)


@pytest.mark.parametrize("same", [True, False])
@pytest.mark.parametrize("samples", [1, 3])
def test_duplicates_are_compared_pixel_by_pixel(tmp_path, write_series, noise, same, samples):
    def change(dataset, z):
        if samples == 3:
            dataset.SamplesPerPixel, dataset.PhotometricInterpretation, dataset.PlanarConfiguration = 3, "RGB", 0
            dataset.PixelData = dataset.PixelData * 3
        if z == 1 and not same:
            dataset.PixelData = b"\x01" + dataset.PixelData[1:]

    stored = noise((1, 8, 8), "u1").clip(2).repeat(2, 0)
    kept, dropped = headers_of(write_series(tmp_path, stored, change=change))
    plan = plan_of([kept], "zyx" if samples == 1 else "zyxc", duplicates=((kept, dropped),))
    if same:
        finish(read_plan(plan))
    else:
        with pytest.raises(DicomError, match=r"IM0001: SOPInstanceUID .* is that of IM0000"):
            finish(read_plan(plan))


def test_a_packed_file_is_not_taken_for_a_plain_one(tmp_path, write_series, noise):
    stored = noise((2, 16, 16))
    files = write_series(tmp_path, stored)
    headers = headers_of(files)
    packed = gzip.compress(files[0].read_bytes())
    whole = headers[0].pixels.offset + headers[0].pixels.available
    files[0].write_bytes(packed + b"\0" * (whole - len(packed)))  # of the very size
    assert files[0].stat().st_size == whole
    assert stored_directly(headers[0]) is None
    np.testing.assert_array_equal(stored_values(headers[0]), stored[0])


@pytest.mark.parametrize(
    ("bits", "signed", "slope", "intercept", "certain"),
    [
        (12, False, 1, -1024, True),
        (16, True, 1, 0, True),
        (16, True, 1, -1024, False),
        (16, False, 1, -1024, False),
        (12, False, -8, 100, True),
        (12, False, -9, 100, False),
    ],
)
def test_int16_is_certain_where_the_header_bounds_the_values(make_header, bits, signed, slope, intercept, certain):
    header = make_header(bits_stored=bits, high_bit=bits - 1, signed=signed, slope=float(slope), intercept=float(intercept))
    how = scaling([header])
    assert (how.whole, how.dtype, how.certain) == (True, np.int16, certain)


def test_modality_lut_clamps_and_keeps_whole_numbers(tmp_path, write_series):
    stored = np.arange(24, dtype="u2").reshape(2, 3, 4)
    lut = ModalityLut(5, np.array([100, 300, 200, 40000], np.uint16))
    headers = [replace(h, lut=lut, slope=3.0, intercept=7.0) for h in headers_of(write_series(tmp_path, stored))]
    volume = finish(read_plan(plan_of(headers)))
    assert volume.array.dtype == np.int32
    np.testing.assert_array_equal(volume.array, lut.entries[np.clip(stored.astype(int) - 5, 0, 3)])


def test_the_factor_of_suv_multiplies_rescaled_values(tmp_path, write_series, noise):
    stored = noise((2, 5, 4))
    headers = headers_of(write_series(tmp_path, stored, RescaleSlope="0.25", RescaleIntercept="3"))
    volume = finish(read_plan(plan_of(headers, factor=1.5, unit="SUV")))
    assert volume.array.dtype == np.float32
    np.testing.assert_array_equal(volume.array, ((stored * 0.25 + 3) * 1.5).astype(np.float32))


def test_time_axis_holds_time_points_one_after_the_other_and_padding_of_any_marks(tmp_path, write_series, noise):
    stored = noise((6, 5, 4))
    stored[4, 1, 1] = -2000
    headers = headers_of(write_series(tmp_path, stored, change=lambda d, z: d.add_new(0x00280120, "SS", -2000)))
    volume = finish(read_plan(plan_of(headers, "tzyx", times=2, unit="", window=(-100.0, 200.0), inverted=True)))
    np.testing.assert_array_equal(volume.array, (stored - 1024).reshape(2, 3, 5, 4))
    assert (volume.axes, volume.window, volume.inverted) == ("tzyx", (-100.0, 200.0), True)
    expected = np.ones((3, 5, 4), bool)
    expected[1, 1, 1] = False
    np.testing.assert_array_equal(volume.valid, expected)


def test_the_middle_plane_comes_first_in_the_array_that_is_returned(tmp_path, write_series, noise):
    stored = noise((41, 6, 5))
    plan = plan_of(headers_of(write_series(tmp_path, stored)), window=(0.0, 1.0))
    steps = read_plan(plan)
    partial = next(steps).result
    np.testing.assert_array_equal(partial.array[20], stored[20] - 1024)
    assert not partial.array[[0, 19, 21, 40]].any()
    np.testing.assert_array_equal(preview(plan), stored[20] - 1024)
    volume = finish(steps)
    assert volume.array is partial.array
    assert (partial.name, partial.unit, partial.window, partial.warnings) == (volume.name, "HU", (0.0, 1.0), volume.warnings)
    np.testing.assert_array_equal(volume.array, stored - 1024)


def test_a_wider_type_found_late_leaves_no_plane_behind(tmp_path, write_series):
    stored = np.random.default_rng(0).integers(0, 3000, (50, 4, 4)).astype("u2")
    stored[[3, 30, 49], 0, 0] = 65535
    volume = finish(read_plan(plan_of(headers_of(write_series(tmp_path, stored)))))
    assert volume.array.dtype == np.int32
    np.testing.assert_array_equal(volume.array, stored.astype(int) - 1024)


def test_closing_leaves_no_thread_and_no_file(tmp_path, write_series, noise):
    before = threading.active_count()
    steps = read_plan(plan_of(headers_of(write_series(tmp_path, noise((41, 6, 5))))))
    next(steps)
    steps.close()
    assert threading.active_count() == before
    descriptors = Path("/proc/self/fd")
    if descriptors.is_dir():
        assert not [d for d in descriptors.iterdir() if d.is_symlink() and str(d.readlink()).startswith(str(tmp_path))]


@pytest.mark.parametrize("keyword", ["FloatPixelData", "DoubleFloatPixelData"])
@pytest.mark.parametrize("rescaled", [True, False])
def test_float_pixel_data(tmp_path, write_series, keyword, rescaled):
    values = np.random.default_rng(1).normal(size=(2, 4, 6)).astype("f4" if keyword[0] == "F" else "f8")
    values[1, 0, 0] = np.nan

    def change(dataset, z):
        del dataset.PixelData, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation
        setattr(dataset, keyword, values[z].tobytes())
        dataset.BitsAllocated = 8 * values.itemsize
        if not rescaled:
            del dataset.RescaleSlope, dataset.RescaleIntercept

    headers = headers_of(write_series(tmp_path, np.zeros((2, 4, 6), "u2"), change=change, RescaleSlope="2"))
    assert [header.problem for header in headers] == ["", ""]
    volume = finish(read_plan(plan_of(headers)))
    assert volume.array.dtype == values.dtype
    expected = (values * 2.0 - 1024).astype(values.dtype) if rescaled else values
    np.testing.assert_allclose(volume.array, expected, rtol=1e-6)
    if not rescaled:
        np.testing.assert_array_equal(volume.array, values)
