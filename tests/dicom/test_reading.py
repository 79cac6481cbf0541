"""Generated series, read back: order, geometry, values, padding, refusals."""

from __future__ import annotations

import gzip
import warnings
import zlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_hounsfield.dicom.read_params import ReadParams
from napari_hounsfield.dicom.scan import scan
from napari_hounsfield.errors import DicomError, UnsupportedDicomError
from napari_hounsfield.operation import Progress, finish

COMPRESSED = ("1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.90")


def read_one(folder, **options):
    (series,) = scan(folder).series
    return series.read(ReadParams(**options))


def with_sitk(files, folder):
    """Voxels and affine in our convention, as SimpleITK's series reader has them."""
    import SimpleITK

    reader = SimpleITK.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    image = reader.Execute()
    affine = np.eye(4)
    direction = np.array(image.GetDirection()).reshape(3, 3) * image.GetSpacing()
    affine[:3, :3] = direction[:, ::-1]
    affine[:3, 3] = image.GetOrigin()
    return SimpleITK.GetArrayFromImage(image), affine


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 10**6),
    spacing=st.tuples(*[st.floats(0.3, 9).map(lambda v: round(v, 3))] * 3),
    slope=st.sampled_from([1.0, 2.0, 0.5, -1.0, 1.25e-3]),
    intercept=st.sampled_from([-1024.0, 0.0, 10.5]),
    dtype=st.sampled_from(["i2", "u2"]),
    descending=st.booleans(),
    numbered=st.booleans(),
)
def test_any_order_orientation_and_rescale_reads_as_in_simpleitk(
    tmp_path_factory, write_series, noise, seed, spacing, slope, intercept, dtype, descending, numbered
):
    rng = np.random.default_rng(seed)
    folder = tmp_path_factory.mktemp("series")
    axes, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    row, column = axes[:, 0], axes[:, 1]
    normal = np.cross(row, column)
    origin = rng.uniform(-200, 200, 3).round(2)
    stored = noise((rng.integers(2, 6), 6, 5), dtype, seed)
    where = [origin + spacing[0] * z * normal * (-1 if descending else 1) for z in range(len(stored))]
    files = write_series(
        folder,
        stored,
        where,
        names=[f"{name:03d}" for name in rng.permutation(len(stored))],
        change=None if numbered else lambda dataset, z: delattr(dataset, "InstanceNumber"),
        ImageOrientationPatient=(*row, *column),
        PixelSpacing=spacing[1:],
        RescaleSlope=str(slope),
        RescaleIntercept=str(intercept),
    )
    volume = read_one(folder)
    order = slice(None, None, -1) if descending else slice(None)
    expected = (stored * slope + intercept)[order]
    if slope in (1, 2, -1) and float(intercept).is_integer():
        np.testing.assert_array_equal(volume.array, expected)
        assert volume.array.dtype == np.int16
    else:
        np.testing.assert_array_equal(volume.array, expected.astype(np.float32))
    truth = np.column_stack([normal * spacing[0], column * spacing[1], row * spacing[2], where[-1] if descending else where[0]])
    np.testing.assert_allclose(volume.affine[:3], truth, atol=1e-6)
    assert volume.source.files == tuple(files[order])
    voxels, affine = with_sitk(files, folder)
    np.testing.assert_allclose(volume.array, voxels, rtol=1e-6, atol=1e-4)
    np.testing.assert_allclose(volume.affine, affine, atol=1e-4)


def test_rescale_may_change_from_slice_to_slice(tmp_path, write_series, noise):
    stored = noise()
    slopes, intercepts = [1, 2, 0.25, 3], [-1024, 5, 0.5, 0]

    def change(dataset, z):
        dataset.RescaleSlope, dataset.RescaleIntercept = str(slopes[z]), str(intercepts[z])

    write_series(tmp_path, stored, change=change)
    volume = read_one(tmp_path)
    expected = stored * np.reshape(slopes, (4, 1, 1)) + np.reshape(intercepts, (4, 1, 1))
    assert volume.array.dtype == np.float32
    np.testing.assert_array_equal(volume.array, expected.astype(np.float32))


