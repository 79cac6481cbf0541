"""Between napari's layers and the core's data: `nh.from_layer` and `nh.show`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.errors import HounsfieldError
from napari_hounsfield.results import Features, Segmentation
from napari_hounsfield.volume import LabelMap, Volume

from .layers import KEY, Declared, LayerTuple, Shown, layer_tuples
from .placement import WORLD_OF_PATIENT, Placement
from .table import class_names

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

    from napari_hounsfield.grid import Affine


def from_layer(layer: Layer, like: Layer | None = None, unit: str = "") -> Volume | LabelMap | Features:
    """Data that an image or labels layer shows, in the axes and directions of the file it came from.

    Image voxels are shared with the layer; labels are copied, so that painting goes on while something computes. Voxels on the
    disk stay there.

    Parameters
    ----------
    layer
        An image layer gives a Volume (or the Features that were shown), a labels layer a LabelMap. Another layer
        has its affine from scale, translate, rotate, shear and affine (units of length are honoured; napari's axes are taken as
        S, P, L), and its unit is `stored value` unless the user has set one.
    like
        The layer on which a plain layer was drawn; its frame of reference and its place in the patient are taken over.
    unit
        `HU` or `SUV` for an image whose file does not say so; empty: as the layer says.

    Raises
    ------
    HounsfieldError
        If the layer is neither image nor labels, has other than 2 to 4 dimensions, or is still being read.
    """
    kind = getattr(layer, "_type_string", "")
    if kind not in ("image", "labels"):
        raise HounsfieldError(f"{layer.name}: a {kind or type(layer).__name__} layer; choose an image or labels layer")
    said = layer.metadata.get(KEY)
    if isinstance(said, Shown) and said.partial:
        raise HounsfieldError(f"{said.template.name or 'image'}: still being read")
    how = _description(layer, layer.data[0] if layer.multiscale else layer.data)
    if how is not None and how.lazy is not None and isinstance(how.template, Volume | LabelMap):
        lazy: Any = how.lazy
        on_disk = replace(how.template, array=lazy, affine=how.placement.patient_affine(_matrix(layer)))
        return in_unit(on_disk, unit) if unit and isinstance(on_disk, Volume) else on_disk
    data = _data(layer, np.asarray(layer.data[0] if layer.multiscale else layer.data), like)
    if isinstance(data, LabelMap):
        return replace(data, array=data.array.copy())
    return in_unit(data, unit) if unit and isinstance(data, Volume) else data


def labels_in_place(layer: Layer) -> LabelMap:
    """Labels whose array is the layer's own memory, in the axes and directions of the file it came from.

    Raises
    ------
    HounsfieldError
        If the layer is no labels layer of 2 or 3 dimensions, its array is not in memory and writable, or a label is too large.
    """
    from napari_hounsfield.editing.params import LARGEST_LABEL

    if getattr(layer, "_type_string", "") != "labels":
        raise HounsfieldError(f"{layer.name}: choose a labels layer")
    if layer.multiscale or not isinstance(layer.data, np.ndarray):
        raise HounsfieldError(f"{layer.name}: labels are edited in memory; load them with layer.data = numpy.asarray(layer.data)")
    if not layer.data.flags.writeable:
        raise HounsfieldError(f"{layer.name}: the array is read-only; duplicate the layer to edit it")
    labels = _data(layer, layer.data, None)
    assert isinstance(labels, LabelMap)
    array = labels.array
    if np.iinfo(array.dtype).max > LARGEST_LABEL and array.size and (largest := int(array.max())) > LARGEST_LABEL:
        raise HounsfieldError(
            f"{layer.name}: label {largest} is too large; number the labels anew, up to {LARGEST_LABEL} at most"
        )
    return labels


def placement_of(layer: Layer) -> Placement | None:
    """How the array of a layer of ours stands in the viewer; None for plain layers."""
    how = _description(layer, layer.data[0] if layer.multiscale else layer.data)
    return None if how is None else how.placement


def in_unit(volume: Volume, unit: str) -> Volume:
    """The same values, said to be in `unit`, and with the modality that has it where none is known."""
    return replace(volume, unit=unit, modality=volume.modality or {"HU": "CT", "SUV": "PT"}.get(unit, ""))


def draft_of(layer: Layer, like: Layer | None = None) -> LabelMap | Segmentation:
    """Labels of a layer, with the sureness that they came with; what was painted since is sure."""
    labels = from_layer(layer, like)
    how = layer.metadata.get(KEY)
    if not isinstance(labels, LabelMap) or not isinstance(how, Shown) or how.draft is None or how.draft.sureness is None:
        return labels  # type: ignore[return-value]
    if how.draft.labels.array.shape != labels.array.shape:
        return labels
    painted = how.draft.labels.array != labels.array
    return Segmentation(labels, sureness=np.where(painted, np.float32(1), how.draft.sureness))


def show(viewer: ViewerModel, data: Volume | LabelMap | Features | Segmentation) -> list[Layer]:
    """Add layers that show `data`, in patient millimetres, and return them; works with a Viewer and a ViewerModel."""
    return add(viewer, layer_tuples(data, worlds(viewer)))


def add(viewer: ViewerModel, tuples: list[LayerTuple]) -> list[Layer]:
    """Add layers made by `layer_tuples`; in the main thread only."""
    from napari.layers import Layer

    from .viewing import equip

    equip(viewer)
    return [viewer.add_layer(Layer.create(*layer)) for layer in tuples]


def in_units_of(tuples: list[LayerTuple], layer: Layer | None) -> list[LayerTuple]:
    """Layers whose lengths are in pixels where those of `layer` are, which says nothing of its voxels' size."""
    if layer is None or any((1 * unit).check("[length]") for unit in layer.units[-3:]):
        return tuples
    return [(array, {**arguments, "units": ["pixel"] * len(arguments["units"])}, kind) for array, arguments, kind in tuples]


