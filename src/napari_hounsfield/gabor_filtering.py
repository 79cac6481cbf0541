"""Running a Gabor bank over an array, each filter by the method that suits it."""

from __future__ import annotations

import math
import sys
import threading
from collections.abc import Callable, Generator, Sequence
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

from numpy.typing import NDArray

from .errors import ParameterError
from .gabor_device import DeviceFilters, gpu
from .gabor_kernels import Plane, planes_of, support
from .gabor_spectra import SpectralFilters
from .operation import Progress, part

if TYPE_CHECKING:
    import numpy as np

    from .gabor_bank import GaborParams
    from .grid import Grid

MOST_BYTES = 2**30
"""Most memory that the spectra of a bank, and the making of one filter, may take."""
KEPT_BYTES = 2**26
"""Most memory that a bank may hold on to after its use."""
FEW_VOXELS = 100_000
"""Below this many voxels times maps spectra are made before compiled passes are loaded."""
BUTTERFLY = 30.0
"""Multiplications of a pass that take as long as one voxel of a spectrum times the logarithm of its size."""

Method = Literal["auto", "separable", "spectra", "device"]


class Bank:
    """A Gabor bank made ready for one grid: run it over the whole array or over a range of slices.

    Parameters
    ----------
    grid
        Where the voxels lie.
    params
        Resolved parameters.
    method
        `separable` runs one-dimensional passes, compiled, and needs a gamma of 1; `spectra` takes any filter; `device` does
        the same on torch's device. They agree to 1e-5 of the largest response. Without a GPU the choice depends on nothing but
        grid and parameters, so that the same image gives the same maps.

    Raises
    ------
    ParameterError
        If the spectra would take too much memory, with the number that would fit.
    """

    def __init__(self, grid: Grid, params: GaborParams, method: Method = "auto") -> None:
        self.params, self.grid = params, grid
        where = (gpu() or "cpu") if method == "device" else gpu() if method == "auto" else ""
        self.planes = planes_of(params.planes, grid)
        self.separable: list[list[int]] = [
            [k for k in range(len(params.wavelengths)) if not where and _is_separable(plane, grid.shape, params, k, method)]
            for plane in self.planes
        ]
        """Indices of the wavelengths that each plane filters by passes."""
        self._spectral = _spectral_filters(self.planes, grid.shape, params, self.separable, where)
        self._passes: dict[int, Any] = {}

    @property
    def bytes(self) -> int:
        """Memory that spectra take."""
        return sum(filters.bytes for some in self._spectral for filters in some)

    @property
    def reach(self) -> int:
        """Slices beyond a slice that its responses depend on."""
        params, most = self.params, 0
        for plane in self.planes:
            if 0 in plane.axes:
                sigma = max(params.sigma_of(k) for k in range(len(params.wavelengths)))
                most = max(most, support(plane, sigma, params.gamma, params.truncate)[plane.axes.index(0)])
        return min(most, self.grid.shape[0] - 1) if params.boundary == "constant" else most

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
        for index, (separable, spectral) in enumerate(zip(self.separable, self._spectral, strict=True)):
            runs: list[Any] = list(spectral)
            if separable and (yield from compiled_passes()):
                runs.append(self._plane_of_passes(index))
            elif separable:
                runs += [SpectralFilters(self.planes[index], self.grid.shape, self.params, k) for k in separable]
            for done, run in enumerate(runs):
                steps = run.filter(array, out, first, last, len(self.planes), index)
                start, size = (index + done / len(runs)) / len(self.planes), 1 / len(self.planes) / len(runs)
                yield from part(steps, start, start + size)

    def _plane_of_passes(self, index: int) -> Any:
        from .gabor_separable import SeparablePlane

        if index not in self._passes:
            self._passes[index] = SeparablePlane(self.planes[index], self.grid.shape, self.params, self.separable[index])
        return self._passes[index]


_kept: list[tuple[Any, Bank]] = []


def bank_of(grid: Grid, params: GaborParams) -> Bank:
    """Return a bank; the last one, if it is small, again for the same filters, as when one slice after the other is filtered."""
    key = (grid.shape, grid.spacing, grid.patient_axes, params.model_dump_json(), gpu())
    for known, bank in list(_kept):
        if known == key:
            return bank
    bank = Bank(grid, params)
    _kept[:] = [(key, bank)] if bank.bytes <= KEPT_BYTES else []
    return bank


def compiled_passes() -> Generator[Progress, None, bool]:
    """Load the compiled passes, or compile them where this has not been done before, and report meanwhile.

    Returns False where numba does not work, as beside a NumPy that is too new for it.
    """
    name = f"{__package__}.gabor_compiled"
    failed = []

    def load() -> None:
        try:
            import_module(name)
        except ImportError as error:
            failed.append(error)

    if name in sys.modules:
        load()  # waits for another thread that is at it
        return not failed
    thread = threading.Thread(target=load, daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(0.1)
        yield Progress(0.0, "compiling")
    return not failed


def _is_separable(plane: Plane, shape: tuple[int, int, int], params: GaborParams, index: int, method: Method) -> bool:
    """Whether the filters of one wavelength are to be run as passes."""
    if params.gamma != 1:
        if method == "separable":
            raise ParameterError(f"gamma {params.gamma:g}: only filters of gamma 1 are separable")
        return False
    if method != "auto":
        return method == "separable"
    lengths = [2 * r + 1 for r in support(plane, params.sigma_of(index), 1.0, params.truncate)]
    sizes = [shape[axis] for axis in plane.axes]
    orientations = len(params.orientations)
    if math.prod(shape) * orientations < FEW_VOXELS:
        return False
    passes = 3.3 * max(lengths) if len(lengths) == 2 else 10 * sum(lengths) / 3
    padded = math.prod(n + length - 1 for n, length in zip(sizes, lengths, strict=True))
    spectra = BUTTERFLY * padded / math.prod(sizes) * math.log2(padded)
    asked = SpectralFilters(plane, shape, params, index)
    return passes < spectra or max(asked.bytes, asked.bytes_of_one) > MOST_BYTES // 2


def _spectral_filters(
    planes: Sequence[Plane], shape: tuple[int, int, int], params: GaborParams, separable: Sequence[Sequence[int]], where: str
) -> list[list[SpectralFilters]]:
    """The filters of every plane that are run by spectra, on a device of torch if `where` names one.

    Raises
    ------
    ParameterError
        If they would take more memory than `MOST_BYTES`, with the number that would fit.
    """

    def filters_of(changed: GaborParams) -> list[list[SpectralFilters]]:
        rest = [[k for k in range(len(params.wavelengths)) if k not in done] for done in separable]
        made = partial(DeviceFilters, where=where) if where else SpectralFilters
        return [[made(p, shape, changed, k) for k in some] for p, some in zip(planes, rest, strict=True)]

    def bytes_of(changed: GaborParams) -> int:
        filters = [each for some in filters_of(changed) for each in some]
        return max(sum(each.bytes for each in filters), max((each.bytes_of_one for each in filters), default=0))

    needed = bytes_of(params)
    if needed <= MOST_BYTES:
        return filters_of(params)
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
