"""Which models are compared: a box to tick for each kind."""

from __future__ import annotations

from collections.abc import Iterable

from qtpy.QtWidgets import QCheckBox, QGridLayout, QWidget

from napari_hounsfield.images.models.registry import KINDS

COLUMNS = 3


class ModelList(QWidget):
    """Boxes in the order of the registry."""

    def __init__(self, ticked: Iterable[str]) -> None:
        super().__init__()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(2)
        self._boxes = {name: QCheckBox(name) for name in KINDS}
        for place, box in enumerate(self._boxes.values()):
            grid.addWidget(box, place // COLUMNS, place % COLUMNS)
        self.tick(ticked)

    @property
    def ticked(self) -> tuple[str, ...]:
        """Names of the models that are compared."""
        return tuple(name for name, box in self._boxes.items() if box.isChecked())

    def tick(self, names: Iterable[str]) -> None:
        """Compare these."""
        chosen = set(names)
        for name, box in self._boxes.items():
            box.setChecked(name in chosen)
