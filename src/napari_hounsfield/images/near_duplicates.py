"""Images that are nearly the same."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from napari_hounsfield.operation import Progress

from .folds import Folds
from .preparing import Preparation


def duplicates_across(prepared: Preparation, folds: Folds) -> Generator[Progress, None, list[dict[str, Any]]]:
    """Pairs of images that are the same though they lie in different folds."""
    yield Progress(0, "duplicates")
    found: list[dict[str, Any]] = []
    first: dict[str, int] = {}
    for place, digest in enumerate(prepared.hashes):
        before = first.setdefault(digest, place)
        if before != place and folds.of[before] != folds.of[place]:
            rows = [prepared.entries[before].row, prepared.entries[place].row]
            found.append({"rows": rows, "folds": [int(folds.of[before]) + 1, int(folds.of[place]) + 1], "correlation": 1.0})
    return found
