"""Figures as text over the canvas: what the table says, at a glance."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari.components import ViewerModel

LINES = 12
"""More would cover the image; the table has them all."""
SHORT = {"sensitivity": "SE", "specificity": "SP", "accuracy": "accuracy", "dice": "Dice"}


def show(viewer: ViewerModel, heading: str, lines: Iterable[str]) -> None:
    """Replace the text over the canvas."""
    shown = list(lines)
    if len(shown) > LINES:
        shown = [*shown[: LINES - 1], f"and {len(shown) - LINES + 1} more in the table"]
    text = viewer.canvas.overlays.text
    text.text = "\n".join([heading, *shown])
    text.font_size = 9
    text.visible = True


def table_lines(features: Any) -> list[str]:
    """One line a class: volume, mean, and rates where they are known."""
    lines = []
    for _, row in features.iterrows():
        parts = [f"{row['class']}: {row['volume_ml']:.1f} ml" if "volume_ml" in row else str(row["class"])]
        parts += [f"{row[name]:.0f} HU" for name in ("HU mean",) if name in row and not math.isnan(row[name])]
        parts += [f"mean {row[name]:.3g}" for name in ("mean",) if name in row and not math.isnan(row[name])]
        parts += [f"{short} {row[name]:.3f}" for name, short in SHORT.items() if name in row and not math.isnan(row[name])]
        lines.append("   ".join(parts))
    return lines


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
