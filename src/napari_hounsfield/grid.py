"""Where voxels lie in the patient: shape, affine and frame of reference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import GridError

Affine = NDArray[np.float64]
"""4x4 matrix from voxel index (z, y, x, 1) to patient millimetres (L, P, S, 1)."""

LATTICE_TOLERANCE = 0.01
"""Two grids are the same lattice when every corner agrees within this part of a voxel."""


def axial_affine(spacing: Sequence[float], origin: Sequence[float] = (0.0, 0.0, 0.0)) -> Affine:
    """Affine of an axial image whose rows run to the patient's left and columns to the back.

    Parameters
    ----------
    spacing
        Voxel size (z, y, x) in mm.
    origin
        Patient position (L, P, S) in mm of the centre of voxel (0, 0, 0).
    """
    affine = np.zeros((4, 4))
    affine[2, 0], affine[1, 1], affine[0, 2] = spacing
    affine[:3, 3] = origin
    affine[3, 3] = 1.0
    return affine


def checked_affine(affine: ArrayLike) -> Affine:
    """Return `affine` as a read-only float64 4x4 array.

    Raises
    ------
    GridError
        If it is not 4x4, not finite, not affine, or has no volume.
    """
    matrix = np.array(affine, dtype=np.float64)
    if matrix.shape != (4, 4):
        raise GridError(f"affine has shape {matrix.shape}, expected (4, 4)")
    if not np.isfinite(matrix).all():
        raise GridError("affine holds values that are not finite")
    if not np.array_equal(matrix[3], (0, 0, 0, 1)):
        raise GridError("last row of the affine is not (0, 0, 0, 1)")
    lengths = np.linalg.norm(matrix[:3, :3], axis=0)
    if lengths.min() <= 0 or abs(np.linalg.det(matrix[:3, :3])) < 1e-6 * lengths.prod():
        raise GridError("affine has no volume: an axis is zero or two axes are parallel")
    matrix.setflags(write=False)
    return matrix


PLANES = {"sagittal": 0, "coronal": 1, "axial": 2}
"""The patient axis (L, P, S) that each plane is at right angles to."""


@dataclass(frozen=True, eq=False)
class Grid:
    """A lattice of voxel centres in the patient; shear (gantry tilt) is allowed.

    Attributes
    ----------
    shape
        Voxels along (z, y, x).
    affine
        4x4, from index (z, y, x) to patient mm (L, P, S).
    frame_of_reference
        DICOM Frame of Reference UID, empty where unknown.
    """

    shape: tuple[int, int, int]
    affine: Affine
    frame_of_reference: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "affine", checked_affine(self.affine))

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Voxel size (z, y, x) in mm, along the axes of the array."""
        z, y, x = np.linalg.norm(self.affine[:3, :3], axis=0)
        return float(z), float(y), float(x)

    @property
    def voxel_volume(self) -> float:
        """Volume of one voxel in cubic mm (for a sheared grid less than the product of spacings)."""
        return float(abs(np.linalg.det(self.affine[:3, :3])))

    @property
    def patient_axes(self) -> tuple[tuple[int, int], ...]:
        """For each array axis (z, y, x) the closest patient axis (0 L, 1 P, 2 S) and its sign.

        The assignment is one to one, and the best of the six for the sum of cosines.
        """
        from itertools import permutations

        cosines = self.affine[:3, :3] / np.linalg.norm(self.affine[:3, :3], axis=0)
        best = max(permutations(range(3)), key=lambda p: sum(abs(cosines[p[i], i]) for i in range(3)))
        return tuple((axis, 1 if cosines[axis, i] >= 0 else -1) for i, axis in enumerate(best))

    def axis_across(self, plane: str) -> int:
        """The array axis that runs through a stack of planes: those of voxels closest to `axial`, `coronal` or `sagittal`."""
        return next(i for i, (patient, _) in enumerate(self.patient_axes) if patient == PLANES[plane])

    def positions(self, indices: ArrayLike) -> NDArray[np.float64]:
        """Patient positions (n, 3) in mm of voxel indices (n, 3) in (z, y, x)."""
        return np.asarray(indices, float) @ self.affine[:3, :3].T + self.affine[:3, 3]

    def __repr__(self) -> str:
        spacing = ", ".join(f"{s:.4g}" for s in self.spacing)
        return f"Grid(shape={self.shape}, spacing=({spacing}) mm)"


def _reordering(source: Grid, target: Grid) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """Axes to transpose and then to flip so that `source` becomes `target`; None if no such order exists."""
    step = np.linalg.inv(target.affine) @ source.affine
    order = np.abs(step[:3, :3]).argmax(axis=1)  # for each target axis, the source axis that runs along it
    if sorted(order) != [0, 1, 2] or tuple(source.shape[i] for i in order) != target.shape:
        return None
    flips = tuple(axis for axis in range(3) if step[axis, order[axis]] < 0)
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in source.shape], indexing="ij")).reshape(3, -1).T
    expected = corners[:, order].astype(float)
    for axis in flips:
        expected[:, axis] = target.shape[axis] - 1 - expected[:, axis]
    found = corners @ step[:3, :3].T + step[:3, 3]
    if np.abs(found - expected).max() > LATTICE_TOLERANCE:
        return None
    return tuple(int(i) for i in order), flips


def same_lattice(first: Grid, second: Grid) -> bool:
    """Whether two grids hold the same voxel centres, possibly flipped or permuted."""
    return _reordering(first, second) is not None


def apart(source: Grid, target: Grid) -> str:
    """How far the grids lie apart, where their shapes and spacings look alike: the end of a message that shows both."""
    if sorted(source.shape) != sorted(target.shape):
        return ""
    centres = [grid.positions([(np.array(grid.shape) - 1) / 2])[0] for grid in (source, target)]
    distance = float(np.linalg.norm(centres[0] - centres[1]))
    return f", their centres {distance:.3g} mm apart" if distance > 1e-3 else ", in another direction"


def reordered(array: NDArray[Any], source: Grid, target: Grid, name: str = "input") -> NDArray[Any]:
    """View of `array` (z, y, x), which lies on `source`, with the axes and directions of `target`.

    Raises
    ------
    GridError
        If the two are different lattices; the message shows both. Nothing is ever resampled here.
    """
    order = _reordering(source, target)
    if order is None:
        raise GridError(f"{name}: grids differ: {source} against {target}{apart(source, target)}")
    axes, flips = order
    return np.flip(array.transpose(axes), flips) if flips else array.transpose(axes)
