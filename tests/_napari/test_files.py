"""Files in and out of the viewer: readers, writers, sample data, *Open DICOM* and *Export*."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.layers import Layer
from pydicom import dcmread

import napari_hounsfield as nh
from napari_hounsfield._napari import readers
from napari_hounsfield._napari.export import Export
from napari_hounsfield._napari.open_dicom import OpenDicom
from napari_hounsfield._napari.sample_data import chest_phantom
from napari_hounsfield._napari.writers import write_layer
from napari_hounsfield.demo.phantom import PhantomParams
from napari_hounsfield.demo.phantom import chest_phantom as phantom
from napari_hounsfield.demo.series_writer import write_series
from napari_hounsfield.operation import finish as finish_steps


@pytest.fixture(scope="module")
def small() -> Any:
    return phantom(PhantomParams(slices=8, matrix=32))


@pytest.fixture(scope="module")
def series(small: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ct") / "CT"
    finish_steps(write_series(small.volume, folder))
    return folder


@pytest.fixture(scope="module")
def two_series(series: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same series twice under one folder, the second with other UIDs and one slice less."""
    folder = tmp_path_factory.mktemp("study")
    for index, file in enumerate(sorted(series.iterdir())):
        data = dcmread(file)
        data.save_as(folder / f"a{index}")
        data.SeriesInstanceUID += ".7"
        data.SOPInstanceUID += ".7"
        data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
        data.SeriesNumber = 9
        if index:
            data.save_as(folder / f"b{index}")
    (folder / "notes.txt").write_text("no image")
    return folder


def test_reader_takes_folders_of_dicom_only(series: Path, two_series: Path, tmp_path: Path) -> None:
    assert readers.dicom_reader(str(series)) is not None
    assert readers.dicom_reader(str(two_series)) is not None, "without endings, by content"
    assert readers.dicom_reader(str(tmp_path)) is None
    (tmp_path / "a.txt").write_text("x" * 200)
    assert readers.dicom_reader(str(tmp_path)) is None


def test_small_series_is_read_at_once(series: Path, small: Any) -> None:
    reader = readers.dicom_reader(str(series))
    assert reader is not None
    (layer,) = [Layer.create(*one) for one in reader(str(series))]
    assert np.array_equal(nh.from_layer(layer).array, small.volume.array)
    assert tuple(layer.contrast_limits) == (nh.read(series)[0].window or (-1000, 400)), "the file's own window, if it has one"


def test_without_a_viewer_all_series_are_read(two_series: Path) -> None:
    layers = readers.read_dicom(str(two_series))
    assert sorted(layer[0].shape[0] for layer in layers) == [7, 8]


def test_volume_formats_are_read_and_written(ct: nh.Volume, viewer: Any, tmp_path: Path) -> None:
    (layer,) = nh.show(viewer, ct)
    (mask,) = nh.show(viewer, nh.threshold(ct))
    for name, shown in [("a.nii.gz", layer), ("a.nrrd", layer), ("m.nii.gz", mask), ("m.seg.nrrd", mask)]:
        data, meta, _ = shown.as_layer_data_tuple()
        assert write_layer(str(tmp_path / name), data, meta) == [str(tmp_path / name)]
        (read,) = [Layer.create(*one) for one in readers.read_files(str(tmp_path / name))]
        assert np.allclose(read.translate, shown.translate, atol=1e-3), name
        assert np.array_equal(read.data, shown.data), name


def test_labels_without_names_open_as_labels_or_are_converted(viewer: Any, tmp_path: Path) -> None:
    from napari.layers import Labels
    from napari.layers._layer_actions import _convert_to_labels

    from napari_hounsfield._napari.editor.register import editing_of

    affine = nh.axial_affine((3, 1, 1), (-10, -20, 30)) @ np.diag([1.0, -1, 1, 1])
    few = np.pad(np.ones((4, 9, 9), np.int16), 3)
    many = few * np.arange(15, dtype=np.int16) * 10 + np.arange(10, dtype=np.int16)[:, None, None]
    for name, array in (("few.nii.gz", few), ("many.nii.gz", many)):
        nh.write(tmp_path / name, nh.Volume(array, affine))
        (read,) = [Layer.create(*one) for one in readers.read_files(str(tmp_path / name))]
        assert isinstance(read, Labels) == (array is few)
        viewer.layers.append(read)
        if array is many:
            viewer.layers.selection = {read}
            _convert_to_labels(viewer.layers)  # napari's own, in the menu of the layer
        labels = nh.from_layer(viewer.layers[-1])
        assert isinstance(labels, nh.LabelMap)
        assert np.array_equal(labels.array, array)
        assert np.allclose(labels.affine, affine)
        editing = editing_of(viewer.layers[-1], viewer)
        assert np.shares_memory(editing.editor.array, viewer.layers[-1].data)
        editing.cancel()


