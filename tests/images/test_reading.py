import numpy as np
import pytest
import SimpleITK
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from napari_hounsfield.errors import FormatError, HounsfieldError
from napari_hounsfield.images.reading import read_image

GREY = np.arange(30, dtype=np.uint8).reshape(5, 6) * 8


def dicom(path, pixels, photometric):
    colour = pixels.ndim == 3
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.7", generate_uid()
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.Modality = generate_uid(), generate_uid(), "OT"
    dataset.Rows, dataset.Columns, dataset.SamplesPerPixel = *pixels.shape[:2], 3 if colour else 1
    dataset.BitsAllocated = dataset.BitsStored = pixels.dtype.itemsize * 8
    dataset.HighBit, dataset.PixelRepresentation = dataset.BitsStored - 1, 0
    dataset.PhotometricInterpretation = photometric
    if colour:
        dataset.PlanarConfiguration = 0
    dataset.PixelData = pixels.tobytes()
    dataset["PixelData"].VR = "OW"
    dataset.file_meta = Dataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.save_as(path, enforce_file_format=True)
    return path


@pytest.mark.parametrize("suffix", ["png", "tif", "bmp"])
def test_grey_and_equal_colours_are_the_same_picture(tmp_path, suffix):
    Image.fromarray(GREY).save(tmp_path / f"grey.{suffix}")
    Image.fromarray(np.stack([GREY] * 3, axis=-1)).save(tmp_path / f"colour.{suffix}")
    for name in ("grey", "colour"):
        found = read_image(tmp_path / f"{name}.{suffix}").array
        assert found.dtype == np.uint8
        np.testing.assert_array_equal(found, GREY[None])


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_many_bits_are_kept(tmp_path, dtype):
    values = (np.arange(30).reshape(5, 6) * 1000.5).astype(dtype)
    Image.fromarray(values).save(tmp_path / "a.tif")
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif").array[0], values)


def test_palettes_and_transparency_are_read_as_their_grey(tmp_path):
    Image.fromarray(GREY).convert("P").save(tmp_path / "palette.png")
    Image.merge("LA", [Image.fromarray(GREY), Image.fromarray(255 - GREY)]).save(tmp_path / "alpha.png")
    for name in ("palette", "alpha"):
        np.testing.assert_array_equal(read_image(tmp_path / f"{name}.png").array[0], GREY)


def test_pages_become_slices(tmp_path):
    pages = [Image.fromarray(GREY + page) for page in range(3)]
    pages[0].save(tmp_path / "pages.tif", save_all=True, append_images=pages[1:])
    np.testing.assert_array_equal(read_image(tmp_path / "pages.tif").array, np.stack([GREY, GREY + 1, GREY + 2]))


def test_monochrome1_comes_right_side_up(tmp_path):
    pixels = (GREY * 16).astype(np.uint16)
    plain = read_image(dicom(tmp_path / "2.dcm", pixels, "MONOCHROME2")).array
    reversed_ = read_image(dicom(tmp_path / "1.dcm", pixels.max() - pixels, "MONOCHROME1"))
    np.testing.assert_array_equal(reversed_.array, plain)
    assert not reversed_.inverted


def test_colours_of_dicom_are_luminance_as_of_pictures(tmp_path):
    colours = np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8)
    Image.fromarray(colours).save(tmp_path / "a.png")
    found = read_image(dicom(tmp_path / "a.dcm", colours, "RGB")).array
    np.testing.assert_allclose(found, read_image(tmp_path / "a.png").array, atol=1)


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd", ".mha"])
def test_volumes_of_other_formats(tmp_path, suffix):
    values = np.random.default_rng(0).integers(-1000, 400, (4, 5, 6)).astype(np.int16)
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(values), str(tmp_path / f"a{suffix}"))
    np.testing.assert_array_equal(read_image(tmp_path / f"a{suffix}").array, values)


def test_what_cannot_be_read_is_said_in_one_line(tmp_path):
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (99, 99), np.uint8)).save(tmp_path / "a.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "a.png").read_bytes()[:2000])
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "text.txt").write_text("hello")
    Image.fromarray(np.full((4, 4), np.nan, np.float32)).save(tmp_path / "nan.tif")
    for name in ("cut.png", "empty.png", "text.txt", "nan.tif"):
        with pytest.raises(HounsfieldError, match=name) as caught:
            read_image(tmp_path / name)
        assert "\n" not in str(caught.value)


def test_too_many_pixels_are_refused_before_they_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr("napari_hounsfield.images.reading.MOST_PIXELS", 20)
    Image.fromarray(GREY).save(tmp_path / "a.png")
    with pytest.raises(FormatError, match="too many"):
        read_image(tmp_path / "a.png")
