"""The draft of first classes that is looked at: found, edited, shown beside the image, taken up as strokes or dismissed."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import ref

from napari.utils.colormaps import DirectLabelColormap
from psygnal import Signal

import napari_hounsfield as nh
from napari_hounsfield._napari.bridge import add, in_units_of, worlds
from napari_hounsfield._napari.layers import LayerTuple, layer_tuples
from napari_hounsfield.editing.history import Setting
from napari_hounsfield.errors import LabelError
from napari_hounsfield.labelling.classes import matched
from napari_hounsfield.operation import Progress, part
from napari_hounsfield.pixels.class_count import ClassCount
from napari_hounsfield.pixels.class_params import ClassesParams, SuggestParams
from napari_hounsfield.pixels.drafts import Drafts
from napari_hounsfield.results import Segmentation
from napari_hounsfield.volume import Record

if TYPE_CHECKING:
    from .bound import BoundImage
    from .desk import SessionDesk


@dataclass(frozen=True, eq=False)
class Draft:
    """A draft and the layer that shows it."""

    of: BoundImage
    segmentation: Segmentation
    """As it was found and edited; its history says how many classes were kept."""
    layer: LayerTuple

    @property
    def classes(self) -> list[tuple[int, str, int]]:
        """Number, name and voxels of each class."""
        table = self.layer[1]["features"]
        rows = zip(table["index"], table["class"], table["voxels"], strict=True)
        return [(int(value), str(name), int(voxels)) for value, name, voxels in rows]

    def colour(self, value: int) -> tuple[float, ...] | None:
        """Red, green and blue of a class, 0 to 1; None where napari chooses it."""
        colours = self.layer[1].get("colormap")
        return None if colours is None else tuple(float(part) for part in colours.color_dict[value][:3])


class DraftDesk:
    """At most one draft at a time, of the image that was seen.

    Attributes
    ----------
    draft
        What is shown; None: there is none.
    """

    changed = Signal()
    """Another draft, or none; in the main thread."""

    def __init__(self, desk: SessionDesk) -> None:
        self._desk = desk
        self.draft: Draft | None = None
        self._drafts: Drafts | None = None
        self._layer: Any = lambda: None

    @property
    def layer(self) -> Any:
        """The layer that shows it; None where there is none."""
        layer = self._layer()
        return layer if layer is not None and layer in self._desk.viewer.layers else None

    def suggest_steps(self, method: str) -> Generator[Progress, None, ClassCount]:
        """Suggest a number of classes, with the curve that supports it."""
        params = SuggestParams(method="gmm" if method == "gmm" else "kmeans")
        return (yield from self._drafts_of(self._desk.shown()).suggest(params))

    def find_steps(self, params: ClassesParams) -> Generator[Progress, None, Draft]:
        """Divide the image that is seen into first classes."""
        bound = self._desk.shown()
        resolved = params.resolve(bound.image.volume)
        found = yield from part(self._drafts_of(bound).whole(resolved), 0, 0.95)
        record = Record("classes", resolved.settled(found).model_dump(mode="json"), nh.__version__)
        yield Progress(0.95, "layer")
        return self._shown(bound, found.with_record(record))

    def edit_steps(self, change: Callable[[Segmentation], Segmentation]) -> Generator[Progress, None, Draft]:
        """Merge, rename or drop classes.

        Raises
        ------
        LabelError
            If there is no draft, or the classes do not allow it.
        """
        draft = self._there()
        yield Progress(0.1, "classes")
        segmentation = change(draft.segmentation)
        yield Progress(0.5, "layer")
        return self._shown(draft.of, segmentation)

    def _shown(self, bound: BoundImage, segmentation: Segmentation) -> Draft:
        """The draft with its layer, which is made beside the interface: its voxels are copied and counted."""
        viewer, name = self._desk.viewer, f"{bound.image.volume.name} draft".strip()
        (layer,) = in_units_of(layer_tuples(segmentation.labels, worlds(viewer), name), bound.strokes)
        strokes, colours = bound.strokes, layer[1].get("colormap")
        if strokes is not None and colours is not None:  # the colours that its classes will be painted in
            classes = {value: name for value, name, _ in Draft(bound, segmentation, layer).classes if value in colours.color_dict}
            _, numbers = matched(self._desk.session.classes, classes)
            own = {value: strokes.colormap.map(number) for value, number in numbers.items()}
            layer[1]["colormap"] = DirectLabelColormap(color_dict={**colours.color_dict, **own})
        return Draft(bound, segmentation, layer)

    def _drafts_of(self, bound: BoundImage) -> Drafts:
        if self._drafts is None or self._drafts.volume is not bound.image.volume:
            self._drafts = Drafts(bound.image.volume)
        return self._drafts

    def show(self, draft: Draft | None, title: str) -> None:
        """Show a draft, or none, as a step that can be undone."""
        size = 0 if draft is None else 3 * draft.segmentation.labels.array.nbytes
        self._desk.session.history.add(Setting(title, self._put, self.draft, draft, size + 1000))
        self._put(draft)

    def dismiss(self) -> None:
        """Take the draft away."""
        if self.draft is not None:
            self.show(None, "dismiss draft")

    def apply_steps(self) -> Generator[Progress, None, None]:
        """Paint samples of the draft's surest voxels as strokes, where nothing is painted yet."""
        draft = self._there()
        samples = yield from part(nh.samples.steps(draft.segmentation), 0, 0.9)
        yield Progress(0.9, "strokes")
        self._desk.session.apply(draft.of.image, samples)

    def _there(self) -> Draft:
        if self.draft is None or self.draft.of not in self._desk.bound:
            raise LabelError("there is no draft of an image of the session: press Draft")
        return self.draft

    def _put(self, draft: Any) -> None:
        self.draft = draft
        viewer, old = self._desk.viewer, self.layer
        active = viewer.layers.selection.active
        if draft is None:
            if old is not None:
                viewer.layers.remove(old)
        elif old is None:
            (layer,) = add(viewer, [draft.layer])
            layer.editable = False
            self._layer = ref(getattr(layer, "__wrapped__", layer))
        else:
            array, how, _ = draft.layer
            old.data, old.features, old.visible = array, how["features"], True
            if "colormap" in how:
                old.colormap = how["colormap"]
        if active in viewer.layers:
            viewer.layers.selection.active = active
        self.changed.emit()
