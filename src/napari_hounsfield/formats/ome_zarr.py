"""OME-Zarr (`.ome.zarr`), read: images and labels of folders in chunks, 0.4 and 0.5, by zarr itself.

What is large stays on the disk, and is read as it is worked through.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_hounsfield.errors import FormatError, HounsfieldError
from napari_hounsfield.lazy import LazyArray
from napari_hounsfield.results import Features
from napari_hounsfield.volume import LabelMap, Volume

from .notes import Notes, with_padding
from .ome_zarr_metadata import Multiscale, parsed
from .ome_zarr_store import group_attributes, inside, open_array

if TYPE_CHECKING:
    from pathlib import Path

IN_MEMORY = 1 << 30
"""Bytes of voxels up to which an image is read whole."""
MOST_IMAGES = 256


def read_ome_zarr(path: Path, in_memory: int = IN_MEMORY) -> list[Volume | LabelMap]:
    """Read every image of a folder, a channel each, and the labels in its group `labels`.

    Parameters
    ----------
    path
        The group; one of its `labels` can be read alone.
    in_memory
        Bytes up to which an image is read whole; a larger one gets a `LazyArray`.

    Raises
    ------
    FormatError
        If there is no image, or one is damaged, incomplete or of another version.
    """
    attributes = group_attributes(path, path.name)
    if "plate" in attributes:
        raise FormatError(f"{path.name}: a plate of many wells; open one of its images")
    if "bioformats2raw.layout" in attributes and "multiscales" not in attributes:
        series = sorted((p for p in path.iterdir() if p.name.isdigit() and p.is_dir()), key=lambda p: int(p.name))[:MOST_IMAGES]
        found = [data for one in series for data in _group(path, one, in_memory)]
        if not found:
            raise FormatError(f"{path.name}: a Zarr folder without an OME image")
        return found
    return _group(path, path, in_memory)


def _group(root: Path, folder: Path, in_memory: int) -> list[Volume | LabelMap]:
    name = root.name if folder == root else f"{root.name} {folder.name}"
    attributes = group_attributes(folder, name)
    found: list[Volume | LabelMap] = []
    listed = attributes.get("labels")
    if "multiscales" in attributes or listed is None:
        found += _images(root, folder, name, attributes, in_memory)
    labels = folder / "labels"
    if labels.is_dir() and listed is None:
        listed, folder = group_attributes(labels, name).get("labels"), labels
    for entry in listed[:MOST_IMAGES] if isinstance(listed, list) else []:
        one = inside(root, folder, str(entry), name)
        maps = _images(root, one, f"{name} {one.name}", group_attributes(one, name), in_memory)
        found += [data if isinstance(data, LabelMap) else _labels(data, Notes()) for data in maps]
    return found


def _images(root: Path, folder: Path, name: str, attributes: dict[str, Any], in_memory: int) -> list[Volume | LabelMap]:
    image = parsed(name, attributes)
    if not image.levels:
        raise FormatError(f"{name}: a Zarr folder without an OME image")
    arrays = [open_array(inside(root, folder, level, name), name, len(image.axes)) for level in image.levels]
    try:
        return [_one(name, image, arrays, channel, in_memory) for channel in _channels(name, image, arrays[0])]
    except FormatError:
        raise
    except HounsfieldError as error:
        raise FormatError(f"{name}: {error}".replace(f"{name}: {name}: ", f"{name}: ")) from None


def _channels(name: str, image: Multiscale, array: LazyArray) -> list[int]:
    if "c" not in image.axes or image.colour:
        return [0]
    count = array.shape[image.axes.index("c")]
    if count > MOST_IMAGES:
        raise FormatError(f"{name}: {count} channels, more than {MOST_IMAGES}")
    return list(range(count))


def _one(name: str, image: Multiscale, arrays: list[LazyArray], channel: int, in_memory: int) -> Volume | LabelMap:
    if image.colour:
        return _coloured(name, image, arrays[0])
    levels = [_scalar(image, array, channel) for array in arrays]
    axes = "tzyx" if levels[0].ndim == 4 else "zyx"
    fits = levels[0].nbytes <= in_memory
    array: Any = np.asarray(levels[0]) if fits else levels[0]
    if not fits:
        array.levels = tuple(level for level in levels[1:] if level.ndim == array.ndim)
    if "c" in image.axes and arrays[0].shape[image.axes.index("c")] > 1:
        given = image.channels[channel] if channel < len(image.channels) else ""
        name = f"{name} {given or f'channel {channel + 1}'}"
    if array.dtype.kind == "b":
        array = array.astype(np.uint8)
    volume = Volume(
        array,
        image.affine,
        unit=image.notes.unit,
        modality=image.notes.modality,
        axes=axes,
        name=name,
        window=image.window,
        warnings=("no unit of length in its metadata: taken as mm",) if image.unitless else (),
    )
    if image.labels:
        return _labels(volume, image.notes)
    return with_padding(volume, image.notes) if fits else _with_lazy_padding(volume, image.notes)


def _scalar(image: Multiscale, array: LazyArray, channel: int) -> LazyArray:
    """The (t, z, y, x) or (z, y, x) of one channel; a time axis of one point is none."""
    keep_time = "t" in image.axes and array.shape[image.axes.index("t")] > 1
    ahead = len(image.axes.rstrip("zyx"))
    first = array.shape[0] if keep_time else 1
    flat = len(image.axes) - ahead == 2

    def read(index: tuple[Any, ...]) -> Any:
        time, *space = index if keep_time else (0, *index)
        place = {"t": time, "c": channel}
        ask = [place[axis] for axis in image.axes[:ahead]]
        if not flat:
            return array[(*ask, *space)]
        z, *plane = space
        found = array[(*ask, *plane)]
        if not isinstance(z, slice):
            return found
        at = int(isinstance(time, slice))
        return np.expand_dims(found, at)[(*[slice(None)] * at, z)]

    shape = (*((first,) if keep_time else ()), *((1,) if flat else ()), *array.shape[ahead:])
    return LazyArray(read, shape, array.dtype, 1 if keep_time else array.depth)


def _coloured(name: str, image: Multiscale, array: LazyArray) -> Volume:
    axes = image.axes.replace("c", "") + "c"
    whole = np.moveaxis(np.asarray(array), image.axes.index("c"), -1)
    return Volume(whole, image.affine, axes=axes, name=name, window=image.window)


def _labels(volume: Volume, notes: Notes) -> LabelMap:
    if volume.axes != "zyx":
        raise FormatError(f"{volume.name}: labels over time are not read")
    return LabelMap(volume.array, volume.affine, notes.classes, name=volume.name)


def _with_lazy_padding(volume: Volume, notes: Notes) -> Volume:
    """As `with_padding`, the mask being made of the voxels as they are read."""
    if notes.padding is None or volume.axes != "zyx":
        return volume
    first, last = notes.padding
    lazy: Any = volume.array
    return replace(volume, valid=lazy.map(lambda part: (part < first) | (part > last), bool))


def read_ome_zarr_maps(path: Path) -> Features:
    """Feature maps or probabilities, one a channel, with their names.

    Raises
    ------
    FormatError
        As `read_ome_zarr`, and if the channels are labels, colours or over time.
    """
    image = parsed(path.name, group_attributes(path, path.name))
    volumes = _images(path, path, path.name, group_attributes(path, path.name), IN_MEMORY)
    if any(not isinstance(data, Volume) or data.axes != "zyx" for data in volumes):
        raise FormatError(f"{path.name}: colours, labels or time points, no maps")
    array = np.stack([np.asarray(data.array, np.float32) for data in volumes])
    names = image.channels if len(image.channels) == len(array) else [""] * len(array)
    return Features(array, image.notes.maps or names, image.affine, name=path.name)
