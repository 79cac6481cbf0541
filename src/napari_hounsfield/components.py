"""Connected parts of a mask, its holes and its bounding box, in slabs of planes so that the work can be cancelled."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from functools import partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from .operation import Progress, part
from .parallel import in_threads

Box = tuple[slice, slice, slice]

SLAB_VOXELS = 4_000_000
"""Voxels labelled between two reports of progress: less than a tenth of a second."""
FEW = 200_000
"""Voxels of a slab that are labelled sooner than compiled code is loaded."""


def slabs(shape: Sequence[int], voxels: int = 0) -> list[slice]:
    """Ranges of planes of at most `voxels` voxels (0: SLAB_VOXELS; never less than one plane), in order."""
    depth = max(1, (voxels or SLAB_VOXELS) // max(1, shape[1] * shape[2]))
    return [slice(z, min(z + depth, shape[0])) for z in range(0, shape[0], depth)]


def bounding_box(array: NDArray[np.integer], values: Sequence[int]) -> Box | None:
    """Smallest box (z, y, x) that holds every voxel with one of the values; None if there is none."""
    found = [np.zeros(n, bool) for n in array.shape]
    for z, plane in enumerate(array):
        for value in values:
            inside = plane == value
            if inside.any():
                found[0][z] = True
                found[1] |= inside.any(axis=1)
                found[2] |= inside.any(axis=0)
    if not found[0].any():
        return None
    return _span(found[0]), _span(found[1]), _span(found[2])


def _span(found: NDArray[np.bool_]) -> slice:
    return slice(int(found.argmax()), len(found) - int(found[::-1].argmax()))


def connected(mask: NDArray[np.bool_]) -> Generator[Progress, None, tuple[NDArray[np.int32], int]]:
    """Number the parts of a mask that are connected by faces of voxels.

    Slabs of planes are labelled in threads, and parts that meet where two slabs touch are joined. The result equals that of
    `scipy.ndimage.label` in one go.

    Parameters
    ----------
    mask
        Bool (z, y, x).

    Returns
    -------
    parts, count
        int32 (z, y, x), 0 outside the mask and 1 to `count` inside, in the order of the first voxel; and `count`.
    """
    parts = np.zeros(mask.shape, np.int32)
    ranges = slabs(mask.shape)
    begins, pairs = [0], []
    found = in_threads(partial(_label, mask[planes], parts[planes]) for planes in ranges)
    for planes, new in zip(ranges, found, strict=True):
        if planes.start:
            pairs.append(_meeting(parts[planes.start - 1], parts[planes.start], *begins[-2:]))
        begins.append(begins[-1] + new)
        yield Progress(0.8 * planes.stop / mask.shape[0])
    if len(ranges) == 1 or not begins[-1]:
        return parts, begins[-1]
    joined = _joined(np.concatenate(pairs, axis=1), begins[-1])
    tables = [np.concatenate(([0], joined[first + 1 : last + 1])).astype(np.int32) for first, last in pairwise(begins)]
    work = (partial(_renumber, parts[planes], table) for planes, table in zip(ranges, tables, strict=True))
    for planes, _ in zip(ranges, in_threads(work), strict=True):
        yield Progress(0.8 + 0.2 * planes.stop / mask.shape[0])
    return parts, int(joined.max())


def _meeting(above: NDArray[np.int32], below: NDArray[np.int32], first: int, second: int) -> NDArray[np.int32]:
    """Numbers (2, n) that meet where two slabs touch, each once in a run of voxels; those of the slabs begin after two others."""
    pair = np.stack((above.ravel(), below.ravel()))
    pair = pair[:, (pair > 0).all(axis=0)]
    changes = np.ones(pair.shape[1], bool)
    changes[1:] = (pair[:, 1:] != pair[:, :-1]).any(axis=0)
    return pair[:, changes] + np.array([[first], [second]], np.int32)


def _renumber(parts: NDArray[np.int32], table: NDArray[np.int32]) -> None:
    """Replace each number by that in a table, in place."""
    if parts.size < FEW:
        parts[...] = table[parts]
        return
    from .compiled_components import renumber

    renumber(parts, table)


def _label(mask: NDArray[np.bool_], parts: NDArray[np.int32]) -> int:
    """Number the parts of one slab; how many."""
    if mask.size < FEW:
        from scipy.ndimage import label

        return int(label(mask, output=parts))
    from .compiled_components import label_slab

    return label_slab(np.ascontiguousarray(mask).view(np.uint8), parts)


def _joined(pairs: NDArray[np.int32], count: int) -> NDArray[np.int32]:
    """New number of each number from 0 to `count` where the pairs (2, n) are one part, keeping the order of the first of each."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    # The graph has only the numbers that meet another: of noise there are millions that do not.
    meeting, ends = np.unique(pairs, return_inverse=True)
    first, second = ends.reshape(pairs.shape)
    edges = coo_array((np.ones(len(first), bool), (first, second)), shape=(len(meeting), len(meeting)))
    _, group = connected_components(edges, directed=False)
    _, firsts = np.unique(group, return_index=True)
    stays = np.ones(count + 1, bool)
    stays[meeting] = False
    stays[meeting[firsts]] = True
    new = (np.cumsum(stays, dtype=np.int32) - 1).astype(np.int32)
    new[meeting] = new[meeting[firsts]][group]
    return new


def filled(mask: NDArray[np.bool_], holes: str) -> Generator[Progress, None, NDArray[np.bool_]]:
    """Return the mask with its holes.

    A hole is a face-connected part of the outside that does not reach the edge of the array: of the whole volume (`volume`), or
    of a plane (`slices`). With `none` nothing is filled. Equals `scipy.ndimage.binary_fill_holes` of the volume or of each plane.
    """
    if holes == "none":
        return mask
    if holes == "volume":
        outside, count = yield from part(connected(~mask), 0, 0.8)
        is_open = _reaching_edge(outside, count)
        result = np.empty_like(mask)
        for planes in slabs(mask.shape):
            result[planes] = ~is_open[outside[planes]] | mask[planes]
            yield Progress(0.8 + 0.2 * planes.stop / mask.shape[0])
        return result
    from scipy.ndimage import label

    result = mask.copy()
    for z, plane in enumerate(mask):
        if plane.any():
            around, count = label(~plane)
            result[z] |= ~_reaching_edge(around, count)[around]
            yield Progress((z + 1) / len(mask))
    return result


def _reaching_edge(parts: NDArray[np.int32], count: int) -> NDArray[np.bool_]:
    """For each number from 0 to `count`, whether it reaches the edge of the array; 0 always counts."""
    reaching = np.zeros(count + 1, bool)
    reaching[0] = True
    for axis in range(parts.ndim):
        for end in (0, -1):
            reaching[parts.take(end, axis)] = True
    return reaching
