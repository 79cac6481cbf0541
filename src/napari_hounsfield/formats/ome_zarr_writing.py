"""OME-Zarr (`.ome.zarr`), written: OME-NGFF 0.5 on Zarr 3, block by block, with coarser levels for viewers.

No more than a few blocks are in memory, whatever the size of the image.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_hounsfield.errors import HounsfieldError, WriteError
from napari_hounsfield.operation import Progress, part
from napari_hounsfield.results import Features
from napari_hounsfield.volume import LabelMap, Volume

from .ome_zarr_metadata import attributes

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

CHUNK = (64, 128, 128)
"""Voxels (z, y, x) of a chunk: 2 MB of a CT, and quick to cut along any plane."""
BLOCK = (1, 2, 2)
"""Chunks (z, y, x) that are worked on at once."""
COARSEST = 256
"""Voxels along the longest axis of the coarsest level at the most."""
_ORDER = {"zyx": "zyx", "tzyx": "tzyx", "zyxc": "czyx", "tzyxc": "tczyx"}

Block = tuple[slice, ...]


def write_ome_zarr(path: Path, data: Volume | LabelMap | Features) -> Generator[Progress, None, None]:
    """Write a group at `path`, where nothing is, and read every block back.

    Levels are coarser by 2 along the axes whose voxels are the finer ones, until they fit into a screen: the mean of an image,
    the nearest of labels. Nothing about the patient or the study is written.

    Raises
    ------
    WriteError
        If what was written does not read back, or the disk is full.
    """
    try:
        yield from _write(path, data)
    except (HounsfieldError, OSError, MemoryError):
        raise
    except Exception:  # zarr's codecs and stores raise many kinds, with whole paths in their text
        raise WriteError("not written: it could not be stored; the disk may be full") from None


def _write(path: Path, data: Volume | LabelMap | Features) -> Generator[Progress, None, None]:
    import zarr

    source, axes = data.array, "czyx" if isinstance(data, Features) else _ORDER[getattr(data, "axes", "zyx")]
    colour = isinstance(data, Volume) and data.axes.endswith("c")
    shape = (*source.shape[:-4], source.shape[-1], *source.shape[-4:-1]) if colour else source.shape
    dtype = _storable(source.dtype)
    factors = pyramid(shape[-3:], data.grid.spacing)
    group = zarr.create_group(path, zarr_format=3)
    levels = [_create(group, str(i), shape, f, dtype, axes) for i, f in enumerate(factors)]
    span: list[float] = []
    whole = sum(math.prod(level.shape) for level in levels)
    done = 0.0
    for i, level in enumerate(levels):
        share = math.prod(level.shape) / whole
        if i == 0:
            steps = _finest(level, source, colour, span)
        else:
            ratio = tuple(int(b // a) for a, b in zip(factors[i - 1], factors[i], strict=True))
            steps = _coarser(level, levels[i - 1], ratio, isinstance(data, LabelMap))
        yield from part(steps, done, done + share)
        done += share
    group.attrs.update(attributes(data, axes, factors, (min(span, default=0.0), max(span, default=0.0))))


def _storable(dtype: np.dtype[Any]) -> np.dtype[Any]:
    if dtype.kind == "f" and dtype.itemsize not in (2, 4, 8):
        return np.dtype(np.float64)
    return np.dtype(np.uint8) if dtype.kind == "b" else dtype.newbyteorder("=")


def pyramid(shape: tuple[int, ...], spacing: tuple[float, ...]) -> list[tuple[int, ...]]:
    """By how many voxels (z, y, x) of the finest level each level is coarser; the first is 1."""
    factors: list[tuple[int, ...]] = [(1, 1, 1)]
    while max(math.ceil(n / f) for n, f in zip(shape, factors[-1], strict=True)) > COARSEST:
        last = factors[-1]
        sizes = [s * f for s, f in zip(spacing, last, strict=True)]
        long = [math.ceil(n / f) > 1 for n, f in zip(shape, last, strict=True)]
        finest = min(size for size, more in zip(sizes, long, strict=True) if more)
        step = [2 if more and size < 1.9 * finest else 1 for size, more in zip(sizes, long, strict=True)]
        factors.append(tuple(f * s for f, s in zip(last, step, strict=True)))
    return factors


def _create(group: Any, name: str, shape: tuple[int, ...], factor: tuple[int, ...], dtype: np.dtype[Any], axes: str) -> Any:
    from zarr.codecs import BloscCodec

    leading = shape[:-3]
    space = tuple(math.ceil(n / f) for n, f in zip(shape[-3:], factor, strict=True))
    chunks = (*[1] * len(leading), *(min(c, n) for c, n in zip(CHUNK, space, strict=True)))
    packing = BloscCodec(cname="zstd", clevel=3, shuffle="shuffle" if dtype.itemsize > 1 else "noshuffle")
    return group.create_array(
        name, shape=(*leading, *space), chunks=chunks, dtype=dtype, compressors=packing, dimension_names=list(axes)
    )


def _blocks(level: Any) -> Iterator[Block]:
    """Blocks of whole chunks, in order."""
    sizes = [c * b for c, b in zip(level.chunks, (*[1] * (level.ndim - 3), *BLOCK), strict=True)]
    ranges = [[slice(i, min(i + s, n)) for i in range(0, n, s)] for n, s in zip(level.shape, sizes, strict=True)]
    return itertools.product(*ranges)


def _finest(level: Any, source: Any, colour: bool, span: list[float]) -> Generator[Progress, None, None]:
    """Write the voxels themselves; `span` gets values between which all of them lie."""
    blocks = list(_blocks(level))
    for done, block in enumerate(blocks, 1):
        if colour:
            *time, c, z, y, x = block
            values = np.moveaxis(source[(*time, z, y, x, c)], -1, -4)
        else:
            values = source[block]
        values = np.ascontiguousarray(values, dtype=level.dtype)
        _store(level, block, values)
        finite = values[np.isfinite(values)] if values.dtype.kind == "f" else values
        span[:] = [*_ends(span), *([float(finite.min()), float(finite.max())] if finite.size else [])]
        yield Progress(done / len(blocks), "writing")


def _ends(span: list[float]) -> list[float]:
    return [min(span), max(span)] if span else []


def _coarser(level: Any, finer: Any, ratio: tuple[int, ...], labels: bool) -> Generator[Progress, None, None]:
    blocks = list(_blocks(level))
    for done, block in enumerate(blocks, 1):
        space = [slice(s.start * r, min(s.stop * r, n)) for s, r, n in zip(block[-3:], ratio, finer.shape[-3:], strict=True)]
        values = np.asarray(finer[(*block[:-3], *space)])
        steps = (*[slice(None)] * (values.ndim - 3), *(slice(None, None, r) for r in ratio))
        _store(level, block, np.ascontiguousarray(values[steps]) if labels else local_mean(values, ratio))
        yield Progress(done / len(blocks), "writing")


def local_mean(values: NDArray[Any], ratio: tuple[int, ...]) -> NDArray[Any]:
    """Mean over pairs along the last axes whose `ratio` is 2; an odd last one stays. Whole numbers are rounded."""
    found: NDArray[Any] = values.astype(np.float64 if values.dtype.itemsize > 2 else np.float32)
    for axis, step in zip(range(values.ndim - 3, values.ndim), ratio, strict=True):
        if step == 2:
            ahead = (slice(None),) * axis
            mean, second = found[(*ahead, slice(None, None, 2))].copy(), found[(*ahead, slice(1, None, 2))]
            pairs: NDArray[np.floating] = mean[(*ahead, slice(second.shape[axis]))]
            pairs += second
            pairs *= 0.5
            found = mean
    return (np.rint(found) if values.dtype.kind in "iu" else found).astype(values.dtype)


def _store(level: Any, block: Block, values: NDArray[Any]) -> None:
    level[block] = values
    if not np.array_equal(level[block], values, equal_nan=values.dtype.kind == "f"):
        raise WriteError("not written: it did not read back as it was; the disk may be full")
