"""Floods over voxels, in steps of a bounded number of voxels; compiled when this module is imported."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.compiling import compiled

Bytes = NDArray[np.uint8]
Places = NDArray[np.int64]

OPEN, TAKEN = 1, 2
LEVELS = 256


@compiled("i8(u1[:, :, ::1], i8[::1], i8, i8)")
def flood(field: Bytes, stack: Places, count: int, most: int) -> int:
    """Take what is open and hangs together by faces with voxels on a stack, at most some voxels now.

    Parameters
    ----------
    field
        (z, y, x): OPEN where the flood may go; becomes TAKEN where it was.
    stack
        Flat indices of voxels that are taken and whose neighbours are to be looked at; room for all voxels that can be taken.
    count
        How many there are on the stack.
    most
        Voxels to take off the stack now.

    Returns
    -------
    int
        How many are on the stack then; 0: done.
    """
    depth, height, width = field.shape
    plane = height * width
    while count > 0 and most > 0:
        most -= 1
        count -= 1
        place = stack[count]
        z, rest = place // plane, place % plane
        y, x = rest // width, rest % width
        for k in range(6):
            nz, ny, nx = z, y, x
            step = 1 if k % 2 else -1
            if k < 2:
                nz += step
            elif k < 4:
                ny += step
            else:
                nx += step
            if 0 <= nz < depth and 0 <= ny < height and 0 <= nx < width and field[nz, ny, nx] == 1:
                field[nz, ny, nx] = 2
                stack[count] = (nz * height + ny) * width + nx
                count += 1
    return count


@compiled("void(u1[:, :, ::1], i4[:, :, ::1], u1[:, :, ::1], i4[::1], i4[:, ::1], i8[::1], i8)")
def watershed(
    levels: Bytes,
    labels: NDArray[np.int32],
    free: Bytes,
    following: NDArray[np.int32],
    queues: NDArray[np.int32],
    state: Places,
    most: int,
) -> None:
    """Flood levels from labels, the lowest level first, at most some voxels now (Meyer 1994).

    Parameters
    ----------
    levels
        (z, y, x) heights.
    labels
        (z, y, x): 0 where none has come yet.
    free
        (z, y, x): 1 where the flood may go.
    following
        For each voxel the one behind it in its queue; -1 for none.
    queues
        (LEVELS, 2) first and last voxel of the queue of each level; -1 for none.
    state
        The lowest level that may have a queue (LEVELS: done), and how many voxels were taken.
    most
        Voxels to take now.
    """
    depth, height, width = levels.shape
    plane = height * width
    level = state[0]
    taken = state[1]
    while level < 256 and most > 0:
        place = queues[level, 0]
        if place < 0:
            level += 1
            continue
        most -= 1
        taken += 1
        queues[level, 0] = following[place]
        if following[place] < 0:
            queues[level, 1] = -1
        z, rest = place // plane, place % plane
        y, x = rest // width, rest % width
        label = labels[z, y, x]
        lowest = level
        for k in range(6):
            nz, ny, nx = z, y, x
            step = 1 if k % 2 else -1
            if k < 2:
                nz += step
            elif k < 4:
                ny += step
            else:
                nx += step
            if 0 <= nz < depth and 0 <= ny < height and 0 <= nx < width and free[nz, ny, nx] and labels[nz, ny, nx] == 0:
                labels[nz, ny, nx] = label
                there = (nz * height + ny) * width + nx
                height_there = np.int64(levels[nz, ny, nx])
                lowest = min(lowest, height_there)
                following[there] = -1
                last = queues[height_there, 1]
                if last < 0:
                    queues[height_there, 0] = there
                else:
                    following[last] = there
                queues[height_there, 1] = there
        level = lowest
    state[0] = level
    state[1] = taken
