"""`hounsfield info`: what is in a file or folder, from headers where they are enough."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from napari_hounsfield.results import Features
from napari_hounsfield.volume import LabelMap, Volume

from . import files
from .operation import RESERVED
from .options import build, derive
from .summary import class_records
from .usage import Command

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from .console import Console


class Info(Command):
    """List series, their geometry, what was skipped, and warnings."""

    def __init__(self, name: str, about: str) -> None:
        super().__init__(name, about)
        self.take("PATH", "folder or file")
        self.options = derive({"read": files.read_params()}, RESERVED)["read"]
        for option in self.options:
            option.add_to(self.parser.add_argument_group("parameters"))

    def run(self, values: Mapping[str, Any], console: Console) -> None:
        """Look, and print."""
        params = build(files.read_params(), self.options, values)
        found = _found(values["path"], params, console)
        console.result(found, "\n".join(_lines(found)))


def _found(path: Path, params: Any, console: Console) -> dict[str, Any]:
    from napari_hounsfield.formats.kind import kind_of
    from napari_hounsfield.formats.reading import read

    kind = kind_of(path)
    if kind not in ("folder", "DICOM"):
        return {"series": [_described(data, kind) for data in read(path, params)], "skipped": [], "warnings": []}
    from napari_hounsfield.dicom.scan import scan_steps

    found = console.run(scan_steps(path, params), "reading headers")
    one = params.series or params.part
    return (replace(found, series=found.chosen(params.series, params.part)) if one else found).to_json()


def _described(data: Volume | LabelMap | Features, kind: str) -> dict[str, Any]:
    """What `scan` tells of a series, for another file."""
    known = {"uid": None, "part": 1, "name": data.name or kind, "modality": getattr(data, "modality", "") or None, "number": None}
    classes = {"classes": class_records(data)} if isinstance(data, LabelMap) else {}
    return {
        **known,
        "slices": data.grid.shape[0],
        "shape": list(data.grid.shape),
        "spacing": list(data.grid.spacing),
        "affine": data.affine.tolist(),
        "axes": getattr(data, "axes", "zyx"),
        "times": data.array.shape[0] if getattr(data, "axes", "zyx").startswith("t") else 1,
        "unit": getattr(data, "unit", "") or None,
        "transfer_syntax": None,
        "format": kind,
        "status": "readable",
        "reason": None,
        "warnings": list(getattr(data, "warnings", ())),
        **classes,
    }


def _voxels(series: Mapping[str, Any]) -> str:
    """Voxels along each axis, and how many time points there are."""
    times = f"{series['times']} times " if series["times"] > 1 else ""
    return times + _by_axis(series["shape"] or (), "d") + (" colours" if (series["axes"] or "").endswith("c") else "")


def _lines(found: Mapping[str, Any]) -> list[str]:
    from napari_hounsfield.evaluation.text_table import text_table

    split = {series["uid"] for series in found["series"] if series.get("part", 1) > 1} - {None}
    rows = [
        [
            series["name"] + (f" (part {series['part']})" if series["uid"] in split else ""),
            _voxels(series) or f"{series['slices']} {'slices' if series['reason'] else 'file(s) of labels'}",
            _by_axis(series["spacing"] or (), ".4g") or None,
            series["unit"],
            series["uid"] or None,
        ]
        for series in found["series"]
    ]
    lines = text_table(("name", "voxels (z y x)", "spacing (mm)", "unit", "series UID"), rows)
    for series in found["series"]:
        lines += [f"{series['name']}: refused: {series['reason']}"] if series["reason"] else []
        lines += [f"{series['name']}: {warning}" for warning in series["warnings"]]
        lines += [f"{series['name']}: label {c['label']}: {c['name']}, {c['voxels']} voxels" for c in series.get("classes", ())]
    lines += [f"skipped {item['file']}: {item['reason']}" for item in found["skipped"]]
    return lines + list(found["warnings"])


def _by_axis(values: Any, form: str) -> str:
    return " x ".join(format(value, form) for value in values)
