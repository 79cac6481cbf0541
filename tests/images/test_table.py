import shutil

import pytest
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from napari_hounsfield.errors import DicomError, FormatError, ParameterError
from napari_hounsfield.images.table import read_image_table


@pytest.fixture
def folder(tmp_path):
    for name in ("a.png", "b.png", "c.png"):
        Image.new("L", (9, 8)).save(tmp_path / name)
    return tmp_path


def written(folder, text):
    (folder / "table.csv").write_text(text, encoding="utf-8")
    return folder / "table.csv"


def test_rows_with_patients_in_order_and_classes_sorted(folder):
    table = read_image_table(written(folder, "Path;Label;Patient;age\nc.png;sick;P1;3\na.png;fit;P1;4\nb.png;fit;P2;5\n"))
    assert [(entry.path.name, entry.label, entry.patient, entry.row) for entry in table.entries] == [
        ("c.png", "sick", "P1", 2),
        ("a.png", "fit", "P1", 3),
        ("b.png", "fit", "P2", 4),
    ]
    assert table.classes == ("fit", "sick")
    assert table.notes == ("column 'age' is not read",)
    assert "P1" not in repr(table)
    assert "c.png" not in repr(table)


def test_without_patients_every_image_is_of_one_of_its_own(folder):
    table = read_image_table(written(folder, "path,label\na.png,x\nb.png,y\nc.png,y\n"))
    assert len({entry.patient for entry in table.entries}) == 3


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("path,label\n", "holds no image"),
        ("path,patient\na.png,P\n", "has no column label"),
        ("path,label\na.png,x\nb.png,x\n", "one class"),
        ("path,label\na.png,x\nb.png,\n", "line 3 has no label"),
        ("path,label\na.png,x\nzz.png,y\n", "line 3: no such file"),
        ("path,label\na.png,x\nb.png,y\n./a.png,y\n", "line 4 has the image of line 2 with another label"),
        ("path,label,patient\na.png,x,P1\nb.png,y,P2\na.png,x,P3\n", "line 4 has the image of line 2 with another patient"),
        ("path,label,patent\na.png,x,1\nb.png,y,2\n", "is it 'patient'"),
        ("path,label\na.png,x,1\nb.png,y\n", "line 2 has more cells"),
    ],
)
def test_bad_tables_are_refused_by_line_in_one_line(folder, text, reason):
    with pytest.raises(FormatError, match=reason) as caught:
        read_image_table(written(folder, text))
    assert "\n" not in str(caught.value)
    assert ".png" not in str(caught.value)


def test_a_row_that_repeats_another_is_told(folder):
    table = read_image_table(written(folder, "path,label\na.png,x\nb.png,y\na.png,x\n"))
    assert len(table.entries) == 2
    assert table.notes == ("line 4 repeats line 2, and is left out",)


def test_digest_follows_the_rows_and_not_the_place(folder, tmp_path_factory):
    text = "path,label\na.png,x\nb.png,y\n"
    other = tmp_path_factory.mktemp("moved")
    for path in folder.iterdir():
        (other / path.name).write_bytes(path.read_bytes())
    digest = read_image_table(written(folder, text)).digest
    assert read_image_table(written(other, text)).digest == digest
    assert read_image_table(written(folder, text.replace("b.png", "c.png"))).digest != digest


def test_one_folder_a_class(folder):
    for name in ("x", "y", ".hidden"):
        (folder / name).mkdir()
        shutil.copy(folder / "a.png", folder / name / "1.png")
    table = read_image_table(folder)
    assert [(entry.label, entry.path.name) for entry in table.entries] == [("x", "1.png"), ("y", "1.png")]


def header(path, patient, view, series):
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.7", generate_uid()
    dataset.PatientID, dataset.ViewPosition, dataset.SeriesInstanceUID, dataset.Rows = patient, view, series, 8
    dataset.file_meta = Dataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    path.parent.mkdir(exist_ok=True)
    dataset.save_as(path, enforce_file_format=True)


def test_labels_from_a_dicom_attribute(tmp_path):
    series = generate_uid()
    for number in range(3):
        header(tmp_path / "one" / f"{number}.dcm", "Doe^1", "AP", series)
    header(tmp_path / "two" / "0.dcm", "Doe^1", "PA", generate_uid())
    header(tmp_path / "two" / "1.dcm", "Roe", "PA", generate_uid())
    header(tmp_path / "two" / "2.dcm", "", "", generate_uid())
    (tmp_path / "two" / "notes.txt").write_text("no image")
    table = read_image_table(tmp_path, tag="ViewPosition")
    assert [(entry.path.name, entry.label) for entry in table.entries] == [("one", "AP"), ("0.dcm", "PA"), ("1.dcm", "PA")]
    patients = [entry.patient for entry in table.entries]
    assert patients[0] == patients[1] != patients[2]
    assert not any("oe" in patient for patient in patients)
    assert table.notes == ("1 files are no DICOM images", "1 images have no ViewPosition, and are left out")
    with pytest.raises(ParameterError, match="no keyword"):
        read_image_table(tmp_path, tag="Nonsense")
    with pytest.raises(DicomError, match="has a Laterality"):
        read_image_table(tmp_path, tag="Laterality")
