"""Agreement of a label map with a reference: counts, rates, overlap and surface distances of each class."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from pydantic import field_validator

from napari_hounsfield.components import bounding_box
from napari_hounsfield.operation import Numbers, Params, Progress, numbers, operation, part
from napari_hounsfield.volume import LabelMap, Record, Segmentation, as_label_map, is_background

from .counts import class_counts, joint_counts
from .curves import ClassCurves, Confusion
from .figures import SURFACE_FIGURES, ClassFigures, class_figures, macro_means
from .matching import SharedClass, shared_classes
from .rates import NEITHER, NO_PREDICTION, NO_REFERENCE
from .surface import surface_distances
from .text_table import text_table


class EvaluateParams(Params):
    """What is counted, and how near a surface has to be."""

    surface: bool = True
    """Measure surface distances too."""
    tolerance: Numbers = numbers((), unit="mm", low=0, high=1000)
    """Surfaces no further apart agree, in surface Dice. Empty: the longest side of a voxel."""
    ignore: Numbers = numbers((), low=-(2**31), high=2**31)
    """Label values of the reference whose voxels are not counted."""

    @field_validator("tolerance")
    @classmethod
    def _one_tolerance(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if len(value) > 1:
            raise ValueError("one number of millimetres, or none")
        return value

    @field_validator("ignore")
    @classmethod
    def _whole_labels(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if any(label != int(label) for label in value):
            raise ValueError("label values are whole numbers")
        return value

    def resolve(self, *data: Any) -> EvaluateParams:
        """Fill the tolerance from the reference's voxels."""
        if self.tolerance or len(data) < 2:
            return self
        grid = (data[1].labels if isinstance(data[1], Segmentation) else data[1]).grid
        sides = [side for side, n in zip(grid.spacing, grid.shape, strict=True) if n > 1]
        return self.model_copy(update={"tolerance": (max(sides or grid.spacing),)})


@dataclass(frozen=True)
class Evaluation:
    """Figures of each class, and their means.

    Attributes
    ----------
    classes
        One record a class, background left out unless it is the only one.
    voxels
        How many were counted.
    tolerance_mm
        Of surface Dice.
    notes
        What to know of the comparison, in words.
    """

    classes: tuple[ClassFigures, ...]
    voxels: int
    tolerance_mm: float
    notes: tuple[str, ...] = ()
    confusion: Confusion = Confusion()
    """Background is one of its classes."""
    curves: tuple[ClassCurves, ...] = ()
    """One for each class that the prediction gives probabilities of."""
    history: tuple[Record, ...] = field(default=(), repr=False)

    @property
    def macro(self) -> Mapping[str, Any]:
        """Mean of each figure over the classes where it is defined, and `reasons` for those defined for none."""
        return macro_means(self.classes)

    def with_record(self, record: Record) -> Evaluation:
        """Return a copy whose history ends with `record`."""
        return replace(self, history=(*self.history, record))

    def to_json(self) -> dict[str, Any]:
        """JSON-ready: a record a class, with null and an entry in `reasons` for what is undefined."""
        return {
            "classes": [c.to_json() for c in self.classes],
            "macro": dict(self.macro),
            "voxels": self.voxels,
            "tolerance_mm": self.tolerance_mm,
            "notes": list(self.notes),
        }

    def table(self) -> list[str]:
        """Lines of an aligned table, a class a line, and the means where there are several."""
        shown = ("sensitivity", "specificity", "accuracy", "dice", *SURFACE_FIGURES)
        rows = [[c.label, c.name, *(getattr(c, name) for name in shown)] for c in self.classes]
        if len(rows) > 1:
            rows.append(["", "mean", *(self.macro[name] for name in shown)])
        return [*text_table(("label", "name", *shown), rows), *self.notes]


