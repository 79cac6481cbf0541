"""A form of figures, which are computed anew when the labels that they are of are edited."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from magicgui.widgets import CheckBox
from napari.layers import Labels

from napari_hounsfield.operation import Operation, Progress, part

from . import preferences, results
from .editing import EditListener
from .form import OperationForm, with_layers
from .inputs import LayerChoice, read_at
from .listening import LayerListener
from .notices import complain
from .places import Place, places_of
from .probabilities import Maps, maps_of, with_probabilities
from .worker import Steps, message_of

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

    from napari_hounsfield.operation import Params


FOLLOWING = "a layer is being edited: figures follow…"
OTHERS = "the figures are of other layers than those that are chosen: press Run"
GONE = "the figures are of a layer that is gone"
FAILED = "the figures are of before the run that ended without any: press Run"
BEHIND = "the figures are of before the last edit: press Run"


@dataclass(frozen=True)
class Outcome:
    """Figures, of which layers they are, and where in them each label value is to be seen."""

    result: Any
    figures: Mapping[str, Any]
    """The same in JSON, made in the operation's thread, since there may be thousands of objects."""
    layers: Mapping[str, Layer | None]
    places: Mapping[str, Mapping[int, Place]]
    """By input and label value."""


class LiveForm(OperationForm):
    """Form of an operation on labels whose result is figures.

    Layers are read in the operation's thread, since copies of large labels would hold up the brush.

    Parameters
    ----------
    viewer
        Whose layers are offered.
    operation
        `evaluate` or `measure`.
    shown
        Gets each outcome.
    outdated
        Gets what to say when what was shown no longer holds: labels were edited or moved, others are chosen, one is gone, or a
        run failed; nothing when it holds again.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        operation: Operation[..., Any],
        shown: Callable[[Outcome], None],
        outdated: Callable[[str], None],
    ) -> None:
        super().__init__(viewer, operation, folded=True)
        self._shown, self._outdated = shown, outdated
        self.live = CheckBox(
            name="live",
            value=True,
            text="update when the labels are edited",
            tooltip="Compute again, beside the interface, half a second after the last stroke",
        )
        self.append(self.live)
        self._edits = EditListener(self._on_edit, self._on_pause, self.native)
        self.outcome: Outcome | None = None
        self._behind = ""  # why figures are older than what they are of
        for choice in self.choices:
            choice.changed.connect(self._say_behind)
        self._layers_listener = LayerListener(viewer, self._say_behind, self.native)
        self._last: tuple[Mapping[str, Layer | None], Params] | None = None

    def run(self) -> None:
        """Start on the chosen layers; what is missing or wrong becomes a notification."""
        try:
            preferences.apply()
            layers = {choice.needed.name: choice.chosen() for choice in self.choices if isinstance(choice, LayerChoice)}
            params = self.fields.params()
        except Exception as error:
            self._on_end()
            complain(message_of(error))
            return
        for choice in self.choices:
            if isinstance(choice, LayerChoice):
                choice.settle()
        self._start(layers, params)

    def _start(self, layers: Mapping[str, Layer | None], params: Params) -> None:
        request = results.Request(self.operation, layers, {}, self._viewer)
        maps = maps_of(self._viewer, layers.get("prediction"))
        self._edits.follow(layer for layer in layers.values() if layer is not None)
        self._last = layers, params
        steps = with_layers(self._steps(request, maps, params, self._viewer.dims.current_step), request)
        self.bar.start(steps, lambda done: self._finish(request, *done), ended=self._on_end)

    def _steps(self, request: results.Request, maps: Maps, params: Params, step: tuple[int, ...]) -> Steps:
        yield Progress(0, "reading the layers")
        like = next((layer for layer in request.layers.values() if layer is not None), None)
        data: dict[str, Any] = {}
        places: dict[str, Mapping[int, Place]] = {}
        for name, layer in request.layers.items():
            data[name] = None if layer is None else read_at(layer, like, step)
            if isinstance(layer, Labels):
                places[name] = yield from part(places_of(layer.data), 0, 0.1)
        if maps:
            data["prediction"] = yield from part(with_probabilities(data["prediction"], maps), 0.1, 0.2)
        request.data = data
        result = yield from part(self.operation.steps(*data.values(), params=params), 0.2, 1)
        return Outcome(result, result.to_json(), request.layers, places)

    def _finish(self, request: results.Request, outcome: Outcome, layers: list[Any]) -> None:
        self.outcome, self._behind = outcome, ""
        results.present(self._viewer, request, outcome.result, layers)
        self._shown(outcome)

    def _on_edit(self) -> None:
        if self.outcome is None and not self.bar.busy:
            return
        self._behind = BEHIND
        if self.live.value:
            if self.bar.busy:
                self.bar.cancel()  # what it computes no longer holds
            self._outdated(FOLLOWING)
        else:
            self._say_behind()

    def _on_end(self) -> None:
        """Take it that the run gave no figures; where it did, they come next."""
        self._behind = self._behind or FAILED
        self._say_behind()

    def _say_behind(self, _: Any = None) -> None:
        if self.outcome is not None:
            self._outdated(self._behind or self._mismatch(self.outcome.layers))

    def _mismatch(self, layers: Mapping[str, Layer | None]) -> str:
        """Why layers are not those that would be computed on now."""
        if any(layer is not None and layer not in self._viewer.layers for layer in layers.values()):
            return GONE
        chosen = {choice.needed.name: choice.value for choice in self.choices if isinstance(choice, LayerChoice)}
        return "" if all(chosen.get(name) == layer for name, layer in layers.items()) else OTHERS

    def _on_pause(self) -> None:
        """Compute again what was computed last; labels that are gone are let be."""
        if not self.live.value or self._last is None:
            return
        layers, params = self._last
        if all(layer is None or layer in self._viewer.layers for layer in layers.values()):
            self._start(layers, params)
        else:
            self._say_behind()
