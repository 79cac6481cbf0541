"""The table beside a labels layer, kept up with its classes; columns of others stay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from napari_hounsfield._napari.table import class_names

if TYPE_CHECKING:
    from napari.layers import Labels

    from napari_hounsfield.editing.tally import Tally


COUNTED = {"voxels", "volume_ml"}
"""Columns that a table may have from before an edit, and that are kept up with it."""


def write_volumes(layer: Labels, tally: Tally, voxel_ml: float) -> None:
    """Bring the columns `voxels` and `volume_ml` up to date where the table has them, row by row of its column `index`."""
    table = {str(name): list(column) for name, column in layer.features.items()}
    there = COUNTED & table.keys()
    if not there or "index" not in table:
        return
    counted = [tally.voxels(int(value)) if value else float("nan") for value in table["index"]]
    wanted = {"voxels": counted, "volume_ml": [round(count * voxel_ml, 3) for count in counted]}
    background = [not value for value in table["index"]]
    fresh = {name: np.where(background, table[name], wanted[name]).tolist() for name in there}
    if any(not np.allclose(np.array(fresh[name], float), np.array(table[name], float), equal_nan=True) for name in there):
        layer.features = {**table, **fresh}


def write_classes(layer: Labels, classes: Mapping[int, str], tally: Tally | None) -> None:
    """Let the table name these classes and no others; a table that does already is left alone.

    Parameters
    ----------
    layer
        Its features get or keep the columns `index` and `class`.
    classes
        Names of label values.
    tally
        Values that occur keep their row when they lose their name; None: not counted yet.
    """
    wanted = {value: name for value, name in classes.items() if value}
    if class_names(layer.features) == wanted:
        return
    table = {str(name): list(column) for name, column in layer.features.items()}
    index = [int(value) for value in table.get("index", range(len(layer.features)))]
    stays = {0, *wanted, *(index if tally is None else tally.values)}
    rows = {value: row for row, value in enumerate(index)}
    order = sorted({value for value in index if value in stays} | wanted.keys())
    columns = {
        name: [column[rows[value]] if value in rows else float("nan") for value in order] for name, column in table.items()
    }
    names = [wanted.get(value, "") for value in order]
    layer.features = {**columns, "index": order, "class": names}