@pytest.mark.parametrize(
    ("dtype", "values", "intercept", "expected"),
    [
        ("u2", (0, 33791), -1024, "int16"),
        ("u2", (0, 33792), -1024, "int32"),
        ("i2", (-32768, 0), -1024, "int32"),
        ("i4", (0, 70000), 0, "int32"),
    ],
)
def test_the_smallest_whole_type_that_holds_every_slice(tmp_path, write_series, dtype, values, intercept, expected):
    stored = np.zeros((3, 4, 4), dtype)
    stored[2, 0, :2] = values  # the last slice decides
    write_series(tmp_path, stored, RescaleIntercept=str(intercept))
    volume = read_one(tmp_path)
    assert volume.array.dtype == expected
    np.testing.assert_array_equal(volume.array, stored.astype(np.int64) + intercept)


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"])
@pytest.mark.parametrize("dtype", ["u1", "i2", "u2", "i4"])
def test_uncompressed_syntaxes_are_exact(tmp_path, write_series, noise, syntax, dtype):
    stored = noise((3, 5, 7), dtype)  # an odd number of bytes for u1
    big = syntax.endswith("1.2.2")

    def change(dataset, z):
        raw = stored[z].astype(stored.dtype.newbyteorder(">" if big else "<")).tobytes()
        raw += b"\0" * (len(raw) % 2)
        dataset.PixelData = np.frombuffer(raw, "<u2").byteswap().tobytes() if big and dtype == "u1" else raw

    write_series(tmp_path, stored, syntax=syntax, change=change)
    np.testing.assert_array_equal(read_one(tmp_path).array, stored.astype(np.int64) - 1024)


@pytest.mark.parametrize("signed", [True, False])
def test_bits_above_high_bit_are_left_out_and_signs_extended(tmp_path, write_series, signed):
    values = np.array([[-2048, -1, 0, 2047]] if signed else [[0, 1, 2048, 4095]])
    overlay = np.array([0xF000, 0x1000, 0x5000, 0xA000])
    stored = ((values & 0x0FFF) | overlay).astype("u2")[None].repeat(2, 0)
    write_series(tmp_path, stored, BitsStored=12, PixelRepresentation=int(signed))
    np.testing.assert_array_equal(read_one(tmp_path).array[0], values - 1024)


def test_high_bit_at_the_top_is_shifted_down(tmp_path, write_series):
    stored = (np.arange(8, dtype="u2").reshape(1, 2, 4) << 4).repeat(2, 0)
    write_series(tmp_path, stored, BitsStored=12, HighBit=15)
    np.testing.assert_array_equal(read_one(tmp_path).array[0], np.arange(8).reshape(2, 4) - 1024)


@pytest.mark.parametrize("syntax", COMPRESSED)
@pytest.mark.parametrize(("dtype", "bits"), [("u2", 12), ("i2", 16), ("u1", 8)])
def test_compressed_syntaxes_are_exact(tmp_path, write_series, noise, syntax, dtype, bits):
    stored = noise((3, 64, 48), dtype)
    if bits == 12:
        stored = np.clip(stored, 0, 4095)

    def change(dataset, z):
        dataset.compress(syntax, generate_instance_uid=False)

    write_series(tmp_path, stored, BitsStored=bits, change=change)
    np.testing.assert_array_equal(read_one(tmp_path).array, stored.astype(int) - 1024)


@pytest.mark.parametrize(
    "syntax", ["1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.1"]
)
@pytest.mark.parametrize("left", [0.99, 0.9, 0.6, 0.3])
def test_a_file_cut_off_is_an_error_that_names_it(tmp_path, write_series, noise, syntax, left):
    def change(dataset, z):
        if syntax in COMPRESSED:
            dataset.compress(syntax, generate_instance_uid=False)

    files = write_series(tmp_path, noise((4, 64, 64), "u2"), change=change)
    content = files[2].read_bytes()
    files[2].write_bytes(content[: int(len(content) * left)])
    with pytest.raises(DicomError, match="IM0002"):
        finish_all(tmp_path)


def finish_all(folder):
    return [series.read() for series in scan(folder).series]


@pytest.mark.parametrize("syntax", COMPRESSED)
def test_rows_that_the_codestream_does_not_have_are_refused(tmp_path, write_series, noise, syntax):
    def change(dataset, z):
        dataset.compress(syntax, generate_instance_uid=False)
        dataset.Rows = 65535
        dataset.Columns = 65535

    write_series(tmp_path, noise((2, 64, 64), "u2"), change=change)
    with pytest.raises(DicomError, match=r"IM000\d.*Rows x Columns"):
        finish_all(tmp_path)


