"""*Match to image*: labels or an image onto the grid of another image, as a step that is asked for."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .components import bounding_box, slabs
from .errors import GridError
from .evaluation.resampling import nearest_labels
from .grid import Grid, reordered, same_lattice
from .operation import Params, Progress, operation, part
from .parallel import in_threads
from .resampling import STEP_VOXELS, resampled
from .volume import LabelMap, Volume

AROUND = 2
"""Voxels around a class in which its distance is known, so that there is something to interpolate to."""
FAR = 3
"""Distances are told apart up to so many times the longest side of a voxel; only surfaces between voxels matter."""
TILE = (16, 96, 96)
"""Voxels (z, y, x) whose distances are found together, with what lies around them; tiles without a surface take no time."""


class MatchImageParams(Params):
    """An image on the grid of another, linearly."""

    across_frames: bool = False
    """Also between different frames of reference: those that were registered, or are known to be the same place."""


class MatchParams(MatchImageParams):
    """Labels on the grid of an image."""

    method: Literal["nearest", "shape"] = "nearest"
    """nearest: the label of the nearest voxel; shape: surfaces that run between voxels, by the distance to each class;
    smoother where slices are thick."""


@operation("match", MatchParams)
def match(labels: LabelMap, image: Volume, params: MatchParams) -> Generator[Progress, None, LabelMap]:
    """Resample labels onto the grid of an image.

    On the same lattice, flipped or permuted, labels stay as they are. What lies beyond the labels is 0.

    Parameters
    ----------
    labels
        (z, y, x), on a grid of their own, which may be oblique or sheared.
    image
        Where the result lies; its values are not looked at.
    params
        How, and whether between frames of reference.

    Returns
    -------
    LabelMap
        On the grid of the image, with the same classes, and referring to the series of the image.

    Raises
    ------
    GridError
        If the two have different frames of reference, or nothing of the labels' grid lies within the image.

    References
    ----------
    Shape: Raya and Udupa, "Shape-based interpolation of multidimensional objects", IEEE TMI 9 (1990), here with Euclidean
    distances.
    """
    _check(labels, image, params)
    placed: dict[str, Any] = {"affine": image.affine, "frame_of_reference": image.frame_of_reference, "source": image.source}
    if same_lattice(labels.grid, image.grid):
        yield Progress(1.0, "matching")
        return replace(labels, array=reordered(labels.array, labels.grid, image.grid).copy(), **placed)
    if not _meet(labels.grid, image.grid):
        raise GridError(f"{labels.name or 'labels'}: nothing of them lies within {image.grid}")
    if params.method == "nearest":
        matched = yield from nearest_labels(labels, image.grid)
        return replace(matched, **placed)
    array = yield from _by_shape(labels, image.grid)
    return replace(labels, array=array, **placed)


@operation("match_image", MatchImageParams)
def match_image(volume: Volume, image: Volume, params: MatchImageParams) -> Generator[Progress, None, Volume]:
    """Resample an image onto the grid of another, linearly.

    Parameters
    ----------
    volume
        One scalar image; its grid may be oblique or sheared.
    image
        Where the result lies; its values are not looked at.
    params
        Whether between frames of reference.

    Returns
    -------
    Volume
        On the grid of `image`, in float32 unless nothing had to be interpolated; what lies beyond `volume` is padding.

    Raises
    ------
    GridError
        If the two have different frames of reference, or nothing of the volume lies within the grid.
    IntensityError
        If the volume is no scalar image, or holds NaN.
    """
    _check(volume, image, params)
    matched = yield from resampled(volume, image.grid)
    return matched


def _check(moved: Volume | LabelMap, image: Volume, params: MatchImageParams) -> None:
    frames = {moved.frame_of_reference, image.frame_of_reference} - {""}
    if len(frames) > 1 and not params.across_frames:
        raise GridError(
            f"{moved.name or 'input'}: its frame of reference is another than that of {image.name or 'the image'}; "
            "if both are one place, ask for it (across frames)"
        )


def _meet(own: Grid, grid: Grid) -> bool:
    """Whether the boxes of two grids, each in the axes of the other, overlap: if not, the grids do not."""
    for first, second in ((own, grid), (grid, own)):
        corners = np.array(np.meshgrid(*[(-0.5, n - 0.5) for n in second.shape], [1], indexing="ij")).reshape(4, -1)
        there = (np.linalg.inv(first.affine) @ second.affine @ corners)[:3]
        if (there.max(axis=1) < -0.5).any() or (there.min(axis=1) > np.array(first.shape) - 0.5).any():
            return False
    return True


def _by_shape(labels: LabelMap, grid: Grid) -> Generator[Progress, None, NDArray[Any]]:
    """Each voxel gets the class that it lies deepest in, by distances in mm that are interpolated between voxels."""
    from scipy.ndimage import affine_transform

    step = np.linalg.inv(labels.affine) @ grid.affine
    result = np.zeros(grid.shape, labels.array.dtype)
    deepest = np.zeros(grid.shape, np.float32)
    values = [value for value in labels.values() if value]
    for done, value in enumerate(values):
        yield Progress(done / len(values), labels.class_name(value))
        box = bounding_box(labels.array, [value])
        if box is None:
            continue
        # Beyond the edge of the labels a class ends at the face of its last voxels, as with the nearest.
        depth = yield from part(_depth(np.pad(labels.array[box] == value, AROUND), labels.spacing), *_share(done, len(values)))
        own = step.copy()
        own[:3, 3] -= [side.start - AROUND for side in box]
        target = _within(depth.shape, own, grid.shape)
        if target is None:
            continue
        offset = own[:3, :3] @ [side.start for side in target] + own[:3, 3]
        some, best = result[target], deepest[target]
        for planes in slabs(some.shape, STEP_VOXELS):
            there = affine_transform(
                depth,
                own[:3, :3],
                offset + own[:3, 0] * planes.start,
                some[planes].shape,
                order=1,
                mode="constant",
                cval=-np.inf,
                prefilter=False,
            )
            better = there > best[planes]
            some[planes][better] = value
            best[planes][better] = there[better]
            yield Progress((done + 0.5 + 0.5 * planes.stop / len(some)) / len(values), labels.class_name(value))
    return result


def _share(done: int, many: int) -> tuple[float, float]:
    """The first half of one class's part of the whole."""
    return done / many, (done + 0.5) / many


