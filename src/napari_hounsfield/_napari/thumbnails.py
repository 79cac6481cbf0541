"""Small pictures of series: the middle slice in its window, made one by one in a thread."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.operation import Progress
from napari_hounsfield.volume import Volume

from .layers import contrast_limits

if TYPE_CHECKING:
    from napari_hounsfield.dicom.plan import Plan
    from napari_hounsfield.dicom.series import Series

BOX = 48
"""Pixels of the longer side."""

Picture = NDArray[np.uint8]
"""(y, x, 3)"""


def thumbnail_steps(chosen: Sequence[Series]) -> Generator[Progress, None, None]:
    """Make the pictures of some series; each comes as the result of a Progress, with its index in `chosen`.

    A series whose middle slice cannot be decoded has none: opening it will say why.
    """
    for index, series in enumerate(chosen):
        if series.plan is not None:
            try:
                picture = thumbnail(series.plan)
            except Exception:  # noqa: S112 - whatever is wrong with it is said when it is opened
                continue
            yield Progress((index + 1) / len(chosen), result=(index, picture))


def thumbnail(plan: Plan) -> Picture:
    """Picture (y, x, 3) of a series, whose pixels are square and few."""
    from napari_hounsfield.dicom.reading import preview

    _, dy, dx = plan.grid.spacing
    values = _small(preview(plan), dy, dx)
    return values.clip(0, 255).astype(np.uint8) if values.ndim == 3 else np.repeat(_grey(values, plan)[..., np.newaxis], 3, -1)


def _grey(values: NDArray[np.float32], plan: Plan) -> Picture:
    volume = Volume(values[np.newaxis], plan.grid.affine, unit=plan.unit, modality=plan.modality, window=plan.window)
    low, high = contrast_limits(volume)
    grey: Picture = np.nan_to_num(np.clip((values - low) * (255 / (high - low)), 0, 255)).astype(np.uint8)
    return 255 - grey if plan.inverted else grey


def _small(values: NDArray[Any], dy: float, dx: float) -> NDArray[np.float32]:
    """Means over blocks of voxels, so that the longer side has BOX pixels."""
    rows, columns = values.shape[:2]
    scale = BOX / max(rows * dy, columns * dx)
    height, width = max(1, round(rows * dy * scale)), max(1, round(columns * dx * scale))
    return _means(_means(values.astype(np.float32), height, 0), width, 1)


def _means(values: NDArray[np.float32], size: int, axis: int) -> NDArray[np.float32]:
    """`size` means of neighbours along an axis; the nearest values where there are fewer than that."""
    length = values.shape[axis]
    edges = np.arange(size) * length // size
    if length <= size:
        return np.take(values, edges, axis)  # type: ignore[no-any-return]
    counts = np.diff([*edges, length]).reshape([-1 if one == axis else 1 for one in range(values.ndim)])
    return (np.add.reduceat(values, edges, axis) / counts).astype(np.float32)
