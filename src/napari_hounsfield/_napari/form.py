"""The one form behind every widget: made from an operation, it chooses layers, shows parameters, runs, cancels and reports."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

from magicgui.widgets import Container, Label, ProgressBar, PushButton

from napari_hounsfield.operation import Operation, Progress

from . import preferences, results
from .fields import Fields, Fold
from .inputs import LayerChoice, choices_for
from .layout import rows
from .notices import complain
from .worker import Job, Steps, message_of

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer


def _nothing() -> None:
    """For who needs no call."""


class RunBar(Container[Any]):
    """Run, Cancel and a progress bar around one job at a time."""

    def __init__(
        self,
        run: Callable[[], None],
        text: str = "Run",
        tip: str = "Beside the interface; ends as a layer",
        cancelling: str = "Give up now; nothing of it is kept",
    ) -> None:
        self.job: Job | None = None
        self._ended: Callable[[], None] = _nothing
        self._run = PushButton(text=text, tooltip=tip)
        self._cancel = PushButton(text="Cancel", enabled=False, tooltip=cancelling)
        self._bar = ProgressBar(min=0, max=100, value=0, visible=False)
        buttons = Container(widgets=[self._run, self._cancel], layout="horizontal", labels=False)
        buttons.margins = (0, 0, 0, 0)
        super().__init__(widgets=[buttons, self._bar], labels=False)
        self.margins = (0, 0, 0, 0)
        self._run.changed.connect(run)
        self._cancel.changed.connect(self.cancel)
        self.native.destroyed.connect(self._give_up)

    def start(
        self,
        steps: Steps,
        done: Callable[[Any], object],
        progressed: Callable[[Progress], None] = lambda progress: None,
        ended: Callable[[], None] = _nothing,
    ) -> None:
        """Run `steps` in a thread and call `done` with its result; an error becomes a notification.

        `progressed` gets what is reported on the way; `ended` is called however it ends, by the result, an error or the user.
        """
        self._tidy()
        self._ended = ended

        def finish(result: Any) -> None:
            self._end()
            done(result)

        def fail(message: str) -> None:
            self._end()
            complain(message)

        def report(progress: Progress) -> None:
            self._show(progress)
            progressed(progress)

        self._busy(True)
        self.job = Job(steps, finish, fail, report)

    @property
    def busy(self) -> bool:
        """Whether a job runs."""
        return self.job is not None and not self.job.finished

    def cancel(self) -> None:
        """Give up the running job; the form is free at once."""
        self._give_up()
        self._busy(False)

    def _give_up(self, *_: Any) -> None:
        if self.job is not None:
            self.job.cancel()
        self._tidy()

    def _end(self) -> None:
        self._busy(False)
        self._tidy()

    def _tidy(self) -> None:
        ended, self._ended = self._ended, _nothing
        ended()

    def _busy(self, busy: bool) -> None:
        self._run.enabled, self._cancel.enabled = not busy, busy
        self._bar.visible = busy
        self._show(Progress(0))

    def _show(self, progress: Progress) -> None:
        self._bar.value = round(100 * min(max(progress.fraction, 0), 1))
        self._bar.native.setFormat(f"{progress.message}  %p %".strip())


class OperationForm(Container[Any]):
    """Form of one operation.

    Parameters
    ----------
    viewer
        Whose layers are offered, and where the result is shown.
    operation
        What to run.
    title
        Heading; empty for none.
    folded
        Whether the parameters are folded away, because what the operation finds needs the room.
    """

    def __init__(self, viewer: ViewerModel, operation: Operation[..., Any], title: str = "", folded: bool = False) -> None:
        self._viewer, self.operation = viewer, operation
        self.choices = choices_for(viewer, operation.inputs)
        self.fields = Fields(operation.params_type())
        self.bar = RunBar(self.run, tip=(operation.__doc__ or "").strip().partition("\n")[0])
        heading = [Label(value=f"<b>{title}</b>")] if title else []
        fields = self.fields.container
        shown = Fold("parameters", fields, "What is computed, and how") if folded else fields
        super().__init__(name=operation.name, widgets=[*heading, rows(self.choices), shown, self.bar], labels=False)

    def run(self) -> None:
        """Start the operation on the chosen layers; what is missing or wrong becomes a notification."""
        try:
            preferences.apply()
            data, params = self.data(), self.fields.params()
        except Exception as error:
            complain(message_of(error))
            return
        for choice in self.choices:
            if isinstance(choice, LayerChoice):
                choice.settle()
        request = results.Request(self.operation, self.layers, dict(zip(self.layers, data, strict=True)), self._viewer)
        steps = with_layers(self.operation.steps(*data, params=params), request)
        self.bar.start(steps, lambda result: self.present(request, *result))

    def present(self, request: results.Request, result: Any, layers: list[Any]) -> None:
        """Show a result."""
        results.present(self._viewer, request, result, layers)

    @property
    def layers(self) -> dict[str, Layer | None]:
        """Chosen layers by input; None for classifiers and for what is left out."""
        return {c.needed.name: c.value if isinstance(c, LayerChoice) else None for c in self.choices}

    def data(self) -> list[Any]:
        """What the operation will work on, in the order of its inputs."""
        like = next((layer for layer in self.layers.values() if layer is not None), None)
        return [choice.read(like) for choice in self.choices]


def with_layers(steps: Steps, request: results.Request) -> Generator[Progress, None, Any]:
    """Run an operation and make its layers in the same thread, since counting and copying takes time too."""
    result = yield from steps
    yield Progress(1, "layers")
    layers = yield from results.layers_of(result, request)
    return result, layers
