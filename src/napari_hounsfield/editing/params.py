"""What all edits have in common: which classes are edited, and what an edit may write over."""

from __future__ import annotations

from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator

from napari_hounsfield.errors import ParameterError
from napari_hounsfield.grid import Grid
from napari_hounsfield.operation import Numbers, Params, Whole, number

LARGEST_LABEL = 2**31 - 1
MOST_LABELS = 4096
MOST_COORDINATES = 30_000

Within = Literal["volume", "axial", "coronal", "sagittal"]
Plane = Literal["axial", "coronal", "sagittal"]


def label_values(empty: str = "none") -> Any:
    """Field of a list of label values; a form says `empty` where there are none."""
    return Field((), max_length=MOST_LABELS, json_schema_extra={"low": 0, "high": LARGEST_LABEL, "empty": empty})


def label_value(default: int = 1, lowest: str = "") -> Any:
    """Field of one label value; a form says `lowest` for 0."""
    return number(default, 0, LARGEST_LABEL, lowest=lowest)


def coordinates() -> Any:
    """Field of points, three numbers each."""
    return Field((), max_length=MOST_COORDINATES, json_schema_extra={"low": -1e6, "high": 1e6})


class EditParams(Params):
    """What an edit may write over."""

    locked: Whole = label_values()
    """Labels that never change: they lose no voxel and gain none."""
    others: Literal["keep", "overwrite"] = "keep"
    """What becomes of a class that is not edited, where an edited one goes."""

    def moved(self, start: tuple[int, int, int], grid: Grid) -> Self:
        """The same edit on a crop that begins at the voxel `start` (z, y, x) of the whole `grid`."""
        return self


class ClassesParams(EditParams):
    """Which classes are edited, and what they may write over."""

    classes: Whole = label_values("all that are not locked")
    """Labels to edit. Empty: all that are not locked."""


class WithinParams(ClassesParams):
    """Which classes are edited, and whether slices are edited by themselves."""

    within: Within = "volume"
    """In space, or in each plane of a stack by itself."""


class PointsParams(EditParams):
    """Points, and how they are given."""

    points: Numbers = coordinates()
    """Three numbers a point."""
    coordinates: Literal["voxels", "patient"] = "voxels"
    """Whether a point is a voxel index (z, y, x) or a position (L, P, S) in mm in the patient."""

    @field_validator("points")
    @classmethod
    def _in_threes(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if len(value) % 3:
            raise ValueError(f"{len(value)} numbers are no points of three")
        return value

    def indices(self, grid: Grid) -> NDArray[np.float64]:
        """The points (n, 3) as voxel indices (z, y, x), not always whole."""
        points = np.array(self.points, np.float64).reshape(-1, 3)
        if self.coordinates == "voxels":
            return points
        inverse = np.linalg.inv(grid.affine)
        found: NDArray[np.float64] = points @ inverse[:3, :3].T + inverse[:3, 3]
        return found

    def voxels(self, grid: Grid) -> NDArray[np.intp]:
        """The voxels (n, 3) that hold the points.

        Raises
        ------
        ParameterError
            If a point lies outside the image.
        """
        found = np.floor(self.indices(grid) + 0.5).astype(np.intp)
        outside = ((found < 0) | (found >= grid.shape)).any(axis=1)
        if outside.any():
            raise ParameterError(f"point {int(outside.argmax()) + 1} of {len(found)} lies outside the image")
        return found

    def moved(self, start: tuple[int, int, int], grid: Grid) -> Self:
        """The same edit on a crop that begins at the voxel `start` (z, y, x) of the whole `grid`."""
        if self.coordinates == "patient" or not self.points:
            return self
        points = np.array(self.points).reshape(-1, 3) - start
        return self.model_copy(update={"points": tuple(points.ravel().tolist())})
