"""Level, width and presets of the chosen image, as numbers and names that follow what is shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from html import escape
from typing import TYPE_CHECKING, Any

from magicgui.widgets import CheckBox, ComboBox, Container, FloatSpinBox, Label, PushButton

from napari_hounsfield._napari.layout import rows
from napari_hounsfield.intensity import NO_LIMIT
from napari_hounsfield.window_presets import as_shown, level_and_width

from .following import ImageFollower
from .images import unit_of
from .keys import PRESET_KEYS
from .window import windows_of

if TYPE_CHECKING:
    from napari.components import ViewerModel

CUSTOM = "custom"
TITLE = 240
"""Pixels in which a name is broken into lines."""
DECIMALS = {"HU": 0, "SUV": 2}


class WindowPanel(Container[Any]):
    """Level, width, presets, reset, and how windows are set."""

    def __init__(self, viewer: ViewerModel) -> None:
        self.windows = windows_of(viewer)
        self._title = Label(value="")
        self._title.native.setWordWrap(True)
        self._title.native.setMinimumWidth(TITLE)
        self.preset = ComboBox(name="preset", choices=[CUSTOM], tooltip="Named windows of what the image shows, with their keys")
        self.level_box = FloatSpinBox(
            name="level", label="level (SUV)", min=-NO_LIMIT, max=NO_LIMIT, tooltip="Middle of the window"
        )
        self.width_box = FloatSpinBox(name="width", label="width (SUV)", min=0, max=NO_LIMIT, tooltip="From black to white")
        self.together = CheckBox(
            name="together", text="one window for all", tooltip="Images in HU share one window, and images in SUV another"
        )
        self.by_left = CheckBox(
            name="by_left",
            text="drag with the left button (W)",
            tooltip="To the right wider, upwards brighter; the middle button always does so",
        )
        reset = PushButton(name="reset", text="Reset (Shift+W)", tooltip="The window that the image was opened with")
        super().__init__(
            name="window",
            widgets=[
                self._title,
                rows([self.preset, self.level_box, self.width_box]),
                self.together,
                self.by_left,
                reset,
            ],
            labels=False,
        )
        self.margins = (0, 0, 0, 0)
        self.preset.changed.connect(self._use)
        self.level_box.changed.connect(self._set)
        self.width_box.changed.connect(self._set)
        self.together.changed.connect(lambda value: setattr(self.windows, "together", value))
        self.by_left.changed.connect(lambda value: setattr(self.windows, "by_left_button", value))
        reset.changed.connect(self.windows.reset)
        self._follower = ImageFollower(viewer, self.refresh, self.native)
        self.refresh()

    def refresh(self) -> None:
        """Show what is so."""
        image, windows = self.windows.image, self.windows
        with self._silent():
            self.together.value, self.by_left.value = windows.together, windows.by_left_button
            for widget in (self.preset, self.level_box, self.width_box):
                widget.enabled = image is not None
            self._title.value = f"<b>Window</b> of {escape(image.name)}" if image is not None else "<b>Window</b>: no image"
            self._offer()
            if image is None:
                return
            unit = unit_of(image)
            level, width = level_and_width(image.contrast_limits)
            decimals = DECIMALS.get(unit, _decimals(width))
            for spin, value in ((self.level_box, level), (self.width_box, width)):
                spin.label = f"{spin.name} ({unit})" if unit in DECIMALS else spin.name
                spin.native.setDecimals(decimals)
                spin.step = max(10.0**-decimals, as_shown(width / 50, unit, width))
                spin.value = value
            self.preset.value = windows.named() or CUSTOM

    def _offer(self) -> None:
        names = [preset.name for preset in self.windows.presets]
        keys = dict(zip(names, PRESET_KEYS, strict=False))
        choices = [(CUSTOM, CUSTOM), *((f"{name}  ({keys[name]})" if name in keys else name, name) for name in names)]
        if [name for _, name in choices] != list(self.preset.choices):
            self.preset.choices = []  # Qt would keep the order of those that it knows
            self.preset.choices = choices

    def _use(self, name: str) -> None:
        chosen = next((preset for preset in self.windows.presets if preset.name == name), None)
        if chosen is not None:
            self.windows.use(chosen)

    def _set(self, *_: Any) -> None:
        self.windows.set_level_and_width(self.level_box.value, self.width_box.value)

    @contextmanager
    def _silent(self) -> Iterator[None]:
        with ExitStack() as stack:
            for widget in (self.preset, self.level_box, self.width_box, self.together, self.by_left):
                stack.enter_context(widget.changed.blocked())
            yield


def _decimals(width: float) -> int:
    """Decimals that tell a thousandth of a window apart."""
    from math import floor, log10

    return min(max(0, 3 - floor(log10(max(width, 1e-12)))), 12)
