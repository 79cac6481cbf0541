"""Structured reports of measurements: conformant, and the same numbers and names in dcmqi and here."""

from __future__ import annotations

import csv
import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import napari_hounsfield as nh

SHAPE = (6, 12, 10)
AXIAL = nh.axial_affine((3, 0.7, 0.8), (-30.5, 20, -300))
NAMES = {2: "left lung", 7: "Łysa góra 肺", 40: "nodule", 41: "gone"}
CODED = {
    "volume_ml": ("Volume", "", "cm3"),
    "mesh_volume_ml": ("Volume of Mesh", "", "cm3"),
    "surface_mm2": ("Surface Area of Mesh", "", "mm2"),
    "sphericity": ("Sphericity", "", "1"),
    "plane_diameter_mm": ("Long axis", "", "mm"),
    "plane_perpendicular_mm": ("Short axis", "", "mm"),
    "diameter_mm": ("Maximum 3D Diameter of a Mesh", "", "mm"),
    "mean": ("Attenuation Coefficient", "Mean", "[hnsf'U]"),
    "sd": ("Attenuation Coefficient", "Standard Deviation", "[hnsf'U]"),
    "median": ("Attenuation Coefficient", "Median", "[hnsf'U]"),
    "min": ("Attenuation Coefficient", "Minimum", "[hnsf'U]"),
    "max": ("Attenuation Coefficient", "Maximum", "[hnsf'U]"),
}


@pytest.fixture
def labels(ct_series: Any) -> nh.LabelMap:
    """Three classes and one without voxels, on a series."""
    array = np.zeros(SHAPE, np.uint8)
    array[1:5, 2:9, 2:8], array[2, 4, 4:6], array[0, 0, 0], array[5, 10, 9] = 2, 7, 40, 40
    return nh.LabelMap(array, AXIAL, NAMES, source=ct_series(AXIAL, SHAPE))


@pytest.fixture
def segmentation(labels: nh.LabelMap, tmp_path: Path) -> Path:
    """The labels as DICOM SEG."""
    return nh.write(tmp_path / "labels.dcm", labels)


def _image(labels: nh.LabelMap, unit: str = "HU", modality: str = "CT") -> nh.Volume:
    array = np.random.default_rng(0).normal(0, 300, SHAPE).astype(np.float32)
    return nh.Volume(array, AXIAL, unit=unit, modality=modality, source=labels.source)


def _expected(one: Any) -> dict[tuple[str, str, str], float]:
    return {code: getattr(one, key) for key, code in CODED.items()}


