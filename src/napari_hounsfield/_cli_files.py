"""The data of an operation as files: what is read for its inputs, and how its result is written."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

from ._cli_console import Console, json_ready
from ._cli_usage import UsageError
from .volume import Features, LabelMap, Segmentation, Volume

if TYPE_CHECKING:
    from pathlib import Path

    from .operation import Params

TABLES = (".csv", ".json")
MODELS = (".safetensors",)
_WORDS = {
    "IMAGE": "image: a DICOM series (folder or file), NIfTI, NRRD or MetaImage",
    "MODEL": "classifier, as `hounsfield train` writes it",
    "STROKES": "painted voxels; 0 is unlabelled, every class has its own number",
    "TEST": "labelled voxels that are kept for the figures",
    "REGION": "labels; only voxels that are not 0 there are counted",
}


def describe(word: str) -> str:
    """Help for an input."""
    return _WORDS.get(word, "label map: NIfTI, NRRD, MetaImage or DICOM SEG")


def read_params() -> type[Params]:
    """The parameters of reading DICOM."""
    from .dicom.series import ReadParams

    return ReadParams


class Reader:
    """Reads inputs.

    Parameters
    ----------
    console
        Where progress is shown.
    series
        UID of the series to read where a path holds several; empty: there is one.
    """

    def __init__(self, console: Console, series: str = "", params: Any = None) -> None:
        self.console = console
        self.series = series
        self.params = params

    def load(self, kinds: tuple[type, ...], path: Path | None) -> Any:
        """What the file holds, as the first of `kinds`; None for no file."""
        if path is None:
            return None
        if kinds[0] is Volume:
            return self.image(path)
        if kinds[0] in (LabelMap, Segmentation):
            from .formats.reading import read_labels

            return read_labels(path)
        from .pixels.classifier import load_model

        return load_model(path)

    def image(self, path: Path) -> Volume:
        """The one image of a path, or the series that was asked for.

        Raises
        ------
        UsageError
            If there is no such series.
        """
        if not self.series:
            from .formats.reading import read_volume

            return read_volume(path, self.params)
        from .dicom.scan import scan

        chosen = next((s for s in scan(path).series if s.uid == self.series), None)
        if chosen is None:
            raise UsageError(f"--series: {path.name} holds no series of that UID; `hounsfield info` lists them")
        return self.console.run(chosen.steps(self.params), "reading")

    def source(self, path: Path | None) -> Any:
        """The series that labels belong to."""
        return None if path is None else self.image(path).source


def suffixes(result: type) -> tuple[str, ...]:
    """Suffixes that a result can be written with."""
    if hasattr(result, "table"):
        return TABLES
    if issubclass(result, LabelMap | Segmentation):
        return (".nii.gz", ".nrrd", ".seg.nrrd", ".dcm")
    return (".nii.gz", ".nrrd") if issubclass(result, Volume | Features) else MODELS


def check(target: Path, result: type, overwrite: bool) -> None:
    """Raise before the long work if its result could not be written.

    Raises
    ------
    UsageError
        If the suffix is none of a format for it.
    WriteError
        If something is there already, or nothing can be written there.
    """
    from .formats.atomic import check_target, full_suffix

    known = suffixes(result)
    if known in (TABLES, MODELS) and full_suffix(target) not in known:
        raise UsageError(f"{target.name}: its suffix is none of {', '.join(known)}")
    check_target(target, overwrite)


def save(target: Path, result: Any, source: Any, overwrite: bool) -> list[Path]:
    """Write a result, and return what was written."""
    if hasattr(result, "table"):
        return [_save_table(target, result.to_json(), overwrite)]
    if not isinstance(result, Volume | Features | LabelMap | Segmentation):
        return [result.save(target, overwrite=overwrite)]
    from .formats.writing import write

    return [write(target, result, source=source, overwrite=overwrite)]


def _save_table(target: Path, content: dict[str, Any], overwrite: bool) -> Path:
    from .formats.atomic import atomic_path, full_suffix

    with atomic_path(target, overwrite) as temporary, open(temporary, "w", encoding="utf-8", newline="") as file:
        if full_suffix(target) == ".json":
            json.dump(json_ready(content), file, indent=1, allow_nan=False)
        else:
            rows = [{key: value for key, value in row.items() if key != "reasons"} for row in content["classes"]]
            writer = csv.DictWriter(file, list(rows[0]) if rows else ["label", "name"])
            writer.writeheader()
            writer.writerows(rows)
    return target
