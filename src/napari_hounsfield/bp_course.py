"""How the loss falls while a BP network is trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from .operation import Progress

Inputs = Literal["standardised", "decorrelated"]


@dataclass(frozen=True, slots=True)
class LossProgress(Progress):
    """How far the training is, with the loss: one point of the curve."""

    iteration: int = 0
    loss: float = 0.0
    """Weighted mean binary cross-entropy of the training samples, summed over the outputs."""
    held_loss: float | None = None
    """The same of the samples held back; None where there are none."""


@dataclass(frozen=True)
class Course:
    """The loss curve of a training."""

    points: tuple[tuple[int, float, float | None], ...] = ()
    """Iteration, loss of the training samples, and of those held back (None where there were none)."""
    inputs: Inputs = "standardised"
    """What was trained on."""
    iterations: int = 0
    """Iterations after which the weights were taken."""

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return {"points": [list(point) for point in self.points], "inputs": self.inputs, "iterations": self.iterations}

    @classmethod
    def from_json(cls, card: dict[str, Any]) -> Course:
        """Rebuild from `to_json`; raises KeyError, TypeError or ValueError where something is missing or is no number."""
        points = tuple((int(k), float(loss), None if held is None else float(held)) for k, loss, held in card["points"])
        if card["inputs"] not in ("standardised", "decorrelated"):
            raise ValueError("inputs")
        return cls(points, card["inputs"], int(card["iterations"]))