def _depth(inside: NDArray[np.bool_], spacing: tuple[float, float, float]) -> Generator[Progress, None, NDArray[np.float32]]:
    """Depth in mm of each voxel in a mask (z, y, x), negative outside, as far as `FAR` of the longest side of a voxel."""
    far = FAR * max(spacing)
    halo = [int(np.ceil(far / side)) for side in spacing]
    depth = np.empty(inside.shape, np.float32)

    def work(tile: tuple[slice, ...]) -> None:
        from scipy.ndimage import distance_transform_edt

        around = tuple(slice(max(0, side.start - reach), side.stop + reach) for side, reach in zip(tile, halo, strict=True))
        some = inside[around]
        if some.all() or not some.any():
            depth[tile] = far if some.flat[0] else -far
            return
        found = distance_transform_edt(some, spacing) - distance_transform_edt(~some, spacing)
        own = tuple(slice(t.start - o.start, t.stop - o.start) for t, o in zip(tile, around, strict=True))
        depth[tile] = np.clip(found[own], -far, far)

    edges = [[slice(i, min(i + step, n)) for i in range(0, n, step)] for n, step in zip(inside.shape, TILE, strict=True)]
    tiles = list(product(*edges))
    for done, _ in enumerate(in_threads(partial(work, tile) for tile in tiles), 1):
        yield Progress(done / len(tiles))
    return depth


def _within(shape: tuple[int, ...], step: NDArray[np.float64], grid: tuple[int, int, int]) -> tuple[slice, slice, slice] | None:
    """Box of a grid around what lies in an array of `shape`, `step` being from an index of the grid to one of the array."""
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in shape], [1], indexing="ij")).reshape(4, -1)
    there = (np.linalg.inv(step) @ corners)[:3]
    low = np.maximum(np.floor(there.min(axis=1)), 0).astype(int)
    high = np.minimum(np.ceil(there.max(axis=1)) + 1, grid).astype(int)
    if (high <= low).any():
        return None
    z, y, x = (slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    return z, y, x
