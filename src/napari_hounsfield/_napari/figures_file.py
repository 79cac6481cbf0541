"""Figures of the *Metrics* dock in a file: CSV with a line a class or object, JSON with everything."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from napari_hounsfield.errors import WriteError
from napari_hounsfield.formats.atomic import atomic_path

from .figure_rows import class_rows, columns_of, object_rows

SUFFIXES = (".csv", ".json")


def save_figures(path: Path, result: Any, layers: Mapping[str, str], overwrite: bool = False) -> Path:
    """Write what `evaluate` or `measure` gave.

    Parameters
    ----------
    path
        `.csv` or `.json`.
    result
        With `to_json()` and `history`.
    layers
        Name of the layer that stood for each input.
    overwrite
        Whether an existing file may be replaced.

    Raises
    ------
    WriteError
        If the file has another ending, exists, or cannot be written.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise WriteError(f"{path.name}: figures are written as .csv or .json")
    figures = result.to_json()
    with atomic_path(path, overwrite) as temporary:
        if path.suffix.lower() == ".json":
            history = [asdict(record) for record in result.history]
            text = json.dumps({"layers": dict(layers), **figures, "history": history}, indent=2, allow_nan=False)
            temporary.write_text(f"{text}\n", encoding="utf-8")
        else:
            _write_csv(temporary, figures)
    return path


def _write_csv(path: Path, figures: Mapping[str, Any]) -> None:
    """One table: objects follow the classes, told apart by the first column; what is undefined is empty."""
    rows = [*(("class", row) for row in class_rows(figures)), *(("object", row) for row in object_rows(figures))]
    names = columns_of([row for _, row in rows], all_of_them=True)
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["of", "label", "name", *names, "x_mm", "y_mm", "z_mm"])
        for of, row in rows:
            centre = row.centre or ("", "", "")
            values = ["" if (value := row.figures.get(name)) is None else value for name in names]
            writer.writerow([of, row.label, row.name, *values, *centre])
