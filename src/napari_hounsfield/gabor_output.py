"""Where the maps of a bank go: into memory as long as they fit, or into an array that may be larger."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .errors import ParameterError
from .gabor_bank import GaborParams, filled, map_names, require_range
from .memory import available_memory
from .operation import Progress, part
from .volume import Volume

SLAB_BYTES = 2**26
"""Most memory for maps on their way into an array that cannot be written to directly."""


class Output(Protocol):
    """An array that takes slices of maps: numpy's, a memory map, or zarr's."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Maps, z, y, x."""

    @property
    def dtype(self) -> Any:
        """float32 or float16."""

    def __setitem__(self, key: Any, value: Any, /) -> None: ...


def require_memory(maps: int, volume: Volume) -> None:
    """Refuse maps that do not fit into memory.

    Raises
    ------
    ParameterError
        With the size in GB and what can be done.
    """
    needed, available = 4 * maps * math.prod(volume.array.shape), available_memory()
    if available is not None and needed > available:
        raise ParameterError(
            f"{volume.name or 'image'}: {maps} maps would take {needed / 1e9:.3g} GB of memory, where {available / 1e9:.3g} GB "
            "are free; pool them, choose fewer, or write them into a zarr array or memory map with gabor_into"
        )


def gabor_into(volume: Volume, params: GaborParams | None, out: Output) -> Generator[Progress, None, list[str]]:
    """Filter a volume with the Gabor bank into an array that may be larger than memory.

    Parameters
    ----------
    volume
        One scalar image; its array may be a memory map.
    params
        Bank; its blanks are filled from the voxel size; None: the defaults.
    out
        float32 or float16 (maps, z, y, x), of whatever kind: `zarr.create_array(...)`, `numpy.memmap`, `numpy.empty`. A zarr
        array is written in whole chunks where a chunk holds one map and all rows and columns of few slices.

    Returns
    -------
    list of str
        Names of the maps.

    Raises
    ------
    ParameterError
        If `out` has another shape or type, or a filter does not fit the image.
    IntensityError
        If the scanned field holds NaN.

    Examples
    --------
    >>> for progress in gabor_into(volume, params, out):  # doctest: +SKIP
    ...     print(progress.fraction)
    """
    from .gabor_filtering import Bank

    volume.require_scalar()
    require_range(volume)
    params = (params or GaborParams()).resolve(volume)
    if not hasattr(out, "shape") or not hasattr(out, "dtype"):
        raise ParameterError(f"out is a {type(out).__name__}, no array")
    if isinstance(out, np.ndarray) and not out.flags.writeable:
        raise ParameterError("out cannot be written to")
    names, image = map_names(params), filled(volume)
    if tuple(out.shape) != (len(names), *image.shape):
        raise ParameterError(f"out has shape {tuple(out.shape)}, the maps {(len(names), *image.shape)}")
    if np.dtype(out.dtype) not in (np.float32, np.float16):
        raise ParameterError(f"out is of type {out.dtype}: float32 or float16")
    if isinstance(out, np.ndarray) and out.dtype == np.float32:
        yield from Bank(volume.grid, params).filter(image, out)
        return names
    wavelengths = len(params.wavelengths)
    each = len(names) // wavelengths
    depth = _slab_depth(out, each * math.prod(image.shape[1:]), len(image))
    for k in range(wavelengths):  # one after the other, so that slabs are thick
        alone = params.model_copy(update={"wavelengths": params.wavelengths[k : k + 1], "sigma": (params.sigma_of(k),)})
        bank = Bank(volume.grid, alone)
        for first in range(0, len(image), depth):
            last = min(first + depth, len(image))
            slab = np.empty((each, last - first, *image.shape[1:]), np.float32)
            start, size = (k + first / len(image)) / wavelengths, (last - first) / len(image) / wavelengths
            yield from part(bank.filter(image, slab, first, last), start, start + size)
            out[k * each : (k + 1) * each, first:last] = _fitting(slab, out)
            yield Progress(start + size, "writing")
    return names


def _fitting(slab: NDArray[np.float32], out: Output) -> NDArray[Any]:
    """Maps in the type of `out`; what float16 cannot hold becomes its largest number."""
    if np.dtype(out.dtype) == np.float16:
        most = np.finfo(np.float16).max
        slab = slab.clip(-most, most)
    return slab.astype(out.dtype, copy=False)


def _slab_depth(out: Output, voxels: int, most: int) -> int:
    """Slices to filter in one go: as many as memory allows, in whole chunks."""
    depth = max(1, SLAB_BYTES // (4 * voxels))
    chunks = getattr(out, "shards", None) or getattr(out, "chunks", None)
    whole = int(chunks[1]) if chunks else 1
    return min(most, max(whole, depth // whole * whole))
