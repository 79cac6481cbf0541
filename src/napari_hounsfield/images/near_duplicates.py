"""Images of different patients that are nearly the same: copies that were encoded anew, made brighter, or cropped a little.

A copy in training and test at once makes a model look better than it is. Each image is compared with its most like ones after it
was laid over them: anatomy makes all images of a kind alike, but only a copy fits in every detail once it is laid over.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import NamedTuple

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
TOGETHER = 32
"""Images, or pairs, between two reports."""
STEPS = 12
"""Of laying one image over another; less where nothing moves any more."""
TRIED, HOPELESS = 3, 0.5
"""After so many steps images whose details correlate less are left at that."""
AXIS: NDArray[np.float64] = (np.arange(FINE, dtype=np.float64) - (FINE - 1) / 2) / (FINE / 2)
"""Rows and columns of the fine matrix, -1 to 1."""
Stack = NDArray[np.float64]
"""Images (n, y, x)."""


class NearDuplicate(NamedTuple):
    """Two images, by their places, that are nearly the same."""

    first: int
    second: int
    correlation: float


def near_duplicates(images: PreparedImages, threshold: float = THRESHOLD) -> Generator[Progress, None, tuple[NearDuplicate, ...]]:
    """Find pairs of images of different patients that are nearly the same, the most alike first.

    Of volumes the mean of three parts along z is compared. Images without any detail are like none.
    """
    planes = []
    for done, image in enumerate(images.array, start=1):
        planes.append(_plane(image))
        if done % TOGETHER == 0:
            yield Progress(0.1 * done / len(images), "like images")
    coarse = _details(_in_matrices(planes, COARSE), BLUR).reshape(len(planes), -1)
    pairs: set[tuple[int, int]] = set()
    for start in range(0, len(planes), BLOCK):
        alike = coarse[start : start + BLOCK] @ coarse.T
        alike[images.patients[start : start + BLOCK, None] == images.patients] = -1
        nearest = np.argsort(-alike, axis=1, kind="stable")[:, :CANDIDATES]
        for row, others in enumerate(nearest, start=start):
            pairs.update((min(row, int(j)), max(row, int(j))) for j in others if alike[row - start, j] >= LEAST)
        yield Progress(0.1 + 0.1 * min(1.0, (start + BLOCK) / len(planes)), "like images")
    fine, listed = _in_matrices(planes, FINE), np.array(sorted(pairs), np.intp).reshape(-1, 2)
    found = []
    for start in range(0, len(listed), TOGETHER):
        some = listed[start : start + TOGETHER]
        for (first, second), correlation in zip(some.tolist(), _laid_over(fine[some[:, 0]], fine[some[:, 1]]), strict=True):
            if correlation >= threshold:
                found.append(NearDuplicate(first, second, float(correlation)))
        yield Progress(0.2 + 0.8 * min(1.0, (start + TOGETHER) / len(listed)), "comparing like images")
    return tuple(sorted(found, key=lambda pair: (-pair.correlation, pair)))


def _plane(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """A plane of an image: of a volume three parts side by side."""
    if image.ndim == 2:
        return image
    return np.concatenate(list(in_matrix(image, (3, *image.shape[1:]))), axis=1)


def _in_matrices(planes: list[NDArray[np.float32]], side: int) -> Stack:
    return np.stack([in_matrix(plane, (side, side)) for plane in planes]).astype(np.float64)


def _details(images: Stack, blur: float) -> Stack:
    """What is finer than the blur, of norm 1, of each image (n, y, x); 0 where there is nothing."""
    from scipy.ndimage import gaussian_filter

    detail = images - gaussian_filter(images, (0, blur, blur), mode="nearest")
    detail -= detail.mean(axis=(1, 2), keepdims=True)
    norm = np.sqrt((detail * detail).sum(axis=(1, 2), keepdims=True))
    normed: Stack = np.where(norm > 1e-6, detail / np.maximum(norm, 1e-6), 0.0)
    return normed


def _laid_over(fixed: Stack, moving: Stack) -> NDArray[np.float64]:
    """Correlation (n,) of details after rows and columns of images were moved and scaled, by Gauss and Newton, to fit others."""
    from scipy.ndimage import gaussian_filter

    aim, smooth = (gaussian_filter(images, (0, 1, 1)) for images in (fixed, moving))
    slopes = np.gradient(smooth, axis=(1, 2))
    place = np.zeros((len(fixed), 4))  # of rows: shift, scale; of columns: the same, in pixels at the edge
    going = np.arange(len(fixed))
    for number in range(STEPS):
        seen, down, right = (_at(images[going], place[going]) for images in (smooth, *slopes))
        if number == TRIED:
            hopeful = _likeness(fixed[going], seen) >= HOPELESS
            going, seen, down, right = going[hopeful], seen[hopeful], down[hopeful], right[hopeful]
        if not len(going):
            break
        terms = (seen, np.ones_like(seen), down, down * AXIS[:, None], right, right * AXIS)
        matrix = np.stack([term.reshape(len(going), -1) for term in terms], axis=1)
        normal = matrix @ matrix.transpose(0, 2, 1)
        normal += 1e-9 * np.trace(normal, axis1=1, axis2=2)[:, None, None] * np.eye(len(terms))
        solved = np.linalg.solve(normal, matrix @ aim[going].reshape(len(going), -1, 1))[..., 0]
        fitting = solved[:, 0] >= 0.2
        going, solved = going[fitting], solved[fitting]
        step = np.clip(solved[:, 2:] / solved[:, :1], -1.5, 1.5)
        place[going] = np.clip(place[going] + step, -4.0, 4.0)
        going = going[np.abs(step).max(axis=1, initial=0) >= 0.02]
    return _likeness(fixed, _at(moving, place))


def _at(images: Stack, place: NDArray[np.float64]) -> Stack:
    """Images moved and scaled along rows, then columns."""
    return _mixed(_mixed(images, place[:, 0], place[:, 1], 1), place[:, 2], place[:, 3], 2)


def _mixed(images: Stack, shift: NDArray[np.float64], scale: NDArray[np.float64], along: int) -> Stack:
    """Images moved and scaled along an axis, linearly between pixels."""
    places = AXIS * (FINE / 2 + scale[:, None]) + shift[:, None] + (FINE - 1) / 2
    places = np.expand_dims(np.clip(places, 0, FINE - 1), 3 - along)
    below = np.minimum(places.astype(np.intp), FINE - 2)
    share = places - below
    low, high = (np.take_along_axis(images, index, along) for index in (below, below + 1))
    mixed: Stack = low * (1 - share) + high * share
    return mixed


def _likeness(fixed: Stack, laid: Stack) -> NDArray[np.float64]:
    """Correlation (n,) of the details of images, their borders left out."""
    inner = (slice(None), slice(3, -3), slice(3, -3))
    first, second = (_details(images[inner], 3 * BLUR / 2) for images in (fixed, laid))
    likeness: NDArray[np.float64] = (first * second).sum(axis=(1, 2))
    return likeness
