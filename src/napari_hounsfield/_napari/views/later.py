"""Work that can wait, done a little at a time, so that the interface answers in between."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable

from qtpy.QtCore import QObject, QTimer

AT_ONCE = 0.012
"""Seconds after which the next piece of work waits for another turn of the event loop."""

PAUSE_MS = 6
"""Milliseconds between two turns, in which the interface answers and draws."""


def alive(part: QObject) -> bool:
    """Whether the Qt side of an object is still there: parts of a window go with it."""
    from qtpy.compat import isalive

    return bool(isalive(part))  # type: ignore[no-untyped-call]


class Later:
    """Runs what it is given, once each, in turn, in the main thread."""

    def __init__(self) -> None:
        self._tasks: dict[Hashable, Callable[[], None]] = {}
        self._rested = False
        self._timer = QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAUSE_MS)
        self._timer.timeout.connect(self._work)

    def add(self, key: Hashable, task: Callable[[], None]) -> None:
        """Run `task` soon; one that waits under the same key is replaced."""
        self._tasks[key] = task
        if not self._timer.isActive():
            self._rested = False
            self._timer.start()

    @property
    def idle(self) -> bool:
        """Whether nothing waits."""
        return not self._tasks

    def stop(self) -> None:
        """Forget what waits."""
        self._timer.stop()
        self._tasks.clear()

    def _work(self) -> None:
        if not self._rested:  # what called for the work, such as adding a layer, may have taken long: first the interface answers
            self._rested = True
            self._timer.start()
            return
        until = time.perf_counter() + AT_ONCE
        try:
            while self._tasks and time.perf_counter() < until:
                self._tasks.pop(next(iter(self._tasks)))()
        finally:  # what fails is told by napari, and the rest is still done
            if self._tasks:
                self._timer.start()
