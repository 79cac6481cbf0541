"""Execute a plan: its planes in a few threads into one array, first the one that a viewer shows."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.errors import DicomError
from napari_hounsfield.operation import Progress
from napari_hounsfield.runtime import threads
from napari_hounsfield.volume import Volume

from .codecs import PARALLEL
from .colour import read_rgb
from .direct import stored_directly
from .guards import quiet, typed
from .pixel_files import PixelFiles
from .pixels import UNREADABLE, naming, read_stored
from .rescaling import Scaling, outside, padded, rescaled, scaling
from .syntaxes import UNCOMPRESSED
from .tags import named

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from .header import Header
    from .plan import Plan

Mask = NDArray[np.bool_]
TASKS_A_STEP = 4
"""Tasks of each thread between two reports of progress, at most."""
PIXELS_A_TASK = {True: 2**20, False: 2**18}
PIXELS_A_STEP = {True: 2**25, False: 2**21}
"""Pixels, uncompressed or not, that take far less than half a second, so that reading can be cancelled at once."""
ALL_PADDING = "Every voxel is marked as padding: the mark is ignored."


def read_plan(plan: Plan) -> Generator[Progress, None, Volume]:
    """Read the planes of a plan.

    Yields Progress every few planes. The first has the volume as its result: with the middle plane of the first time point, while
    the other planes of its array are 0, and fill while reading goes on. The volume returned has the same array, unless a plane
    holds values for which a wider type is needed, or the planes are resampled.

    Raises
    ------
    DicomError
        If a plane cannot be read, naming its file; no plane is ever left out.
    """
    with typed(f"{plan.name}: {plan.shape} voxels do not fit into memory"):
        filling = _Filling(plan)
    total, done = len(plan.planes), 0
    with PixelFiles() as files, ThreadPoolExecutor(_workers(plan)) as pool:
        for step in _steps(plan):
            for result in list(pool.map(lambda task: filling.read(task, files), step)):
                filling.take(result)
            files.trim()
            partial = filling.volume() if not done and total > 1 and plan.regridding is None else None
            done += sum(len(task) for task in step)
            yield Progress(done / total, f"{done} of {total} slices", partial)
    with PixelFiles() as files:
        for pair in plan.duplicates:
            _check_duplicate(*pair, files)
            files.trim()
            yield Progress(1.0, "comparing duplicates")
    if plan.regridding is not None:
        from .regridding import regridded

        regridding = regridded(filling.array, filling.valid, plan.regridding, plan.grid)
        filling.array, filling.valid = yield from regridding
    return filling.volume()


def preview(plan: Plan) -> NDArray[Any]:
    """Rescaled middle plane (rows, columns) of the first time point, or its colours (rows, columns, 3).

    Raises
    ------
    DicomError
        If it cannot be read, naming its file.
    """
    middle = plan.planes[plan.grid.shape[0] // 2]
    with PixelFiles() as files, naming(middle), typed(UNREADABLE), quiet():
        if plan.axes.endswith("c"):
            return read_rgb(middle, files)
        return rescaled(read_stored(middle, files), middle, scaling((middle,), plan.factor))


@dataclass(frozen=True)
class _Read:
    """What is left to do about a plane, one after the other."""

    index: int
    wide: NDArray[Any] | None
    """Its values, where the array does not hold them."""
    padding: Mask | None


class _Filling:
    """The volume of a plan, while its planes are read from several threads."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.colour = plan.axes.endswith("c")
        self.scaling: Scaling | None = None if self.colour else scaling(plan.planes, plan.factor)
        self.array: NDArray[Any] = np.zeros(plan.shape, self.scaling.dtype if self.scaling else np.uint8)
        self.planes = self._planes()
        self.valid: Mask | None = None

    def _planes(self) -> NDArray[Any]:
        """The array as planes in the order of the plan."""
        start = self.plan.axes.index("y")
        return self.array.reshape(-1, *self.array.shape[start:])

    def read(self, task: range, files: PixelFiles) -> list[_Read]:
        """Read planes into the array; threads may do so at the same time."""
        return [self._read(index, files) for index in task]

    def _read(self, index: int, files: PixelFiles) -> _Read:
        plane, out = self.plan.planes[index], self.planes[index]
        with naming(plane), typed(UNREADABLE), ExitStack() as silence:
            if self.scaling is None:
                silence.enter_context(quiet())
                colours = read_rgb(plane, files)
                if colours.dtype != out.dtype:
                    return _Read(index, colours, None)
                out[:] = colours
                return _Read(index, None, None)
            stored = stored_directly(plane, out)
            if stored is None:
                silence.enter_context(quiet())
                stored = read_stored(plane, files)
            padding = padded(stored, plane)
            values = rescaled(stored, plane, self.scaling, out)
            if self.plan.unit == "HU":
                padding = outside(values, padding)
            return _Read(index, None if values is out else values, padding)

    def take(self, results: list[_Read]) -> None:
        """Finish planes that were read; not to be called while threads read."""
        for result in results:
            if result.wide is not None:
                with typed(f"{self.plan.name}: {self.plan.shape} voxels do not fit into memory"):
                    self.array = self.array.astype(np.promote_types(self.array.dtype, result.wide.dtype), copy=False)
                self.planes = self._planes()
                self.planes[result.index] = result.wide
            if result.padding is not None:
                if self.valid is None:
                    self.valid = np.ones(self.plan.grid.shape, bool)
                self.valid[result.index % len(self.valid)] &= ~result.padding

    def volume(self) -> Volume:
        """The volume as it is now."""
        plan, valid, warnings = self.plan, self.valid, self.plan.warnings
        if valid is not None and not valid.any():
            valid, warnings = None, (*warnings, ALL_PADDING)
        grid = plan.grid if plan.regridding is None else plan.regridding.target
        return Volume(
            self.array,
            grid.affine,
            unit=plan.unit,
            modality=plan.modality,
            axes=plan.axes,
            valid=valid,
            warnings=warnings,
            window=plan.window,
            inverted=plan.inverted,
            name=plan.name,
            frame_of_reference=grid.frame_of_reference,
            source=plan.source,
        )


