"""How a DICOM segmentation is written."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from napari_hounsfield.operation import Params, number

PATIENT_NOTE = "carries the patient's name and number, as DICOM demands"
"""Told before a DICOM file is written."""


class SegParams(Params):
    """How a DICOM segmentation (SEG) is written."""

    type: Literal["auto", "binary", "labelmap", "fractional"] = "auto"
    """One bit a voxel and class, which most programs read; one map of labels, which few read yet; probabilities of 8 bits; auto:
    binary for labels, fractional for probabilities."""
    compress: bool = False
    """Deflate the whole file, without loss. dcmtk, dcmqi, 3D Slicer and pydicom read it; not all archives take it."""
    empty_classes: bool = False
    """Declare classes without voxels too; otherwise they are left out."""
    algorithm: Literal["semiautomatic", "automatic", "manual"] = "semiautomatic"
    """How the segments were made."""
    algorithm_name: str = Field("", max_length=64)
    """What made the segments; empty: this program and its operations."""
    algorithm_version: str = Field("", max_length=64)
    """Version of what made them; empty: that of this program."""
    series_description: str = Field("Segmentation", max_length=64)
    """Name of the new series in archives and viewers."""
    series_number: int = number(300, 1, 2**31 - 1)
    """Number of the new series in the study."""
    label: str = Field("SEGMENTATION", pattern=r"^[A-Z][A-Z0-9_ ]{0,15}$")
    """Content Label: a code in capitals, at most 16 letters."""
    creator: str = Field("", max_length=64)
    """Content Creator: who made it, FAMILY^GIVEN; empty: nobody is named."""
