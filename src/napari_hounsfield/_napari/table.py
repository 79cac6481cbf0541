"""The table beside a labels layer: one row a class, read by napari's status bar and its features table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from napari_hounsfield.volume import LabelMap

Table = dict[str, list[Any]]


def label_table(labels: LabelMap) -> Table:
    """Columns `index`, `class`, `voxels` and `volume_ml` of the classes that occur or have a name, without 0."""
    counts: dict[int, int] = {}
    for plane in labels.array:
        for value, count in zip(*np.unique(plane, return_counts=True), strict=True):
            counts[int(value)] = counts.get(int(value), 0) + int(count)
    values = [v for v in sorted({*counts, *labels.classes}) if v != 0]
    millilitres = labels.grid.voxel_volume / 1000
    return {
        "index": values,
        "class": [labels.class_name(v) for v in values],
        "voxels": [counts.get(v, 0) for v in values],
        "volume_ml": [round(counts.get(v, 0) * millilitres, 3) for v in values],
    }


def with_columns(table: Mapping[str, Iterable[Any]], records: Iterable[Mapping[str, Any]], columns: Mapping[str, str]) -> Table:
    """Return a table with figures from JSON-ready records, matched by class name and otherwise by label.

    Parameters
    ----------
    table
        With the columns `index` and `class`.
    records
        Each with `label` and `name`; None is an undefined figure.
    columns
        Key in the records by the column's title. A class without a record, and an undefined figure, become NaN.
    """
    found: dict[Any, Mapping[str, Any]] = {}
    for record in records:
        found.setdefault(int(record["label"]), record)
        found[str(record["name"]).strip().casefold()] = record
    merged: Table = {name: list(column) for name, column in table.items()}
    rows = [
        found.get(str(name).strip().casefold(), found.get(int(index), {}))
        for index, name in zip(merged["index"], merged["class"], strict=True)
    ]
    for title, key in columns.items():
        merged[title] = [float("nan") if row.get(key) is None else row[key] for row in rows]
    return merged


def class_names(features: Any) -> dict[int, str]:
    """Names that the user sees, or has edited, in the table of a labels layer."""
    if "index" not in features or "class" not in features:
        return {}
    pairs = zip(features["index"], features["class"], strict=True)
    return {int(index): str(name) for index, name in pairs if isinstance(name, str) and name.strip()}