def worlds(viewer: ViewerModel) -> dict[str, Affine]:
    """How the frames of reference that are shown stand in napari's world; the lowest layer of each decides."""
    found: dict[str, Affine] = {}
    for layer in viewer.layers:
        how = layer.metadata.get(KEY)
        if isinstance(how, Shown):
            found.setdefault(how.placement.grid.frame_of_reference, how.placement.world)
    if found:
        found.setdefault("", next(iter(found.values())))
    return found


def _data(layer: Layer, array: NDArray[Any], like: Layer | None) -> Volume | LabelMap | Features:
    """Data that share the array, labels with the names that the user sees."""
    how = _description(layer, array)
    data = _plain(layer, array, like) if how is None else _known(layer, array, how)
    return data.renamed({**data.classes, **class_names(layer.features)}) if isinstance(data, LabelMap) else data


def _description(layer: Layer, array: NDArray[Any]) -> Shown | None:
    """What the layer says of itself, unless its array is no longer that one (cropped, projected, converted)."""
    how = layer.metadata.get(KEY)
    if not isinstance(how, Shown):
        return None
    if how.placement.shown(how.template.array, _leading(how.template)).shape != array.shape:
        return None
    return how


def _leading(data: Volume | LabelMap | Features) -> int:
    return 1 if isinstance(data, Features) else data.axes.index("z") if isinstance(data, Volume) else 0


def _known(layer: Layer, array: NDArray[Any], how: Shown) -> Volume | LabelMap | Features:
    leading = _leading(how.template)
    stored = how.placement.stored(array, leading)
    affine = how.placement.patient_affine(_matrix(layer))
    template = how.template
    if layer._type_string == "labels" and not isinstance(template, LabelMap):
        return LabelMap(stored, affine, frame_of_reference=template.frame_of_reference, source=template.source, name=layer.name)
    if layer._type_string == "image" and isinstance(template, LabelMap):
        return Volume(stored, affine, unit="stored value", frame_of_reference=template.frame_of_reference, name=layer.name)
    return replace(template, array=stored, affine=affine)


def _plain(layer: Layer, array: NDArray[Any], like: Layer | None) -> Volume | LabelMap:
    how = like.metadata.get(KEY) if like is not None else None
    world = how.placement.world if isinstance(how, Shown) else WORLD_OF_PATIENT
    frame = how.placement.grid.frame_of_reference if isinstance(how, Shown) else ""
    source = how.template.source if isinstance(how, Shown) else None
    affine = np.linalg.inv(world) @ _matrix(layer)
    if layer.ndim == 2:
        array = array[np.newaxis]
    if not 2 <= layer.ndim <= (3 if layer._type_string == "labels" else 4):
        many = "2 or 3 dimensions" if layer._type_string == "labels" else "2 to 4 dimensions"
        one = f"layer.data[{', '.join('0' * (layer.ndim - 3))}]" if layer.ndim > 3 else "another"
        raise HounsfieldError(f"{layer.name}: it has {layer.ndim} dimensions; choose a layer of {many}, made of {one} for one")
    if layer._type_string == "labels":
        return LabelMap(array, affine, frame_of_reference=frame, source=source, name=layer.name)
    axes = ("t" if layer.ndim == 4 else "") + "zyx" + ("c" if layer.rgb else "")
    if array.dtype.kind == "b":
        array = array.view(np.uint8)
    said = layer.metadata.get(KEY)
    unit = said.unit if isinstance(said, Declared) else "stored value"
    return in_unit(Volume(array, affine, axes=axes, frame_of_reference=frame, name=layer.name), unit)


def _matrix(layer: Layer) -> Affine:
    """4x4, napari world in mm from index along the last three axes of a layer."""
    dimensions = layer.ndim
    used = min(dimensions, 3)
    origin = np.array(layer.data_to_world(np.zeros(dimensions)))
    columns = [np.array(layer.data_to_world(row)) - origin for row in np.eye(dimensions)[dimensions - used :]]
    length = np.array([millimetres(unit) for unit in layer.units[dimensions - used :]])[:, np.newaxis]
    matrix = np.eye(4)
    matrix[3 - used : 3, 3 - used : 3] = length * np.array(columns).T[dimensions - used :]
    matrix[3 - used : 3, 3] = length[:, 0] * origin[dimensions - used :]
    return matrix


def millimetres(unit: Any) -> float:
    """Millimetres in a unit of length; 1 for pixels, which say nothing."""
    quantity = 1 * unit
    return float(quantity.to("mm").magnitude) if quantity.check("[length]") else 1.0
