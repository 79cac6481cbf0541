"""A suggestion for the number of classes, and the curve that supports it."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.feature_stack import feature_source
from napari_hounsfield.operation import Progress, operation, part
from napari_hounsfield.results import Features
from napari_hounsfield.volume import Record, Volume

from .class_methods.kmeans import kmeans
from .class_methods.mixture import mixture
from .class_methods.model import best_two
from .class_methods.sample import ClassSample, draw_sample
from .class_params import SuggestParams

VOXELS = 6_000
"""Of the sample that every number is tried on."""
COMPARED = 1_500
"""Of those, that the silhouette compares with each other."""
ALIKE = 0.05
"""Numbers whose bend is less than this part below the sharpest one are as good: the largest of them, as classes are merged sooner
than divided."""


@dataclass(frozen=True)
class CountFigures:
    """How well one number of classes fits the image."""

    count: int
    explained: float
    """Part of the variance of the features that the class means explain."""
    calinski_harabasz: float
    """Variance between the classes against that within them; more is better."""
    silhouette: float
    """Mean of how much nearer voxels are to their own class than to the next, -1 to 1; more is better."""
    bic: float | None = None
    """Bayesian information criterion per voxel, of a mixture; less is better."""


@dataclass(frozen=True)
class ClassCount:
    """A number of classes, and the figures of all that were tried."""

    suggested: int
    criterion: str
    method: str
    curve: tuple[CountFigures, ...]
    history: tuple[Record, ...] = field(default=(), repr=False)

    def with_record(self, record: Record) -> ClassCount:
        """Return a copy whose history ends with `record`."""
        return replace(self, history=(*self.history, record))

    def to_json(self) -> dict[str, Any]:
        """JSON-ready: what is suggested, by what, and a record a number; an undefined figure is null."""
        curve = [asdict(figures) for figures in self.curve]
        return {"suggested": self.suggested, "criterion": self.criterion, "method": self.method, "curve": curve}

    def rows(self) -> list[dict[str, Any]]:
        """One record a number that was tried, for a table."""
        return [asdict(figures) | {"suggested": figures.count == self.suggested} for figures in self.curve]

    def table(self) -> list[str]:
        """Lines of an aligned table, and the suggestion."""
        from napari_hounsfield.evaluation.text_table import text_table

        names = [name for name in ("count", "explained", "calinski_harabasz", "silhouette", "bic") if self._has(name)]
        lines = text_table([name.replace("_", " ") for name in names], [[getattr(f, n) for n in names] for f in self.curve])
        return [*lines, f"suggested by {self.criterion.replace('_', ' ')}: {self.suggested} classes"]

    def _has(self, name: str) -> bool:
        return any(getattr(figures, name) is not None for figures in self.curve)


@operation("suggest_classes", SuggestParams)
def suggest_classes(
    volume: Volume, features: Features | None = None, *, params: SuggestParams
) -> Generator[Progress, None, ClassCount]:
    """Suggest a number of classes, and give the curve that supports it.

    Every number is fitted to a seeded sample of the image. With kmeans the number is where the logarithm of the variance left
    unexplained bends most (its knee); with gmm it has the least BIC, or the knee of the BIC where that falls to the last number.
    The curve says more than the number: compare the drafts with the image.

    Parameters
    ----------
    volume
        One scalar image.
    features
        Features of the same recipe, where they are already there.
    params
        Which numbers are tried, and what they are judged by.

    Raises
    ------
    IntensityError
        If nothing was scanned, the scanned field holds NaN, or fewer voxels differ than the fewest classes.

    References
    ----------
    Satopaa et al., Finding a "kneedle" in a haystack, ICDCSW 2011. Schwarz, Ann. Stat. 6, 1978 (BIC). Rousseeuw, J. Comput. Appl.
    Math. 20, 1987 (silhouette). Calinski and Harabasz, Commun. Stat. 3, 1974.
    """
    volume.require_scanned()
    source = feature_source(volume, params.features, features)
    sample = yield from part(draw_sample(source, params.seed), 0.0, 0.4)
    return (yield from part(class_count(sample, params), 0.4, 1.0))


def class_count(sample: ClassSample, params: SuggestParams) -> Generator[Progress, None, ClassCount]:
    """Suggest a number of classes for a sample; `params` are resolved."""
    sample.require(params.fewest)
    maps = sample.thinned(VOXELS).maps
    counts = [count for count in range(params.fewest, params.most + 1) if count <= sample.different]
    curve = []
    for done, count in enumerate(counts):
        steps = _figures(maps, count, params)
        curve.append((yield from part(steps, done / len(counts), (done + 1) / len(counts))))
    return ClassCount(_suggested(maps, curve, params.criterion), params.criterion, params.method, tuple(curve))


def _figures(maps: NDArray[np.float64], count: int, params: SuggestParams) -> Generator[Progress, None, CountFigures]:
    size, bic = maps.shape[1], None
    labels: NDArray[Any]
    if params.method == "gmm":
        fitted = yield from part(mixture(maps, count, params.seed), 0.0, 0.9)
        densities = fitted.log_densities(maps)
        labels, largest, _ = best_two(densities)
        logs = largest + np.log(np.exp(densities - largest).sum(axis=0))
        bic = float(fitted.parameters * np.log(size) / size - 2 * logs.mean())
    else:
        labels = (yield from part(kmeans(maps, count, params.seed), 0.0, 0.9)).labels
    yield Progress(0.9, f"{count} classes")
    within, total = _within(maps, labels), _within(maps, np.zeros_like(labels))
    between = (total - within) / max(1, count - 1)
    compared = (np.arange(min(size, COMPARED)) * size) // min(size, COMPARED)
    return CountFigures(
        count,
        1 - within / total,
        between / max(within / max(1, size - count), 1e-12 * total),
        silhouette(maps[:, compared], labels[compared]),
        bic,
    )


def _within(maps: NDArray[np.float64], labels: NDArray[Any]) -> float:
    """Sum of the squared distances to the class means."""
    left = 0.0
    for value in np.unique(labels):
        members = maps[:, labels == value]
        left += float(((members - members.mean(axis=1, keepdims=True)) ** 2).sum())
    return left


def silhouette(maps: NDArray[np.float64], labels: NDArray[Any]) -> float:
    """Mean silhouette of voxels (features, n) by their classes; 0 where there is but one."""
    from scipy.spatial.distance import cdist

    found, members = np.unique(labels, return_inverse=True)
    if len(found) < 2:
        return 0.0
    indicator = (members[:, None] == np.arange(len(found))).astype(np.float64)
    sizes = indicator.sum(axis=0)
    sums = cdist(maps.T, maps.T) @ indicator
    own = np.take_along_axis(sums, members[:, None], axis=1)[:, 0] / np.maximum(sizes[members] - 1, 1)
    others = np.where(indicator > 0, np.inf, sums / sizes).min(axis=1)
    value = np.where(sizes[members] > 1, (others - own) / np.maximum(np.maximum(own, others), 1e-12), 0)
    return float(value.mean())


def _suggested(maps: NDArray[np.float64], curve: Sequence[CountFigures], criterion: str) -> int:
    counts = [figures.count for figures in curve]
    if criterion == "knee":
        left = np.log([max(1 - figures.explained, 1e-6) for figures in curve])
        return knee([1, *counts], [0.0, *left])
    if criterion == "bic":
        values = [float(figures.bic or 0) for figures in curve]
        least = int(np.argmin(values))
        return counts[least] if least < len(counts) - 1 else knee(counts, values)
    return counts[int(np.argmax([getattr(figures, criterion) for figures in curve]))]


def knee(counts: Sequence[int], values: Sequence[float]) -> int:
    """Where a falling curve bends most: the count that lies farthest under the line between its ends, by the height."""
    if len(counts) < 3:
        return counts[-1]
    x, y = np.array(counts, float), np.array(values, float)
    line = y[0] + (y[-1] - y[0]) * (x - x[0]) / (x[-1] - x[0])
    under = line - y
    if under.max() <= 0:
        return counts[1]
    return counts[int(np.flatnonzero(under >= (1 - ALIKE) * under.max())[-1])]
