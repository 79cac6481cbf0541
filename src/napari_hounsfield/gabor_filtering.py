"""Running a Gabor bank over an array by spectra that are computed once."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .errors import ParameterError
from .gabor_kernels import Plane, kernel, planes_of, support, unit_waves
from .operation import Progress
from .runtime import threads

if TYPE_CHECKING:
    from .gabor_bank import GaborParams
    from .grid import Grid

TILE_VOXELS = 2_000_000
"""Most voxels of a padded tile: about 16 MB of complex64, and a pass of well under half a second."""
MOST_BYTES = 2**30
"""Most memory that the spectra of a bank, and the making of one filter, may take."""
KERNEL_BYTES = 100
"""Memory for each voxel of a kernel in the making: its coordinates, envelope and wave in double precision."""


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
        from scipy.fft import next_fast_len

        self.plane, self.params = plane, params
        self.axes = tuple(sorted(plane.axes))
        full = np.zeros(3, int)
        for index in range(len(params.wavelengths)):
            reach = support(plane, params.sigma_of(index), params.gamma, params.truncate)
            full[list(plane.axes)] = np.maximum(full[list(plane.axes)], reach)
        # Beyond an image that ends in zeros there is nothing for a filter to reach.
        radii = np.minimum(full, np.array(grid.shape) - 1) if params.boundary == "constant" else full
        self.radii = (int(radii[0]), int(radii[1]), int(radii[2]))
        self.tile = _tile_shape(grid.shape, self.axes, self.radii)
        self.padded = tuple(
            next_fast_len(self.tile[axis] + 2 * self.radii[axis]) if axis in self.axes else 1 for axis in range(3)
        )
        self.together = max(1, TILE_VOXELS // math.prod(self.padded))
        """Orientations filtered in one go."""
        self.bytes: int = 8 * math.prod(self.padded) * len(params.wavelengths) * len(params.orientations)
        """Memory for the spectra."""
        self.bytes_of_one: int = KERNEL_BYTES * max(math.prod((2 * full + 1).tolist()), math.prod(self.padded))
        """Memory for one filter in the making."""
        self.spectra: list[NDArray[np.complex64]] = []

    def prepare(self) -> Generator[Progress, None, None]:
        """Compute the spectra, where this is not done yet."""
        from scipy.fft import fftn

        spectra: list[NDArray[np.complex64]] = []
        waves = unit_waves(self.plane, self.params.orientations)
        shape = [self.padded[axis] for axis in self.axes]
        for index in range(len(self.params.wavelengths) if not self.spectra else 0):
            spectra.append(np.empty((len(waves), *self.padded), np.complex64))
            for spectrum, wave in zip(spectra[index], waves, strict=True):
                yield Progress(0.0, "Gabor filters")
                sampled = self._sampled(wave, index)
                function = np.zeros(shape, np.complex128)
                # Centred on the first voxel: what lies before it goes to the end.
                function[np.ix_(*(np.arange(n) - n // 2 for n in sampled.shape))] = sampled
                yield Progress(0.0, "Gabor filters")
                spectrum[...] = fftn(function, workers=threads(), overwrite_x=True).reshape(self.padded)
        self.spectra = self.spectra or spectra

    def _sampled(self, wave: NDArray[np.float64], index: int) -> NDArray[np.complex128]:
        """One filter, as far as it can reach."""
        params = self.params
        sampled = kernel(
            self.plane,
            wave,
            params.wavelengths[index],
            params.sigma_of(index),
            gamma=params.gamma,
            psi=params.psi,
            truncate=params.truncate,
            normalise=params.normalise,
        )
        within = zip(sampled.shape, (self.radii[axis] for axis in self.axes), strict=True)
        return sampled[tuple(slice(max(0, n // 2 - r), n // 2 + r + 1) for n, r in within)]

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

    def responses(
        self, spectrum: NDArray[np.complex64], block: tuple[slice, ...], index: int
    ) -> Iterator[tuple[int, NDArray[np.complex64]]]:
        """Complex responses (orientation, z, y, x) of one wavelength over one block, a few orientations after the other.

        Each comes with the index of its first orientation.
        """
        from scipy.fft import ifftn

        axes = [a + 1 for a in self.axes]
        inner = tuple(slice(r, r + s.stop - s.start) for r, s in zip(self.radii, block, strict=True))
        for first in range(0, len(self.spectra[index]), self.together):
            product = spectrum[None] * self.spectra[index][first : first + self.together]
            yield first, ifftn(product, axes=axes, workers=threads(), overwrite_x=True)[(slice(None), *inner)]


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


def _plane_banks(grid: Grid, params: GaborParams) -> list[_PlaneBank]:
    """The filters of every plane.

    Raises
    ------
    ParameterError
        If they would take more memory than `MOST_BYTES`, with the number that would fit.
    """
    planes = planes_of(params.planes, grid)

    def bytes_of(changed: GaborParams) -> int:
        banks = [_PlaneBank(plane, grid, changed) for plane in planes]
        return max(sum(bank.bytes for bank in banks), max(bank.bytes_of_one for bank in banks))

    needed = bytes_of(params)
    if needed <= MOST_BYTES:
        return [_PlaneBank(plane, grid, params) for plane in planes]
    widest = max(params.sigma)
    ways: tuple[tuple[str, Sequence[float], Callable[[Any], dict[str, Any]]], ...] = (
        ("truncate up to {:g} sigmas", [0.1 * k for k in range(20, 201)], lambda most: {"truncate": most}),
        ("at most {:g} orientations", range(1, len(params.orientations)), lambda n: {"orientations": params.orientations[:n]}),
        (
            "sigma up to {:.3g} mm",
            [widest * k / 100 for k in range(1, 100)],
            lambda most: {"sigma": tuple(min(s, most) for s in params.sigma)},
        ),
    )
    for text, values, change in ways:
        fitting = [v for v in values if bytes_of(params.model_copy(update=change(v))) <= MOST_BYTES]
        if fitting:
            advice = f"; {text.format(fitting[-1])} would fit"
            break
    else:
        advice = ""
    raise ParameterError(f"the Gabor filters would take {needed / 2**30:.3g} GiB, more than {MOST_BYTES / 2**30:.3g} GiB{advice}")


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
        self.banks = _plane_banks(grid, params)

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
        for bank in self.banks:
            yield from bank.prepare()
        for done, (p, block) in enumerate(work):
            into: tuple[slice, ...] = (slice(block[0].start - first, block[0].stop - first), *block[1:])
            spectrum = self.banks[p].spectrum(array, block)
            for index in range(len(self.params.wavelengths)):
                for begin, responses in self.banks[p].responses(spectrum, block, index):
                    parts = self._part(responses)
                    if self.params.pool == "none":
                        start = (index * planes + p) * orientations + begin
                        out[(slice(start, start + len(parts)), *into)] = parts
                    else:
                        self._pool(parts, out[index][into], p == begin == 0)
                    filtered = index + (begin + len(parts)) / orientations
                    yield Progress((done + filtered / len(self.params.wavelengths)) / len(work), "Gabor bank")

    def _part(self, responses: NDArray[np.complex64]) -> NDArray[np.float32]:
        kind = self.params.response
        part: NDArray[np.float32] = (
            np.abs(responses) if kind == "modulus" else responses.real if kind == "real" else responses.imag
        )
        return part

    def _pool(self, parts: NDArray[np.float32], out: NDArray[np.float32], is_first: bool) -> None:
        """Join some orientations of one plane, and those with what came before."""
        join = np.maximum if self.params.pool == "max" else np.add
        joined = join.reduce(parts, axis=0)
        if self.params.pool == "mean":
            joined /= len(self.params.orientations) * len(self.banks)
        np.copyto(out, joined if is_first else join(out, joined))
