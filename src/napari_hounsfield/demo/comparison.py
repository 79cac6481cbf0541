"""Several ways to recognise one volume, measured against a reference in one table."""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_hounsfield.operation import Progress, part
from napari_hounsfield.results import Samples, Segmentation
from napari_hounsfield.volume import BACKGROUND, LabelMap, Volume

if TYPE_CHECKING:
    from napari_hounsfield.pixels.classifier import PixelClassifier
    from napari_hounsfield.pixels.train_params import TrainParams
    from napari_hounsfield.results import Features

    from .run import DemoParams

SHARED_VOXELS = 20_000_000
"""Up to this size the features of a whole volume are kept and shared; of a larger one each way computes them slab by slab."""
COLUMNS = ("SE", "SP", "AR", "Dice", "seconds")
FIGURES = ("sensitivity", "specificity", "accuracy", "dice")


@dataclass(frozen=True)
class Row:
    """One way to recognise, and how well and how fast it does."""

    method: str
    seconds: float
    """Of everything that the method needs: features, training and recognition."""
    sensitivity: float | None = None
    specificity: float | None = None
    accuracy: float | None = None
    dice: float | None = None
    classes: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)
    """Every class against the rest; the figures above are means over the classes of the reference."""
    strokes: int = 0
    """Voxels painted for it."""

    def cells(self) -> list[str | float | None]:
        """Method and figures, as shown in the table."""
        return [self.method, *(getattr(self, name) for name in FIGURES), round(self.seconds, 1)]


def judged(
    method: str, labels: LabelMap, reference: LabelMap, seconds: float, region: LabelMap | None = None, strokes: int = 0
) -> Generator[Progress, None, Row]:
    """Row of a label map that was made in so many seconds.

    Parameters
    ----------
    labels, reference
        Compared by the names of their classes; classes that the reference does not have count only as errors of the others.
    region
        Only voxels that are not 0 here are judged.
    """
    from napari_hounsfield.evaluation.agreement import EvaluateParams, evaluate
    from napari_hounsfield.evaluation.figures import macro_means

    found = yield from evaluate.steps(labels, reference, region, EvaluateParams(surface=False))
    names = {reference.class_name(v) for v in reference.values() if v}
    counted = [c for c in found.classes if c.name in names]
    means = macro_means(counted)
    records = tuple(c.to_json() for c in counted)
    return Row(method, seconds, **{name: means[name] for name in FIGURES}, classes=records, strokes=strokes)


def named_by(labels: LabelMap, strokes: LabelMap) -> LabelMap:
    """Name each class that the user does not know by what he painted on it most: a reference of organs knows no "soft tissue".

    Classes whose name the strokes have keep it; those that nothing was painted on become background. With no name in common,
    this is all that the strokes give to a draft.
    """
    known = set(strokes.classes.values())
    values = {name: value for value, name in strokes.classes.items()}
    array, names = labels.array.astype(np.uint16), {}
    for value, name in labels.classes.items():
        if name not in known:
            painted = np.bincount(strokes.array[labels.array == value])
            painted[:1] = 0
            name = strokes.class_name(int(painted.argmax())) if painted.any() else BACKGROUND
        number = values.setdefault(name, max(values.values()) + 1)
        array[labels.array == value] = number
        names[number] = name
    return replace(labels, array=array, classes=names)


def together(drafted: Samples, strokes: LabelMap) -> Samples:
    """Samples of a draft, corrected and extended by what a user painted.

    The strokes are added, and win where both name a voxel. Classes are joined by name, with the strokes' numbers; those that only
    the draft has follow.
    """
    by_name = {name: value for value, name in strokes.classes.items()}
    number = np.zeros(max([0, *drafted.classes]) + 1, np.int64)
    for value, name in drafted.classes.items():
        number[value] = by_name.setdefault(name, max([0, *by_name.values()]) + 1)
    joined = np.where(strokes.array > 0, strokes.array, number[drafted.array]).astype(np.uint16)
    names = {value: name for name, value in by_name.items()}
    common: dict[str, Any] = {"affine": drafted.affine, "classes": names, "frame_of_reference": drafted.frame_of_reference}
    test = None
    if drafted.test is not None:
        kept = np.where(strokes.array > 0, 0, number[drafted.test.array]).astype(np.uint16)
        test = LabelMap(kept, name="test samples", **common)
    return Samples(joined, test=test, name="samples and strokes", source=drafted.source, **common)


