"""From a volume, or a picture, to the array that models see."""

from __future__ import annotations

import hashlib
from collections.abc import Generator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from napari_hounsfield.errors import FormatError, HounsfieldError, ParameterError
from napari_hounsfield.intensity import CT_WINDOW, NO_LIMIT, is_hounsfield, rescaled
from napari_hounsfield.memory import available_memory
from napari_hounsfield.operation import Numbers, Params, Progress, number, numbers
from napari_hounsfield.parallel import in_threads
from napari_hounsfield.volume import Volume
from napari_hounsfield.window_presets import PET, Limits, WindowPreset, limits_of

from .prepared import PreparedImages
from .reading import grey, read_image
from .region import cut, region_box
from .shrinking import in_matrix
from .table import ImageEntry, ImageTable

ROBUST = WindowPreset("1 to 99 %", 1.0, 99.0, percentiles=True)


class PrepareParams(Params):
    """What models see of an image."""

    matrix: int = number(96, 8, 1024)
    """Rows and columns that images are resampled to."""
    slices: int = number(0, 0, 512, lowest="images")
    """Slices that volumes are resampled to; 0: images, of a volume its middle slice."""
    fit: Literal["stretch", "pad"] = "stretch"
    """How what is not square becomes so: stretched, or with black on two sides."""
    margin: float = number(20.0, 0.0, 400.0, unit="%")
    """What is seen around a region on every side, in parts of its longest side; only of rows of a table that have one."""
    window: Numbers = numbers(low=-NO_LIMIT, high=NO_LIMIT)
    """Values shown black and white; blank: -1000 to 400 HU, SUV 0 to 5, of 8 bits all, else the image's 1 and 99 percentiles."""

    @model_validator(mode="after")
    def _two_limits(self) -> Self:
        if self.window and (len(self.window) != 2 or self.window[0] >= self.window[1]):
            raise ValueError("window takes two values, the lower first")
        return self


@dataclass(frozen=True, eq=False)
class Preparation:
    """Images of a table that could be read, as models see them.

    Attributes
    ----------
    images
        What models see.
    entries
        Rows of the table that the images are of, in order.
    unreadable
        Row and reason of each that could not be read.
    hashes
        SHA-256 of the pixels of each image as read: equal where images are the same, however the files differ.
    table
        Digest of the table's rows that could be read (`ImageTable.digest_of`): what folds are frozen for.
    """

    images: PreparedImages
    entries: tuple[ImageEntry, ...]
    unreadable: tuple[tuple[int, str], ...]
    hashes: tuple[str, ...]
    table: str


class _Seen(NamedTuple):
    array: NDArray[np.float32]
    digest: str


def prepare(table: ImageTable, params: PrepareParams) -> Generator[Progress, None, Preparation]:
    """Read and prepare every image of a table, in threads; an image that cannot be read is listed, and the others go on.

    Raises
    ------
    FormatError
        If none can be read.
    ParameterError
        If so many images of that matrix do not fit into memory.
    """
    shape = shape_of(params)
    needed, free = 4 * len(table.entries) * int(np.prod(shape)), available_memory()
    if free is not None and needed > free:
        size = " x ".join(map(str, shape))
        raise ParameterError(f"matrix: {len(table.entries)} images of {size} need {needed >> 20} MiB, and {free >> 20} are free")
    array = np.empty((len(table.entries), *shape), np.float32)
    entries: list[ImageEntry] = []
    unreadable: list[tuple[int, str]] = []
    hashes: list[str] = []
    tasks = (partial(_read, entry, table.folder, params) for entry in table.entries)
    for done, (entry, seen) in enumerate(zip(table.entries, in_threads(tasks), strict=True), start=1):
        if isinstance(seen, _Seen):
            array[len(entries)] = seen.array
            entries.append(entry)
            hashes.append(seen.digest)
        else:
            unreadable.append((entry.row, seen))
        yield Progress(done / len(table.entries), f"image {done} of {len(table.entries)}")
    if not entries:
        raise FormatError(f"{table.source.name}: none of its {len(table.entries)} images can be read: {unreadable[0][1]}")
    number_of = {name: index for index, name in enumerate(dict.fromkeys(entry.patient for entry in entries))}
    images = PreparedImages(
        array[: len(entries)],
        np.array([table.classes.index(entry.label) if entry.label else -1 for entry in entries], np.int64),
        np.array([number_of[entry.patient] for entry in entries], np.int64),
        table.classes,
    )
    return Preparation(images, tuple(entries), tuple(unreadable), tuple(hashes), table.digest_of(entries))


