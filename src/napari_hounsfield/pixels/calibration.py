"""Probabilities that are as frequent as they say: temperature scaling."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LOWEST_TEMPERATURE, HIGHEST_TEMPERATURE = 0.05, 20.0
TINY = 1e-30
FAINTEST = -80.0
"""Logarithm of the smallest probability beside the largest: processors are slow with still smaller numbers."""
BLOCK = 16384
"""Voxels that stay in the cache."""
LEAST = 1e-6
"""Probability that is taken for what a classifier holds for impossible."""


def tempered(probabilities: NDArray[np.float32], temperature: float) -> NDArray[np.float32]:
    """Probabilities (n, classes) to the power of 1 / temperature, scaled to sum to 1; the layout in memory is kept."""
    if temperature == 1.0:
        return probabilities
    import torch

    torch.set_num_threads(1)
    values = torch.from_numpy(probabilities.T if probabilities.T.flags.c_contiguous else np.ascontiguousarray(probabilities.T))
    found = torch.empty_like(values)
    for start in range(0, values.shape[1], BLOCK):
        block = values[:, start : start + BLOCK].clamp_min(TINY).log_()  # and exp: a quarter of the time of a power
        block.sub_(block.amax(0)).mul_(1 / temperature).clamp_min_(FAINTEST).exp_()
        torch.div(block, block.sum(0), out=found[:, start : start + BLOCK])
    result: NDArray[np.float32] = found.numpy().T
    return result


def fitted_temperature(probabilities: NDArray[np.float32], targets: NDArray[np.int64], balance: bool = True) -> float:
    """Temperature at which the probabilities tell most about the samples: the smallest mean cross-entropy.

    Parameters
    ----------
    probabilities
        (n, classes) of samples that were not learned from.
    targets
        Class index (n,).
    balance
        Let every class count the same.

    References
    ----------
    Guo et al., On Calibration of Modern Neural Networks, 2017: dividing logits by the temperature is the same.
    """
    from scipy.optimize import minimize_scalar

    if not len(targets):
        return 1.0
    logs = np.log(np.maximum(probabilities, LEAST)).astype(np.float64)
    logs -= logs.max(axis=1, keepdims=True)
    places = np.arange(len(targets))
    sizes = np.bincount(targets, minlength=logs.shape[1])
    weights = 1 / sizes[targets] if balance else np.ones(len(targets))
    weights = weights / weights.sum()

    def cross_entropy(log_temperature: float) -> float:
        scaled = logs * np.exp(-log_temperature)
        return float(weights @ (np.log(np.exp(scaled).sum(axis=1)) - scaled[places, targets]))

    bounds = np.log([LOWEST_TEMPERATURE, HIGHEST_TEMPERATURE])
    return float(np.exp(minimize_scalar(cross_entropy, bounds=bounds, method="bounded", options={"xatol": 1e-3}).x))


def calibration_error(probabilities: NDArray[np.float32], targets: NDArray[np.int64], bins: int = 15) -> float:
    """Expected calibration error: how far the most probable class's probability is from how often it is right.

    Parameters
    ----------
    probabilities
        (n, classes).
    targets
        Class index (n,).
    bins
        Of equal width; their gaps are weighted by their samples.

    References
    ----------
    Naeini, Cooper, Hauskrecht: Obtaining Well Calibrated Probabilities Using Bayesian Binning, 2015.
    """
    if not len(targets):
        return 0.0
    confidence = probabilities.max(axis=1).astype(np.float64)
    right = probabilities.argmax(axis=1) == targets
    place = np.minimum((confidence * bins).astype(np.intp), bins - 1)
    gaps = np.bincount(place, confidence, bins) - np.bincount(place, right, bins)
    return float(np.abs(gaps).sum() / len(targets))
