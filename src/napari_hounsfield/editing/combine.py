"""Boolean operations between classes."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.components import bounding_box, slabs
from napari_hounsfield.errors import LabelError, ParameterError
from napari_hounsfield.operation import Progress, Whole, operation
from napari_hounsfield.results import as_label_map
from napari_hounsfield.volume import LabelMap

from .params import EditParams, label_value, label_values
from .writing import Rules, one_of, require_class, write


class CombineParams(EditParams):
    """Which classes are combined, and how."""

    others: Literal["keep", "overwrite"] = "overwrite"
    """What becomes of other classes where the result goes."""
    label: int = label_value()
    """The first class."""
    classes: Whole = label_values("choose")
    """The second: these labels together, which must be named. Of another label map, empty: all of it."""
    how: Literal["union", "intersection", "difference", "exclusive or"] = "union"
    """union: in either; intersection: in both; difference: in the first and not in the second; exclusive or: in one of both."""
    into: int = label_value(0, "the first")
    """The class that the result becomes, in place of what it was. 0: the first."""


@operation("combine", CombineParams)
def combine(labels: LabelMap, other: LabelMap | None = None, *, params: CombineParams) -> Generator[Progress, None, LabelMap]:
    """Combine classes by a Boolean operation into one.

    The first class is of `labels`; the second is of the other label map, or of the same one without another. Within one label
    map classes never overlap, so that only their union, which merges them, is of use there.

    Parameters
    ----------
    labels
        (z, y, x); 0 is background.
    other
        Labels on the same lattice that hold the second class; flipped or permuted storage is matched by geometry.
    params
        Classes and operation.

    Returns
    -------
    LabelMap
        `labels` with the result as a class: its voxels are exactly those of the result, as far as other classes allow.

    Raises
    ------
    GridError
        If the other map lies on another grid.
    LabelError
        If a class is locked, or neither occurs nor has a name.
    ParameterError
        If no second class is named, or classes of one map are to be intersected.
    """
    if other is None and not params.classes:
        raise ParameterError("combine: name the classes that the first is combined with, or give another label map")
    into = params.into or params.label
    require_class(labels, into, params)
    second = labels if other is None else as_label_map(other, labels.grid)
    if other is None and params.how == "intersection":
        raise ParameterError("classes of one label map never overlap: give the other label map to intersect with")
    _require_known(labels, [params.label])
    _require_known(second, params.classes)
    rules = Rules.of(params, {into, params.label, *(params.classes if other is None else ())})
    array = labels.array.copy()
    for planes in slabs(array.shape):
        here = labels.array[planes]
        first = here == params.label
        result = _combined(first, _second(second.array[planes], params.classes), params.how)
        write(array[planes], ~result & (here == into), 0, rules)
        write(array[planes], result, into, rules)
        yield Progress(planes.stop / len(array), "combine")
    return replace(labels, array=array)


def _second(labels: NDArray[Any], classes: Sequence[int]) -> NDArray[np.bool_]:
    """Where the second class lies."""
    return one_of(labels, classes) if classes else np.asarray(labels != 0)


def _combined(first: NDArray[np.bool_], second: NDArray[np.bool_], how: str) -> NDArray[np.bool_]:
    ways: dict[str, Callable[..., Any]] = {
        "union": np.logical_or,
        "intersection": np.logical_and,
        "difference": np.greater,
        "exclusive or": np.not_equal,
    }
    found: NDArray[np.bool_] = ways[how](first, second)
    return found


def _require_known(labels: LabelMap, values: Sequence[int]) -> None:
    """Raise LabelError unless every value is a class, by its name or its voxels."""
    for value in values:
        if value not in labels.classes and bounding_box(labels.array, [value]) is None:
            raise LabelError(f"{labels.name or 'labels'}: there is no class of the label {value}")
