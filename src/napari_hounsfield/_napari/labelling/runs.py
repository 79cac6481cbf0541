"""What takes long in the dock: one run at a time for all its pages, while labels do not follow the brush."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from napari_hounsfield._napari.form import RunBar
from napari_hounsfield._napari.views.later import alive
from napari_hounsfield._napari.worker import Steps
from napari_hounsfield.errors import HounsfieldError
from napari_hounsfield.operation import Progress

from .desk import SessionDesk, desk_of

if TYPE_CHECKING:
    from napari.components import ViewerModel


class Runs:
    """Runs of one dock.

    Attributes
    ----------
    bar
        Starts the usual one, shows how far it is, and cancels.
    progressed
        Called with each report.
    settled
        Called when a run has ended, however it did.
    """

    def __init__(self, viewer: ViewerModel, usual: Callable[[], None], text: str, tip: str) -> None:
        self._viewer = viewer
        self.bar = RunBar(usual, text, tip)
        self.progressed: list[Callable[[Progress], None]] = []
        self.settled: list[Callable[[], None]] = []

    @property
    def desk(self) -> SessionDesk:
        """The session and its layers."""
        return desk_of(self._viewer)

    def start(self, steps: Steps, done: Callable[[Any], object]) -> None:
        """Run steps beside the interface.

        Raises
        ------
        HounsfieldError
            If something runs already.
        """
        if self.bar.busy:
            raise HounsfieldError("something runs already: wait for it, or press Cancel")
        self.desk.live.held = True
        self.bar.start(steps, done, self._on_progress, self._settle)

    def _on_progress(self, progress: Progress) -> None:
        for tell in self.progressed:
            tell(progress)

    def _settle(self) -> None:
        self.desk.live.held = False
        if alive(self.bar.native):  # else the pages are gone with it
            for tell in self.settled:
                tell()
