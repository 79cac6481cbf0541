"""The data of an operation as files: what is read for its inputs, and how its result is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_hounsfield.errors import DicomError
from napari_hounsfield.volume import Features, LabelMap, Samples, Segmentation, Source, Volume

from .usage import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from napari_hounsfield.dicom.series import Series
    from napari_hounsfield.operation import Params

    from .console import Console

LABELS = (LabelMap, Segmentation)
IMAGE_SUFFIXES = (".nii.gz", ".nii", ".nrrd", ".mha", ".ome.zarr")
LABELS_ONLY = (".seg.nrrd", ".dcm")
LABEL_SUFFIXES = (*IMAGE_SUFFIXES, *LABELS_ONLY)
TABLE_SUFFIXES = (".csv", ".json")
MODEL_SUFFIXES = (".safetensors",)
SURFACE_SUFFIXES = (".stl", ".ply")
SOURCE = "DICOM series that the labels belong to (its folder, or one file of it)"
_WORDS = {
    "IMAGE": "image: a DICOM series (folder or file), NIfTI, NRRD, MetaImage or OME-Zarr",
    "MODEL": "classifier, as `hounsfield train` writes it",
    "STROKES": "painted voxels; 0 is unlabelled, every class has its own number",
    "TEST": "labelled voxels that are kept for the figures",
    "REGION": "labels; only voxels that are not 0 there are counted",
}


def describe(word: str) -> str:
    """Help for an input."""
    return _WORDS.get(word, "label map: NIfTI, NRRD, MetaImage, OME-Zarr or DICOM SEG")


def read_params() -> type[Params]:
    """The parameters of reading DICOM."""
    from napari_hounsfield.dicom.read_params import ReadParams

    return ReadParams


class Reader:
    """Reads inputs, with a bar for what takes long.

    Parameters
    ----------
    console
        Where progress is shown.
    params
        How DICOM series are read, and which one.

    Attributes
    ----------
    warnings
        What was left out, corrected or assumed; people are told at once.
    """

    def __init__(self, console: Console, params: Any) -> None:
        self.console = console
        self.params = params
        self.warnings: list[str] = []

    def load(self, kinds: tuple[type, ...], path: Path | None) -> Any:
        """What the file holds, as the first of `kinds`; None for no file."""
        if path is None:
            return None
        if kinds[0] is Volume:
            return self.image(path)
        if kinds[0] in LABELS:
            from napari_hounsfield.formats.reading import read_draft, read_labels

            return read_draft(path) if kinds[0] is Segmentation else read_labels(path)
        from napari_hounsfield.pixels.classifier import load_model

        return load_model(path)

    def image(self, path: Path, params: Params | None = None) -> Volume:
        """The one image of a path, or the series that was chosen."""
        from napari_hounsfield.formats.reading import kind_of, read_volume

        chosen: Any = self.params if params is None else params
        if kind_of(path) in ("folder", "DICOM"):
            series = self._series(path, chosen)
            return self._told(self.console.run(series.steps(chosen), "reading"), series.name)
        return self._told(read_volume(path, chosen), path.name)

    def further(self, path: Path) -> Volume:
        """A further image beside one that the parameters of reading are for."""
        return self.image(path, read_params()())

    def whatever(self, path: Path) -> Volume | LabelMap:
        """The one image or label map of a path."""
        from napari_hounsfield.formats.reading import kind_of, read, read_named

        if kind_of(path) not in ("folder", "DICOM"):
            found = read_named(path, self.params)
            return self._told(found, path.name) if isinstance(found, Volume) else found
        try:
            return self.image(path)
        except DicomError:
            if self.params.series or self.params.part or path.is_file() or len(data := read(path, self.params)) != 1:
                raise
            return data[0]  # a folder that holds a segmentation alone

    def source(self, path: Path | None) -> Source | None:
        """The series that labels belong to: the only one of a folder, or the one that a file is of."""
        if path is None:
            return None
        series = self._series(path, read_params()()) if path.is_dir() else self._series_around(path)
        if series.source is None:
            raise series.refusal or DicomError(f"{path.name}: cannot be read")
        return series.source

    def _told(self, volume: Volume, name: str) -> Volume:
        self._warn(f"{name}: {warning}" for warning in volume.warnings)
        return volume

    def _warn(self, warnings: Iterable[str]) -> None:
        for warning in warnings:
            self.warnings.append(warning)
            self.console.warn(warning)

    def _series_around(self, file: Path) -> Series:
        """The series in the folder of a DICOM file that the file is a slice of."""
        from napari_hounsfield.dicom.scan import scan, scan_steps

        scan(file)  # says what is wrong with it
        found = self.console.run(scan_steps(file.parent), "reading headers")
        return next(series for series in found.series if any(plane.path == file for plane in series.planes))

    def _series(self, path: Path, params: Any) -> Series:
        """The only volume of a path, or the one that was chosen."""
        from napari_hounsfield.dicom.scan import scan_steps

        found = self.console.run(scan_steps(path, params), "reading headers")
        self._warn(f"{found.name}: {warning}" for warning in found.warnings)
        chosen = params.series or params.part
        series = found.chosen(params.series, params.part) if chosen or len(found.series) > 1 else found.series
        if len(series) == 1:
            return series[0]
        listed = ", ".join(f"{s.name} {s.shape or 'refused'}" for s in series[:8]) + (", ..." if len(series) > 8 else "")
        if len({one.uid for one in series}) == 1:
            how = "choose one by --part 1, 2, ..."
            raise UsageError(f"{found.name}: the series holds {len(series)} volumes, {how}: {listed}")
        raise UsageError(f"{found.name}: {len(series)} series, choose one by --series UID (hounsfield info lists them): {listed}")


def suffixes(result: type) -> tuple[str, ...]:
    """Suffixes that a result can be written with; the first is the usual one."""
    if hasattr(result, "table"):
        return TABLE_SUFFIXES
    if issubclass(result, LABELS):
        return LABEL_SUFFIXES
    if result.__name__ == "Surfaces":
        return SURFACE_SUFFIXES
    return IMAGE_SUFFIXES if issubclass(result, Volume | Features) else MODEL_SUFFIXES


def targets(path: Path, result: type, params: Any) -> list[Path]:
    """Every file that the result will be written to."""
    from napari_hounsfield.formats.atomic import sibling
    from napari_hounsfield.formats.writing import probabilities_path, sureness_path

    if issubclass(result, Samples):
        return [path, sibling(path, "test")]
    if not issubclass(result, Segmentation):
        return [path]
    beside = [probabilities_path(path)] if getattr(params, "probabilities", False) else []
    beside += [sureness_path(path)] if getattr(params, "sureness", True) else []  # first classes are never without
    return [path, *beside]


def check(paths: list[Path], known: tuple[str, ...], overwrite: bool, inputs: Iterable[Path | None] = ()) -> None:
    """Raise before the long work if its result could not be written, or would replace one of its own inputs.

    Raises
    ------
    UsageError
        If the suffix is none of the known ones, or an output is an input.
    WriteError
        If something is there already, or nothing can be written there.
    """
    from napari_hounsfield.errors import WriteError
    from napari_hounsfield.formats.atomic import check_target, full_suffix

    suffix = full_suffix(paths[0])
    if suffix not in known:
        raise UsageError(f"{paths[0].name}: {suffix or 'no suffix'} is none of {', '.join(known)}")
    taken = {given.resolve() for given in inputs if given is not None}
    for path in paths:
        if path.resolve() in taken:
            raise UsageError(f"{path.name}: is an input, which no output replaces")
        if path.exists() and not path.is_dir() and not overwrite:
            raise WriteError(f"{path.name}: exists already; --overwrite replaces it")
        check_target(path, overwrite)


def require_source(path: Path, source: Source | None, data: list[Any]) -> None:
    """Raise if labels are to be written as DICOM and no series is known that they belong to."""
    if path.suffix.lower() == ".dcm" and source is None and not any(getattr(item, "source", None) for item in data):
        raise UsageError(f"{path.name}: labels in DICOM refer to the series that they belong to; give it by --source SERIES")


def save(paths: list[Path], result: Any, source: Source | None, overwrite: bool) -> list[Path]:
    """Write a result, and return those of `paths` that there are now."""
    from napari_hounsfield.formats.writing import write

    write(paths[0], result, source=source, overwrite=overwrite)
    return [path for path in paths if path.exists()]
