"""First classes: a draft without supervision, from the image and its features."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Generator
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from napari_hounsfield.errors import IntensityError, ParameterError
from napari_hounsfield.feature_stack import FeatureParams, FeatureSource, feature_source
from napari_hounsfield.intensity import TISSUES, is_hounsfield, nearest_tissue
from napari_hounsfield.operation import Params, Progress, number, operation, part
from napari_hounsfield.volume import Features, Segmentation, Volume

SAMPLE = 20_000
"""Voxels that the classes are found on; all others are then assigned."""
MOST_CLASSES = 8
ROWS = 32_768
"""Voxels assigned between two reports of progress."""
ITERATIONS, AT_ONCE = 50, 4
"""Most iterations of a fit, and those of a mixture between two reports of progress."""


class ClassesParams(Params):
    """How the image is divided into classes."""

    method: Literal["auto", "table", "kmeans", "gmm"] = "auto"
    """Tissue table (HU only), clusters or Gaussian mixture of the features; auto: the table for HU unless a number is given."""
    count: int = number(0, 0, 32)
    """Number of classes of kmeans and gmm; 0: the fewest whose means explain enough of the image."""
    explained: float = number(0.95, 0.1, 0.999)
    """Part of the image's variance that the class means must explain, where the number is found."""
    features: FeatureParams = Field(default_factory=FeatureParams)
    """What kmeans and gmm see of every voxel."""
    seed: int = number(0, 0, 2**31 - 1)
    """Of the voxels that the classes are found on, and of the first centres."""

    @model_validator(mode="after")
    def _table_has_its_number(self) -> Self:
        if self.method == "table" and self.count:
            raise ValueError(f"the tissue table has {len(TISSUES)} classes: leave out count, or choose kmeans or gmm")
        return self

    def resolve(self, *data: Any) -> Self:
        """Choose the method by the unit and fill the features' blanks."""
        volume: Volume = data[0]
        by_table = is_hounsfield(volume) and not self.count  # whose number of classes is fixed
        method = self.method if self.method != "auto" else "table" if by_table else "kmeans"
        if method == "table" and not is_hounsfield(volume):
            raise ParameterError(
                f"{volume.name or 'image'}: the tissue table is in HU, the unit here is {volume.unit or 'unknown'!r}"
            )
        features = self.features if method == "table" else self.features.resolve(volume)
        return self.model_copy(update={"method": method, "features": features})


@operation("classes", ClassesParams)
def classes(
    volume: Volume, features: Features | None = None, *, params: ClassesParams
) -> Generator[Progress, None, Segmentation]:
    """Divide an image into first classes without supervision.

    Parameters
    ----------
    volume
        One scalar image.
    features
        Features of the same recipe, where they are already there.
    params
        Method; found classes are numbered by rising mean intensity and, in HU, named by the tissue table.

    Returns
    -------
    Segmentation
        Draft labels (0 in the padding) and, in `sureness`, how far each voxel is from a tie (0) between two classes.

    Raises
    ------
    IntensityError
        If nothing was scanned, or the scanned field holds NaN.
    ParameterError
        If the tissue table is asked for and the unit is not HU.

    References
    ----------
    Seed paper, section 4.1: its unsupervised analysis is read as a clustering (k-means, Gaussian mixture, HU table); the number
    of classes is settled by comparing the draft with the image: their means must explain a given part of its variance.
    """
    volume.require_scalar()
    if volume.valid is not None and not volume.valid.any():
        raise IntensityError(f"{volume.name or 'image'}: every voxel is padding")
    if params.method == "table":
        labels, sureness, names = yield from _by_table(volume)
    else:
        source = feature_source(volume, params.features, features)
        model = yield from part(_clusters(source, params), 0.0, 0.4)
        labels, sureness = yield from part(_assigned(source, model), 0.4, 1.0)
        names = yield from _cluster_names(volume, labels, len(model))
    if volume.valid is not None:
        labels[~volume.valid] = 0
        sureness[~volume.valid] = 0
    return Segmentation(volume.label_map(labels, names), sureness=sureness)


