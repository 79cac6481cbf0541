"""Figures as text over the canvas: what the table says, at a glance."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

LINES = 12
"""More would cover the image; the table has them all."""
SHORT = {"sensitivity": "SE", "specificity": "SP", "accuracy": "accuracy", "dice": "Dice"}


def show(viewer: ViewerModel, heading: str, lines: Iterable[str], layer: Layer | None = None) -> None:
    """Replace the text over the canvas; it goes with `layer`, or with the last of all layers."""
    shown = list(lines)
    if len(shown) > LINES:
        shown = [*shown[: LINES - 1], f"and {len(shown) - LINES + 1} more in the table"]
    text = write(viewer, [heading, *shown])
    mine = text.text

    def gone(*_: Any) -> None:
        if text.text != mine:
            viewer.layers.events.removed.disconnect(gone)
        elif not viewer.layers or (layer is not None and layer not in viewer.layers):
            viewer.layers.events.removed.disconnect(gone)
            text.visible = False

    viewer.layers.events.removed.connect(gone)


def write(viewer: ViewerModel, lines: Iterable[str]) -> Any:
    """Put lines over the canvas, until somebody else does; the overlay."""
    text = viewer.canvas.overlays.text
    text.text = "\n".join(lines)
    text.font_size = 8
    text.position = "bottom_left"  # napari's notifications come up at the right
    text.visible = True
    return text


def table_lines(features: Any) -> list[str]:
    """One line a class: rates where they are known, else volume and mean."""
    lines = []
    for _, row in features.iterrows():
        known = {
            name: row[name] for name in (*SHORT, "HU mean", "mean", "volume_ml") if name in row and not math.isnan(row[name])
        }
        parts = [f"{SHORT[name]} {value:.3f}" for name, value in known.items() if name in SHORT]
        if not parts:
            parts = [f"{known['volume_ml']:.1f} ml"] if "volume_ml" in known else []
            parts += [f"{known['HU mean']:.0f} HU"] if "HU mean" in known else []
            parts += [f"mean {known['mean']:.3g}"] if "mean" in known else []
        lines.append("   ".join([f"{row['class']}:", *parts]))
    return lines


def name_map(viewer: ViewerModel, layer: Layer, names: Sequence[str]) -> None:
    """Show the name of the map that the slider stands at, as long as the stack is there and visible."""

    def show_name(*_: Any) -> None:
        if layer not in viewer.layers:
            viewer.dims.events.current_step.disconnect(show_name)
        elif layer.visible:
            show(viewer, layer.name, [names[viewer.dims.current_step[viewer.dims.ndim - layer.ndim]]])

    viewer.dims.events.current_step.connect(show_name)
    show_name()


def figure_lines(figures: Mapping[str, Any]) -> list[str]:
    """Figures of a classifier on its held-back samples."""
    classes = figures.get("classes")
    if not isinstance(classes, list):
        return ["no samples were held back: no figures"]
    lines = ["on held-back samples:"]
    for record in classes:
        known = [f"{short} {record[name]:.3f}" for name, short in SHORT.items() if record.get(name) is not None]
        lines.append("   ".join([f"{record.get('name', record.get('label'))}:", *known]))
    return lines
