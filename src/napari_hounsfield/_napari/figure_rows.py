"""Figures as rows of a table: what `evaluate` and `measure` give in JSON, a row a class and a row an object."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

FIRST = (
    "object", "kind", "length_mm", "area_mm2", "dice", "sensitivity", "specificity", "accuracy", "hausdorff95_mm", "surface_dice",
    "volume_ml", "mean", "sd", "median", "min", "max", "diameter_mm", "plane_diameter_mm", "plane_perpendicular_mm", "voxels",
)  # fmt: skip
"""Columns that come before the others."""
USUAL = ("dice", "sensitivity", "specificity", "mean", "sd")
"""Shown even where they are undefined for all."""
WORDS = {"dice": "Dice", "tp": "TP", "fp": "FP", "fn": "FN", "tn": "TN", "sd": "SD", "hausdorff95": "Hausdorff 95 %"}
UNITS = {"mm": "mm", "mm2": "mm²", "mm3": "mm³", "ml": "ml", "g": "g"}
ASIDE = ("label", "name", "reasons")


@dataclass(frozen=True)
class Row:
    """One class, or one object of a class."""

    label: int
    name: str
    figures: Mapping[str, Any]
    reasons: Mapping[str, str]
    """Why figures are undefined."""
    centre: tuple[float, ...] | None = None
    """Patient mm (L, P, S)."""


def class_rows(figures: Mapping[str, Any]) -> list[Row]:
    """A row for each class of what an operation gives in JSON."""
    return [_row(record, record) for record in figures["classes"]]


def object_rows(figures: Mapping[str, Any]) -> list[Row]:
    """A row for each object that it lists, by itself or within the classes."""
    if figures.get("objects"):
        return [_row(one, one) for one in figures["objects"]]
    within = [(record, record.get("objects")) for record in figures["classes"]]
    return [_row(record, one) for record, listed in within if isinstance(listed, list | tuple) for one in listed]


def _row(of_class: Mapping[str, Any], record: Mapping[str, Any]) -> Row:
    centre = record.get("centroid_mm")
    return Row(
        int(of_class["label"]),
        str(of_class["name"]),
        dict(_figures(record)),
        record.get("reasons") or {},
        tuple(centre) if isinstance(centre, Sequence) and len(centre) == 3 else None,
    )


def _figures(record: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every single figure; those within another are named `outer.inner`."""
    for name, value in record.items():
        if name in ASIDE:
            continue
        if isinstance(value, Mapping):
            yield from ((f"{name}.{inner}", one) for inner, one in _figures(value))
        elif value is None or isinstance(value, str | int | float):
            yield name, value


def columns_of(rows: Sequence[Row], all_of_them: bool = False) -> list[str]:
    """Figures that any row has, the usual ones first; only those that are defined somewhere, unless all are asked for."""
    shown = (name for row in rows for name, value in row.figures.items() if all_of_them or value is not None or name in USUAL)
    found = dict.fromkeys(shown)
    return [*(name for name in FIRST if name in found), *(name for name in found if name not in FIRST)]


def title_of(name: str) -> str:
    """Heading of a column: `hausdorff_mm` is `hausdorff (mm)`."""
    words = name.replace(".", ": ").split("_")
    unit = UNITS.get(words[-1], "") if len(words) > 1 else ""
    words = words[:-1] if unit else words
    text = " ".join(WORDS.get(word, word) for word in words)
    return f"{text} ({unit})" if unit else text


def text_of(value: Any) -> str:
    """What a cell shows."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "\N{EN DASH}"
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 10_000 else f"{value:,.0f}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return str(value)