def test_writing_says_what_is_wrong(ct: nh.Volume, viewer: Any, tmp_path: Path) -> None:
    (mask,) = nh.show(viewer, nh.threshold(ct))
    data, meta, _ = mask.as_layer_data_tuple()
    with pytest.raises(RuntimeError, match="DICOM series"):
        write_layer(str(tmp_path / "a.dcm"), data, meta)
    with pytest.raises(RuntimeError, match="DICOM series"):
        mask.save(str(tmp_path / "a.dcm"))
    assert list(tmp_path.iterdir()) == []


def test_labels_that_napari_made_belong_to_the_image_they_lie_on(
    make_napari_viewer: Any, series: Path, small: Any, tmp_path: Path, finish: Any, qtbot: Any, said: Any
) -> None:
    viewer = make_napari_viewer()
    viewer.add_layer(Layer.create(*readers.read_dicom(str(series))[0]))
    viewer._new_labels()
    drawn = viewer.layers[-1]
    drawn.data[3:5, 10:14, 20:27] = 3
    masked = np.asarray(viewer.layers[0].data)[drawn.data > 0]
    viewer.layers.save(str(tmp_path / "saved.dcm"), selected=True)
    viewer.layers.selection.active = drawn
    dock = Export(viewer)
    qtbot.addWidget(dock)
    dock._format.value = "DICOM contours (.rtstruct.dcm)"
    dock._path.value = tmp_path / "exported"
    dock.run()
    finish(dock.bar)
    assert said() == ["exported.rtstruct.dcm is written"]
    (image,) = nh.read(series)
    for name in ("saved.dcm", "exported.rtstruct.dcm"):
        back = nh.read_labels(tmp_path / name, source=image).on(image.grid)
        np.testing.assert_array_equal(np.sort(image.array[back.array == 3]), np.sort(masked))


def test_sample_data_is_an_image_and_its_reference() -> None:
    image, reference = [Layer.create(*one) for one in chest_phantom()]
    assert image.data.shape == (48, 256, 256)
    assert not reference.visible
    assert "fibrosis" in reference.features["class"].tolist()


def test_open_dicom_lists_series_and_opens_the_chosen(viewer: Any, two_series: Path, finish: Any, qtbot: Any, said: Any) -> None:
    dock = OpenDicom(viewer)
    qtbot.addWidget(dock)
    dock._path.value = str(two_series)
    dock.scan()
    qtbot.waitUntil(lambda: len(dock.table.rows) == 2)
    assert said() == []
    assert dock._said.value.endswith("2 series; 1 other file")
    assert dock.table.rows[1].series.name == "CT 9"
    dock.table.select(0, 1)
    dock._threshold.value = "bone"
    dock._window.value = "lung"
    dock._bar._run.changed.emit(True)
    finish(dock._bar)
    assert [type(layer).__name__ for layer in viewer.layers] == ["Image", "Labels", "Image", "Labels"]
    assert list(viewer.layers[0].contrast_limits) == [-1350, 150]
    assert viewer.layers[1].features["class"].tolist() == ["bone"]


def test_open_dicom_says_what_is_wrong(viewer: Any, tmp_path: Path, qtbot: Any, said: Any) -> None:
    dock = OpenDicom(viewer)
    qtbot.addWidget(dock)
    dock.open()
    dock._path.value = str(tmp_path)
    dock.scan()
    qtbot.waitUntil(lambda: dock._said.value.startswith("⚠"))
    assert said() == ["no series is selected"]
    assert "no DICOM files" in dock._said.value
    assert str(tmp_path.parent) not in dock._said.value


