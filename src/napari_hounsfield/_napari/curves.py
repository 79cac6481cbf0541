"""Figures of matplotlib in a dock: drawn in a thread of their own, in the colours of napari's theme."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QSize, Qt, QTimer
from qtpy.QtGui import QImage, QPixmap
from qtpy.QtWidgets import QLabel, QSizePolicy

from napari_hounsfield.operation import Progress

from .worker import Job

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from napari.components import ViewerModel

DPI = 100
SMALLEST = 240
"""Pixels at a side; less cannot be read."""
REDRAW_MS = 150
"""Milliseconds after the last change of size."""

FEW, SOME = 3, 8
"""Classes whose counts, and whose shares in percent, can be read in a picture as narrow as a dock."""

MOST_NAMED = 8
"""Curves that a legend has room for."""

Draw = Callable[..., "Figure"]
"""Takes a result and `colour=`, of text and axes."""


class Picture(QLabel):
    """One figure, as large as its place, drawn again when it is shown, resized, or the theme changes.

    Parameters
    ----------
    viewer
        Whose theme it follows.
    draw
        What makes the figure.
    """

    def __init__(self, viewer: ViewerModel, draw: Draw) -> None:
        super().__init__()
        self._viewer, self._draw = viewer, draw
        self._result: Any = None
        self._drawn: tuple[Any, ...] = ()
        self.job: Job | None = None
        self.setText("run the comparison first")
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setWordWrap(True)
        self.setMinimumSize(SMALLEST, SMALLEST)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(REDRAW_MS)
        self._timer.timeout.connect(self.redraw)
        self._theme = _ThemeListener(viewer, self._timer)
        self.destroyed.connect(self._theme.stop)

    def show_result(self, result: Any) -> None:
        """Draw this from now on; None: nothing."""
        self._result = result
        self.redraw()

    def show_words(self, words: str) -> None:
        """Say why there is no figure."""
        self._result = None
        self._give_up()
        self.setText(words)

    def redraw(self) -> None:
        """Draw if it is seen and has changed."""
        ratio = self.devicePixelRatioF()
        size = round(self.width() * ratio), round(self.height() * ratio)
        wanted = (self._result, size, self._viewer.theme)
        if self._result is None or not self.isVisible() or wanted == self._drawn:
            return
        self._give_up()
        self._drawn = wanted
        steps = _pixels(self._draw, self._result, colour_of(self._viewer), size, DPI * ratio)
        self.job = Job(steps, self._show, self.setText)

    def _show(self, pixels: NDArray[np.uint8]) -> None:
        height, width = pixels.shape[:2]
        image = QImage(pixels.tobytes(), width, height, 4 * width, QImage.Format.Format_RGBA8888)
        picture = QPixmap.fromImage(image)
        picture.setDevicePixelRatio(self.devicePixelRatioF())
        self.setPixmap(picture)

    def _give_up(self) -> None:
        if self.job is not None:
            self.job.cancel()
        self._drawn = ()

    def showEvent(self, event: Any) -> None:  # noqa: N802
        """Draw what has changed meanwhile."""
        super().showEvent(event)
        self._timer.start()

    def resizeEvent(self, event: Any) -> None:  # noqa: N802
        """Draw anew when the size stays for a moment."""
        super().resizeEvent(event)
        self._timer.start()

    def sizeHint(self) -> QSize:  # noqa: N802
        """A square, whatever picture it holds."""
        return QSize(SMALLEST, SMALLEST)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """The same: a picture must not hold its dock open."""
        return QSize(SMALLEST, SMALLEST)


class _ThemeListener:
    """Redraws when the viewer changes its theme; a plain object, since napari looks into what is connected."""

    def __init__(self, viewer: ViewerModel, timer: QTimer) -> None:
        self._event, self._timer = viewer.events.theme, timer
        self._event.connect(self.on_theme)

    def on_theme(self, event: Any = None) -> None:
        """Draw soon."""
        self._timer.start()

    def stop(self, *_: Any) -> None:
        """Let go of the viewer."""
        self._event.disconnect(self.on_theme)


def colour_of(viewer: ViewerModel) -> str:
    """Colour of text in the viewer's theme."""
    from napari.utils.theme import get_theme

    return str(get_theme(viewer.theme).text.as_hex(format="long"))


def confusion(result: Any, colour: str) -> Figure:
    """The confusion matrix, for the width of a dock: shares alone, and only where cells have room for them."""
    from napari_hounsfield.evaluation.pictures import confusion_figure

    figure = confusion_figure(result, colour=colour)
    many = len(result.confusion.names)
    for text in figure.axes[0].texts if many > FEW else ():
        text.set_text(text.get_text().rpartition("\n")[2].removesuffix("%") if many <= SOME else "")
        text.set_fontsize(6)
    return figure


def beside(draw: Draw) -> Draw:
    """The same figure with its legend at the right of the axes, where it covers no curve; of many classes the first ones."""

    def drawn(result: Any, colour: str) -> Figure:
        figure = draw(result, colour=colour)
        (axes,) = figure.axes
        if (inside := axes.get_legend()) is not None:
            inside.remove()
            lines, names = axes.get_legend_handles_labels()
            title = f"{MOST_NAMED} of {len(names)} classes" if len(names) > MOST_NAMED else None
            legend = figure.legend(
                lines[:MOST_NAMED], [name.replace(": ", "\n") for name in names[:MOST_NAMED]], loc="outside right upper",
                frameon=False, labelcolor=colour, fontsize=7, title=title, title_fontsize=7,
            )  # fmt: skip
            legend.get_title().set_color(colour)
        return figure

    return drawn


def _pixels(
    draw: Draw, result: Any, colour: str, size: tuple[int, int], dpi: float
) -> Generator[Progress, None, NDArray[np.uint8]]:
    """RGBA pixels (height, width, 4) of a figure."""
    yield Progress(0, "drawing")
    figure = draw(result, colour=colour)
    figure.set_dpi(dpi)
    figure.set_size_inches(size[0] / dpi, size[1] / dpi)
    yield Progress(0.5)
    canvas: Any = figure.canvas
    canvas.draw()
    return np.array(canvas.buffer_rgba())
