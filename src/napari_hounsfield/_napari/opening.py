"""Opening files: steps that read in a thread and end with layers, or with a choice of series."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_hounsfield.operation import Progress, part
from napari_hounsfield.volume import LabelMap, Volume

from .layers import LayerTuple, Worlds, layer_tuples

if TYPE_CHECKING:
    from napari_hounsfield.dicom.scan import Scan
    from napari_hounsfield.dicom.series import Series


@dataclass(frozen=True)
class Opening:
    """How images are opened."""

    window: str = "auto"
    """Window whose limits become the contrast limits."""
    threshold: str = "none"
    """Range of HU that becomes a mask beside the image."""
    worlds: Worlds = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Opened:
    """Layers to add, and what the user is to be told once."""

    layers: list[LayerTuple]
    warnings: list[str]


def open_path(path: Path, how: Opening) -> Generator[Progress, None, Opened | Scan]:
    """Open the one series at a path; with several, the scan comes back for the user to choose from.

    Raises
    ------
    DicomError
        If nothing there can be read.
    """
    from napari_hounsfield.dicom.scan import scan_steps

    found = yield from part(scan_steps(path), 0, 0.1)
    usable = openable(found)
    if not usable:
        found.chosen()
    if len(usable) > 1:
        return found
    opened: Opened = yield from part(open_series(usable, how), 0.1, 1)
    return Opened(opened.layers, [*scan_warnings(found), *opened.warnings])


def openable(found: Scan) -> list[Series]:
    """Series that can be opened: images, and segmentations, which `read` knows though they are no image series."""
    return [series for series in found.series if series.refusal is None or _is_segmentation(series)]


def _is_segmentation(series: Series) -> bool:
    return series.modality == "SEG"


def open_series(chosen: Sequence[Series], how: Opening) -> Generator[Progress, None, Opened]:
    """Read series and make their layers."""
    layers: list[LayerTuple] = []
    warnings: list[str] = []
    for index, series in enumerate(chosen):
        if _is_segmentation(series):
            opened = yield from part(open_files([plane.path for plane in series.planes], how), index / len(chosen), 1)
            layers += opened.layers
            warnings += opened.warnings
            continue
        data = yield from part(series.steps(), index / len(chosen), (index + 0.9) / len(chosen))
        warnings += data.warnings
        yield Progress((index + 0.9) / len(chosen), "layers")
        layers += yield from _layers(data, how, warnings)
    return Opened(layers, warnings)


def open_files(paths: Sequence[Path], how: Opening) -> Generator[Progress, None, Opened]:
    """Read NIfTI, NRRD, MetaImage and DICOM segmentation files and make their layers."""
    from napari_hounsfield import read

    layers: list[LayerTuple] = []
    warnings: list[str] = []
    for index, path in enumerate(paths):
        yield Progress(index / len(paths), path.name)
        for data in read(path):
            warnings += getattr(data, "warnings", ())
            layers += yield from _layers(data, how, warnings)
    return Opened(layers, warnings)


def _layers(data: Any, how: Opening, warnings: list[str]) -> Generator[Progress, None, list[LayerTuple]]:
    layers = layer_tuples(data, how.worlds, preset=how.window)
    if isinstance(data, Volume) and how.threshold != "none":
        from napari_hounsfield import HounsfieldError, ThresholdParams, threshold

        try:
            mask: LabelMap = yield from threshold.steps(data, ThresholdParams(tissue=how.threshold))
            layers += layer_tuples(mask, how.worlds, f"{data.name} {how.threshold if how.threshold != 'auto' else 'threshold'}")
        except HounsfieldError as error:
            warnings.append(str(error))
    return layers


def scan_warnings(found: Scan) -> list[str]:
    """What a scan says of the folder: its warnings, and which series cannot be read and why."""
    refused = [f"{s.name} cannot be read: {s.refusal}" for s in found.series if s.refusal is not None and not _is_segmentation(s)]
    return [*found.warnings, *refused[:5]]


def bytes_of(paths: Iterable[Path], enough: int) -> int:
    """Size of files and of what folders hold; stops counting when it is more than `enough`."""
    total = 0
    for path in paths:
        for file in [path] if path.is_file() else path.rglob("*"):
            total += file.stat().st_size if file.is_file() else 0
            if total > enough:
                return total
    return total
