"""Matrix products of few rows and many columns, in pieces.

A piece is so small that it is computed on one core, in its cache. Handed over whole, such a product is spread over threads, which
gains little, and where other work keeps the cores busy, waiting for each other takes several times as long as computing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

PIECE = 1 << 18
"""Multiplications of one piece; OpenBLAS uses one thread for so few."""


def product(left: NDArray[Any], right: NDArray[Any]) -> NDArray[Any]:
    """`left @ right` of (rows, m) and (m, n), in pieces of columns."""
    found = np.empty((len(left), right.shape[1]), np.result_type(left, right))
    for piece in _pieces(left.shape[0] * left.shape[1], right.shape[1]):
        np.matmul(left, right[:, piece], out=found[:, piece])
    return found


def inner_product(left: NDArray[Any], right: NDArray[Any]) -> NDArray[Any]:
    """`left @ right.T` of (rows, n) and (m, n), in pieces of n."""
    found = np.zeros((len(left), len(right)), np.result_type(left, right))
    for piece in _pieces(found.size, left.shape[1]):
        found += left[:, piece] @ right[:, piece].T
    return found


def _pieces(each: int, size: int) -> Iterator[slice]:
    step = max(64, PIECE // max(1, each))
    return (slice(start, start + step) for start in range(0, size, step))
