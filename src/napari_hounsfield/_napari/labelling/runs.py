"""What takes long in the dock: one run at a time for all its pages, and one that waits; labels follow no brush meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QTimer

from napari_hounsfield._napari.form import RunBar
from napari_hounsfield._napari.notices import tell
from napari_hounsfield._napari.views.later import alive
from napari_hounsfield._napari.worker import Steps
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
        self._waiting: tuple[Steps, Callable[[Any], object]] | None = None

    @property
    def desk(self) -> SessionDesk:
        """The session and its layers."""
        return desk_of(self._viewer)

    @property
    def busy(self) -> bool:
        """Whether something runs, or waits."""
        return self.bar.busy or self._waiting is not None

    def start(self, steps: Steps, done: Callable[[Any], object]) -> None:
        """Run steps beside the interface: now, or when what runs has ended. What was asked for last alone waits, until Cancel."""
        if self.busy:
            self._waiting = steps, done
            tell("starts when what runs has ended")
        else:
            self._begin(steps, done)

    def _begin(self, steps: Steps, done: Callable[[Any], object]) -> None:
        self.desk.live.held = True
        self.bar.start(steps, done, self._on_progress, self._settle)

    def _on_progress(self, progress: Progress) -> None:
        for report in self.progressed:
            report(progress)

    def _settle(self) -> None:
        here = alive(self.bar.native)  # else the pages are gone with it
        if not here or self.bar.job is None or self.bar.job.cancelled:
            self._waiting = None
        self.desk.live.held = self._waiting is not None
        if self._waiting is not None:
            QTimer.singleShot(0, self._go_on)  # the result of what has ended is shown first
        if here:
            for follow in self.settled:
                follow()

    def _go_on(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None and alive(self.bar.native):
            self._begin(*waiting)
