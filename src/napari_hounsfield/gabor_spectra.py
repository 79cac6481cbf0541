"""Filters of any envelope, run by spectra that are computed once."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .gabor_borders import beyond
from .gabor_kernels import Plane, kernel, support, unit_waves
from .operation import Progress
from .parallel import in_threads

if TYPE_CHECKING:
    from .gabor_bank import GaborParams

TILE_VOXELS = 2_000_000
"""Most voxels of a padded tile: about 16 MB of complex64, and a pass of well under half a second."""
RUNNING_BYTES = 2**26
"""Memory of all threads together for transforms and what they give."""
MAKING_BYTES = 2**27
"""Memory for several filters in the making at a time."""
KERNEL_BYTES = 100
"""Memory for each voxel of a kernel in the making: its coordinates, envelope and wave in double precision."""


class SpectralFilters:
    """The filters of one wavelength in one plane (or space), with their spectra for tiles of one shape.

    Filters that give a real map take real transforms, which are half as long.
    """

    def __init__(self, plane: Plane, shape: tuple[int, int, int], params: GaborParams, index: int) -> None:
        from scipy.fft import next_fast_len

        self.plane, self.params, self.index = plane, params, index
        self.real = params.response != "modulus"
        self.axes = tuple(sorted(plane.axes))
        full = np.zeros(3, int)
        full[list(plane.axes)] = support(plane, params.sigma_of(index), params.gamma, params.truncate)
        # Beyond an image that ends in zeros there is nothing for a filter to reach.
        radii = np.minimum(full, np.array(shape) - 1) if params.boundary == "constant" else full
        self.radii = (int(radii[0]), int(radii[1]), int(radii[2]))
        self.tile = _tile_shape(shape, self.axes, self.radii)
        self.padded = [next_fast_len(self.tile[axis] + 2 * self.radii[axis], self.real) for axis in self.axes]
        self.bytes: int = 4 * math.prod(self.padded) * len(params.orientations)
        """Memory for the spectra."""
        self.bytes_of_one: int = KERNEL_BYTES * max(math.prod((2 * full + 1).tolist()), math.prod(self.padded))
        """Memory for one filter in the making."""
        self.spectra: list[NDArray[Any]] = []

    def _prepare(self) -> Generator[Progress, None, None]:
        """Compute the spectra, where this is not done yet."""
        if not self.spectra:
            transform = self._real_filter if self.real else self._complex_filter
            tasks = [
                lambda wave=wave: transform(self._sampled(wave)) for wave in unit_waves(self.plane, self.params.orientations)
            ]
            spectra: list[NDArray[Any]] = []
            for spectrum in in_threads(tasks, most=1 + MAKING_BYTES // self.bytes_of_one):
                spectra.append(spectrum)
                yield Progress(0.0, "Gabor filters")
            self.spectra = spectra

    def _real_filter(self, sampled: NDArray[np.float32]) -> NDArray[np.complex64]:
        """Spectrum of a filter that begins at the first voxel."""
        from scipy.fft import rfftn

        spectrum: NDArray[np.complex64] = rfftn(sampled, self.padded)
        return spectrum

    def _complex_filter(self, sampled: NDArray[np.complex64]) -> NDArray[np.float32]:
        """Spectrum of a filter that is centred on the first voxel: real, as the function at -x is the conjugate of that at x.

        By this symmetry half of it along the last axis is enough.
        """
        from scipy.fft import fftn, hfft

        half = sampled[..., sampled.shape[-1] // 2 :]
        first = np.zeros((*self.padded[:-1], half.shape[-1]), np.complex64)
        # What lies before the first voxel goes to the end.
        first[np.ix_(*(np.arange(n) - n // 2 for n in half.shape[:-1]), range(half.shape[-1]))] = half
        first = fftn(first, axes=range(half.ndim - 1), overwrite_x=True)
        spectrum: NDArray[np.float32] = hfft(first, self.padded[-1])
        return spectrum

    def _sampled(self, wave: NDArray[np.float64]) -> NDArray[Any]:
        """One filter, as far as it can reach; for a modulus of phase 0, since it depends on none."""
        params = self.params
        sampled: NDArray[Any] = kernel(
            self.plane,
            wave,
            params.wavelengths[self.index],
            params.sigma_of(self.index),
            gamma=params.gamma,
            psi=params.psi if self.real else 0.0,
            truncate=params.truncate,
            normalise=params.normalise,
        )
        within = zip(sampled.shape, (self.radii[axis] for axis in self.axes), strict=True)
        sampled = sampled[tuple(slice(max(0, n // 2 - r), n // 2 + r + 1) for n, r in within)]
        if not self.real:
            return sampled.astype(np.complex64)
        return (sampled.real if params.response == "real" else sampled.imag).astype(np.float32)

    def inner(self, block: tuple[slice, ...]) -> tuple[slice, ...]:
        """Where the answers of a block stand in its inverse transform."""
        leads = [2 * r if self.real else r for r in self.radii]
        return tuple(slice(lead, lead + s.stop - s.start) for lead, s in zip(leads, block, strict=True))

    def _blocks(self, shape: tuple[int, ...], first: int, last: int) -> Iterator[tuple[slice, ...]]:
        """Blocks of output that cover slices `first` to `last`."""
        starts = [range(first, last, self.tile[0]), *(range(0, shape[a], self.tile[a]) for a in (1, 2))]
        ends = (last, shape[1], shape[2])
        for corner in product(*starts):
            yield tuple(slice(s, min(s + t, e)) for s, t, e in zip(corner, self.tile, ends, strict=True))

    def _piece(self, array: NDArray[Any], block: tuple[slice, ...]) -> NDArray[np.float32]:
        """One block with what lies around it."""
        boundary = self.params.boundary
        index = [beyond(s.start, s.stop, n, r, boundary) for s, n, r in zip(block, array.shape, self.radii, strict=True)]
        piece = np.asarray(array[index[0]][:, index[1]], np.float32).take(index[2], axis=2)
        if boundary == "constant":
            for axis, places in enumerate(index):
                piece[(slice(None),) * axis + (places < 0,)] = 0
        return piece

    def _along_all_axes(self, spectrum: NDArray[Any]) -> NDArray[Any]:
        """Spectrum of a filter with an axis of length 1 where it has none."""
        return spectrum.reshape([spectrum.shape[self.axes.index(a)] if a in self.axes else 1 for a in range(3)])

    def _map(
        self,
        spectrum: NDArray[np.complex64],
        orientation: int,
        block: tuple[slice, ...],
        spare: list[NDArray[np.complex64]],
        out: NDArray[np.float32] | None,
    ) -> NDArray[np.float32]:
        """What one filter answers in one block, in `out` if that is given; `spare` is memory that threads take and give back."""
        from scipy.fft import ifftn, irfftn

        answer = spare.pop() if spare else np.empty_like(spectrum)  # new memory costs as much as the product
        np.multiply(spectrum, self._along_all_axes(self.spectra[orientation]), out=answer)
        inner = self.inner(block)
        if self.real:
            mapped = irfftn(answer, self.padded, axes=self.axes)[inner]
            spare.append(answer)
            if out is None:
                return np.ascontiguousarray(mapped)
            out[...] = mapped
            return out
        modulus: NDArray[np.float32] = np.abs(ifftn(answer, axes=self.axes, overwrite_x=True)[inner], out=out)
        spare.append(answer)
        return modulus

    def filter(
        self, array: NDArray[Any], out: NDArray[np.float32], first: int, last: int, planes: int, index: int
    ) -> Generator[Progress, None, None]:
        """Write the maps of slices `first` to `last` into `out` (all maps of the bank); this is plane `index` of `planes`."""
        from scipy.fft import fftn, rfftn

        yield from self._prepare()
        transform = rfftn if self.real else fftn
        blocks, orientations = list(self._blocks(array.shape, first, last)), len(self.params.orientations)
        pooled = self.params.pool != "none"
        start = self.index if pooled else (self.index * planes + index) * orientations

        spare: list[NDArray[np.complex64]] = []

        def into(block: tuple[slice, ...]) -> tuple[slice, ...]:
            return (slice(block[0].start - first, block[0].stop - first), *block[1:])

        def tasks() -> Iterator[Callable[[], NDArray[np.float32]]]:
            for block in blocks:
                spectrum = transform(self._piece(array, block), self.padded, axes=self.axes)
                for n in range(orientations):
                    yield partial(self._map, spectrum, n, block, spare, None if pooled else out[start + n][into(block)])

        work = list(product(blocks, range(orientations)))
        most = max(1, RUNNING_BYTES // (16 * math.prod(self.padded)))
        for done, ((block, n), mapped) in enumerate(zip(work, in_threads(tasks(), most), strict=True), 1):
            if pooled:
                self._pool(mapped, out[start][into(block)], orientations * planes, index == n == 0)
            yield Progress(done / len(work), "Gabor bank")

    def _pool(self, mapped: NDArray[np.float32], out: NDArray[np.float32], count: int, is_first: bool) -> None:
        """Join a map with those that came before."""
        if self.params.pool == "mean":
            mapped /= count
        join = np.maximum if self.params.pool == "max" else np.add
        if is_first:
            out[...] = mapped
        else:
            join(out, mapped, out=out)


def _tile_shape(shape: tuple[int, int, int], axes: tuple[int, ...], radii: tuple[int, ...]) -> tuple[int, int, int]:
    """Size of a block of output: a plane of two-dimensional filters, a brick of three-dimensional ones; parts of large ones."""
    tile = [shape[axis] if axis in axes else 1 for axis in range(3)]
    while math.prod(t + 2 * r for t, r in zip(tile, radii, strict=True)) > TILE_VOXELS:
        longest = int(
            np.argmax([t / (r + 1) if axis in axes else 0 for axis, (t, r) in enumerate(zip(tile, radii, strict=True))])
        )
        if tile[longest] <= max(8, radii[longest]):
            break
        tile[longest] = -(-tile[longest] // 2)
    return tile[0], tile[1], tile[2]
