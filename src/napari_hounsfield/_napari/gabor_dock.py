"""The form of the Gabor bank: kernels drawn as they are set, a live preview, a choice of maps, and what a run would cost."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from magicgui.widgets import ComboBox, LineEdit
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QLabel

from napari_hounsfield.errors import HounsfieldError
from napari_hounsfield.gabor_bank import GaborParams, gabor, map_names
from napari_hounsfield.gabor_kernels import planes_of
from napari_hounsfield.gabor_output import require_memory
from napari_hounsfield.operation import Operation, Progress
from napari_hounsfield.results import Features
from napari_hounsfield.volume import Volume

from . import preferences, results
from .form import OperationForm
from .gabor_choice import Cost, first_choice, maps_a_wavelength, narrowed
from .gabor_live import Answer, KernelShown, Live, Question, overlay_tuple
from .gabor_preview import Source, Temporary
from .kernel_picture import filter_names
from .kernel_view import KernelView
from .layers import KEY, LayerTuple, shown
from .layout import rows
from .map_list import MapList
from .operation_docks import Forms
from .worker import message_of

if TYPE_CHECKING:
    from napari.components import ViewerModel

DELAY, PATIENCE = 60, 400
"""Milliseconds from a change to the next picture, and for which a picture being made is waited for while changes go on."""
TOGETHER, APART = "one stack with a slider", "a layer for each map"


class ChosenMaps(Operation[..., Features]):
    """`gabor`, of which only the chosen maps are computed and kept."""

    def __init__(self, choose: Callable[[Volume, GaborParams], list[int]]) -> None:
        super().__init__(gabor.name, gabor.params_type, gabor.function)
        self._choose = choose

    def steps(self, *data: Any, **named: Any) -> Generator[Progress, None, Features]:
        """Run stepwise; the choice is read now, while the form stands still."""
        volume, params = data[0], named["params"].resolve(*data)
        return _chosen_maps(volume, params, self._choose(volume, params))


def _chosen_maps(volume: Volume, params: GaborParams, chosen: list[int]) -> Generator[Progress, None, Features]:
    if not chosen:
        raise HounsfieldError("no map is ticked; choose at least one")
    smaller, places = narrowed(params, chosen)
    maps = yield from gabor.steps(volume, params=smaller)
    if len(places) == len(maps.names):
        return maps
    return replace(maps, array=maps.array[places], names=[maps.names[place] for place in places])


class GaborForm(OperationForm):
    """Form of `gabor` with everything that helps to set it."""

    def __init__(self, viewer: ViewerModel, title: str = "") -> None:
        super().__init__(viewer, ChosenMaps(self._chosen), title)
        self._source: Source | None = None
        self._stamp: tuple[Any, ...] = ()
        self._shape: tuple[int, ...] = ()
        self._paused = False
        self._answer: Answer | None = None
        self._kernel: KernelShown | None = None
        self._asked: Question | None = None
        self.preview_layer, self.kernel_layer = Temporary(viewer), Temporary(viewer)
        self.live = Live(self._drawn, self._answered, self._say_wrong, self._working)
        self.trouble, self.cost = _words("color: #ff7b72"), _words("")
        self.kernels, self.maps = KernelView(self.schedule, self._tune), MapList(self.schedule)
        self.layout_of_maps = ComboBox(name="add_as", label="add as", choices=[TOGETHER, APART])
        layout = self.native.layout()
        at = layout.indexOf(self.bar.native)
        below = [self.trouble, self.kernels, QLabel("Maps to add"), self.maps, rows([self.layout_of_maps]).native, self.cost]
        for place, widget in enumerate(below):
            layout.insertWidget(at + place, widget)
        self._timer = QTimer(self.native)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.refresh)
        self._patience = QTimer(self.native)
        self._patience.setSingleShot(True)
        self._follow()
        self.schedule()

    def _follow(self) -> None:
        for widget in self.fields.inputs.values():
            if isinstance(widget, LineEdit):  # whose own signal would read what may be half typed
                widget.native.textChanged.connect(lambda _: self.schedule())
            else:
                widget.changed.connect(lambda _: self.schedule())
        values: Any = self.fields.container[0]
        values.start_from.changed.connect(lambda _: self.schedule())
        self.choices[0].native.currentIndexChanged.connect(lambda _: self.schedule())
        self._moves = _Moves(self._viewer, self._moved)
        self.native.destroyed.connect(self._moves.stop)
        self.native.destroyed.connect(self.live.cancel)

    def schedule(self) -> None:
        """Refresh in a moment."""
        if not self._paused and not self._timer.isActive():
            self._timer.start(DELAY)

    def pause(self) -> None:
        """Take the temporary layers away, as long as the dock is not to be seen."""
        self._paused = True
        self._timer.stop()
        self.live.forget()
        self._answer = self._asked = None
        self.preview_layer.remove()
        self.kernel_layer.remove()

    def resume(self) -> None:
        """Show them again."""
        self._paused = False
        self.schedule()

    def refresh(self) -> None:
        """Show what the form says now."""
        if self.live.busy and self._patience.isActive():
            self._timer.start(DELAY)
            return
        try:
            source, params = self._read()
        except Exception as error:
            self._say_wrong(message_of(error))
            return
        self.trouble.setVisible(False)
        volume = source.volume
        planes = planes_of(params.planes, volume.grid)
        shortest, longest = 2 * max(p.largest_voxel for p in planes), min(p.smallest_extent for p in planes) / 2
        names = filter_names(params, volume.grid)
        chosen_filter = self.kernels.offer(params.wavelengths, names, shortest, longest)
        self._list_maps(params, math.prod(volume.grid.shape))
        preview = self.kernels.preview.isChecked()
        at = source.slice_at(self._viewer.dims.point)
        asked = Question(source, params, chosen_filter, tuple(self.maps.chosen), at, preview)
        self._say_cost(asked)
        self._overlay()
        if not preview:
            self.preview_layer.remove()
        if asked != self._asked:
            self._asked = asked
            self._patience.start(PATIENCE)
            preferences.apply()
            self.live.ask(asked)

    def _read(self) -> tuple[Source, GaborParams]:
        """The image and resolved parameters; raises what is wrong with them."""
        layer = self.layers[self.choices[0].needed.name]
        stamp = () if layer is None else (id(layer), id(layer.data), layer.name, *layer.scale, *layer.translate, *layer.units)
        if self._source is None or stamp != self._stamp:
            self._source = None
            volume = self.choices[0].read(None)
            volume.require_scalar()
            self._source, self._stamp = Source(layer, volume), stamp
        params = self.fields.params().resolve(self._source.volume)
        assert isinstance(params, GaborParams)
        return self._source, params

    def _chosen(self, volume: Volume, params: GaborParams) -> list[int]:
        """Maps to compute, of the parameters as they are now."""
        self._list_maps(params, math.prod(volume.grid.shape))
        return self.maps.chosen

    def _list_maps(self, params: GaborParams, voxels: int) -> None:
        """Keep the check marks as long as the bank has the same shape."""
        names, each = map_names(params), maps_a_wavelength(params)
        shape = (len(names), each)
        if shape != self._shape:
            self._shape = shape
            self.maps.show_names(names, each, first_choice(params, voxels))
        elif names != self.maps.names:
            self.maps.rename(names)

    def _say_cost(self, asked: Question) -> None:
        volume = asked.source.volume
        if not asked.chosen:
            self.cost.setText("no map is ticked")
            return
        smaller, _ = narrowed(asked.params, asked.chosen)
        seconds = self._answer.seconds if self._answer is not None and self._answer.key == asked.key else None
        at_most = self._answer is not None and self._answer.at_most
        cost = Cost(len(asked.chosen), len(map_names(smaller)), volume.grid.shape, seconds, at_most)
        text = cost.text
        try:
            require_memory(cost.computed, volume)
        except HounsfieldError as error:
            text = f"{text}<br><span style='color: #ff7b72'>does not fit: {message_of(error)}</span>"
        self.cost.setText(f"<b>Cost of a run:</b> {text}")

    def _drawn(self, kernel: KernelShown) -> None:
        self._kernel = kernel
        self.kernels.show_picture(kernel.colours, kernel.caption)
        self._overlay()

    def _overlay(self) -> None:
        if self._kernel is None or self._source is None or not self.kernels.over.isChecked():
            self.kernel_layer.remove()
            return
        self.kernel_layer.show(overlay_tuple(self._kernel, self._source, _middle_of_view(self._viewer)))

    def _answered(self, answer: Answer | None) -> None:
        self._answer = answer
        if self._asked is not None:
            self._say_cost(self._asked)
        if answer is not None and answer.layer is not None and self.kernels.preview.isChecked():
            others = [layer for layer in self._viewer.layers if layer is not self.kernel_layer.layer]
            self.preview_layer.show(answer.layer, above=others[-1])  # older maps would hide it, and it would hide the kernel

    def _working(self, message: str) -> None:
        if message == "compiling":
            self.cost.setText("<b>Cost of a run:</b> compiling the filters, which is done once…")

    def _say_wrong(self, message: str) -> None:
        self.live.cancel()
        self._asked = self._answer = None
        self.trouble.setText(message)
        self.trouble.setVisible(True)
        self.cost.setText("")
        self.preview_layer.remove()

    def _tune(self, index: int, length: float) -> None:
        if self._asked is not None and index < len(self._asked.params.wavelengths):
            lengths = list(self._asked.params.wavelengths)
            lengths[index] = length
            self.fields.inputs["wavelengths"].value = tuple(float(f"{each:.4g}") for each in lengths)

    def _moved(self) -> None:
        if self.kernels.preview.isChecked() or self.kernels.over.isChecked():
            self.schedule()

    def present(self, request: results.Request, result: Any, layers: list[Any]) -> None:
        """Show the maps, in the way that is chosen, and no longer what was to help with the choice."""
        self.kernels.preview.setChecked(False)
        self.kernels.over.setChecked(False)
        if self.layout_of_maps.value == APART and isinstance(result, Features):
            layers, result = _apart(layers[0], result), None
        results.present(self._viewer, request, result, layers)


def _apart(stack: LayerTuple, maps: Features) -> list[LayerTuple]:
    """A layer for each map of a stack, the first visible."""
    array, arguments, kind = stack
    one = {
        key: list(value)[1:] if key in ("scale", "translate", "units", "axis_labels") else value
        for key, value in arguments.items()
    }
    if "affine" in one:
        one["affine"] = np.asarray(one["affine"])[1:, 1:]
    made = []
    for k, name in enumerate(maps.names):
        template = Volume(maps.array[k], maps.affine, frame_of_reference=maps.frame_of_reference, history=maps.history)
        low, high = (float(p) for p in np.nanpercentile(array[k, ::4, ::4, ::4], (0.5, 99.5)))
        look = {
            "name": f"{arguments['name']}: {name.removeprefix('Gabor ')}",
            "visible": k == 0,
            "contrast_limits": (low, high if high > low else low + 1),
            "metadata": {KEY: shown(template, {maps.frame_of_reference: arguments["metadata"][KEY].placement.world})},
        }
        made.append((array[k], {**one, **look}, kind))
    return made


class _Moves:
    """Calls back when the viewer goes to another slice; a plain object, since napari looks into what is connected."""

    def __init__(self, viewer: ViewerModel, callback: Callable[[], None]) -> None:
        self._events = viewer.dims.events
        self._callback: Callable[[], None] | None = callback
        self._events.point.connect(self.on_event)

    def on_event(self, event: Any = None) -> None:
        if self._callback is not None:
            self._callback()

    def stop(self, *_: Any) -> None:
        """Let go of the viewer."""
        self._callback = None
        self._events.point.disconnect(self.on_event)


def _middle_of_view(viewer: ViewerModel) -> Any:
    """Point (S, P, L) in the middle of what is seen, on the current slice."""
    dims, centre = viewer.dims, np.zeros(3)
    point = np.array(dims.point, float)
    shown = list(dims.displayed)[-2:]
    point[shown] = viewer.scene.camera.center[-2:]
    centre[-min(3, len(point)) :] = point[-3:]
    return centre


def _words(style: str) -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    label.setStyleSheet(style)
    label.setVisible(not style)
    return label


class GaborBank(Forms):
    """*Gabor bank*."""

    offers: ClassVar = {"gabor": "Gabor bank", "features": "All features of a classifier"}

    def form(self, viewer: ViewerModel, name: str, title: str) -> OperationForm:
        """Form of the bank with pictures and preview; the generic one of the features."""
        return GaborForm(viewer, title) if name == "gabor" else super().form(viewer, name, title)

    def hideEvent(self, event: Any) -> None:  # noqa: N802
        """Take away what is shown for a while."""
        self._bank.pause()
        super().hideEvent(event)

    def showEvent(self, event: Any) -> None:  # noqa: N802
        """Show it again."""
        self._bank.resume()
        super().showEvent(event)

    @property
    def _bank(self) -> GaborForm:
        form = self.forms["gabor"]
        assert isinstance(form, GaborForm)
        return form
