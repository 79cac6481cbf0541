"""Opening files: steps that read in a thread, and hand over the layers of each series as soon as there is something to see."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_hounsfield.errors import HounsfieldError
from napari_hounsfield.operation import Progress, part
from napari_hounsfield.volume import LabelMap, Volume

from .layers import FUNCTIONAL, LayerTuple, layer_tuples, partial_layer, world_of

if TYPE_CHECKING:
    from napari_hounsfield.dicom.scan import Scan
    from napari_hounsfield.dicom.series import Series
    from napari_hounsfield.grid import Affine

OBLIQUE = "oblique to the image that is shown already: the two do not overlay exactly, and labels cannot be painted on it"
GUESSED = "opened as labels, since it holds few whole numbers; right-click the layer > Convert to Image shows it as an image"
MANY_FILES = 1000
"""Files that are counted before a folder is called large."""


@dataclass(frozen=True)
class Opening:
    """How images are opened."""

    window: str = "auto"
    """Window whose limits become the contrast limits."""
    threshold: str = "none"
    """Range of HU that becomes a mask beside the image."""
    worlds: dict[str, Affine] = field(default_factory=dict, repr=False)
    """How the frames of reference that are shown stand in napari's world; those that are opened join them."""


@dataclass(frozen=True)
class Arrival:
    """Layers of one series or file, on their way to the viewer as the `result` of a Progress."""

    layers: list[LayerTuple]
    """None where it cannot be read after all."""
    complete: bool = True
    """Whether all of it is there; otherwise there is one layer, whose array is still being filled."""


@dataclass(frozen=True)
class Opened:
    """What the user is to be told once, after everything has arrived."""

    warnings: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    """Why some of the series could not be read."""


Opens = Generator[Progress, None, Opened]


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
    opened = yield from part(open_series(usable, how), 0.1, 1)
    return replace(opened, warnings=[*scan_warnings(found), *opened.warnings])


def openable(found: Scan) -> list[Series]:
    """Series that can be opened: images, and segmentations, which `read` knows though they are no image series."""
    return [series for series in found.series if series.refusal is None or series.labels]


def open_series(chosen: Sequence[Series], how: Opening) -> Opens:
    """Read series one after the other, PET last, so that it lies over what it belongs to.

    Raises
    ------
    HounsfieldError
        If none of them can be read. Otherwise those that cannot are in the result.
    """
    chosen = sorted(chosen, key=lambda series: series.modality in FUNCTIONAL)
    how = replace(how, worlds=dict(how.worlds))
    warnings: list[str] = []
    errors: list[HounsfieldError] = []
    for index, series in enumerate(chosen):
        try:
            yield from part(_one(series, chosen, how, warnings), index / len(chosen), (index + 1) / len(chosen))
        except HounsfieldError as error:
            errors.append(error)
            yield Progress((index + 1) / len(chosen), result=Arrival([]))
    if chosen and len(errors) == len(chosen):
        raise errors[0] if len(errors) == 1 else HounsfieldError("; ".join(dict.fromkeys(map(str, errors))))
    return Opened(warnings, [str(error) for error in errors])


def _one(series: Series, others: Sequence[Series], how: Opening, warnings: list[str]) -> Generator[Progress, None, None]:
    if series.labels:
        yield from _label_maps(series, others, how, warnings)
        return
    data = yield from part(_showing(series.steps(), how), 0, 0.9)
    warnings += [f"{data.name}: {line}" for line in data.warnings]
    yield from part(_arriving(data, how, warnings), 0.9, 1)


def _label_maps(series: Series, others: Sequence[Series], how: Opening, warnings: list[str]) -> Generator[Progress, None, None]:
    """Label maps of a series, from every file."""
    from napari_hounsfield.formats.label_files import label_file_steps, label_files

    paths = label_files(series)
    for index, path in enumerate(paths):
        start, middle, end = (place / (2 * len(paths)) for place in (2 * index, 2 * index + 1, 2 * index + 2))
        maps = yield from part(label_file_steps(path, others), start, middle)
        for labels in maps:
            warnings += [f"{labels.name}: {line}" for line in getattr(labels, "warnings", ())]
            yield from part(_arriving(labels, how, warnings), middle, end)


