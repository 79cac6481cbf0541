"""Figures as CSV (one row a class) and JSON (everything)."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from napari_hounsfield.errors import WriteError

if TYPE_CHECKING:
    from pathlib import Path


def content(result: Any) -> Any:
    """JSON-ready content of a result: its `to_json()`, or itself where it is a mapping or a list.

    Raises
    ------
    WriteError
        If there are no figures in it.
    """
    if hasattr(result, "to_json"):
        return result.to_json()
    if isinstance(result, list | tuple):
        return [content(each) if hasattr(each, "to_json") else each for each in result]
    if isinstance(result, Mapping):
        return result
    raise WriteError(f"{type(result).__name__} holds no table of figures")


def write_json(path: Path, result: Any) -> None:
    """Write UTF-8 JSON.

    Raises
    ------
    WriteError
        If there are no figures, or one of them is NaN or infinite, which JSON does not know.
    """
    figures = content(result)
    try:
        text = json.dumps(figures, indent=2, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError):
        raise WriteError("holds what JSON does not know, such as NaN") from None
    path.write_text(text + "\n", encoding="utf-8")
    if json.loads(path.read_text(encoding="utf-8")) != json.loads(text):
        raise WriteError("did not read back as it was written")


def rows(result: Any) -> list[dict[str, Any]]:
    """One flat record a class and an object (or a list's element, or the result itself); nested names are joined by dots."""
    if hasattr(result, "rows"):
        return [_flat(record) for record in result.rows()]
    whole = content(result)
    records = [*whole["classes"], *(whole.get("objects") or [])] if isinstance(whole, Mapping) and "classes" in whole else whole
    if isinstance(records, Mapping):
        records = [records]
    return [_flat(record) for record in records if isinstance(record, Mapping)]


def _flat(record: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in record.items():
        if isinstance(value, Mapping):
            flat.update(_flat(value, f"{prefix}{key}."))
        elif isinstance(value, list | tuple):
            flat[f"{prefix}{key}"] = " ".join(str(v) for v in value)
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def write_csv(path: Path, result: Any) -> None:
    """Write UTF-8 CSV with a header row; an undefined number is an empty cell.

    Raises
    ------
    WriteError
        If there are no figures.
    """
    records = rows(result)
    if not records:
        raise WriteError("there is no class to write a row for")
    names = list(dict.fromkeys(name for record in records for name in record))
    with open(path, "w", encoding="utf-8", newline="") as stream:
        table = csv.DictWriter(stream, names, restval="", lineterminator="\n")
        table.writeheader()
        table.writerows(records)
    with open(path, encoding="utf-8", newline="") as stream:
        if sum(1 for _ in csv.reader(stream)) != len(records) + 1:
            raise WriteError("did not read back as it was written")
