"""*Linked views*: the widget."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QEvent, QSize, Qt
from qtpy.QtWidgets import QCheckBox, QComboBox, QDockWidget, QHBoxLayout, QLabel, QPushButton, QSplitter, QVBoxLayout, QWidget
from superqt import QFlowLayout

from napari_hounsfield._napari.docking import Docking

from .compare import NAME
from .compare_panel import ComparePanel
from .desk import Desk
from .planes import PLANES

if TYPE_CHECKING:
    from napari.components import ViewerModel

NAMES = (*(plane.name for plane in PLANES), "3D")
ROWS = (("Axial", "3D"), ("Coronal", "Sagittal"))
"""Where the views are, as in 3D Slicer's four-up."""
SIZE = QSize(480, 640)
"""What two views side by side need at least, about."""


class LinkedViews(QWidget):
    """*Linked views*."""

    def __init__(self, napari_viewer: ViewerModel) -> None:
        super().__init__()
        self._docking = Docking(self, wide=True)
        self.setMinimumWidth(SIZE.width())  # before there are any views, so that the dock finds a place where they fit
        self.desk = Desk(napari_viewer)
        self._viewer = self.desk.main.model
        scale_bar = self._viewer.canvas.overlays.scale_bar
        self.switches = {name: _button(name, f"Show the {name} view") for name in NAMES}
        self.main_plane = QComboBox()
        self.main_plane.addItems([plane.name for plane in PLANES])
        self.main_plane.setToolTip("Plane of the main canvas")
        self.pointing = _button("Move position", "Left button moves the position in every view; with Shift it always does", False)
        self.cross_hair = _option("Cross-hair", "Show the position in every view")
        self.zooming = _option("Linked zoom", "Zoom all views together")
        self.scale_bar = _option("Scale bar", "Show a scale bar in mm in every view", scale_bar.visible)
        self.volumes = _option(
            "Volume in 3D", "Draw images and labels in 3D too, thinned out; slow without a graphics card", False
        )
        self._rows = [QSplitter(Qt.Orientation.Horizontal) for _ in ROWS]
        self._grid = QSplitter(Qt.Orientation.Vertical)
        for row in self._rows:
            row.setChildrenCollapsible(False)
            self._grid.addWidget(row)
        self.compare = ComparePanel(self.desk, self._compared)
        self.compare.setVisible(False)
        self.comparing = _button("Compare", "Another study side by side or blended; outlines of prediction and reference", False)
        self._set_aside: list[str] = []
        self._lay_out()
        self._connect()
        for name in NAMES:
            self.desk.later.add(("open", name), partial(self._open, name))
        self.desk.later.add("fit", self._fit)
        self.destroyed.connect(self.desk.stop)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Room for four views beside the main canvas."""
        return SIZE

    def event(self, event: Any) -> bool:
        """Close the views when napari takes the dock away; it does not say so otherwise."""
        if event.type() == QEvent.Type.ParentChange and self.parent() is None:
            self.compare.stop()
            self.desk.stop()
        return bool(super().event(event))

    def showEvent(self, event: Any) -> None:  # noqa: N802
        """Keep the dock in the window: canvases do not outlive a move to another one, which napari's own would not either."""
        dock = self.parent()
        if isinstance(dock, QDockWidget):
            dock.setFeatures(dock.features() & ~QDockWidget.DockWidgetFeature.DockWidgetFloatable)
            button = getattr(dock.titleBarWidget(), "float_button", None)
            if button is not None:
                button.hide()
        super().showEvent(event)

    def _lay_out(self) -> None:
        main = QWidget()
        named = QHBoxLayout(main)
        named.setContentsMargins(0, 0, 0, 0)
        named.addWidget(QLabel("Main canvas"))
        named.addWidget(self.main_plane)
        flow = QFlowLayout()  # as many lines as it needs, so that the dock may be narrow
        flow.setHorizontalSpacing(6)
        flow.setVerticalSpacing(4)
        for widget in (
            *self.switches.values(),
            self.comparing,
            main,
            self.pointing,
            self.cross_hair,
            self.zooming,
            self.scale_bar,
            self.volumes,
        ):
            flow.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(2, 2, 2, 2)
        column.addLayout(flow)
        column.addWidget(self.compare)
        column.addWidget(self._grid, stretch=1)

    def _connect(self) -> None:
        for name, switch in self.switches.items():
            switch.toggled.connect(partial(self._switch, name))
        self.main_plane.activated.connect(lambda index: self.desk.turn_main(PLANES[index]))
        self.pointing.toggled.connect(lambda on: setattr(self.desk, "pointing", on))
        self.cross_hair.toggled.connect(lambda on: setattr(self.desk, "cross_hair", on))
        self.zooming.toggled.connect(lambda on: setattr(self.desk.link, "zooms", on))
        self.scale_bar.toggled.connect(self._show_scale_bar)
        self.volumes.toggled.connect(self._show_volumes)
        self.comparing.toggled.connect(self._show_comparison)

    def _switch(self, name: str, on: bool) -> None:
        if on:
            self._open(name)
        else:
            self._close(name)

    def _open(self, name: str) -> None:
        if name in self.desk.views or not self.switches[name].isChecked():
            return
        view = self.desk.open(name)
        view.volumes = self.volumes.isChecked()
        row = next(i for i, names in enumerate(ROWS) if name in names)
        self._rows[row].insertWidget(ROWS[row].index(name), view.widget)
        view.widget.show()
        self._share_room()
        self.desk.later.add(("fit", name), view.fit)

    def _close(self, name: str) -> None:
        if name in self.desk.views:
            self.desk.close(name)
            self._share_room()

    def _show_comparison(self, on: bool) -> None:
        self.compare.setVisible(on)
        for name, view in self.desk.views.items():
            self.desk.later.add(("fit", name), view.fit)

    def _compared(self) -> None:
        """Give the other study the room of the views while it is compared."""
        view = self.desk.views.get(NAME)
        if view is not None and view.widget.parent() is None:
            self._grid.insertWidget(0, view.widget)
            view.widget.show()
            if not self._set_aside:
                self._set_aside = [name for name, switch in self.switches.items() if switch.isChecked()]
            for name in self._set_aside:
                self.switches[name].setChecked(False)
        elif view is None and self._set_aside:
            names, self._set_aside = self._set_aside, []
            for name in names:
                self.switches[name].setChecked(True)

    def _share_room(self) -> None:
        for row in (*self._rows, self._grid):
            row.setSizes([1000] * row.count())
        for row in self._rows:
            row.setVisible(row.count() > 0)

    def _fit(self) -> None:
        self.desk.main.fit()

    def _show_scale_bar(self, on: bool) -> None:
        self._viewer.canvas.overlays.scale_bar.visible = on

    def _show_volumes(self, on: bool) -> None:
        for view in self.desk.views.values():
            view.volumes = on
        self.desk.following.look_again()


def _button(text: str, tip: str, on: bool = True) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    button.setCheckable(True)
    button.setChecked(on)
    return button


def _option(text: str, tip: str, on: bool = True) -> QCheckBox:
    box = QCheckBox(text)
    box.setToolTip(tip)
    box.setChecked(on)
    return box
