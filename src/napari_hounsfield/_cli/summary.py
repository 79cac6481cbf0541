"""What a command says about its result: a record for JSON, a line or a table for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_hounsfield.results import Features, Samples, Segmentation
from napari_hounsfield.volume import LabelMap, Volume

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from napari_hounsfield.grid import Grid

SHOWN = 8
"""Classes that are named in the line for people."""


def record(name: str, result: Any, paths: Sequence[Path] = ()) -> dict[str, Any]:
    """The result of an operation as a JSON record: what was run, with which parameters, what was written, and what is in it."""
    history = getattr(result, "history", ())
    own = history[-1] if history and history[-1].operation in (name.replace("-", "_"), f"{name}_cases") else None
    said: dict[str, Any] = {"operation": name}
    if paths:
        said["files"] = [str(path) for path in paths]
    if own is not None:
        said["parameters"] = dict(own.parameters)
    return said | content(result)


def content(result: Any) -> dict[str, Any]:
    """What is in a result, as a JSON record."""
    if hasattr(result, "to_json"):
        return dict(result.to_json())
    if isinstance(result, list):
        return content(result[0]) | {"classes": [one for labels in result for one in class_records(labels)]}
    if isinstance(result, Segmentation):
        return content(result.labels)
    if isinstance(result, Samples):
        test = {} if result.test is None else {"test": content(result.test)["classes"]}
        return _place(result.grid) | {"classes": class_records(result)} | test
    if isinstance(result, LabelMap):
        return _place(result.grid) | {"classes": class_records(result)}
    if isinstance(result, Features):
        return _place(result.grid) | {"names": list(result.names)}
    if isinstance(result, Volume):
        values = result.scanned()
        ends = {"minimum": values.min().item(), "maximum": values.max().item()} if values.size else {}
        return _place(result.grid) | {"unit": result.unit, "modality": result.modality} | ends
    classes = [{"label": value, "name": word} for value, word in getattr(result, "classes", {}).items()]
    return {"classes": classes} | {word: dict(getattr(result, word, {})) for word in ("counts", "figures")}


def class_records(labels: LabelMap) -> list[dict[str, Any]]:
    """Label, name, voxels and volume of every class but 0."""
    counts = dict.fromkeys(labels.values(), 0)
    for plane in labels.array:
        for value, count in zip(*np.unique(plane, return_counts=True), strict=True):
            counts[int(value)] += int(count)
    ml = labels.grid.voxel_volume / 1000
    return [
        {"label": value, "name": labels.class_name(value), "voxels": count, "volume_ml": count * ml}
        for value, count in counts.items()
        if value
    ]


def sentence(result: Any) -> str:
    """The result in one line, or as a table where it has one."""
    if hasattr(result, "table"):
        return "\n".join(result.table())
    said = content(result)
    if isinstance(result, Samples):
        test = "" if result.test is None else f"; for testing {_listed(said['test'], _in_voxels)}"
        return f"for training {_listed(said['classes'], _in_voxels)}{test}"
    if isinstance(result, LabelMap | Segmentation | list):
        return _listed(said["classes"], _in_ml) or "no voxel is labelled"
    if isinstance(result, Features):
        return f"{len(result.names)} maps of {_sized(result.grid)}"
    if isinstance(result, Volume):
        ends = f", {said['minimum']:g} to {said['maximum']:g} {result.unit}".rstrip() if "minimum" in said else ""
        return _sized(result.grid) + ends
    if hasattr(result, "parts"):
        return _listed(said["classes"], _in_ml)
    return f"{len(said['classes'])} classes ({', '.join(c['name'] for c in said['classes'][:SHOWN])}){_tested(said['figures'])}"


def _tested(figures: Mapping[str, Any]) -> str:
    """The means of the figures on the test samples, or those of the only class."""
    means: Mapping[str, Any] = figures.get("macro") or next(iter(figures.get("classes", ())), {})
    words = ("sensitivity", "specificity", "accuracy", "dice")
    shown = [f"{word} {means[word]:.3f}" for word in words if means.get(word) is not None]
    return f"; on test samples {', '.join(shown)}" if shown else ""


def _place(grid: Grid) -> dict[str, Any]:
    return {"shape": list(grid.shape), "spacing": list(grid.spacing), "affine": grid.affine.tolist()}


def _sized(grid: Grid) -> str:
    return f"{' x '.join(map(str, grid.shape))} voxels of {' x '.join(f'{s:.4g}' for s in grid.spacing)} mm (z, y, x)"


def _listed(classes: Sequence[Mapping[str, Any]], amount: Any) -> str:
    more = f" and {len(classes) - SHOWN} classes more" if len(classes) > SHOWN else ""
    return ", ".join(f"{c['name']} {amount(c)}" for c in classes[:SHOWN]) + more


def _in_ml(item: Mapping[str, Any]) -> str:
    return f"{item['volume_ml']:.4g} ml" if item["volume_ml"] < 1e4 else f"{item['volume_ml']:.0f} ml"


def _in_voxels(item: Mapping[str, Any]) -> str:
    return f"{item['voxels']} voxels"