def test_export_writes_a_segmentation_of_the_series(
    viewer: Any, series: Path, small: Any, tmp_path: Path, finish: Any, qtbot: Any, said: Any
) -> None:
    (ct,) = [Layer.create(*one) for one in readers.read_dicom(str(series))]
    viewer.add_layer(ct)
    (mask,) = nh.show(viewer, nh.threshold(nh.from_layer(ct)))
    viewer.layers.selection.active = mask
    dock = Export(viewer)
    qtbot.addWidget(dock)
    assert dock._format.value.startswith("DICOM SEG")
    dock._path.value = tmp_path / "bone"
    dock.run()
    finish(dock.bar)
    assert said() == ["bone.dcm is written"]
    (back,) = nh.read(tmp_path / "bone.dcm")
    assert np.array_equal(back.on(small.volume.grid).array, nh.from_layer(mask).array)
    dock.run()
    finish(dock.bar)
    assert "exists" in said()[-1]
    dock._overwrite.value = True
    dock.run()
    finish(dock.bar)
    assert said()[-1] == "bone.dcm is written"


def test_contours_are_exported_and_dropped_again(
    viewer: Any, series: Path, small: Any, tmp_path: Path, finish: Any, qtbot: Any, said: Any
) -> None:
    (ct,) = [Layer.create(*one) for one in readers.read_dicom(str(series))]
    viewer.add_layer(ct)
    term = dataclasses.replace(nh.terms("bone")[0], colour=(10, 200, 30))
    (mask,) = nh.show(viewer, dataclasses.replace(nh.threshold(nh.from_layer(ct)), terms={1: term}))
    viewer.layers.selection.active = mask
    dock = Export(viewer)
    qtbot.addWidget(dock)
    dock._format.value = next(name for name in dock._format.choices if ".rtstruct.dcm" in name)
    folder = tmp_path / "contours"
    folder.mkdir()
    dock._path.value = folder / "bone.dcm"
    dock.run()
    finish(dock.bar)
    assert said() == ["bone.rtstruct.dcm is written"]
    shutil.copytree(series, folder / "series")
    (back,) = [Layer.create(*one) for one in readers.read_dicom(str(folder / "bone.rtstruct.dcm"))]
    assert np.array_equal(back.data, mask.data)
    assert np.allclose(back.affine.affine_matrix, mask.affine.affine_matrix)
    np.testing.assert_allclose(back.colormap.map(1), np.array([10, 200, 30, 255]) / 255, atol=1e-3)
    assert said()[1:] == []


def test_segments_that_overlap_become_layers_in_the_colours_of_the_file(
    viewer: Any, series: Path, small: Any, tmp_path: Path, finish: Any, qtbot: Any
) -> None:
    (image,) = nh.read(series)
    shape = image.array.shape
    organ, lesion = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
    organ[2:5, 4:20, 4:20], lesion[3, 8:12, 8:12] = 1, 2
    term = nh.terms("cyst")[0]
    parts = [image.label_map(organ, {1: "liver"}), image.label_map(lesion, {2: "cyst"})]
    nh.write(tmp_path / "both.dcm", parts)
    viewer.open(tmp_path / "both.dcm", plugin="napari-hounsfield")
    qtbot.waitUntil(lambda: len(viewer.layers) == 2, timeout=20000)
    first, second = (nh.from_layer(layer) for layer in viewer.layers)
    assert np.array_equal(first.on(image.grid).array != 0, organ != 0)
    assert np.array_equal(second.on(image.grid).array != 0, lesion != 0)
    shown = viewer.layers[1].colormap.map(2)
    assert np.allclose(np.ravel(shown)[:3] * 255, term.colour, atol=2)


