"""Colour images, whatever way their colours are stored, as RGB."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_hounsfield.dicom.colour import read_rgb
from napari_hounsfield.dicom.header_reading import read_headers
from napari_hounsfield.dicom.pixel_files import PixelFiles
from napari_hounsfield.dicom.plan import Plan
from napari_hounsfield.dicom.reading import preview, read_plan
from napari_hounsfield.errors import DicomError, UnsupportedDicomError
from napari_hounsfield.grid import Grid
from napari_hounsfield.operation import finish

RLE = "1.2.840.10008.1.2.5"
JPEG = "1.2.840.10008.1.2.4."


def plan_of(headers, axes="zyxc"):
    grid = Grid((len(headers), headers[0].rows, headers[0].columns), np.eye(4))
    return Plan(tuple(headers), grid, "US", "", "US 1", (), (), axes=axes)


def read(path):
    with PixelFiles() as files:
        return np.array([read_rgb(header, files) for header in read_headers(path)])


@pytest.fixture
def colours(tmp_path, make_plane):
    """Write RGB planes (z, y, x, 3) as they are, plane by plane, or compressed; return the files and the stored colours."""

    def write(photometric="RGB", planar=0, dtype="u1", syntax=None, shape=(2, 64, 48)):
        rng = np.random.default_rng(5)
        stored = rng.integers(0, 200, (*shape, 3)).astype(dtype)
        files = []
        for z, plane in enumerate(stored):
            dataset = make_plane(plane[..., 0], (0, 0, z), z + 1)
            dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 3, photometric
            by_plane = planar and not syntax  # pydicom compresses what is stored pixel by pixel
            dataset.PlanarConfiguration = int(by_plane)
            dataset.PixelData = (plane.transpose(2, 0, 1) if by_plane else plane).tobytes()
            if syntax:
                dataset.compress(syntax, generate_instance_uid=False)
                dataset.PlanarConfiguration = planar  # and what is written then says nothing
            files.append(tmp_path / f"IM{z}")
            dataset.save_as(files[-1], enforce_file_format=True)
        return files, stored

    return write


@pytest.mark.parametrize("syntax", [None, RLE, JPEG + "80", JPEG + "90"])
@pytest.mark.parametrize("planar", [0, 1])
@pytest.mark.parametrize("dtype", ["u1", "u2"])
def test_rgb_is_read_as_it_is(colours, syntax, planar, dtype):
    files, stored = colours(planar=planar, dtype=dtype, syntax=syntax)
    headers = [header for file in files for header in read_headers(file)]
    plan = plan_of(headers)
    volume = finish(read_plan(plan))
    assert (volume.axes, volume.array.dtype) == ("zyxc", stored.dtype)
    np.testing.assert_array_equal(volume.array, stored)
    np.testing.assert_array_equal(preview(plan), stored[1])


@pytest.mark.parametrize("syntax", [None, RLE])
def test_full_ybr_becomes_rgb(colours, syntax):
    from pydicom.pixels import convert_color_space

    files, stored = colours("YBR_FULL", planar=1, syntax=syntax)
    np.testing.assert_array_equal(read(files[0])[0], convert_color_space(stored[0], "YBR_FULL", "RGB"))


def test_what_is_stored_otherwise_is_refused(colours):
    files, _ = colours()
    (header,) = read_headers(files[0])
    for photometric in ("YBR_PARTIAL_420", "YBR_PARTIAL_422", "CMYK"):
        with PixelFiles() as one, pytest.raises(UnsupportedDicomError, match=f"colours stored as {photometric}"):
            read_rgb(replace(header, photometric=photometric), one)
    with PixelFiles() as one, pytest.raises(UnsupportedDicomError, match="colours of 32 bits"):
        read_rgb(replace(header, bits_allocated=32), one)
    with PixelFiles() as one, pytest.raises(UnsupportedDicomError, match="not a colour image"):
        read_rgb(replace(header, samples=1, photometric="MONOCHROME2"), one)


@pytest.mark.parametrize("bits", [8, 16])
def test_a_palette_maps_stored_values_and_clamps(tmp_path, make_plane, bits):
    stored = np.arange(48, dtype="u1").reshape(6, 8)
    table = np.random.default_rng(0).integers(0, 2**bits, (3, 20)).astype(f"u{bits // 8}")
    dataset = make_plane(stored, (0, 0, 0), 1, PhotometricInterpretation="PALETTE COLOR")
    for name, entries in zip(("Red", "Green", "Blue"), table, strict=True):
        setattr(dataset, f"{name}PaletteColorLookupTableDescriptor", [20, 10, bits])
        setattr(dataset, f"{name}PaletteColorLookupTableData", entries.tobytes())
    dataset.save_as(tmp_path / "IM0", enforce_file_format=True)
    (header,) = read_headers(tmp_path / "IM0")
    volume = finish(read_plan(plan_of([header])))
    assert volume.array.dtype == table.dtype
    np.testing.assert_array_equal(volume.array[0], table.T[np.clip(stored.astype(int) - 10, 0, 19)])


def test_real_colours_are_those_of_pydicom(shared_data):
    """Every colour file whose pixels pydicom can decode; palettes are looked up by pydicom too."""
    from pydicom import dcmread
    from pydicom.pixels import pixel_array
    from pydicom.pixels.processing import apply_color_lut

    compared = set()
    for path in sorted((shared_data / "05_transfer_syntax").rglob("*.dcm")):
        try:
            headers = read_headers(path)
            if headers[0].problem or not (headers[0].samples == 3 or headers[0].photometric == "PALETTE COLOR"):
                continue
            found = read(path)
        except DicomError:
            continue
        try:
            expected = pixel_array(path)
        except ValueError:  # one file that is not quite DICOM
            continue
        if headers[0].samples == 1:
            expected = apply_color_lut(expected, dcmread(path))[..., :3]
        np.testing.assert_array_equal(found, expected.reshape(found.shape), err_msg=path.name)
        compared.add((headers[0].transfer_syntax, headers[0].photometric, headers[0].planar))
    assert len(compared) >= 12


def test_jpeg_colours_cut_off_are_refused(shared_data, tmp_path):
    (path,) = (shared_data / "05_transfer_syntax").rglob("SC_rgb_jpeg_dcmtk.dcm")
    content = path.read_bytes()
    end = content.rindex(b"\xff\xd9")
    damaged = tmp_path / "IM0"
    damaged.write_bytes(content[: end - 200] + b"\xff\xd9" + b"\0" * 200 + content[end + 2 :])
    (header,) = read_headers(damaged)
    with pytest.raises(DicomError, match="IM0: codestream is cut off"):
        finish(read_plan(plan_of([header])))
