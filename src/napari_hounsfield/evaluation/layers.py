"""What a comparison looks like in the image: where a class is right or wrong, and how far surfaces lie apart."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.components import Box, bounding_box, slabs
from napari_hounsfield.errors import LabelError
from napari_hounsfield.operation import Progress, finish, part
from napari_hounsfield.results import Segmentation, as_label_map
from napari_hounsfield.volume import LabelMap, Volume

from .matching import SharedClass, shared_classes
from .surface import surface, surface_distances

ERRORS = {1: "true positive", 2: "false positive", 3: "false negative"}
"""Classes of an error map."""


def error_map(prediction: LabelMap | Segmentation, reference: LabelMap | Segmentation, label: int) -> LabelMap:
    """Label where one class is found rightly (1), wrongly (2) and missed (3), on the reference's grid; 0 is everything else.

    Parameters
    ----------
    prediction, reference
        (z, y, x) on the same lattice; stored flipped or permuted is matched by geometry.
    label
        The class, as `evaluate` numbers it.

    Raises
    ------
    GridError
        If the grids are different lattices.
    LabelError
        If neither map has the class.
    """
    return finish(error_map_steps(prediction, reference, label))


def surface_distance_map(prediction: LabelMap | Segmentation, reference: LabelMap | Segmentation, label: int) -> Volume:
    """Distance in mm from each surface voxel of a predicted class to the surface of the reference.

    The volume is float32 on the reference's grid; `valid` is True on the surface of the prediction, and elsewhere the value is 0.

    Parameters
    ----------
    prediction, reference
        (z, y, x) on the same lattice; stored flipped or permuted is matched by geometry.
    label
        The class, as `evaluate` numbers it.

    Raises
    ------
    GridError
        If the grids are different lattices.
    LabelError
        If one of the maps has no voxel of the class.
    """
    return finish(surface_distance_map_steps(prediction, reference, label))


def error_map_steps(
    prediction: LabelMap | Segmentation, reference: LabelMap | Segmentation, label: int
) -> Generator[Progress, None, LabelMap]:
    """Steps of `error_map`, to be drawn and cancelled."""
    ours, theirs, shared = _compared(prediction, reference, label)
    errors = np.zeros(theirs.array.shape, np.uint8)
    for planes in slabs(errors.shape):
        found = _inside(ours.array[planes], shared.in_prediction)
        there = _inside(theirs.array[planes], shared.in_reference)
        errors[planes] = np.select([found & there, found, there], [1, 2, 3], 0)
        yield Progress(planes.stop / len(errors))
    return _on_reference(theirs, errors, shared.name)


def surface_distance_map_steps(
    prediction: LabelMap | Segmentation, reference: LabelMap | Segmentation, label: int
) -> Generator[Progress, None, Volume]:
    """Steps of `surface_distance_map`, to be drawn and cancelled."""
    ours, theirs, shared = _compared(prediction, reference, label)
    boxes = []
    for name, data, values in (("prediction", ours, shared.in_prediction), ("reference", theirs, shared.in_reference)):
        boxes.append(bounding_box(data.array, values))
        if boxes[-1] is None:
            raise LabelError(f"the {name} has no voxel of {shared.name!r}")
        yield Progress(0.05 * len(boxes))
    box = _around(*(b for b in boxes if b is not None))
    first, second = _inside(ours.array[box], shared.in_prediction), _inside(theirs.array[box], shared.in_reference)
    along = [axis for axis, n in enumerate(theirs.array.shape) if n > 1]
    found = yield from part(surface_distances(first, second, theirs.affine[:3, :3], None, along), 0.1, 0.9)
    of_class = surface(first, along)
    yield Progress(0.95)
    edge, distances = np.zeros(theirs.array.shape, bool), np.zeros(theirs.array.shape, np.float32)
    edge[box] = of_class
    distances[box][of_class] = found.from_first
    yield Progress(1)
    return Volume(
        distances,
        theirs.affine,
        unit="mm",
        valid=edge,
        frame_of_reference=theirs.frame_of_reference,
        source=theirs.source,
        name=f"{shared.name}: surface distance",
    )


def _compared(
    prediction: LabelMap | Segmentation, reference: LabelMap | Segmentation, label: int
) -> tuple[LabelMap, LabelMap, SharedClass]:
    """Both maps on the reference's grid, and the class of that number."""
    reference = reference.labels if isinstance(reference, Segmentation) else reference
    ours = as_label_map(prediction, reference.grid)
    of_number = [c for c in shared_classes(ours, reference, [label], [label]) if c.label == label]
    if not of_number:
        raise LabelError(f"neither map has a class {label}")
    # A value that the reference calls by another name is not its class: the reference's own comes first.
    return ours, reference, max(of_number, key=lambda c: (bool(c.in_reference), len(c.in_prediction)))


def _inside(labels: NDArray[Any], values: tuple[int, ...]) -> NDArray[np.bool_]:
    return labels == values[0] if len(values) == 1 else np.isin(labels, values)


def _around(first: Box, second: Box) -> Box:
    z, y, x = (slice(min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(first, second, strict=True))
    return z, y, x


def _on_reference(reference: LabelMap, errors: NDArray[np.uint8], name: str) -> LabelMap:
    return LabelMap(
        errors,
        reference.affine,
        ERRORS,
        frame_of_reference=reference.frame_of_reference,
        source=reference.source,
        name=f"{name}: errors",
    )
