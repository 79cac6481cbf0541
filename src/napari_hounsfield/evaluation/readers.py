"""Several readers of one image: how far they agree, and what they most probably saw."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from napari_hounsfield.errors import LabelError
from napari_hounsfield.operation import Params, Progress, number, operation, part
from napari_hounsfield.results import Segmentation, as_label_map
from napari_hounsfield.volume import LabelMap

from .reader_agreement import ReaderAgreement, ReaderClass, Value
from .reader_classes import common_classes
from .reader_kappa import Matrix, against_rest, cohen, confusion, dice, fleiss
from .reader_patterns import count_patterns, paint_patterns
from .staple import Staple, staple

UNSEEN, EVERYWHERE = "no reader saw this class", "all of the estimated truth is of this class"
ONE_CLASS = "the readers have one and the same class only"


class ReadersParams(Params):
    """How the consensus is found."""

    iterations: int = number(1000, 1, 100_000)
    """Of STAPLE at most, for each class."""


@dataclass(frozen=True, eq=False)
class Readers:
    """Label maps of one image by several readers, on one lattice.

    Parameters
    ----------
    maps
        Two or more; stored flipped or permuted is matched by geometry.
    names
        One a reader; `reader 1` and so on where left out.

    Raises
    ------
    LabelError
        If there are fewer than two, or the names are not one a reader, each once.
    GridError
        If the grids are different lattices.
    """

    maps: Sequence[LabelMap | Segmentation] = field(repr=False)
    names: Sequence[str] = ()
    labels: tuple[LabelMap, ...] = field(init=False, repr=False)
    """The maps in the axes and directions of the first."""

    def __post_init__(self) -> None:
        maps = [each.labels if isinstance(each, Segmentation) else each for each in self.maps]
        if len(maps) < 2:
            raise LabelError(f"{len(maps)} reader: agreement takes two or more")
        names = tuple(self.names) or tuple(f"reader {i}" for i in range(1, len(maps) + 1))
        if len(names) != len(maps) or len(set(names)) != len(names):
            raise LabelError(f"{len(set(names))} different names for {len(maps)} readers")
        object.__setattr__(self, "labels", tuple(each.on(maps[0].grid) for each in maps))
        object.__setattr__(self, "names", names)


@operation("compare_readers", ReadersParams)
def compare_readers(
    readers: Readers, region: LabelMap | None = None, *, params: ReadersParams
) -> Generator[Progress, None, ReaderAgreement]:
    """Measure how far readers agree, class by class, and estimate what they most probably saw (STAPLE).

    Classes are matched by name where all maps have names, otherwise by value; 0 and a class named `background` are background.
    Kappa and STAPLE depend on how much background is counted: a region around the object makes them say more.

    Parameters
    ----------
    readers
        Their label maps.
    region
        Only voxels that are not 0 here are counted; the consensus is 0 elsewhere.
    params
        Of the consensus.

    Raises
    ------
    GridError
        If the region lies on a different lattice.
    LabelError
        If the region is empty.
    """
    maps = readers.labels
    judged = None if region is None else as_label_map(region, maps[0].grid).array
    arrays = [each.array for each in maps]
    counted = yield from part(count_patterns(arrays, judged), 0, 0.4)
    if not counted:
        raise LabelError(f"{(region.name if region else '') or 'region'}: holds no voxel to count")
    kinds, number_of = common_classes(maps, counted)
    readings = np.array([[number_of[i][value] for i, value in enumerate(row)] for row in counted], np.int64)
    counts = np.array(list(counted.values()), np.int64)
    found = []
    for k in range(1, len(kinds)):
        start, stop = (0.4 + 0.2 * place / len(kinds) for place in (k - 1, k))
        found.append((yield from part(staple(readings == k, counts, params.iterations), start, stop)))
    best = _most_probable(found, len(counts))
    labels = {row: kinds[int(k)][0] for row, k in zip(counted, best, strict=True)}
    smallest = np.min_scalar_type(max(label for label, _ in kinds))
    painted = yield from part(paint_patterns(arrays, judged, labels, smallest.type), 0.6, 1)
    tables = {
        (i, j): confusion(readings[:, i], readings[:, j], counts, len(kinds)) for i in range(len(maps)) for j in range(len(maps))
    }
    classes = tuple(_reader_class(k, kinds[k], readings, counts, tables, found[k - 1], best) for k in range(1, len(kinds)))
    kappa = _matrix(len(maps), {pair: cohen(table) for pair, table in tables.items()})
    of_all = fleiss(readings, counts, len(kinds))
    named = dict(kind for kind in kinds if kind[0])
    consensus = replace(maps[0], array=painted, classes=named, name="consensus", history=())
    reasons = _reasons({"kappa": kappa, "fleiss_kappa": of_all}, ONE_CLASS)
    return ReaderAgreement(tuple(readers.names), classes, kappa, of_all, int(counts.sum()), consensus, reasons)


def _most_probable(found: Sequence[Staple], patterns: int) -> Any:
    """Place of the class of each combination: the most probable one where it is at least as probable as not."""
    if not found:
        return np.zeros(patterns, np.int64)
    probabilities = np.stack([each.probability for each in found])
    return np.where(probabilities.max(axis=0) >= 0.5, probabilities.argmax(axis=0) + 1, 0)


def _reader_class(
    k: int, kind: tuple[int, str], readings: Any, counts: Any, tables: Mapping[tuple[int, int], Any], found: Staple, best: Any
) -> ReaderClass:
    readers = readings.shape[1]
    voxels = tuple(int(counts[readings[:, i] == k].sum()) for i in range(readers))
    figures: dict[str, Any] = {
        "dice": _matrix(readers, {pair: dice(table, k) for pair, table in tables.items()}),
        "kappa": _matrix(readers, {pair: cohen(against_rest(table, k)) for pair, table in tables.items()}),
        "fleiss_kappa": fleiss((readings == k).astype(np.int64), counts, 2),
        "sensitivity": tuple(None if np.isnan(v) else float(v) for v in found.sensitivity),
        "specificity": tuple(None if np.isnan(v) else float(v) for v in found.specificity),
    }
    reasons = _reasons(figures, EVERYWHERE if any(voxels) else UNSEEN)
    reasons |= {
        name: "neither of two readers saw this class, or both nothing else" for name in ("dice", "kappa") if name in reasons
    }
    return ReaderClass(
        *kind,
        voxels,
        int(counts[best == k].sum()),
        **figures,
        iterations=found.iterations,
        converged=found.converged,
        reasons=reasons,
    )


def _matrix(readers: int, values: Mapping[tuple[int, int], Value]) -> Matrix:
    return [[values[i, j] for j in range(readers)] for i in range(readers)]


def _reasons(figures: Mapping[str, Any], reason: str) -> dict[str, str]:
    """The reason for each figure that is, or holds, None."""
    return {name: reason for name, value in figures.items() if _holds_none(value)}


def _holds_none(value: Any) -> bool:
    return value is None or (isinstance(value, list | tuple) and any(_holds_none(each) for each in value))
