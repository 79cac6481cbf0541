"""Segmentations, structure sets and reports: what this package writes on a series of three planes, the same at every run."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from tests.formats.generated_series import ct_series

import napari_hounsfield as nh

from .images import ROOT

AFFINE = nh.axial_affine((3, 0.7, 0.8), (-30.5, 20, -300))
SHAPE = (3, 8, 8)
GRID = nh.LabelMap(np.zeros(SHAPE, np.uint8), AFFINE)
"""Of the series."""

Reader = Callable[[Path], Any]


def documents() -> Iterator[tuple[str, bytes, Reader]]:
    """Name, bytes and reader of each."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        source = ct_series(folder / "series", AFFINE, SHAPE)
        array = np.random.default_rng(0).choice(np.array([0, 1, 2, 7], np.uint8), SHAPE)
        labels = nh.LabelMap(array, AFFINE, {1: "left lung", 2: "liver", 7: "nodule"}, source=source)
        maps = np.random.default_rng(1).random((2, *SHAPE), np.float32)
        features = nh.Features(maps, ("lung", "liver"), AFFINE, source=source)
        image = nh.Volume(array.astype(np.int16), AFFINE, unit="HU", modality="CT", source=source)
        binary = nh.write(folder / "binary.dcm", labels)
        files: list[tuple[str, Path, Reader]] = [
            ("seg binary", binary, nh.read),
            ("seg labelmap", nh.write(folder / "map.dcm", labels, params=nh.SegParams(type="labelmap")), nh.read),
            ("seg fractional", nh.write(folder / "fractional.dcm", features), nh.read),
            ("rtstruct", nh.write(folder / "a.rtstruct.dcm", labels), read_contours),
            ("sr", nh.write(folder / "m.sr.dcm", nh.measure(image, labels), source=binary), nh.read_measurements),
        ]
        for name, path, reader in files:
            yield name, _repeatable(path), reader


def read_contours(path: Path) -> list[Any]:
    """On the grid that the contours make, and on that of the series."""
    from napari_hounsfield.formats.rtstruct_grid import Place
    from napari_hounsfield.formats.rtstruct_reading import read_rtstruct

    found = read_rtstruct(path, beside=[Place(GRID.grid)])
    return [*found, *read_rtstruct(path, source=GRID)]


def _repeatable(path: Path) -> bytes:
    """The file with UIDs and times that are the same at every run."""
    from pydicom import dcmread

    dataset = dcmread(path)
    uids: dict[str, str] = {}

    def settle(within: Any, element: Any) -> None:
        if element.VR == "UI" and element.value and not str(element.value).startswith("1.2.840.10008."):
            element.value = uids.setdefault(str(element.value), f"{ROOT}.{100 + len(uids)}")
        elif element.VR in ("DA", "TM", "DT") and element.value:
            element.value = {"DA": "20200101", "TM": "120000", "DT": "20200101120000"}[element.VR]

    dataset.walk(settle)
    dataset.file_meta.walk(settle)
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()
