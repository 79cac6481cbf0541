"""How long the event loop is held, told apart from what the machine does besides."""

from __future__ import annotations

import time
from typing import NamedTuple

import numpy as np
from qtpy.QtCore import QTimer

BEAT_MS = 5


class Gap(NamedTuple):
    """Milliseconds between two beats of a timer in the main thread."""

    wall: float
    process: float
    """Of processor time that all threads of the process took."""
    main: float
    """Of processor time that the main thread took: what it computed itself."""

    @property
    def held(self) -> float:
        """How long the process itself held up the loop, at most: its main thread, or another that had the interpreter's lock.

        On a machine that is busy with other things the wall time is larger.
        """
        return min(self.wall, self.process)


class Pulse:
    """Beats in the main thread, and remembers what passed between the beats."""

    def __init__(self) -> None:
        self._beats = [self._now()]
        self._timer = QTimer()
        self._timer.setInterval(BEAT_MS)
        self._timer.timeout.connect(lambda: self._beats.append(self._now()))
        self._timer.start()

    @staticmethod
    def _now() -> tuple[float, float, float]:
        return time.perf_counter(), time.process_time(), time.thread_time()

    def stop(self) -> list[Gap]:
        """Gaps in their order."""
        self._timer.stop()
        self._beats.append(self._now())
        return [Gap(*(1000 * part for part in gap)) for gap in np.diff(np.array(self._beats), axis=0)]


def longest(gaps: list[Gap]) -> Gap:
    """The longest of each kind."""
    return Gap(*(max(part) for part in zip(*gaps, strict=True)))
