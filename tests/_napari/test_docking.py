"""Docks of ours that are open together: forms as tabs, the linked views beside them or, on a narrow screen, a tab too."""

from __future__ import annotations

from typing import Any

import pytest
from qtpy.QtWidgets import QDockWidget

import napari_hounsfield as nh


@pytest.fixture
def window(make_napari_viewer: Any, ct: nh.Volume) -> Any:
    viewer = make_napari_viewer(show=True)
    nh.show(viewer, ct)
    return viewer


def docked(window: Any, name: str, qtbot: Any) -> QDockWidget:
    dock, _ = window.window.add_plugin_dock_widget("napari-hounsfield", name)
    qtbot.wait(300)
    return dock


def test_forms_are_tabs_and_linked_views_leave_them_in_the_window(window: Any, qtbot: Any) -> None:
    main = window.window._qt_window
    forms = [docked(window, name, qtbot) for name in ("Metrics", "Windows", "Export")]
    assert set(main.tabifiedDockWidgets(forms[0])) == set(forms[1:])
    views = docked(window, "Linked views", qtbot)
    beside = forms[0] not in main.tabifiedDockWidgets(views)
    assert beside == (main.layout().totalMinimumSize().width() <= main.screen().availableGeometry().width())
    assert set(main.tabifiedDockWidgets(forms[0])) >= set(forms[1:]), "still tabs of each other"
    for dock in (*forms, views):
        assert main.dockWidgetArea(dock) == main.dockWidgetArea(forms[0])
    window.window.remove_dock_widget(views.widget())
