"""Types of the arrays that compiled passes work on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Words = NDArray[np.uint64]
Places = NDArray[np.int32]
Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
