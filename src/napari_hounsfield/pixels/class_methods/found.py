"""Found classes, in the order of their mean intensity, with names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.intensity import nearest_tissue
from napari_hounsfield.operation import Progress
from napari_hounsfield.pixels.class_params import ClassesParams

from .centres import Centres
from .isodata import isodata
from .kmeans import kmeans, nearest_centres
from .mixture import MixtureClasses, mixture, posterior
from .model import ClassModel
from .sample import ClassSample


class Found(NamedTuple):
    """Classes that voxels can be assigned to, and their names by number, from 1."""

    model: ClassModel
    names: dict[int, str]


def find_classes(sample: ClassSample, params: ClassesParams, hounsfield: bool) -> Generator[Progress, None, Found]:
    """Find classes on a sample; `params` are resolved, and have a number of classes unless the method finds one.

    Parameters
    ----------
    hounsfield
        Whether the intensities are in HU, so that classes are named by tissue.
    """
    sample.require(params.count or params.isodata.fewest)
    model: ClassModel
    if params.method == "gmm":
        fitted = yield from mixture(sample.maps, params.count, params.seed)
        members, _ = posterior(fitted.log_densities(sample.maps))
        order = _by_intensity(members, sample)
        model = MixtureClasses(sample, fitted.of(order))
    else:
        if params.method == "isodata":
            centres = yield from isodata(sample.maps, params.isodata, params.count, params.seed)
        else:
            centres = (yield from kmeans(sample.maps, params.count, params.seed)).centres
        labels = nearest_centres(sample.maps, centres).labels
        members = (labels == np.arange(len(centres))[:, None]).astype(np.float64)
        order = _by_intensity(members, sample)
        model = Centres(sample, centres[order])
    largest = members[order].argmax(axis=0)
    medians = [_median(sample.intensity[largest == index]) for index in range(len(model))]
    return Found(model, class_names(medians, hounsfield))


def _by_intensity(members: NDArray[np.float64], sample: ClassSample) -> NDArray[np.intp]:
    """Order of classes by mean intensity, weighted by how far each voxel of the sample is a member (classes, n)."""
    return np.argsort(members @ sample.intensity / np.maximum(members.sum(axis=1), 1e-12), kind="stable")


def _median(values: NDArray[np.float64]) -> float | None:
    return float(np.median(values)) if values.size else None


def class_names(medians: list[float | None], hounsfield: bool) -> dict[int, str]:
    """`class N`, or in HU the tissue of each class's median, numbered where several share one; `empty` has no median."""
    names: dict[int, str] = {}
    seen: Counter[str] = Counter()
    for value, median in enumerate(medians, 1):
        if not hounsfield:
            names[value] = f"class {value}"
            continue
        tissue = "empty" if median is None else nearest_tissue(median)
        seen[tissue] += 1
        names[value] = tissue if seen[tissue] == 1 else f"{tissue} {seen[tissue]}"
    return names
