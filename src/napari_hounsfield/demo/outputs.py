"""The files of a demonstration: labels, classifier, record and figure, each whole or not at all."""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Generator
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from napari_hounsfield.errors import DicomError, GridError, LabelError, WriteError
from napari_hounsfield.operation import Progress

if TYPE_CHECKING:
    from .result import DemoResult

LABELS, SEGMENTATION, STROKES = "labels.nii.gz", "labels.dcm", "strokes.nii.gz"
MODEL, RECORD, FIGURE = "classifier.safetensors", "record.json", "figure.png"
NAMES = (LABELS, SEGMENTATION, STROKES, MODEL, RECORD, FIGURE)
PACKAGES = ("numpy", "scipy", "torch", "scikit-learn", "scikit-image", "pydicom", "highdicom", "nibabel")


def prepared(out: Path, folder: Path | None) -> Path:
    """Make the folder before anything long begins.

    Raises
    ------
    WriteError
        If it cannot be made, or not written to; if it lies in `folder`, which is read; or if it holds files of these names that
        no demonstration wrote.
    """
    from napari_hounsfield.formats.atomic import check_target

    if folder is not None and folder.resolve() in (out.resolve(), *out.resolve().parents):
        raise WriteError(f"{out.name}: lies in the folder that is read; choose another for the results")
    foreign = [name for name in NAMES if (out / name).exists()] if not (out / RECORD).exists() else []
    if foreign:
        raise WriteError(f"{out.name}: holds {foreign[0]}, which no demonstration wrote; choose another folder for the results")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WriteError(f"{out.name}: cannot be made ({(error.strerror or 'no reason given').lower()})") from None
    for name in NAMES:
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
        try:
            files.append(write(out / SEGMENTATION, result.labels, result.volume.source, overwrite=True))
        except (DicomError, GridError, LabelError) as error:  # the series lacks what a segmentation must refer to
            result = replace(result, notes=(*result.notes, f"No DICOM segmentation: {error}"))
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


def peak_memory_mb() -> int | None:
    """Most memory that this process has held so far; None where the system does not tell (Windows)."""
    try:
        import resource
    except ImportError:
        return None
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(held / (1 << 20 if sys.platform == "darwin" else 1 << 10))


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
