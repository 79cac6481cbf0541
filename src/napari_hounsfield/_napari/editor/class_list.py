"""The class list: eye, lock, colour, name and volume of each class, and buttons that add, remove and merge."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QModelIndex, Qt
from qtpy.QtGui import QColor
from qtpy.QtWidgets import (
    QAbstractItemView,
    QColorDialog,
    QHBoxLayout,
    QHeaderView,
    QMenu,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from napari_hounsfield._napari.notices import reported

from .adopted import LayerEditing
from .class_cells import ClassCells
from .class_model import COLOUR, LOCKED, NAME, VISIBLE, ClassModel
from .classes import Classes

LINES = 8
"""Rows that are seen without scrolling, at least."""
SIGN_WIDTH, VOLUME_WIDTH = 24, 62


class ClassList(QWidget):
    """Classes of one layer at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.model = ClassModel(self)
        self._editing: LayerEditing | None = None
        self.table = QTableView()
        self.table.setModel(self.model)
        self.table.setItemDelegate(ClassCells(self.table))
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.table.setShowGrid(False)
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.table.customContextMenuRequested.connect(self._open_menu)
        self.table.clicked.connect(self._on_click)
        self.table.doubleClicked.connect(self._on_double_click)
        vertical: Any = self.table.verticalHeader()
        vertical.hide()
        self.table.setMinimumHeight((LINES + 1) * vertical.defaultSectionSize())
        header: Any = self.table.horizontalHeader()
        header.setMinimumSectionSize(SIGN_WIDTH)
        for column in (VISIBLE, LOCKED, COLOUR):
            self.table.setColumnWidth(column, SIGN_WIDTH)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        self.table.setColumnWidth(NAME + 1, VOLUME_WIDTH)
        self.add_button = self._button("Add", "A new class, to paint with", self.add)
        self.remove_button = self._button("Remove", "Take the selected class away; its voxels become background", self.remove)
        self.merge_button = self._button("Merge into…", "Give the voxels of the selected class to another one", self._open_merge)
        buttons = QHBoxLayout()
        for button in (self.add_button, self.remove_button, self.merge_button):
            buttons.addWidget(button)
        column_ = QVBoxLayout(self)
        column_.setContentsMargins(0, 0, 0, 0)
        column_.addWidget(self.table, stretch=1)
        column_.addLayout(buttons)

    def show_editing(self, editing: LayerEditing | None) -> None:
        """Show the classes of a layer as they are now."""
        self._editing = editing
        self.model.show(None if editing is None else Classes(editing))
        value = None if editing is None else int(editing.layer.selected_label)
        self._select(value)
        free = editing is not None and not editing.busy
        self.add_button.setEnabled(editing is not None and free and editing.editor.tally is not None)
        self.remove_button.setEnabled(free and value in self.model.values)
        self.merge_button.setEnabled(free and value in self.model.values and len(self.model.values) > 1)

    @property
    def selected(self) -> int | None:
        """Label value of the selected class."""
        row = self.table.currentIndex().row()
        return self.model.values[row] if 0 <= row < len(self.model.values) else None

    def add(self) -> None:
        """Add a class, and let its name be typed."""
        with reported():
            value = self._classes.add()
            index = self.model.index(self.model.values.index(value), NAME)
            self.table.setCurrentIndex(index)
            self.table.edit(index)

    def remove(self) -> None:
        """Remove the selected class."""
        with reported():
            if self.selected is not None:
                self._classes.remove(self.selected)

    @property
    def _classes(self) -> Classes:
        assert self._editing is not None
        return Classes(self._editing)

    def _select(self, value: int | None) -> None:
        row = self.model.values.index(value) if value in self.model.values else -1
        if row < 0:
            self.table.clearSelection()
            self.table.setCurrentIndex(QModelIndex())
        elif row != self.table.currentIndex().row():
            self.table.setCurrentIndex(self.model.index(row, NAME))

    def _on_click(self, index: QModelIndex) -> None:
        with reported():
            value = self.model.values[index.row()]
            row = self._classes.row(value)
            if index.column() == VISIBLE:
                self._classes.set_visible(value, not row.visible)
            elif index.column() == LOCKED:
                self._classes.set_locked(value, not row.locked)
            elif index.column() == COLOUR:
                self._choose_colour(value)
            else:
                self._classes.choose(value)

    def _on_double_click(self, index: QModelIndex) -> None:
        with reported():
            if index.column() > COLOUR:
                self._classes.go_to(self.model.values[index.row()])

    def _choose_colour(self, value: int) -> None:
        row = self._classes.row(value)
        before = QColor.fromRgbF(*(float(c) for c in row.colour))
        chosen = QColorDialog.getColor(before, self, f"Colour of {row.name}")
        if chosen.isValid():
            self._classes.set_colour(value, chosen.getRgbF()[:3])

    def _open_merge(self) -> None:
        if self.selected is not None:
            self._merge_menu(self.selected).exec(self.merge_button.mapToGlobal(self.merge_button.rect().bottomLeft()))

    def _merge_menu(self, value: int) -> QMenu:
        menu = QMenu(f"Merge {self._classes.row(value).name} into", self)
        for other in self.model.values:
            if other != value:
                self._action(menu, self._classes.row(other).name, lambda other=other: self._classes.merge(value, other))
        return menu

    def _open_menu(self, point: Any) -> None:
        index = self.table.indexAt(point)
        menu = QMenu(self)
        if index.isValid():
            value = self.model.values[index.row()]
            self._action(menu, "Go to its largest slice", lambda: self._classes.go_to(value))
            self._action(menu, "Rename", lambda: self.table.edit(self.model.index(index.row(), NAME)))
            self._action(menu, "Show only this", lambda: self._classes.show_only({value}))
            others = frozenset(self.model.values) - {value}
            self._action(menu, "Lock all others", lambda: self._classes.lock_only(others))
            menu.addSeparator()
        self._action(menu, "Show all", lambda: self._classes.show_all())
        self._action(menu, "Unlock all", lambda: self._classes.lock_only(frozenset()))
        viewport: Any = self.table.viewport()
        menu.exec(viewport.mapToGlobal(point))

    def _action(self, menu: QMenu, text: str, act: Any) -> None:
        def run(*_: Any) -> None:
            with reported():
                act()

        action: Any = menu.addAction(text)
        action.triggered.connect(run)

    @staticmethod
    def _button(text: str, tip: str, act: Any) -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(tip)
        button.clicked.connect(lambda *_: act())
        return button
