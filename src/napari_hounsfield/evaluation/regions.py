"""Where the voxels of a class or of an object lie."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.boxes import Extent
from napari_hounsfield.components import Box, connected, slabs
from napari_hounsfield.operation import Progress, part


@dataclass(frozen=True, eq=False)
class Region:
    """Some voxels of an image."""

    box: Box
    """Smallest slices (z, y, x) that hold them."""
    mask: NDArray[np.bool_]
    """In the box."""
    voxels: int

    @property
    def start(self) -> tuple[int, int, int]:
        """First voxel (z, y, x) of the box."""
        z, y, x = self.box
        return z.start, y.start, x.start

    @property
    def stop(self) -> tuple[int, int, int]:
        """The voxel (z, y, x) after the last of the box."""
        z, y, x = self.box
        return z.stop, y.stop, x.stop


def class_region(
    labels: NDArray[Any], scanned: NDArray[np.bool_] | None, value: int, extent: Extent
) -> Generator[Progress, None, Region]:
    """The scanned voxels of a value, of which there is at least one."""
    cropped, box = labels[extent.box], extent.box
    mask = np.empty(cropped.shape, bool)
    for planes in slabs(mask.shape):
        np.equal(cropped[planes], value, out=mask[planes])
        if scanned is not None:
            mask[planes] &= scanned[box][planes]
        yield Progress(planes.stop / len(mask))
    return Region(box, mask, extent.voxels)


def parts_of(region: Region, most: int) -> Generator[Progress, None, tuple[Iterator[Region], int]]:
    """The parts of a region that are connected by faces of voxels, the largest first, at most so many; and how many there are."""
    from scipy.ndimage import find_objects

    parts, count = yield from part(connected(region.mask), 0, 0.7)
    if count == 1:
        return iter([region]), 1
    sizes = np.zeros(count + 1, np.int64)
    for planes in slabs(parts.shape):
        sizes += np.bincount(parts[planes].ravel(), minlength=count + 1)
        yield Progress(0.8)
    order = np.argsort(-sizes[1:], kind="stable")[:most] + 1
    number = np.zeros(count + 1, np.int32)
    number[order] = np.arange(1, len(order) + 1)
    for planes in slabs(parts.shape):
        parts[planes] = number[parts[planes]]
        yield Progress(0.9)
    boxes = find_objects(parts, max_label=len(order))
    yield Progress(1)

    def regions() -> Iterator[Region]:
        for i, box in enumerate(boxes):
            z, y, x = (slice(a + b.start, a + b.stop) for a, b in zip(region.start, box, strict=True))
            yield Region((z, y, x), parts[box] == i + 1, int(sizes[order[i]]))

    return regions(), count
