"""Images of different patients that are nearly the same: copies that were encoded anew, made brighter, or cropped a little.

A copy in training and test at once makes a model look better than it is. Each image is compared with its most like ones after it
was laid over them: anatomy makes all images of a kind alike, but only a copy fits in every detail once it is laid over.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.operation import Progress

from .prepared import PreparedImages
from .shrinking import in_matrix

THRESHOLD = 0.9
"""Least correlation of details of two images laid over each other.

Of copies that were cropped by up to 3 % a side, made brighter by up to 15 % and saved as JPEG of quality 60, the least had 0.94
in chest X-rays, 0.91 in breast ultrasound and 0.90 in X-rays of 28 x 28 pixels (100 each); of images of different patients
the most alike had 0.84, 0.69 and 0.89.
"""
COARSE, FINE = 16, 48
"""Rows and columns at which like images are looked for, and compared."""
BLUR = 2.0
"""Standard deviation, in coarse pixels, beyond which brightness is no detail; fine ones are three times smaller."""
CANDIDATES = 2
"""Images that each is laid over."""
LEAST = 0.75
"""Coarse correlation of a candidate."""
BLOCK = 1024
STEPS = 12
"""Of laying one image over another; less where nothing moves any more."""
TRIED, HOPELESS = 3, 0.5
"""After so many steps images whose details correlate less are left at that."""


class NearDuplicate(NamedTuple):
    """Two images, by their places, that are nearly the same."""

    first: int
    second: int
    correlation: float


def near_duplicates(images: PreparedImages, threshold: float = THRESHOLD) -> Generator[Progress, None, tuple[NearDuplicate, ...]]:
    """Find pairs of images of different patients that are nearly the same, the most alike first.

    Of volumes the mean of three parts along z is compared. Images without any detail are like none.
    """
    planes = np.stack([_plane(image) for image in images.array])
    coarse = np.stack([_details(in_matrix(plane, (COARSE, COARSE)), BLUR) for plane in planes]).reshape(len(planes), -1)
    pairs: set[tuple[int, int]] = set()
    for start in range(0, len(planes), BLOCK):
        alike = coarse[start : start + BLOCK] @ coarse.T
        alike[images.patients[start : start + BLOCK, None] == images.patients] = -1
        nearest = np.argsort(-alike, axis=1, kind="stable")[:, :CANDIDATES]
        for row, others in enumerate(nearest, start=start):
            pairs.update((min(row, int(j)), max(row, int(j))) for j in others if alike[row - start, j] >= LEAST)
        yield Progress(0.2 * min(1.0, (start + BLOCK) / len(planes)), "like images")
    fine = [in_matrix(plane, (FINE, FINE)) for plane in planes]
    found = []
    for done, (first, second) in enumerate(sorted(pairs), start=1):
        if done % 16 == 0:
            yield Progress(0.2 + 0.8 * done / len(pairs), "comparing like images")
        correlation = _laid_over(fine[first], fine[second])
        if correlation >= threshold:
            found.append(NearDuplicate(first, second, correlation))
    return tuple(sorted(found, key=lambda pair: (-pair.correlation, pair)))


def _plane(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """A plane of an image: of a volume three parts side by side."""
    if image.ndim == 2:
        return image
    return np.concatenate(list(in_matrix(image, (3, *image.shape[1:]))), axis=1)


def _details(image: NDArray[np.float32], blur: float) -> NDArray[np.float64]:
    """What is finer than the blur, of norm 1; 0 where there is nothing."""
    from scipy.ndimage import gaussian_filter

    detail = image.astype(np.float64) - gaussian_filter(image.astype(np.float64), blur, mode="nearest")
    detail -= detail.mean()
    norm = np.linalg.norm(detail)
    normed: NDArray[np.float64] = detail / norm if norm > 1e-6 else np.zeros_like(detail)
    return normed


def _laid_over(fixed: NDArray[np.float32], moving: NDArray[np.float32]) -> float:
    """Correlation of details after rows and columns of one were moved and scaled, by Gauss and Newton, to fit the other."""
    from scipy.ndimage import gaussian_filter

    axis: NDArray[np.float64] = (np.arange(FINE, dtype=np.float64) - (FINE - 1) / 2) / (FINE / 2)
    rows, columns = np.meshgrid(axis, axis, indexing="ij")
    smooth = gaussian_filter(moving, 1.0).astype(np.float64)
    aim = gaussian_filter(fixed, 1.0).astype(np.float64).ravel()
    slopes = np.gradient(smooth)
    place = np.zeros(4)  # of rows: shift, scale; of columns: the same, in pixels at the edge

    def at(image: NDArray[Any]) -> NDArray[np.float64]:
        return _mixed(_mixed(image, axis, place[0], place[1], 0), axis, place[2], place[3], 1)

    for step_number in range(STEPS):
        down, right = at(slopes[0]), at(slopes[1])
        seen = at(smooth)
        if step_number == TRIED and _likeness(fixed, seen) < HOPELESS:
            break
        terms = [seen, np.ones_like(seen), down, down * rows, right, right * columns]
        matrix = np.stack([term.ravel() for term in terms], axis=1)
        normal = matrix.T @ matrix
        solved = np.linalg.solve(normal + 1e-9 * np.trace(normal) * np.eye(len(normal)), matrix.T @ aim)
        gain = solved[0]
        if gain < 0.2:
            break
        step = np.clip(solved[2:] / gain, -1.5, 1.5)
        place = np.clip(place + step, -4.0, 4.0)
        if np.abs(step).max() < 0.02:
            break
    return _likeness(fixed, at(moving))


def _mixed(image: NDArray[Any], axis: NDArray[Any], shift: float, scale: float, along: int) -> NDArray[np.float64]:
    """An image moved and scaled along an axis, linearly between pixels."""
    places = np.clip(axis * (FINE / 2 + scale) + shift + (FINE - 1) / 2, 0, FINE - 1)
    below = np.minimum(places.astype(np.intp), FINE - 2)
    share = places - below
    if along == 0:
        share = share[:, None]
    mixed: NDArray[np.float64] = image.take(below, along) * (1 - share) + image.take(below + 1, along) * share
    return mixed


def _likeness(fixed: NDArray[np.float32], laid: NDArray[np.float64]) -> float:
    """Correlation of the details of two images, their borders left out."""
    inner = slice(3, -3)
    first, second = (_details(image[inner, inner], 3 * BLUR / 2) for image in (fixed, laid.astype(np.float32)))
    return float((first * second).sum())
