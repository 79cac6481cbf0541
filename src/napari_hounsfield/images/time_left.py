"""How much longer a comparison takes, from how long its parts took."""

from __future__ import annotations

import time
from collections.abc import Callable


class TimeLeft:
    """Parts of work by model; a part that has not begun takes as long as the model's others, or as the mean of all.

    Parameters
    ----------
    parts
        How many parts each model has left.
    """

    def __init__(self, parts: dict[str, int], clock: Callable[[], float] = time.monotonic) -> None:
        self._left = dict(parts)
        self._took: dict[str, list[float]] = {name: [] for name in parts}
        self._clock = clock
        self._began = clock()

    def known(self, model: str, seconds: float) -> None:
        """A part of a model took so long in an earlier run."""
        self._took[model].append(seconds)

    def begin(self) -> None:
        """The next part begins."""
        self._began = self._clock()

    def done(self, model: str) -> float:
        """A part of a model is done: seconds that it took."""
        seconds = self._clock() - self._began
        self._took[model].append(seconds)
        self._left[model] -= 1
        return seconds

    def seconds(self, model: str, fraction: float) -> float | None:
        """What is left when the part of a model that began last is done to a fraction; None where nothing tells yet."""
        spent = self._clock() - self._began
        usual = self._usual()
        part = usual.get(model)
        if part is None and fraction > 0.02:
            part = spent / fraction
        if part is None:
            return None
        usual[model] = part
        mean = sum(usual.values()) / len(usual)
        left = {name: many - (name == model) for name, many in self._left.items()}
        return max(part - spent, 0.0) + sum(many * usual.get(name, mean) for name, many in left.items())

    def _usual(self) -> dict[str, float]:
        return {name: sum(took) / len(took) for name, took in self._took.items() if took}


def in_words(seconds: float | None) -> str:
    """`40 s left`, `12 min left`, `2 h 5 min left`; empty for None."""
    if seconds is None:
        return ""
    if seconds < 90:
        return f"{max(1, round(seconds))} s left"
    minutes = round(seconds / 60)
    return f"{minutes} min left" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min left"