def test_written_and_read_back(labels: nh.LabelMap, segmentation: Path, tmp_path: Path, dicom_errors: Any) -> None:
    measured = nh.measure(_image(labels), nh.read_labels(segmentation))
    path = nh.write(tmp_path / "m.sr.dcm", measured, source=segmentation)
    assert dicom_errors(path) == []
    found = nh.read_measurements(path)
    assert [(g.name, g.segment, g.finding.meaning if g.finding else "") for g in found.groups] == [
        ("left lung", 1, "Lung"), ("Łysa góra 肺", 2, "Tissue"), ("nodule", 3, "Nodule"),
    ]  # fmt: skip
    for group, one in zip(found.groups, measured.classes, strict=True):
        values = {(v.quantity.meaning, v.derivation.meaning if v.derivation else "", v.unit.value): v.value for v in group.values}
        assert values == pytest.approx(_expected(one), rel=1e-9)
    with open(nh.write(tmp_path / "m.csv", found), encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 3 * len(CODED)
    assert rows[0] | {"value": ""} == {
        "name": "left lung", "finding": "Lung", "site": "", "segment": "1", "quantity": "Volume", "derivation": "", "value": "",
        "unit": "cm3", "code": "SCT 118565006",
    }  # fmt: skip
    assert json.loads(nh.write(tmp_path / "m.json", found).read_text())["groups"][2]["name"] == "nodule"
    assert "Attenuation Coefficient" in "\n".join(found.table())


def test_it_refers_to_the_segmentation_and_carries_its_patient(labels: nh.LabelMap, segmentation: Path, tmp_path: Path) -> None:
    from pydicom import dcmread

    report = dcmread(nh.write(tmp_path / "m.sr.dcm", nh.measure(_image(labels), labels), source=str(segmentation)))
    seg = dcmread(segmentation)
    assert (report.PatientID, str(report.PatientName), report.StudyInstanceUID) == (
        "CANARY-ID",
        "Canary^Patient",
        seg.StudyInstanceUID,
    )
    evidence = report.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence[0]
    assert evidence.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == seg.SOPInstanceUID
    assert report.SOPClassUID == "1.2.840.10008.5.1.4.1.1.88.22"


@pytest.mark.parametrize(
    ("unit", "modality", "quantity", "in_unit"),
    [("SUV", "PT", "SUVbw", "{SUVbw}g/ml"), ("", "MR", "MR signal intensity", "1"), ("stored value", "CT", "Pixel value", "1")],
)
def test_units_decide_the_quantity(labels, segmentation, tmp_path, dicom_errors, unit, modality, quantity, in_unit) -> None:
    image = _image(labels, unit, modality)
    measured = nh.measure(image, labels)
    path = nh.write(tmp_path / "m.sr.dcm", measured, source=segmentation)
    assert dicom_errors(path) == []
    values = {v.name: v for v in nh.read_measurements(path).groups[0].values}
    assert values[f"{quantity}, Mean"].value == pytest.approx(measured.classes[0].mean)
    assert values[f"{quantity}, Mean"].unit.value == in_unit
    assert ("Total Lesion Glycolysis" in values) == (unit == "SUV")
    if unit == "SUV":
        assert values["SUVbw, Peak Value Within ROI"].value == pytest.approx(measured.classes[0].suv_peak)
        assert values["Metabolic Volume"].value == pytest.approx(measured.classes[0].volume_ml)


def test_objects_are_groups_of_their_own(labels: nh.LabelMap, segmentation: Path, tmp_path: Path, dicom_errors: Any) -> None:
    measured = nh.measure(_image(labels), labels, nh.MeasureParams(objects=True, shape=False))
    path = nh.write(tmp_path / "m.sr.dcm", measured, source=segmentation)
    assert dicom_errors(path) == []
    named = [(group.name, group.segment) for group in nh.read_measurements(path).groups]
    assert named[3:] == [
        ("left lung, object 1", 1), ("Łysa góra 肺, object 1", 2), ("nodule, object 1", 3), ("nodule, object 2", 3),
    ]  # fmt: skip


def test_what_has_no_segmentation_is_refused(labels: nh.LabelMap, segmentation: Path, tmp_path: Path, ct_series: Any) -> None:
    target = tmp_path / "m.sr.dcm"
    image = _image(labels)
    measured = nh.measure(image, labels)
    other = replace(image, source=nh.Source("1.2.3", ()))
    for data, source, reason in [
        (measured, None, "refers to a DICOM SEG: give its path"),
        (measured, labels.source, "refers to a DICOM SEG: give its path"),
        (labels, segmentation, "LabelMap holds no measurements"),
        (measured, labels.source.files[0], "refers to a DICOM segmentation, and this is none"),  # type: ignore[union-attr]
        (measured, tmp_path / "none.dcm", "none.dcm: "),
        (nh.measure(other, labels), segmentation, "another series"),
        (nh.measure(image, replace(labels, classes=NAMES | {7: "liver"})), segmentation, "no segment 7 of the name"),
        (nh.measure(image, replace(labels, array=labels.array // 9)), segmentation, "no segment 4|nothing was measured"),
    ]:
        with pytest.raises((nh.DicomError, nh.WriteError), match=reason) as caught:
            nh.write(target, data, source=source)
        assert "\n" not in str(caught.value)
        assert "CANARY" not in str(caught.value)
    assert not target.exists()


def test_what_is_no_report_is_refused(labels: nh.LabelMap, segmentation: Path, tmp_path: Path) -> None:
    from pydicom import dcmread

    path = nh.write(tmp_path / "m.sr.dcm", nh.measure(_image(labels), labels), source=segmentation)
    with pytest.raises(nh.DicomError, match=r"^labels\.dcm: not a DICOM Structured Report"):
        nh.read_measurements(segmentation)
    (tmp_path / "junk").write_bytes(b"junk")
    with pytest.raises(nh.DicomError, match=r"^junk: not DICOM"):
        nh.read_measurements(tmp_path / "junk")
    report = dcmread(path)
    del report.ContentSequence[-1]
    report.save_as(tmp_path / "empty.dcm")
    with pytest.raises(nh.DicomError, match=r"^empty\.dcm: a report without measurement groups"):
        nh.read_measurements(tmp_path / "empty.dcm")


@pytest.mark.parametrize("cuts", [6, pytest.param(40, marks=pytest.mark.slow)])
def test_truncated_at_any_place(labels: nh.LabelMap, segmentation: Path, tmp_path: Path, cuts: int) -> None:
    measured = nh.measure(_image(labels), labels, nh.MeasureParams(shape=False))
    whole = nh.write(tmp_path / "m.sr.dcm", measured, source=segmentation).read_bytes()
    for part in np.linspace(140, len(whole) - 2, cuts).astype(int):
        (tmp_path / "cut.dcm").write_bytes(whole[:part])
        try:
            nh.read_measurements(tmp_path / "cut.dcm")
        except nh.DicomError as error:
            assert str(error).startswith("cut.dcm: ")  # noqa: PT017


def test_the_command_line_writes_a_report(labels: nh.LabelMap, segmentation: Path, tmp_path: Path, capsys: Any) -> None:
    from napari_hounsfield.cli import main

    series = str(labels.source.files[0].parent)  # type: ignore[union-attr]
    out = tmp_path / "m.sr.dcm"
    assert main(["measure", series, str(segmentation), "--out", str(out), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["files"] == [str(out)]
    with pytest.raises(nh.UnsupportedDicomError, match="holds no image; `read_measurements` reads"):
        nh.read(out)
    found = nh.read_measurements(out)
    assert [group.values[0].value for group in found.groups] == pytest.approx([c["volume_ml"] for c in said["classes"]])
    nh.write(tmp_path / "labels.nii.gz", labels)
    for given, reason in [(tmp_path / "labels.nii.gz", "LABELS must be one"), (segmentation, "exists already")]:
        assert main(["measure", series, str(given), "--out", str(out if given == segmentation else tmp_path / "b.sr.dcm")]) == 2
        assert reason in capsys.readouterr().err


def _dcmqi(name: str) -> Path:
    """A program of dcmqi."""
    dcmqi = pytest.importorskip("dcmqi")
    return Path(dcmqi.__file__).parent / "bin" / (f"{name}.exe" if os.name == "nt" else name)


@pytest.mark.slow
def test_dcmqi_reads_the_same(labels: nh.LabelMap, segmentation: Path, tmp_path: Path) -> None:
    program = _dcmqi("tid1500reader")
    measured = nh.measure(_image(labels), labels)
    path = nh.write(tmp_path / "m.sr.dcm", measured, source=segmentation)
    told = tmp_path / "m.json"
    subprocess.run([program, "--inputDICOM", path, "--outputMetadata", told], check=True, capture_output=True, timeout=120)
    groups = json.loads(told.read_text(encoding="utf-8"))["Measurements"]
    assert [(g["TrackingIdentifier"], g["ReferencedSegment"]) for g in groups] == [
        ("left lung", 1), ("Łysa góra 肺", 2), ("nodule", 3),
    ]  # fmt: skip
    for group, one in zip(groups, measured.classes, strict=False):
        values = {
            (
                item["quantity"]["CodeMeaning"],
                item.get("derivationModifier", {}).get("CodeMeaning", ""),
                item["units"]["CodeValue"],
            ): float(item["value"])
            for item in group["measurementItems"]
        }
        assert values == pytest.approx(_expected(one), rel=1e-9)


@pytest.mark.slow
def test_what_dcmqi_writes_is_read(labels: nh.LabelMap, segmentation: Path, tmp_path: Path) -> None:
    from pydicom import dcmread

    def code(value: str, meaning: str, scheme: str = "SCT") -> dict[str, str]:
        return {"CodeValue": value, "CodingSchemeDesignator": scheme, "CodeMeaning": meaning}

    def item(value: str, quantity: Any, unit: Any, **more: Any) -> dict[str, Any]:
        return {"value": value, "quantity": quantity, "units": unit, **more}

    liver, hounsfield = code("10200004", "Liver"), code("[hnsf'U]", "Hounsfield unit", "UCUM")
    mean = {"derivationModifier": code("373098007", "Mean")}
    group = {
        "TrackingIdentifier": "group 1",
        "ReferencedSegment": 2,
        "SourceSeriesForImageSegmentation": labels.source.series_uid,  # type: ignore[union-attr]
        "segmentationSOPInstanceUID": str(dcmread(segmentation).SOPInstanceUID),
        "Finding": liver,
        "FindingSite": liver,
        "measurementItems": [
            item("37.5", code("112031", "Attenuation Coefficient", "DCM"), hounsfield, **mean),
            item("70.25", code("118565006", "Volume"), code("cm3", "cubic centimeter", "UCUM")),
        ],
    }
    schema = "https://raw.githubusercontent.com/qiicr/dcmqi/master/doc/schemas/sr-tid1500-schema.json#"
    described = {
        "@schema": schema, "SeriesDescription": "Measurements", "SeriesNumber": "1", "InstanceNumber": "1", "imageLibrary": [],
        "compositeContext": [segmentation.name], "observerContext": {"ObserverType": "PERSON", "PersonObserverName": "Reader"},
        "VerificationFlag": "VERIFIED", "CompletionFlag": "COMPLETE", "activitySession": "1", "timePoint": "1",
        "Measurements": [group],
    }  # fmt: skip
    told, out = tmp_path / "told.json", tmp_path / "theirs.dcm"
    told.write_text(json.dumps(described), encoding="utf-8")
    folders = ["--inputImageLibraryDirectory", tmp_path / "series", "--inputCompositeContextDirectory", tmp_path]
    command = [_dcmqi("tid1500writer"), "--inputMetadata", told, *folders, "--outputDICOM", out]
    subprocess.run([str(word) for word in command], check=True, capture_output=True, timeout=120)
    (found,) = nh.read_measurements(out).groups
    assert (found.name, found.segment, found.finding.meaning) == ("group 1", 2, "Liver")  # type: ignore[union-attr]
    assert [(value.name, value.value) for value in found.values] == [("Attenuation Coefficient, Mean", 37.5), ("Volume", 70.25)]
