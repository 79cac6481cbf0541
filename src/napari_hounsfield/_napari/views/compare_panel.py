"""Controls of a comparison."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QCheckBox, QComboBox, QGridLayout, QLabel, QListWidget, QListWidgetItem, QSlider, QWidget

from napari_hounsfield._napari.listening import LayerListener

from .compare import BLENDED, MODES, SIDE_BY_SIDE, Comparison, alignment, frames
from .outlines import PREDICTION, REFERENCE, Outlines

if TYPE_CHECKING:
    from napari.layers import Layer

    from .desk import Desk

LIST_HEIGHT = 76
"""Pixels: four layers; more scroll."""


class ComparePanel(QWidget):
    """Which layers are the other study, how they are shown, and which labels are outlined.

    Parameters
    ----------
    desk
        The views.
    changed
        Called when the view of the comparison comes or goes.
    """

    def __init__(self, desk: Desk, changed: Callable[[], None]) -> None:
        super().__init__()
        self._viewer = desk.main.model
        self._changed = changed
        self.comparison, self.outlines = Comparison(desk), Outlines()
        self.mode = QComboBox()
        self.mode.addItems(["off", *MODES])
        self.layers = QListWidget()
        self.layers.setFixedHeight(LIST_HEIGHT)
        self.layers.setToolTip("Tick the layers of the other study")
        self.share = QSlider(Qt.Orientation.Horizontal)
        self.share.setRange(0, 100)
        self.share.setValue(50)
        self.note = QLabel()
        self.note.setWordWrap(True)
        self.note.hide()
        self.outline = QCheckBox("Outlines")
        self.prediction, self.reference = QComboBox(), QComboBox()
        self._lay_out()
        self.mode.currentIndexChanged.connect(self.apply)
        self.layers.itemChanged.connect(self.apply)
        self.share.valueChanged.connect(self._blend)
        for signal in (self.outline.toggled, self.prediction.activated, self.reference.activated):
            signal.connect(self._outline)
        self._listener = LayerListener(self._viewer, self._list, self)
        self._list()

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.addWidget(QLabel("Other study"), 0, 0)
        grid.addWidget(self.mode, 0, 1)
        grid.addWidget(self.share, 0, 2)
        grid.addWidget(self.layers, 1, 0, 1, 3)
        grid.addWidget(self.note, 2, 0, 1, 3)
        grid.addWidget(self.outline, 3, 0)
        for column, (choice, colour, what) in enumerate(
            ((self.prediction, PREDICTION, "Prediction"), (self.reference, REFERENCE, "Reference")), start=1
        ):
            choice.setToolTip(f"{what}: outlined in this colour")
            choice.setStyleSheet(f"border-left: 6px solid {colour};")
            choice.setMinimumContentsLength(8)
            choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            grid.addWidget(choice, 3, column)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(2, 1)

    @property
    def ticked(self) -> set[Layer]:
        """Layers of the other study."""
        names = {item.text() for item in self._items if item.checkState() == Qt.CheckState.Checked}
        return {layer for layer in self._viewer.layers if layer.name in names}

    @property
    def _items(self) -> list[QListWidgetItem]:
        items = [self.layers.item(row) for row in range(self.layers.count())]
        return [item for item in items if item is not None]

    def tick(self, *layers: Layer) -> None:
        """Choose the layers of the other study."""
        names = {layer.name for layer in layers}
        self.layers.blockSignals(True)
        for item in self._items:
            item.setCheckState(Qt.CheckState.Checked if item.text() in names else Qt.CheckState.Unchecked)
        self.layers.blockSignals(False)
        self.apply()

    def apply(self, *_: object) -> None:
        """Compare as chosen."""
        ticked, mode = self.ticked, self.mode.currentText()
        rest = [layer for layer in self._viewer.layers if layer not in ticked and layer._type_string == "image"]
        self.note.setText(alignment(frames(rest), frames(ticked)) if mode in MODES else "")
        self.note.setVisible(mode in MODES)
        self.share.setEnabled(mode == BLENDED)
        if mode in MODES:
            self.comparison.start(ticked, mode, self.share.value() / 100)
        else:
            self.comparison.stop()
        self._changed()

    def stop(self) -> None:
        """End the comparison and let go of the viewer."""
        self._listener.stop()
        self.comparison.stop()
        self.outlines.hide()

    @property
    def side_by_side(self) -> bool:
        """Whether there is a view of the other study."""
        return self.comparison.mode == SIDE_BY_SIDE

    def _blend(self, value: int) -> None:
        if self.comparison.mode == BLENDED:
            self.comparison.blend(self.ticked, value / 100)

    def _outline(self, *_: object) -> None:
        labels = {layer.name: layer for layer in self._viewer.layers if layer._type_string == "labels"}
        chosen = [labels.get(choice.currentText()) for choice in (self.prediction, self.reference)]
        if self.outline.isChecked() and chosen[0] is not None and chosen[1] is not None:
            self.outlines.show(chosen[0], chosen[1])
        else:
            self.outlines.hide()

    def _list(self) -> None:
        """Offer the layers that are there, as chosen so far."""
        ticked = {layer.name for layer in self.ticked}
        self.layers.blockSignals(True)
        self.layers.clear()
        for layer in reversed(self._viewer.layers):
            item = QListWidgetItem(layer.name)
            item.setFlags(Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsEnabled)
            item.setCheckState(Qt.CheckState.Checked if layer.name in ticked else Qt.CheckState.Unchecked)
            self.layers.addItem(item)
        self.layers.blockSignals(False)
        names = [layer.name for layer in self._viewer.layers if layer._type_string == "labels"]
        for index, choice in enumerate((self.prediction, self.reference)):
            before = choice.currentText()
            choice.clear()
            choice.addItems(names)
            choice.setCurrentIndex(names.index(before) if before in names else min(index, len(names) - 1))
