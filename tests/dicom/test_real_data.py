"""Real series of many makers, against references that others made."""

from __future__ import annotations

import json

import numpy as np
import pytest

from napari_hounsfield.dicom.scan import scan
from napari_hounsfield.errors import DicomError, HounsfieldError

RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


def read_one(path):
    (series,) = scan(path).series
    return series.read()


def of_nrrd(path):
    """Voxels (z, y, x) and affine of an NRRD in LPS."""
    import SimpleITK

    image = SimpleITK.ReadImage(str(path))
    affine = np.eye(4)
    affine[:3, :3] = (np.array(image.GetDirection()).reshape(3, 3) * image.GetSpacing())[:, ::-1]
    affine[:3, 3] = image.GetOrigin()
    return SimpleITK.GetArrayFromImage(image), affine


def of_nifti(path):
    """Voxels (z, y, x) and affine of a NIfTI in LPS."""
    import nibabel

    image = nibabel.load(path)
    affine = RAS @ image.affine
    return np.asarray(image.dataobj).transpose(2, 1, 0), affine[:, [2, 1, 0, 3]]


def reference_affines(record):
    """Shape (z, y, x) and affine in LPS of a dcm2niix volume, which has its rows flipped."""
    shape, affine = record["shape"], RAS @ np.array(record["affine"])
    return tuple(shape[::-1]), affine[:, [2, 1, 0, 3]]


def same_voxels(shape, affine, other_shape, other_affine, tolerance=0.05):
    """Whether two grids have the same corners within `tolerance` mm, however their axes run.

    dcm2niix takes the spacing from the first two slices, this package from the whole extent: rounded positions differ by that.
    """

    def corners(shape, affine):
        index = np.array(np.meshgrid(*[(0, n - 1) for n in shape], indexing="ij")).reshape(3, -1)
        points = (affine[:3, :3] @ index + affine[:3, 3:]).T
        return points[np.lexsort(points.round(1).T)]

    first, second = corners(shape, affine), corners(other_shape, other_affine)
    return sorted(shape) == sorted(other_shape) and np.abs(first[:, None] - second[None]).max(-1).min(1).max() < tolerance


def test_whole_chest_equals_its_nrrd(shared_data):
    folder = shared_data / "01_chest_ct_lung_labels/Testing/Data/Input"
    volume = read_one(folder / "ct-64Dicom")
    voxels, affine = of_nrrd(folder / "ct-64.nrrd")
    assert volume.array.dtype == np.int16
    np.testing.assert_array_equal(volume.array, voxels)
    np.testing.assert_allclose(volume.affine, affine, atol=1e-3)
    assert (volume.unit, volume.modality, volume.valid, volume.warnings) == ("HU", "CT", None, ())


def test_full_resolution_slices_equal_their_nrrd_and_the_padding_is_marked(shared_data):
    root = shared_data / "01_chest_ct_lung_labels"
    (reference,) = root.rglob("ConvertDicom_Test_simple_dicom.nrrd")
    volume = read_one(root / "Testing/Data/Input/simple_dicom")
    voxels, affine = of_nrrd(reference)
    np.testing.assert_array_equal(volume.array, voxels)
    np.testing.assert_allclose(volume.affine, affine, atol=1e-3)
    np.testing.assert_array_equal(volume.valid, voxels != -3024)


def test_jpeg_2000_series_with_descending_files_and_gaps_between_thick_slices(shared_data):
    series = "02_trunk_ct_multiorgan/tests/reference_files/example_ct_dicom"
    volume = read_one(shared_data / series)
    record = json.loads((shared_data / "REFERENCE_dcm2niix.json").read_text())["series"][series]["volumes"][0]
    shape, affine = reference_affines(record)
    assert volume.array.shape == shape == (20, 512, 512)
    assert same_voxels(shape, volume.affine, shape, affine)
    assert volume.spacing[0] == pytest.approx(2.0)  # Slice Thickness is 3
    found = (volume.array.min(), volume.array.max(), volume.array.mean())
    assert found == pytest.approx((record["min"], record["max"], record["mean"]), abs=1e-4)


