"""Types of the arrays that compiled passes work on, and what is told while these are loaded."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Words = NDArray[np.uint64]
Places = NDArray[np.int32]
Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

FIRST_TIME = "preparing (takes longer the first time)"
"""While compiled code is loaded from its cache, or made where there is none yet."""
