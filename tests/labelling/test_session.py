"""A session: paint, train, recognise, undo, over several images."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import napari_hounsfield as nh
from napari_hounsfield.editing.near import Plane
from napari_hounsfield.operation import finish
from napari_hounsfield.pixels.stroke_parts import stroke_numbers

from .conftest import picture, truth


def dice(a: np.ndarray, b: np.ndarray) -> float:
    return float(2 * (a & b).sum() / (a.sum() + b.sum()))


def test_paint_train_recognise(session: nh.LabellingSession, volume: nh.Volume) -> None:
    session.train()
    result = session.segment(session.images[0])
    assert result.labels.classes[1] == "ball"
    assert dice(result.labels.array == 1, truth(volume)) > 0.9


def test_a_plane_is_that_of_the_whole(session: nh.LabellingSession) -> None:
    session.train()
    image = session.images[0]
    whole = session.segment(image)
    for z in (0, 6):
        plane = finish(session.plane_steps(image, z))
        assert np.array_equal(plane.labels, whole.labels.array[z])
        assert whole.sureness is not None
        assert np.allclose(plane.sureness, whole.sureness[z], atol=1e-5)
    across = finish(session.plane_steps(image, Plane(1, 24)))
    assert np.array_equal(across.labels, whole.labels.array[:, 24])
    assert np.array_equal(finish(session.live_steps(image, Plane(2, 20))).labels, whole.labels.array[:, :, 20])


def test_equals_train_on_the_same_strokes(session: nh.LabellingSession, volume: nh.Volume) -> None:
    session.set_params(nh.TrainParams(holdout=0, bp={"iterations": 200}))
    ours = session.train()
    theirs = nh.train(volume, session.images[0].strokes, session.params)
    assert np.allclose(ours.recogniser.tensors()["weight.0"], theirs.recogniser.tensors()["weight.0"], atol=1e-4)


def test_strokes_are_told_apart_as_by_train(session: nh.LabellingSession) -> None:
    image = session.images[0]
    mask = np.zeros(image.strokes.array.shape, bool)
    mask[2:9, 3, 3:9] = True
    session.paint(image, mask, 1)
    finish(session.painted_steps())
    mask[:], mask[6:11, 30:36, 40] = False, True
    session.paint(image, mask, 2)
    painted = finish(session.painted_steps())
    array = image.strokes.array
    assert np.array_equal(np.unique(painted.strokes, return_inverse=True)[1] + 1, stroke_numbers(array)[array > 0])


def test_images_of_other_spacing_share_one_classifier(session: nh.LabellingSession) -> None:
    other = picture(spacing=0.8, seed=5, shift=4)
    image = session.add(other)
    mask = np.zeros(other.array.shape, bool)
    mask[6, 22:26, 26:30] = True
    session.paint(image, mask, 1)
    classifier = session.train()
    assert classifier.counts["train"]["ball"] == 2 * 8 * 4 + 16  # what was held back is learned too in the end
    assert dice(session.segment(image).labels.array == 1, truth(other, 4)) > 0.85


def test_everything_is_undone_and_redone(session: nh.LabellingSession) -> None:
    image = session.images[0]
    session.train()
    states = []

    def state() -> tuple[object, ...]:
        return session.classes, image.strokes.array.tobytes(), session.classifier, session.params

    steps = [
        lambda: session.add_class("third", "#123456"),
        lambda: session.paint(image, np.indices(image.strokes.array.shape)[0] == 2, 3),
        lambda: session.train(),
        lambda: session.drop_class(3, into=2),
        lambda: session.set_params(nh.TrainParams(seed=4)),
        lambda: session.drop_class(1),
    ]
    for step in steps:
        states.append(state())
        step()
    states.append(state())
    for before in reversed(states[:-1]):
        session.undo()
        assert state() == before
    for after in states[1:]:
        session.redo()
        assert state() == after


def test_twenty_strokes_across_slices_come_back(session: nh.LabellingSession) -> None:
    image = session.images[0]
    states = [image.strokes.array.copy()]
    for k in range(20):
        mask = np.zeros(image.strokes.array.shape, bool)
        mask[k % 12, 40, k : k + 5] = True
        session.paint(image, mask, 1 + k % 2)
        states.append(image.strokes.array.copy())
    for before in reversed(states[:-1]):
        session.undo()
        assert np.array_equal(image.strokes.array, before)


def test_a_draft_is_applied_where_nothing_is_painted(session: nh.LabellingSession, volume: nh.Volume) -> None:
    image = session.images[0]
    before = image.strokes.array.copy()
    draft = nh.samples(nh.classes(volume, nh.ClassesParams(count=3)))
    session.apply(image, draft)
    after = image.strokes.array
    assert np.array_equal(after[before > 0], before[before > 0])
    assert set(np.unique(after)) > {0, 1, 2}
    names = {one.value: one.name for one in session.classes}
    for value in np.unique(after[(before == 0) & (after > 0)]):
        assert names[int(value)] in draft.classes.values()
    session.undo()
    assert np.array_equal(image.strokes.array, before)
    assert len(session.classes) == 2


def test_the_same_strokes_give_the_same_classifier(session: nh.LabellingSession) -> None:
    first = session.train()
    for _ in finish_warm(session):
        pass
    again = session.train()
    for name, tensor in first.recogniser.tensors().items():
        assert np.array_equal(tensor, again.recogniser.tensors()[name])


def finish_warm(session: nh.LabellingSession) -> list[object]:
    return [finish(session.train_steps(warm=True)) for _ in range(2)]


def test_what_cannot_be_learned_is_said(volume: nh.Volume) -> None:
    session = nh.LabellingSession()
    with pytest.raises(TypeError, match=r"give a Volume or Channels, not ndarray"):
        nh.LabellingSession().add(np.zeros((3, 4, 5)))  # type: ignore[arg-type]
    with pytest.raises(nh.LabelError, match="no image"):
        session.train()
    image = session.add(volume)
    with pytest.raises(nh.LabelError, match="nothing is painted"):
        session.train()
    with pytest.raises(nh.ModelError, match="nothing is trained"):
        session.segment(image)
    session.add_class("one")
    session.paint(image, np.ones(volume.array.shape, bool), 1)
    with pytest.raises(nh.LabelError, match="only 'one' is painted"):
        session.train()
    with pytest.raises(nh.LabelError, match="no class 9"):
        session.paint(image, np.ones(volume.array.shape, bool), 9)
    with pytest.raises(nh.GridError):
        session.paint(image, np.ones((2, 2, 2), bool), 1)


def test_images_that_do_not_go_together_are_refused(session: nh.LabellingSession, volume: nh.Volume) -> None:
    with pytest.raises(nh.ModelError, match="unit"):
        session.add(nh.Volume(volume.array, volume.affine, unit="SUV", modality="PT"))
    strokes = nh.LabelMap(np.zeros((2, 3, 4), np.uint8), volume.affine)
    with pytest.raises(nh.GridError, match="differ"):
        session.add(volume, strokes)


def test_a_removed_image_is_forgotten(session: nh.LabellingSession, volume: nh.Volume) -> None:
    image = session.add(picture(seed=9))
    session.paint(image, np.ones(volume.array.shape, bool), 1)
    session.remove(image)
    assert len(session.images) == 1
    session.undo()  # a stroke of the other image, not of this one
    assert image.strokes.array.all()


def test_edited_voxels_are_learned_anew(session: nh.LabellingSession, volume: nh.Volume) -> None:
    image, first = session.images[0], session.train()
    strokes = image.strokes.array.copy()
    session.renew(image, replace(volume, array=-volume.array))
    assert session.outdated
    assert session.train() is not first
    assert np.array_equal(image.strokes.array, strokes)
    assert dice(session.segment(image).labels.array == 1, truth(volume)) > 0.9
    with pytest.raises(nh.GridError, match="differ"):
        session.renew(image, replace(volume, array=volume.array[:3]))


def test_cancelled_training_changes_nothing(session: nh.LabellingSession) -> None:
    first = session.train()
    session.paint(session.images[0], np.indices((12, 48, 48))[0] == 1, 1)
    steps = session.train_steps()
    for _ in range(3):
        next(steps)
    steps.close()
    assert session.classifier is first


def test_live_follows_the_strokes(session: nh.LabellingSession, volume: nh.Volume) -> None:
    image = session.images[0]
    assert session.outdated
    first = finish(session.live_steps(image, 6))
    assert not session.outdated
    assert dice(first.labels == 1, truth(volume)[6]) > 0.9
    classifier = session.classifier
    finish(session.live_steps(image, 3))
    assert session.classifier is classifier
    session.undo()
    assert session.outdated
    finish(session.live_steps(image, 3))
    assert session.classifier is not classifier
    assert "classifier" not in "".join(session.history.titles)


def test_a_classifier_stays_with_images_of_its_kind(session: nh.LabellingSession, volume: nh.Volume) -> None:
    classifier = session.train()
    session.remove(session.images[0])
    assert session.outdated
    again = session.add(volume)
    assert session.classifier is classifier, "what it learned may be wanted for the next patient"
    session.remove(again)
    session.add(nh.Volume(volume.array, volume.affine, unit="SUV", modality="PT"))
    assert session.classifier is None


def test_classes_by_name_and_images_that_are_not_of_the_session(session: nh.LabellingSession, volume: nh.Volume) -> None:
    image, name = session.images[0], session.classes[0].name
    session.paint(image, np.ones(volume.array.shape, bool), name.upper())
    assert (image.strokes.array == session.classes[0].value).all()
    with pytest.raises(nh.LabelError, match="no class 'nothing'"):
        session.paint(image, np.ones(volume.array.shape, bool), "nothing")
    session.undo()
    session.train()
    assert np.array_equal(session.segment(volume).labels.array, session.segment(image).labels.array)
