"""Images as models see them: one array, what each is of, and who it is of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from numpy.typing import NDArray

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, eq=False)
class PreparedImages:
    """Images of one shape.

    Attributes
    ----------
    array
        float32 (n, y, x), of volumes (n, z, y, x): intensities, 0 to 1 within the window.
    targets
        Class index (n,) into `classes`; -1 where it is not known.
    patients
        Number (n,) of the patient that each is of, from 0: images of one patient are never divided.
    classes
        Names.
    """

    array: NDArray[np.float32]
    targets: NDArray[np.int64]
    patients: NDArray[np.int64]
    classes: Sequence[str]

    def __len__(self) -> int:
        return len(self.array)

    @property
    def volumes(self) -> bool:
        """Whether they have slices."""
        return self.array.ndim == 4

    def some(self, chosen: NDArray[Any]) -> Self:
        """Those of a mask, or of places, in that order."""
        return replace(self, array=self.array[chosen], targets=self.targets[chosen], patients=self.patients[chosen])
