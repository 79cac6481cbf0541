"""What an OME-Zarr says of its arrays: levels, axes, places, window, labels. From its JSON to ours, and back.

OME-NGFF 0.4 (https://ngff.openmicroscopy.org/0.4) and 0.5 (https://ngff.openmicroscopy.org/0.5). It knows scale and translation
alone; the whole affine, to LPS, is in our own attributes, under the key `hounsfield`.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_hounsfield.errors import FormatError, GridError
from napari_hounsfield.grid import checked_affine
from napari_hounsfield.results import Features
from napari_hounsfield.volume import LabelMap, Volume

from .notes import KEY as NOTES
from .notes import MAX_NAMES, Notes, one_line
from .orientation import MILLIMETRES
from .terminology import class_colour

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_hounsfield.grid import Affine

KEY = "hounsfield"
MOST_LEVELS = 32
_UNITS = {
    "millimeter": 1.0, "micrometer": 1e-3, "nanometer": 1e-6, "centimeter": 10.0, "meter": 1e3, "angstrom": 1e-7, "inch": 25.4,
    **MILLIMETRES,
}  # fmt: skip
_TO_LPS = {"x": 0, "y": 1, "z": 2}
"""Without our own attributes, x is taken to run to the left, y to the back, z to the head."""


@dataclass(frozen=True)
class Multiscale:
    """One image of an OME-Zarr.

    Attributes
    ----------
    axes
        Names of the arrays' axes, for example `tczyx`.
    levels
        Paths of the arrays relative to the group, the finest first.
    affine
        4x4, from voxel index (z, y, x) of the finest to LPS mm.
    labels
        Whether it is a label image.
    channels
        Names of the channels, as far as they are given.
    """

    axes: str
    levels: tuple[str, ...]
    affine: Affine
    notes: Notes
    labels: bool = False
    channels: tuple[str, ...] = ()
    window: tuple[float, float] | None = None
    colour: bool = False
    """Whether the channels are red, green, blue."""
    unitless: bool = False
    """Whether lengths have no unit."""


def parsed(name: str, attributes: Mapping[str, Any]) -> Multiscale:
    """The first image that the attributes of a group describe.

    Raises
    ------
    FormatError
        If there is none, or it is not described as the standard has it.
    """
    try:
        return _parsed(name, attributes)
    except FormatError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError):
        raise FormatError(f"{name}: its OME metadata are damaged or incomplete") from None


def _parsed(name: str, attributes: Mapping[str, Any]) -> Multiscale:
    described = attributes.get("multiscales")
    if not isinstance(described, list) or not described:
        raise FormatError(f"{name}: a Zarr folder without an OME image")
    image = described[0]
    version = str(attributes.get("version", image.get("version", "")))[:16]
    axes = image.get("axes")
    if version not in ("0.4", "0.5"):
        raise FormatError(f"{name}: OME-Zarr {version or 'of an unknown version'}; 0.4 and 0.5 are read")
    if not isinstance(axes, list) or not all(isinstance(axis, dict) for axis in axes):
        raise FormatError(f"{name}: its axes are not described")
    names = "".join(str(axis["name"]) for axis in axes)
    spatial = [i for i, axis in enumerate(axes) if axis["name"] in _TO_LPS]
    if len(names) != len(axes) or len(set(names)) != len(names) or set(names) - set("tczyx") or len(spatial) < 2:
        raise FormatError(f"{name}: its axes are none of t, c, z, y, x, or not each of them once")
    if spatial != list(range(len(axes) - len(spatial), len(axes))):
        raise FormatError(f"{name}: its axes in space are not the last ones")
    levels = tuple(str(level["path"]) for level in image["datasets"][:MOST_LEVELS])
    lengths = [_UNITS.get(str(axes[i].get("unit", "millimeter")), 1.0) for i in spatial]
    scale, offset = _transformed(len(axes), image["datasets"][0].get("coordinateTransformations"))
    outer, shift = _transformed(len(axes), image.get("coordinateTransformations"))
    scale, offset = scale * outer, offset * outer + shift
    affine = np.zeros((4, 4))
    affine[3, 3] = 1
    if len(spatial) == 2:  # a picture in a plane: its z is 1 mm thick
        affine[({0, 1, 2} - {_TO_LPS[axes[i]["name"]] for i in spatial}).pop(), 0] = 1
    for column, (i, length) in enumerate(zip(spatial, lengths, strict=True), 3 - len(spatial)):
        row = _TO_LPS[axes[i]["name"]]
        affine[row, column], affine[row, 3] = scale[i] * length, offset[i] * length
    own = attributes.get(KEY)
    own = own if isinstance(own, dict) else {}
    return Multiscale(
        names,
        levels,
        _affine(name, own.get("affine"), affine),
        _notes(own, attributes.get("image-label")),
        labels="image-label" in attributes or own.get("labels") is True,
        channels=_channels(attributes.get("omero")),
        window=_window(own.get("window")),
        colour=own.get("colour") is True and "c" in names,
        unitless=any("unit" not in axes[i] for i in spatial),
    )


def _transformed(dimensions: int, steps: Any) -> tuple[Any, Any]:
    """Scale and translation that a list of transformations comes to."""
    scale, offset = np.ones(dimensions), np.zeros(dimensions)
    for step in steps or []:
        if step["type"] == "identity":
            continue
        if step["type"] not in ("scale", "translation") or "path" in step:
            raise ValueError
        numbers = np.array([float(n) for n in step[step["type"]]])
        if numbers.shape != (dimensions,) or not np.isfinite(numbers).all():
            raise ValueError
        if step["type"] == "scale":
            scale, offset = scale * numbers, offset * numbers
        else:
            offset = offset + numbers
    return scale, offset


def _affine(name: str, own: Any, plain: Affine) -> Affine:
    try:
        return checked_affine(own if own is not None else plain)
    except (GridError, TypeError, ValueError):
        raise FormatError(f"{name}: its voxels have no size or no place") from None


def _notes(own: Mapping[str, Any], label: Any) -> Notes:
    """Our own notes, or the names of label values that the standard has a place for."""
    found = Notes.from_text(json.dumps({NOTES: own["notes"]})) if own.get("notes") else Notes()
    if found.classes or not isinstance(label, dict):
        return found
    names: dict[int, str] = {}
    for entry in (label.get("properties") or [])[:MAX_NAMES]:
        value = entry.get("label-value")
        text = next((entry[word] for word in ("class", "name", "label") if isinstance(entry.get(word), str)), "")
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9 and text:
            names[value] = one_line(text)[:200]
    return Notes(classes=names)


def _channels(omero: Any) -> tuple[str, ...]:
    given = omero.get("channels") if isinstance(omero, dict) else None
    if not isinstance(given, list):
        return ()
    return tuple(one_line(c.get("label") or "")[:200] if isinstance(c, dict) else "" for c in given[:MAX_NAMES])


def _window(own: Any) -> tuple[float, float] | None:
    if not isinstance(own, list) or len(own) != 2:
        return None
    low, high = float(own[0]), float(own[1])
    return (low, high) if math.isfinite(low) and math.isfinite(high) and low < high else None


def attributes(
    data: Volume | LabelMap | Features, axes: str, factors: Sequence[Sequence[int]], span: tuple[float, float]
) -> dict[str, Any]:
    """The OME attributes (0.5) of a group that holds `data`, and our own beside them.

    Parameters
    ----------
    data
        Without its voxels being looked at.
    axes
        Of the arrays.
    factors
        By how many voxels (z, y, x) of the finest each level is coarser.
    span
        Least and largest value.
    """
    leading = len(axes) - 3
    spacing = np.array(data.grid.spacing)
    directions = np.asarray(data.affine)[:3, :3] / spacing
    origin = directions.T @ np.asarray(data.affine)[:3, 3]  # along the array's own axes: (S, P, L) where it is axial
    datasets = []
    for level, factor in enumerate(np.asarray(factors, float)):
        scale = [1.0] * leading + (spacing * factor).tolist()
        offset = [0.0] * leading + (origin + spacing * (factor - 1) / 2).tolist()
        steps = [{"type": "scale", "scale": scale}, {"type": "translation", "translation": offset}]
        datasets.append({"path": str(level), "coordinateTransformations": steps})
    kinds = {"t": {"name": "t", "type": "time"}, "c": {"name": "c", "type": "channel"}}
    space = {name: {"name": name, "type": "space", "unit": "millimeter"} for name in "zyx"}
    image = {
        "axes": [(kinds | space)[name] for name in axes],
        "datasets": datasets,
        "name": "labels" if isinstance(data, LabelMap) else "image",
        "type": "nearest" if isinstance(data, LabelMap) else "mean",
    }
    ome: dict[str, Any] = {"version": "0.5", "multiscales": [image]}
    own: dict[str, Any] = {"affine": np.asarray(data.affine).tolist(), "space": "LPS", "index": "zyx"}
    if isinstance(data, LabelMap):
        ome["image-label"] = _image_label(data)
        own["labels"] = True
    else:
        ome["omero"] = {"channels": _omero(data, span)}
    if isinstance(data, Volume):
        own |= {"colour": True} if data.axes.endswith("c") else {}
        own |= {"window": [float(limit) for limit in data.window]} if data.window else {}
    text = Notes.of(data).to_text()
    if text:
        own["notes"] = json.loads(text)[NOTES]
    return {"ome": ome, KEY: own}


def _image_label(labels: LabelMap) -> dict[str, Any]:
    named = {value: name for value, name in labels.classes.items() if value > 0}
    colours = [{"label-value": value, "rgba": [*class_colour(name, value), 255]} for value, name in named.items()]
    properties = [{"label-value": value, "class": name} for value, name in labels.classes.items()]
    return {key: value for key, value in (("colors", colours), ("properties", properties)) if value}  # neither may be empty


def _omero(data: Volume | Features, span: tuple[float, float]) -> list[dict[str, Any]]:
    low, high = span
    names = data.names if isinstance(data, Features) else [data.modality or "image"]
    colours = ["FFFFFF"] * len(names)
    start, end = (data.window if isinstance(data, Volume) else None) or (low, high)
    if isinstance(data, Volume) and data.axes.endswith("c"):
        names, colours = ["red", "green", "blue", "alpha"], ["FF0000", "00FF00", "0000FF", "FFFFFF"]
        names = names[: data.array.shape[-1]]
    window = {"min": low, "max": high, "start": float(start), "end": float(end)}
    return [
        {"label": name, "active": True, "color": colour, "window": window} for name, colour in zip(names, colours, strict=False)
    ]
