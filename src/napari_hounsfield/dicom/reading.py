"""Execute a plan: decode its planes in a few threads into one array."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.errors import DicomError
from napari_hounsfield.operation import Progress
from napari_hounsfield.runtime import threads
from napari_hounsfield.volume import Source, Volume

from .guards import quiet, typed
from .pixels import stored_values
from .rescaling import integral, outside, rescaled
from .tags import named

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from .header import Header
    from .plan import Plan

Mask = NDArray[np.bool_]


def read_plan(plan: Plan) -> Generator[Progress, None, Volume]:
    """Read the planes of a plan; yields Progress every few planes, returns the volume.

    Raises
    ------
    DicomError
        If a plane cannot be read, naming its file; no plane is ever left out.
    """
    whole = integral(plan.planes)
    array: NDArray[Any] | None = None
    valid: Mask | None = None
    at = 0
    with ThreadPoolExecutor(threads()) as pool:
        for batch in _batches(plan.planes, 2 * threads()):
            with quiet():
                results = list(pool.map(lambda plane: _plane(plane, whole, plan.unit == "HU"), batch))
            for values, padded in results:
                array = _holding(array, values, plan)
                array[at] = values
                if padded is not None:
                    valid = np.ones(plan.grid.shape, bool) if valid is None else valid
                    valid[at] = ~padded
                at += 1
            yield Progress(at / len(plan.planes), f"{at} of {len(plan.planes)} slices")
    for pair in plan.duplicates:
        _check_duplicate(*pair)
        yield Progress(1.0, "comparing duplicates")
    assert array is not None
    warnings = plan.warnings
    if valid is not None and not valid.any():
        valid, warnings = None, (*warnings, "Every voxel is marked as padding: the mark is ignored.")
    return Volume(
        array,
        plan.grid.affine,
        unit=plan.unit,
        modality=plan.modality,
        valid=valid,
        warnings=warnings,
        name=plan.name,
        frame_of_reference=plan.grid.frame_of_reference,
        source=Source(plan.planes[0].series_uid, tuple(plane.path for plane in plan.planes)),
    )


def _batches(planes: tuple[Header, ...], size: int) -> Iterator[tuple[Header, ...]]:
    for start in range(0, len(planes), size):
        yield planes[start : start + size]


def _plane(plane: Header, whole: bool, hounsfield: bool) -> tuple[NDArray[Any], Mask | None]:
    with typed(f"{plane.name}: cannot be read"):
        stored = stored_values(plane)
        values = rescaled(stored, plane, whole)
        return values, outside(stored, values, plane, hounsfield)


def _holding(array: NDArray[Any] | None, values: NDArray[Any], plan: Plan) -> NDArray[Any]:
    """The array that takes `values`: allocated once a first plane was decoded, widened where int16 is not enough."""
    with typed(f"{plan.name}: {plan.grid.shape} voxels do not fit into memory"):
        if array is None:
            return np.empty(plan.grid.shape, values.dtype)
        return array.astype(np.promote_types(array.dtype, values.dtype), copy=False)


def _check_duplicate(kept: Header, dropped: Header) -> None:
    with quiet():
        if not np.array_equal(stored_values(kept), stored_values(dropped)):
            raise DicomError(f"{dropped.name}: {named('SOPInstanceUID')} is that of {kept.name}, but its pixels are not")
