"""L-BFGS: a minimiser that learns the curvature from the last steps."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]

REMEMBERED = 10
"""Steps that the curvature is learned from."""
SUFFICIENT = 1e-4
"""Part of the decrease promised by the slope that a step has to reach (Armijo)."""
SHORTEST = 1e-8


class Objective(Protocol):
    """What is minimised."""

    def place(self) -> Vector:
        """A copy of the parameters (n,)."""

    def evaluate(self, place: Vector) -> tuple[float, Vector]:
        """Go to a place; value and gradient there, in arrays of their own."""


def minimise(objective: Objective) -> Iterator[float]:
    """Take one step after another, yielding the value after each; ends where no step leads further down.

    References
    ----------
    Nocedal, Wright: Numerical Optimization, 2006, algorithms 7.4 and 7.5, with a backtracking line search.
    """
    place = objective.place()
    value, gradient = objective.evaluate(place)
    direction, length = -gradient, min(1.0, 1.0 / max(float(np.abs(gradient).sum()), 1e-12))
    past: deque[tuple[Vector, Vector, float]] = deque(maxlen=REMEMBERED)
    while True:
        slope = float(gradient @ direction)
        while True:
            tried = place + np.float32(length) * direction
            found, steepness = objective.evaluate(tried)
            if found <= value + SUFFICIENT * length * slope:
                break
            if length < SHORTEST or not slope < 0:
                objective.evaluate(place)
                return
            ratio = -slope * length / (2 * (found - value - slope * length)) if math.isfinite(found) else 0.1
            length *= max(0.1, min(0.5, ratio))
        step, turn = tried - place, steepness - gradient
        product = float(turn @ step)
        if product > 1e-10:
            past.append((step, turn, 1 / product))
        place, value, gradient = tried, found, steepness
        yield value
        direction, length = _direction(gradient, past), 1.0


def _direction(gradient: Vector, past: deque[tuple[Vector, Vector, float]]) -> Vector:
    """Minus the inverse curvature times the gradient, by the two loops."""
    wanted, shares = -gradient, []
    for step, turn, inverse in reversed(past):
        share = inverse * float(step @ wanted)
        shares.append(share)
        wanted -= np.float32(share) * turn
    if past:
        _, turn, inverse = past[-1]
        wanted *= np.float32(1 / (inverse * float(turn @ turn)))
    for (step, turn, inverse), share in zip(past, reversed(shares), strict=True):
        wanted += np.float32(share - inverse * float(turn @ wanted)) * step
    return wanted
