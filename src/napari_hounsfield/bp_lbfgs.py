"""L-BFGS: a minimiser that learns the curvature from the last steps."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from torch import Tensor

REMEMBERED = 10
"""Steps that the curvature is learned from."""
SUFFICIENT = 1e-4
"""Part of the decrease promised by the slope that a step has to reach (Armijo)."""
SHORTEST = 1e-8


class Objective(Protocol):
    """What is minimised."""

    @property
    def place(self) -> Tensor:
        """Flat vector of parameters, changed in place."""

    def evaluate(self) -> tuple[float, Tensor]:
        """Value and gradient at `place`; the gradient is a new tensor."""


def minimise(objective: Objective) -> Iterator[float]:
    """Take one step after another, yielding the value after each; ends where no step leads further down.

    References
    ----------
    Nocedal, Wright: Numerical Optimization, 2006, algorithms 7.4 and 7.5, with a backtracking line search.
    """
    import torch

    place = objective.place
    value, gradient = objective.evaluate()
    direction, length = -gradient, min(1.0, 1.0 / max(float(gradient.abs().sum()), 1e-12))
    past: deque[tuple[Tensor, Tensor, float]] = deque(maxlen=REMEMBERED)
    while True:
        before, slope = place.clone(), float(gradient.dot(direction))
        while True:
            torch.add(before, direction, alpha=length, out=place)
            found, steepness = objective.evaluate()
            if found <= value + SUFFICIENT * length * slope:
                break
            if length < SHORTEST or not slope < 0:
                place.copy_(before)
                return
            ratio = -slope * length / (2 * (found - value - slope * length)) if math.isfinite(found) else 0.1
            length *= max(0.1, min(0.5, ratio))
        step, turn = place - before, steepness - gradient
        product = float(turn.dot(step))
        if product > 1e-10:
            past.append((step, turn, 1 / product))
        value, gradient = found, steepness
        yield value
        direction, length = _direction(gradient, past), 1.0


def _direction(gradient: Tensor, past: deque[tuple[Tensor, Tensor, float]]) -> Tensor:
    """Minus the inverse curvature times the gradient, by the two loops."""
    wanted, shares = -gradient, []
    for step, turn, inverse in reversed(past):
        share = inverse * float(step.dot(wanted))
        shares.append(share)
        wanted.add_(turn, alpha=-share)
    if past:
        _, turn, inverse = past[-1]
        wanted.mul_(1 / (inverse * float(turn.dot(turn))))
    for (step, turn, inverse), share in zip(past, reversed(shares), strict=True):
        wanted.add_(step, alpha=share - inverse * float(turn.dot(wanted)))
    return wanted
