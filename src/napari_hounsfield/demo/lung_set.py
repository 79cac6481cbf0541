"""A set of CT slices to classify: lung with and without a ground-glass nodule, several slices of each patient.

Every patient has slices of both kinds, of the same anatomy, so that only the nodule tells them apart. How hard the set is was
chosen so that a support vector machine on the pixels is right in three to four of five, grouped by patient; it stays as it is.
"""

from __future__ import annotations

import csv
from collections.abc import Generator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.errors import WriteError
from napari_hounsfield.grid import axial_affine
from napari_hounsfield.operation import Params, Progress, finish, number
from napari_hounsfield.volume import Volume

from .lung_slices import MIDDLE, lung_slices
from .shapes import Field, smooth_random
from .texture import grains

NORMAL, NODULE = "normal", "nodule"
FIELD = 90.0
"""Field of view in mm, around the middle of the right lung."""
LEVELS = (120.0, 200.0)
"""Where slices lie, along S in mm."""
NOISE = 30.0
"""Standard deviation in HU."""
RADIUS = (6.0, 9.0)
"""Of a nodule, smallest and largest, in mm."""
GLASS = (-510.0, 40.0)
"""HU of nodules, mean and standard deviation over them."""
SPREAD = 8.0
"""Standard deviation of a nodule's place about the middle of the field, along each axis in mm."""


class LungSetParams(Params):
    """Size and seed of the set."""

    patients: int = number(20, 2, 10_000)
    """Patients; the first of them are the same however many there are."""
    slices: int = number(5, 2, 100)
    """Slices of each patient; half of them, or in turn one more, have a nodule."""
    matrix: int = number(128, 32, 512)
    """Rows and columns over 90 mm."""
    seed: int = number(2021, 0, 2**31 - 1)
    """Same seed, same set."""


class LungSlice(NamedTuple):
    """One image of the set."""

    image: Volume
    """int16 HU (1, y, x)."""
    label: str
    """`normal` or `nodule`."""
    patient: str


def lung_set(params: LungSetParams | None = None) -> list[LungSlice]:
    """Make the set: with the defaults 100 slices of 20 patients, 50 with a nodule."""
    return finish(lung_set_steps(params))


def lung_set_steps(params: LungSetParams | None = None) -> Generator[Progress, None, list[LungSlice]]:
    """Make the set stepwise, a patient a step."""
    params = params or LungSetParams()
    found: list[LungSlice] = []
    for patient in range(params.patients):
        found += _patient(patient, params)
        yield Progress((patient + 1) / params.patients, "generated lungs")
    return found


def _patient(patient: int, params: LungSetParams) -> list[LungSlice]:
    random = np.random.default_rng([params.seed, patient])
    pixel = FIELD / params.matrix
    levels = np.sort(random.uniform(*LEVELS, params.slices))
    ill = random.permutation(params.slices) < (params.slices + patient % 2) // 2
    density = random.normal(0, 20)
    found = []
    for level, sick, (values, lung) in zip(levels, ill, lung_slices(levels.tolist(), FIELD, params.matrix, random), strict=True):
        values[lung] += density + random.normal(0, 10)
        nodule = _with_nodule(values, lung, pixel, random)  # drawn for all, so that chance goes the same way
        image = _scanned(nodule if sick else values, random)
        affine = axial_affine((5.0, pixel, pixel), (*(middle - FIELD / 2 + pixel / 2 for middle in MIDDLE), float(level)))
        volume = Volume(np.rint(image)[None].astype(np.int16), affine, unit="HU", modality="CT", name="generated lung")
        found.append(LungSlice(volume, NODULE if sick else NORMAL, f"P{patient + 1:03d}"))
    return found


def _with_nodule(values: Field, lung: NDArray[np.bool_], pixel: float, random: np.random.Generator) -> Field:
    """A slice (y, x) with a nodule of uneven outline and soft edge, through which vessels are seen."""
    from scipy.ndimage import distance_transform_edt

    radius = random.uniform(*RADIUS)
    depth = distance_transform_edt(lung) * pixel
    places = np.argwhere(lung & (depth > min(radius, 0.8 * float(depth.max()))))
    away = (places - (np.array(values.shape) - 1) / 2) * pixel
    chance = np.exp(-(away**2).sum(axis=1) / (2 * SPREAD**2)) + 1e-12
    y, x = (np.indices(values.shape) - places[random.choice(len(places), p=chance / chance.sum())][:, None, None]) * pixel
    angle = np.arctan2(y, x)
    outline = 1 + random.uniform(0, 0.15) * np.cos(2 * angle + random.uniform(0, 7))
    for lobes in (3, 4, 5):
        outline = outline + random.uniform(0, 0.07) * np.cos(lobes * angle + random.uniform(0, 7))
    share = np.clip((radius * outline - np.hypot(y, x)) / random.uniform(1.5, 3.0) + 0.5, 0, 1)
    glass = random.normal(*GLASS) + 30.0 * smooth_random((1, *values.shape), (1.0, pixel, pixel), 4.0, random)[0]
    painted: Field = values + share * np.maximum(glass - values, 0)
    return painted


def _scanned(values: Field, random: np.random.Generator) -> Field:
    from scipy.ndimage import gaussian_filter

    image: Field = gaussian_filter(values, 0.7) + NOISE * grains((1, *values.shape), random)[0]
    return image


def write_lung_set(folder: str | Path, params: LungSetParams | None = None, suffix: str = ".nii.gz") -> Path:
    """Write the set as images with a table, which is returned.

    Parameters
    ----------
    folder
        Made if it is not there; files of the set are replaced.
    suffix
        `.nii.gz`, `.nrrd` or `.mha` hold HU; `.png` holds 8 bits in the window from -1000 to 400 HU.

    Raises
    ------
    WriteError
        If the folder cannot be written to, or the suffix is none of these.
    """
    from napari_hounsfield.formats.writing import write
    from napari_hounsfield.intensity import CT_WINDOW, rescaled

    folder = Path(folder)
    if suffix not in (".nii.gz", ".nrrd", ".mha", ".png"):
        raise WriteError(f"{suffix!r} is none of .nii.gz, .nrrd, .mha, .png")
    rows = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for index, (image, label, patient) in enumerate(lung_set(params)):
            name = f"{index:03d}{suffix}"
            if suffix == ".png":
                from PIL import Image

                grey = np.rint(255 * rescaled(np.asarray(image.array[0]), *CT_WINDOW)).astype(np.uint8)
                Image.fromarray(grey).save(folder / name)
            else:
                write(folder / name, image, overwrite=True)
            rows.append((name, label, patient))
        table = folder / "table.csv"
        with open(table, "w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("path", "label", "patient"), *rows])
    except OSError as error:
        raise WriteError(f"{folder.name}: cannot be written to ({error.strerror})") from None
    return table
