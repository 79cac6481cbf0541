"""Filters of any envelope, run by spectra that are computed once."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .gabor_borders import beyond
from .gabor_kernels import Plane, kernel, support, unit_waves
from .operation import Progress
from .runtime import threads

if TYPE_CHECKING:
    from .gabor_bank import GaborParams

TILE_VOXELS = 2_000_000
"""Most voxels of a padded tile: about 16 MB of complex64, and a pass of well under half a second."""
KERNEL_BYTES = 100
"""Memory for each voxel of a kernel in the making: its coordinates, envelope and wave in double precision."""


class SpectralPlane:
    """The filters of one plane (or space) for some wavelengths of a bank, with their spectra for tiles of one shape."""

    def __init__(self, plane: Plane, shape: tuple[int, int, int], params: GaborParams, wavelengths: Sequence[int]) -> None:
        from scipy.fft import next_fast_len

        self.plane, self.params, self.wavelengths = plane, params, wavelengths
        self.axes = tuple(sorted(plane.axes))
        full = np.zeros(3, int)
        for index in wavelengths:
            reach = support(plane, params.sigma_of(index), params.gamma, params.truncate)
            full[list(plane.axes)] = np.maximum(full[list(plane.axes)], reach)
        # Beyond an image that ends in zeros there is nothing for a filter to reach.
        radii = np.minimum(full, np.array(shape) - 1) if params.boundary == "constant" else full
        self.radii = (int(radii[0]), int(radii[1]), int(radii[2]))
        self.tile = _tile_shape(shape, self.axes, self.radii)
        self.padded = tuple(
            next_fast_len(self.tile[axis] + 2 * self.radii[axis]) if axis in self.axes else 1 for axis in range(3)
        )
        self.together = max(1, TILE_VOXELS // math.prod(self.padded))
        """Orientations filtered in one go."""
        self.bytes: int = 4 * math.prod(self.padded) * len(wavelengths) * len(params.orientations)
        """Memory for the spectra."""
        self.bytes_of_one: int = KERNEL_BYTES * max(math.prod((2 * full + 1).tolist()), math.prod(self.padded))
        """Memory for one filter in the making."""
        self.spectra: list[NDArray[np.float32]] = []

    def _prepare(self) -> Generator[Progress, None, None]:
        """Compute the spectra, where this is not done yet."""
        from scipy.fft import fftn

        spectra: list[NDArray[np.float32]] = []
        waves = unit_waves(self.plane, self.params.orientations)
        shape = [self.padded[axis] for axis in self.axes]
        for index in self.wavelengths if not self.spectra else ():
            spectra.append(np.empty((len(waves), *self.padded), np.float32))
            for spectrum, wave in zip(spectra[-1], waves, strict=True):
                yield Progress(0.0, "Gabor filters")
                sampled = self._sampled(wave, index)
                function = np.zeros(shape, np.complex128)
                # Centred on the first voxel: what lies before it goes to the end.
                function[np.ix_(*(np.arange(n) - n // 2 for n in sampled.shape))] = sampled
                yield Progress(0.0, "Gabor filters")
                # Real, as the function at -x is the conjugate of that at x.
                spectrum[...] = fftn(function, workers=threads(), overwrite_x=True).real.reshape(self.padded)
        self.spectra = self.spectra or spectra

    def _sampled(self, wave: NDArray[np.float64], index: int) -> NDArray[np.complex128]:
        """One filter of phase 0, as far as it can reach."""
        params = self.params
        sampled = kernel(
            self.plane,
            wave,
            params.wavelengths[index],
            params.sigma_of(index),
            gamma=params.gamma,
            truncate=params.truncate,
            normalise=params.normalise,
        )
        within = zip(sampled.shape, (self.radii[axis] for axis in self.axes), strict=True)
        return sampled[tuple(slice(max(0, n // 2 - r), n // 2 + r + 1) for n, r in within)]

    def _tiles(self, shape: tuple[int, ...], first: int, last: int) -> Iterator[tuple[slice, ...]]:
        """Blocks of output that cover slices `first` to `last`."""
        starts = [range(first, last, self.tile[0]), *(range(0, shape[a], self.tile[a]) for a in (1, 2))]
        ends = (last, shape[1], shape[2])
        for corner in product(*starts):
            yield tuple(slice(s, min(s + t, e)) for s, t, e in zip(corner, self.tile, ends, strict=True))

    def _spectrum(self, array: NDArray[Any], block: tuple[slice, ...]) -> NDArray[np.complex64]:
        """Fourier transform of one block with what lies around it."""
        from scipy.fft import fftn

        boundary = self.params.boundary
        index = [beyond(s.start, s.stop, n, r, boundary) for s, n, r in zip(block, array.shape, self.radii, strict=True)]
        piece = np.asarray(array[np.ix_(*index)], np.float32)
        if boundary == "constant":
            for axis, places in enumerate(index):
                piece[(slice(None),) * axis + (places < 0,)] = 0
        shape = [self.padded[a] for a in self.axes]
        spectrum: NDArray[np.complex64] = fftn(piece, shape, axes=self.axes, workers=threads())
        return spectrum

    def filter(
        self, array: NDArray[Any], out: NDArray[np.float32], first: int, last: int, planes: int, index: int
    ) -> Generator[Progress, None, None]:
        """Write the maps of slices `first` to `last` into `out` (all maps of the bank); this is plane `index` of `planes`."""
        from scipy.fft import ifftn

        yield from self._prepare()
        blocks = list(self._tiles(array.shape, first, last))
        axes, orientations = [a + 1 for a in self.axes], len(self.params.orientations)
        for done, block in enumerate(blocks):
            into: tuple[slice, ...] = (slice(block[0].start - first, block[0].stop - first), *block[1:])
            inner = tuple(slice(r, r + s.stop - s.start) for r, s in zip(self.radii, block, strict=True))
            spectrum = self._spectrum(array, block)
            for k, wavelength in enumerate(self.wavelengths):
                for begin in range(0, orientations, self.together):
                    product = spectrum[None] * self.spectra[k][begin : begin + self.together]
                    responses = ifftn(product, axes=axes, workers=threads(), overwrite_x=True)[(slice(None), *inner)]
                    parts = self._part(responses)
                    if self.params.pool == "none":
                        start = (wavelength * planes + index) * orientations + begin
                        out[(slice(start, start + len(parts)), *into)] = parts
                    else:
                        self._pool(parts, out[wavelength][into], orientations * planes, index == begin == 0)
                    filtered = k + (begin + len(parts)) / orientations
                    yield Progress((done + filtered / len(self.wavelengths)) / len(blocks), "Gabor bank")

    def _part(self, responses: NDArray[np.complex64]) -> NDArray[np.float32]:
        """What a map holds of complex responses of phase 0."""
        kind, phase = self.params.response, math.radians(self.params.psi)
        if kind == "modulus":
            modulus: NDArray[np.float32] = np.abs(responses)
            return modulus
        cosine, sine = (math.cos(phase), -math.sin(phase)) if kind == "real" else (math.sin(phase), math.cos(phase))
        part: NDArray[np.float32] = np.float32(cosine) * responses.real + np.float32(sine) * responses.imag
        return part

    def _pool(self, parts: NDArray[np.float32], out: NDArray[np.float32], count: int, is_first: bool) -> None:
        """Join some orientations of one plane, and those with what came before."""
        join = np.maximum if self.params.pool == "max" else np.add
        joined = join.reduce(parts, axis=0)
        if self.params.pool == "mean":
            joined /= count
        np.copyto(out, joined if is_first else join(out, joined))


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