def test_two_slices_without_instance_number_modality_and_high_bit(shared_data):
    folder = shared_data / "11_chest_ct_two_slices_lungmask/testdata"
    volume = read_one(folder)
    import SimpleITK

    planes = [SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(file)))[0] for file in volume.source.files]
    np.testing.assert_array_equal(volume.array, planes)
    assert (volume.modality, volume.unit, volume.spacing) == ("CT", "HU", pytest.approx((1.0, 0.625, 0.625)))
    np.testing.assert_array_equal(volume.valid, volume.array != -2048)


@pytest.mark.parametrize("patient", ["STS_002", "STS_025"])
@pytest.mark.parametrize("kind", ["CT", "MR_T1", "PET"])
def test_sarcoma_series_equal_their_nifti(shared_data, patient, kind):
    root = shared_data / "04_pet_ct_mr_sts"
    volume = read_one(root / "dicom" / patient / kind / "image")
    voxels, affine = of_nifti(root / "nifti" / patient / f"{kind}_image.nii.gz")
    assert same_voxels(volume.array.shape, volume.affine, voxels.shape, affine, 2e-3)
    signs = np.sign((np.linalg.inv(affine) @ volume.affine)[:3, :3].diagonal())
    aligned = np.flip(voxels, [axis for axis in range(3) if signs[axis] < 0])
    if kind == "PET":
        np.testing.assert_allclose(volume.array, aligned, atol=2e-6)
        assert volume.unit == "SUV"
    else:
        np.testing.assert_array_equal(volume.array, aligned)


def matches(volume, record, values=True):
    """Whether shape, place, time points and, with `values`, statistics are those of a dcm2niix volume."""
    if record["dtype"] == "RGB":
        return volume.axes == "zyxc" and volume.grid.shape == tuple(record["shape"][::-1])
    times = volume.array.shape[0] if volume.axes.startswith("t") else 1
    shape, affine = reference_affines({**record, "shape": record["shape"][:3]})
    return (
        times == (record["shape"][3] if len(record["shape"]) > 3 else 1)
        and same_voxels(volume.grid.shape, volume.affine, shape, affine)
        and (not values or (volume.array.min(), volume.array.max()) == pytest.approx((record["min"], record["max"]), rel=1e-6))
        and (not values or volume.array.mean() == pytest.approx(record["mean"], rel=1e-4, abs=1e-3))
    )


REFUSED = {
    "06_dcm2niix_qa/dcm_qa_nih/In/20180918Si": "mosaic",
    "07_dicom2nifti/failing/sliceincrement": "slice(s) missing",
    "07_dicom2nifti/siemens/fmri": "mosaic",
}
LABELS = "08_dicom_seg/dcmqi/segmentations"
PRIVATELY_SCALED = ("06_dcm2niix_qa/dcm_qa_enh/In/Philips", "07_dicom2nifti/philips_enhanced/anatomical/001")
"""dcm2niix takes Philips' private scale here, this package the Rescale Slope and Intercept of the standard."""
BLOCKS = "06_dcm2niix_qa/dcm_qa_ct/In/GE"
TILTED = "07_dicom2nifti/failing/gantrytilting/001"


def test_every_listed_folder_matches_its_reference_or_is_refused_with_the_reason(shared_data):
    listed = json.loads((shared_data / "REFERENCE_dcm2niix.json").read_text())["series"]
    matched = 0
    for name, entry in listed.items():
        own = {file.name for file in (shared_data / name).iterdir() if file.is_file()}
        found = [s for s in scan(shared_data / name).series if {plane.path.name for plane in s.planes} <= own]
        reason = next((r for key, r in REFUSED.items() if name.startswith(key)), "holds labels" if name == LABELS else None)
        if name in (BLOCKS, TILTED):
            continue  # one stack of two blocks, and an affine without the shear: tested below
        if reason is not None:
            assert all(series.refusal is not None for series in found), name
            assert any(reason in str(series.refusal) for series in found), name
            continue
        assert len(found) == len(entry["volumes"]), name
        for series in found:
            volume = series.read()
            assert any(matches(volume, record, name not in PRIVATELY_SCALED) for record in entry["volumes"]), name
            matched += 1
    assert matched >= 20


