"""One point of a training curve."""

from __future__ import annotations

from typing import NamedTuple


class LossPoint(NamedTuple):
    """Losses after an epoch."""

    epoch: int
    """From 1."""
    training: float
    held: float | None = None
    """Of the images held back from this training; None where none were."""
