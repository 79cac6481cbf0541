"""Some patients of the training images held back from it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.images.prepared import PreparedImages


def inner_split(images: PreparedImages, share: float, seed: int) -> NDArray[np.bool_]:
    """Whether each image (n,) is held back: about `share` of the patients, of every class alike, and whole patients.

    A patient counts to the class of its first image. Every class that has one patient alone keeps it in the training.
    """
    random = np.random.default_rng(seed)
    patients, first = np.unique(images.patients, return_index=True)
    held: list[int] = []
    for label in np.unique(images.targets[first]):
        of_class = patients[images.targets[first] == label]
        held.extend(random.permutation(of_class)[: min(len(of_class) - 1, round(share * len(of_class)))])
    return np.isin(images.patients, held)
