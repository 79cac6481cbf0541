"""One row for every ending that is written: something to write, of more than 16 kB. New formats are tested by adding a row."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import napari_hounsfield as nh
from napari_hounsfield.formats.tensor_file import TensorFile

from .generated_series import ct_series

Writer = Callable[..., Path]
"""Writes to a path; `overwrite=True` replaces what is there."""

AFFINE = nh.axial_affine((3, 0.7, 0.7))
NOISE = np.random.default_rng(0).integers(0, 255, (8, 128, 128)).astype(np.uint8)


class Model:
    """Something that is saved as models are."""

    def save(self, path: Path) -> Path:
        return TensorFile("test", 1, (1,), 1 << 30).write(path, {"noise": NOISE}, {}, False, Path.read_bytes)


def table() -> list[dict[str, Any]]:
    return [{"label": value, "name": f"class {value}", "volume_ml": value / 7} for value in range(4000)]


def surfaces() -> nh.Surfaces:
    corners = np.random.default_rng(0).normal(0, 50, (3000, 3)).astype(np.float32)
    return nh.Surfaces((nh.Surface(1, "lung", corners, np.arange(9000, dtype=np.int32).reshape(-1, 3) % 3000),))


def _plain(data: Any) -> Callable[[Path], Writer]:
    """What refers to nothing else."""
    return lambda folder: partial(nh.write, data=data)


def _by(write: Callable[..., Path], data: Any) -> Callable[[Path], Writer]:
    """What has a function of its own."""
    return lambda folder: lambda path, overwrite=False: write(path, data, overwrite=overwrite)


def _labels_of_a_series(folder: Path, array: np.ndarray) -> nh.LabelMap:
    return nh.LabelMap(array, AFFINE, source=ct_series(folder / "series", AFFINE, array.shape))


def _segmentation(folder: Path) -> Writer:
    return partial(nh.write, data=_labels_of_a_series(folder, NOISE[:4] // 80))


def _contours(folder: Path) -> Writer:
    return partial(nh.write, data=_labels_of_a_series(folder, NOISE[:5, :14, :14] // 130))


def _report(folder: Path) -> Writer:
    labels = _labels_of_a_series(folder, np.arange(6, dtype=np.uint8).reshape(2, 3, 1).repeat(4, axis=2))
    image = nh.Volume(labels.array, AFFINE, unit="HU", modality="CT", source=labels.source)
    measured = nh.measure(image, labels, nh.MeasureParams(shape=False))
    return partial(nh.write, data=measured, source=nh.write(folder / "labels.dcm", labels))


LABELS = nh.LabelMap(NOISE, AFFINE)
CLASSES = {value: f"class {value} of many" for value in range(1, 1000)}
WRITERS: dict[str, Callable[[Path], Writer]] = {
    **dict.fromkeys((".nii", ".nii.gz", ".nrrd", ".mha", ".seg.nrrd", ".ome.zarr"), _plain(LABELS)),
    **dict.fromkeys((".csv", ".json"), _plain(table())),
    **dict.fromkeys((".stl", ".ply"), _plain(surfaces())),
    ".safetensors": _plain(Model()),
    ".dcm": _segmentation,
    ".rtstruct.dcm": _contours,
    ".sr.dcm": _report,
    ".strokes.csv": _by(nh.write_strokes, nh.LabelMap(NOISE[:, :40, :40] // 200, AFFINE)),
    **dict.fromkeys((".classes.csv", ".classes.json", ".ctbl", ".label"), _by(nh.write_classes, CLASSES)),
}
"""By ending, given a folder for what the file refers to."""


def content(path: Path) -> dict[str, Any]:
    """All that a file, or a folder, holds; of DICOM, all but the UIDs and times by which each file differs."""
    if path.suffix == ".dcm":
        from pydicom import dcmread

        dataset = dcmread(path)
        dataset.walk(lambda within, element: within.pop(element.tag) if element.VR in ("UI", "DA", "TM", "DT") else None)
        return {"": dataset.to_json()}
    files = [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())
    return {str(file.relative_to(path)): file.read_bytes() for file in files}
