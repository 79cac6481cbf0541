"""Descriptions of images that were described before: folds share most of their images."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Generator

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.operation import Progress

Rows = NDArray[np.float32]
MOST_BYTES = 2**27
"""Of the rows that one `Remembered` keeps."""


class Remembered:
    """A description of each image by itself, kept by the image's content.

    Parameters
    ----------
    describe
        Gives rows (n, numbers) of images (n, ...).
    """

    def __init__(self, describe: Callable[[Rows], Generator[Progress, None, Rows]]) -> None:
        self._describe = describe
        self._rows: OrderedDict[bytes, Rows] = OrderedDict()

    def steps(self, array: Rows) -> Generator[Progress, None, Rows]:
        """Rows (n, numbers) of images."""
        keys = [hashlib.blake2b(repr(image.shape).encode() + image.tobytes(), digest_size=16).digest() for image in array]
        new = [place for place, key in enumerate(keys) if key not in self._rows]
        found = dict(zip(keys, (self._rows.get(key) for key in keys), strict=True))
        if new:
            rows = yield from self._describe(array[new])
            found.update(zip((keys[place] for place in new), rows, strict=True))
            self._keep({keys[place]: row for place, row in zip(new, rows, strict=True)})
        return np.stack([row for key in keys if (row := found[key]) is not None])

    def _keep(self, rows: dict[bytes, Rows]) -> None:
        self._rows.update(rows)
        size = next(iter(rows.values())).nbytes
        while len(self._rows) * size > MOST_BYTES:
            self._rows.popitem(last=False)
