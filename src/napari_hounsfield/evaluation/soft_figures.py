"""The probabilities of a segmentation against a reference: which map is of which class, and what is measured of it."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.grid import reordered
from napari_hounsfield.operation import Progress, part
from napari_hounsfield.results import Features
from napari_hounsfield.volume import BACKGROUND, LabelMap

from .class_masks import ClassMasks
from .curves import ClassCurves
from .figures import PROBABILITY_FIGURES
from .matching import SharedClass
from .probabilities import Masks, class_curves, maps_by_name, maps_by_value, top_calibration
from .rates import NOTHING

UNNAMED = "The maps of probabilities have no names: they are taken in the order of the label values."


@dataclass(frozen=True)
class SoftFigures:
    """What probabilities are worth."""

    curves: tuple[ClassCurves, ...]
    by_class: dict[SharedClass, ClassCurves]
    overall: dict[str, float | None]
    reasons: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def of_class(self, shared: SharedClass) -> tuple[dict[str, Any], dict[str, str]]:
        """Figures of a class by name, and the reasons for those that are undefined."""
        if shared not in self.by_class:
            return {}, dict.fromkeys(PROBABILITY_FIGURES, "no map of probabilities has the name of this class")
        curves = self.by_class[shared]
        return {name: getattr(curves, name) for name in PROBABILITY_FIGURES}, curves.reasons


def probability_figures(
    probabilities: Features, masks: ClassMasks, every: Sequence[SharedClass], ours: LabelMap, compared: Sequence[int]
) -> Generator[Progress, None, SoftFigures]:
    """Measure the probabilities of each class that has a map of its name; background only for the figures of all together.

    Padding, where the image was not scanned, is left out.

    Parameters
    ----------
    probabilities
        One map a class, on the lattice of the reference.
    masks
        Labels of prediction and reference, and what is counted.
    every
        The classes of both, background first.
    ours
        The prediction, whose names count.
    compared
        Places in `every` of the classes that are reported.

    Raises
    ------
    LabelError
        If maps have no names, and are not as many as the classes.
    """
    grid = LabelMap(masks.reference, masks.affine).grid
    maps = [reordered(scores, probabilities.grid, grid, "probabilities") for scores in probabilities.array]
    valid = None if probabilities.valid is None else reordered(probabilities.valid, probabilities.grid, grid, "probabilities")
    named = any(name.strip() for name in probabilities.names)
    if named:
        of_class = maps_by_name(probabilities.names, {i: _aliases(c, ours) for i, c in enumerate(every)})
    else:
        of_class = maps_by_value(len(maps), [c.in_prediction or c.in_reference for c in every])

    def counted(planes: slice) -> NDArray[np.bool_]:
        kept = masks.counted(planes)
        if kept is None:
            return np.ones(masks.reference[planes].shape, bool) if valid is None else valid[planes]
        return kept if valid is None else kept & valid[planes]

    def of(shared: SharedClass) -> Masks:
        return lambda planes: (masks.referred(shared, planes), counted(planes))

    def truth(planes: slice) -> NDArray[np.int64]:
        place = np.full(masks.reference[planes].shape, -1, np.int64)
        for i, here in of_class.items():
            place[masks.referred(every[i], planes)] = here
        return place

    curves = {}
    for done, (i, here) in enumerate(of_class.items()):
        steps = class_curves(every[i].label, every[i].name, maps[here], of(every[i]))
        curves[i] = yield from part(steps, 0.8 * done / len(of_class), 0.8 * (done + 1) / len(of_class))
    ece = yield from part(top_calibration(maps, truth, counted), 0.8, 1)  # checks the maps of no class too
    overall: dict[str, float | None] = {"brier": None, "ece": None}
    reason = "not every class has a map of probabilities"
    if len(of_class) == len(maps) == len([c for c in every if c.label == 0 or c.in_reference]):
        reason = NOTHING
        overall["ece"] = ece
        errors = [c.brier for c in curves.values()]
        overall["brier"] = sum(e for e in errors if e is not None) if None not in errors else None
    reasons = {name: reason for name, value in overall.items() if value is None}
    drawn = {every[i]: curves[i] for i in compared if i in curves}
    return SoftFigures(tuple(drawn.values()), drawn, overall, reasons, () if named else (UNNAMED,))


def _aliases(shared: SharedClass, ours: LabelMap) -> list[str]:
    """Names that the map of a class may have: what the prediction calls it, and what the comparison does."""
    names = [ours.class_name(value) for value in shared.in_prediction]
    return [*names, shared.name, *([] if shared.label else [BACKGROUND])]
