"""Buttons, rows and Qt widgets as parts of the dock's forms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from magicgui.widgets import Container, PushButton
from qtpy.QtWidgets import QLayout

LONGEST = 26
"""Letters of a button's text, two in a row."""


def button(text: str, tip: str, act: Callable[[], None]) -> PushButton:
    """A button that does one thing."""
    made = PushButton(text=text, tooltip=tip)
    made.changed.connect(lambda *_: act())
    return made


def shortened(text: str) -> str:
    """A button's text with its end left out, where names in it would make the dock wider."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1].rstrip()}…"


def row(*widgets: Any) -> Container[Any]:
    """Widgets side by side."""
    made: Container[Any] = Container(widgets=list(widgets), layout="horizontal", labels=False)
    made.margins = (0, 0, 0, 0)
    return made


def native(widget: Any) -> Container[Any]:
    """A widget of Qt as part of a form, no larger than it may be."""
    made: Container[Any] = Container(labels=False)
    made.margins = (0, 0, 0, 0)
    made.native.layout().setSizeConstraint(QLayout.SizeConstraint.SetMinAndMaxSize)
    made.native.layout().addWidget(widget)
    return made
