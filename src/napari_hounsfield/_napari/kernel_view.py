"""What a Gabor form shows of one filter: which it is, its pictures, and what else is to be seen over the image."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import Qt
from qtpy.QtGui import QImage, QPixmap
from qtpy.QtWidgets import QCheckBox, QComboBox, QFormLayout, QLabel, QSlider, QVBoxLayout, QWidget

from .kernel_picture import GAP, SIDE

STEPS = 500
"""Positions of the slider, which is logarithmic."""


class _Slider(QSlider):
    def wheelEvent(self, e: Any) -> None:  # noqa: N802
        """Leave the wheel to the dock, which scrolls."""
        if e is not None:
            e.ignore()


class KernelView(QWidget):
    """Choice of a filter, its pictures and caption.

    Parameters
    ----------
    changed
        Called when another filter is chosen or something is switched on or off.
    tuned
        Called with the index of a wavelength and its new value in mm, while the slider moves.
    """

    def __init__(self, changed: Callable[[], None], tuned: Callable[[int, float], None]) -> None:
        super().__init__()
        self._tuned, self._range = tuned, (1.0, 2.0)
        self.wavelength, self.direction = QComboBox(), QComboBox()
        self.slider = _Slider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, STEPS)
        self.slider.setToolTip("Change this wavelength; the others stay as they are")
        self.picture, self.caption = QLabel(), QLabel()
        self.picture.setFixedSize(2 * SIDE + GAP, SIDE)
        self.picture.setToolTip(
            "Left: real part, to scale in mm, orange above and blue below zero; right: frequency plane, zero in the middle. "
            "Patient's left is to the right, back (or head) is down, as in the viewer"
        )
        self.caption.setWordWrap(True)
        self.preview = QCheckBox("Preview on the current slice")
        self.preview.setToolTip("The response of this filter as one temporary layer, computed anew whenever something changes")
        self.over = QCheckBox("Kernel over the image, to scale")
        self.over.setToolTip("The real part as a temporary layer in the middle of the view")
        form = QFormLayout()
        form.setContentsMargins(0, 0, 0, 0)
        form.addRow("wavelength", self.wavelength)
        form.addRow("tune (mm)", self.slider)
        form.addRow("direction", self.direction)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(form)
        for widget in (self.picture, self.caption, self.preview, self.over):
            layout.addWidget(widget)
        for combo in (self.wavelength, self.direction):
            combo.currentIndexChanged.connect(lambda _: changed())
        for box in (self.preview, self.over):
            box.toggled.connect(lambda _: changed())
        self.slider.valueChanged.connect(self._on_slider)

    def offer(self, wavelengths: Sequence[float], directions: Sequence[str], shortest: float, longest: float) -> tuple[int, int]:
        """Offer these filters, keep the choice, and return it as two indices."""
        _refill(self.wavelength, [f"{length:.4g} mm" for length in wavelengths])
        _refill(self.direction, directions)
        at = self.wavelength.currentIndex()
        self._range = (shortest, max(longest, 1.01 * shortest))
        if not self.slider.isSliderDown():
            share = math.log(wavelengths[at] / shortest) / math.log(self._range[1] / shortest)
            self.slider.blockSignals(True)
            self.slider.setValue(round(STEPS * min(max(share, 0.0), 1.0)))
            self.slider.blockSignals(False)
        return at, self.direction.currentIndex()

    def show_picture(self, colours: NDArray[np.uint8], caption: str) -> None:
        """Show RGB (rows, columns, 3) and what it is."""
        colours = np.ascontiguousarray(colours)
        rows, columns, _ = colours.shape
        image = QImage(colours.tobytes(), columns, rows, 3 * columns, QImage.Format.Format_RGB888)
        self.picture.setPixmap(QPixmap.fromImage(image))
        self.caption.setText(caption)

    def clear_picture(self) -> None:
        """Show nothing."""
        self.picture.clear()
        self.caption.setText("")

    def _on_slider(self, position: int) -> None:
        low, high = self._range
        length = low * (high / low) ** (position / STEPS)
        if self.wavelength.currentIndex() >= 0:
            self._tuned(self.wavelength.currentIndex(), max(low, float(f"{length:.3g}")))


def _refill(combo: QComboBox, texts: Sequence[str]) -> None:
    if [combo.itemText(k) for k in range(combo.count())] == list(texts):
        return
    at = max(combo.currentIndex(), 0)
    combo.blockSignals(True)
    combo.clear()
    combo.addItems(list(texts))
    combo.setCurrentIndex(min(at, len(texts) - 1))
    combo.blockSignals(False)