Drafted = tuple[NDArray[np.uint8], NDArray[np.float32], dict[int, str]]


def _by_table(volume: Volume) -> Generator[Progress, None, Drafted]:
    """Nearest tissue of every voxel; sureness is the distance to the range's nearer end, as a part of half its width."""
    limits = np.array([(t.lower, t.upper) for t in TISSUES])
    half_width = np.minimum(np.diff(limits, axis=1)[:, 0] / 2, 200.0)
    labels = np.zeros(volume.array.shape, np.uint8)
    sureness = np.zeros(volume.array.shape, np.float32)
    for z, plane in enumerate(volume.array):
        hu = np.nan_to_num(plane).astype(np.float32)
        depth = np.stack([np.minimum(hu - lower, upper - hu) for lower, upper in limits])  # negative outside
        labels[z] = depth.argmax(axis=0) + 1
        sureness[z] = np.clip(depth.max(axis=0) / half_width[labels[z] - 1], 0, 1)
        yield Progress((z + 1) / len(labels), "tissue table")
    return labels, sureness, {k + 1: tissue.name for k, tissue in enumerate(TISSUES)}


class _Clusters:
    """Classes found on a sample of standardised features, ordered by mean intensity."""

    def __init__(self, mean: NDArray[Any], scale: NDArray[Any], fitted: Any, order: NDArray[np.intp]) -> None:
        self.mean, self.scale, self._fitted = mean, scale, fitted
        self._rank = np.argsort(order)

    def __len__(self) -> int:
        return len(self._rank)

    def assign(self, rows: NDArray[np.float32]) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
        """Class index and sureness of features (n, maps)."""
        scaled = (rows - self.mean) / self.scale
        if hasattr(self._fitted, "predict_proba"):
            shares = self._fitted.predict_proba(scaled)
            found = shares.argmax(axis=1)
            shares.sort(axis=1)
            sure = shares[:, -1] - (shares[:, -2] if shares.shape[1] > 1 else 0)
        else:
            distances = self._fitted.transform(scaled)
            found = distances.argmin(axis=1)
            nearest = np.sort(distances, axis=1)[:, :2]
            sure = 1 - nearest[:, 0] / np.maximum(nearest[:, -1], 1e-12) if nearest.shape[1] > 1 else np.ones(len(rows))
        return self._rank[found], sure.astype(np.float32)


def _clusters(source: FeatureSource, params: ClassesParams) -> Generator[Progress, None, _Clusters]:
    """Find the classes on a seeded sample of the scanned voxels."""
    volume = source.volume
    yield Progress(0.0, "features")
    mask = _sample(volume, np.random.default_rng(params.seed))
    rows = yield from part(source.at(mask), 0.0, 0.6)
    intensity = volume.array[mask].astype(np.float64)
    mean, scale = rows.mean(axis=0), np.maximum(rows.std(axis=0), 1e-6)
    scaled = (rows - mean) / scale
    counts = [params.count] if params.count else range(2, MOST_CLASSES + 1)
    for step, count in enumerate(counts):
        fit = _fit(scaled, count, params)
        fitted = yield from part(fit, 0.6 + 0.4 * step / len(counts), 0.6 + 0.4 * (step + 1) / len(counts))
        found = fitted.predict(scaled)
        sizes = np.bincount(found, minlength=count)
        means = np.bincount(found, intensity, count) / np.maximum(sizes, 1)
        spread = intensity.var()
        if params.count or spread == 0 or 1 - ((intensity - means[found]) ** 2).mean() / spread >= params.explained:
            break
    return _Clusters(mean, scale, fitted, np.argsort(means))


