"""Segmentations as 3D Slicer keeps them: `.seg.nrrd`, an NRRD with `Segment0_Name` and other keys.

Format: https://slicer.readthedocs.io/en/latest/developer_guide/modules/segmentations.html#segmentations-file-format-seg-nrrd
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_hounsfield.boxes import NOWHERE, boxes_of
from napari_hounsfield.errors import FormatError
from napari_hounsfield.operation import finish
from napari_hounsfield.volume import LabelMap

from .notes import one_line
from .nrrd import image_header, read_nrrd, write_voxels
from .overlap import maps_of, members
from .sizes import storable
from .slicer_terms import term_from, terminology_text
from .terminology import colour_in, term_in

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_hounsfield.coded_terms import Term
    from napari_hounsfield.components import Box

    from .nrrd_header import NrrdHeader

MAX_SEGMENTS = 65535


def read_seg_nrrd(path: Path) -> LabelMap:
    """Read segments as one label map; layers are merged where no two segments overlap.

    Raises
    ------
    FormatError
        If segments overlap, values are not whole numbers, or the file is damaged.
    """
    found = read_seg_nrrd_layers(path)
    if len(found) > 1:
        raise FormatError(f"{path.name}: its segments overlap, so that they are {len(found)} label maps; read() gives them all")
    return found[0]


def read_seg_nrrd_layers(path: Path) -> list[LabelMap]:
    """Read segments as one label map, or as several where they overlap; a segment is in one of them, whole.

    Raises
    ------
    FormatError
        If values are not whole numbers, or the file is damaged.
    """
    volume, notes, header = read_nrrd(path)
    if "c" in volume.axes or volume.array.dtype.kind not in "iu":
        raise FormatError(f"{path.name}: voxels of a segmentation are whole numbers without colour")
    layers = volume.array if volume.axes == "tzyx" else volume.array[np.newaxis]
    segments = _segments(path.name, header, len(layers))
    if not segments:
        return [LabelMap(_single(path.name, layers), volume.affine, notes.classes, name=path.name)]
    classes = {value: name for _, value, name, _ in segments}
    terms = {value: term for _, value, _, term in segments if term is not None}
    unnamed = [value for value, name in classes.items() if name in ("", f"label {value}")]
    if len(layers) == 1 and len(classes) == len(segments):
        named = {v: n for v, n in classes.items() if v not in unnamed}
        return [LabelMap(layers[0], volume.affine, named, terms=terms, name=path.name)]
    repeated = len(classes) < len(segments)  # values come again in other layers: segments are numbered
    news = [number if repeated else value for number, (_, value, _, _) in enumerate(segments, 1)]
    merged = _merged(layers, [(layer, value, new) for (layer, value, _, _), new in zip(segments, news, strict=True)])
    names = {new: name for new, (_, _, name, _) in zip(news, segments, strict=True)}
    terms = {new: term for new, (_, _, _, term) in zip(news, segments, strict=True) if term is not None}
    few = len(merged) == 1
    return [
        LabelMap(
            array,
            volume.affine,
            {v: names[v] for v in held},
            terms={v: terms[v] for v in held if v in terms},
            name=path.name if few else f"{path.name} layer {i}",
        )
        for i, (array, held) in enumerate(merged, 1)
    ]


def _merged(layers: NDArray[Any], segments: list[tuple[int, int, int]]) -> list[tuple[NDArray[Any], list[int]]]:
    """As few arrays as hold every segment whole, with the values in each; (layer, value, its new value) is given of a segment."""
    merged: list[tuple[NDArray[Any], list[int]]] = []
    for layer, value, new in segments:
        inside = layers[layer] == value
        fitting = (each for each in merged if not each[0][inside].any())
        array, held = next(fitting, (np.zeros(layers.shape[1:], np.int32), []))
        if not held:
            merged.append((array, held))
        array[inside] = new
        held.append(new)
    return merged


def _single(name: str, layers: NDArray[Any]) -> NDArray[Any]:
    if len(layers) > 1:
        raise FormatError(f"{name}: several layers without keys that name their segments")
    array: NDArray[Any] = layers[0]
    return array


def _segments(name: str, header: NrrdHeader, layers: int) -> list[tuple[int, int, str, Term | None]]:
    """(layer, value, name, term) of each segment in order. Files before Slicer 4.11 have a layer a segment and no values."""
    numbers = sorted(int(m[1]) for key in header.keys if (m := re.fullmatch(r"Segment(\d{1,6})_ID", key)))
    found = []
    for order, number in enumerate(numbers[:MAX_SEGMENTS]):

        def key(word: str, default: str, number: int = number) -> str:
            return header.keys.get(f"Segment{number}_{word}", default)

        layer, value = key("Layer", str(order) if layers > 1 else "0"), key("LabelValue", "1" if layers > 1 else str(order + 1))
        if not re.fullmatch(r"\d{1,9}", layer) or not re.fullmatch(r"-?\d{1,9}", value) or int(layer) >= layers:
            raise FormatError(f"{name}: segment {number} has no valid layer and label value")
        label = one_line(key("Name", key("ID", "")))[:200]
        found.append((int(layer), int(value), label, term_from(label, key("Tags", ""), key("Color", ""))))
    return found


def write_seg_nrrd(path: Path, data: LabelMap | Sequence[LabelMap]) -> None:
    """Write name, colour, extent and terminology of every segment, as 3D Slicer does; a layer for each of several label maps.

    Raises
    ------
    GridError
        If several label maps lie on different grids.
    """
    maps = maps_of(data)
    maps = [maps[0], *(labels.on(maps[0].grid) for labels in maps[1:])]
    layers = [_unsigned(labels) for labels in maps]
    array = layers[0] if len(layers) == 1 else np.stack(layers, axis=-1)
    header = image_header(maps[0], array.reshape(*layers[0].shape, -1)[..., 0])
    if len(layers) > 1:
        for word, first in {"sizes": str(len(layers)), "space directions": "none", "kinds": "list"}.items():
            header.fields[word] = f"{first} {header.fields[word]}"  # the fastest axis, as Slicer has it
        header.fields["dimension"] = "4"
    boxes = [finish(boxes_of(layer)) for layer in layers]
    for number, (labels, value, unique, layer) in enumerate(members(maps, boxes)):
        name = labels.class_name(value)
        colour = " ".join(f"{c / 255:.6g}" for c in colour_in(labels, value))
        keys = {
            "Color": colour,
            "ColorAutoGenerated": "0",
            "Extent": _extent(boxes[layer].get(value)),
            "ID": f"Segment_{unique}",
            "LabelValue": str(value),
            "Layer": str(layer),
            "Name": one_line(name),
            "NameAutoGenerated": "0",
            "Tags": f"Segmentation.Status:completed|TerminologyEntry:{terminology_text(term_in(labels, value))}|",
        }
        header.keys.update({f"Segment{number}_{word}": text for word, text in keys.items()})
    header.keys["Segmentation_ContainedRepresentationNames"] = "Binary labelmap|"
    header.keys["Segmentation_ReferenceImageExtentOffset"] = "0 0 0"
    header.keys["Segmentation_SourceRepresentation"] = "Binary labelmap"
    write_voxels(path, header, array)


def _unsigned(labels: LabelMap) -> NDArray[Any]:
    array = storable(labels)
    return storable(replace(labels, array=array.astype(np.uint32))) if array.dtype.kind == "i" else array


def _extent(box: Box | None) -> str:
    """First and last index along x, y and z."""
    return " ".join(f"{side.start} {side.stop - 1}" for side in reversed(box or NOWHERE.box))
