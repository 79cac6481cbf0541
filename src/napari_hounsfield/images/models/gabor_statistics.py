"""What the Gabor bank says of an image, in a few hundred numbers: mean and spread of each response in parts of it."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.gabor_bank import GaborParams, gabor
from napari_hounsfield.grid import axial_affine
from napari_hounsfield.operation import Progress, part
from napari_hounsfield.volume import Volume

OCTAVES = 4
"""Wavelengths, from the shortest up."""
SHORTEST = 4.0
"""Pixels."""
ORIENTATIONS = 6
PARTS = 4
"""Parts of an image along rows and columns."""
TOGETHER = 64
"""Slices filtered in one go."""


def gabor_statistics(array: NDArray[np.float32]) -> Generator[Progress, None, NDArray[np.float32]]:
    """Logarithms of mean and standard deviation of each modulus, and mean and deviation of the image, in 4 by 4 parts.

    Parameters
    ----------
    array
        Images (n, y, x); volumes (n, z, y, x) are described by the mean over their slices.

    Returns
    -------
    float32 (n, numbers).
    """
    planes = array.reshape(-1, *array.shape[-2:])
    found = []
    for start in range(0, len(planes), TOGETHER):
        some = planes[start : start + TOGETHER]
        steps = _of_planes(some)
        found.append((yield from part(steps, start / len(planes), min(1.0, (start + TOGETHER) / len(planes)))))
    rows = np.concatenate(found)
    means: NDArray[np.float32] = rows.reshape(len(array), -1, rows.shape[1]).mean(axis=1)
    return means


def _of_planes(planes: NDArray[np.float32]) -> Generator[Progress, None, NDArray[np.float32]]:
    wavelengths = tuple(SHORTEST * 2.0**octave for octave in range(OCTAVES))
    angles = tuple(180.0 * k / ORIENTATIONS for k in range(ORIENTATIONS))
    volume = Volume(array=planes, affine=axial_affine((1.0, 1.0, 1.0)))
    features = yield from gabor.steps(volume, GaborParams(wavelengths=wavelengths, orientations=angles))
    edge = [np.array_split(np.arange(size), PARTS) for size in planes.shape[-2:]]
    columns = []
    for maps, is_image in ((features.array, False), (planes[None], True)):
        for rows in edge[0]:
            for cols in edge[1]:
                block = maps[..., rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1]
                mean, spread = block.mean(axis=(-2, -1)), block.std(axis=(-2, -1))
                pair = np.concatenate([mean, spread])
                columns.append(pair if is_image else np.log(pair + np.float32(1e-4)))
    return np.concatenate(columns).T.astype(np.float32)
