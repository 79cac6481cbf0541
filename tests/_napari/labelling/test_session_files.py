"""A session is saved and resumed; what is wrong with a file is one line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from tests._napari.labelling.painting import dice, look, paint, strokes

import napari_hounsfield as nh
from napari_hounsfield.labelling.session_file import FILE


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
    page.files.copy_script()
    look(page, 4)
    paint(page, (4, 36, 36), 1)
    settled(page)
    assert dice(page, ball, 4) > 0.85
    assert not [message for message in said() if "is saved" not in message and "clipboard" not in message]


def test_a_session_opened_over_another_takes_its_place(
    page: Any, window: Any, ball: nh.Volume, settled: Any, said: Any, tmp_path: Path
) -> None:
    strokes(page)
    settled(page)
    page.files.save(tmp_path / "session")
    settled(page)
    before = page.desk.bound[0].image.strokes.array.copy()
    for _ in range(2):
        page.files.open(tmp_path / "session.safetensors")
        settled(page)
        assert sorted(layer.name for layer in window.layers) == ["CT 3", "CT 3 labels", "CT 3 strokes"]
    paint(page, (4, 36, 36), 1)
    settled(page)
    unsaved = page.desk.bound[0].strokes
    page.files.open(tmp_path / "session.safetensors")
    settled(page)
    assert "not saved, so kept" in said()[-1]
    assert unsaved in window.layers
    assert not unsaved.visible
    assert np.array_equal(page.desk.bound[0].image.strokes.array, before)
    (own,) = nh.show(window, ball.label_map(before, {1: "background", 2: "structure"}))
    page.leave_image()
    page.strokes.value = own
    page.add_image()
    page.files.open(tmp_path / "session.safetensors")
    settled(page)
    assert own in window.layers, "a layer of the user's"
    assert own.visible


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
    assert "its voxels or its place differ" in said()[-1]
    assert len(page.desk.session.images) == 1
    paint(page, (4, 36, 36), 1)
    settled(page)


def test_files_of_other_versions_and_foreign_classifiers(
    dock: Any, page: Any, window: Any, ball: nh.Volume, settled: Any, finish: Any, said: Any, tmp_path: Path
) -> None:
    strokes(page)
    settled(page)
    page.files.save(tmp_path / "session")
    settled(page)
    tensors, card = FILE.read(tmp_path / "session.safetensors")
    replace(FILE, schema=99).write(tmp_path / "newer.safetensors", tensors, card, False, lambda path: None)
    page.files.open(tmp_path / "newer.safetensors")
    settled(page)
    assert "newer.safetensors" in said()[-1]
    assert "another version" in said()[-1]
    assert len(page.desk.session.images) == 1  # what was there is there still
    segment, classifier = dock.forms["segment"], page.desk.session.classifier
    segment.choices[0].value = page.desk.bound[0].layer
    painted, pet = page.desk.bound[0].image.strokes, replace(ball, unit="SUV", modality="PT")
    foreign = nh.train(nh.aligned(ball, [pet]), painted, page.desk.session.params)
    for model, words in ((nh.train(pet, painted, page.desk.session.params), "'SUV'"), (foreign, "other channels")):
        model.save(tmp_path / "foreign.safetensors", overwrite=True)
        segment.choices[1].load(tmp_path / "foreign.safetensors")
        segment.run()
        finish(segment.bar)
        assert words in said()[-1]
    assert page.desk.session.classifier is classifier
    (segment.choices[0].value,) = nh.show(window, replace(ball, modality=""))
    page.files.export(tmp_path / "own.safetensors")
    segment.choices[1].load(tmp_path / "own.safetensors")
    segment.run()
    finish(segment.bar)
    assert "is taken as CT in HU" in said()[-1]


def test_an_image_that_is_edited_keeps_its_strokes(page: Any, ball: nh.Volume, settled: Any, said: Any) -> None:
    strokes(page)
    settled(page)
    bound, version = page.desk.bound[0], page.desk.session.version
    painted = bound.editing.editor.array.copy()
    bound.layer.data = -bound.layer.data
    settled(page)
    assert page.desk.session.version > version
    assert np.array_equal(bound.editing.editor.array, painted)
    assert bound.image.volume.array[4, 20, 22] == -ball.array[4, 20, 22]
    assert dice(page, ball, 4) > 0.85
    bound.layer.data = np.zeros((4, 5, 6), np.int16)
    settled(page)
    assert "grids differ" in said()[-1]
    assert "has left the session" in said()[-1]
    assert page.desk.session.images == []


def test_the_script_is_of_what_is_shown(page: Any, settled: Any, said: Any, tmp_path: Path) -> None:
    from qtpy.QtWidgets import QApplication

    strokes(page)
    settled(page)
    clipboard: Any = QApplication.clipboard()
    clipboard.clear()
    page.files.copy_script()
    assert "save the session first" in said()[-1]
    page.files.save(tmp_path / "session")
    settled(page)
    page.files.copy_script()
    assert "session.safetensors" in clipboard.text()
    clipboard.clear()
    paint(page, (4, 36, 36), 1)
    settled(page)
    page.files.copy_script()
    assert "older" in said()[-1]
    assert not clipboard.text()


def test_a_new_session_has_nothing_of_the_last(page: Any, window: Any, settled: Any, said: Any, tmp_path: Path) -> None:
    strokes(page)
    settled(page)
    image, painted = page.desk.bound[0].layer, page.desk.bound[0].strokes
    page.files.begin_anew()
    settled(page)
    assert "kept" in said()[-1]
    assert list(window.layers) == [image, painted]
    assert not painted.visible
    assert page.desk.session.images == []
    assert page.desk.session.classes == ()
    assert page.desk.session.classifier is None
    page.files.copy_script()
    assert "save the session first" in said()[-1]
    page.image.value = image
    page.add_image()
    assert [one.name for one in page.desk.session.classes] == ["background", "structure"]
    strokes(page)
    settled(page)
    assert page.desk.session.classifier is not None


def test_a_classifier_that_is_outdated_says_so(page: Any, settled: Any, said: Any, tmp_path: Path) -> None:
    strokes(page)
    settled(page)
    page.files.export(tmp_path / "model")
    assert said()[-1] == "model.safetensors is saved"
    page.live.value = False
    paint(page, (4, 36, 36), 1)
    settled(page)
    page.files.export(tmp_path / "model")
    assert "older than what is painted" in said()[-1]
