"""*BP segmentation* as it is used: paint, update, undo, look elsewhere while it computes, take things away, save, resume."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import napari_hounsfield as nh
from napari_hounsfield._napari.editor.frame import frame_of
from napari_hounsfield._napari.labelling.desk import desk_of
from napari_hounsfield.editing.editor import Plane
from napari_hounsfield.operation import finish

SHAPE = (8, 40, 44)


@pytest.fixture
def ball() -> nh.Volume:
    """A bright ball; stored axes run towards L, -P and -S, so that the viewer shows it permuted and flipped."""
    z, y, x = np.ogrid[: SHAPE[0], : SHAPE[1], : SHAPE[2]]
    inside = (4 * (z - 4)) ** 2 + (y - 20) ** 2 + (x - 22) ** 2 < 13**2
    array = np.where(inside, 80, -80) + np.random.default_rng(0).normal(0, 20, SHAPE)
    affine = np.array([[0, 0, 1.0, -10], [0, -1.0, 0, 30], [-4.0, 0, 0, 5], [0, 0, 0, 1]])
    return nh.Volume(array.astype(np.int16), affine, unit="HU", modality="CT", name="CT 3", frame_of_reference="1.2.3")


@pytest.fixture
def window(make_napari_viewer: Any) -> Any:
    return make_napari_viewer()


@pytest.fixture
def dock(window: Any, ball: nh.Volume) -> Any:
    nh.show(window, ball)
    return window.window.add_plugin_dock_widget("napari-hounsfield", "BP segmentation")[1]


@pytest.fixture
def page(window: Any, dock: Any) -> Any:
    """The page with the ball in the session, and a quick recipe."""
    image, page = window.layers[0], dock.page
    page.desk.session.set_params(nh.TrainParams(bp={"iterations": 60}))
    page.image.value = image
    page.add_image()
    return page


@pytest.fixture
def settled(qtbot: Any) -> Callable[[Any], None]:
    """Wait until nothing runs."""

    def wait(page: Any) -> None:
        qtbot.waitUntil(lambda: not page.desk.live.busy and not page.bar.busy, timeout=60_000)

    return wait


def paint(page: Any, voxel: tuple[int, int, int], value: int) -> None:
    """A stroke of napari's brush around a voxel (z, y, x) of the image."""
    bound = page.desk.bound[0]
    layer = bound.strokes
    layer.brush_size = 5
    layer.paint(frame_of(layer).shown_index(voxel), value)


def look(page: Any, z: int) -> None:
    """Turn the viewer to a slice of the image."""
    viewer, layer = page.desk.viewer, page.desk.bound[0].strokes
    frame = frame_of(layer)
    axis = next(a for a in range(3) if frame.stored_plane(a, 0).axis == 0)
    viewer.dims.order = (axis, *(a for a in range(3) if a != axis))
    viewer.dims.set_current_step(axis, frame.shown_index((z, 0, 0))[axis])


def strokes(page: Any) -> None:
    """Both classes, in one slice."""
    look(page, 4)
    paint(page, (4, 20, 22), 2)
    paint(page, (4, 4, 4), 1)


def dice(page: Any, ball: nh.Volume, z: int) -> float:
    result, truth = page.desk.bound[0].stored()[z] == 2, ball.array[z] > 0
    return float(2 * (result & truth).sum() / (result.sum() + truth.sum()))


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


def test_another_direction_still_learns(page: Any, settled: Any) -> None:
    strokes(page)
    settled(page)
    version = page.desk.session.version
    viewer = page.desk.viewer
    viewer.dims.order = viewer.dims.order[1:] + viewer.dims.order[:1]
    paint(page, (5, 20, 22), 2)
    settled(page)
    assert page.desk.session.version > version


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
    window.layers.remove(page.desk.bound[0].strokes)
    settled(page)
    assert page.desk.session.images == []
    assert said() == []


def test_the_viewer_closes_while_it_computes(page: Any, window: Any, qtbot: Any) -> None:
    strokes(page)
    page.recognise_all()
    window.close()
    qtbot.wait(300)


def test_result_goes_and_comes_back(page: Any, window: Any, settled: Any) -> None:
    strokes(page)
    settled(page)
    window.layers.remove(page.desk.bound[0].result)
    paint(page, (4, 36, 36), 1)
    settled(page)
    assert page.desk.bound[0].result in window.layers


