"""*Metrics* in a viewer: figures, rows that lead to objects, layers, live updates, files, and what is measured by hand."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import napari_hounsfield as nh
from napari_hounsfield._napari.curves import beside
from napari_hounsfield._napari.figure_rows import text_of, title_of
from napari_hounsfield._napari.hand_figures import inside_ellipse, inside_polygon
from napari_hounsfield._napari.layers import KEY, shown
from napari_hounsfield._napari.live_form import BEHIND, FAILED, FOLLOWING, GONE, OTHERS, LiveForm
from napari_hounsfield._napari.places import places_of
from napari_hounsfield.evaluation.pictures import roc_figure
from napari_hounsfield.operation import finish as finish_steps

CLASSES = {1: "lung", 2: "lesion"}


@pytest.fixture
def window(make_napari_viewer: Any) -> Any:
    return make_napari_viewer()


@pytest.fixture
def metrics(window: Any) -> Callable[[], Any]:
    return lambda: window.window.add_plugin_dock_widget("napari-hounsfield", "Metrics")[1]


@pytest.fixture
def pair(ct: nh.Volume) -> tuple[nh.LabelMap, nh.LabelMap]:
    """Prediction and reference: a lung that is one row too wide, and two lesions of which one is missed."""
    reference = np.zeros((12, 20, 16), np.uint8)
    reference[1:6, 2:10, 2:14] = 1
    reference[7:10, 3:7, 3:7] = 2
    reference[8:10, 12:17, 9:14] = 2
    prediction = reference.copy()
    prediction[1:6, 10, 2:14] = 1
    prediction[8:10, 12:17, 9:14] = 0
    made = [ct.label_map(array, CLASSES) for array in (prediction, reference)]
    return replace(made[0], name="prediction"), replace(made[1], name="reference")


@pytest.fixture
def compared(window: Any, metrics: Any, ct: nh.Volume, pair: Any, finish: Any) -> Any:
    """Dock, prediction and reference after a comparison."""
    nh.show(window, ct)
    layers = [nh.show(window, one)[0] for one in pair]
    dock = metrics()
    form = dock.forms["evaluate"]
    form.choices[0].value, form.choices[1].value = layers
    form.fields.inputs["objects"].value = True
    form.run()
    finish(form.bar)
    return dock, *layers


def cells(table: Any) -> dict[str, dict[str, str]]:
    """What the table shows: rows by their first cell, cells by heading."""
    heads = [table.horizontalHeaderItem(column).text() for column in range(table.columnCount())]
    lines = [[table.item(line, column).text() for column in range(len(heads))] for line in range(table.rowCount())]
    return {line[0]: dict(zip(heads, line, strict=True)) for line in lines}


def test_figures_are_in_the_table_of_the_dock_and_of_the_layer(compared: Any, pair: Any, said: Any) -> None:
    dock, prediction, _ = compared
    expected = nh.evaluate(*pair)
    shown_rows = cells(dock.comparison.classes)
    for record in expected.classes:
        assert shown_rows[record.name]["Dice"] == text_of(record.dice)
        assert shown_rows[record.name]["sensitivity"] == text_of(record.sensitivity)
    assert prediction.features["dice"].tolist() == pytest.approx([c.dice for c in expected.classes])
    assert "2 classes" in dock.comparison.summary.text()
    assert said() == []


def test_a_row_leads_to_its_class_and_takes_up_its_label(window: Any, compared: Any) -> None:
    dock, prediction, _ = compared
    table = dock.comparison.classes
    for name, value in (("lesion", 2), ("lung", 1)):
        line = next(i for i in range(table.rowCount()) if table.item(i, 0).text() == name)
        table.cellClicked.emit(line, 0)
        point = np.array(window.dims.point)
        index = tuple(np.round(prediction.world_to_data(point)).astype(int))
        assert prediction.data[index] == value
        assert prediction.selected_label == value
        seen = np.array(window.canvas.size) / window.scene.camera.zoom / 2
        assert (np.abs(np.subtract(window.scene.camera.center[1:], point[1:])) <= seen).all(), "it is on the canvas"


def test_an_object_that_was_missed_is_listed_and_led_to(window: Any, compared: Any) -> None:
    dock, _, reference = compared
    missed = [row for row in dock.comparison.objects.rows if row.figures["kind"] == "missed"]
    assert [row.name for row in missed] == ["lesion"]
    dock.comparison.go_to(missed[0])
    index = np.round(reference.world_to_data(window.dims.point)).astype(int)
    assert reference.data[tuple(index)] == 2
    assert dock.comparison.tabs.isTabVisible(1)


def test_sorting_and_selection_outlive_an_update(compared: Any, finish: Any) -> None:
    dock, *_ = compared
    table = dock.comparison.classes
    heads = [table.horizontalHeaderItem(column).text() for column in range(table.columnCount())]
    table.sortItems(heads.index("Dice"))
    assert [table.item(i, 0).text() for i in range(2)] == ["lesion", "lung"]
    table.select(1)
    form = dock.forms["evaluate"]
    form.run()
    finish(form.bar)
    assert [table.item(i, 0).text() for i in range(2)] == ["lesion", "lung"]
    assert table.selected.name == "lung"


def test_figures_follow_what_is_painted_filled_and_undone(compared: Any, qtbot: Any) -> None:
    dock, prediction, reference = compared
    before = dock.forms["evaluate"].outcome.result.classes[1].dice
    missing = np.nonzero((reference.data == 2) & (prediction.data == 0))
    prediction.data_setitem(missing, 2)
    assert "being edited" in dock.comparison.summary.text()
    qtbot.waitUntil(lambda: dock.forms["evaluate"].outcome.result.classes[1].dice == 1, timeout=60_000)
    assert cells(dock.comparison.classes)["lesion"]["Dice"] == "1"
    assert prediction.features["dice"].tolist()[1] == 1
    prediction.undo()
    qtbot.waitUntil(lambda: dock.forms["evaluate"].outcome.result.classes[1].dice == before, timeout=60_000)
    assert "being edited" not in dock.comparison.summary.text()


def test_an_edit_cancels_what_is_computed_and_many_are_one(compared: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    dock, prediction, _ = compared
    form = dock.forms["evaluate"]
    started: list[Any] = []
    start = LiveForm._start

    def counted(self: LiveForm, *given: Any) -> None:
        started.append(given)
        start(self, *given)

    monkeypatch.setattr(LiveForm, "_start", counted)
    form.run()
    job = form.bar.job
    for x in range(5):
        prediction.data_setitem((np.array([0]), np.array([0]), np.array([x])), 1)
    assert job.cancelled
    assert form._edits.waiting
    qtbot.waitUntil(lambda: len(started) == 2 and form.bar.job.finished, timeout=60_000)
    qtbot.wait(700)
    assert len(started) == 2


def test_edits_are_left_alone_where_that_is_switched_off(compared: Any, qtbot: Any) -> None:
    dock, prediction, _ = compared
    form = dock.forms["evaluate"]
    form.live.value = False
    job = form.bar.job
    prediction.data_setitem((np.array([0]), np.array([0]), np.array([0])), 1)
    qtbot.wait(700)
    assert form.bar.job is job
    assert dock.comparison.summary.text() == BEHIND
    form.run()
    qtbot.waitUntil(lambda: "2 classes" in dock.comparison.summary.text(), timeout=60_000)


def test_figures_that_were_given_up_are_said_to_be_behind(compared: Any, qtbot: Any) -> None:
    dock, prediction, _ = compared
    form, job = dock.forms["evaluate"], dock.forms["evaluate"].bar.job
    prediction.data_setitem((np.array([0]), np.array([0]), np.array([0])), 1)
    assert dock.comparison.summary.text() == FOLLOWING
    qtbot.waitUntil(lambda: form.bar.job is not job, timeout=60_000)
    form.bar.cancel()
    assert dock.comparison.summary.text() == BEHIND


def test_figures_name_their_layers_and_say_when_others_are_chosen_or_one_is_gone(window: Any, compared: Any, qtbot: Any) -> None:
    dock, prediction, reference = compared
    form, summary = dock.forms["evaluate"], dock.comparison.summary
    assert summary.text().startswith("prediction: prediction · reference: reference\n")
    form.choices[0].value, form.choices[1].value = reference, prediction
    assert summary.text() == OTHERS
    form.choices[1].value, form.choices[0].value = reference, prediction
    assert "2 classes" in summary.text()
    form.live.value = False
    reference.scale = [2 * size for size in reference.scale]
    assert summary.text() == BEHIND
    form.run()  # on different grids
    qtbot.waitUntil(lambda: not form.bar.busy, timeout=60_000)
    assert summary.text() == BEHIND
    reference.scale = [size / 2 for size in reference.scale]
    form.run()
    qtbot.waitUntil(lambda: "2 classes" in summary.text(), timeout=60_000)
    form.choices[1].value = prediction
    form.run()  # the same layer twice
    assert summary.text() == FAILED
    form.choices[1].value = reference
    form.run()
    qtbot.waitUntil(lambda: "2 classes" in summary.text(), timeout=60_000)
    window.layers.remove(prediction)
    assert summary.text() == GONE


def test_removed_layers_are_not_computed_on(window: Any, compared: Any, qtbot: Any, said: Any) -> None:
    dock, prediction, _ = compared
    job = dock.forms["evaluate"].bar.job
    prediction.data_setitem((np.array([0]), np.array([0]), np.array([0])), 1)
    window.layers.remove(prediction)
    qtbot.wait(700)
    assert dock.forms["evaluate"].bar.job is job
    assert dock.comparison.summary.text() == BEHIND
    dock.comparison.add_layer()
    assert said() == ["prediction: the layer is gone"]


def test_error_map_and_distances_of_the_selected_class(window: Any, compared: Any, pair: Any, finish: Any, said: Any) -> None:
    dock, prediction, reference = compared
    panel = dock.comparison
    panel.classes.select(2)
    panel.add_layer()
    finish(panel.bar)
    errors = window.layers["prediction lesion: errors"]
    assert dict(zip(errors.features["index"], errors.features["class"], strict=True)) == {
        1: "true positive", 2: "false positive", 3: "false negative",
    }  # fmt: skip
    assert np.array_equal(errors.data == 3, (reference.data == 2) & (prediction.data != 2))
    assert not prediction.visible
    panel.kind.value = "surface distances"
    panel.classes.select(1)
    panel.add_layer()
    finish(panel.bar)
    distances = window.layers["prediction lung: surface distance (mm)"]
    assert distances.contrast_limits[1] == pytest.approx(nh.evaluate(*pair).classes[0].hausdorff_mm)
    assert distances.colormap.map(0.0)[0, 3] == 0, "the image is seen where there is no surface"
    panel.kind.value = "uncertainty"
    panel.add_layer()
    assert said() == ["prediction: no layer of its sureness; Segment and First classes make one"]


def segmentation(pair: Any) -> nh.Segmentation:
    labels = pair[0]
    maps = [np.where(labels.array == value, 0.75, 0.125).astype(np.float32) for value in (0, 1, 2)]
    names = ["background", "lung", "lesion"]
    features = nh.Features(np.stack(maps), names, labels.affine, frame_of_reference=labels.frame_of_reference)
    sure = np.where(labels.array > 0, np.float32(0.25), np.float32(1))
    return nh.Segmentation(replace(labels, classes={0: "background", **CLASSES}), features, sure)


def test_probabilities_that_are_shown_are_judged_and_drawn(
    make_napari_viewer: Any, pair: Any, finish: Any, qtbot: Any, said: Any
) -> None:
    window = make_napari_viewer(show=True)
    result = segmentation(pair)
    prediction = nh.show(window, result)[-1]
    (reference,) = nh.show(window, pair[1])
    dock = window.window.add_plugin_dock_widget("napari-hounsfield", "Metrics")[1]
    form = dock.forms["evaluate"]
    form.choices[0].value, form.choices[1].value = prediction, reference
    form.run()
    finish(form.bar)
    expected = nh.evaluate(result, pair[1])
    curves = form.outcome.result.curves
    assert {c.name: c.auc for c in curves} == pytest.approx({c.name: c.auc for c in expected.curves})
    for title in ("Confusion", "ROC", "Reliability"):
        picture = dock.comparison.pictures[title]
        dock.comparison.tabs.setCurrentWidget(picture)
        qtbot.waitUntil(lambda picture=picture: not picture.pixmap().isNull(), timeout=60_000)
        image = picture.pixmap().toImage()
        colours = {image.pixelColor(x, y).name() for x in range(0, image.width(), 3) for y in range(0, image.height(), 3)}
        assert len(colours) > 3, "something is drawn"
    dock.comparison.kind.value = "uncertainty"
    dock.comparison.add_layer()
    finish(dock.comparison.bar)
    unsure = window.layers["prediction: uncertainty"].data
    assert np.array_equal(unsure, np.where(prediction.data > 0, np.float32(0.75), np.float32(0)))
    opacity = window.layers["prediction: uncertainty"].colormap.map([0.0, 0.1, 0.75])[:, 3]
    assert opacity[0] == 0 < opacity[1] < opacity[2] == 1, "little doubt hides little of the image"
    assert said() == []


def test_a_legend_covers_no_curve_and_names_few(pair: Any) -> None:
    many = {value: f"class {value}" for value in range(1, 20)}
    array = (np.arange(pair[0].array.size, dtype=np.uint8) % 20).reshape(pair[0].array.shape)
    labels = replace(pair[0], array=array, classes=many)
    maps = [np.where(array == value, np.float32(0.9), np.float32(0.1)) for value in many]
    features = nh.Features(np.stack(maps), list(many.values()), labels.affine, frame_of_reference=labels.frame_of_reference)
    figure = beside(roc_figure)(nh.evaluate(nh.Segmentation(labels, features), labels), colour="white")
    assert figure.axes[0].get_legend() is None
    (legend,) = figure.legends
    assert legend.get_title().get_text() == "8 of 19 classes"
    assert legend.get_texts()[0].get_text() == "class 1\nAUC 1.0000"


def test_parameters_are_folded_away(window: Any, metrics: Any) -> None:
    dock = metrics()
    form = dock.forms["evaluate"]
    assert not form.fields.container.visible
    form["parameters"][0].changed.emit(True)
    assert form.fields.container.native.isVisibleTo(form.native)


def test_curves_say_why_they_are_not_there(compared: Any) -> None:
    dock, *_ = compared
    assert "no probabilities" in dock.comparison.pictures["ROC"].text()


def test_measured_objects_are_marked_with_their_figures(
    window: Any, metrics: Any, ct: nh.Volume, pair: Any, finish: Any, said: Any
) -> None:
    nh.show(window, ct)
    (labels,) = nh.show(window, pair[1])
    dock = metrics()
    form = dock.forms["measure"]
    form.fields.inputs["objects"].value = True
    form.run()
    finish(form.bar)
    panel = dock.measurement
    measured = nh.measure(ct, pair[1], nh.MeasureParams(objects=True))
    assert [row.figures["volume_ml"] for row in panel.objects.rows] == sorted(
        (one.volume_ml for one in measured.objects), reverse=True
    )
    panel.classes.select(2)
    for kind in ("centroids", "bounding boxes", "longest diameters"):
        panel.kind.value = kind
        panel.add_layer()
        finish(panel.bar)
        first = np.atleast_2d(window.layers[-1].data[0]).mean(axis=0)
        away = np.subtract(window.dims.point, window.layers[-1].data_to_world(first))
        assert (np.abs(away) <= labels.scale / 2 + 1e-6).all(), "the largest one is seen"
    points, boxes, lines = window.layers[-3:]
    assert points.features["class"].tolist() == ["lesion", "lesion"]
    assert points.features["text"][0].startswith("lesion 1\n")
    for index in np.round(points.data).astype(int):
        assert labels.data[tuple(index)] == 2
    assert np.allclose([np.ptp(box, axis=0)[-2:] for box in boxes.data], [(5, 2), (4, 3)]), "from edge to edge"
    lengths = [np.linalg.norm(lines.data_to_world(end) - np.array(lines.data_to_world(start))) for start, end in lines.data]
    assert lengths == pytest.approx(lines.features["plane_diameter_mm"])
    assert said() == []


def test_marks_lie_on_labels_in_micrometres(window: Any, metrics: Any, finish: Any) -> None:
    array = np.zeros((6, 20, 20), np.uint8)
    array[2:5, 8:13, 4:9] = 1
    stands = {"scale": (500, 100, 100), "units": ("um",) * 3}
    window.add_image(array.astype(np.float32), **stands)
    window.add_labels(array, **stands)
    dock = metrics()
    dock.forms["measure"].run()
    finish(dock.forms["measure"].bar)
    dock.measurement.add_layer()
    finish(dock.measurement.bar)
    assert np.allclose(window.layers[-1].data, [[3, 10, 6]])
    dock.forms["measure"].live.value = False
    window.layers[0].scale = (500, 200, 100)
    assert dock.measurement.summary.text() == BEHIND, "of an image that was measured in, too"


def test_a_time_series_is_measured_where_its_slider_stands(window: Any, metrics: Any, finish: Any, said: Any) -> None:
    array = np.random.default_rng(0).normal(size=(4, 6, 8, 9)).astype(np.float32)
    window.add_image(array)
    labels = window.add_labels((array[0] > 0).astype(np.uint8))
    window.dims.set_current_step(0, 2)
    form = metrics().forms["measure"]
    form.run()
    finish(form.bar)
    assert said() == []
    assert form.outcome.figures["classes"][0]["mean"] == pytest.approx(array[2][labels.data == 1].mean(), rel=1e-5)


def test_figures_are_saved_as_csv_and_json(compared: Any, pair: Any, tmp_path: Path, said: Any) -> None:
    dock, *_ = compared
    dock.comparison.save(tmp_path / "figures.csv")
    dock.comparison.save(tmp_path / "figures.json")
    expected = nh.evaluate(*pair, nh.EvaluateParams(objects=True))
    with open(tmp_path / "figures.csv", newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert [line["name"] for line in lines if line["of"] == "class"] == ["lung", "lesion"]
    assert [float(line["dice"]) for line in lines if line["of"] == "class"] == [c.dice for c in expected.classes]
    assert len([line for line in lines if line["of"] == "object"]) == sum(len(c.objects) for c in expected.classes)
    saved = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))
    assert saved["layers"] == {"prediction": "prediction", "reference": "reference"}
    assert saved["classes"][1]["dice"] == expected.classes[1].dice
    assert saved["history"][-1]["parameters"]["objects"] is True
    dock.comparison.save(tmp_path / "figures.csv")
    dock.comparison.save(tmp_path / "figures.xlsx")
    assert said()[:2] == ["figures.csv is written", "figures.json is written"]
    assert "figures.csv" in said()[2]
    assert said()[3] == "figures.xlsx: figures are written as .csv or .json"


def test_nothing_is_saved_or_added_before_there_are_figures(metrics: Any, tmp_path: Path, said: Any) -> None:
    dock = metrics()
    dock.comparison.save(tmp_path / "figures.csv")
    dock.comparison.add_layer()
    assert said() == ["no figures yet: run the form above first"] * 2
    assert list(tmp_path.iterdir()) == []


def test_ruler_and_region_by_hand(window: Any, metrics: Any, ct: nh.Volume, qtbot: Any, said: Any) -> None:
    valid = np.ones(ct.array.shape, bool)
    valid[6:] = False
    (image,) = nh.show(window, replace(ct, valid=valid))
    hand = metrics().by_hand
    hand.draw("add_line")
    assert hand.layer.mode == "add_line"
    hand.layer.add_lines([[4, 2, 3], [4, 6, 6]])
    hand.layer.add_rectangles([[4, 1.5, 1.5], [4, 1.5, 9.5], [4, 9.5, 9.5], [4, 9.5, 1.5]])
    qtbot.waitUntil(lambda: len(hand.table.rows) == 2)
    scale = np.array(image.scale)
    line, region = (row.figures for row in hand.table.rows)
    assert line["length_mm"] == pytest.approx(np.linalg.norm(scale * [0, 4, 3]))
    assert region["area_mm2"] == pytest.approx(8 * 8 * scale[1] * scale[2])
    inside = np.zeros(image.data.shape, bool)
    inside[4, 2:10, 2:10] = True
    values = image.data[inside & shown(ct, {}).placement.shown(valid)]
    assert region["voxels"] == values.size < 64
    assert (region["mean"], region["sd"]) == pytest.approx((values.mean(), values.std()))
    assert hand.layer.features["text"][0] == f"{line['length_mm']:.1f} mm"
    hand.layer.data = [hand.layer.data[0], hand.layer.data[1] + [0, 0, 1]]
    qtbot.waitUntil(lambda: hand.table.rows[1].figures["mean"] != region["mean"])
    assert image.metadata[KEY] is not None
    assert said() == []


@pytest.mark.parametrize("across", [0, 1, 2])
def test_ruler_and_region_are_true_in_a_tilted_series(window: Any, metrics: Any, ct: nh.Volume, qtbot: Any, across: int) -> None:
    affine = nh.axial_affine((3, 0.8, 0.8), (-20, -30, 100))
    affine[1, 0] = 1.2  # the gantry is tilted: each slice lies 1.2 mm behind the one below
    (image,) = nh.show(window, replace(ct, affine=affine))
    window.dims.order = (across, *(axis for axis in range(3) if axis != across))
    hand = metrics().by_hand
    hand.draw("add_line")
    start, end = np.array([2.0, 3, 4]), np.array([9.0, 15, 12])
    start[across] = end[across] = 5
    beside = np.where(np.arange(3) == window.dims.order[1], end, start)
    hand.layer.add_lines([start, end])
    hand.layer.add_rectangles([start, beside, end, start + end - beside])
    qtbot.waitUntil(lambda: len(hand.table.rows) == 2)
    a, b, c = nh.Grid(image.data.shape, affine).positions(np.array([start, beside, end]))
    assert hand.table.rows[0].figures["length_mm"] == pytest.approx(np.linalg.norm(c - a))
    assert hand.table.rows[1].figures["area_mm2"] == pytest.approx(np.linalg.norm(np.cross(b - a, c - b)))


def test_ruler_leaves_the_view_in_space(window: Any, metrics: Any, ct: nh.Volume, said: Any) -> None:
    nh.show(window, ct)
    window.dims.ndisplay = 3
    hand = metrics().by_hand
    hand.draw("add_line")
    assert (window.dims.ndisplay, hand.layer.mode) == (2, "add_line")
    assert said() == []


def test_ruler_needs_an_image(metrics: Any, said: Any) -> None:
    metrics().by_hand.draw("add_line")
    assert said() == ["image: there is no image layer yet"]


def test_closing_the_dock_lets_go_of_the_labels(window: Any, compared: Any, qtbot: Any, said: Any) -> None:
    dock, prediction, _ = compared
    dock.by_hand.draw("add_line")
    hand = dock.by_hand.layer
    window.window.remove_dock_widget(dock)
    with qtbot.waitSignal(dock.destroyed):
        dock.deleteLater()
    prediction.data_setitem((np.array([0]), np.array([0]), np.array([0])), 1)
    hand.add_lines([[4, 2, 3], [4, 6, 6]])
    window.theme = "light"
    qtbot.wait(700)
    assert said() == []


@pytest.mark.parametrize(
    "corners", [[[1, 1], [1, 9], [6, 9], [6, 1]], [[0.2, 5], [8.7, 11.1], [7.9, 2.3]], [[-3, 4], [4, 14], [12, 3]]]
)
def test_pixels_in_a_polygon(corners: list[list[float]]) -> None:
    from skimage.measure import points_in_poly

    shape = (10, 12)
    points = np.argwhere(np.ones(shape, bool))
    ours = inside_polygon(np.array(corners, float) + 1e-3, shape)
    assert np.array_equal(ours.ravel(), points_in_poly(points, np.array(corners) + 1e-3))


def test_pixels_in_an_ellipse() -> None:
    from skimage.draw import ellipse

    corners = np.array([[2.1, 3], [2.1, 17], [10.9, 17], [10.9, 3]])
    theirs = np.zeros((15, 20), bool)
    theirs[ellipse(6.5, 10, 4.4, 7, shape=theirs.shape)] = True
    assert np.array_equal(inside_ellipse(corners, theirs.shape), theirs)


@pytest.mark.parametrize("kind", [np.uint8, np.int32])
def test_a_place_is_a_voxel_of_the_largest_section(kind: type) -> None:
    array = np.zeros((4, 9, 9), kind)
    array[1, 4, 4] = 3
    array[2, 1:8, 1:8] = 3
    array[2, 3:6, 3:6] = 0  # a ring: its centroid is not in it
    places = finish_steps(places_of(array))
    assert list(places) == [3]
    assert places[3][0] == 2
    assert array[places[3]] == 3


def test_headings() -> None:
    assert [title_of(name) for name in ("hausdorff95_mm", "volume_ml", "dice", "histogram.low")] == [
        "Hausdorff 95 % (mm)", "volume (ml)", "Dice", "histogram: low",
    ]  # fmt: skip
    assert [text_of(value) for value in (0.123456, 12345, "missed")] == ["0.1235", "12,345", "missed"]
    assert text_of(None) == text_of(float("nan")) == "\N{EN DASH}"
