"""Running a Gabor bank over an array by spectra that are computed once."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .gabor_kernels import Plane, kernel, planes_of, support, unit_waves
from .operation import Progress
from .runtime import threads

if TYPE_CHECKING:
    from .gabor_bank import GaborParams
    from .grid import Grid

PAD_MODE = {"reflect": "symmetric", "nearest": "edge", "wrap": "wrap", "constant": "constant"}
"""scipy.ndimage's names of boundaries in numpy's words."""
TILE_VOXELS = 2_000_000
"""Most voxels of a padded tile in three dimensions: about 16 MB of complex64, and a pass of well under half a second."""


def _beyond(start: int, stop: int, size: int, radius: int, boundary: str) -> NDArray[np.intp]:
    """Index of the voxel that stands at each place from start - radius to stop + radius; -1 for zero."""
    places = np.arange(start - radius, stop + radius)
    if boundary == "constant":
        return np.where((places >= 0) & (places < size), places, -1)
    if boundary == "nearest":
        return places.clip(0, size - 1)
    if boundary == "wrap":
        return places % size
    folded = places % (2 * size)
    return np.minimum(folded, 2 * size - 1 - folded)


class _PlaneBank:
    """The filters of a bank that span one plane, with their spectra for tiles of one shape."""

    def __init__(self, plane: Plane, grid: Grid, params: GaborParams) -> None:
        from scipy.fft import fftn, next_fast_len

        self.plane, self.params = plane, params
        self.axes = tuple(sorted(plane.axes))
        radii = np.zeros(3, int)
        for index in range(len(params.wavelengths)):
            reach = support(plane, params.sigma_of(index), params.gamma, params.truncate)
            radii[list(plane.axes)] = np.maximum(radii[list(plane.axes)], reach)
        self.radii = tuple(int(r) for r in radii)
        self.tile = _tile_shape(grid.shape, self.axes, self.radii)
        self.padded = tuple(
            next_fast_len(self.tile[axis] + 2 * self.radii[axis]) if axis in self.axes else 1 for axis in range(3)
        )
        self.spectra: list[NDArray[np.complex64]] = []
        waves = unit_waves(plane, params.orientations)
        for index, wavelength in enumerate(params.wavelengths):
            functions = np.zeros((len(waves), *self.padded), np.complex128)
            for function, wave in zip(functions, waves, strict=True):
                sampled = kernel(
                    plane,
                    wave,
                    wavelength,
                    params.sigma_of(index),
                    gamma=params.gamma,
                    psi=params.psi,
                    truncate=params.truncate,
                    normalise=params.normalise,
                )
                corner = tuple(slice(0, sampled.shape[self.axes.index(a)]) if a in self.axes else 0 for a in range(3))
                centred = tuple(-(sampled.shape[self.axes.index(a)] // 2) for a in self.axes)
                function[corner] = sampled
                function[...] = np.roll(function, centred, self.axes)
            self.spectra.append(fftn(functions, axes=[a + 1 for a in self.axes], workers=threads()).astype(np.complex64))

    def tiles(self, shape: tuple[int, ...], first: int, last: int) -> Iterator[tuple[slice, ...]]:
        """Blocks of output that cover slices `first` to `last`."""
        starts = [range(first, last, self.tile[0]), *(range(0, shape[a], self.tile[a]) for a in (1, 2))]
        ends = (last, shape[1], shape[2])
        for corner in product(*starts):
            yield tuple(slice(s, min(s + t, e)) for s, t, e in zip(corner, self.tile, ends, strict=True))

    def spectrum(self, array: NDArray[Any], block: tuple[slice, ...]) -> NDArray[np.complex64]:
        """Fourier transform of one block with what lies around it."""
        from scipy.fft import fftn

        boundary = self.params.boundary
        index = [_beyond(s.start, s.stop, n, r, boundary) for s, n, r in zip(block, array.shape, self.radii, strict=True)]
        piece = np.asarray(array[np.ix_(*index)], np.float32)
        if boundary == "constant":
            for axis, places in enumerate(index):
                piece[(slice(None),) * axis + (places < 0,)] = 0
        shape = [self.padded[a] for a in self.axes]
        spectrum: NDArray[np.complex64] = fftn(piece, shape, axes=self.axes, workers=threads())
        return spectrum

    def responses(self, spectrum: NDArray[np.complex64], block: tuple[slice, ...], index: int) -> NDArray[np.complex64]:
        """Complex responses (orientation, z, y, x) of one wavelength over one block."""
        from scipy.fft import ifftn

        axes = [a + 1 for a in self.axes]
        filtered = ifftn(spectrum[None] * self.spectra[index], axes=axes, workers=threads(), overwrite_x=True)
        inner = tuple(slice(r, r + s.stop - s.start) for r, s in zip(self.radii, block, strict=True))
        result: NDArray[np.complex64] = filtered[(slice(None), *inner)]
        return result


def _tile_shape(shape: tuple[int, int, int], axes: tuple[int, ...], radii: tuple[int, ...]) -> tuple[int, int, int]:
    """Size of a block of output: one plane of two-dimensional filters, a brick of three-dimensional ones."""
    tile = [shape[axis] if axis in axes else 1 for axis in range(3)]
    while len(axes) == 3 and np.prod([t + 2 * r for t, r in zip(tile, radii, strict=True)]) > TILE_VOXELS:
        longest = int(np.argmax([t / (r + 1) for t, r in zip(tile, radii, strict=True)]))
        if tile[longest] <= max(8, radii[longest]):
            break
        tile[longest] = -(-tile[longest] // 2)
    return tile[0], tile[1], tile[2]


class Bank:
    """A Gabor bank made ready for one grid: run it over the whole array or over a range of slices.

    Parameters
    ----------
    grid
        Where the voxels lie.
    params
        Resolved parameters.
    """

    def __init__(self, grid: Grid, params: GaborParams) -> None:
        self.params = params
        self.banks = [_PlaneBank(plane, grid, params) for plane in planes_of(params.planes, grid)]

    @property
    def reach(self) -> int:
        """Slices beyond a slice that its responses depend on."""
        return max(bank.radii[0] for bank in self.banks)

    def filter(
        self, array: NDArray[Any], out: NDArray[np.float32], first: int = 0, last: int | None = None
    ) -> Generator[Progress, None, None]:
        """Write the maps of slices `first` to `last` into `out`.

        Parameters
        ----------
        array
            The whole image (z, y, x), also where only some slices are wanted.
        out
            float32 (maps, last - first, y, x).
        """
        last = len(array) if last is None else last
        orientations, planes = len(self.params.orientations), len(self.banks)
        work = [(p, block) for p, bank in enumerate(self.banks) for block in bank.tiles(array.shape, first, last)]
        for done, (p, block) in enumerate(work):
            into: tuple[slice, ...] = (slice(block[0].start - first, block[0].stop - first), *block[1:])
            spectrum = self.banks[p].spectrum(array, block)
            for index in range(len(self.params.wavelengths)):
                parts = self._part(self.banks[p].responses(spectrum, block, index))
                if self.params.pool == "none":
                    start = (index * planes + p) * orientations
                    out[(slice(start, start + orientations), *into)] = parts
                else:
                    self._pool(parts, out[index][into], p)
                yield Progress((done + (index + 1) / len(self.params.wavelengths)) / len(work), "Gabor bank")

    def _part(self, responses: NDArray[np.complex64]) -> NDArray[np.float32]:
        kind = self.params.response
        part: NDArray[np.float32] = (
            np.abs(responses) if kind == "modulus" else responses.real if kind == "real" else responses.imag
        )
        return part

    def _pool(self, parts: NDArray[np.float32], out: NDArray[np.float32], plane: int) -> None:
        """Join the orientations of one plane, and that plane with those before it."""
        if self.params.pool == "max":
            np.copyto(out, parts.max(axis=0) if plane == 0 else np.maximum(out, parts.max(axis=0)))
        else:
            share = parts.sum(axis=0) / (len(parts) * len(self.banks))
            np.copyto(out, share if plane == 0 else out + share)
