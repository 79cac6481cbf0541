"""Labels follow in every plane that is looked at, on the canvas and in linked views."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests._napari.labelling.painting import paint, strokes
from tests._napari.views.mouse import drag

from napari_hounsfield.editing.near import Plane
from napari_hounsfield.labelling.plane import in_plane


@pytest.fixture
def window(make_napari_viewer: Any) -> Any:
    viewer = make_napari_viewer(show=True)
    viewer.window._qt_window.resize(1200, 760)
    return viewer


def expect_current(page: Any, planes: list[Plane]) -> None:
    """What is shown in these planes is what the whole image would be recognised as now."""
    bound = page.desk.bound[0]
    assert bound.seen() == planes
    whole = page.desk.session.segment(bound.image).labels.array
    for at in planes:
        np.testing.assert_array_equal(in_plane(bound.stored(), at), in_plane(whole, at))
        assert in_plane(whole, at).any()


def turn(page: Any, at: Plane) -> None:
    """Show a plane of the stored array on the main canvas."""
    viewer, frame = page.desk.viewer, page.desk.bound[0].editing.frame
    axis = next(a for a in range(3) if frame.stored_plane(a, 0).axis == at.axis)
    viewer.dims.order = (axis, *(a for a in range(3) if a != axis))
    voxel = [0, 0, 0]
    voxel[at.axis] = at.index
    viewer.dims.set_current_step(axis, frame.shown_index((voxel[0], voxel[1], voxel[2]))[axis])


def test_planes_across_the_slices(page: Any, settled: Any) -> None:
    strokes(page)
    settled(page)
    for at in (Plane(1, 21), Plane(2, 20)):
        turn(page, at)
        settled(page)
        expect_current(page, [at])
        version = page.desk.session.version
        paint(page, (5, 21, 20), 2)
        settled(page)
        assert page.desk.session.version > version
        expect_current(page, [at])
    page.update_once()
    settled(page)
    expect_current(page, [Plane(2, 20)])
    turn(page, Plane(1, 10))
    turn(page, Plane(0, 4))  # while the other is computed
    settled(page)
    expect_current(page, [Plane(0, 4)])


@pytest.mark.slow
def test_painting_in_linked_views(page: Any, window: Any, settled: Any, qtbot: Any) -> None:
    strokes(page)
    _, linked = window.window.add_plugin_dock_widget("napari-hounsfield", "Linked views", tabify=True)

    def quiet() -> None:
        qtbot.waitUntil(lambda: linked.desk.later.idle, timeout=60_000)
        settled(page)

    quiet()
    bound = page.desk.bound[0]
    bound.strokes.selected_label, bound.strokes.brush_size = 1, 1
    for name in ("Coronal", "Sagittal"):
        view = linked.desk.views[name]
        before, version = np.count_nonzero(bound.editing.editor.array), page.desk.session.version
        drag(view, (0.4 * view.native.width(), 0.45 * view.native.height()))  # beside what is painted in the middle
        quiet()
        assert np.count_nonzero(bound.editing.editor.array) == before + 1
        assert page.desk.session.version > version
        assert {at.axis for at in bound.seen()} == {0, 1, 2}
        expect_current(page, bound.seen())
        copy = next(layer for layer in view.model.layers if layer.name == bound.result.name)
        assert copy.data is bound.result.data
    linked.desk.link.go_to(window, tuple(np.add(window.dims.point, (4, 3, -3))))
    quiet()
    expect_current(page, bound.seen())
