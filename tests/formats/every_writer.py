"""One row for every suffix that `write` knows: something to write, of more than 64 kB. New formats are tested by adding a row."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from napari_hounsfield import LabelMap, Surface, Surfaces, axial_affine
from napari_hounsfield.formats.tensor_file import TensorFile

AFFINE = axial_affine((3, 0.7, 0.7))
NOISE = np.random.default_rng(0).integers(0, 255, (8, 128, 128)).astype(np.uint8)


class Model:
    """Something that is saved as models are."""

    def save(self, path: Path) -> Path:
        return TensorFile("test", 1, (1,), 1 << 30).write(path, {"noise": NOISE}, {}, False, Path.read_bytes)


def labels() -> LabelMap:
    """Labels that do not compress below 64 kB."""
    return LabelMap(NOISE, AFFINE)


def table() -> list[dict[str, Any]]:
    return [{"label": value, "name": f"class {value}", "volume_ml": value / 7} for value in range(4000)]


def surfaces() -> Surfaces:
    corners = np.random.default_rng(0).normal(0, 50, (3000, 3)).astype(np.float32)
    return Surfaces((Surface(1, "lung", corners, np.arange(9000, dtype=np.int32).reshape(-1, 3) % 3000),))


WRITERS: dict[str, Callable[[], Any]] = {
    ".nii": labels,
    ".nii.gz": labels,
    ".nrrd": labels,
    ".mha": labels,
    ".seg.nrrd": labels,
    ".ome.zarr": labels,
    ".csv": table,
    ".json": table,
    ".stl": surfaces,
    ".ply": surfaces,
    ".safetensors": Model,
}
IN_OTHER_TESTS = {".dcm", ".rtstruct.dcm", ".sr.dcm"}
"""Needs a series that it refers to: `test_dicom_seg.py`."""


def content(path: Path) -> dict[str, bytes]:
    """All that a file, or a folder, holds."""
    files = [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())
    return {str(file.relative_to(path)): file.read_bytes() for file in files}
