"""From the axes of files to ours: index order, anatomical directions, units of length.

Files list their axes fastest first, and give positions in one of several anatomical frames; here arrays are (z, y, x) and
positions LPS (to the patient's left, back and head), as in DICOM. This is the only place where one becomes the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_hounsfield.errors import GridError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from napari_hounsfield.grid import Affine

MILLIMETRES = {"mm": 1.0, "m": 1000.0, "meter": 1000.0, "um": 0.001, "µm": 0.001, "micron": 0.001, "cm": 10.0}
"""Units of length that files name, in mm."""

_AXES = {"l": (0, 1), "r": (0, -1), "p": (1, 1), "a": (1, -1), "s": (2, 1), "i": (2, -1)}


def to_lps(directions: str) -> NDArray[np.float64]:
    """4x4 matrix from a frame such as `RAS` or `left-anterior-superior` to LPS.

    Raises
    ------
    GridError
        If the directions are not three different ones.
    """
    letters = [word[0] for word in directions.lower().split("-")] if "-" in directions else list(directions.lower())
    matrix = np.zeros((4, 4))
    matrix[3, 3] = 1
    for column, letter in enumerate(letters):
        if letter in _AXES and column < 3:
            row, sign = _AXES[letter]
            matrix[row, column] = sign
    if len(letters) != 3 or np.linalg.matrix_rank(matrix) < 4:
        raise GridError(f"frame {directions[:40]!r} is none of LPS, RAS, LAS")
    return matrix


def from_file(affine: ArrayLike, directions: str, millimetres: float = 1.0) -> Affine:
    """Affine of (z, y, x) to LPS mm, from a file's affine of (x, y, z) to `directions`.

    Parameters
    ----------
    affine
        4x4, from index (fastest axis first) to the file's frame.
    directions
        The file's frame, for example `RAS`.
    millimetres
        How long the file's unit is.
    """
    matrix = np.array(affine, dtype=np.float64)
    matrix[:3] *= millimetres
    return to_lps(directions) @ matrix[:, [2, 1, 0, 3]]


def to_file(affine: ArrayLike, directions: str) -> Affine:
    """4x4 affine of (x, y, z) to `directions` in mm, from ours of (z, y, x) to LPS."""
    matrix = np.linalg.inv(to_lps(directions)) @ np.asarray(affine, dtype=np.float64)[:, [2, 1, 0, 3]]
    return matrix + 0.0  # no minus zeros in headers


def is_sheared(affine: ArrayLike, tolerance: float = 1e-5) -> bool:
    """Whether the axes are not at right angles (cosine beyond `tolerance`), as under gantry tilt."""
    matrix = np.asarray(affine, dtype=np.float64)[:3, :3]
    unit = matrix / np.linalg.norm(matrix, axis=0)
    return bool(np.abs(unit.T @ unit - np.eye(3)).max() > tolerance)
