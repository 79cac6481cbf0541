"""The demonstration in the viewer: the same steps as on the command line, each shown when it is done."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from magicgui.widgets import Container, TextEdit

from napari_hounsfield.operation import Progress

from . import overlay
from .bridge import add
from .form import RunBar
from .landing import same_memory
from .layers import LayerTuple, layer_tuples

if TYPE_CHECKING:
    from napari.layers import Layer
    from napari.viewer import Viewer

    from napari_hounsfield.demo.result import DemoResult
    from napari_hounsfield.demo.run import DemoParams


WIDTH = 420
"""Pixels: the image needs the rest."""


def _with_layers(steps: Generator[Progress, None, DemoResult]) -> Generator[Progress, None, DemoResult]:
    """Make layers of what is finished on the way; in the demonstration's thread."""
    while True:
        try:
            progress = next(steps)
        except StopIteration as end:
            result: DemoResult = end.value
            return result
        if progress.result is not None:
            progress = replace(progress, result=layer_tuples(progress.result, {}, progress.message))
        yield progress


class DemoDock(Container[Any]):
    """Runs the demonstration; every step adds its layer above the ones before and hides them."""

    def __init__(
        self, viewer: Viewer, folder: Path | None, reference: Path | None, out: Path, params: DemoParams | None = None
    ) -> None:
        self._viewer = viewer
        self._given = folder, reference, out, params
        self._shown: list[Layer] = []
        self.bar = RunBar(self.run, "Run again", "Replaces what an earlier run showed")
        self._table = TextEdit(value="", tooltip="Each class against the rest")
        self._table.read_only = True
        self._table.native.setLineWrapMode(self._table.native.LineWrapMode.NoWrap)
        self._table.native.setStyleSheet("font-family: monospace; font-size: 8pt")
        super().__init__(widgets=[self.bar, self._table], labels=False)
        self.native.setFixedWidth(WIDTH)
        self.run()

    def run(self) -> None:
        """Start; what an earlier run showed goes."""
        from napari_hounsfield.demo.run import run

        for layer in self._shown:
            if layer in self._viewer.layers:
                self._viewer.layers.remove(layer)
        self._shown.clear()
        self.bar.start(_with_layers(run(*self._given)), self._done, self._progressed)

    def _progressed(self, progress: Progress) -> None:
        if progress.result is not None:
            self._found(progress.result)

    def _found(self, tuples: list[LayerTuple]) -> None:
        for layer in [one for one in self._shown if same_memory(one.data, tuples[0][0])]:  # it was shown while it was read
            self._shown.remove(layer)
            self._viewer.layers.remove(layer)
        for layer in self._shown[1:]:
            layer.visible = False
        added = add(self._viewer, tuples)
        self._shown += added
        if tuples[-1][2] == "labels":
            overlay.show(self._viewer, added[-1].name, overlay.table_lines(added[-1].features), added[-1])

    def _done(self, result: DemoResult) -> None:
        self._table.value = "\n".join(result.table())
        if result.comparison:
            rows = [f"{row.method}: Dice {row.dice:.2f}" for row in result.comparison.rows if row.dice is not None]
            overlay.show(self._viewer, "Demonstration", rows)


def show_demo(folder: Path | None, reference: Path | None, out: Path, params: DemoParams) -> None:
    """Open napari, run the demonstration in it, and return when the window is closed."""
    import napari

    viewer = napari.Viewer(title="napari-hounsfield demonstration")
    viewer.window.add_dock_widget(DemoDock(viewer, folder, reference, out, params), name="Demonstration", area="right")
    napari.run()
