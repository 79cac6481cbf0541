"""Filters whose envelope is a product along the voxels' axes, run as passes of one dimension.

A wave exp(i (wx x + wy y)) under such an envelope is the product of a complex kernel along x and one along y, each of an even
(cosine) and an odd (sine) real part. Orientations theta and 180 - theta differ only in signs, so that they share every pass:
eight orientations take 9 kernels along x and 16 over y.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .gabor_borders import beyond
from .gabor_compiled import BLOCK, ROWS, TAPS, WIDTH, across, down
from .gabor_kernels import Plane, envelope_along, unit_waves
from .operation import Progress
from .parallel import in_threads
from .runtime import threads

if TYPE_CHECKING:
    from .gabor_bank import GaborParams

BRICK_BYTES = 2**26
"""Memory of all threads together for what is filtered along two axes of a volume."""
SAME = 1e-9
"""Frequencies, in radians a voxel, that differ by less are one."""


def _whole(count: int, unit: int) -> int:
    return -(-count // unit) * unit


def _taps(kernels: Sequence[NDArray[np.float64]], before: int) -> NDArray[np.float32]:
    """Kernels, turned round for correlation, with `before` zeros before and enough behind."""
    length = len(kernels[0])
    taps = np.zeros((len(kernels), _whole(length + before, TAPS) + before), np.float32)
    taps[:, before : before + length] = np.array(kernels)[:, ::-1]
    return taps


@dataclass(frozen=True)
class Stage:
    """One pass over rows or slices: which planes are filtered with which kernels, and how the results become maps."""

    sources: NDArray[np.int64]
    taps: NDArray[np.float32]
    parts: NDArray[np.int64]
    weights: NDArray[np.float32]
    radius: int

    @classmethod
    def of(
        cls,
        terms: Sequence[tuple[int, NDArray[np.float64]]],
        combinations: Sequence[Sequence[tuple[int, float]]] | None = None,
    ) -> Stage:
        """Stage of (plane, kernel) terms; each combination sums four (term, weight); None: a map a term."""
        combinations = combinations or [[(t, 1.0), (t, 0.0), (t, 0.0), (t, 0.0)] for t in range(len(terms))]
        return cls(
            np.array([plane for plane, _ in terms]),
            _taps([kernel for _, kernel in terms], ROWS - 1),
            np.array([[t for t, _ in each] for each in combinations]),
            np.array([[w for _, w in each] for each in combinations], np.float32),
            len(terms[0][1]) // 2,
        )

    def places(self, count: int) -> int:
        """Rows that a plane must have for `count` rows of results."""
        return _whole(count, ROWS) + int(self.taps.shape[1]) - 2 * ROWS + 1


@dataclass(frozen=True)
class Cascade:
    """All passes for some maps of one wavelength."""

    row_taps: NDArray[np.float32]
    row_radius: int
    y: Stage
    z: Stage | None
    wavelength: int
    first: int
    """Index of its first orientation."""

    @property
    def multiplications(self) -> int:
        """Multiplications for each voxel."""
        count: int = sum(taps.size for taps in (self.row_taps, self.y.taps, *([self.z.taps] if self.z else [])))
        return count


Kernels = tuple[NDArray[np.float64], NDArray[np.float64]]
IDENTITY = np.ones(1)


def _rows(kernels: Sequence[NDArray[np.float64]]) -> tuple[NDArray[np.float32], int]:
    """Taps along x: an even number of kernels."""
    kernels = [*kernels, *([np.zeros_like(kernels[0])] if len(kernels) % 2 else [])]
    return _taps(kernels, 0), len(kernels[0]) // 2


class SeparablePlane:
    """The filters of one plane (or space) whose envelope is separable, for some wavelengths of a bank."""

    def __init__(self, plane: Plane, shape: tuple[int, ...], params: GaborParams, wavelengths: Sequence[int]) -> None:
        self.plane, self.shape, self.params, self.wavelengths = plane, shape, params, wavelengths
        self.cascades = [cascade for index in wavelengths for cascade in self._cascades(index)]
        self._local = threading.local()

    def _cascades(self, index: int) -> list[Cascade]:
        """Passes of one wavelength."""
        plane, params = self.plane, self.params
        frequencies = np.zeros((len(params.orientations), 3))
        waves = unit_waves(plane, params.orientations)
        for k, axis in enumerate(plane.axes):
            frequencies[:, axis] = 2 * np.pi * waves[:, k] * plane.signs[k] * plane.spacing[k] / params.wavelengths[index]
        frequencies[np.abs(frequencies) < SAME] = 0
        # The last axis is filtered first: only along it does a filter run within a row.
        axes = sorted(plane.axes, reverse=True)
        if len(axes) == 3:
            return [self._in_space(index, k, w) for k, w in enumerate(frequencies)]
        kernels, terms, combinations = self._in_plane(index, frequencies[:, axes[0]], frequencies[:, axes[1]], axes)
        last = Stage.of(terms, combinations)
        if axes == [2, 1]:
            return [Cascade(*_rows(kernels), last, None, index, 0)]
        if axes == [2, 0]:
            return [Cascade(*_rows(kernels), Stage.of([(k, IDENTITY) for k in range(len(kernels))]), last, index, 0)]
        return [Cascade(*_rows([IDENTITY]), Stage.of([(0, kernel) for kernel in kernels]), last, index, 0)]

    def _kernels(self, index: int, axis: int, frequency: float) -> Kernels:
        """Even and odd part along one axis, as far as it can reach."""
        params = self.params
        envelope = envelope_along(self.plane, axis, params.sigma_of(index), params.truncate, params.normalise)
        radius = len(envelope) // 2
        most = self.shape[axis] - 1
        if params.boundary == "constant" and radius > most:  # beyond are zeros only
            envelope, radius = envelope[radius - most : radius + most + 1], most
        phase = frequency * np.arange(-radius, radius + 1)
        return envelope * np.cos(phase), envelope * np.sin(phase)

    def _in_plane(
        self, index: int, along: NDArray[np.float64], over: NDArray[np.float64], axes: Sequence[int]
    ) -> tuple[list[NDArray[np.float64]], list[tuple[int, NDArray[np.float64]]], list[list[tuple[int, float]]]]:
        """First kernels, terms of the second pass, and their combinations, shared as far as signs allow."""
        kernels: list[NDArray[np.float64]] = []
        terms: list[tuple[int, NDArray[np.float64]]] = []
        planes: dict[float, tuple[int, int]] = {}
        shared: dict[tuple[float, float], tuple[int, int, int, int]] = {}
        combinations = []
        for w1, w2 in zip(along, over, strict=True):
            a, b = round(abs(w1), 9), round(abs(w2), 9)
            if a not in planes:
                even, odd = self._kernels(index, axes[0], abs(w1))
                planes[a] = (len(kernels), len(kernels) + 1 if a else -1)
                kernels += [even, odd] if a else [even]
            if (a, b) not in shared:
                even, odd = self._kernels(index, axes[1], abs(w2))
                wanted = [(p, k) for p in planes[a] for k, there in ((even, True), (odd, b > 0)) if there and p >= 0]
                at = {(p, k is odd): len(terms) + n for n, (p, k) in enumerate(wanted)}
                terms += wanted
                p, q = planes[a]
                shared[a, b] = (at[p, False], at.get((q, True), -1), at.get((p, True), -1), at.get((q, False), -1))
            pc, qs, ps, qc = shared[a, b]
            s1, s2 = math.copysign(1, w1), math.copysign(1, w2)
            combinations.append(self._combined([(pc, 1.0), (qs, -s1 * s2), (ps, s2), (qc, s1)]))
        return kernels, terms, combinations

    def _in_space(self, index: int, orientation: int, frequency: NDArray[np.float64]) -> Cascade:
        """Passes of one direction; each takes two planes, the real and the imaginary part, to two."""
        z, y, x = (self._kernels(index, axis, frequency[axis]) for axis in range(3))

        def terms(kernels: Kernels) -> list[tuple[int, NDArray[np.float64]]]:
            even, odd = kernels
            return [(0, even), (1, odd), (0, odd), (1, even)]

        real, imaginary = [(0, 1.0), (1, -1.0), (0, 0.0), (0, 0.0)], [(2, 1.0), (3, 1.0), (0, 0.0), (0, 0.0)]
        last = Stage.of(terms(z), [self._combined([(0, 1.0), (1, -1.0), (2, 1.0), (3, 1.0)])])
        return Cascade(*_rows(x), Stage.of(terms(y), [real, imaginary]), last, index, orientation)

    def _combined(self, four: list[tuple[int, float]]) -> list[tuple[int, float]]:
        """Terms and weights of a map from those of the real part (two) and of the imaginary part (two)."""
        phase = math.radians(self.params.psi)
        cosine, sine = math.cos(phase), math.sin(phase)
        factors = {
            "modulus": (1.0, 1.0),  # whatever the phase
            "real": (cosine, -sine),
            "imaginary": (sine, cosine),
        }[self.params.response]
        return [(max(t, 0), w * factors[n // 2] if t >= 0 else 0.0) for n, (t, w) in enumerate(four)]

    def filter(
        self, array: NDArray[Any], out: NDArray[np.float32], first: int, last: int, planes: int, index: int
    ) -> Generator[Progress, None, None]:
        """Write the maps of slices `first` to `last` into `out` (all maps of the bank); this is plane `index` of `planes`."""
        groups = {cascade.first: [c for c in self.cascades if c.first == cascade.first] for cascade in self.cascades}
        for done, (orientation, cascades) in enumerate(groups.items()):
            work = list(self._work(array, out, first, last, cascades, planes, index, index > 0 or orientation > 0))
            for count, _ in enumerate(in_threads(work), 1):
                yield Progress((done + count / len(work)) / len(groups), "Gabor bank")

    def _work(
        self,
        array: NDArray[Any],
        out: NDArray[np.float32],
        first: int,
        last: int,
        cascades: list[Cascade],
        planes: int,
        index: int,
        begun: bool,
    ) -> Iterator[Callable[[], None]]:
        """Pieces that depend on nothing but the image: a strip of a slice, or of a brick, of one wavelength."""
        pooled, orientations = self.params.pool != "none", len(self.params.orientations)
        how = (
            int(self.params.response == "modulus"),
            ("none", "mean", "max").index(self.params.pool),
            1 / (orientations * planes),
            begun,
        )
        for cascade in sorted(cascades, key=lambda each: -each.multiplications):
            start = cascade.wavelength if pooled else (cascade.wavelength * planes + index) * orientations + cascade.first
            count = 1 if pooled else len((cascade.z or cascade.y).parts)
            maps = out[start : start + count]
            for block in self._blocks(cascade, first, last):
                into = maps[(slice(None), slice(block[0].start - first, block[0].stop - first), *block[1:])]
                yield partial(self._filter, array, into, cascade, block, how)

    def _blocks(self, cascade: Cascade, first: int, last: int) -> Iterator[tuple[slice, slice, slice]]:
        """Strips of slices, or of bricks of which the middle results are few."""
        depth, height, step = last - first, self.shape[1], 1
        if cascade.z:
            step = min(depth, max(128, 6 * cascade.z.radius))
            a_row = 4 * WIDTH * len(cascade.y.parts) * cascade.z.places(step)
            height = min(height, max(ROWS, BRICK_BYTES // threads() // a_row))
        for z in range(first, last, step):
            for y in range(0, self.shape[1], height):
                for x in range(0, self.shape[2], WIDTH):
                    yield (
                        slice(z, min(z + step, last)),
                        slice(y, min(y + height, self.shape[1])),
                        slice(x, min(x + WIDTH, self.shape[2])),
                    )

    def _filter(
        self,
        array: NDArray[Any],
        out: NDArray[np.float32],
        cascade: Cascade,
        block: tuple[slice, slice, slice],
        how: tuple[int, int, float, bool],
    ) -> None:
        """Run one piece of the work."""
        y, z = cascade.y, cascade.z
        radii = (z.radius if z else 0, y.radius, cascade.row_radius)
        places = [beyond(s.start, s.stop, n, r, self.params.boundary) for s, n, r in zip(block, array.shape, radii, strict=True)]
        lows = [int(p[p >= 0].min()) for p in places]
        cut = tuple(slice(low, int(p.max()) + 1) for low, p in zip(lows, places, strict=True))
        piece = np.asarray(array[cut], np.float32)
        slices, rows, columns = (np.where(p >= 0, p - low, -1) for p, low in zip(places, lows, strict=True))
        depth, height = (s.stop - s.start for s in block[:2])
        planes = self._scratch("planes", len(cascade.row_taps), WIDTH * y.places(height))
        sums = self._scratch("sums", max(len(y.taps), len(z.taps) if z else 0) + 2, WIDTH * BLOCK)
        line = self._scratch("line", WIDTH + cascade.row_taps.shape[1])
        around = (rows, _owners(rows), columns, cascade.row_taps, planes, line)
        if z is None:
            across(piece[0], *around)
            down(planes, y.sources, y.taps, sums, y.parts, y.weights, *how, out[:, 0])
            return
        middle = self._scratch("middle", height, len(y.parts), WIDTH * z.places(depth))
        middle[:, :, WIDTH * len(slices) :] = 0
        by_place = [middle[:, :, n * WIDTH : (n + 1) * WIDTH] for n in range(len(slices))]
        for here, source, owner in zip(by_place, slices, _owners(slices), strict=True):
            if source < 0:
                here[:] = 0
            elif by_place[owner] is not here:
                here[:] = by_place[owner]
            else:
                across(piece[source], *around)
                down(planes, y.sources, y.taps, sums, y.parts, y.weights, 0, 0, 1.0, False, here.transpose(1, 0, 2))
        for row, filtered in enumerate(middle):
            down(filtered, z.sources, z.taps, sums, z.parts, z.weights, *how, out[:, :, row])

    def _scratch(self, name: str, *shape: int) -> NDArray[np.float32]:
        """Memory of this thread, kept for the next piece."""
        size = math.prod(shape)
        held: NDArray[np.float32] | None = getattr(self._local, name, None)
        if held is None or held.size < size:
            held = np.zeros(size, np.float32)
            setattr(self._local, name, held)
        return held[:size].reshape(shape)


def _owners(places: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each place the first that holds the same voxels."""
    _, first, which = np.unique(places, return_index=True, return_inverse=True)
    owners: NDArray[np.int64] = first[which].astype(np.int64)
    return owners
