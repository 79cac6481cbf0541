"""Running steps on a layer: at once where that is short, else beside the interface, with the layer closed to tools meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from napari_hounsfield._napari.notices import complain
from napari_hounsfield._napari.worker import Job, Steps, message_of
from napari_hounsfield.errors import HounsfieldError
from napari_hounsfield.operation import Progress

if TYPE_CHECKING:
    from napari.layers import Labels

AT_ONCE = 0.02
"""Seconds that steps may hold up the interface before they go on in a thread."""


class Runner:
    """Runs one thing at a time.

    Parameters
    ----------
    layer
        Gives the layer, or None when it is gone.
    started
        Called in the main thread when something goes on in a thread.
    progressed
        Called in the main thread with what is reported.
    settled
        Called in the main thread when nothing runs any more, however it ended.
    """

    def __init__(
        self,
        layer: Callable[[], Labels | None],
        started: Callable[[], None],
        progressed: Callable[[Progress], None],
        settled: Callable[[], None],
    ) -> None:
        self._layer, self._started, self._progressed, self._settled = layer, started, progressed, settled
        self._job: Job | None = None
        self._before: tuple[bool, Any] | None = None

    @property
    def busy(self) -> bool:
        """Whether something runs in a thread, or is being given up there."""
        return self._job is not None

    def run(self, steps: Steps, done: Callable[[Any], None] = lambda result: None, at_once: float = AT_ONCE) -> None:
        """Run steps; what is wrong becomes a notification.

        Raises
        ------
        HounsfieldError
            If something else still runs.
        """
        if self.busy:
            steps.close()
            raise HounsfieldError("another edit of these labels is still being computed")
        start, progress = time.perf_counter(), Progress(0)
        try:
            while progress.fraction >= 1 or time.perf_counter() - start < at_once:
                progress = next(steps)
        except StopIteration as stop:
            self._settled()
            done(stop.value)
            return
        except Exception as error:
            self._settled()
            complain(message_of(error))
            return
        self._hold()
        self._job = Job(steps, done, complain, self._progressed, self._end)
        self._started()

    def cancel(self) -> None:
        """Give up; what was written is taken back in the thread, after which all is settled."""
        if self._job is not None:
            self._job.cancel()

    def _end(self) -> None:
        self._job = None
        self._release()
        self._settled()

    def _hold(self) -> None:
        layer = self._layer()
        if layer is not None:
            self._before = layer.editable, layer.mode
            layer.editable = False

    def _release(self) -> None:
        layer, before, self._before = self._layer(), self._before, None
        if layer is not None and before is not None:
            layer.editable, layer.mode = before
