"""Agreement of a label map with a reference: counts, rates, overlap, surfaces, objects and probabilities of each class."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import Any

from pydantic import field_validator

from napari_hounsfield.boxes import around, extents
from napari_hounsfield.errors import GridError, IntensityError, LabelError
from napari_hounsfield.grid import Grid, same_lattice
from napari_hounsfield.operation import Numbers, Params, Progress, number, numbers, operation, part
from napari_hounsfield.results import Features, Segmentation, as_label_map
from napari_hounsfield.volume import LabelMap, is_background

from .arrays import FIRST_TIME
from .class_masks import ClassMasks
from .counts import Pairs, counts_of, joint_counts
from .curves import ClassCurves, Confusion
from .figures import class_figures, volume_figures
from .matching import SharedClass, shared_classes
from .rates import overall_rates
from .resampling import nearest_labels, nearest_maps, share_inside
from .result import Evaluation
from .soft_figures import probability_figures

__all__ = ["EvaluateParams", "Evaluation", "evaluate"]

MOST_CLASSES = 200
"""More make no table that could be read."""


MOST_NAMES = 8
"""Names that are listed in a note."""


class EvaluateParams(Params):
    """What is counted, and how near a surface has to be."""

    surface: bool = True
    """Measure surface distances too."""
    tolerance: Numbers = numbers((), unit="mm", low=0, high=1000)
    """Surfaces no further apart agree, in surface Dice. Empty: the longest side of a voxel."""
    ignore: Numbers = numbers((), low=-(2**31), high=2**31)
    """Label values of the reference whose voxels are not counted."""
    objects: bool = False
    """Match connected objects too, and count those found, missed and invented."""
    object_overlap: float = number(0.1, 0, 1)
    """Least intersection over union of two objects that are the same; with 0 one voxel is enough."""
    resample: bool = False
    """Match different grids by nearest neighbour: the prediction is taken to the grid of the reference."""

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
        (z, y, x) on the same lattice. A prediction with probabilities is judged by them too.
    region
        Only voxels that are not 0 here are counted. Surface voxels outside it are not judged, but may be the nearest; objects are
        what lies inside.
    params
        What is counted.

    Raises
    ------
    GridError
        If the grids are different lattices, unless `params` asks for resampling; then if they have no voxel in common.
    IntensityError
        If probabilities are not from 0 to 1.
    LabelError
        If maps of probabilities have no names, and are not as many as the classes.
    """
    reference = reference.labels if isinstance(reference, Segmentation) else reference
    ours, notes = yield from part(_aligned(prediction, reference, params.resample, "prediction"), 0, 0.05)
    judged, region_notes = (None, ()) if region is None else (yield from _aligned(region, reference, params.resample, "region"))
    region_array = None if judged is None else judged.array
    ignore = [int(value) for value in params.ignore]
    pairs = yield from part(joint_counts(ours.array, reference.array, region_array, ignore), 0.05, 0.2)
    every = shared_classes(ours, reference, {p for p, _ in pairs}, {r for _, r in pairs})
    classes = [i for i, c in enumerate(every) if _compared(c, ignore)] or [0]
    matched = _by_class(pairs, every)
    masks = ClassMasks(ours.array, reference.array, region_array, tuple(ignore), reference.affine)
    counts = counts_of(matched, classes)
    measured, reasons = {}, {}
    for i in classes:
        measured[i], reasons[i] = volume_figures(counts[i], reference.grid.voxel_volume)
    if params.surface or params.objects:
        yield Progress(0.2, FIRST_TIME)
        tolerance = params.tolerance[0] if params.surface else None
        overlap = params.object_overlap if params.objects else None
        boxes = yield from part(_boxes(masks, [every[i] for i in classes]), 0.2, 0.25)
        for done, i in enumerate(classes):
            start, stop = (0.25 + 0.5 * (done + k) / len(classes) for k in (0, 1))
            yield Progress(start, every[i].name)
            steps = masks.figures(every[i], boxes[0].get(every[i]), boxes[1].get(every[i]), tolerance, overlap)
            figures, why = yield from part(steps, start, stop)
            measured[i] |= figures
            reasons[i] |= why
    overall = overall_rates(matched)
    curves: tuple[ClassCurves, ...] = ()
    if isinstance(prediction, Segmentation) and prediction.probabilities is not None:
        maps = yield from part(_maps(prediction.probabilities, reference.grid, params.resample), 0.75, 0.77)
        try:
            soft = yield from part(probability_figures(maps, masks, every, ours, classes), 0.77, 1)
        except (IntensityError, LabelError) as error:
            raise type(error)(f"{maps.name}: {error}" if maps.name else str(error)) from error
        notes += soft.notes
        curves = soft.curves
        overall = {**overall, **soft.overall, "reasons": overall["reasons"] | soft.reasons}
        for i in classes:
            figures, why = soft.of_class(every[i])
            measured[i] |= figures
            reasons[i] |= why
    records = [class_figures(every[i].label, every[i].name, counts[i], measured[i], reasons[i]) for i in classes]
    notes = (*notes, *region_notes, *_notes(ours, reference), *_empty_notes(pairs, classes == [0], judged, ignore))
    if ignore:
        there = yield from extents(reference.array)
        if absent := [str(value) for value in ignore if value not in there]:
            notes += (f"Ignored values that the reference does not hold: {', '.join(absent)}.",)
    confusion = _confusion(matched, every, ignore)
    return Evaluation(tuple(records), sum(pairs.values()), params.tolerance[0], notes, confusion, overall, curves)


