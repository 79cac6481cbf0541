"""The key flows in a real window."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import QThreadPool

import napari_hounsfield as nh
from napari_hounsfield._napari import readers
from napari_hounsfield._napari.form import OperationForm
from napari_hounsfield._napari.session import session_of
from napari_hounsfield.demo.phantom import PhantomParams
from napari_hounsfield.demo.phantom import chest_phantom as phantom
from napari_hounsfield.demo.series_writer import write_series
from napari_hounsfield.operation import Params, Progress, operation
from napari_hounsfield.operation import finish as finish_steps

NAMES = [
    "Open DICOM",
    "HU window and threshold",
    "Gabor bank",
    "First classes",
    "BP segmentation",
    "BP classification",
    "Metrics",
    "Export",
    "Windows",
    "Surfaces",
    "Segment editor",
    "Linked views",
]


@pytest.fixture
def window(make_napari_viewer: Any) -> Any:
    return make_napari_viewer()


@pytest.fixture
def dock(window: Any) -> Callable[[str], Any]:
    return lambda name: window.window.add_plugin_dock_widget("napari-hounsfield", name)[1]


@pytest.fixture(scope="module")
def chest() -> Any:
    return phantom(PhantomParams(slices=16, matrix=48))


def test_every_widget_opens_and_follows_the_layers(window: Any, dock: Any, ct: nh.Volume, said: Any) -> None:
    made = {name: dock(name) for name in NAMES}
    (layer,) = nh.show(window, ct)
    nh.show(window, nh.threshold(ct))
    window.layers.remove(layer)
    assert all(one.minimumWidth() <= 480 for one in made.values()), "a dock must leave room for the image"
    assert said() == []


def test_widgets_that_are_gone_let_go_of_the_viewer(window: Any, ct: nh.Volume, qtbot: Any, said: Any) -> None:
    for name in NAMES:
        shell, made = window.window.add_plugin_dock_widget("napari-hounsfield", name)
        window.window.remove_dock_widget(shell)
        with qtbot.waitSignal(made.destroyed):
            made.deleteLater()
    (layer,) = nh.show(window, ct)
    layer.name = "renamed"
    session_of(window).keep(object(), "classifier")
    window.layers.clear()
    assert said() == []


def test_threshold_gives_a_mask_with_table_and_figures(window: Any, dock: Any, chest: Any, finish: Any) -> None:
    nh.show(window, chest.volume)
    form = dock("HU window and threshold").forms["threshold"]
    form.fields.inputs["tissue"].value = "lung"
    form.run()
    finish(form.bar)
    mask = window.layers[-1]
    expected = nh.threshold(chest.volume, nh.ThresholdParams(tissue="lung"))
    assert np.array_equal(nh.from_layer(mask).array, expected.array)
    row = mask.features.iloc[0]
    assert row["class"] == "lung"
    assert row["voxels"] == expected.array.sum()
    assert row["HU mean"] == pytest.approx(chest.volume.array[expected.array == 1].mean())
    text = window.canvas.overlays.text
    assert text.visible
    assert text.text.startswith(f"{mask.name}\nlung: ")


def test_strokes_train_segment_clean_and_compare(
    window: Any, dock: Any, chest: Any, finish: Any, said: Any, tmp_path: Path
) -> None:
    (image,) = nh.show(window, chest.volume)
    bp = dock("BP segmentation")
    maker = bp.steps.content[0]
    maker._classes.value = "background, lung"
    maker.make()
    strokes = window.layers.selection.active
    assert strokes.mode == "paint"
    lung = np.isin(image.data, image.data[(image.data > -950) & (image.data < -600)])
    truth = nh.show(window, chest.reference)[0]
    is_lung = truth.data == 2
    rows = [np.argwhere(is_lung)[::40], np.argwhere(truth.data > 3)[::80]]
    for value, places in ((2, rows[0]), (1, rows[1])):
        strokes.data_setitem(tuple(places.T), value)
    assert lung.any()

    train = bp.forms["train"]
    train.choices[1].value = strokes
    train.fields.groups["bp"].fields.inputs["iterations"].value = 300
    train.run()
    finish(train.bar)
    assert "lung: SE" in window.canvas.overlays.text.text.replace("   ", " ")
    segment = bp.forms["segment"]
    segment.fields.inputs["probabilities"].value = True
    segment.run()
    finish(segment.bar)
    assert said() == []
    result = window.layers["CT phantom segment"]
    assert result.features["class"].tolist() == ["lung"]
    probability = window.layers["CT phantom segment: probability of lung"]
    assert not probability.visible
    assert 0 <= probability.data.min() <= probability.data.max() <= 1

    chosen = bp.forms["segment"].choices[1]
    chosen.save(tmp_path / "lung.safetensors")
    chosen.load(tmp_path / "lung.safetensors")
    assert said() == ["lung.safetensors is saved"]
    assert chosen.read().classes == {1: "background", 2: "lung"}
    chosen.load(tmp_path / "none.safetensors")
    assert "none.safetensors" in said()[-1]

    compare = dock("Metrics").forms["evaluate"]
    reference = nh.show(window, nh.LabelMap((chest.reference.array == 2) * 7, chest.reference.affine, {7: "lung"}))[0]
    compare.choices[0].value, compare.choices[1].value = result, reference
    compare.run()
    finish(compare.bar)
    figures = nh.evaluate(nh.from_layer(result), nh.from_layer(reference)).to_json()["classes"][0]
    row = result.features.iloc[0]
    for name in ("sensitivity", "specificity", "accuracy", "dice"):
        assert row[name] == pytest.approx(figures[name])
    assert not np.isnan(row["HU mean"]), "what was known stays in the table"
    assert f"Dice {figures['dice']:.3f}" in window.canvas.overlays.text.text


def test_draft_samples_train(window: Any, dock: Any, chest: Any, finish: Any, said: Any) -> None:
    nh.show(window, chest.volume)
    first = dock("First classes")
    for name in ("classes", "samples"):
        first.forms[name].run()
        finish(first.forms[name].bar)
    assert said() == []
    names = [layer.name for layer in window.layers]
    assert "CT phantom classes samples" in names
    training = window.layers["CT phantom classes samples"]
    assert nh.from_layer(training).test.array.any(), "the test part goes along"


def test_gabor_is_one_stack_layer(window: Any, dock: Any, chest: Any, finish: Any) -> None:
    nh.show(window, chest.volume)
    form = dock("Gabor bank").forms["gabor"]
    form.fields.inputs["orientations"].value = (0.0, 90.0)
    form.run()
    finish(form.bar)
    assert len(window.layers) == 2
    maps = nh.from_layer(window.layers[-1])
    assert isinstance(maps, nh.Features)
    assert window.layers[-1].data.shape[0] == len(maps.names)
    window.dims.set_current_step(0, 1)
    assert window.canvas.overlays.text.text.endswith(maps.names[1]), "the map that is seen is named"
    window.layers.remove(window.layers[-1])
    window.dims.set_current_step(0, 0)


@pytest.fixture
def study(chest: Any, tmp_path: Path) -> Path:
    finish_steps(write_series(chest.volume, tmp_path / "CT"))
    return tmp_path / "CT"


def test_folder_dropped_is_opened(window: Any, study: Path, chest: Any, said: Any) -> None:
    window.open(study, plugin="napari-hounsfield")
    (layer,) = window.layers
    assert np.array_equal(nh.from_layer(layer).array, chest.volume.array)
    assert said() == []


def test_large_folder_is_opened_in_a_thread(window: Any, study: Path, qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "AT_ONCE", 1000)
    assert window.open(study, plugin="napari-hounsfield") == []
    qtbot.waitUntil(lambda: len(window.layers) == 1, timeout=60_000)


def test_several_series_ask_which(window: Any, study: Path, chest: Any, said: Any) -> None:
    finish_steps(write_series(chest.volume, study.parent / "CT2", seed=5))
    window.open(study.parent, plugin="napari-hounsfield")
    assert len(window.layers) == 0
    _, asked = window.window.add_plugin_dock_widget("napari-hounsfield", "Open DICOM")
    assert len(asked.selected) == 1
    assert len(asked.table.rows) == 2
    assert Path(asked._path.value) == study.parent


def test_what_cannot_be_read_is_said_once(window: Any, tmp_path: Path, said: Any) -> None:
    (tmp_path / "a.dcm").write_bytes(b"nothing")
    (tmp_path / "b.nii.gz").write_bytes(b"nothing")
    window.open(tmp_path / "a.dcm", plugin="napari-hounsfield")
    window.open(tmp_path / "b.nii.gz", plugin="napari-hounsfield")
    assert [line.split(":")[0] for line in said()] == ["a.dcm", "b.nii.gz"]
    assert len(window.layers) == 0


def test_sample_and_save(window: Any, tmp_path: Path, ct: nh.Volume) -> None:
    nh.show(window, nh.threshold(ct))
    assert window.layers.save(str(tmp_path / "mask.seg.nrrd"), plugin="napari-hounsfield") == [str(tmp_path / "mask.seg.nrrd")]
    window.open(tmp_path / "mask.seg.nrrd", plugin="napari-hounsfield")
    assert window.layers[-1].features["class"].tolist() == window.layers[0].features["class"].tolist()


def test_preferences_decide_what_a_dropped_folder_shows(window: Any, study: Path) -> None:
    from napari.settings import get_plugin_settings

    opening = get_plugin_settings("napari-hounsfield").opening
    opening.window, opening.threshold = "bone", "bone"
    try:
        window.open(study, plugin="napari-hounsfield")
    finally:
        opening.window, opening.threshold = "auto", "none"
    assert list(window.layers[0].contrast_limits) == [-450, 1050]
    assert window.layers[1].features["class"].tolist() == ["bone"]


class SlowParams(Params):
    """None."""


@operation("slow", SlowParams)
def slow(volume: nh.Volume, params: SlowParams) -> Generator[Progress, None, nh.Volume]:
    """Take 20 seconds, unless it is closed."""
    for step in range(1000):
        time.sleep(0.02)
        yield Progress(step / 1000, "waiting")
    return volume


def test_closing_the_viewer_while_it_computes(make_napari_viewer: Any, ct: nh.Volume, qtbot: Any, said: Any) -> None:
    window = make_napari_viewer()
    nh.show(window, ct)
    form = OperationForm(window, slow)
    window.window.add_dock_widget(form, name="slow")
    form.run()
    job = form.bar.job
    qtbot.waitUntil(lambda: form.bar._bar.value > 0)
    window.close()
    assert QThreadPool.globalInstance().waitForDone(5000), "no thread is left"
    qtbot.waitUntil(lambda: job.finished)
    assert said() == []


def test_closing_the_dock_while_it_computes(window: Any, ct: nh.Volume, qtbot: Any, said: Any) -> None:
    nh.show(window, ct)
    form = OperationForm(window, slow)
    dock = window.window.add_dock_widget(form, name="slow")
    form.run()
    job = form.bar.job
    qtbot.waitUntil(lambda: form.bar._bar.value > 0)
    window.window.remove_dock_widget(dock)
    dock.deleteLater()
    form.native.deleteLater()
    qtbot.waitUntil(lambda: job.finished)
    assert QThreadPool.globalInstance().waitForDone(5000)
    nh.show(window, ct)
    assert said() == []


def test_second_result_hides_the_first_and_is_compared_with_another(
    window: Any, dock: Any, ct: nh.Volume, finish: Any, said: Any
) -> None:
    nh.show(window, ct)
    made = dock("HU window and threshold")
    made.content[0].set()
    form = made.forms["threshold"]
    form.run()
    finish(form.bar)
    compare = dock("Metrics").forms["evaluate"]
    compare.run()
    compare.choices[1].value = compare.choices[0].value
    compare.run()
    form.run()
    finish(form.bar)
    assert [layer.visible for layer in window.layers] == [True, False, True]
    assert said() == [
        "CT 3: the unit is HU",
        "reference: choose another labels layer",
        "prediction and reference are the same layer",
    ]
