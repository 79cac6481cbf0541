"""Write results; the format follows from the suffix. Every file is whole and read back before it gets its name."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_hounsfield.errors import DicomError, FormatError, WriteError
from napari_hounsfield.operation import Progress, finish, part
from napari_hounsfield.results import Features, Samples, Segmentation
from napari_hounsfield.volume import LabelMap, Source, Volume

from .atomic import atomic_path, full_suffix, remove, sibling
from .dicom_seg import write_dicom_seg
from .metaimage import read_metaimage, write_metaimage
from .nifti import read_nifti, write_nifti
from .nrrd import read_nrrd, write_nrrd
from .ome_zarr_writing import write_ome_zarr
from .overlap import are_maps, maps_of, same_classes
from .seg_source import source_at
from .sizes import storable
from .slicer import read_seg_nrrd_layers, write_seg_nrrd
from .surface_files import write_ply, write_stl
from .table import write_csv, write_json

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from .seg_params import SegParams

Image = Volume | LabelMap | Features

_IMAGES: dict[str, tuple[Callable[[Path, Any], None], Callable[[Path], Any]]] = {
    ".nii": (write_nifti, lambda path: read_nifti(path)[0]),
    ".nii.gz": (write_nifti, lambda path: read_nifti(path)[0]),
    ".nrrd": (write_nrrd, lambda path: read_nrrd(path)[0]),
    ".mha": (write_metaimage, lambda path: read_metaimage(path)[0]),
}
_TABLES: dict[str, Callable[[Path, Any], None]] = {".csv": write_csv, ".json": write_json}
_SURFACES: dict[str, Callable[[Path, Any], None]] = {".stl": write_stl, ".ply": write_ply}
IMAGE_SUFFIXES = (*_IMAGES, ".ome.zarr")
SUFFIXES = (*IMAGE_SUFFIXES, ".seg.nrrd", ".dcm", ".rtstruct.dcm", ".sr.dcm", *_TABLES, *_SURFACES, ".safetensors")
"""What `write` knows."""


def test_path(path: str | Path) -> Path:
    """Where the test part of samples goes: `strokes.nii.gz` gives `strokes.test.nii.gz`."""
    return sibling(path, "test")


def probabilities_path(path: str | Path) -> Path:
    """Where the probabilities of a segmentation go: `lung.nii.gz` gives `lung.probabilities.nii.gz`."""
    return sibling(path, "probabilities", "" if full_suffix(path) in IMAGE_SUFFIXES else ".nii.gz")


def sureness_path(path: str | Path) -> Path:
    """Where the sureness of a segmentation goes: `draft.nii.gz` gives `draft.sureness.nii.gz`."""
    return sibling(path, "sureness", "" if full_suffix(path) in IMAGE_SUFFIXES else ".nii.gz")


def _as_volume(labels: LabelMap, array: Any) -> Volume:
    return Volume(array, labels.affine, frame_of_reference=labels.frame_of_reference, name=labels.name, history=labels.history)


def check_suffix(path: str | Path) -> str:
    """Suffix of an output that can be written.

    Raises
    ------
    WriteError
        If it is none of `SUFFIXES`.
    """
    suffix = full_suffix(path)
    if suffix not in SUFFIXES:
        raise WriteError(f"{Path(path).name}: cannot write {suffix or 'files without suffix'}; known are {', '.join(SUFFIXES)}")
    return suffix


def write(path: str | Path, data: Any, source: Any = None, overwrite: bool = False, params: SegParams | None = None) -> Path:
    """Write an image, labels, figures or a model; nothing is left under the final name if anything fails.

    Parameters
    ----------
    path
        The suffix decides: `.nii`, `.nii.gz`, `.nrrd`, `.mha`, `.ome.zarr` (images and labels), `.seg.nrrd`, `.dcm`,
        `.rtstruct.dcm` (labels), `.csv`, `.json` (figures), `.sr.dcm` (measurements), `.stl`, `.ply` (surfaces), `.safetensors`
        (a model).
    data
        Volume, LabelMap, Features (4D, maps last), Segmentation (its labels; probabilities, if there are any, go to a second
        file: `probabilities_path`; sureness likewise: `sureness_path`), Samples (the training part; the test part goes to
        `test_path`), or what has `to_json()` or `save()`. For `.dcm`, `.rtstruct.dcm` and `.seg.nrrd` also several label
        maps whose classes overlap, and for `.dcm` Features of probabilities.
    source
        For `.dcm` and `.rtstruct.dcm`: the series that was labelled, as Volume, LabelMap, Series or Source, or as the path of its
        folder or of one of its files; None: the one that the labels remember. For `.sr.dcm`: the path of the DICOM SEG whose
        segments were measured.
    overwrite
        Replace existing files.
    params
        How a `.dcm` is written.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    WriteError
        If the suffix does not fit the data, a target exists, or the disk cannot be written to.
    LabelError, GridError, DicomError
        If labels cannot be a DICOM segmentation or structure set.
    """
    return finish(write_steps(path, data, source, overwrite, params))


def write_steps(
    path: str | Path, data: Any, source: Any = None, overwrite: bool = False, params: SegParams | None = None
) -> Generator[Progress, None, Path]:
    """As `write`, but yields its progress, and is cancelled by closing it: then nothing is left."""
    path = Path(path)
    check_suffix(path)
    parts = _parts(path, data, params)
    yield from write_together(parts, source, overwrite, params)
    if overwrite and isinstance(data, LabelMap | Segmentation) and sureness_path(path) not in (target for target, _ in parts):
        remove(sureness_path(path))  # of the labels that were replaced; `read_draft` would take it for theirs
    return path


def write_together(
    parts: list[tuple[Path, Any]], source: Any = None, overwrite: bool = False, params: SegParams | None = None
) -> Generator[Progress, None, None]:
    """Write several files of which either all get their names, or none.

    Raises
    ------
    WriteError, LabelError, GridError, DicomError
        As `write`.
    """
    with ExitStack() as files:
        for done, (target, one) in enumerate(parts):
            temporary = files.enter_context(atomic_path(target, overwrite))
            suffix = full_suffix(target)
            try:
                yield from part(_write(temporary, suffix, one, source, params), done / len(parts), (done + 1) / len(parts))
            except WriteError as error:
                raise WriteError(f"{target.name}: {str(error).removeprefix(f'{temporary.name}: ')}") from None
            except UnicodeError:
                raise WriteError(f"{target.name}: a name in it has characters that cannot be written") from None
            except MemoryError:
                raise WriteError(f"{target.name}: not enough memory to write {suffix}") from None


def _parts(path: Path, data: Any, params: SegParams | None = None) -> list[tuple[Path, Any]]:
    """The files that `data` makes."""
    if isinstance(data, Segmentation) and params is not None and params.type == "fractional" and full_suffix(path) == ".dcm":
        return [(path, data.labels if data.probabilities is None else data.probabilities)]
    if isinstance(data, Segmentation):
        extra: list[tuple[Path, Any]] = []
        if data.probabilities is not None:
            extra.append((probabilities_path(path), data.probabilities))
        if data.sureness is not None:
            extra.append((sureness_path(path), _as_volume(data.labels, data.sureness)))
        return [*extra, (path, data.labels)]
    if isinstance(data, Samples):
        extra_test = [(test_path(path), data.test)] if data.test is not None else []
        return [*extra_test, (path, data)]
    return [(path, data)]


def _write(path: Path, suffix: str, data: Any, source: Any, params: SegParams | None) -> Generator[Progress, None, None]:
    kind = type(data).__name__
    yield Progress(0, "writing")
    if suffix == ".dcm":
        yield from _write_dicom(path, data, source, params)
    elif suffix == ".rtstruct.dcm":
        yield from _write_contours(path, data, source)
    elif suffix == ".safetensors":
        if not hasattr(data, "save"):
            raise WriteError(f"{kind} is no model")
        data.save(path)
    elif suffix in _TABLES:
        _TABLES[suffix](path, data)
    elif suffix == ".sr.dcm":
        _write_report(path, data, source)
    elif suffix in _SURFACES:
        if not hasattr(data, "parts"):
            raise WriteError(f"{kind} holds no surfaces")
        _SURFACES[suffix](path, data)
    elif suffix == ".seg.nrrd" and (isinstance(data, LabelMap) or are_maps(data)):
        write_seg_nrrd(path, data)
        _compare_segments(path, maps_of(data))
    elif are_maps(data):
        raise WriteError(f"{suffix} holds one label map; several are written to .dcm, .rtstruct.dcm or .seg.nrrd")
    elif not isinstance(data, Volume | LabelMap | Features):
        raise WriteError(f"{kind} is no image and no labels")
    elif suffix == ".ome.zarr":
        yield from write_ome_zarr(path, data)
    elif suffix in _IMAGES:
        writer, reader = _IMAGES[suffix]
        writer(path, data)
        _compare(reader, path, data)
    else:
        raise WriteError(f"{kind} holds no labels; use .nii.gz or .nrrd")


def _write_dicom(path: Path, data: Any, source: Any, params: SegParams | None) -> Generator[Progress, None, None]:
    from .seg_check import check_written

    layers = list(data) if isinstance(data, list | tuple) else [data]
    if not layers or not (isinstance(data, LabelMap | Features) or all(isinstance(one, LabelMap) for one in layers)):
        raise WriteError(f"{type(data).__name__} holds no labels; use .nii.gz or .nrrd")
    series = yield from part(write_dicom_seg(path, data, source_of(source), params), 0, 0.7)
    yield from part(check_written(path, data, series), 0.7, 1)


def _write_contours(path: Path, data: Any, source: Any) -> Generator[Progress, None, None]:
    if not isinstance(data, LabelMap) and not are_maps(data):
        raise WriteError(f"{type(data).__name__} holds no labels; use .nii.gz or .nrrd")
    from .rtstruct import write_rtstruct
    from .rtstruct_grid import Place
    from .rtstruct_reading import rtstruct_steps

    grid = yield from part(write_rtstruct(path, data, source_of(source)), 0, 0.6)
    try:
        found = yield from part(rtstruct_steps(path, beside=[Place(grid)]), 0.6, 1)
    except (DicomError, ValueError):
        raise WriteError("not written: it could not be read back; the disk may be full") from None
    if not same_classes(maps_of(data), found):
        raise WriteError("not written: it did not read back as it was; the disk may be full")


def _write_report(path: Path, data: Any, segmentation: Any) -> None:
    from napari_hounsfield.evaluation.measured import Measurements

    if not isinstance(data, Measurements):
        raise WriteError(f"{type(data).__name__} holds no measurements of segments")
    if not isinstance(segmentation, str | Path):
        raise WriteError("a report of measurements refers to a DICOM SEG: give its path as the source")
    from .dicom_sr import write_dicom_sr
    from .dicom_sr_reading import read_measurements

    count = write_dicom_sr(path, data, Path(segmentation))
    try:
        found = read_measurements(path)
    except DicomError:
        raise WriteError("not written: it could not be read back; the disk may be full") from None
    if len(found.groups) != count:
        raise WriteError("not written: it did not read back as it was; the disk may be full")


def source_of(source: Any) -> Source | None:
    """References to a DICOM series, from whatever has them.

    Raises
    ------
    WriteError
        If it has none.
    DicomError
        If it is a path with no series, or more than one.
    """
    if source is None or isinstance(source, Source):
        return source
    if isinstance(source, str | PathLike):
        return source_at(Path(source))
    found = getattr(source, "source", None)
    if not isinstance(found, Source):
        raise WriteError("the source given does not come from a DICOM series")
    return found


def _compare_segments(path: Path, maps: list[LabelMap]) -> None:
    try:
        found = read_seg_nrrd_layers(path)
    except FormatError:
        raise WriteError("not written: it could not be read back; the disk may be full") from None
    placed = np.allclose(found[0].affine, maps[0].affine, rtol=1e-5, atol=1e-3)
    if not placed or not same_classes(maps, [replace(one, affine=maps[0].affine) for one in found]):
        raise WriteError("not written: it did not read back as it was; the disk may be full")


def _compare(reader: Callable[[Path], Any], path: Path, data: Image) -> None:
    """Read back what was written: a full disk or a fault of a library must not pass for success."""
    try:
        found = reader(path)
    except FormatError:
        raise WriteError("not written: it could not be read back; the disk may be full") from None
    wanted = storable(data)
    if isinstance(data, LabelMap):
        same = np.array_equal(found.array, wanted)
    else:
        same = found.array.size == wanted.size and np.array_equal(
            found.array.reshape(wanted.shape), wanted, equal_nan=wanted.dtype.kind == "f"
        )
    if isinstance(found, Volume):
        same = same and np.allclose(found.affine, data.affine, rtol=1e-5, atol=1e-3)
    if not same:
        raise WriteError("not written: it did not read back as it was; the disk may be full")