@pytest.mark.parametrize(("rows", "reason"), [(65535, "Rows x Columns need"), (4, "need only")])
def test_rows_are_checked_against_the_pixel_data(tmp_path, write_series, noise, rows, reason):
    write_series(tmp_path, noise(), Rows=rows)
    with pytest.raises(DicomError, match=rf"IM0000: PixelData \(7FE0,0010\) holds .* {reason}"):
        finish_all(tmp_path)


def test_zeros_behind_the_image_are_padding(tmp_path, write_series, noise):
    stored = noise()
    write_series(tmp_path, stored, change=lambda dataset, z: setattr(dataset, "PixelData", dataset.PixelData + b"\0" * 128))
    np.testing.assert_array_equal(read_one(tmp_path).array, stored - 1024)


def test_padding_keeps_its_value_and_is_not_valid(tmp_path, write_series):
    stored = np.full((3, 8, 8), 1000, "i2")
    stored[1, :2] = -2000
    stored[1, 5, 5] = 20
    # as US where SS belongs, which scanners do
    write_series(tmp_path, stored, change=lambda dataset, z: dataset.add_new(0x00280120, "US", -2000 % 2**16))
    volume = read_one(tmp_path)
    assert volume.array[1, 0, 0] == -3024
    np.testing.assert_array_equal(volume.valid, stored != -2000)


def test_padding_range(tmp_path, write_series):
    stored = np.arange(48, dtype="i2").reshape(2, 4, 6)
    write_series(tmp_path, stored, PixelPaddingValue=10, PixelPaddingRangeLimit=5)
    np.testing.assert_array_equal(read_one(tmp_path).valid, (stored < 5) | (stored > 10))


def test_what_scanners_write_outside_the_field_is_padding_without_a_tag(tmp_path, write_series):
    y, x = np.ogrid[:32, :32]
    outside = (y - 15.5) ** 2 + (x - 15.5) ** 2 > 16**2
    stored = np.where(outside, -1024, 1000).astype("i2")[None].repeat(3, 0)
    stored[:, 16, 16] = -900  # a dark streak inside: low, but measured
    write_series(tmp_path, stored)
    volume = read_one(tmp_path)
    assert volume.array.min() == -2048
    np.testing.assert_array_equal(volume.valid, ~outside[None].repeat(3, 0))


def test_air_in_the_corners_is_valid(tmp_path, write_series):
    stored = np.zeros((2, 8, 8), "i2")
    write_series(tmp_path, stored)
    assert read_one(tmp_path).valid is None  # -1024 HU: air


def test_duplicates_are_compared(tmp_path, write_series, noise):
    stored = noise()
    files = write_series(tmp_path, stored)
    (tmp_path / "copy").write_bytes(files[1].read_bytes())
    volume = read_one(tmp_path)
    np.testing.assert_array_equal(volume.array, stored - 1024)
    assert any("IM0001" in warning or "copy" in warning for warning in volume.warnings)
    changed = bytearray(files[1].read_bytes())
    changed[-1] ^= 1
    (tmp_path / "copy").write_bytes(changed)
    with pytest.raises(DicomError, match="SOPInstanceUID"):
        finish_all(tmp_path)


def test_minimal_headers_read(tmp_path, write_series, noise):
    stored = noise()
    gone = ("Modality", "InstanceNumber", "SeriesNumber", "FrameOfReferenceUID", "HighBit", "SeriesDescription", "SliceThickness")
    write_series(tmp_path, stored, **dict.fromkeys(gone))
    volume = read_one(tmp_path)
    np.testing.assert_array_equal(volume.array, stored - 1024)
    assert (volume.modality, volume.name, volume.unit) == ("CT", "CT", "HU")
    assert any("SOP Class" in warning for warning in volume.warnings)


def test_volume_carries_name_frame_source_and_record(tmp_path, write_series, noise):
    files = write_series(tmp_path, noise())
    volume = read_one(tmp_path)
    assert volume.name == "CT 3"
    assert volume.frame_of_reference
    assert volume.source.files == tuple(files)
    assert [(record.operation, dict(record.parameters)) for record in volume.history] == [
        ("read", {"time": 0, "uneven": "refuse", "tilt": "keep", "unit": "auto", "geometry": True})
    ]


