"""A chest CT phantom with a reference: what the demonstration recognises, and what the tests know the answer of.

Lengths are millimetres in patient directions (L, P, S), values are HU. Every structure is a soft-edged shape painted over what
lies beneath, so that edges have partial volume as in a scan. The same seed gives the same voxels.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.grid import axial_affine
from napari_hounsfield.operation import Params, Progress, finish, number
from napari_hounsfield.volume import LabelMap, Volume

if TYPE_CHECKING:
    from .shapes import Canvas

HEIGHT, WIDTH = 288.0, 333.0
"""Scanned length and field of view in mm."""
PADDING = -2000
"""What scanners write outside the circle that they measure."""
CLASSES = {1: "air", 2: "lung", 3: "fibrosis", 4: "fat", 5: "soft tissue", 6: "bone"}
AIR, LUNG, FIBROSIS, FAT, SOFT, BONE = CLASSES
UNLABELLED = 0
"""Padding, and the table: no class of the reference."""
LUNG_HU = -830.0


class PhantomParams(Params):
    """Size and seed of the phantom."""

    slices: int = number(96, 8, 512)
    """Number of axial slices over 288 mm."""
    matrix: int = number(256, 32, 1024)
    """Rows and columns over 333 mm."""
    noise: float = number(24.0, 0.0, 200.0, unit="HU")
    """Standard deviation of the noise in the middle of the body."""
    seed: int = number(2021, 0, 2**31 - 1)
    """Same seed, same phantom."""


@dataclass(frozen=True)
class Phantom:
    """The image and its reference on one grid."""

    volume: Volume
    """int16 HU (z, y, x); `valid` is False outside the scanned circle, where the value is -2000."""
    reference: LabelMap
    """uint8 classes; 0 (padding, table) is no class. Vessels and nodules are soft tissue."""
    nodules: LabelMap
    """The two nodules, numbered, which the reference holds as soft tissue."""


def chest_phantom(params: PhantomParams | None = None) -> Phantom:
    """Make the phantom.

    Parameters
    ----------
    params
        Size, noise and seed; defaults give 96 slices of 256 x 256 at 3 x 1.3 x 1.3 mm.
    """
    return finish(phantom_steps(params))


def phantom_steps(params: PhantomParams | None = None) -> Generator[Progress, None, Phantom]:
    """Make the phantom stepwise, a layer of the chest a step."""
    from . import anatomy, texture
    from .shapes import Canvas

    params = params or PhantomParams()
    random = np.random.default_rng(params.seed)
    spacing = (HEIGHT / params.slices, WIDTH / params.matrix, WIDTH / params.matrix)
    canvas = Canvas((params.slices, params.matrix, params.matrix), spacing)
    anatomy.paint_body(canvas)
    yield Progress(0.1, "phantom: lungs")
    lungs = anatomy.paint_lungs(canvas, random)
    yield Progress(0.2, "phantom: heart and vessels")
    anatomy.paint_mediastinum(canvas)
    yield Progress(0.3, "phantom: abdomen")
    anatomy.paint_abdomen(canvas)
    yield Progress(0.4, "phantom: skeleton")
    anatomy.paint_skeleton(canvas)
    yield Progress(0.5, "phantom: vessels of the lungs")
    lungs *= canvas.labels == LUNG  # what heart and great vessels left of them
    anatomy.paint_vessels(canvas, lungs, random)
    yield Progress(0.7, "phantom: nodules, fibrosis")
    nodules = anatomy.paint_nodules(canvas, random)
    texture.paint_fibrosis(canvas, lungs, random)
    anatomy.paint_table(canvas)
    yield Progress(0.8, "phantom: noise")
    image = texture.scanned(canvas, params.noise, random)
    return _finished(canvas, image, nodules)


def _finished(canvas: Canvas, image: NDArray[np.float32], nodules: NDArray[np.uint8]) -> Phantom:
    """Round, pad outside the scanned circle, and give everything its place in the patient."""
    measured = np.hypot(canvas.x, canvas.y) <= WIDTH / 2
    valid = np.broadcast_to(measured, image.shape).copy()
    array = np.where(valid, np.rint(image), PADDING).astype(np.int16)
    affine = axial_affine(canvas.spacing, (float(canvas.x.flat[0]), float(canvas.y.flat[0]), float(canvas.z.flat[0])))
    labels = np.where(valid, canvas.labels, UNLABELLED).astype(np.uint8)
    return Phantom(
        Volume(array, affine, unit="HU", modality="CT", valid=valid, name="CT phantom"),
        LabelMap(labels, affine, CLASSES, name="phantom reference"),
        LabelMap(nodules, affine, {1: "nodule 1", 2: "nodule 2"}, name="phantom nodules"),
    )