@operation("evaluate", EvaluateParams)
def evaluate(
    prediction: LabelMap | Segmentation,
    reference: LabelMap | Segmentation,
    region: LabelMap | None = None,
    *,
    params: EvaluateParams,
) -> Generator[Progress, None, Evaluation]:
    """Compare labels with a reference, class by class.

    Maps that are stored flipped or permuted are matched by geometry. Classes are compared by name where both maps have names,
    otherwise by value; 0 and a class named `background` are background.

    Parameters
    ----------
    prediction, reference
        (z, y, x) on the same lattice.
    region
        Only voxels that are not 0 here are counted. Surface voxels outside it are not judged, but may be the nearest.
    params
        What is counted.

    Raises
    ------
    GridError
        If the grids are different lattices; nothing is resampled.
    """
    reference = reference.labels if isinstance(reference, Segmentation) else reference
    ours, theirs = as_label_map(prediction, reference.grid), reference
    judged = None if region is None else as_label_map(region, reference.grid).array
    ignore = [int(value) for value in params.ignore]
    share = 0.3 if params.surface else 1.0
    pairs = yield from part(joint_counts(ours.array, theirs.array, judged, ignore), 0, share)
    classes = _compared(shared_classes(ours, theirs, {p for p, _ in pairs}, {r for _, r in pairs}), ignore)
    place = [
        {value: i for i, c in enumerate(classes) for value in getattr(c, side)} for side in ("in_prediction", "in_reference")
    ]
    matched: dict[tuple[int, int], int] = {}
    for (predicted, referred), count in pairs.items():
        key = place[0].get(predicted, -1), place[1].get(referred, -1)
        matched[key] = matched.get(key, 0) + count
    records = []
    for i, shared in enumerate(classes):
        surface, reasons = dict.fromkeys(SURFACE_FIGURES), dict.fromkeys(SURFACE_FIGURES, "surfaces were not asked for")
        if params.surface:
            start = share + (1 - share) * i / len(classes)
            yield Progress(start, shared.name)
            steps = _surface_figures(ours, theirs, shared, judged, ignore, params.tolerance[0])
            surface, reasons = yield from part(steps, start, share + (1 - share) * (i + 1) / len(classes))
        records.append(class_figures(shared.label, shared.name, class_counts(matched, i), surface, reasons))
    return Evaluation(tuple(records), sum(pairs.values()), params.tolerance[0], _notes(ours, theirs))


def _notes(prediction: LabelMap, reference: LabelMap) -> tuple[str, ...]:
    named = [any(value and not is_background(name) for value, name in m.classes.items()) for m in (prediction, reference)]
    if named[0] == named[1]:
        return ()
    return (f"The {'reference' if named[0] else 'prediction'} has no class names: classes are compared by number.",)


def _compared(classes: tuple[SharedClass, ...], ignore: list[int]) -> list[SharedClass]:
    """Classes to report: not the ignored ones, and background only if there is nothing else."""
    known = [c for c in classes if c.in_prediction or set(c.in_reference) - set(ignore)]
    return [c for c in known if c.label] or [c for c in classes if not c.label]


def _surface_figures(
    ours: LabelMap, theirs: LabelMap, shared: SharedClass, region: Any, ignore: list[int], tolerance: float
) -> Generator[Progress, None, tuple[dict[str, float | None], dict[str, str]]]:
    """Figures of SURFACE_FIGURES for one class, and the reasons for those that are undefined."""
    figures: dict[str, float | None] = dict.fromkeys(SURFACE_FIGURES)
    boxes = [bounding_box(ours.array, shared.in_prediction), bounding_box(theirs.array, shared.in_reference)]
    yield Progress(0.1)
    if boxes[0] is None or boxes[1] is None:
        missing = NEITHER if boxes[0] is boxes[1] else NO_PREDICTION if boxes[0] is None else NO_REFERENCE
        reasons = dict.fromkeys(SURFACE_FIGURES, missing)
        if missing is not NEITHER:
            figures["surface_dice"] = 0.0
            del reasons["surface_dice"]
        return figures, reasons
    box = tuple(slice(min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(*boxes, strict=True))
    first, second = np.isin(ours.array[box], shared.in_prediction), np.isin(theirs.array[box], shared.in_reference)
    counted = None if region is None else region[box] != 0
    if ignore:
        kept = np.isin(theirs.array[box], ignore, invert=True)
        counted = kept if counted is None else counted & kept
    along = [axis for axis, n in enumerate(theirs.array.shape) if n > 1]
    distances = yield from part(surface_distances(first, second, theirs.affine[:3, :3], counted, along), 0.2, 1)
    figures = {
        "hausdorff_mm": distances.hausdorff,
        "hausdorff95_mm": distances.hausdorff95,
        "surface_dice": distances.surface_dice(tolerance),
    }
    return figures, dict(_undefined(figures))


def _undefined(figures: Mapping[str, float | None]) -> Iterator[tuple[str, str]]:
    for name, value in figures.items():
        if value is None:
            yield name, "the region holds no surface of this class"