def test_save_and_resume(page: Any, window: Any, ball: nh.Volume, settled: Any, said: Any, tmp_path: Path) -> None:
    strokes(page)
    settled(page)
    page.update_once()
    settled(page)
    before = page.desk.bound[0].editing.editor.array.copy()
    page.files.save(tmp_path / "session")
    settled(page)
    assert (tmp_path / "session.safetensors").is_file()
    page.files.export(tmp_path / "model.safetensors")
    assert nh.load_model(tmp_path / "model.safetensors").classes == {1: "background", 2: "structure"}
    window.layers.clear()
    nh.show(window, ball)
    page.files.open(tmp_path / "session.safetensors")
    settled(page)
    assert np.array_equal(page.desk.bound[0].editing.editor.array, before)
    assert page.desk.session.classifier is not None
    look(page, 4)
    paint(page, (4, 36, 36), 1)
    settled(page)
    assert dice(page, ball, 4) > 0.85
    page.files.copy_script()
    assert not [message for message in said() if "is saved" not in message and "clipboard" not in message]


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


def test_one_session_a_viewer(page: Any, window: Any) -> None:
    assert desk_of(window) is page.desk


def test_the_classifier_is_one_click_away(page: Any, settled: Any) -> None:
    strokes(page)
    settled(page)
    page.recipe.value = "random forest"
    settled(page)
    assert page.desk.session.classifier.params.classifier == "forest"
    page._undo()
    assert page.desk.session.params.classifier == "bp"


def test_uncertainty_is_shown_in_percent(page: Any, window: Any, settled: Any) -> None:
    strokes(page)
    settled(page)
    page.doubt.value = True
    settled(page)
    bound = page.desk.bound[0]
    shown = frame_of(bound.doubt.layer).stored(bound.doubt.layer.data)
    assert shown.dtype == np.uint8
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


def test_estimate_and_importance(dock: Any, page: Any, window: Any, settled: Any) -> None:
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
    cells = [[judge.table.item(r, c).text() for c in range(judge.table.columnCount())] for r in range(judge.table.rowCount())]
    assert [row[0] for row in cells] == ["background", "structure", "mean"]
    assert f"{expected.dice:.3f}" in cells[-1]
    judge.weigh()
    settled(page)
    assert judge.bars.rowCount() == len(page.desk.session.resolved().kept)
    judge.bars.cellClicked.emit(0, 0)
    settled(page)
    (shown,) = [layer for layer in window.layers if layer.name.startswith("feature: ")]
    assert shown.data.size == 40 * 44
    judge.drop_features()
    settled(page)
    assert page.desk.session.params.keep == judge.importance.keep()
    page._undo()
    assert page.desk.session.params.keep == ""


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


def test_several_images_in_one_session(page: Any, window: Any, ball: nh.Volume, settled: Any) -> None:
    strokes(page)
    settled(page)
    (other,) = nh.show(window, replace(ball, name="CT 4"))
    page.image.value = other
    page.add_image()
    settled(page)
    assert page.images.value.layer is other
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


def test_what_is_wrong_with_a_session_is_one_line(page: Any, window: Any, settled: Any, said: Any, tmp_path: Path) -> None:
    strokes(page)
    settled(page)
    page.files.save(tmp_path / "session")
    settled(page)
    path = tmp_path / "session.safetensors"
    (tmp_path / "short.safetensors").write_bytes(path.read_bytes()[:-100])
    page.files.open(tmp_path / "short.safetensors")
    settled(page)
    assert "short.safetensors" in said()[-1]
    page.desk.bound[0].image.volume.array[4, 4, 4] += 1  # edited after training
    page.files.open(path)
    settled(page)
    assert "1 of its 1 images are not here" in said()[-1]
    assert len(page.desk.session.images) == 1
    paint(page, (4, 36, 36), 1)
    settled(page)


def test_a_stroke_outside_and_a_class_without_strokes(page: Any, settled: Any, said: Any, qtbot: Any) -> None:
    qtbot.waitUntil(page.classes.add_button.isEnabled, timeout=60_000)
    page.classes.add_button.click()
    layer = page.desk.bound[0].strokes
    layer.paint((-5, 400, -3), 2)
    strokes(page)
    settled(page)
    assert set(page.desk.session.classifier.classes.values()) == {"background", "structure"}
    assert said() == []


def test_one_run_at_a_time(dock: Any, page: Any, settled: Any, said: Any) -> None:
    strokes(page)
    page.recognise_all()
    dock.judge.estimate()
    assert "something runs already" in said()[-1]
    settled(page)
