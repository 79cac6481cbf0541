"""What lies under the cursor of a viewer, computed in a millisecond or two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_hounsfield._napari.layers import KEY, Shown

from .values import image_text, index_at, labels_text

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

PATIENT = (("L", "R"), ("P", "A"), ("S", "I"))
"""Letters of the positive and the negative directions of DICOM's axes."""


@dataclass(frozen=True)
class Reading:
    """What lies at a point."""

    patient: tuple[float, float, float] | None = None
    """Position (L, P, S) in mm; None where no layer says how the world stands in a patient."""
    texts: tuple[str, ...] = ()
    """One a layer."""

    def __str__(self) -> str:
        return "   ".join([*([] if self.patient is None else [patient_text(self.patient)]), *self.texts])


def patient_text(position: tuple[float, float, float]) -> str:
    """A position with the letters of its directions, as in `R 12.3  A 45.6  S 78.9 mm`."""
    words = [f"{letters[round(v, 1) < 0]} {abs(round(v, 1)):.1f}" for v, letters in zip(position, PATIENT, strict=True)]
    return f"{'  '.join(words)} mm"


def under_cursor(viewer: ViewerModel) -> Reading:
    """Read the visible layers where the cursor is, in the slice that is shown; nothing in 3D, where it is at no one point."""
    dims = viewer.dims
    if dims.ndisplay != 2 or len(viewer.cursor.position) != dims.ndim:
        return Reading()
    point = [viewer.cursor.position[axis] if axis in dims.displayed else dims.point[axis] for axis in range(dims.ndim)]
    return reading_at(viewer, point)


def reading_at(viewer: ViewerModel, point: list[float]) -> Reading:
    """Read the visible layers at a point of the world."""
    displayed = viewer.dims.displayed
    visible = [layer for layer in reversed(viewer.layers) if layer.visible]
    images = [image_text(layer, point, displayed) for layer in visible if layer._type_string == "image"]
    labels = [labels_text(viewer, layer, point, displayed) for layer in visible if layer._type_string == "labels"]
    return Reading(_patient(visible, point), tuple(text for text in [*images, *labels] if text))


def _patient(layers: list[Layer], point: list[float]) -> tuple[float, float, float] | None:
    """Where a point of the world is in the patient, by the uppermost layer of voxels of ours that it lies in."""
    for layer in layers:
        how = layer.metadata.get(KEY) if layer._type_string in ("image", "labels") else None
        if isinstance(how, Shown) and index_at(layer, point) is not None:
            x, y, z = (np.linalg.inv(how.placement.world) @ [*point[-3:], 1.0])[:3]
            return float(x), float(y), float(z)
    return None