def shape_of(params: PrepareParams) -> tuple[int, ...]:
    """Shape of one prepared image: (y, x), or (z, y, x) where volumes are seen."""
    return (params.slices,) * (params.slices > 0) + (params.matrix, params.matrix)


def prepared(volume: Volume, params: PrepareParams) -> NDArray[np.float32]:
    """One image as models see it: (y, x), or (z, y, x) where `slices` is set; 0 is the window's lower end, 1 its upper.

    Colours, and values of which the low ones are to be shown bright, become grey as by `read_image`.

    Raises
    ------
    IntensityError
        If it is no scalar image.
    """
    volume = grey(volume)
    volume.require_scanned()
    lower, upper = params.window or default_window(volume)
    planes, depth = volume.array, len(volume.array)
    scanned = volume.valid
    if not params.slices:
        middle = slice(depth // 2, depth // 2 + 1)
        planes, scanned = planes[middle], None if scanned is None else scanned[middle]
    values = rescaled(np.asarray(planes), lower, upper)
    if scanned is not None:
        values[~scanned] = 0
    rows, columns = _extent(volume, params)
    resized = in_matrix(values, (max(params.slices, 1), rows, columns))
    around = [(0, 0), *(_sides(size, params.matrix) for size in (rows, columns))]
    out: NDArray[np.float32] = np.clip(np.pad(resized, around), 0, 1)
    return out if params.slices else out[0]


def default_window(volume: Volume) -> Limits:
    """What is shown where nothing else is asked for: the same for every image where numbers mean the same in all of them."""
    if is_hounsfield(volume):
        return CT_WINDOW
    if volume.unit == "SUV":
        return PET[0].lower, PET[0].upper
    if volume.array.dtype == np.uint8:
        return 0.0, 255.0
    return limits_of(ROBUST, volume.array, volume.valid)


def _extent(volume: Volume, params: PrepareParams) -> tuple[int, int]:
    """Rows and columns of the matrix that the image takes."""
    if params.fit == "stretch":
        return params.matrix, params.matrix
    millimetres = np.array(volume.array.shape[1:]) * volume.spacing[1:]
    rows, columns = np.maximum(np.rint(params.matrix * millimetres / millimetres.max()), 1).astype(int)
    return int(rows), int(columns)


def _sides(size: int, matrix: int) -> tuple[int, int]:
    return (matrix - size) // 2, matrix - size - (matrix - size) // 2


def _read(entry: ImageEntry, folder: Path, params: PrepareParams) -> _Seen | str:
    """An image, prepared, and the digest of its pixels; or why it cannot be read, without the file's name."""
    try:
        volume = read_image(entry.path)
        digest = hashlib.sha256(repr((volume.array.dtype.str, volume.array.shape)).encode())
        digest.update(np.ascontiguousarray(volume.array).data)
        if entry.region:
            digest.update(entry.region.encode())
            volume = cut(volume, region_box(entry.region, folder, volume), params.margin / 100)
        return _Seen(prepared(volume, params), digest.hexdigest())
    except HounsfieldError as error:
        return str(error).removeprefix(f"{entry.path.name}: ").removeprefix(f"{Path(entry.region).name}: ")
    except OSError as error:
        return (error.strerror or "cannot be read").lower()
