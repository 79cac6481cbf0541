"""The body in an image: where its skin is, and the box around it."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.components import filled
from napari_hounsfield.intensity import is_hounsfield
from napari_hounsfield.operation import Progress, part

from .image import FeatureImage

SKIN = -300.0
"""HU between air and skin."""
MOST_SAMPLES = 128
"""Samples along an axis: the body is found on means of blocks of voxels, so that it costs little whatever the image's size."""

ROWS = 256
"""Rows of a slice in one go."""


@dataclass(frozen=True)
class Body:
    """The body on a coarse lattice.

    Attributes
    ----------
    centres
        For each axis (z, y, x) the index, in voxels, of the middle of each block.
    depth
        float32 distance in mm of each block to the skin, positive inside the body and negative outside.
    lower, upper
        Corners in patient mm (L, P, S) of the box around the body.
    """

    centres: tuple[NDArray[np.float64], ...]
    depth: NDArray[np.float32]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]

    def depth_of(self, z: int, rows: int, columns: int) -> NDArray[np.float32]:
        """Distance to the skin (y, x) of the voxels of a slice, linear between the blocks."""
        from scipy.ndimage import map_coordinates

        voxels = (np.array([z]), np.arange(rows), np.arange(columns))
        places = [np.interp(at, middle, np.arange(len(middle))) for at, middle in zip(voxels, self.centres, strict=True)]
        depth = np.empty((rows, columns), np.float32)
        for start in range(0, rows, ROWS):
            block = np.broadcast_arrays(places[0], places[1][start : start + ROWS, None], places[2])
            map_coordinates(self.depth, block, order=1, mode="nearest", output=depth[start : start + ROWS])
        return depth


def body_of(image: FeatureImage) -> Generator[Progress, None, Body]:
    """Find the body: what is denser than air (HU) or above Otsu's threshold, its largest part, with its holes slice by slice.

    Where nothing lies outside, as in a picture of a part of the body, the skin is taken at the border of the slices.
    """
    means, centres = yield from part(_block_means(image), 0, 0.6)
    mask = yield from part(_largest(means > _threshold(image, means)), 0.6, 0.7)
    mask = yield from part(filled(mask, "slices"), 0.7, 0.8)
    steps = [
        step * (middle[1] - middle[0] if len(middle) > 1 else 1) for step, middle in zip(image.spacing, centres, strict=True)
    ]
    depth = yield from part(_depth(mask, steps), 0.8, 1.0)
    inside = np.argwhere(mask if mask.any() else np.ones_like(mask))
    indices = np.stack([middle[at] for middle, at in zip(centres, inside.T, strict=True)], axis=1)
    positions = image.grid.positions(indices)
    return Body(centres, depth, positions.min(axis=0), positions.max(axis=0))


def _block_means(image: FeatureImage) -> Generator[Progress, None, tuple[NDArray[np.float32], tuple[NDArray[np.float64], ...]]]:
    """Mean of each block of voxels, and the index of its middle along each axis."""
    starts = [np.arange(0, n, -(-n // MOST_SAMPLES)) for n in image.shape]
    sizes = [np.diff(start, append=n) for start, n in zip(starts, image.shape, strict=True)]
    means = np.zeros([len(start) for start in starts], np.float32)
    for block, (first, size) in enumerate(zip(starts[0].tolist(), sizes[0].tolist(), strict=True)):
        for z in range(first, first + size):
            sums = np.add.reduceat(image.slices(z, z + 1)[0].astype(np.float32), starts[1], axis=0)
            means[block] += np.add.reduceat(sums, starts[2], axis=1)
            yield Progress(z / image.shape[0], "body")
        means[block] /= size * sizes[1][:, None] * sizes[2]
    return means, tuple(start + (size - 1) / 2 for start, size in zip(starts, sizes, strict=True))


def _threshold(image: FeatureImage, means: NDArray[np.float32]) -> float:
    if is_hounsfield(image.volume):
        return SKIN
    from skimage.filters import threshold_otsu

    # Of an image of one value nothing stands out.
    return float(threshold_otsu(means)) if means.min() < means.max() else float(means.max())  # type: ignore[no-untyped-call]


def _largest(mask: NDArray[np.bool_]) -> Generator[Progress, None, NDArray[np.bool_]]:
    """The largest part that is connected by faces."""
    from scipy.ndimage import label

    parts, count = label(mask)
    yield Progress(1.0, "body")
    return parts == 1 + np.bincount(parts.ravel())[1:].argmax() if count else mask


def _depth(mask: NDArray[np.bool_], steps: list[Any]) -> Generator[Progress, None, NDArray[np.float32]]:
    """Distance in mm to the border of a mask, half a sample from the outermost ones: positive inside, negative outside."""
    from scipy.ndimage import distance_transform_edt

    if not mask.any():
        return np.zeros(mask.shape, np.float32)
    half = min(steps[1:]) / 2
    around = mask
    if mask.all():
        around = np.pad(mask, ((0, 0), (1, 1), (1, 1)))
    inner = distance_transform_edt(around, sampling=steps)
    if mask.all():
        inner = inner[:, 1:-1, 1:-1]
    yield Progress(0.5, "body")
    outer = distance_transform_edt(~mask, sampling=steps)
    yield Progress(1.0, "body")
    depth: NDArray[np.float32] = np.where(mask, inner - half, half - outer).astype(np.float32)
    return depth
