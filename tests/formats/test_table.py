"""Figures as CSV and JSON."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_hounsfield import LabelMap, WriteError, write


class Figures:
    """What evaluations and measurements look like."""

    def to_json(self) -> dict[str, Any]:
        return {
            "mean_dice": 0.5,
            "classes": [
                {"label": 1, "name": "Łunge, links", "dice": 0.25, "counts": {"tp": 3}},
                {"label": 2, "name": 'say "bone"', "dice": None, "reasons": ["empty"]},
            ],
        }


def test_json_is_what_to_json_says(tmp_path: Path) -> None:
    path = write(tmp_path / "a b.json", Figures())
    assert json.loads(path.read_text(encoding="utf-8")) == Figures().to_json()
    assert "Łunge" in path.read_text(encoding="utf-8")


def test_csv_has_a_row_a_class_and_empty_cells_for_what_is_undefined(tmp_path: Path) -> None:
    with open(write(tmp_path / "a.csv", Figures()), encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["name"] for row in rows] == ["Łunge, links", 'say "bone"']
    assert [row["dice"] for row in rows] == ["0.25", ""]
    assert rows[0]["counts.tp"] == "3"
    assert rows[1]["reasons"] == "empty"


def test_plain_records_and_mappings(tmp_path: Path) -> None:
    assert write(tmp_path / "a.csv", [{"a": 1}, {"a": 2}]).read_text() == "a\n1\n2\n"
    assert write(tmp_path / "b.csv", {"a": 1, "b": 2}).read_text() == "a,b\n1,2\n"


@pytest.mark.parametrize(
    ("name", "data"), [("a.json", {"dice": float("nan")}), ("a.json", {"x": object()}), ("a.csv", []), ("a.csv", 3)]
)
def test_what_is_no_table_is_refused(tmp_path: Path, name: str, data: Any) -> None:
    with pytest.raises(WriteError, match=f"^{name}: "):
        write(tmp_path / name, data)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a.json", "a.csv"])
def test_labels_are_no_figures(tmp_path: Path, name: str) -> None:
    with pytest.raises(WriteError, match="LabelMap holds no table of figures"):
        write(tmp_path / name, LabelMap(np.ones((1, 2, 2), np.uint8), np.eye(4)))


def test_a_model_saves_itself_through_a_temporary(tmp_path: Path) -> None:
    class Model:
        def save(self, path: Path) -> None:
            assert path.name.startswith(".")
            assert not path.exists()
            path.write_bytes(b"model")

    assert write(tmp_path / "m.safetensors", Model()).read_bytes() == b"model"
    assert [p.name for p in tmp_path.iterdir()] == ["m.safetensors"]
