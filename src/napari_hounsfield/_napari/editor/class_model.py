"""The rows that the class list shows, asked for when they are drawn; edits go to the classes themselves."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QAbstractTableModel, QModelIndex, Qt
from qtpy.QtGui import QColor

from napari_hounsfield._napari.notices import reported

from .classes import Classes, ClassRow

VISIBLE, LOCKED, COLOUR, NAME, VOLUME = range(5)
TITLES = ("", "", "", "class", "ml")
TIPS = ("Show or hide", "Lock: no tool changes the class, and none paints with it", "Colour", "Name", "Volume")
Role = Qt.ItemDataRole
NOWHERE = QModelIndex()


class ClassModel(QAbstractTableModel):
    """Classes of the layer that is edited, one a row."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._classes: Classes | None = None
        self.values: list[int] = []
        self._rows: dict[int, ClassRow] = {}

    def show(self, classes: Classes | None) -> None:
        """Show the classes of another layer, or what has changed in the same."""
        values = [] if classes is None else classes.values
        self._rows.clear()
        if values != self.values or (classes is None) != (self._classes is None):
            self.beginResetModel()
            self._classes, self.values = classes, values
            self.endResetModel()
        elif values:
            self._classes = classes
            self.dataChanged.emit(self.index(0, 0), self.index(len(values) - 1, len(TITLES) - 1))

    def rowCount(self, parent: QModelIndex = NOWHERE) -> int:  # noqa: N802
        """Classes."""
        return 0 if parent.isValid() else len(self.values)

    def columnCount(self, parent: QModelIndex = NOWHERE) -> int:  # noqa: N802
        """Eye, lock, colour, name and volume."""
        return 0 if parent.isValid() else len(TITLES)

    def headerData(self, section: int, orientation: Any, role: int = Role.DisplayRole) -> Any:  # noqa: N802
        """Titles of the columns."""
        if orientation == Qt.Orientation.Horizontal and role == Role.DisplayRole:
            return TITLES[section]
        if orientation == Qt.Orientation.Horizontal and role == Role.ToolTipRole:
            return TIPS[section]
        return None

    def flags(self, index: QModelIndex) -> Any:
        """Names can be typed over."""
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return flags | Qt.ItemFlag.ItemIsEditable if index.column() == NAME else flags

    def data(self, index: QModelIndex, role: int = Role.DisplayRole) -> Any:
        """What a cell shows; eye, lock and colour are drawn by the list from the row itself."""
        if self._classes is None or not index.isValid():
            return None
        if role == Role.TextAlignmentRole and index.column() == VOLUME:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role not in (Role.DisplayRole, Role.EditRole, Role.ToolTipRole, Role.UserRole, Role.ForegroundRole):
            return None
        row = self._row(self._classes, self.values[index.row()])
        if role == Role.UserRole:
            return row
        if role == Role.ToolTipRole:
            return _tip(row, index.column())
        if role == Role.ForegroundRole:
            return None if row.visible else QColor(128, 128, 128)
        if index.column() == NAME:
            return row.name
        if index.column() == VOLUME and role == Role.DisplayRole:
            return "…" if row.ml is None else text_of_ml(row.ml)
        return None

    def _row(self, classes: Classes, value: int) -> ClassRow:
        """A class as it stood when something last changed: each is asked for many times in a drawing."""
        if value not in self._rows:
            self._rows[value] = classes.row(value)
        return self._rows[value]

    def setData(self, index: QModelIndex, value: Any, role: int = Role.EditRole) -> bool:  # noqa: N802
        """Rename."""
        if self._classes is None or role != Role.EditRole or index.column() != NAME:
            return False
        with reported():
            self._classes.rename(self.values[index.row()], str(value))
            return True
        return False


def text_of_ml(ml: float) -> str:
    """Millilitres with as many places as are of use."""
    return "0" if ml == 0 else f"{ml:.3f}" if ml < 1 else f"{ml:.2f}" if ml < 10 else f"{ml:.1f}" if ml < 1000 else f"{ml:.0f}"


def _tip(row: ClassRow, column: int) -> str:
    if column == VISIBLE:
        return f"{'Hide' if row.visible else 'Show'} {row.name}"
    if column == LOCKED:
        return f"{'Unlock' if row.locked else 'Lock'} {row.name}: a locked class is never painted over, nor with"
    if column == COLOUR:
        return f"Choose another colour for {row.name}"
    volume = "not counted yet" if row.ml is None else f"{row.ml:.3f} ml"
    return f"{row.name} (label {row.value}), {volume}\nClick: paint with it; double-click: go to its largest slice; F2: rename"
