"""What probabilities of images draw: ROC curve and reliability, exactly; a study has few enough images for every threshold."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.evaluation.probabilities import BINS

Points = list[tuple[float, float]]


def roc_points(scores: NDArray[np.float64], truth: NDArray[np.bool_]) -> Points:
    """(1 - specificity, sensitivity) at every threshold, from (0, 0) to (1, 1); empty where either side has no image."""
    positives, negatives = int(np.count_nonzero(truth)), int(np.count_nonzero(~truth))
    if not positives or not negatives:
        return []
    order = np.argsort(-scores, kind="stable")
    last = np.flatnonzero(np.diff(scores[order], append=-np.inf))  # equal scores pass the threshold together
    hits, false = np.cumsum(truth[order])[last], np.cumsum(~truth[order])[last]
    return [(0.0, 0.0), *((f / negatives, t / positives) for t, f in zip(hits.tolist(), false.tolist(), strict=True))]


def reliability_points(scores: NDArray[np.float64], truth: NDArray[np.bool_]) -> Points:
    """(mean probability, share of the class) of each of ten bins that holds images; a bin holds its upper end."""
    bins = np.clip(np.ceil(scores * BINS).astype(np.int64) - 1, 0, BINS - 1)
    return [(float(scores[bins == k].mean()), float(truth[bins == k].mean())) for k in range(BINS) if (bins == k).any()]
