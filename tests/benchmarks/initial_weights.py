"""Initial weights of the BP network, plain 0.5 against 0.5 / sqrt(inputs): `python -m tests.benchmarks.initial_weights`.

Table 1 of the seed paper gives 0.5. Trained on strokes of the phantom, tested on all its other voxels of every eighth slice.
"""

from __future__ import annotations

import math

import numpy as np

import napari_hounsfield as nh
from napari_hounsfield.bp import BPParams
from napari_hounsfield.bp_training import fit
from napari_hounsfield.demo.phantom import chest_phantom
from napari_hounsfield.demo.strokes import StrokeParams, draw_strokes
from napari_hounsfield.operation import finish

SEEDS = 5


def main() -> None:
    """Print a table."""
    phantom = chest_phantom()
    maps = nh.features(phantom.volume).array
    reference = phantom.reference.array
    judged = (reference > 0) & (np.arange(len(reference)) % 8 == 4)[:, None, None]
    tested = maps[:, judged].T
    print("initial weights     samples  iterations  saturated at first  accuracy (mean, worst)")
    for slices, voxels in ((3, 300), (6, 3000)):
        strokes = draw_strokes(phantom.reference, StrokeParams(slices=slices, voxels=voxels)).array
        rows, targets = maps[:, strokes > 0].T.copy(), strokes[strokes > 0].astype(np.int64) - 1
        for name, gain in (("0.5 / sqrt(inputs)", 1.0), ("plain 0.5", math.sqrt(rows.shape[1]))):
            for iterations in (200, 2000):
                recipe = BPParams(gain=gain, iterations=iterations)
                hits = []
                for seed in range(SEEDS):
                    network = finish(fit(rows, targets, 6, recipe, seed))
                    hits.append((network.probabilities(tested).argmax(1) == reference[judged] - 1).mean())
                first = finish(fit(rows, targets, 6, recipe.model_copy(update={"iterations": 1}), 0))
                share = saturated(first, rows)
                print(f"{name:18}  {len(rows):7}  {iterations:10}  {share:18.3f}  {np.mean(hits):.4f} {min(hits):.4f}")


def saturated(network: nh.BPNetwork, rows: np.ndarray) -> float:
    """Part of the hidden activations within 0.02 of their ends."""
    values = (rows - network.mean) / network.scale @ network.weights[0].T + network.biases[0]
    return float((np.abs(np.tanh(values / 2)) > 0.96).mean())


if __name__ == "__main__":
    main()
