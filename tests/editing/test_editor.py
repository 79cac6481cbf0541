"""Editing in place: any operation, the plane that is looked at first, undo, locks, cancelling."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

import napari_hounsfield as nh
from napari_hounsfield.editing.area import EditableArea
from napari_hounsfield.editing.editor import LabelEditor
from napari_hounsfield.editing.near import Plane
from napari_hounsfield.editing.tally import tally_steps
from napari_hounsfield.operation import Progress, finish, operation


class ThickenParams(nh.Params):
    """How much."""

    label: int = 1
    voxels: int = 1
    locked: tuple[int, ...] = ()


@operation("thicken", ThickenParams)
def thicken(labels: nh.LabelMap, params: ThickenParams) -> Generator[Progress, None, nh.LabelMap]:
    """Grow a class by voxels, over all that is not locked."""
    yield Progress(0)
    grown = ndimage.binary_dilation(labels.array == params.label, iterations=params.voxels)
    yield Progress(0.5)
    free = ~np.isin(labels.array, params.locked)
    return nh.LabelMap(np.where(grown & free, params.label, labels.array), labels.affine, labels.classes)


class BrightParams(nh.Params):
    """Nothing to choose."""


@operation("bright", BrightParams)
def bright(volume: nh.Volume, labels: nh.LabelMap, params: BrightParams) -> Generator[Progress, None, nh.LabelMap]:
    """Class 9 where the image is above 0; a new name."""
    yield Progress(0.5)
    array = np.where(volume.array > 0, 9, labels.array)
    return nh.LabelMap(array, labels.affine, {**labels.classes, 9: "bright"})


def ball() -> nh.LabelMap:
    z, y, x = np.ogrid[:40, :30, :30]
    array = ((z - 20) ** 2 + (y - 15) ** 2 + (x - 15) ** 2 < 64).astype(np.uint8)
    array[20, 15, 20:28] = 2
    return nh.LabelMap(array, nh.axial_affine((2.0, 1.0, 1.0)), {1: "ball", 2: "rod"})


@pytest.mark.parametrize("plane", [None, Plane(0, 21), Plane(1, 12), Plane(2, 16), Plane(0, 100)])
def test_edit_equals_the_operation_and_is_undone(plane: Plane | None) -> None:
    labels = ball()
    before = labels.array.copy()
    expected = thicken(labels, ThickenParams(voxels=3)).array
    editor = LabelEditor(labels)
    editor.looked_at = plane
    finish(editor.steps(thicken, ThickenParams(voxels=3), reach=3.0))
    assert editor.labels.array is labels.array
    assert np.array_equal(labels.array, expected)
    editor.undo()
    assert np.array_equal(labels.array, before)
    editor.redo()
    assert np.array_equal(labels.array, expected)


@pytest.mark.parametrize(("plane", "reach"), [(Plane(0, 21), 6.0), (Plane(1, 12), 3.0), (Plane(2, 16), 3.0)])
def test_the_plane_that_is_looked_at_is_right_first(plane: Plane, reach: float) -> None:
    labels = ball()
    before = labels.array.copy()
    expected = thicken(labels, ThickenParams(voxels=3)).array
    editor, boxes = LabelEditor(labels), []
    editor.looked_at = plane
    editor.edited.connect(boxes.append)
    steps = editor.steps(thicken, ThickenParams(voxels=3), reach=reach)
    box = next(progress.result for progress in steps if progress.result is not None)
    assert boxes == [box]
    assert np.array_equal(labels.array.take(plane.index, plane.axis), expected.take(plane.index, plane.axis))
    assert np.array_equal(np.delete(labels.array, plane.index, plane.axis), np.delete(before, plane.index, plane.axis))
    steps.close()
    assert np.array_equal(labels.array, before)
    assert editor.history.titles == ()


def test_locked_classes_are_told_to_the_operation() -> None:
    editor = LabelEditor(ball())
    editor.locked = frozenset({2})
    editor.edit(thicken, ThickenParams(voxels=4))
    assert (editor.labels.array == 2).sum() == 8


def test_operations_that_know_of_no_locks_keep_them_too() -> None:
    editor = LabelEditor(ball())
    before = editor.array.copy()
    volume = nh.Volume(np.ones((40, 30, 30)), editor.labels.affine)
    editor.locked = frozenset({2})
    editor.edit(bright, volume=volume)
    assert np.array_equal(editor.array, np.where(before == 2, 2, 9))
    editor.undo()
    editor.locked = frozenset({9})
    assert editor.edit(bright, volume=volume) is None
    assert np.array_equal(editor.array, before)


@pytest.mark.parametrize("reach", [None, 8.0])
def test_only_the_editable_area_changes(reach: float | None) -> None:
    labels = ball()
    before = labels.array.copy()
    image = np.random.default_rng(0).normal(size=before.shape)
    editor = LabelEditor(labels)
    editor.looked_at = Plane(0, 22)
    editor.area = EditableArea(over=frozenset({0}), image=image, low=-0.5, high=1)
    shown = finish(editor.plane_steps(thicken, ThickenParams(voxels=4), reach))
    finish(editor.steps(thicken, ThickenParams(voxels=4), reach))
    grown = ndimage.binary_dilation(before == 1, iterations=4)
    expected = np.where(grown & (before == 0) & (image >= -0.5) & (image <= 1), 1, before)
    assert np.array_equal(labels.array, expected)
    assert np.array_equal(shown, expected[22:23])


@given(st.integers(0, 60), st.sampled_from([None, 8.0]))
def test_closed_at_any_step_nothing_is_left(steps: int, reach: float | None) -> None:
    labels = ball()
    before = labels.array.copy()
    editor = LabelEditor(labels)
    editor.looked_at, editor.tally = Plane(0, 20), finish(tally_steps(before))
    running = editor.steps(thicken, ThickenParams(voxels=3), reach)
    for _, _ in zip(range(steps), running, strict=False):
        pass
    running.close()
    if not editor.history.titles:
        assert np.array_equal(labels.array, before)
    assert editor.tally.voxels(1) == (labels.array == 1).sum()


def test_new_classes_and_voxels_are_undone_together() -> None:
    labels = ball()
    before = labels.array.copy()
    editor = LabelEditor(labels)
    volume = nh.Volume(np.random.default_rng(0).normal(size=labels.array.shape), labels.affine)
    editor.edit(bright, volume=volume)
    assert editor.labels.classes == {1: "ball", 2: "rod", 9: "bright"}
    editor.undo()
    assert editor.labels.classes == {1: "ball", 2: "rod"}
    assert np.array_equal(labels.array, before)


def test_names_and_brush_strokes_are_edits_too() -> None:
    from napari_hounsfield.editing.delta import Delta

    labels = ball()
    before = labels.array.copy()
    editor = LabelEditor(labels)
    editor.name_classes({1: "sphere", 2: "rod"})
    labels.array[0, 0, :5] = 2
    delta = Delta.between(before, labels.array)
    assert delta is not None
    editor.record("paint", delta)
    assert editor.history.titles == ("names of classes", "paint")
    editor.undo()
    assert np.array_equal(labels.array, before)
    editor.undo()
    assert editor.labels.classes[1] == "ball"


def test_twenty_edits_across_slices_come_back() -> None:
    labels = ball()
    states: list[Any] = [labels.array.copy()]
    editor = LabelEditor(labels)
    for z in range(20):
        before = labels.array.copy()
        labels.array[z, 2:6, 2:6] = 1 + z % 2
        from napari_hounsfield.editing.delta import Delta

        editor.record("paint", Delta.between(before, labels.array))  # type: ignore[arg-type]
        states.append(labels.array.copy())
    for state in reversed(states[:-1]):
        editor.undo()
        assert np.array_equal(labels.array, state)


def test_what_cannot_be_edited_is_refused() -> None:
    labels = ball()
    labels.array.setflags(write=False)
    with pytest.raises(nh.LabelError, match="read-only"):
        LabelEditor(labels)


def test_an_image_on_another_grid_is_named_with_its_own() -> None:
    editor = LabelEditor(ball())
    editor.looked_at = Plane(0, 20)
    image = nh.Volume(np.zeros((40, 30, 29)), editor.labels.affine, name="MR 2")
    params = nh.FillRangeParams(label=1, lower=0)
    for steps in (editor.steps, editor.plane_steps):
        with pytest.raises(nh.GridError, match=r"MR 2: grids differ: .*40.*29.*against .*40.*30"):
            finish(steps(nh.fill_range, params, reach=0.0, volume=image))


def test_an_image_that_is_stored_the_other_way_is_matched() -> None:
    labels = ball()
    affine = labels.affine.copy()
    affine[:3, 3] += 39 * affine[:3, 0]
    affine[:3, 0] *= -1
    values = np.random.default_rng(0).normal(size=labels.array.shape)
    image = nh.Volume(values[::-1].copy(), affine)
    params = nh.FillRangeParams(label=2, lower=1)
    expected = nh.fill_range(image, labels, params).array
    editor = LabelEditor(labels)
    editor.looked_at = Plane(0, 20)
    finish(editor.steps(nh.fill_range, params, reach=0.0, volume=image))
    assert np.array_equal(labels.array, expected)
