"""The data of an operation as files: what is read for its inputs, and how its result is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from napari_hounsfield.errors import DicomError, ModelError
from napari_hounsfield.results import Features, Samples, Segmentation
from napari_hounsfield.volume import LabelMap, Source, Volume

from .usage import UsageError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable
    from pathlib import Path

    from napari_hounsfield.dicom.series import Series
    from napari_hounsfield.operation import Params, Progress

    from .console import Console

Image = TypeVar("Image", Volume, LabelMap, Volume | LabelMap | Features)
LABELS = (LabelMap, Segmentation)
IMAGE_SUFFIXES = (".nii.gz", ".nii", ".nrrd", ".mha", ".ome.zarr")
LABELS_ONLY = (".seg.nrrd", ".dcm", ".rtstruct.dcm")
LABEL_SUFFIXES = (*IMAGE_SUFFIXES, *LABELS_ONLY)
TABLE_SUFFIXES = (".csv", ".json")
REPORT_SUFFIX = ".sr.dcm"
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
    return _WORDS.get(word, "label map: NIfTI, NRRD, MetaImage, OME-Zarr, DICOM SEG or RTSTRUCT")


def read_params() -> type[Params]:
    """The parameters of reading DICOM."""
    from napari_hounsfield.dicom.read_params import ReadParams

    return ReadParams


def seg_params() -> type[Params]:
    """The parameters of writing DICOM SEG."""
    from napari_hounsfield.formats.seg_params import SegParams

    return SegParams


class Reader:
    """Reads inputs, with a bar for what takes long.

    Parameters
    ----------
    console
        Where progress is shown.
    params
        How DICOM series are read, and which one.
    """

    def __init__(self, console: Console, params: Any) -> None:
        self.console = console
        self.params = params
        self._drawn_on: Volume | None = None

    def load(self, kinds: tuple[type, ...], path: Path | None) -> Any:
        """What the file holds, as the first of `kinds`; None for no file."""
        if path is None:
            return None
        if kinds[0] is Volume:
            self._drawn_on = self.image(path)  # contours that come with it become its voxels
            return self._drawn_on
        if kinds[0] in LABELS:
            from napari_hounsfield.formats.label_reading import read_draft, read_labels

            if kinds[0] is Segmentation:
                return read_draft(path)
            return self.told(read_labels(path, source=self._drawn_on), path.name)
        from napari_hounsfield.model_file import load_model

        model = load_model(path)
        if not isinstance(model, kinds):
            raise ModelError(f"{path.name}: recognises whole images; `hounsfield classify` takes it")
        return model

    def image(self, path: Path, params: Params | None = None) -> Volume:
        """The one image of a path, or the series that was chosen."""
        from napari_hounsfield.formats.kind import kind_of
        from napari_hounsfield.formats.reading import read_volume

        chosen: Any = self.params if params is None else params
        if kind_of(path) in ("folder", "DICOM"):
            series = self._series(path, chosen)
            return self.told(self.console.run(series.steps(chosen), "reading"), series.name)
        return self.told(read_volume(path, chosen), path.name)

    def further(self, path: Path) -> Volume:
        """A further image beside one that the parameters of reading are for."""
        return self.image(path, read_params()())

    def whatever(self, path: Path, source: Source | None = None) -> Volume | LabelMap | Features:
        """The one image or label map of a path; `source` is the series that contours were drawn on."""
        from napari_hounsfield.formats.kind import kind_of
        from napari_hounsfield.formats.label_reading import read_named
        from napari_hounsfield.formats.reading import read

        if kind_of(path) not in ("folder", "DICOM"):
            return self.told(read_named(path, self.params, source), path.name)
        try:
            return self.image(path)
        except DicomError:
            if self.params.series or self.params.part or path.is_file() or len(data := read(path, self.params)) != 1:
                raise
            return data[0]  # a folder that holds a segmentation alone

    def segments(self, path: Path, source: Source | Volume | None = None) -> Any:
        """Labels of a path; several label maps where segments of a file overlap and none of them was chosen."""
        from napari_hounsfield.formats.atomic import full_suffix
        from napari_hounsfield.formats.kind import kind_of
        from napari_hounsfield.formats.label_reading import read_labels
        from napari_hounsfield.formats.reading import read

        if self.params.part or (kind_of(path) not in ("DICOM SEG", "RTSTRUCT") and full_suffix(path) != ".seg.nrrd"):
            return self.told(read_labels(path, self.params, source), path.name)
        found = [self.told(one, path.name) for one in read(path, self.params, source)]
        return found if len(found) > 1 else found[0]

    def source(self, path: Path | None) -> Source | None:
        """The series that labels belong to: the only one of a folder, or the one that a file is of."""
        if path is None:
            return None
        series = self._series(path, read_params()()) if path.is_dir() else self._series_around(path)
        if series.source is None:
            raise series.refusal or DicomError(f"{path.name}: cannot be read")
        return series.source

    def told(self, data: Image, name: str) -> Image:
        """The data, after its warnings were told."""
        self._warn(f"{name}: {warning}" for warning in getattr(data, "warnings", ()))
        return data

    def _warn(self, warnings: Iterable[str]) -> None:
        for warning in warnings:
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
    if result.__name__ == "Measurements":
        return (*TABLE_SUFFIXES, REPORT_SUFFIX)
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


def require_segmentation(report: Path, labels: Path | None) -> None:
    """Raise unless a report of measurements has a DICOM SEG to refer to."""
    from napari_hounsfield.formats.kind import kind_of

    if labels is None or kind_of(labels) != "DICOM SEG":
        raise UsageError(f"{report.name}: a report refers to the segments of a DICOM SEG, so LABELS must be one")


def save(
    paths: list[Path],
    result: Any,
    source: Source | Path | None,
    overwrite: bool,
    console: Console | None = None,
    params: Any = None,
) -> list[Path]:
    """Write a result, with a bar where there is a console, and return those of `paths` that there are now."""
    from napari_hounsfield.formats.writing import write, write_steps

    if console is None:
        write(paths[0], result, source, overwrite, params)
        return [path for path in paths if path.exists()]
    steps = write_steps(paths[0], result, source, overwrite, params)
    console.run(_noted(steps, paths[0], console), f"writing {paths[0].name}")
    return [path for path in paths if path.exists()]


def _noted(steps: Generator[Progress, None, Path], path: Path, console: Console) -> Generator[Progress, None, Path]:
    """The same steps; that a file carries the patient is said when everything is checked, and before it gets its name."""
    from napari_hounsfield.formats.seg_params import PATIENT_NOTE

    noted = path.suffix.lower() != ".dcm"
    while True:
        try:
            progress = next(steps)
        except StopIteration as end:
            written: Path = end.value
            return written
        if not noted and progress.fraction > 0:
            console.note(f"{path.name} {PATIENT_NOTE}")
            noted = True
        yield progress
