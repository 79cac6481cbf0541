"""The dock's table: what it says of each series, its pictures, what cannot be chosen, and what is told."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread
from qtpy.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from qtpy.QtGui import QDragEnterEvent, QDropEvent

import napari_hounsfield as nh
from napari_hounsfield._napari import readers
from napari_hounsfield._napari.layers import layer_tuples
from napari_hounsfield._napari.open_dicom import OpenDicom
from napari_hounsfield._napari.series_rows import summary, table_rows
from napari_hounsfield._napari.thumbnails import BOX, thumbnail_steps
from napari_hounsfield.demo.phantom import PhantomParams, chest_phantom
from napari_hounsfield.demo.series_writer import write_series
from napari_hounsfield.operation import finish as finish_steps


@pytest.fixture(scope="module")
def volume() -> nh.Volume:
    return chest_phantom(PhantomParams(slices=8, matrix=32)).volume


@pytest.fixture(scope="module")
def whole(volume: nh.Volume, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole") / "CT"
    finish_steps(write_series(volume, folder))
    return folder


@pytest.fixture(scope="module")
def study(volume: nh.Volume, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole series, one of it without a slice, and a text."""
    folder = tmp_path_factory.mktemp("study")
    finish_steps(write_series(volume, folder / "a"))
    finish_steps(write_series(volume, folder / "b", seed=5))
    sorted((folder / "b").iterdir())[3].unlink()
    (folder / "notes.txt").write_text("no image")
    return folder


@pytest.fixture
def dock(viewer: Any, qtbot: Any) -> OpenDicom:
    made = OpenDicom(viewer)
    qtbot.addWidget(made)
    return made


@pytest.fixture
def listed(dock: OpenDicom, qtbot: Any) -> Callable[[Path], OpenDicom]:
    def look(path: Path) -> OpenDicom:
        dock.look_into(path)
        qtbot.waitUntil(lambda: len(dock.table.rows) > 0)
        return dock

    return look


def test_rows_say_matrix_spacing_and_size(study: Path, volume: nh.Volume) -> None:
    found = nh.scan(study)
    rows = table_rows(found)
    spacing = " x ".join(f"{size:.3g}" for size in volume.spacing[::-1])
    assert rows[0].words[:3] == ("CT 1\nCT phantom", f"32 x 32 x 8\n{spacing}", "16 kB")
    assert rows[1].refusal.startswith("CT 1 (32 x 32, 7 images) cannot be read: ")
    assert summary(found, rows) == f"{study.name}: 1 series; 1 cannot be read; 1 other file"


def test_refused_series_is_explained_and_cannot_be_chosen(listed: Any, study: Path, said: Any) -> None:
    dock = listed(study)
    refused = dock.table.topLevelItem(1)
    assert "cannot be read" in refused.text(0)
    assert not refused.flags() & Qt.ItemFlag.ItemIsSelectable
    dock.table.selectAll()
    assert [series.refusal for series in dock.selected] == [None]
    assert said() == [], "the table says it: no notification beside it"


def test_warnings_of_the_selected_are_shown_and_not_told_again(
    listed: Any, whole: Path, tmp_path: Path, finish: Any, said: Any, viewer: Any
) -> None:
    for number, file in enumerate(sorted(whole.iterdir())):
        data = dcmread(file)
        data.LossyImageCompression = "01"
        data.save_as(tmp_path / str(number))
    dock = listed(tmp_path)
    assert dock._warnings.value.startswith("⚠ CT 1: Lossy compression")
    assert "⚠" in dock.table.topLevelItem(0).text(0)
    dock.open()
    finish(dock._bar)
    assert len(viewer.layers) == 1
    assert said() == []


def test_warnings_are_told_where_there_is_no_table(whole: Path, tmp_path: Path, make_napari_viewer: Any, said: Any) -> None:
    for number, file in enumerate(sorted(whole.iterdir())):
        data = dcmread(file)
        data.LossyImageCompression = "01"
        data.save_as(tmp_path / str(number))
    make_napari_viewer().open(tmp_path, plugin="napari-hounsfield")
    assert len(said()) == 1
    assert said()[0].startswith("CT 1: Lossy compression")


def test_pictures_come_after_the_rows(listed: Any, study: Path, qtbot: Any) -> None:
    dock = listed(study)
    qtbot.waitUntil(lambda: all(job.finished for job in dock._jobs))
    image = dock.table.topLevelItem(0).icon(0).pixmap(BOX, BOX).toImage()
    shades = {image.pixelColor(x, BOX // 2).red() for x in range(BOX)}
    assert len(shades) > 5


def test_picture_has_square_pixels_and_the_slice_in_its_window(whole: Path) -> None:
    pictures = [step.result for step in thumbnail_steps(nh.scan(whole).series)]
    ((index, picture),) = pictures
    assert index == 0
    assert picture.shape == (BOX, BOX, 3)
    assert picture.dtype == np.uint8
    assert picture.min() < 20
    assert picture.max() > 150


def test_another_path_cancels_the_pictures(listed: Any, study: Path) -> None:
    dock = listed(study)
    jobs = list(dock._jobs)
    dock._path.value = "elsewhere"
    assert all(job.cancelled for job in jobs)
    assert dock.table.rows == []


def test_folder_dropped_on_the_dock_is_listed(dock: OpenDicom, study: Path, qtbot: Any) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(study))])
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    entering = QDragEnterEvent(QPoint(5, 5), copy, mime, left, none)
    dock.dragEnterEvent(entering)
    assert entering.isAccepted()
    dock.dropEvent(QDropEvent(QPointF(5, 5), copy, mime, left, none))
    qtbot.waitUntil(lambda: len(dock.table.rows) == 2)