def _sample(volume: Volume, random: np.random.Generator) -> NDArray[np.bool_]:
    """Mark the voxels that the classes are found on: in whole slices, as only the features of those are computed."""
    scanned = np.ones(len(volume.array), bool) if volume.valid is None else volume.valid.any(axis=(1, 2))
    slices = np.flatnonzero(scanned)
    slices = np.sort(random.permutation(slices)[: max(8, len(slices) // 8)])
    inside = np.ones((len(slices), *volume.array.shape[1:]), bool) if volume.valid is None else volume.valid[slices]
    places = np.flatnonzero(inside)
    chosen = np.zeros_like(inside)
    chosen.ravel()[random.choice(places, min(SAMPLE, len(places)), replace=False)] = True
    mask = np.zeros(volume.array.shape, bool)
    mask[slices] = chosen
    return mask


def _fit(scaled: NDArray[Any], count: int, params: ClassesParams) -> Generator[Progress, None, Any]:
    """Fit a number of classes, in parts that equal the fit in one go."""
    yield Progress(0.0, f"{count} classes")
    if len(scaled) < count:
        raise IntensityError(f"{len(scaled)} scanned voxels cannot be divided into {count} classes")
    if params.method == "gmm":
        return (yield from _mixture(scaled, count, params.seed))
    from sklearn.cluster import KMeans

    random = np.random.RandomState(params.seed)
    first = KMeans(count, random_state=random, n_init=1, max_iter=ITERATIONS).fit(scaled)
    yield Progress(0.5, f"{count} classes")
    second = KMeans(count, random_state=random, n_init=1, max_iter=ITERATIONS).fit(scaled)
    same = len(np.unique(first.labels_ * count + second.labels_)) == len(np.unique(first.labels_))
    return second if second.inertia_ < first.inertia_ and not same else first


def _mixture(scaled: NDArray[Any], count: int, seed: int) -> Generator[Progress, None, Any]:
    """Fit a Gaussian mixture, a few iterations at a time."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    fitted = GaussianMixture(count, random_state=seed, max_iter=0, reg_covar=1e-4, warm_start=True)
    for done in range(-AT_ONCE, ITERATIONS, AT_ONCE):  # at first, without an iteration, k-means finds the centres
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # of these few
            fitted.fit(scaled)
        if fitted.converged_:
            break
        fitted.set_params(max_iter=min(AT_ONCE, ITERATIONS - done - AT_ONCE))
        yield Progress(max(0, done) / ITERATIONS, f"{count} classes")
    return fitted


def _assigned(
    source: FeatureSource, model: _Clusters
) -> Generator[Progress, None, tuple[NDArray[np.uint8], NDArray[np.float32]]]:
    """Class (from 1) and sureness of every voxel."""
    shape = source.volume.array.shape
    labels, sureness = np.zeros(shape, np.uint8), np.zeros(shape, np.float32)
    for first, last in source.slabs():
        maps = np.empty((len(source.names), last - first, *shape[1:]), np.float32)
        yield from part(source.slab(first, last, maps), first / shape[0], last / shape[0])
        rows = maps.reshape(len(maps), -1).T
        into, sure_into = labels[first:last].reshape(-1), sureness[first:last].reshape(-1)
        for start in range(0, len(rows), ROWS):
            some = slice(start, start + ROWS)
            found, sure_into[some] = model.assign(rows[some])
            into[some] = found + 1
            yield Progress(last / shape[0], "classes")
    return labels, sureness


def _cluster_names(volume: Volume, labels: NDArray[np.uint8], count: int) -> Generator[Progress, None, dict[int, str]]:
    """`class N`, or in HU the tissue of the class's median, numbered where several share one."""
    if not is_hounsfield(volume):
        return {k: f"class {k}" for k in range(1, count + 1)}
    scanned = np.ones(labels.shape, bool) if volume.valid is None else volume.valid
    names: dict[int, str] = {}
    seen: Counter[str] = Counter()
    for k in range(1, count + 1):
        yield Progress(1.0, "names")
        values = volume.array[(labels == k) & scanned]
        tissue = nearest_tissue(float(np.median(values))) if values.size else "empty"
        seen[tissue] += 1
        names[k] = tissue if seen[tissue] == 1 else f"{tissue} {seen[tissue]}"
    return names
