"""Images in another matrix: the mean over the area of a pixel where it is larger, between pixels where it is smaller."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray


def in_matrix(array: NDArray[Any], shape: tuple[int, ...]) -> NDArray[np.float32]:
    """An array of any dimensions in a matrix of as many.

    Along each axis that becomes shorter every new pixel is the mean of what it covers, parts of pixels by their part, so that
    nothing finer turns into patterns, and the mean of the image stays; along one that becomes longer, values are linear between
    the centres of pixels.
    """
    values = np.asarray(array, np.float32)
    for axis, (size, wanted) in enumerate(zip(array.shape, shape, strict=True)):
        if size != wanted:
            moved = np.moveaxis(values, axis, 0)
            mixed = _shares(size, wanted) @ moved.reshape(size, -1)
            values = np.moveaxis(mixed.reshape(wanted, *moved.shape[1:]), 0, axis)
    return np.ascontiguousarray(values)


@lru_cache(maxsize=256)
def _shares(size: int, wanted: int) -> Any:
    """Sparse matrix (wanted, size): which share of each pixel every new one takes; rows sum to 1."""
    from scipy.sparse import csr_array

    edges = np.arange(wanted + 1) * (size / wanted)
    if wanted < size:
        first = np.floor(edges[:-1] + 1e-9).astype(int)
        reach = int(np.ceil(size / wanted)) + 1
        taken = first[:, None] + np.arange(reach)
        parts = np.minimum(taken + 1, edges[1:, None]) - np.maximum(taken, edges[:-1, None])
    else:
        places = np.clip((edges[:-1] + edges[1:]) / 2 - 0.5, 0, size - 1)
        taken = np.floor(places).astype(int)[:, None] + np.arange(2)
        parts = 1 - np.abs(places[:, None] - taken)
    parts = np.where((taken < size) & (parts > 1e-9), parts, 0.0)
    rows = np.repeat(np.arange(wanted), taken.shape[1])
    shares = csr_array((parts.ravel(), (rows, np.minimum(taken, size - 1).ravel())), (wanted, size))
    shares.eliminate_zeros()
    shares.sum_duplicates()
    return (shares / shares.sum(axis=1)[:, None]).astype(np.float32).tocsr()
