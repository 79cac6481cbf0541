"""Where an array of the patient stands in napari's world: axis-aligned views for display, and the way back.

napari's world axes (0, 1, 2) are patient mm towards S, P and L (the reverse of DICOM's L, P, S), so that axial slices show as
radiologists see them and series of one patient overlay. A grid that is oblique to the patient is shown straight along its own
axes, because napari neither slices nor paints rotated layers well; its true affine stays here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.grid import LATTICE_TOLERANCE, Affine, Grid

WORLD_OF_PATIENT: Affine = np.eye(4)[[2, 1, 0, 3]]
"""napari world (S, P, L) from patient mm (L, P, S), for everything that is not oblique."""


@dataclass(frozen=True, eq=False, repr=False)
class Placement:
    """How an array on `grid` is shown.

    Attributes
    ----------
    grid
        The true grid of the stored array.
    axes
        For each displayed axis (S, P, L) the stored axis that runs along it.
    flips
        Displayed axes that run against the stored ones.
    world
        4x4, napari world from patient mm; shared by all series of one frame of reference.
    """

    grid: Grid
    axes: tuple[int, int, int]
    flips: tuple[int, ...]
    world: Affine

    def shown(self, array: NDArray[Any], leading: int = 0) -> NDArray[Any]:
        """View of a stored array in display order; `leading` axes come before z, y, x, and colour may come after."""
        order = [*range(leading), *(leading + axis for axis in self.axes), *range(leading + 3, array.ndim)]
        return np.flip(array.transpose(order), tuple(leading + axis for axis in self.flips))

    def stored(self, array: NDArray[Any], leading: int = 0) -> NDArray[Any]:
        """View of a displayed array in stored order: the inverse of `shown`."""
        unflipped = np.flip(array, tuple(leading + axis for axis in self.flips))
        back = np.argsort(self.axes)
        order = [*range(leading), *(leading + int(axis) for axis in back), *range(leading + 3, array.ndim)]
        return unflipped.transpose(order)

    @property
    def shape(self) -> tuple[int, ...]:
        """Voxels along the displayed axes."""
        return tuple(self.grid.shape[axis] for axis in self.axes)

    @property
    def matrix(self) -> Affine:
        """4x4, napari world from displayed index."""
        matrix: Affine = self.world @ self.grid.affine @ _stored_from_shown(self.grid.shape, self.axes, self.flips)
        return matrix

    def transform(self, leading: int = 0) -> dict[str, Any]:
        """Keyword arguments for a layer: scale and translate, and an affine only where those cannot say it."""
        matrix = self.matrix
        scale = np.linalg.norm(matrix[:3, :3], axis=0)
        straight = np.diag([*scale, 1.0])
        straight[:3, 3] = matrix[:3, 3]
        ahead = [1.0] * leading
        corners = np.array(np.meshgrid(*[(0, n - 1) for n in self.shape], [1], indexing="ij")).reshape(4, -1)
        if np.abs((straight - matrix) @ corners).max() < LATTICE_TOLERANCE * scale.min():
            return {"scale": [*ahead, *scale], "translate": [0.0] * leading + list(matrix[:3, 3])}
        affine = np.eye(4 + leading)
        affine[leading:, leading:] = matrix @ np.diag([*1 / scale, 1.0])
        return {"scale": [*ahead, *scale], "affine": affine}

    def patient_affine(self, matrix: Affine) -> Affine:
        """Affine of the stored array when its layer stands at `matrix` (napari world from displayed index).

        Exactly the true affine unless the user has moved the layer.
        """
        if np.allclose(matrix, self.matrix, rtol=1e-9, atol=1e-6):
            return self.grid.affine
        shown_from_stored = np.linalg.inv(_stored_from_shown(self.grid.shape, self.axes, self.flips))
        affine: Affine = np.linalg.inv(self.world) @ matrix @ shown_from_stored
        return affine

    def __repr__(self) -> str:
        return f"Placement({self.grid})"


def _stored_from_shown(shape: tuple[int, ...], axes: tuple[int, int, int], flips: tuple[int, ...]) -> Affine:
    matrix = np.zeros((4, 4))
    matrix[3, 3] = 1.0
    for shown, stored in enumerate(axes):
        matrix[stored, shown] = -1.0 if shown in flips else 1.0
        matrix[stored, 3] = shape[stored] - 1 if shown in flips else 0.0
    return matrix


def place(grid: Grid, world: Affine | None = None) -> Placement:
    """Placement of a grid.

    Parameters
    ----------
    grid
        Where the voxels lie.
    world
        Of the layer of the same frame of reference that is already shown, so that both overlay; None for the first.
    """
    towards = grid.patient_axes  # for each stored axis the patient axis (0 L, 1 P, 2 S) and its sign
    axes = tuple(next(i for i, (patient, _) in enumerate(towards) if patient == 2 - shown) for shown in range(3))
    flips = tuple(shown for shown in range(3) if towards[axes[shown]][1] < 0)
    order = (axes[0], axes[1], axes[2])
    if world is None:
        world = _own_world(grid, order, flips)
    return Placement(grid, order, flips, world)


def _own_world(grid: Grid, axes: tuple[int, int, int], flips: tuple[int, ...]) -> Affine:
    """World that shows the grid straight, with its centre at its place in the patient."""
    patient = grid.affine @ _stored_from_shown(grid.shape, axes, flips)
    centre = np.array([*((grid.shape[axis] - 1) / 2 for axis in axes), 1.0])
    shown = np.diag([*np.linalg.norm(patient[:3, :3], axis=0), 1.0])
    shown[:3, 3] = (WORLD_OF_PATIENT @ patient @ centre - shown @ centre)[:3]
    world: Affine = shown @ np.linalg.inv(patient)
    return WORLD_OF_PATIENT if np.allclose(world, WORLD_OF_PATIENT, atol=1e-9) else world
