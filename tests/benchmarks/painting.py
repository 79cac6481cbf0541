"""Painting where it is suggested against painting anywhere: `python -m tests.benchmarks.painting`.

A user begins with a stroke of each class, then paints one round after another: in the region that `next_place` suggests, or in
one drawn by chance. In a region each class that shows gets one short stroke. After every round the classifier learns again.
Goal: for the Dice that painting anywhere reaches in the end, suggestions need at most 60 % of the voxels; 10 seeds, real CT.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import numpy as np

import napari_hounsfield as nh
from napari_hounsfield.operation import finish
from napari_hounsfield.pixels.learning import PaintedSamples, learn
from napari_hounsfield.pixels.next_place import REGION_MM, next_place, plane_doubt
from napari_hounsfield.pixels.slab_recognition import recognise_plane

from .pixel_cases import Case, cases

ROUNDS = 30
LENGTH = 8
"""Voxels of a stroke."""


def painted_region(case: Case, painted: np.ndarray, z: int, region: tuple, random: np.random.Generator) -> None:
    """Paint a short stroke of each class in a region: the voxels nearest to one of them, drawn by chance."""
    rows, columns = (slice(*edge) for edge in region)
    truth, there = case.reference.array[z, rows, columns], painted[z, rows, columns]
    for value in np.unique(truth[truth > 0]):
        places = np.argwhere((truth == value) & (there == 0))
        if len(places):
            start = places[random.integers(len(places))]
            near = np.argsort(((places - start) ** 2).sum(axis=1), kind="stable")[:LENGTH]
            there[tuple(places[near].T)] = value


def anywhere(case: Case, random: np.random.Generator) -> tuple[int, tuple]:
    """A region drawn by chance, around a voxel whose class is known."""
    z, *middle = case.reference.array.nonzero()
    chosen = random.integers(len(z))
    edges = []
    for at, step, size in zip(middle, case.volume.spacing[1:], case.reference.array.shape[1:], strict=True):
        half = max(1, round(REGION_MM / step)) // 2
        edges.append((max(0, int(at[chosen]) - half), min(size, int(at[chosen]) + half + 1)))
    return int(z[chosen]), tuple(edges)


def suggested(case: Case, model: nh.PixelClassifier, painted: np.ndarray) -> tuple[int, tuple]:
    """The region that the classifier is least sure of."""
    every = max(1, painted.shape[1] // 128)  # a look at every few voxels finds the same regions
    spacing = tuple(every * step for step in case.volume.spacing[1:])
    seed, planes = int(np.count_nonzero(painted)), {}
    for z in range(len(painted)):
        found = recognise_plane(model, np.ascontiguousarray(case.features.array[:, z : z + 1, ::every, ::every]))
        known, there = (a[z, ::every, ::every] > 0 for a in (case.reference.array, painted))
        planes[z] = plane_doubt(found.sureness[0], there, known, spacing, seed=seed + z)
    place = next_place(planes, seed)
    assert place is not None
    return place.z, tuple((every * first, every * last) for first, last in place.region)


def course(case: Case, suggest: bool, seed: int, rounds: int) -> Iterator[tuple[int, float]]:
    """Painted voxels and mean Dice after each round."""
    random = np.random.default_rng(seed)
    painted = np.zeros_like(case.reference.array)
    for value in (v for v in case.reference.values() if v):
        places = np.argwhere(case.reference.array == value)
        z, y, x = places[random.integers(len(places))]
        same = np.argwhere(case.reference.array[z] == value)
        near = np.argsort(((same - (y, x)) ** 2).sum(axis=1), kind="stable")[:LENGTH]
        painted[(z, *same[near].T)] = value
    recipe = nh.TrainParams(**nh.TrainParams.presets["live"], features=case.params, seed=seed)
    maps = case.features.array.reshape(len(case.features.array), -1)
    judged = np.sort(np.random.default_rng(0).choice(np.flatnonzero(case.reference.array), 40_000, replace=False))
    rows, truth = np.ascontiguousarray(maps[:, judged].T), case.reference.array.reshape(-1)[judged]
    for _ in range(rounds):
        samples: PaintedSamples = case.samples(painted)
        model = finish(learn(samples, case.reference.classes, recipe))
        found = np.array(list(model.classes))[model.recogniser.probabilities(rows).argmax(axis=1)]
        dice = [2 * np.sum((found == v) & (truth == v)) / max(1, np.sum(found == v) + np.sum(truth == v)) for v in model.classes]
        yield len(samples.values), float(np.mean(dice))
        z, region = suggested(case, model, painted) if suggest else anywhere(case, random)
        painted_region(case, painted, z, region, random)


def main() -> None:
    """Print, for each case, the voxels that both need for the Dice that chance reaches."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--cases", nargs="*", default=("lungs", "organs"))
    given = parser.parse_args()
    for case in cases(*given.cases):
        curves = {
            suggest: [np.array(list(course(case, suggest, seed, given.rounds))) for seed in range(given.seeds)]
            for suggest in (False, True)
        }
        chance, guided = (np.mean(curves[suggest], axis=0) for suggest in (False, True))
        goal = chance[-1, 1]
        needed = [mean[np.argmax(mean[:, 1] >= goal), 0] if mean[:, 1].max() >= goal else np.inf for mean in (chance, guided)]
        print(
            f"{case.name}: Dice {goal:.3f} takes {needed[0]:.0f} voxels painted anywhere, {needed[1]:.0f} as suggested,", end=" "
        )
        print(f"{needed[1] / needed[0]:.0%} (goal 60 %); in the end {guided[-1, 1]:.3f} with {guided[-1, 0]:.0f}")
        for title, mean in (("anywhere ", chance), ("suggested", guided)):
            some = mean[:: max(1, given.rounds // 8)]
            print(f"  {title}", " ".join(f"{voxels:.0f}:{dice:.2f}" for voxels, dice in some), flush=True)


if __name__ == "__main__":
    main()
