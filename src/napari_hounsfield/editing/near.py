"""The plane that somebody looks at, and what its result depends on: a slab around it, so that it is known before the rest."""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.components import Box
from napari_hounsfield.errors import LabelError
from napari_hounsfield.grid import Grid
from napari_hounsfield.operation import Operation, Params, Progress
from napari_hounsfield.results import Segmentation
from napari_hounsfield.volume import LabelMap, Volume

from .params import EditParams
from .registry import cropped

SOON = 0.2
"""Seconds that the plane that is looked at may take without a report, and so without a chance to be given up."""


@dataclass(frozen=True)
class Plane:
    """A plane of the array that somebody looks at."""

    axis: int
    """0 to 2 of (z, y, x)."""
    index: int

    @property
    def cut(self) -> tuple[slice, ...]:
        """The plane, as what takes it out of an array."""
        return (*(slice(None),) * self.axis, slice(self.index, self.index + 1))

    def box(self, shape: tuple[int, ...]) -> Box:
        """The plane, as a box of an array of this shape."""
        z, y, x = (slice(*side.indices(n)[:2]) for side, n in zip((*self.cut, slice(None), slice(None))[:3], shape, strict=True))
        return z, y, x


@dataclass(frozen=True)
class Near:
    """What an edit looks at to know a plane: a slab of labels and other inputs around it, or all of them.

    Attributes
    ----------
    labels, params, others
        Inputs and parameters of the edit, on the slab.
    at
        The plane, in the slab.
    whole
        Whether nothing was cut.
    """

    labels: LabelMap
    params: Params
    others: dict[str, Any]
    at: Plane
    whole: bool

    @classmethod
    def of(cls, labels: LabelMap, at: Plane, params: Params, reach: float | None, others: Mapping[str, Any]) -> Near:
        """Cut labels and other inputs where that saves something; `reach` in mm is how far the edit looks, None: everywhere."""
        grid = labels.grid
        count = grid.shape[at.axis]
        margin = count if reach is None else math.ceil(reach / grid.spacing[at.axis] * (1 + 1e-6)) + 1
        start, stop = max(0, at.index - margin), min(count, at.index + margin + 1)
        elsewhere = any(isinstance(data, Volume | LabelMap) and not _sliced(data, grid) for data in others.values())
        if 2 * (stop - start) > count or elsewhere:  # on other grids, which the edit itself is to match or refuse
            return cls(labels, params, dict(others), at, whole=True)
        planes = slice(start, stop)
        cut = {
            name: cropped(data, at.axis, planes) if isinstance(data, Volume | LabelMap) else data for name, data in others.items()
        }
        if isinstance(params, EditParams):
            z, y, x = (start if axis == at.axis else 0 for axis in range(3))
            params = params.moved((z, y, x), grid)
        return cls(cropped(labels, at.axis, planes), params, cut, Plane(at.axis, at.index - start), whole=False)

    @property
    def before(self) -> NDArray[Any]:
        """The plane as it is, an array with one plane."""
        return self.labels.array[self.at.cut]

    def steps(self, operation: Operation[..., Any]) -> Generator[Progress, None, NDArray[Any] | None]:
        """The plane's result; None where nothing can be done in the slab, such as to a class that is not there."""
        try:
            result = yield from _quiet(operation.steps(**inputs_of(operation, self.labels, self.others), params=self.params))
        except LabelError:
            if self.whole:
                raise
            return None
        plane: NDArray[Any] = fitting(self.labels, result)[self.at.cut]
        return plane


def _quiet(steps: Generator[Progress, None, Any]) -> Generator[Progress, None, Any]:
    """Report nothing of what is done soon: whoever draws each report would only keep the plane that is looked at waiting."""
    start = time.monotonic()
    while True:
        try:
            progress = next(steps)
        except StopIteration as stop:
            return stop.value
        if time.monotonic() - start > SOON:
            yield progress


def fitting(before: LabelMap, result: LabelMap | Segmentation) -> NDArray[Any]:
    """The result's array in the type of the edited one."""
    after = (result.labels if isinstance(result, Segmentation) else result).array
    kind = before.array.dtype
    if after.dtype != kind and after.size and after.max() > np.iinfo(kind).max:
        raise LabelError(f"{before.name or 'labels'}: value {after.max()} does not fit into {kind}")
    return after.astype(kind, copy=False)


def inputs_of(operation: Operation[..., Any], labels: LabelMap, others: Mapping[str, Any]) -> dict[str, Any]:
    """Inputs by name; the edited labels take the first place for labels that is left."""
    for place in operation.inputs:
        if place.name not in others and LabelMap in place.kinds:
            return {**others, place.name: labels}
    raise LabelError(f"{operation.name} takes no labels")


def _sliced(data: Volume | LabelMap, grid: Grid) -> bool:
    """Whether something lies voxel on voxel with the labels, so that a slab of it can be cut."""
    return data.grid.shape == grid.shape and np.allclose(data.affine, grid.affine)
