"""Drafts, estimate, importance, uncertainty, and where to paint next."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from qtpy.QtCore import Qt
from tests._napari.labelling.painting import paint, strokes

import napari_hounsfield as nh
from napari_hounsfield._napari.editor.frame import frame_of
from napari_hounsfield.operation import finish


def test_drafts_are_applied_on_request(page: Any, window: Any, ball: nh.Volume, settled: Any) -> None:
    (draft,) = nh.show(window, nh.samples(nh.classes(ball, nh.ClassesParams(count=2))))
    assert not page.desk.bound[0].editing.editor.array.any()
    page.draft.value = draft
    page.apply_draft()
    settled(page)
    assert page.desk.bound[0].editing.editor.array.any()
    assert page.undo.text == "Undo draft"
    page._undo()
    settled(page)
    assert not page.desk.bound[0].editing.editor.array.any()


def test_estimate_and_importance(dock: Any, page: Any, window: Any, settled: Any) -> None:
    assert dock.judge.table.isHidden(), "no empty tables"
    assert dock.judge.bars.isHidden()
    strokes(page)
    for place in ((4, 30, 4), (4, 36, 36)):
        paint(page, place, 1)
    for place in ((4, 12, 22), (4, 20, 30)):
        paint(page, place, 2)
    settled(page)
    judge = dock.judge
    assert len(judge.loss.points) == len(page.desk.session.classifier.course.points)
    judge.estimate()
    settled(page)
    expected = finish(page.desk.session.estimate_steps())
    cells = [[judge.table.item(r, c) for c in range(judge.table.columnCount())] for r in range(judge.table.rowCount())]
    assert [row[0].text() for row in cells[::2]] == ["background", "structure", "mean"]
    assert [cell.text() for cell in cells[-1][1:3]] == ["left out", f"{expected.dice:.3f}"]
    judge.weigh()
    settled(page)
    assert judge.bars.rowCount() == len(page.desk.session.resolved().kept)
    assert not judge.bars.isHidden()
    assert judge.table.maximumHeight() >= judge.table.verticalHeader().length()
    assert dock.widget().minimumSizeHint().height() < 720, "of 800, beside napari's own bars"
    judge.bars.cellClicked.emit(0, 0)
    settled(page)
    (shown,) = [layer for layer in window.layers if layer.name.startswith("feature: ")]
    assert shown.data.size == 40 * 44
    assert page.image.choices == (page.desk.bound[0].layer,), "the map is no image to recognise"
    assert np.allclose(shown.contrast_limits, np.percentile(shown.data, (0.5, 99.5)), atol=1e-5)
    judge.drop_features()
    settled(page)
    assert page.desk.session.params.keep == judge.importance.keep()
    page._undo()
    assert page.desk.session.params.keep == ""


def test_a_class_of_one_stroke_has_no_estimate_and_spoils_no_mean(dock: Any, page: Any, settled: Any) -> None:
    strokes(page)
    for place in ((4, 30, 4), (4, 36, 36)):
        paint(page, place, 1)
    settled(page)
    dock.judge.estimate()
    settled(page)
    assert "not judged: structure" in dock.judge.message.value
    table = dock.judge.table
    assert [table.item(table.rowCount() - 1, column).text() for column in (1, 2, 3)] == ["left out", "-", "-"]


def test_a_draft_has_the_colours_that_its_classes_are_painted_in(dock: Any, page: Any, settled: Any) -> None:
    drafts = dock.drafts
    drafts.method.value, drafts.number.value = "kmeans", 3
    drafts.find()
    settled(page)
    shown = {name: drafts.desk.layer.get_color(value) for value, name, _ in drafts.desk.draft.classes}
    for line in range(drafts.classes.rowCount()):
        item = drafts.classes.item(line, 0)
        assert np.allclose(item.data(Qt.ItemDataRole.DecorationRole).getRgbF()[:3], shown[item.text()][:3], atol=1e-3)
    drafts.apply()
    settled(page)
    painted = page.desk.bound[0].strokes
    for one in page.desk.session.classes:
        if one.name in shown:
            assert np.allclose(painted.get_color(one.value)[:3], shown[one.name][:3])


def test_a_draft_is_edited_applied_and_dismissed(dock: Any, page: Any, window: Any, settled: Any) -> None:
    drafts = dock.drafts
    drafts.suggest()
    settled(page)
    assert drafts.number.value >= 2
    drafts.method.value, drafts.number.value = "kmeans", 3
    drafts.find()
    settled(page)
    assert drafts.classes.rowCount() == 3
    before = window.layers.selection.active
    drafts.classes.selectRow(0)
    drafts.drop()
    settled(page)
    assert drafts.classes.rowCount() == 2
    drafts.classes.item(0, 0).setText("bright")
    settled(page)
    assert drafts.desk.draft.classes[0][1] == "bright"
    page._undo()
    page._undo()
    assert drafts.classes.rowCount() == 3
    page._redo()
    drafts.beside.value = True
    assert window.canvas.grid.enabled
    drafts.apply()
    settled(page)
    assert page.desk.bound[0].editing.editor.array.any()
    records = page.desk.bound[0].image.drafts
    assert next(one for one in records if one.operation == "classes").parameters["count"] == 3
    drafts.dismiss()
    assert drafts.desk.layer is None
    assert not window.canvas.grid.enabled
    assert window.layers.selection.active is before


def test_uncertainty_is_shown_in_percent(page: Any, window: Any, settled: Any) -> None:
    strokes(page)
    settled(page)
    page.doubt.value = True
    settled(page)
    bound = page.desk.bound[0]
    shown = frame_of(bound.doubt.layer).stored(bound.doubt.layer.data)
    assert shown.dtype == np.uint8
    assert page.image.choices == (bound.layer,), "nobody recognises it"
    assert list(page.desk.images().values()) == [bound.layer]
    plane = finish(page.desk.session.plane_steps(bound.image, 4))
    assert np.abs(shown[4] - 100 * (1 - plane.sureness)).max() <= 0.51
    assert not shown[2].any()
    page.recognise_all()
    settled(page)
    expected = page.desk.session.segment(bound.image).sureness
    assert np.abs(shown - 100 * (1 - expected)).max() <= 0.51
    page.doubt.value = False
    assert not [layer for layer in window.layers if "uncertainty" in layer.name]


def test_where_to_paint_next(page: Any, window: Any, settled: Any) -> None:
    strokes(page)
    settled(page)
    place = finish(page.desk.session.next_steps(page.desk.bound[0].image))
    page.find_next()
    settled(page)
    at = page.desk.bound[0].editing.looked_at()
    assert (at.axis, at.index) == (0, place.z)
    assert "paint here" in window.layers
    paint(page, (place.z, place.y, place.x), 1)
    settled(page)
    assert "paint here" not in window.layers
    for other in (page.update_once, lambda: setattr(page.recipe, "value", "logistic regression"), page._undo):
        page.find_next()
        settled(page)
        assert "paint here" in window.layers
        other()
        settled(page)
        assert "paint here" not in window.layers, "it was the place of another classifier"


def test_colours_and_names_are_those_of_the_strokes(
    page: Any, window: Any, ball: nh.Volume, settled: Any, tmp_path: Path
) -> None:
    strokes(page)
    settled(page)
    bound = page.desk.bound[0]
    page.classes._classes.rename(2, "ball")
    page.classes._classes.set_colour(2, (1.0, 0.0, 0.0))
    for layer in (bound.result, bound.strokes):
        assert np.allclose(layer.get_color(2)[:3], (1, 0, 0))
        assert nh.from_layer(layer).class_name(2) == "ball"
    bound.strokes.selected_label = 1
    assert page.classes.selected == 1
    page.files.save(tmp_path / "red")
    settled(page)
    window.layers.clear()
    nh.show(window, ball)
    page.files.open(tmp_path / "red.safetensors")
    settled(page)
    assert np.allclose(page.desk.bound[0].strokes.get_color(2)[:3], (1, 0, 0))


def test_the_page_fits_a_small_screen(dock: Any, page: Any, window: Any, qtbot: Any) -> None:
    qtbot.waitUntil(page.classes.add_button.isEnabled, timeout=60_000)
    page.classes._classes.rename(2, "a class with a name that no button has room for")
    width = page.native.minimumSizeHint().width()
    paint(page, (4, 20, 22), 2)
    assert page.undo.text.startswith("Undo paint a class")
    page["session"]._toggle()
    qtbot.wait(50)
    assert dock.widget().minimumSizeHint().height() < 720, "of 800, beside napari's own bars"
    assert page.native.minimumSizeHint().width() <= width + 20
