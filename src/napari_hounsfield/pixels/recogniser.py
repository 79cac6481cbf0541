"""What stands behind a pixel classifier."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any, Protocol

from numpy.typing import NDArray

from napari_hounsfield.operation import Progress

if TYPE_CHECKING:
    import numpy as np


class Recogniser(Protocol):
    """Class probabilities from features, and tensors to save."""

    @property
    def inputs(self) -> int:
        """Number of features."""

    @property
    def outputs(self) -> int:
        """Number of classes."""

    def probabilities(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Class probabilities (n, classes) of features (n, features)."""

    def steps(self, rows: NDArray[np.float32]) -> Generator[Progress, None, NDArray[np.float32]]:
        """Find the same as `probabilities`, in steps."""

    def tensors(self) -> dict[str, NDArray[Any]]:
        """Everything to save, by name."""
