"""Plans are resolved from headers alone: no file exists behind any of these."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_hounsfield.dicom.parts import parts
from napari_hounsfield.dicom.plan import plan
from napari_hounsfield.dicom.read_params import ReadParams
from napari_hounsfield.dicom.series import series_of
from napari_hounsfield.errors import DicomError, UnsupportedDicomError


def planned(headers, **options):
    (part,) = parts(tuple(headers), ReadParams(**options))
    return plan(part, ReadParams(**options))


def test_planes_ascend_along_row_cross_column_whatever_their_order(make_header):
    heights = [6.0, 0.0, 3.0, 9.0]
    found = planned(make_header(z) for z in heights)
    assert [plane.position[2] for plane in found.planes] == sorted(heights)
    assert found.grid.shape == (4, 8, 6)
    np.testing.assert_allclose(found.grid.affine, [[0, 0, 0.7, 0], [0, 0.8, 0, 0], [3, 0, 0, 0], [0, 0, 0, 1]])
    assert (found.unit, found.modality, found.name, found.warnings) == ("HU", "CT", "CT 3", ())


def test_normal_that_points_down_sorts_downwards(make_header):
    mirrored = (1.0, 0.0, 0.0, 0.0, -1.0, 0.0)
    found = planned(make_header(z, orientation=mirrored) for z in (0.0, 3.0, 6.0))
    assert [plane.position[2] for plane in found.planes] == [6.0, 3.0, 0.0]
    assert np.linalg.det(found.grid.affine[:3, :3]) < 0  # (z, y, x) order of a right-handed (x, y, z)


@pytest.mark.parametrize("degrees", [-25, -14, 5, 25])
def test_gantry_tilt_comes_from_positions_and_shears_the_grid(make_header, degrees):
    angle = np.radians(degrees)
    orientation = (1.0, 0.0, 0.0, 0.0, float(np.cos(angle)), float(np.sin(angle)))
    found = planned(make_header(z, orientation=orientation) for z in (0.0, 4.0, 8.0, 12.0, 16.0))
    expected = np.array([[0, 0, 0.7, 0], [0, 0.8 * np.cos(angle), 0, 0], [4, 0.8 * np.sin(angle), 0, 0], [0, 0, 0, 1]])
    corners = [(k, j, i) for k in (0, 4) for j in (0, 7) for i in (0, 5)]
    truth = np.array([expected[:3, :3] @ c for c in corners])
    assert np.abs(found.grid.positions(corners) - truth).max() < 1e-3
    assert any(f"{abs(degrees)}.0 degrees" in warning for warning in found.warnings)


@pytest.mark.parametrize(("off", "warned"), [(0.0, False), (0.02, False), (0.04, True), (0.25, True)])
def test_small_deviations_from_an_even_grid_are_accepted(make_header, off, warned):
    heights = [0.0, 3.0 + off, 6.0, 9.0]
    found = planned(make_header(z) for z in heights)
    assert found.grid.spacing[0] == pytest.approx(3.0)
    assert bool(found.warnings) == warned
    if warned:
        assert f"{off:.3g} mm" in found.warnings[0]


def test_a_missing_slice_is_refused_by_the_file_beside_it(make_header):
    with pytest.raises(DicomError, match=r"z6: 1 slice\(s\) missing by .* \(0020,0032\): 6 mm from there to z12"):
        planned(make_header(z) for z in (0.0, 3.0, 6.0, 12.0, 15.0))


def test_uneven_spacing_is_refused_and_may_be_ignored(make_header):
    headers = [make_header(z) for z in (0.0, 3.0, 6.0, 10.0)]
    with pytest.raises(DicomError, match="z6: uneven spacing"):
        planned(headers)
    found = planned(headers, uneven="ignore")
    assert found.grid.shape[0] == 4
    assert any("ignored" in warning for warning in found.warnings)


def test_sideways_steps_are_refused(make_header):
    headers = [make_header(z, position=(2.0 * (z == 3), 0.0, z)) for z in (0.0, 3.0, 6.0)]
    with pytest.raises(DicomError, match="straight line"):
        planned(headers)


def test_blocks_of_two_spacings_become_two_parts(make_header):
    heights = [0.0, 4.0, 8.0, 12.0, 19.0, 26.0, 33.0]
    found = parts(tuple(make_header(z) for z in heights))
    assert [[p.position[2] for p in part.planes] for part in found] == [[0, 4, 8, 12], [19, 26, 33]]
    assert [part.name for part in found] == ["4 mm", "7 mm"]
    assert [plan(part).grid.spacing[0] for part in found] == pytest.approx([4, 7])


def test_a_block_of_less_than_three_slices_is_no_block(make_header):
    (refused,) = series_of(tuple(make_header(z) for z in (0.0, 4.0, 8.0, 15.0, 22.0 + 7.0)))
    assert "uneven" in str(refused.refusal) or "missing" in str(refused.refusal)


def test_localizer_and_other_orientation_are_volumes_of_their_own(make_header):
    axial = [make_header(z) for z in (0.0, 3.0, 6.0)]
    scout = make_header(1.0, name="scout", orientation=(0, 1, 0, 0, 0, -1), image_type=("ORIGINAL", "PRIMARY", "LOCALIZER"))
    coronal = make_header(2.0, name="coronal", orientation=(1, 0, 0, 0, 0, -1))
    found = series_of((axial[0], scout, *axial[1:], coronal))
    assert {(series.name, series.shape[0]) for series in found} == {
        ("CT 3 axial", 3),
        ("CT 3 localizer sagittal", 1),
        ("CT 3 coronal", 1),
    }
    again = series_of((coronal, *axial[::-1], scout))
    assert [series.name for series in again] == [series.name for series in found]  # a part keeps its number in any order
    assert {series.uid for series in found} == {"1.2.3"}


def test_other_matrix_is_split_and_a_part_left_uneven_refuses_the_series(make_header):
    headers = [make_header(z) for z in (0.0, 3.0, 6.0, 9.0, 12.0)]
    at_the_end = [*headers, make_header(15.0, rows=16)]
    assert [series.name for series in series_of(tuple(at_the_end))] == ["CT 3 8 x 6", "CT 3 16 x 6"]
    in_the_middle = [replace(h, rows=16) if h.position[2] == 6 else h for h in headers]
    found = series_of(tuple(in_the_middle))
    assert len(found) == 2
    assert all(series.refusal is not None for series in found)


def test_orientation_noise_is_averaged_and_slight_faults_put_right(make_header):
    rng = np.random.default_rng(5)
    headers = [make_header(z, orientation=tuple(np.array([1, 0, 0, 0, 1, 0]) + rng.uniform(-1e-4, 1e-4, 6))) for z in range(5)]
    affine = planned(headers).grid.affine[:3, :3]
    assert affine[:, 1] @ affine[:, 2] == pytest.approx(0, abs=1e-12)
    np.testing.assert_allclose(np.linalg.norm(affine, axis=0), (1, 0.8, 0.7), atol=1e-6)


def test_exact_duplicates_are_dropped_and_told(make_header):
    headers = [make_header(z) for z in (0.0, 3.0, 6.0)]
    found = planned([*headers, replace(headers[1], path=headers[1].path.with_name("copy"))])
    assert len(found.planes) == 3
    assert [{kept.name, dropped.name} for kept, dropped in found.duplicates] == [{"z3", "copy"}]
    assert f"1 duplicate image(s) left out: {found.duplicates[0][1].name}." in found.warnings


def test_equal_uids_at_different_places_are_no_duplicates(make_header):
    found = planned(make_header(z, sop_uid="1.2") for z in (0.0, 3.0, 6.0))
    assert len(found.planes) == 3
    assert "SOP Instance UIDs are not unique." in found.warnings


def repeated(make_header, **differences):
    """Two images at each of three positions; each difference has the value of the first and of the second."""
    found = []
    for index, name in enumerate(("first", "second")):
        facts = {key: pair[index] for key, pair in differences.items()}
        found += [make_header(z, name=f"{name}{z:g}", **facts) for z in (0.0, 3.0, 6.0)]
    return tuple(found)


def telling(keyword, *values):
    return [{keyword: value} for value in values]


@pytest.mark.parametrize(
    ("differences", "names"),
    [
        ({"telling_apart": telling("EchoTime", (4.9,), (2.5,))}, ["echo time 2.5", "echo time 4.9"]),
        ({"telling_apart": telling("EchoNumbers", (1.0,), (2.0,))}, ["echo 1", "echo 2"]),
        ({"telling_apart": telling("AcquisitionNumber", (1.0,), (2.0,))}, ["acquisition 1", "acquisition 2"]),
        ({"image_type": [("ORIGINAL", "PRIMARY", "P"), ("ORIGINAL", "PRIMARY", "M")]}, ["m", "p"]),
    ],
)
def test_kinds_of_image_at_one_position_are_volumes_of_their_own(make_header, differences, names):
    found = parts(repeated(make_header, **differences))
    assert [part.name for part in found] == names
    assert all(plan(part).shape == (3, 8, 6) for part in found)


@pytest.mark.parametrize(
    ("modality", "keyword", "values"),
    [
        ("CT", "TemporalPositionIdentifier", [(2.0,), (1.0,)]),
        ("CT", "AcquisitionTime", [(101500.0,), (101400.5,)]),
        ("MR", "AcquisitionNumber", [(7.0,), (3.0,)]),
        ("MR", "DiffusionBValue", [(1000.0,), (0.0,)]),
        ("PT", "FrameReferenceTime", [(60000.0,), (30000.0,)]),
    ],
)
def test_time_points_at_one_position_are_an_axis_and_the_tag_is_named(make_header, modality, keyword, values):
    sop_class = {"CT": ".2", "MR": ".4", "PT": ".128"}[modality]
    headers = repeated(make_header, telling_apart=telling(keyword, *values))
    headers = [replace(h, modality=modality, sop_class="1.2.840.10008.5.1.4.1.1" + sop_class) for h in headers]
    found = planned(headers)
    assert (found.axes, found.shape) == ("tzyx", (2, 3, 8, 6))
    assert [plane.name for plane in found.planes] == ["second0", "second3", "second6", "first0", "first3", "first6"]
    assert any(keyword in warning for warning in found.warnings)


def test_an_incomplete_time_point_is_refused(make_header):
    headers = repeated(make_header, telling_apart=telling("TemporalPositionIdentifier", (1.0,), (2.0,)))
    with pytest.raises(DicomError, match=r"TemporalPositionIdentifier.*incomplete"):
        planned(headers[:-1])


def test_directions_of_one_b_value_keep_their_order(make_header):
    def image(z, number, b, direction):
        apart = {"DiffusionBValue": (b,), **({"DiffusionGradientOrientation": direction} if b else {})}
        return make_header(z, name=f"{number}", instance_number=number, telling_apart=apart)

    directions = [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)]
    headers = [
        image(z, 10 * t + i, b, direction)
        for i, z in enumerate((0.0, 3.0))
        for t, (b, direction) in enumerate([(0.0, None), *((800.0, d) for d in directions)])
    ]
    found = planned(headers[::-1])
    assert [plane.name for plane in found.planes] == ["0", "1", "10", "11", "20", "21", "30", "31"]
    mixed = [h if h.name != "21" else replace(h, telling_apart=headers[-1].telling_apart) for h in headers]
    with pytest.raises(DicomError, match="DiffusionGradientOrientation"):
        planned(mixed)


def test_images_that_differ_in_their_number_alone_are_refused_unless_the_series_counts_time_points(make_header):
    headers = [replace(h, instance_number=float(i)) for i, h in enumerate(repeated(make_header))]
    with pytest.raises(DicomError, match="lie in one plane and no tag tells them apart"):
        planned(headers)
    found = planned([replace(h, time_points=2) for h in headers])
    assert found.shape == (2, 3, 8, 6)


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"position": None}, r"ImagePositionPatient \(0020,0032\) is missing"),
        ({"position": (0.0, float("nan"), 0.0)}, "ImagePositionPatient"),
        ({"position": (0.0, 1e300, 0.0)}, "ImagePositionPatient"),
        ({"orientation": None}, r"ImageOrientationPatient \(0020,0037\) is missing"),
        ({"orientation": (0.0,) * 6}, "ImageOrientationPatient"),
        ({"orientation": (1.0, 0.0, 0.0, 0.1, 1.0, 0.0)}, "ImageOrientationPatient"),
        ({"spacing": None}, r"PixelSpacing \(0028,0030\) is missing"),
        ({"spacing": (0.8, 0.0)}, "PixelSpacing"),
        ({"spacing": (-0.8, 0.7)}, "PixelSpacing"),
        ({"spacing": (0.8, 0.75)}, r"PixelSpacing \(0028,0030\) differs"),
        ({"slope": 0.0}, r"RescaleSlope \(0028,1053\) is 0"),
        ({"slope": float("inf")}, "RescaleSlope"),
        ({"slope": None}, r"RescaleSlope \(0028,1053\) is missing"),
        ({"intercept": None}, r"RescaleIntercept \(0028,1052\) is missing"),
        ({"slope": None, "intercept": None}, "RescaleSlope"),
        ({"rescale_type": "MGML"}, "RescaleType"),
        ({"frame_of_reference": "1.5"}, "FrameOfReferenceUID"),
        ({"problem": "Rows (0028,0010) is missing"}, "Rows"),
    ],
)
def test_one_faulty_plane_refuses_the_series_by_name(make_header, facts, reason):
    headers = [make_header(z, frame_of_reference="1.4") for z in (0.0, 3.0, 6.0, 9.0)]
    headers[2] = replace(headers[2], **facts)
    (refused,) = series_of(tuple(headers))
    assert isinstance(refused.refusal, DicomError)
    with pytest.raises(DicomError, match=reason) as raised:
        refused.read()
    assert "z6" in str(raised.value) or "z0" in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        ({"image_type": ("ORIGINAL", "PRIMARY", "M", "MOSAIC")}, "mosaic"),
        ({"bits_allocated": 12}, "12 bits"),
        ({"samples": 4}, "4 samples"),
        ({"photometric": "CMYK"}, "Photometric"),
        ({"sop_class": "1.2.840.10008.5.1.4.1.1.481.2", "kind": "RT Dose Storage"}, "RT Dose is not read yet"),
        ({"sop_class": "1.2.840.10008.5.1.4.1.1.77.1.6", "kind": "VL Whole Slide Microscopy Image Storage"}, "Whole Slide"),
        ({"sop_class": "9.9", "kind": "", "modality": ""}, "SOP Class"),
        ({"transfer_syntax": "1.2.840.10008.1.2.4.55"}, "JPEG Full Progression"),
        ({"transfer_syntax": "1.2.3.4"}, "unknown"),
    ],
)
def test_other_kinds_are_refused_by_name(make_header, facts, kind):
    with pytest.raises(UnsupportedDicomError, match=kind):
        planned([make_header(0.0, **facts)])


@pytest.mark.parametrize(
    ("facts", "unit", "warned"),
    [
        ({}, "HU", False),
        ({"rescale_type": "HU"}, "HU", False),
        ({"slope": None, "intercept": None}, "stored value", True),
        ({"rescale_type": "MGML"}, "MGML", True),
        ({"rescale_type": "US"}, "", True),
        ({"modality": "MR", "sop_class": "1.2.840.10008.5.1.4.1.1.4"}, "", False),
        ({"modality": "PT", "sop_class": "1.2.840.10008.5.1.4.1.1.128", "units": "BQML"}, "BQML", True),
        ({"modality": ""}, "HU", True),
    ],
)
def test_units_and_missing_modality(make_header, facts, unit, warned):
    found = planned(make_header(z, thickness=3.0, **facts) for z in (0.0, 3.0))
    assert found.unit == unit
    assert bool(found.warnings) == warned
    assert found.modality == (facts.get("modality") or "CT")


def test_a_single_slice_takes_its_thickness(make_header):
    assert planned([make_header(thickness=2.5)]).grid.spacing[0] == 2.5
    assumed = planned([make_header(thickness=None)])
    assert assumed.grid.spacing[0] == 1.0
    assert "1 mm is assumed" in assumed.warnings[0]


def test_slices_of_different_origin_are_no_volume(make_header):
    headers = [make_header(z) for z in (0.0, 3.0, 6.0)]
    for changes, tag in (
        ({"patient": "another"}, "PatientID"),
        ({"modality": "MR"}, "Modality"),
        ({"photometric": "MONOCHROME1"}, "PhotometricInterpretation"),
    ):
        with pytest.raises(DicomError, match=tag):
            planned([*headers[:2], replace(headers[2], **changes)])
    found = planned([*headers[:2], replace(headers[2], study_uid="9.9")])
    assert any("several studies" in warning for warning in found.warnings)


def test_half_of_a_concatenation_is_refused(make_header):
    def file(number):
        return [make_header(3.0 * z, concatenation=("1.2", number, 2)) for z in (2 * number, 2 * number + 1)]

    assert planned([*file(2), *file(1)]).shape == (4, 8, 6)
    with pytest.raises(DicomError, match="1 of 2 files of a concatenation"):
        planned(file(1))


def test_times_across_midnight_go_by_their_dates_and_are_refused_without(make_header):
    late, early = (20200101.0, 235950.0), (20200102.0, 10.0)
    found = planned(repeated(make_header, telling_apart=telling("AcquisitionTime", early, late)))
    assert [plane.name for plane in found.planes[:3]] == ["second0", "second3", "second6"]
    with pytest.raises(DicomError, match="midnight"):
        planned(repeated(make_header, telling_apart=telling("AcquisitionTime", early[1:], late[1:])))


def test_directions_alone_tell_diffusion_images_apart(make_header):
    ways = [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0)]
    headers = repeated(
        make_header, telling_apart=[{"DiffusionBValue": (800.0,), "DiffusionGradientOrientation": w} for w in ways]
    )
    headers = [replace(h, instance_number=float(i)) for i, h in enumerate(headers)]
    found = planned(headers)
    assert found.shape == (2, 3, 8, 6)
    assert "2 diffusion weightings by DiffusionGradientOrientation (0018,9089)." in found.warnings


def test_one_time_point_can_be_chosen(make_header):
    headers = repeated(make_header, telling_apart=telling("TemporalPositionIdentifier", (1.0,), (2.0,)))
    found = planned(headers, time=2)
    assert (found.axes, found.shape, found.name) == ("zyx", (3, 8, 6), "CT 3 time 2")
    assert [plane.name for plane in found.planes] == ["second0", "second3", "second6"]
    with pytest.raises(DicomError, match="there is no time point 3, there are 2"):
        planned(headers, time=3)


def test_a_slice_close_beside_another_makes_no_blocks(make_header):
    heights = (0.0, 2.5, 5.0, 7.5, 7.504, 10.0, 12.5, 15.0)
    with pytest.raises(DicomError):
        planned(make_header(z) for z in heights)
