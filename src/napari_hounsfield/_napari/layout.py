"""How forms are laid out: aligned rows, and a dock that scrolls downwards but is never cut off at the side."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from magicgui.widgets import Container, Label, Widget
from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtWidgets import QAbstractSpinBox, QComboBox, QLabel, QScrollArea, QSizePolicy

from .docking import Docking

MARGIN = 8
"""Pixels around the content of a dock."""
NAPARI_FONT = 1.3
"""How much wider text is in napari's font than in Qt's own."""


def rows(widgets: Iterable[Widget], labels: bool = True) -> Container[Widget]:
    """Container without margins, whose labels are aligned."""
    container: Container[Widget] = Container(widgets=list(widgets), labels=labels)
    container.margins = (0, 0, 0, 0)
    if labels:
        found = container.native.findChildren(QLabel)
        width = max((label.sizeHint().width() for label in found), default=0)
        for label in found:  # as a style, because a minimum width does not outlive napari's style sheet
            label.setStyleSheet(f"min-width: {width * NAPARI_FONT:.0f}px")
    return container


def wrap(label: Label) -> None:
    """Let a label take the width that there is, and as many lines as it needs."""
    policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    policy.setHeightForWidth(True)
    label.native.setWordWrap(True)
    label.native.setSizePolicy(policy)


class Dock(QScrollArea):
    """A column of widgets that scrolls, as wide as its content needs.

    The wheel scrolls, and changes no number or choice under the pointer unless the user has clicked into it. Without `stretch`
    the content fills the height.
    """

    def __init__(self, content: Container[Any], stretch: bool = True) -> None:
        super().__init__()
        content.margins = (MARGIN, MARGIN, MARGIN, MARGIN)
        if stretch:
            content.native.layout().addStretch(1)
        self.content = content
        self._wheel = _WheelGuard(self)
        self._docking = Docking(self)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(content.native)
        for kind in (QAbstractSpinBox, QComboBox):
            for child in content.native.findChildren(kind):
                child.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
                child.installEventFilter(self._wheel)

    def eventFilter(self, watched: Any, event: Any) -> bool:  # noqa: N802
        """Grow with the content when a group is opened."""
        if watched is self.content.native and event.type() == QEvent.Type.LayoutRequest:
            bar: Any = self.verticalScrollBar()
            width = watched.minimumSizeHint().width() + bar.sizeHint().width()
            self.setMinimumWidth(max(self.minimumWidth(), width))
        return bool(super().eventFilter(watched, event))


class _WheelGuard(QObject):
    def eventFilter(self, watched: Any, event: Any) -> bool:  # noqa: N802
        if event.type() == QEvent.Type.Wheel and not watched.hasFocus():
            event.ignore()
            return True
        return False