def test_export_says_what_it_carries_of_the_patient_and_offers_what_fits(
    viewer: Any, series: Path, tmp_path: Path, finish: Any, qtbot: Any, said: Any
) -> None:
    (image,) = nh.read(series)
    chance = (image.array > 0).astype(np.float32)[np.newaxis]
    nh.show(viewer, nh.Features(chance, ("bone",), image.affine, source=image.source, name="chance"))
    nh.show(viewer, image.label_map((image.array > 0).astype(np.uint8), {1: "bone"}))
    dock = Export(viewer)
    qtbot.addWidget(dock)
    assert "patient's name and number" in dock._told.value
    dock._format.value = "DICOM SEG, label map (.dcm)"
    dock._path.value = tmp_path / "map.dcm"
    dock.run()
    finish(dock.bar)
    assert dcmread(tmp_path / "map.dcm").SegmentationType == "LABELMAP"
    dock._format.value = "NIfTI (.nii.gz)"
    assert "nothing of the patient" in dock._told.value
    dock._layer.value = viewer.layers["chance"]
    dock._format.value = "DICOM SEG, probabilities (.dcm)"
    dock._path.value = tmp_path / "chance.dcm"
    dock.run()
    finish(dock.bar)
    (back,) = nh.read(tmp_path / "chance.dcm")
    assert np.array_equal(back.array, chance)
    assert said() == ["map.dcm is written", "chance.dcm is written"]


def test_export_takes_the_series_that_labels_without_one_lie_on(
    viewer: Any, two_series: Path, small: Any, tmp_path: Path, finish: Any, qtbot: Any, said: Any
) -> None:
    drawn = nh.LabelMap((small.reference.array > 3).astype(np.uint8), small.volume.affine, {1: "drawn"}, name="drawn")
    nh.show(viewer, drawn)
    dock = Export(viewer)
    qtbot.addWidget(dock)
    dock._path.value = tmp_path / "drawn.dcm"
    dock.run()
    finish(dock.bar)
    assert "DICOM series" in said()[-1]
    assert not (tmp_path / "drawn.dcm").exists()
    dock._source.value = two_series
    dock.run()
    finish(dock.bar)
    assert said()[-1] == "drawn.dcm is written"
    assert dcmread(tmp_path / "drawn.dcm").Modality == "SEG"


def test_export_offers_formats_by_layer_and_needs_a_name(viewer: Any, ct: nh.Volume, qtbot: Any, said: Any) -> None:
    dock = Export(viewer)
    qtbot.addWidget(dock)
    dock.run()
    nh.show(viewer, ct)
    assert dock._format.choices == ("NIfTI (.nii.gz)", "NRRD (.nrrd)", "MetaImage (.mha)", "OME-Zarr (.ome.zarr)")
    dock.run()
    assert said() == ["layer: there is nothing to export yet", "file: no name is given"]


def test_open_dicom_opens_only_what_the_path_shows(
    viewer: Any, series: Path, two_series: Path, tmp_path: Path, finish: Any, qtbot: Any, said: Any
) -> None:
    dock = OpenDicom(viewer)
    qtbot.addWidget(dock)
    dock._path.value = str(two_series)
    dock.scan()
    qtbot.waitUntil(lambda: len(dock.table.rows) == 2)
    dock._path.value = str(tmp_path)
    assert len(dock.table.rows) == 0, "the table is not of this path"
    assert dock.selected == []
    dock._path.value = str(series)
    dock.open()
    qtbot.waitUntil(lambda: len(viewer.layers) == 1)
    assert viewer.layers[0].data.shape[0] == 8
    dock._path.value = str(tmp_path)
    dock.scan()
    qtbot.waitUntil(lambda: dock._said.value.startswith("⚠"))
    assert said() == []
    assert dock.selected == []
    assert len(dock.table.rows) == 0


def test_labels_are_sent_to_3d_slicer(viewer: Any, ct: nh.Volume, tmp_path: Path, finish: Any, qtbot: Any, said: Any) -> None:
    nh.show(viewer, ct)
    nh.show(viewer, nh.threshold(ct))
    dock = Export(viewer)
    qtbot.addWidget(dock)
    dock._path.value = tmp_path / "slicer"
    dock.send()
    finish(dock.slicer_bar)
    assert said()[-1].startswith("slicer is written")
    assert sorted(p.name for p in (tmp_path / "slicer").iterdir()) == [
        "image.nrrd",
        "measurements.csv",
        "segmentation.seg.nrrd",
    ]
    dock._layer.value = viewer.layers[0]
    dock.send()
    assert said()[-1] == "layer: choose a labels layer, and the image that goes with it"
