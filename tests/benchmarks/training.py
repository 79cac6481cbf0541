"""Training on strokes beside scikit-learn's forest, and the calibration: `python -m tests.benchmarks.training`.

Goals: on 2,000 voxels the recipe `live` is at least 5 times faster than RandomForestClassifier(100, n_jobs=2), and its accuracy
at most 1 point lower over 5 seeds; on 20,000 at least 1.5 times faster at equal accuracy; expected calibration error at most 0.05
on voxels that are not painted. Both learn in turn, from the same voxels, and are judged on the same voxels that are not painted.
The time of `live` holds everything: early stopping on held-back strokes, calibration, figures, and learning these strokes too.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

import napari_hounsfield as nh
from napari_hounsfield.operation import finish
from napari_hounsfield.pixels.calibration import calibration_error
from napari_hounsfield.pixels.learning import learn

from .pixel_cases import Case, cases

SIZES = {2000: (5.0, 0.01), 20000: (1.5, 0.0)}
"""Voxels: how many times faster, and how much lower the accuracy may be."""


def measured(case: Case, voxels: int, seeds: int) -> np.ndarray:
    """For each seed: seconds of `live` and of the forest, accuracy of both, calibration error of `live`."""
    from sklearn.ensemble import RandomForestClassifier

    found = []
    for seed in range(seeds):
        painted = case.strokes(voxels, seed)
        samples = case.samples(painted)
        rows, truth = case.judged(painted)
        recipe = nh.TrainParams(**nh.TrainParams.presets["live"], features=case.params, seed=seed)
        seconds = [np.inf, np.inf]
        for _ in range(3 if voxels <= 5000 else 1):
            started = time.perf_counter()
            model = finish(learn(samples, case.reference.classes, recipe))
            middle = time.perf_counter()
            forest = RandomForestClassifier(100, n_jobs=2, random_state=seed).fit(samples.rows, samples.values)
            seconds = np.minimum(seconds, [middle - started, time.perf_counter() - middle])
        values = np.array(list(model.classes))
        probabilities = model.calibrated(model.recogniser.probabilities(rows))
        right = (values[probabilities.argmax(axis=1)] == truth).mean(), (forest.predict(rows) == truth).mean()
        found.append([*seconds, *right, calibration_error(probabilities, np.searchsorted(values, truth))])
    return np.array(found)


def main() -> None:
    """Print a line for each case and size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--cases", nargs="*", default=())
    parser.add_argument("--voxels", nargs="*", type=int, default=list(SIZES))
    given = parser.parse_args()
    print("case      voxels  live ms  forest ms  times (goal)  accuracy live  forest  difference (goal)  ECE (goal 0.05)")
    for case in cases(*given.cases):
        for voxels in given.voxels:
            faster, lower = SIZES[voxels]
            live, forest, ours, theirs, error = measured(case, voxels, given.seeds).mean(axis=0)
            print(
                f"{case.name:8}  {voxels:6}  {live * 1e3:7.0f}  {forest * 1e3:9.0f}  {forest / live:5.1f} ({faster})  "
                f"{ours:13.4f}  {theirs:.4f}  {ours - theirs:+10.4f} ({-lower})  {error:.3f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
