"""What one model says of the images of one fold, after it learned from the others; and its file."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.errors import ModelError

LARGEST = 1 << 28
"""Bytes; a larger file is not one of ours."""


@dataclass(frozen=True)
class FoldOutcome:
    """Predictions of one model for one fold.

    Attributes
    ----------
    probabilities
        A row an image of the fold, in the order of the images, a column a class. float32, written with as few digits as tell
        them apart, so that what is read again is the same.
    course
        Points of the training curve: epoch, loss of training, loss of what was held back; None where there is none, or no number.
    seconds
        Of learning and predicting.
    peak_memory_mb
        Most memory that the process held meanwhile; None where the system does not tell.
    """

    probabilities: tuple[tuple[float, ...], ...]
    course: tuple[tuple[int, float | None, float | None], ...] = ()
    seconds: float = 0.0
    peak_memory_mb: int | None = None

    @classmethod
    def of(cls, name: str, probabilities: NDArray[np.float32], shape: tuple[int, int], course: Any) -> Self:
        """The outcome of a model that was learned.

        Raises
        ------
        ModelError
            If these are no probabilities of so many images and classes.
        """
        array = np.asarray(probabilities, np.float32)
        fit = array.shape == shape and bool(np.isfinite(array).all()) and bool((array >= 0).all())
        if not fit or not np.allclose(array.sum(axis=1), 1, atol=1e-3):
            raise ModelError(f"{name}: gives no probabilities of {shape[0]} images and {shape[1]} classes")
        rows = tuple(tuple(_short(value) for value in row) for row in array)
        points = ((int(p.epoch), _loss(p.training), _loss(p.held)) for p in course)
        return cls(rows, tuple(points))

    def after(self, seconds: float, peak_memory_mb: int | None) -> Self:
        """The same with what it took."""
        return replace(self, seconds=round(seconds, 3), peak_memory_mb=peak_memory_mb)

    def to_text(self, key: str) -> str:
        """Text of its file; `key` says what it is of."""
        content = {"key": key, **asdict(self)}
        return json.dumps(content | {"sha256": _digest(content)}, allow_nan=False)

    @classmethod
    def from_text(cls, text: str, key: str, shape: tuple[int, int]) -> Self | None:
        """The outcome in a file; None if it is damaged, or of something else."""
        try:
            content = json.loads(text)
            said = content.pop("sha256")
            if said != _digest(content) or content.pop("key") != key:
                return None
            rows = tuple(tuple(float(value) for value in row) for row in content.pop("probabilities"))
            course = tuple((int(e), _loss(t), _loss(h)) for e, t, h in content.pop("course"))
            found = cls(rows, course, **content)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None
        return found if len(rows) == shape[0] and all(len(row) == shape[1] for row in rows) else None


def _short(value: Any) -> float:
    """A float32 as the number of fewest digits that is nearest to it alone."""
    return float(str(np.float32(value)))


def _loss(value: Any) -> float | None:
    return None if value is None or not np.isfinite(value) else _short(value)


def _digest(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