@dataclass(frozen=True, eq=False)
class Comparison:
    """Rows, and what the last of them was made of and gave."""

    rows: tuple[Row, ...]
    strokes: LabelMap
    labels: LabelMap
    classifier: PixelClassifier

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "rows": [asdict(row) for row in self.rows],
            "samples": {part_name: dict(count) for part_name, count in self.classifier.counts.items()},
            "stroke_voxels": int(np.count_nonzero(self.strokes.array)),
            "stroke_slices": int(self.strokes.array.any(axis=(1, 2)).sum()),
        }


def compare(
    volume: Volume, reference: LabelMap, region: LabelMap | None, draft: Segmentation, params: DemoParams
) -> Generator[Progress, None, Comparison]:
    """Recognise a volume in four ways: HU threshold, forest with strokes, BP from the draft alone, BP with strokes.

    Parameters
    ----------
    reference
        Every class named; strokes are drawn from it by the seeded rule, and nothing else of it is seen in training.
    region
        Where the reference is known; None: everywhere.
    draft
        First classes; those that the reference has no name for are named by the strokes.
    """
    from napari_hounsfield.feature_stack import features
    from napari_hounsfield.pixels.sampling import samples

    from .strokes import draw_strokes

    strokes = draw_strokes(reference, params.strokes)
    yield Progress(0.0, "strokes", strokes)
    draft = replace(draft, labels=named_by(draft.labels, strokes))
    rows = []
    if volume.unit == "HU":
        rows.append((yield from part(_thresholded(volume, reference, region, strokes), 0.0, 0.1)))
    started = time.perf_counter()
    maps = None
    if volume.array.size <= SHARED_VOXELS:
        maps = yield from part(features.steps(volume, params.train.features), 0.1, 0.25)
    drafted = yield from part(samples.steps(draft, params.samples), 0.25, 0.3)
    spent = time.perf_counter() - started
    joined = together(drafted, strokes)
    painted = int(np.count_nonzero(strokes.array))
    ways = (
        ("random forest, draft and strokes", joined, "forest", painted),
        ("Gabor and BP, draft alone", drafted, "bp", 0),
        ("Gabor and BP, draft and strokes", joined, "bp", painted),
    )
    for number, (method, labelled, kind, count) in enumerate(ways):
        recipe = params.train.model_copy(update={"classifier": kind})
        steps = _trained(method, volume, maps, labelled, recipe, reference, region, spent, count)
        row, labels, classifier = yield from part(steps, 0.3 + 0.7 * number / 3, 0.3 + 0.7 * (number + 1) / 3)
        rows.append(row)
        yield Progress(0.3 + 0.7 * (number + 1) / 3, method, labels)
    return Comparison(tuple(rows), strokes, labels, classifier)


def _thresholded(
    volume: Volume, reference: LabelMap, region: LabelMap | None, strokes: LabelMap
) -> Generator[Progress, None, Row]:
    """Every voxel by the tissue table alone."""
    from napari_hounsfield.pixels.class_params import ClassesParams
    from napari_hounsfield.pixels.first_classes import classes

    started = time.perf_counter()
    found = yield from part(classes.steps(volume, ClassesParams(method="table")), 0.0, 0.5)
    spent = time.perf_counter() - started
    return (yield from part(judged("HU threshold", named_by(found.labels, strokes), reference, spent, region), 0.5, 1.0))


def _trained(
    method: str,
    volume: Volume,
    maps: Features | None,
    labelled: LabelMap,
    params: TrainParams,
    reference: LabelMap,
    region: LabelMap | None,
    before: float,
    strokes: int,
) -> Generator[Progress, None, tuple[Row, LabelMap, PixelClassifier]]:
    """Train on labelled voxels, recognise the volume, and judge it; `before` seconds were spent on features and samples."""
    from napari_hounsfield.pixels.recognition import segment
    from napari_hounsfield.pixels.training import train

    started = time.perf_counter()
    classifier = yield from part(train.steps(volume, labelled, None, maps, params), 0.0, 0.5)
    found = yield from part(segment.steps(volume, classifier, maps), 0.5, 0.9)
    spent = before + time.perf_counter() - started
    row = yield from part(judged(method, found.labels, reference, spent, region, strokes), 0.9, 1.0)
    return row, found.labels, classifier


def table(rows: Sequence[Row]) -> list[str]:
    """Lines of the table, and what its figures are means of."""
    from napari_hounsfield.evaluation.text_table import text_table

    lines = text_table(("method", *COLUMNS), [row.cells() for row in rows])
    means = f"SE, SP, AR and Dice: each class against the rest, mean of {len(rows[0].classes)} classes of the reference."
    return [*lines, means]
