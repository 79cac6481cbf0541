"""The part of an image that is classified, such as a lesion: a mask, or a box."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from napari_hounsfield.errors import GridError, LabelError
from napari_hounsfield.volume import Volume

from .reading import is_picture, read_image

_BOX = re.compile(r"\d{1,9}:\d{1,9}(,\d{1,9}:\d{1,9}){1,2}")
Box = tuple[slice, slice, slice]


def region_box(region: str, folder: Path, volume: Volume) -> Box:
    """Voxels (z, y, x) of a region of an image.

    Parameters
    ----------
    region
        `y:y,x:x` or `z:z,y:y,x:x` from 0, ends not included; or the path of a mask, not 0 inside: a picture of the image's size,
        or labels on its grid.
    folder
        That the path begins at.

    Raises
    ------
    GridError
        If the box is not within the image, or the mask has another size.
    LabelError
        If the mask is empty.
    FormatError
        If it cannot be read.
    """
    shape = volume.array.shape
    if _BOX.fullmatch(region.replace(" ", "")):
        pairs = [tuple(map(int, part.split(":"))) for part in region.replace(" ", "").split(",")]
        ends = [(0, shape[0])] * (3 - len(pairs)) + [(first, stop) for first, stop in pairs]
        if any(not first < stop <= size for (first, stop), size in zip(ends, shape, strict=True)):
            raise GridError(f"the box {region} is not within {' x '.join(map(str, shape))} voxels")
        return slice(*ends[0]), slice(*ends[1]), slice(*ends[2])
    path = folder / region
    if is_picture(path):
        mask = read_image(path).array
        if mask.shape != shape:
            raise GridError(f"the region has {mask.shape} pixels, the image {shape}")
    else:
        from napari_hounsfield.formats.label_reading import read_labels

        mask = read_labels(path).on(volume.grid).array
    inside = np.nonzero(mask)
    if not inside[0].size:
        raise LabelError("the region is empty")
    z, y, x = (slice(int(axis.min()), int(axis.max()) + 1) for axis in inside)
    return z, y, x


def cut(volume: Volume, box: Box, margin: float) -> Volume:
    """A box of a volume, with so many of the longest of its rows and columns around it, as far as the image goes.

    Slices are those of the box alone.
    """
    sizes = np.array([part.stop - part.start for part in box[1:]]) * volume.spacing[1:]
    around = np.rint(margin * sizes.max() / volume.spacing[1:]).astype(int)
    z = box[0]
    y, x = (slice(max(0, part.start - int(more)), part.stop + int(more)) for part, more in zip(box[1:], around, strict=True))
    affine = np.array(volume.affine)
    affine[:3, 3] = volume.grid.positions([[z.start, y.start, x.start]])[0]
    valid = None if volume.valid is None else volume.valid[z, y, x]
    return replace(volume, array=volume.array[z, y, x], affine=affine, valid=valid, source=None)
