"""Setting the window of an image, and of those whose numbers mean the same."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary, ref

from psygnal import Signal

from napari_hounsfield._napari.preferences import preferences
from napari_hounsfield.window_presets import Limits, WindowPreset, as_shown, level_and_width, limits_around, presets_for

from .images import COMPARABLE, alike, first_limits, preset_limits, target, unit_of

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image

NARROWEST = 1e-6
"""A window has a width."""


class Windows:
    """The windows of one viewer, and how they are set."""

    changed = Signal()

    def __init__(self, viewer: ViewerModel) -> None:
        self._known = ref(viewer)  # it is kept by the viewer, and must not keep it
        self._together = preferences().link_windows
        self._by_left_button = False

    @property
    def together(self) -> bool:
        """Whether images in HU share one window, and images in SUV another."""
        return self._together

    @together.setter
    def together(self, value: bool) -> None:
        self._together = value
        self.changed.emit()

    @property
    def by_left_button(self) -> bool:
        """Whether a drag with the left button sets the window instead of moving the picture."""
        return self._by_left_button

    @by_left_button.setter
    def by_left_button(self, value: bool) -> None:
        self._by_left_button = value
        self.changed.emit()

    @property
    def _viewer(self) -> ViewerModel:
        viewer = self._known()
        assert viewer is not None
        return viewer

    @property
    def image(self) -> Image | None:
        """The image that a window is for."""
        return target(self._viewer)

    def set(self, limits: Limits, image: Image | None = None) -> None:
        """Show an image, and those that go with it, within limits."""
        image = image or self.image
        if image is None:
            return
        lower, upper = limits
        if upper - lower < NARROWEST:
            upper = lower + NARROWEST
        for layer in alike(self._viewer, image) if self.together else [image]:
            layer.contrast_limits = (lower, upper)

    def set_level_and_width(self, level: float, width: float, image: Image | None = None) -> None:
        """Show an image within a window given by its middle and its extent, rounded to what can be told apart."""
        image = image or self.image
        if image is not None:
            unit = unit_of(image)
            smallest = {"HU": 1.0, "SUV": 0.01}.get(unit, NARROWEST)
            width = max(width, smallest)
            self.set(limits_around(as_shown(level, unit, width), max(as_shown(width, unit, width), smallest)), image)

    def use(self, preset: WindowPreset) -> None:
        """Show the image within a named window."""
        if (image := self.image) is not None:
            self.set(preset_limits(preset, image))

    def use_number(self, number: int) -> None:
        """Show the image within its preset of this number, counted from 0, where there is one."""
        if number < len(self.presets):
            self.use(self.presets[number])

    @property
    def presets(self) -> tuple[WindowPreset, ...]:
        """Named windows for the image."""
        image = self.image
        return () if image is None else presets_for(unit_of(image))

    def named(self) -> str:
        """Name of the preset whose limits the image is shown within; empty for any other window."""
        image = self.image
        if image is None or unit_of(image) not in COMPARABLE:
            return ""
        shown = tuple(image.contrast_limits)
        return next((preset.name for preset in self.presets if (preset.lower, preset.upper) == shown), "")

    def reset(self) -> None:
        """Show the image, and those that go with it, each as it was shown when it was opened."""
        image = self.image
        if image is None:
            return
        for layer in alike(self._viewer, image) if self.together else [image]:
            layer.contrast_limits = first_limits(layer)

    def level_and_width(self) -> tuple[float, float]:
        """Middle and extent of the image's window."""
        image = self.image
        return (0.0, 1.0) if image is None else level_and_width(image.contrast_limits)


_windows: WeakKeyDictionary[ViewerModel, Windows] = WeakKeyDictionary()


def windows_of(viewer: ViewerModel) -> Windows:
    """Windows of a viewer, made at the first call and gone with the viewer."""
    viewer = getattr(viewer, "__wrapped__", viewer)  # plugins are handed a proxy
    return _windows.setdefault(viewer, Windows(viewer))
