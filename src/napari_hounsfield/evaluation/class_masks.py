"""Masks of one class, cropped to where it is, and what is measured of them: surfaces and objects."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.boxes import around
from napari_hounsfield.components import Box
from napari_hounsfield.operation import Progress, part

from .figures import SURFACE_FIGURES
from .matching import SharedClass
from .objects import object_figures
from .rates import NEITHER, NO_PREDICTION, NO_REFERENCE
from .surface import surface_distances

Labels = NDArray[np.integer]
Found = tuple[dict[str, Any], dict[str, str]]
"""Figures by name, and the reasons for those that are undefined."""

NO_OBJECTS = {
    "object_sensitivity": "the reference has no object of this class",
    "object_precision": "the prediction has no object of this class",
    "object_dice": "no object was matched",
}


@dataclass(frozen=True, eq=False)
class ClassMasks:
    """Two label arrays (z, y, x) of one grid, and which of their voxels are counted."""

    prediction: Labels
    reference: Labels
    region: Labels | None
    ignore: tuple[int, ...]
    affine: NDArray[np.float64]

    def counted(self, place: slice | Box) -> NDArray[np.bool_] | None:
        """Which voxels of a part of the grid are counted; None: all."""
        counted = None if self.region is None else self.region[place] != 0
        if self.ignore:
            kept = np.isin(self.reference[place], self.ignore, invert=True)
            counted = kept if counted is None else counted & kept
        return counted

    def predicted(self, shared: SharedClass, place: slice | Box) -> NDArray[np.bool_]:
        """Where the prediction has a class, in a part of the grid."""
        return _equal(self.prediction[place], shared.in_prediction)

    def referred(self, shared: SharedClass, place: slice | Box) -> NDArray[np.bool_]:
        """Where the reference has a class, in a part of the grid."""
        return _equal(self.reference[place], shared.in_reference)

    def figures(
        self, shared: SharedClass, ours: Box | None, theirs: Box | None, tolerance: float | None, overlap: float | None
    ) -> Generator[Progress, None, Found]:
        """Measure surfaces and objects of a class.

        Parameters
        ----------
        shared
            The class.
        ours, theirs
            Where prediction and reference have it; None: nowhere.
        tolerance
            Of surface Dice, in mm; None: surfaces are not measured.
        overlap
            Least intersection over union of matched objects; None: objects are not matched.
        """
        boxes = [box for box in (ours, theirs) if box is not None]
        box = around(boxes[0], boxes[-1]) if boxes else (slice(0, 1),) * 3
        masks, counted = (self.predicted(shared, box), self.referred(shared, box)), self.counted(box)
        values: dict[str, Any] = {}
        reasons: dict[str, str] = {}
        if tolerance is not None and ours and theirs:
            steps = surface_distances(*masks, self.affine[:3, :3], counted, self._along())
            distances = yield from part(steps, 0, 1 if overlap is None else 0.6)
            values = {
                "hausdorff_mm": distances.hausdorff,
                "hausdorff95_mm": distances.hausdorff95,
                "average_surface_distance_mm": distances.average,
                "surface_dice": distances.surface_dice(tolerance),
            }
            reasons = dict.fromkeys(SURFACE_FIGURES, "the region holds no surface of this class")
        elif tolerance is not None:
            values = {"surface_dice": 0.0} if boxes else {}
            reasons = dict.fromkeys(SURFACE_FIGURES, NO_PREDICTION if theirs else NO_REFERENCE if ours else NEITHER)
        if overlap is not None:
            if counted is not None:
                masks = masks[0] & counted, masks[1] & counted
            found = yield from part(object_figures(*masks, overlap, _moved(self.affine, box)), 0.6, 1)
            values |= found
            reasons |= NO_OBJECTS
        return values, reasons

    def _along(self) -> list[int]:
        """Axes that the image has."""
        return [axis for axis, n in enumerate(self.reference.shape) if n > 1]


def _equal(labels: Labels, values: tuple[int, ...]) -> NDArray[np.bool_]:
    return labels == values[0] if len(values) == 1 else np.isin(labels, values)


def _moved(affine: NDArray[np.float64], box: Box) -> NDArray[np.float64]:
    """Affine of a part of the grid."""
    moved = affine.copy()
    moved[:3, 3] += affine[:3, :3] @ [s.start for s in box]
    return moved
