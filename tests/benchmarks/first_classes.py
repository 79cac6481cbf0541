"""First classes against their rivals, in time and agreement: `python -m tests.benchmarks.first_classes`.

Every method gets the same features of each image (the phantom of the demonstration, a chest CT, a trunk CT), and as many classes
as it suggests itself. Rivals: KMeans and GaussianMixture of scikit-learn, fitted to the same sample, and the thresholds of
multi-Otsu (scikit-image) on the intensities. Seconds are of the processor, all cores together, so that other work on the machine
weighs less: `find` is the fit on the sample, `assign` all voxels. Agreement with the reference, where that is known: the adjusted
Rand index, and the mean Dice of its classes after the best matching of found classes, many to one.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

import napari_hounsfield as nh
from napari_hounsfield.demo.phantom import chest_phantom
from napari_hounsfield.feature_stack import StoredFeatures
from napari_hounsfield.operation import finish
from napari_hounsfield.pixels.class_methods.found import find_classes
from napari_hounsfield.pixels.class_methods.model import assign
from napari_hounsfield.pixels.class_methods.sample import ClassSample, draw_sample

from .real_ct import data_folder, lung_case, organ_case

Labels = NDArray[Any]


def images() -> Iterator[tuple[str, nh.Volume, nh.LabelMap]]:
    """Images and their references, the regions that are known."""
    phantom = chest_phantom()
    yield "phantom", phantom.volume, phantom.reference
    if data_folder().is_dir():
        volume, lungs = lung_case(data_folder())
        yield "chest CT (01)", volume, lungs
        volume, organs = organ_case(data_folder())
        yield "trunk CT (02)", volume, organs


def agreement(found: Labels, reference: Labels) -> tuple[float, float]:
    """Adjusted Rand index, and mean Dice of the reference's classes after each found class went to the one it best fits."""
    table = np.zeros((int(found.max()) + 1, int(reference.max()) + 1))
    np.add.at(table, (found, reference), 1)
    pairs, rows, columns = ((n * (n - 1) / 2).sum() for n in (table, table.sum(axis=1), table.sum(axis=0)))
    every = found.size * (found.size - 1) / 2
    expected = rows * columns / every
    rand = (pairs - expected) / ((rows + columns) / 2 - expected)
    goes_to = table.argmax(axis=1)
    dice = []
    for value in np.flatnonzero(table.sum(axis=0)):
        mine = table[goes_to == value]
        dice.append(2 * mine[:, value].sum() / (mine.sum() + table[:, value].sum()))
    return float(rand), float(np.mean(dice))


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds of the processor, and the result."""
    started = time.process_time()
    done = work()
    return time.process_time() - started, done


def ours(sample: ClassSample, rows: Labels, method: str, count: int) -> tuple[float, float, Labels, int]:
    """Seconds to find and to assign, labels, and the number of classes."""
    params = nh.ClassesParams(method=method, count=count)
    find, found = timed(lambda: finish(find_classes(sample, params, False)))
    give, assigned = timed(lambda: finish(assign(found.model, rows)))
    return find, give, assigned.labels, len(found.model)


def scikit_learn(sample: ClassSample, rows: Labels, method: str, count: int) -> tuple[float, float, Labels, int]:
    """The same by scikit-learn, voxels a million at a time."""
    from sklearn.cluster import KMeans
    from sklearn.mixture import GaussianMixture

    model = KMeans(count, n_init=3, random_state=0) if method == "kmeans" else GaussianMixture(count, random_state=0)
    find, _ = timed(lambda: model.fit(sample.maps.T))
    scaled = ((rows - sample.mean[:, None]) / sample.scale[:, None]).T.astype(np.float64)
    blocks = np.array_split(scaled, max(1, len(scaled) // 1_000_000))
    give, labels = timed(lambda: np.concatenate([model.predict(block) for block in blocks]))
    return find, give, labels, count


def multi_otsu(values: Labels, count: int) -> tuple[float, float, Labels, int]:
    """Thresholds between as many classes, at most five."""
    from skimage.filters import threshold_multiotsu

    count = min(count, 5)
    find, limits = timed(lambda: threshold_multiotsu(values, count, nbins=128))
    give, labels = timed(lambda: np.digitize(values, limits))
    return find, give, labels, count


def lines(name: str, volume: nh.Volume, reference: nh.LabelMap) -> Iterator[str]:
    """One line a method."""
    recipe = nh.FeatureParams().resolve(volume)
    maps = nh.features(volume, recipe)
    sample = finish(draw_sample(StoredFeatures(maps, volume), 0))
    rows = maps.array.reshape(len(maps.array), -1)
    truth = reference.array.ravel()
    drafts = nh.Drafts(volume, maps)
    counts = {}
    for method in ("kmeans", "gmm"):
        seconds, count = timed(lambda m=method: finish(drafts.suggest(nh.SuggestParams(method=m))))
        counts[method] = count.suggested
        size = f"{rows.shape[1] / 1e6:.2f} million voxels, {len(rows)} features"
        yield f"{name}: {size}; {method}: {count.suggested} suggested in {seconds:.2f} s"
    ways = {
        "k-means": lambda: ours(sample, rows, "kmeans", counts["kmeans"]),
        "k-means, scikit-learn": lambda: scikit_learn(sample, rows, "kmeans", counts["kmeans"]),
        "ISODATA": lambda: ours(sample, rows, "isodata", 0),
        "mixture": lambda: ours(sample, rows, "gmm", counts["gmm"]),
        "mixture, scikit-learn": lambda: scikit_learn(sample, rows, "gmm", counts["gmm"]),
        "multi-Otsu": lambda: multi_otsu(volume.array.ravel().astype(np.float32), counts["kmeans"]),
    }
    if volume.unit == "HU":
        ways["tissue table"] = lambda: (0.0, *_by_table(volume))
    for way, work in ways.items():
        find, give, labels, count = work()
        rand, dice = agreement(labels.astype(np.int64), truth.astype(np.int64))
        yield f"  {way:22} {count:3} classes  find {find:6.2f} s  assign {give:6.2f} s  Rand {rand:6.3f}  Dice {dice:6.3f}"


def _by_table(volume: nh.Volume) -> tuple[float, Labels, int]:
    give, draft = timed(lambda: nh.classes(volume))
    return give, draft.labels.array.ravel(), len(draft.labels.classes)


def large(slices: int, maps: int = 11, count: int = 8) -> Iterator[str]:
    """Assigning 512 x 512 voxels of some slices: seconds on the clock and of the processor, and the longest step."""
    random = np.random.default_rng(0)
    plane = random.normal(size=(maps, 512 * 512)).astype(np.float32) + random.integers(0, count, 512 * 512, np.uint8)
    draw = plane[:, :20_000].astype(np.float64)
    sample = ClassSample(draw, draw[0], np.zeros(maps, np.float32), np.ones(maps, np.float32), "noise")
    for method in ("kmeans", "isodata", "gmm"):
        found = finish(find_classes(replace(sample), nh.ClassesParams(method=method, count=count), False))
        clock, processor, longest = time.perf_counter(), time.process_time(), 0.0
        before = clock
        for _ in range(slices):
            for _ in assign(found.model, plane):
                now = time.perf_counter()
                longest, before = max(longest, now - before), now
        spent, busy = time.perf_counter() - clock, time.process_time() - processor
        yield (
            f"{method:8} assigns 512 x 512 x {slices}, {maps} features, {count} classes in {spent:.1f} s "
            f"({busy:.1f} s of the processor; {1000 * busy / slices:.0f} ms a slice; longest step {longest:.3f} s)"
        )


def main() -> None:
    """Print everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slices", type=int, default=100)
    for line in large(parser.parse_args().slices):
        print(line, flush=True)
    for image in images():
        for line in lines(*image):
            print(line, flush=True)


if __name__ == "__main__":
    main()
