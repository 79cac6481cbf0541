"""*BP segmentation* as it is used: paint, update, undo, look elsewhere while it computes, take things away."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests._napari.labelling.painting import dice, look, paint, strokes

import napari_hounsfield as nh
from napari_hounsfield._napari.editor.frame import frame_of
from napari_hounsfield._napari.labelling.desk import desk_of
from napari_hounsfield._napari.labelling.paint_page import PATIENCE_MS
from napari_hounsfield._napari.labelling.recipes import SEED
from napari_hounsfield._napari.worker import _running
from napari_hounsfield.editing.near import Plane


def test_labels_follow_the_brush(page: Any, ball: nh.Volume, settled: Any) -> None:
    assert "at least two classes" in page.message.value
    strokes(page)
    settled(page)
    bound = page.desk.bound[0]
    assert dice(page, ball, 4) > 0.85
    assert not bound.stored()[2].any()
    look(page, 2)
    settled(page)
    assert bound.stored()[2].any()
    assert set(np.unique(bound.editing.editor.array)) == {0, 1, 2}  # never the strokes themselves
    assert "learned from" in page.message.value
    assert bound.strokes is page.desk.viewer.layers.selection.active


def test_the_line_says_what_learns_and_what_is_shown(page: Any, settled: Any, qtbot: Any) -> None:
    lines: list[str] = []
    page.refreshed.append(lambda: lines.append(page.message.value))
    strokes(page)
    settled(page)
    first = next(n for n, line in enumerate(lines) if "learns" in line)
    assert not [line for line in lines[first:] if "paint strokes" in line], "two classes are painted"
    assert page.message.value.startswith("BP network: learned from")
    lines.clear()
    page.recipe.value = "random forest"
    settled(page)
    assert lines
    assert all(line.startswith("random forest: learn") for line in lines)
    page.live.value = False
    page.recipe.value = "logistic regression"
    assert page.message.value == "logistic regression: press Update to learn; shown: random forest"
    page.update_once()
    settled(page)
    assert page.message.value.startswith("logistic regression: learned from")


def test_without_live_only_update_learns(page: Any, ball: nh.Volume, settled: Any) -> None:
    page.live.value = False
    strokes(page)
    settled(page)
    assert page.desk.session.classifier is None
    page.update_once()
    settled(page)
    assert dice(page, ball, 4) > 0.85
    assert page.desk.session.history.titles[-1] == "training"


def test_the_whole_volume(page: Any, ball: nh.Volume, settled: Any) -> None:
    strokes(page)
    settled(page)
    page.recognise_all()
    settled(page)
    result = page.desk.bound[0].result
    found = nh.from_layer(result)
    assert isinstance(found, nh.LabelMap)
    expected = page.desk.session.segment(page.desk.bound[0].image).labels
    assert np.array_equal(found.on(ball.grid).array, expected.array)
    assert found.class_name(2) == "structure"


def test_undo_and_redo(page: Any, settled: Any) -> None:
    strokes(page)
    settled(page)
    array = page.desk.bound[0].editing.editor.array
    both = array.copy()
    page.update_once()
    settled(page)
    for title in ("training", "paint background", "paint structure"):
        assert page.undo.text == f"Undo {title}"
        page._undo()
        settled(page)
    assert not array.any()
    for _ in range(3):
        page._redo()
        settled(page)
    assert np.array_equal(array, both)
    assert page.redo.enabled is False


def test_other_slices_while_it_computes(page: Any, ball: nh.Volume, settled: Any) -> None:
    strokes(page)
    for z in (1, 2, 3, 5, 6):
        look(page, z)
        paint(page, (z, 3, 3), 1)
    settled(page)
    assert page.desk.bound[0].shows(Plane(0, 6), page.desk.session.version)
    assert dice(page, ball, 6) > 0.7


def test_the_image_goes_while_it_computes(page: Any, window: Any, settled: Any, said: Any) -> None:
    strokes(page)
    page.recognise_all()
    window.layers.remove(page.desk.bound[0].layer)
    settled(page)
    assert page.desk.bound == []
    assert page.desk.session.images == []
    assert said() == []


def test_the_strokes_go_while_it_computes(page: Any, window: Any, settled: Any, said: Any) -> None:
    strokes(page)
    painted = page.desk.bound[0].image.strokes.array.copy()
    window.layers.remove(page.desk.bound[0].strokes)
    settled(page)
    assert page.desk.session.images == []
    assert "add the image again" in " ".join(said())
    page.add_image()
    settled(page)
    assert np.array_equal(page.desk.bound[0].image.strokes.array, painted), "nothing of the user's is lost"


def test_an_image_comes_back_with_its_strokes(page: Any, window: Any, settled: Any) -> None:
    page.live.value = False
    strokes(page)
    settled(page)
    bound, painted = page.desk.bound[0], page.desk.bound[0].image.strokes.array.copy()
    page.leave_image()
    bound.strokes.visible = False
    page.add_image()
    assert page.desk.bound[0].strokes is bound.strokes
    assert bound.strokes.visible
    assert np.array_equal(page.desk.session.images[0].strokes.array, painted)
    assert [layer.name for layer in window.layers] == ["CT 3", "CT 3 strokes"]
    page.leave_image()
    page.strokes.value = other = window.add_labels(np.zeros_like(bound.strokes.data), name="other", scale=bound.strokes.scale)
    page.add_image()
    assert page.desk.bound[0].strokes is other, "as was chosen"
    page.leave_image()
    page.strokes.value = None
    window.layers.remove(other)
    page.add_image()
    assert page.desk.bound[0].strokes not in (bound.strokes, other)
    assert not page.desk.session.images[0].strokes.array.any()


def test_the_viewer_closes_while_it_computes(page: Any, window: Any, qtbot: Any) -> None:
    strokes(page)
    page.recognise_all()
    window.close()
    qtbot.wait(300)


def test_what_the_page_shows_is_current_when_a_stroke_is_learned(dock: Any, page: Any, settled: Any, qtbot: Any) -> None:
    strokes(page)
    settled(page)
    follower, desk = page._follower, page.desk
    paint(page, (4, 36, 36), 1)
    assert desk.live.learning
    assert follower._later.isActive(), "first the labels are shown"
    paint(page, (4, 10, 36), 2)
    settled(page)
    assert not follower._later.isActive(), "shown when it has ended, if not before"
    assert page.undo.text == "Undo paint structure"
    voxels = np.bincount(desk.bound[0].image.strokes.array.ravel())
    model = page.classes.model
    shown = [model.index(row, model.columnCount() - 1).data() for row in range(model.rowCount())]
    assert [float(text) for text in shown] == [pytest.approx(4 * count / 1000, abs=6e-4) for count in voxels[1:]]
    paint(page, (4, 30, 4), 1)
    assert follower._later.isActive()
    qtbot.waitUntil(lambda: page.undo.text == "Undo paint background", timeout=60_000)
    paint(page, (4, 12, 4), 1)
    assert follower._later.isActive()
    dock.deleteLater()
    qtbot.waitUntil(lambda: not follower.alive)
    paint(page, (4, 20, 4), 1)
    qtbot.wait(2 * PATIENCE_MS)
    assert np.bincount(desk.bound[0].image.strokes.array.ravel())[1] > voxels[1], "the session goes on"


def test_the_viewer_closes_while_the_page_waits(page: Any, window: Any, settled: Any, qtbot: Any) -> None:
    strokes(page)
    settled(page)
    paint(page, (4, 36, 36), 1)
    assert page._follower._later.isActive()
    window.close()
    qtbot.wait(2 * PATIENCE_MS)


def test_result_goes_and_comes_back(page: Any, window: Any, settled: Any) -> None:
    strokes(page)
    settled(page)
    window.layers.remove(page.desk.bound[0].result)
    paint(page, (4, 36, 36), 1)
    settled(page)
    assert page.desk.bound[0].result in window.layers


def test_classes_of_the_list_are_those_of_the_session(page: Any, qtbot: Any) -> None:
    qtbot.waitUntil(page.classes.add_button.isEnabled, timeout=60_000)
    page.classes._classes.rename(2, "ball")
    assert {one.value: one.name for one in page.desk.session.classes}[2] == "ball"
    page.classes._classes.add()
    assert len(page.desk.session.classes) == 3


def test_what_cannot_be_done_is_one_line(page: Any, window: Any, said: Any) -> None:
    page.add_image()
    assert "in the session already" in said()[-1]
    small = window.add_labels(np.zeros((3, 4, 5), np.uint8), name="small")
    other = window.add_image(np.zeros((8, 9, 10)), name="plain")
    page.image.value, page.strokes.value = other, small
    page.add_image()
    assert "grids differ" in said()[-1] or "unit" in said()[-1]
    page.files.copy_script()
    assert "save the session first" in said()[-1]


def test_an_image_of_another_name_is_known_by_it(page: Any) -> None:
    page.desk.bound[0].layer.name = "renamed"
    assert page.images.current_choice == "renamed"


def test_one_session_a_viewer(page: Any, window: Any) -> None:
    assert desk_of(window) is page.desk


def test_the_classifier_is_one_click_away(page: Any, settled: Any, said: Any) -> None:
    strokes(page)
    settled(page)
    page.recipe.value = "random forest"
    settled(page)
    assert page.desk.session.classifier.params.classifier == "forest"
    page._undo()
    assert page.desk.session.params.classifier == "bp"
    settled(page)
    page.live.value = False
    page.recipe.value = SEED
    settled(page)
    page.find_next()
    settled(page)
    assert "train again" in said()[-1]  # other features
    page.update_once()
    page.bar.cancel()


def test_several_images_in_one_session(page: Any, window: Any, ball: nh.Volume, settled: Any) -> None:
    strokes(page)
    settled(page)
    (other,) = nh.show(window, replace(ball, name="CT 4"))
    page.image.value = other
    page.add_image()
    settled(page)
    assert page.images.value.layer is other
    second, version = page.desk.bound[1], page.desk.session.version
    second.strokes.paint(frame_of(second.strokes).shown_index((4, 36, 36)), 1)
    settled(page)
    assert page.desk.session.version > version
    assert second.shows(second.plane(), page.desk.session.version)
    page.images.value = page.desk.bound[0]
    assert window.layers.selection.active is page.desk.bound[0].strokes
    page.images.value = page.desk.bound[1]
    page.leave_image()
    assert len(page.desk.session.images) == 1
    assert other in window.layers


def test_a_flat_image(page: Any, window: Any, settled: Any) -> None:
    random = np.random.default_rng(0)
    array = np.where(np.arange(50) < 25, 0.0, 100.0) + random.normal(0, 5, (40, 50))
    page.leave_image()
    page.image.value = window.add_image(array, name="flat")
    page.add_image()
    paint(page, (0, 20, 10), 1)
    paint(page, (0, 20, 40), 2)
    settled(page)
    found = page.desk.bound[0].stored()[0]
    assert (found[:, :20] == 0).mean() > 0.95
    assert (found[:, 30:] == 2).mean() > 0.95


def test_a_stroke_outside_and_a_class_without_strokes(page: Any, settled: Any, said: Any, qtbot: Any) -> None:
    qtbot.waitUntil(page.classes.add_button.isEnabled, timeout=60_000)
    page.classes.add_button.click()
    layer = page.desk.bound[0].strokes
    layer.paint((-5, 400, -3), 2)
    strokes(page)
    settled(page)
    assert set(page.desk.session.classifier.classes.values()) == {"background", "structure"}
    assert said() == []


def test_one_run_at_a_time_and_the_next_one_waits(dock: Any, page: Any, settled: Any, said: Any) -> None:
    page.live.value = False
    strokes(page)
    page.update_once()
    first = page.bar.job
    page.find_next()
    page.whole.native.click()
    assert page.bar.job is first
    assert "starts when" in said()[-1]
    settled(page)
    assert page.desk.session.classifier is not None
    assert None in page.desk.bound[0].versions, "the whole volume is recognised"
    assert "paint here" not in page.viewer.layers, "what was asked for last alone waits"
    page.update_once()
    page.recognise_all()
    page.bar.cancel()
    assert not page.runs.busy


def test_cancel_frees_the_form_at_once_and_keeps_nothing(dock: Any, page: Any, settled: Any, said: Any, qtbot: Any) -> None:
    strokes(page)
    settled(page)
    page.live.value = False
    session, titles = page.desk.session, page.desk.session.history.titles
    page.desk.session.cache.forget(session.source(page.desk.bound[0].image))
    for start in (
        page.update_once,
        page.recognise_all,
        dock.judge.estimate,
        dock.drafts.suggest,
        dock.drafts.find,
        page.find_next,
    ):
        classifier = session.classifier
        start()
        job = page.bar.job
        assert page.bar.busy
        page.bar._cancel.native.click()
        assert not page.bar.busy
        assert page.bar._run.enabled
        qtbot.waitUntil(lambda job=job: job not in _running, timeout=10_000)
        settled(page)
        assert session.classifier is classifier
    assert session.history.titles == titles
    assert dock.drafts.desk.draft is None
    assert said() == []
    page.update_once()
    settled(page)
    assert session.classifier is not classifier


def test_the_viewer_turns_to_an_image_that_lies_elsewhere(page: Any, window: Any, ball: nh.Volume, settled: Any) -> None:
    first, affine = page.desk.bound[0], ball.affine.copy()
    affine[:3, 3] += 1000
    (far,) = nh.show(window, nh.Volume(ball.array.copy(), affine, unit="HU", modality="CT", name="far"))
    before = window.dims.point
    page.image.value = far
    page.add_image()
    for bound in (page.desk.bound[1], first):
        page.desk.turn_to(bound)
        low, high = bound.strokes.extent.world
        sliced = window.dims.not_displayed[0]
        assert low[sliced] <= window.dims.point[sliced] <= high[sliced]
        centre = window.scene.camera.center[-2:]
        assert all(low[axis] < c < high[axis] for axis, c in zip(window.dims.displayed, centre, strict=True))
    window.dims.set_point(sliced, before[sliced])
    where = window.dims.point, window.scene.camera.center
    page.desk.turn_to(first)
    assert (window.dims.point, window.scene.camera.center) == where, "it is in sight already"
    settled(page)