def _showing(steps: Generator[Progress, None, Volume], how: Opening) -> Generator[Progress, None, Volume]:
    """Make a layer of a volume that is still being filled."""
    while True:
        try:
            progress = next(steps)
        except StopIteration as end:
            volume: Volume = end.value
            return volume
        if progress.result is not None:
            layer = partial_layer(progress.result, how.worlds, how.window)
            progress = replace(progress, result=Arrival([layer], complete=False))
        yield progress


def open_files(paths: Sequence[Path], how: Opening) -> Opens:
    """Read NIfTI, NRRD, MetaImage and DICOM segmentation files."""
    from napari_hounsfield.formats.label_reading import read_as_meant

    warnings: list[str] = []
    for index, path in enumerate(paths):
        yield Progress(index / len(paths), path.name)
        found, guessed = read_as_meant(path)
        for data in found:
            warnings += [f"{data.name}: {GUESSED}"] if guessed else []
            warnings += [f"{data.name}: {line}" for line in getattr(data, "warnings", ())]
            yield from part(_arriving(data, how, warnings), index / len(paths), (index + 1) / len(paths))
    return Opened(warnings)


def _arriving(data: Any, how: Opening, warnings: list[str]) -> Generator[Progress, None, None]:
    """Hand over the layers of what was read: the image, then its mask."""
    yield Progress(0, "layers")
    layers = layer_tuples(data, how.worlds, preset=how.window)
    if any("affine" in arguments for _, arguments, _ in layers):
        warnings.append(f"{data.name}: {OBLIQUE}")
    for frame in (data.frame_of_reference, ""):
        how.worlds.setdefault(frame, world_of(layers[-1]))
    yield Progress(0.5, data.name, Arrival(layers))
    if isinstance(data, Volume) and how.threshold != "none":
        from napari_hounsfield import ThresholdParams, threshold

        try:
            mask: LabelMap = yield from part(threshold.steps(data, ThresholdParams(tissue=how.threshold)), 0.5, 1)
        except HounsfieldError as error:
            warnings.append(str(error))
            return
        title = f"{data.name} {how.threshold if how.threshold != 'auto' else 'threshold'}"
        yield Progress(1, title, Arrival(layer_tuples(mask, how.worlds, title)))


def collected(steps: Generator[Progress, None, Any]) -> tuple[list[LayerTuple], Any]:
    """Run to the end, where nobody watches: the layers, and the result."""
    layers: list[LayerTuple] = []
    while True:
        try:
            progress = next(steps)
        except StopIteration as end:
            return layers, end.value
        if progress.result is not None and progress.result.complete:
            layers += progress.result.layers


def refusals(found: Scan) -> list[tuple[Series, str]]:
    """Series that cannot be opened, each with the reason."""
    usable = openable(found)
    return [(series, str(series.refusal)) for series in found.series if series not in usable]


def scan_warnings(found: Scan) -> list[str]:
    """What a scan says of the folder: its warnings, and which series cannot be read and why."""
    refused = [f"{series.name} cannot be read: {reason}" for series, reason in refusals(found)]
    more = [f"and {len(refused) - 5} more series cannot be read"] if len(refused) > 5 else []
    return [*found.warnings, *refused[:5], *more]


def is_large(paths: Iterable[Path], enough: int) -> bool:
    """Whether files, and what folders hold, have more than `enough` bytes, or are very many."""
    total = 0
    for path in paths:
        for count, file in enumerate([path] if path.is_file() else path.rglob("*")):
            total += file.stat().st_size if file.is_file() else 0
            if total > enough or count > MANY_FILES:
                return True
    return False