def _workers(plan: Plan) -> int:
    return threads() if all(plane.transfer_syntax in PARALLEL for plane in plan.planes) else 1


def _steps(plan: Plan) -> Iterator[list[range]]:
    """Planes, by index, in tasks of one thread each: first the middle one, which a viewer shows, then the others in order."""
    total, middle = len(plan.planes), plan.grid.shape[0] // 2
    first = plan.planes[0]
    plain = all(plane.transfer_syntax in UNCOMPRESSED for plane in plan.planes)
    pixels = first.rows * first.columns * first.samples
    size = min(max(PIXELS_A_TASK[plain] // pixels, 1), max(total // 32, 1), 8)
    count = max(min(TASKS_A_STEP * _workers(plan), PIXELS_A_STEP[plain] // (size * pixels)), _workers(plan))
    yield [range(middle, middle + 1)]
    tasks: list[range] = []
    for begin, end in ((0, middle), (middle + 1, total)):
        tasks += [range(at, min(at + size, end)) for at in range(begin, end, size)]
    for at in range(0, len(tasks), count):
        yield tasks[at : at + count]


def _check_duplicate(kept: Header, dropped: Header, files: PixelFiles) -> None:
    pixels = []
    for header in (kept, dropped):
        with naming(header), typed(UNREADABLE), quiet():
            pixels.append(read_rgb(header, files) if header.samples > 1 else read_stored(header, files))
    if not np.array_equal(pixels[0], pixels[1]):
        raise DicomError(f"{dropped.name}: {named('SOPInstanceUID')} is that of {kept.name}, but its pixels are not")
