"""Giving all voxels of a class to another: merging two classes, or removing one."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

import numpy as np

from napari_hounsfield.components import slabs
from napari_hounsfield.operation import Params, Progress, number, operation
from napari_hounsfield.volume import LabelMap


class ReassignParams(Params):
    """Which class goes, and to which."""

    label: int = number(1, 0, 2**31 - 1)
    """Label value of the class that goes, with its name."""
    to: int = number(0, 0, 2**31 - 1)
    """Label value that its voxels get; 0: background."""


@operation("reassign", ReassignParams)
def reassign(labels: LabelMap, params: ReassignParams) -> Generator[Progress, None, LabelMap]:
    """Give all voxels of a class to another, and drop its name.

    Parameters
    ----------
    labels
        (z, y, x).
    params
        Which.

    Returns
    -------
    LabelMap
        On the same grid, without the class.
    """
    array = labels.array.copy()
    for planes in slabs(array.shape):
        some = array[planes]
        np.copyto(some, np.asarray(params.to, array.dtype), where=some == params.label)
        yield Progress(planes.stop / len(array))
    return replace(labels, array=array, classes={v: name for v, name in labels.classes.items() if v != params.label})
