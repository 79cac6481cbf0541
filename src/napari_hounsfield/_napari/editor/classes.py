"""Classes of a layer that is edited: what there is, and every way to change them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield._napari.colours import LARGEST, colour
from napari_hounsfield._napari.places import go_to
from napari_hounsfield.editing.history import Setting
from napari_hounsfield.editing.near import Plane
from napari_hounsfield.editing.reassign import ReassignParams, reassign
from napari_hounsfield.editing.tally import fullest_steps
from napari_hounsfield.errors import LabelError

from .adopted import LayerEditing
from .running import AT_ONCE

Colours = Mapping[int | None, Any]
FEW = 4_000_000
"""Voxels of labels among which a class is given away at once; with more the first step would hold up the interface."""


@dataclass(frozen=True)
class ClassRow:
    """One class as it is now."""

    value: int
    name: str
    colour: NDArray[np.float32]
    """RGB from 0 to 1."""
    visible: bool
    locked: bool
    ml: float | None
    """None: not counted yet."""


class Classes:
    """Classes of one layer; colours and visibility are the layer's colormap, names are its table.

    Parameters
    ----------
    editing
        Of the layer.
    """

    def __init__(self, editing: LayerEditing) -> None:
        self._editing = editing

    @property
    def values(self) -> list[int]:
        """Label values that occur or have a name, without 0."""
        tally = self._editing.editor.tally
        return sorted({*self._editing.editor.classes, *(tally.values if tally is not None else ())} - {0})

    def row(self, value: int) -> ClassRow:
        """How a class stands."""
        editor = self._editing.editor
        rgba = np.asarray(self._editing.layer.colormap.map(value), np.float32)
        shown = rgba[:3] if rgba[3] > 0 else self._editing.hidden.get(value, rgba)[:3]
        ml = None if editor.tally is None else editor.tally.voxels(value) * editor.labels.grid.voxel_volume / 1000
        return ClassRow(value, self._editing.name_of(value), shown, bool(rgba[3] > 0), value in editor.locked, ml)

    def rename(self, value: int, name: str) -> None:
        """Give a class another name."""
        name = self._checked(name, value)
        if name != self._editing.name_of(value):
            self._named({**self._editing.editor.classes, value: name}, f"rename {self._editing.name_of(value)}")

    def add(self, name: str = "") -> int:
        """Make a new class, choose it for painting, and return its label value.

        Raises
        ------
        LabelError
            If it is not known yet which values occur, or no number is left.
        """
        layer = self._editing.layer
        if self._editing.editor.tally is None:
            raise LabelError(f"{layer.name}: its classes are still being counted; try again in a moment")
        value = max(self.values, default=0) + 1
        if value > np.iinfo(layer.data.dtype).max:
            raise LabelError(f"{layer.name}: no number is left for a class in {layer.data.dtype}")
        name = self._checked(name or self._new_name(value), value)
        self._named({**self._editing.editor.classes, value: name}, f"add {name}")
        layer.selected_label = value
        return value

    def remove(self, value: int) -> None:
        """Take a class away: its voxels become background."""
        self._reassign(value, 0, f"remove {self._editing.name_of(value)}")

    def merge(self, value: int, into: int) -> None:
        """Give all voxels of a class to another one."""
        if value == into:
            raise LabelError(f"{self._editing.name_of(value)}: choose another class to merge it into")
        self._reassign(value, into, f"merge {self._editing.name_of(value)} into {self._editing.name_of(into)}")
        self._editing.layer.selected_label = into

    def set_colour(self, value: int, rgb: Any) -> None:
        """Give a class another colour, which can be undone."""
        before = np.array([*self.row(value).colour, 1], np.float32)
        after = np.array([*np.asarray(rgb, np.float32)[:3], 1], np.float32)

        def apply(rgba: Any) -> None:
            self._editing.hidden.pop(value, None)
            self._paint({value: rgba})

        apply(after)
        self._editing.editor.history.add(Setting(f"colour {self._editing.name_of(value)}", apply, before, after))

    def set_visible(self, value: int, visible: bool) -> None:
        """Show a class or hide it; its voxels stay."""
        self.show_only({*self._seen(), value} if visible else self._seen() - {value})

    def show_only(self, values: set[int]) -> None:
        """Show these classes and no others."""
        hidden = self._editing.hidden
        colours: dict[int | None, Any] = {}
        for value in self.values:
            rgba = self._rgba(value)
            if value in values:
                colours[value] = hidden.pop(value, rgba) if rgba[3] == 0 else rgba
            else:
                if rgba[3] > 0:
                    hidden[value] = rgba
                colours[value] = np.zeros(4, np.float32)
        self._paint(colours)
        self._editing.changed.emit()

    def show_all(self) -> None:
        """Show every class."""
        self.show_only(set(self.values))

    def set_locked(self, value: int, locked: bool) -> None:
        """Keep every tool off a class, or let them at it again."""
        before = self._editing.editor.locked
        self._editing.set_locked(before | {value} if locked else before - {value})

    def lock_only(self, values: frozenset[int]) -> None:
        """Lock these classes and no others."""
        self._editing.set_locked(values)

    def choose(self, value: int) -> None:
        """Paint with a class from now on."""
        self._editing.layer.selected_label = value

    def go_to(self, value: int) -> None:
        """Show the slice that holds most of a class, among those that the viewer cuts, around the middle of the class there."""
        editing = self._editing
        at = editing.looked_at() or Plane(0, 0)
        viewer = editing.viewer()

        def show(voxel: tuple[int, int, int] | None) -> None:
            if viewer is not None and voxel is not None:
                go_to(viewer, editing.layer.data_to_world(editing.frame.shown_index(voxel)))

        editing.look_up(fullest_steps(editing.editor.array, value, at.axis), show)

    def _named(self, classes: Mapping[int, str], title: str) -> None:
        if self._editing.busy:
            raise LabelError("wait until the edit is computed")
        self._editing.editor.name_classes(classes, title)

    def _reassign(self, value: int, to: int, title: str) -> None:
        for one in (value, to):
            if one in self._editing.editor.locked:
                raise LabelError(f"{self._editing.name_of(one)} is locked")
        params = ReassignParams(label=value, to=to)
        at_once = AT_ONCE if self._editing.editor.array.size <= FEW else 0
        steps = lambda editor: editor.steps(reassign, params, reach=0, title=title, everywhere=True)  # noqa: E731
        self._editing.run(steps, at_once=at_once)

    def _checked(self, name: str, value: int) -> str:
        """A name in one line that no other class has, be it in capitals: by their names, classes are compared."""
        name = " ".join(name.split())
        if not name:
            raise LabelError("a class needs a name")
        other = next((one for one in self.values if one != value and self._editing.name_of(one).casefold() == name.casefold()), 0)
        if other:
            raise LabelError(f"there is a class {self._editing.name_of(other)} already, label {other}; take another name")
        return name

    def _new_name(self, value: int) -> str:
        taken = {self._editing.name_of(one).casefold() for one in self.values}
        return next(name for number in count(value) if (name := f"class {number}") not in taken)

    def _seen(self) -> set[int]:
        return {value for value in self.values if self._rgba(value)[3] > 0}

    def _rgba(self, value: int) -> NDArray[np.float32]:
        return np.asarray(self._editing.layer.colormap.map(value), np.float32)

    def _paint(self, colours: Colours) -> None:
        """Give values these colours, and leave the others as they are."""
        from napari.utils.colormaps import DirectLabelColormap

        layer = self._editing.layer
        if max(self.values, default=0) > LARGEST:
            raise LabelError(f"{layer.name}: colours of single classes are possible up to label {LARGEST}")
        if isinstance(layer.colormap, DirectLabelColormap):
            before = dict(layer.colormap.color_dict)
        else:
            before = {value: self._rgba(value) for value in {*self.values, *range(1, 65)}}
            before = {None: colour(1), 0: "transparent", **before}
        layer.colormap = DirectLabelColormap(color_dict={**before, **colours})
