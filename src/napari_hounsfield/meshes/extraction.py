"""The operation: labels to smooth surfaces."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Self

from pydantic import field_validator

from napari_hounsfield.errors import LabelError
from napari_hounsfield.operation import Numbers, Params, Progress, numbers, operation
from napari_hounsfield.results import Segmentation
from napari_hounsfield.volume import LabelMap

from .mesh import Surface, Surfaces


class SurfaceParams(Params):
    """Which classes, and how smooth."""

    smoothing: Numbers = numbers((), unit="mm", low=0, high=50)
    """Standard deviation of the Gaussian; empty: midway between a voxel's smallest and largest side. 0: none."""
    values: Numbers = numbers((), low=1, high=1e9)
    """Of the classes, as numbers; empty: all."""

    @field_validator("smoothing")
    @classmethod
    def _is_one(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if len(value) > 1:
            raise ValueError("one number, or none")
        return value

    @field_validator("values")
    @classmethod
    def _are_whole(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if any(not number.is_integer() for number in value):
            raise ValueError("values of labels are whole numbers")
        return value

    def resolve(self, *data: Any) -> Self:
        """Fill the smoothing from the voxel size."""
        labels = data[0].labels if isinstance(data[0], Segmentation) else data[0]
        if self.smoothing:
            return self
        sides = labels.spacing
        return type(self)(**{**self.model_dump(), "smoothing": ((min(sides) + max(sides)) / 2,)})


@operation("surfaces", SurfaceParams)
def surfaces(labels: LabelMap | Segmentation, params: SurfaceParams) -> Generator[Progress, None, Surfaces]:
    """Smooth closed surfaces of classes, in patient mm, on the true grid.

    They are computed in a process of their own, so that nothing else waits for it, and giving up takes effect at once.

    Parameters
    ----------
    labels
        (z, y, x); 0 is background.
    params
        Which classes, and how smooth.

    Returns
    -------
    Surfaces
        One of each class that occurs, by label; each encloses as many ml as the class has, nearly.

    Raises
    ------
    LabelError
        If no voxel is labelled, or there is not enough memory.

    References
    ----------
    Lorensen and Cline 1987; Lewiner et al. 2003.
    """
    from .process import contiguous, meshes_in_process

    given = labels.labels if isinstance(labels, Segmentation) else labels
    wanted = [int(value) for value in params.values]
    grid = given.grid
    yield Progress(0, "surfaces")
    meshes = yield from meshes_in_process(contiguous(given.array), wanted, grid.affine[:3, :3], params.smoothing[0])
    if not meshes:
        raise LabelError(f"{given.name or 'labels'}: no voxel is labelled{' so' if wanted else ''}, and there is no surface")
    parts = []
    for value, (vertices, faces) in meshes:
        parts.append(Surface(value, given.class_name(value), grid.positions(vertices).astype("float32"), faces))
        yield Progress(1, "surfaces")
    return Surfaces(tuple(parts), given.frame_of_reference, given.name)