def test_head_ct_of_two_spacings_and_tilt_is_split_into_its_blocks(shared_data):
    found = scan(shared_data / "06_dcm2niix_qa/dcm_qa_ct/In/GE").series
    assert [(series.name, series.shape) for series in found] == [("CT 2 4 mm", (14, 512, 512)), ("CT 2 7 mm", (14, 512, 512))]
    for series in found:
        volume = series.read()
        assert any("18.5 degrees" in warning for warning in volume.warnings)
        for z, plane in enumerate(series.plan.planes):
            np.testing.assert_allclose(volume.grid.positions([[z, 0, 0]])[0], plane.position, atol=2e-2)


def test_tilt_is_found_where_its_tag_is_zero(shared_data):
    import pydicom

    volume = read_one(shared_data / TILTED)
    assert any("14.0 degrees" in warning for warning in volume.warnings)
    for z, file in enumerate(volume.source.files):
        plane = pydicom.dcmread(file)
        row, column = np.reshape(plane.ImageOrientationPatient, (2, 3)).astype(float)
        down, along = (float(v) for v in plane.PixelSpacing)
        for j, i in ((0, 0), (0, 511), (511, 0), (511, 511)):
            corner = np.array(plane.ImagePositionPatient, float) + row * along * i + column * down * j
            np.testing.assert_allclose(volume.grid.positions([[z, j, i]])[0], corner, atol=1e-3)


def test_one_ct_in_fifteen_codings(shared_data):
    folder = shared_data / "05_transfer_syntax/cornerstone_ct/testImages"
    reference = read_one(folder / "CTImage.dcm").array
    lossless = ("2.1", "2.1.99", "2.2", "2", "2.4.57", "2.4.70", "2.4.80", "2.4.90", "2.5")
    lossy = {"2.4.50": 80, "2.4.81": 5, "2.4.91": 30}
    refused = {"2.4.51": "pylibjpeg-libjpeg", "2.4.53": "Process 6 and 8", "2.4.55": "Process 10 and 12"}
    files = {file.stem.split("1.2.840.10008.1.")[-1]: file for file in folder.glob("CTImage.dcm_*")}
    assert set(files) == {*lossless, *lossy, *refused}
    for syntax in lossless:
        np.testing.assert_array_equal(read_one(files[syntax]).array, reference)
    for syntax, tolerance in lossy.items():
        volume = read_one(files[syntax])
        assert any(warning.startswith("Lossy") for warning in volume.warnings)
        assert np.abs(np.median(volume.array - reference.astype(float))) < tolerance
    for syntax, reason in refused.items():
        with pytest.raises(DicomError, match=reason):
            read_one(files[syntax])


@pytest.mark.slow
def test_no_file_raises_anything_but_a_typed_error(shared_data):
    read, refused = 0, []
    for path in sorted(path for path in shared_data.rglob("*") if path.is_file()):
        try:
            for series in scan(path).series:
                series.read()
                read += 1
        except HounsfieldError as error:
            refused.append((path, error))
    assert read > 400
    for path, error in refused:
        assert isinstance(error, DicomError), path
        assert path.name in str(error) or path.name.startswith("DICOMDIR")  # there it is a file that it lists
        assert "\n" not in str(error)
        assert str(path.parent) not in str(error)


@pytest.mark.slow
def test_the_whole_of_the_data_scans_and_reads_as_one_folder(shared_data):
    for folder in [shared_data, *[f for f in shared_data.iterdir() if f.is_dir()]]:
        try:
            found = scan(folder)
        except DicomError:
            continue
        assert json.loads(json.dumps(found.to_json(), allow_nan=False))["series"]
        for series in found.series:
            if series.refusal is None and folder == shared_data:
                try:
                    volume = series.read()
                except DicomError:
                    continue
                assert volume.grid.shape == series.shape
