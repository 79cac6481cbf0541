"""What is written of every kind of source conforms to the standard, and comes back as it was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.uid import EnhancedMRImageStorage, EnhancedPETImageStorage, MRImageStorage, PositronEmissionTomographyImageStorage

import napari_hounsfield as nh

from .generated_series import ct_series, enhanced_series

SHAPE = (4, 10, 9)
AXIAL = nh.axial_affine((3, 0.7, 0.8), (-30.5, 20, -300))
TILTED = AXIAL + np.outer([0, 1, 0, 0], [1.2, 0, 0, 0])
_c, _s = np.cos(0.4), np.sin(0.4)
OBLIQUE = np.array([[1, 0, 0, 0], [0, _c, -_s, 0], [0, _s, _c, 0], [0, 0, 0, 1]]) @ AXIAL
DESCENDING = AXIAL @ np.array([[-1, 0, 0, SHAPE[0] - 1], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
CORONAL = AXIAL[[0, 2, 1, 3]]
ORDER = [3, 0, 2, 1]
PET = {"Modality": "PT", "Units": "BQML"}
ENHANCED_MR = {"SOPClassUID": EnhancedMRImageStorage, "Modality": "MR"}

Made = Callable[[Path], nh.Source]
SOURCES: dict[str, tuple[np.ndarray, int, Made]] = {
    "axial": (AXIAL, 4, lambda folder: ct_series(folder, AXIAL, SHAPE)),
    "oblique": (OBLIQUE, 4, lambda folder: ct_series(folder, OBLIQUE, SHAPE)),
    "coronal": (CORONAL, 4, lambda folder: ct_series(folder, CORONAL, SHAPE)),
    "tilted": (TILTED, 4, lambda folder: ct_series(folder, TILTED, SHAPE)),
    "descending": (DESCENDING, 4, lambda folder: ct_series(folder, DESCENDING, SHAPE)),
    "single slice": (AXIAL, 1, lambda folder: ct_series(folder, AXIAL, (1, *SHAPE[1:]))),
    "PET": (AXIAL, 4, lambda folder: ct_series(folder, AXIAL, SHAPE, SOPClassUID=PositronEmissionTomographyImageStorage, **PET)),
    "MR": (OBLIQUE, 4, lambda folder: ct_series(folder, OBLIQUE, SHAPE, SOPClassUID=MRImageStorage, Modality="MR")),
    "enhanced CT": (TILTED, 4, lambda folder: enhanced_series(folder, TILTED, SHAPE, ORDER)),
    "enhanced MR": (OBLIQUE, 4, lambda folder: enhanced_series(folder, OBLIQUE, SHAPE, ORDER, **ENHANCED_MR)),
    "enhanced PET": (
        AXIAL, 4, lambda folder: enhanced_series(folder, AXIAL, SHAPE, ORDER, SOPClassUID=EnhancedPETImageStorage, **PET),
    ),
}  # fmt: skip
"""Affine, number of slices, and what writes the series."""
IN_OTHER_TESTS = ("axial", "oblique", "tilted", "descending", "enhanced CT")
"""Of which others write segmentations and contours, so that these are slow ones."""
UNITS = {"PET": ("SUV", "PT"), "enhanced PET": ("SUV", "PT"), "MR": ("", "MR"), "enhanced MR": ("", "MR")}


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=pytest.mark.slow) if kind in IN_OTHER_TESTS else kind for kind in SOURCES]
)
def test_what_is_written_of_every_kind_of_source(tmp_path: Path, dicom_errors: Any, kind: str) -> None:
    affine, slices, made = SOURCES[kind]
    source, shape = made(tmp_path / "series"), (slices, *SHAPE[1:])
    array = np.random.default_rng(3).choice(np.array([0, 2, 7], np.uint8), shape)
    labels = nh.LabelMap(array, affine, {2: "left lung", 7: "nodule"}, source=source)
    maps = np.random.default_rng(1).random((2, *shape), np.float32)
    unit, modality = UNITS.get(kind, ("HU", "CT"))
    image = nh.Volume(array.astype(np.float32), affine, unit=unit, modality=modality, source=source)

    segmentation = nh.write(tmp_path / "binary.dcm", labels)
    fractional = nh.write(tmp_path / "fractional.dcm", nh.Features(maps, ("lung", "liver"), affine, source=source))
    contours = nh.write(tmp_path / "a.rtstruct.dcm", labels)
    report = nh.write(tmp_path / "m.sr.dcm", nh.measure(image, labels), source=segmentation)
    for path in (segmentation, fractional, contours, report):
        assert dicom_errors(path) == [], path.name

    for path in (segmentation, contours):
        (back,) = nh.read(path, source=labels)
        assert np.array_equal(back.on(labels.grid).array, array)
        assert back.classes == labels.classes
    (features,) = nh.read(fractional)
    assert features.grid.shape == shape
    turned = features.array if np.allclose(features.affine, affine, atol=1e-4) else features.array[:, ::-1]
    np.testing.assert_allclose(turned, maps, atol=0.5001 / 255)
    assert [group.name for group in nh.read_measurements(report).groups] == ["left lung", "nodule"]