def test_archive_is_listed_and_opened(
    listed: Any, whole: Path, tmp_path: Path, volume: nh.Volume, viewer: Any, finish: Any
) -> None:
    with zipfile.ZipFile(tmp_path / "study.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for file in whole.iterdir():
            archive.write(file, f"A/{file.stem}")
    assert readers.dicom_reader(str(tmp_path / "study.zip")) is not None
    dock = listed(tmp_path / "study.zip")
    dock.open()
    finish(dock._bar)
    assert np.array_equal(nh.from_layer(viewer.layers[0]).array, volume.array)


def test_archive_of_other_things_is_left_to_others(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("notes.txt", "no image" * 100)
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 nothing")
    assert readers.dicom_reader(str(tmp_path / "other.zip")) is None
    assert readers.dicom_reader(str(tmp_path / "broken.zip")) is None


def test_window_of_the_file_decides_unless_it_shows_nothing() -> None:
    array = np.arange(64, dtype=np.int16).reshape(1, 8, 8)
    given = {"affine": np.eye(4), "unit": "HU", "modality": "CT"}
    assert layer_tuples(nh.Volume(array, window=(5, 40), **given))[0][1]["contrast_limits"] == (5, 40)
    assert layer_tuples(nh.Volume(array, window=(500, 600), **given))[0][1]["contrast_limits"] == (-1000, 400)
    assert layer_tuples(nh.Volume(array, window=(5, 40), **given), preset="lung")[0][1]["contrast_limits"] == (-1350, 150)


def test_look_of_inverted_coloured_and_timed_images(viewer: Any) -> None:
    plane = np.arange(64, dtype=np.int16).reshape(1, 8, 8)
    (inverted,) = nh.show(viewer, nh.Volume(plane, np.eye(4), modality="DX", inverted=True))
    assert inverted.colormap.name == "gray_r"
    colours = np.zeros((1, 8, 8, 3), np.uint8)
    (coloured,) = nh.show(viewer, nh.Volume(colours, np.eye(4), axes="zyxc", modality="US"))
    assert coloured.rgb
    assert coloured.axis_labels == ("z", "y", "x")
    (timed,) = nh.show(viewer, nh.Volume(np.stack([plane] * 5), np.eye(4), axes="tzyx", modality="MR"))
    assert timed.axis_labels == ("t", "z", "y", "x")
    assert [str(unit) for unit in timed.units] == ["pixel", "millimeter", "millimeter", "millimeter"]
    assert nh.from_layer(timed).axes == "tzyx"


def test_option_makes_a_refused_series_readable(listed: Any, study: Path, qtbot: Any, finish: Any, viewer: Any) -> None:
    dock = listed(study)
    assert [bool(row.reason) for row in dock.table.rows] == [False, True]
    dock._options.fields.inputs["uneven"].value = "resample"
    qtbot.waitUntil(lambda: [bool(row.reason) for row in dock.table.rows] == [False, False])
    dock.table.select(1)
    dock.open()
    finish(dock._bar)
    assert viewer.layers[0].data.shape == (8, 32, 32)


def test_options_that_choose_a_series_are_left_to_the_table(dock: OpenDicom) -> None:
    dock.show()
    dock._options._toggle()
    shown = {name for name, widget in dock._options.fields.inputs.items() if widget.native.isVisible()}
    assert shown == set(nh.ReadParams.model_fields) - {"series", "part"}


def test_text_of_a_file_is_never_markup(listed: Any, whole: Path, tmp_path: Path) -> None:
    for number, file in enumerate(sorted(whole.iterdir())):
        data = dcmread(file)
        data.SeriesDescription = "<img src='file:///x'> a & b"
        data.save_as(tmp_path / str(number))
    dock = listed(tmp_path)
    item = dock.table.topLevelItem(0)
    assert item.text(0).endswith("<img src='file:///x'> a & b")
    assert "<img" not in item.toolTip(0)
    assert dock._said.native.textFormat() == Qt.TextFormat.PlainText


def test_segmentation_in_an_archive_is_opened(whole: Path, tmp_path: Path, listed: Any, finish: Any, viewer: Any) -> None:
    (scan,) = nh.scan(whole).series
    image = scan.read()
    written = nh.write(tmp_path / "bone.dcm", nh.threshold(image, nh.ThresholdParams(tissue="bone")), source=image)
    with zipfile.ZipFile(tmp_path / "labels.zip", "w") as archive:
        archive.write(written, "bone")
    dock = listed(tmp_path / "labels.zip")
    assert dock.table.rows[0].matrix == "labels"
    dock.open()
    finish(dock._bar)
    assert viewer.layers[0].data.any()
