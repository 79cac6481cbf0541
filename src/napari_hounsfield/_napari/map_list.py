"""A list of names with check marks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QPushButton, QVBoxLayout, QWidget

HEIGHT = 116


class MapList(QWidget):
    """Maps to add; calls `changed` when the user ticks or unticks.

    Parameters
    ----------
    changed
        Called without arguments.
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        super().__init__()
        self._changed = changed
        self._a_wavelength = 1
        self._list = QListWidget()
        self._list.setFixedHeight(HEIGHT)
        self._list.setToolTip("Maps that a run computes and adds; what is not ticked costs nothing unless another map needs it")
        self._list.itemChanged.connect(self._on_change)
        buttons = QHBoxLayout()
        for text, choose in (("All", self._all), ("None", self._none), ("First of each wavelength", self._first)):
            button = QPushButton(text)
            button.clicked.connect(choose)
            buttons.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._list)
        layout.addLayout(buttons)

    @property
    def names(self) -> list[str]:
        """All names."""
        return [item.text() for item in self._items()]

    @property
    def chosen(self) -> list[int]:
        """Indices of those that are ticked."""
        return [k for k, item in enumerate(self._items()) if item.checkState() == Qt.CheckState.Checked]

    def show_names(self, names: Sequence[str], a_wavelength: int, chosen: Iterable[int]) -> None:
        """Replace the list."""
        ticked, self._a_wavelength = set(chosen), a_wavelength
        self._list.blockSignals(True)
        self._list.clear()
        for k, name in enumerate(names):
            item = QListWidgetItem(name)
            item.setFlags(Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsEnabled)
            item.setCheckState(Qt.CheckState.Checked if k in ticked else Qt.CheckState.Unchecked)
            self._list.addItem(item)
        self._list.blockSignals(False)

    def rename(self, names: Sequence[str]) -> None:
        """Give the same maps other names, and keep the check marks."""
        self._list.blockSignals(True)
        for item, name in zip(self._items(), names, strict=True):
            item.setText(name)
        self._list.blockSignals(False)

    def choose(self, chosen: Iterable[int]) -> None:
        """Tick these and no others."""
        self.show_names(self.names, self._a_wavelength, chosen)
        self._changed()

    def _all(self) -> None:
        self.choose(range(self._list.count()))

    def _none(self) -> None:
        self.choose(())

    def _first(self) -> None:
        self.choose(range(0, self._list.count(), self._a_wavelength))

    def _on_change(self, _: QListWidgetItem) -> None:
        self._changed()

    def _items(self) -> list[QListWidgetItem]:
        found = (self._list.item(k) for k in range(self._list.count()))
        return [item for item in found if item is not None]
