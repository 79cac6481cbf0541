"""One image of any kind as a grey volume, right side up."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.errors import FormatError
from napari_hounsfield.formats.notes import one_line
from napari_hounsfield.grid import axial_affine
from napari_hounsfield.lazy import LazyArray
from napari_hounsfield.volume import Volume

PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"BM")
"""How PNG, JPEG, TIFF and BMP begin."""
PLAIN = {"1": "L", "L": "L", "I;16": "", "I;16L": "", "I;16B": "", "I": "", "F": ""}
"""Modes of pictures that are grey, and what each becomes; others are colours."""
MOST_PIXELS = 1 << 28
"""Of a picture, all pages together."""
LUMINANCE = np.array([19595, 38470, 7471]) / 65536
"""Of red, green and blue (ITU-R BT.601), as pillow has them: equal channels give the grey that they are."""


def read_image(path: str | Path) -> Volume:
    """Read one image, as (z, y, x) of one value a voxel.

    PNG, JPEG, TIFF and BMP are read as pictures: z = 1, or the pages; their numbers as stored (1 to 16 bits, float), colours as
    luminance, turned as EXIF says. Everything else as `read` does; files of MONOCHROME1 with their values reversed, so that what
    is to be shown bright is high. Voxels are not flipped otherwise.

    Raises
    ------
    FormatError
        If it is damaged, too large, of several images, or of no known kind.
    DicomError
        If DICOM cannot be read.
    IntensityError
        If it has a time axis, or NaN in the scanned field.
    """
    path = Path(path)
    volume = _picture(path) if is_picture(path) else grey(_volume(path))
    volume.require_scalar()
    return volume


def is_picture(path: Path) -> bool:
    """Whether a file is PNG, JPEG, TIFF or BMP by its content; a DICOM file may begin like TIFF and is none."""
    try:
        if not path.is_file():
            return False
        with open(path, "rb") as stream:
            head = stream.read(132)
    except OSError as error:
        raise FormatError(f"{one_line(path.name)}: {(error.strerror or 'cannot be opened').lower()}") from None
    return head.startswith(PICTURES) and head[128:132] != b"DICM"


def _picture(path: Path) -> Volume:
    from PIL import Image, ImageOps, ImageSequence

    name = one_line(path.name)
    try:
        with Image.open(path) as image:
            count = getattr(image, "n_frames", 1)
            if image.width * image.height * count > MOST_PIXELS:
                raise FormatError(f"{name}: {count} x {image.height} x {image.width} pixels are too many")
            pages = [_plane(ImageOps.exif_transpose(page)) for page in ImageSequence.Iterator(image)]
    except FormatError:
        raise
    except (OSError, ValueError, SyntaxError, TypeError, IndexError, Image.DecompressionBombError):
        raise FormatError(f"{name}: a damaged picture, or of a kind that is not read") from None
    if any(page.shape != pages[0].shape for page in pages):
        raise FormatError(f"{name}: its pages differ in size")
    return Volume(np.stack(pages), axial_affine((1, 1, 1)), name=name)


def _plane(image: Any) -> NDArray[Any]:
    """Rows and columns of a page; colours as luminance, palettes by their colours, transparency left out."""
    if image.mode in PLAIN:
        return np.array(image.convert(PLAIN[image.mode]) if PLAIN[image.mode] else image)
    if image.mode in ("LA", "La"):
        return np.array(image.getchannel("L"))
    return np.array(image.convert("RGB").convert("L"))


def _volume(path: Path) -> Volume:
    from napari_hounsfield.formats.reading import read_volume

    volume = read_volume(path)
    if isinstance(volume.array, LazyArray) and volume.array.size > MOST_PIXELS:
        raise FormatError(f"{one_line(path.name)}: {volume.array.size} voxels are too many")
    return volume.loaded()


def grey(volume: Volume) -> Volume:
    """One value a voxel, right side up: colours as luminance, and what is to be shown bright as high values."""
    return _upright(_luminance(volume))


def _luminance(volume: Volume) -> Volume:
    if volume.axes != "zyxc" or volume.array.shape[-1] < 3:
        return volume
    values = volume.array[..., :3] @ LUMINANCE
    if volume.array.dtype.kind in "iu":
        values = np.rint(values)
    return replace(volume, array=values.astype(volume.array.dtype), axes="zyx")


def _upright(volume: Volume) -> Volume:
    """Reverse values of which the low ones are to be shown bright, within their range."""
    if not volume.inverted:
        return volume
    volume.require_scalar()
    values = volume.scanned()
    ends = (values.min(), values.max())
    if volume.array.dtype.kind == "f":
        reversed_values = np.clip(ends[0] + ends[1] - volume.array, *ends)
    else:
        reversed_values = np.clip(int(ends[0]) + int(ends[1]) - volume.array.astype(np.int64), *ends)
    return replace(volume, array=reversed_values.astype(volume.array.dtype), inverted=False, window=None)
