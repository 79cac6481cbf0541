"""The files of a demonstration: labels, classifier, record and figure, each whole or not at all."""

from __future__ import annotations

import json
import platform
from collections.abc import Generator
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from napari_hounsfield.errors import WriteError
from napari_hounsfield.operation import Progress

if TYPE_CHECKING:
    from .result import DemoResult

LABELS, SEGMENTATION, STROKES = "labels.nii.gz", "labels.dcm", "strokes.nii.gz"
MODEL, RECORD, FIGURE = "classifier.safetensors", "record.json", "figure.png"
PACKAGES = ("numpy", "scipy", "torch", "scikit-learn", "scikit-image", "pydicom", "highdicom", "nibabel")


def prepared(out: Path) -> Path:
    """Make the folder before anything long begins.

    Raises
    ------
    WriteError
        If it cannot be made, or not written to.
    """
    from napari_hounsfield.formats.atomic import check_target

    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WriteError(f"{out.name}: cannot be made ({(error.strerror or 'no reason given').lower()})") from None
    for name in (LABELS, SEGMENTATION, STROKES, MODEL, RECORD, FIGURE):
        check_target(out / name, overwrite=True)
    return out


def written(result: DemoResult, out: Path) -> Generator[Progress, None, DemoResult]:
    """Write everything, the record last; returns the result with its files.

    Files of an earlier run that this one does not write again are removed, so that no result stands beside another's record.
    """
    from napari_hounsfield.formats.writing import write

    from .figure import draw

    files = [out / LABELS]
    yield Progress(0.0, "writing labels")
    write(out / LABELS, result.labels, overwrite=True)
    if result.volume.source is not None and result.volume.source.files:
        yield Progress(0.1, "writing the DICOM segmentation")
        files.append(write(out / SEGMENTATION, result.labels, result.volume.source, overwrite=True))
    if result.comparison:
        yield Progress(0.6, "writing the classifier")
        files.append(write(out / STROKES, result.comparison.strokes, overwrite=True))
        files.append(result.comparison.classifier.save(out / MODEL, overwrite=True))
    yield Progress(0.7, "drawing")
    files.append(draw(result, out / FIGURE))
    files.append(out / RECORD)
    result = replace(result, files=tuple(files))
    _write_record(result, out / RECORD)
    for name in {LABELS, SEGMENTATION, STROKES, MODEL} - {file.name for file in files}:
        (out / name).unlink(missing_ok=True)
    return result


def _write_record(result: DemoResult, path: Path) -> None:
    from napari_hounsfield.formats.atomic import atomic_path

    with atomic_path(path, overwrite=True) as temporary:
        temporary.write_text(json.dumps(result.to_json(), indent=1, allow_nan=False) + "\n", encoding="utf-8")


def versions() -> dict[str, str]:
    """Versions of Python, this package and what it computes with."""
    from napari_hounsfield._version import __version__

    found = {"napari-hounsfield": __version__, "python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found