def _aligned(
    data: LabelMap | Segmentation, reference: LabelMap, resample: bool, name: str
) -> Generator[Progress, None, tuple[LabelMap, tuple[str, ...]]]:
    """Labels on the reference's grid, and what was done to bring them there."""
    labels = data.labels if isinstance(data, Segmentation) else data
    if not resample or same_lattice(labels.grid, reference.grid):
        return as_label_map(labels if labels.name else replace(labels, name=name), reference.grid), ()
    moved = yield from part(nearest_labels(labels, reference.grid), 0, 0.5)
    covered = yield from part(share_inside(reference.grid, labels.grid), 0.5, 0.75)
    kept = yield from part(share_inside(labels.grid, reference.grid), 0.75, 1)
    if not covered:
        raise GridError(f"{labels.name or name}: lies wholly outside the reference: there is nothing to resample")
    notes = [f"The {name} was taken to the grid of the reference by nearest neighbour."]
    if covered < 1:
        notes.append(f"{1 - covered:.2%} of the reference's grid lies outside the {name}, where it counts as 0.")
    if kept < 1:
        notes.append(f"{1 - kept:.2%} of the {name}'s grid lies outside the reference, and is not counted.")
    return moved, tuple(notes)


def _maps(maps: Features, grid: Grid, resample: bool) -> Generator[Progress, None, Features]:
    """Probabilities on the reference's grid, if that was asked for; on another lattice they are refused where they are used."""
    if not resample or same_lattice(maps.grid, grid):
        return maps
    return (yield from nearest_maps(maps, grid))


def _notes(prediction: LabelMap, reference: LabelMap) -> tuple[str, ...]:
    maps = prediction, reference
    ours, theirs = ({n.strip().casefold() for v, n in m.classes.items() if v and not is_background(n)} for m in maps)
    notes = []
    if bool(ours) != bool(theirs):
        notes.append(f"The {'reference' if ours else 'prediction'} has no class names: classes are compared by number.")
    elif ours and not ours & theirs:
        notes.append("Prediction and reference have no class name in common: each class is compared with nothing.")
    elif ours != theirs:
        alone = (("prediction", ours - theirs), ("reference", theirs - ours))
        listed = "; ".join(f"{side}: {', '.join(sorted(names)[:MOST_NAMES])}" for side, names in alone if names)
        notes.append(f"Class names without a counterpart, in the {listed}.")
    if any(name and not is_background(name) for name in (m.classes.get(0, "") for m in maps)):
        notes.append("Value 0 has a name, and is taken for background all the same.")
    return tuple(notes)


def _empty_notes(pairs: Pairs, background_only: bool, region: LabelMap | None, ignore: list[int]) -> tuple[str, ...]:
    if not pairs:
        why = " and ".join(["a region"] * (region is not None) + ["ignored values"] * bool(ignore))
        return (f"No voxel is left to count{f', with {why}' if why else ''}: every rate is undefined.",)
    if background_only:
        return ("Both maps are empty where voxels are counted: background is the only class.",)
    return ()


def _known(shared: SharedClass, ignore: list[int]) -> bool:
    return bool(shared.in_prediction or set(shared.in_reference) - set(ignore))


def _compared(shared: SharedClass, ignore: list[int]) -> bool:
    """Whether a class is reported: not an ignored one, and not background."""
    return bool(shared.label) and _known(shared, ignore)


def _by_class(pairs: Pairs, classes: tuple[SharedClass, ...]) -> Pairs:
    """Counts by place in `classes` instead of by label value."""
    ours, theirs = (
        {value: i for i, c in enumerate(classes) for value in getattr(c, side)} for side in ("in_prediction", "in_reference")
    )
    matched: Pairs = {}
    for (predicted, referred), count in pairs.items():
        key = ours[predicted], theirs[referred]
        matched[key] = matched.get(key, 0) + count
    return matched


def _confusion(matched: Pairs, classes: tuple[SharedClass, ...], ignore: list[int]) -> Confusion:
    shown = [i for i, c in enumerate(classes) if c.label == 0 or _known(c, ignore)]
    if len(shown) > MOST_CLASSES:
        return Confusion()
    rows = tuple(tuple(matched.get((column, row), 0) for column in shown) for row in shown)
    return Confusion(tuple(classes[i].label for i in shown), tuple(classes[i].name for i in shown), rows)


def _boxes(masks: ClassMasks, classes: list[SharedClass]) -> Generator[Progress, None, tuple[dict[SharedClass, Any], ...]]:
    """For prediction and reference, the box of each class that occurs there."""
    found = []
    sides = ((masks.prediction, "in_prediction"), (masks.reference, "in_reference"))
    for place, (array, side) in enumerate(sides):
        there = yield from part(extents(array), 0.5 * place, 0.5 * place + 0.5)
        of_class: dict[SharedClass, Any] = {}
        for c in classes:
            for value in getattr(c, side):
                if value in there:
                    box = there[value].box
                    of_class[c] = around(of_class[c], box) if c in of_class else box
        found.append(of_class)
    return tuple(found)