def test_content_decides_not_names_and_gzip_is_opened(tmp_path, write_series, noise):
    stored = noise()
    files = write_series(tmp_path / "deep" / "er", stored, names=["a.txt", "b.jpg", "noext", "IM.IMA"])
    files[1].write_bytes(gzip.compress(files[1].read_bytes()))
    np.testing.assert_array_equal(read_one(tmp_path).array, stored - 1024)


def test_uneven_is_refused_unless_ignored(tmp_path, write_series, noise):
    stored = noise()
    write_series(tmp_path, stored, [(0, 0, z) for z in (0, 3, 6, 10)])
    (series,) = scan(tmp_path).series
    with pytest.raises(DicomError, match="uneven spacing"):
        series.read()
    np.testing.assert_array_equal(series.read(ReadParams(uneven="ignore")).array, stored - 1024)


def test_steps_report_progress_and_may_be_closed(tmp_path, write_series, noise):
    write_series(tmp_path, noise((40, 4, 4)), [(0, 0, z) for z in range(40)])
    (series,) = scan(tmp_path).series
    steps = series.steps()
    assert isinstance(next(steps), Progress)
    steps.close()
    fractions = []

    def watched():
        inner = series.steps()
        while True:
            try:
                fractions.append(next(inner).fraction)
            except StopIteration as stop:
                return stop.value
            yield

    assert finish(watched()).array.shape == (40, 4, 4)
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert len(fractions) > 3


def test_a_deflate_bomb_is_refused_within_bounds(tmp_path, write_series, noise):
    (file,) = write_series(tmp_path, noise((1, 4, 4)), syntax="1.2.840.10008.1.2.1.99")
    content = file.read_bytes()
    start = 132 + 12 + int.from_bytes(content[140:144], "little")
    machine = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = zlib.decompress(content[start:], -15) + b"\0" * 300 * 2**20
    file.write_bytes(content[:start] + machine.compress(bomb) + machine.flush())
    with pytest.raises(DicomError, match=r"cut off|grows beyond"):
        scan(tmp_path).chosen()


def test_malformed_rle_is_a_dicom_error(tmp_path, write_series, noise):
    rng = np.random.default_rng(3)
    stored = noise((1, 32, 32), "u2")

    def change(dataset, z):
        dataset.compress("1.2.840.10008.1.2.5", generate_instance_uid=False)
        body = bytearray(dataset.PixelData)
        for at in rng.integers(80, len(body) - 8, 40):
            body[at] = rng.integers(256)
        dataset.PixelData = bytes(body)

    refused = 0
    for trial in range(30):
        folder = tmp_path / str(trial)
        write_series(folder, stored, change=change)
        try:
            finish_all(folder)
        except DicomError:
            refused += 1
    assert refused > 0  # and nothing else was ever raised


def test_no_patient_data_in_messages_warnings_or_log(tmp_path, write_series, noise, caplog, capsys):
    files = write_series(tmp_path, noise())
    content = files[1].read_bytes()
    assert b"-1024 " in content
    files[1].write_bytes(content.replace(b"-1024 ", b"CANARY"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = scan(tmp_path)
        with pytest.raises(DicomError, match=r"IM0001: RescaleIntercept \(0028,1052\) does not hold a number") as raised:
            found.series[0].read()
    printed = capsys.readouterr()
    text = " ".join(
        [str(raised.value), repr(found), repr(found.series), caplog.text, printed.out, printed.err, str(found.to_json())]
    )
    assert "canary" not in text.lower()
    assert str(tmp_path) not in text


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.481.2"}, "RT Dose is not read yet"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.77.1.6"}, "VL Whole Slide Microscopy Image is not read yet"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.66.4"}, "holds labels, no image"),
        ({"PhotometricInterpretation": "CMYK", "SamplesPerPixel": 4}, "images of this Photometric"),
    ],
)
def test_other_kinds_are_refused_by_name(tmp_path, write_series, noise, tags, reason):
    write_series(tmp_path, noise(), **tags)
    with pytest.raises(UnsupportedDicomError, match=f"IM0000: {reason}"):
        finish_all(tmp_path)
