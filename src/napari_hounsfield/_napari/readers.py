"""napari's readers: tiny files are read at once, others in a thread that shows their layers while they fill."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_hounsfield.operation import Progress


Paths = str | Sequence[str]
Layers = list[Any]
"""Layer tuples, or `[(None,)]`: napari's way to say that layers come later."""

AT_ONCE = 2_000_000
"""Bytes that are read within a moment on the main thread, so that `viewer.open` returns their layers."""
LOOKED_AT = 64
"""Files of a folder that are opened to see whether it holds DICOM."""
UNPACKED = 4
"""Files of an archive that are unpacked for that."""
PERCENT_A_STEP = 5
"""Every step of napari's progress bar draws the window."""
NAMED = (".dcm", ".dicom", ".ima")


def dicom_reader(path: Paths) -> Callable[[Paths], Layers] | None:
    """Reader for DICOM files, for folders and zip archives that hold some, and for OME-Zarr folders; None for others."""
    from napari_hounsfield.formats.ome_zarr_store import is_zarr

    first = _paths(path)[0]
    if first.is_dir() and is_zarr(first):
        return read_files
    if first.is_dir():
        return read_dicom if _holds_dicom(first) else None
    if first.suffix.lower() == ".zip":
        return read_dicom if _archive_holds_dicom(first) else None
    return read_dicom


def volume_reader(path: Paths) -> Callable[[Paths], Layers]:
    """Reader for NIfTI, NRRD and MetaImage."""
    return read_files


def read_dicom(path: Paths) -> Layers:
    """Open the one series at each path; where there are several, the *Open DICOM* dock asks which."""
    from functools import partial

    from .opening import open_path

    layers: Layers = []
    for one in _paths(path):
        layers += _read([one], partial(open_path, one))
    return layers or [(None,)]


def read_files(path: Paths) -> Layers:
    """Read files of one volume or label map each."""
    from .opening import open_files

    paths = _paths(path)
    return _read(paths, lambda how: open_files(paths, how)) or [(None,)]


def _paths(path: Paths) -> list[Path]:
    return [Path(path)] if isinstance(path, str | Path) else [Path(one) for one in path]


def _holds_dicom(folder: Path) -> bool:
    """Whether one of the first files has DICOM's mark, or ends like one."""
    looked = 0
    for file in folder.rglob("*"):
        if looked == LOOKED_AT:
            break
        if file.name.startswith(".") or not file.is_file():
            continue
        looked += 1
        if _is_named_so(file):
            return True
        try:
            with file.open("rb") as stream:
                if stream.read(132)[128:] == b"DICM":
                    return True
        except OSError:
            continue
    return False


def _archive_holds_dicom(path: Path) -> bool:
    """Whether a zip archive has a file that ends as DICOM does, or one of its first files is DICOM."""
    from napari_hounsfield.dicom.archive import members
    from napari_hounsfield.dicom.files import opened
    from napari_hounsfield.errors import DicomError

    try:
        files, _ = members(path)
    except DicomError:
        return False
    if any(_is_named_so(file) for file in files):
        return True
    for file in files[:UNPACKED]:
        try:
            opened(file).close()
        except DicomError:
            continue
        return True
    return False


def _is_named_so(file: Path) -> bool:
    return file.suffix.lower() in NAMED or file.name == "DICOMDIR"


def _read(paths: list[Path], steps: Callable[[Any], Generator[Progress, None, Any]]) -> Layers:
    from napari import current_viewer

    from .bridge import worlds
    from .notices import complain
    from .opening import Opening, collected, is_large
    from .preferences import preferences
    from .viewing import equip
    from .worker import message_of

    viewer = current_viewer()
    chosen = preferences()
    how = Opening(chosen.window, chosen.threshold, worlds(viewer) if viewer else {})
    if viewer is None:
        return _without_viewer(steps(how), how)
    equip(viewer)
    if is_large(paths, AT_ONCE) or paths[0].suffix.lower() == ".zip":
        _read_in_thread(viewer, steps(how), paths[0])
        return []
    try:
        layers, result = collected(steps(how))
        _present(viewer, result, paths[0])
        return list(layers)
    except Exception as error:
        complain(message_of(error))
        return []


def _read_in_thread(viewer: ViewerModel, steps: Generator[Progress, None, Any], path: Path) -> None:
    from napari.utils import progress

    from .landing import Landing
    from .notices import complain
    from .worker import Job

    bar = progress(total=100, desc=f"Reading {path.name}")

    def end() -> None:
        bar.close()
        landing.close()

    def done(result: Any) -> None:
        end()
        _present(viewer, result, path)

    def failed(message: str) -> None:
        end()
        complain(message)

    def progressed(at: Progress) -> None:
        landing.progressed(at)
        percent = round(100 * at.fraction)
        if percent >= bar.n + PERCENT_A_STEP:
            bar.update(percent - bar.n)

    def give_up() -> None:
        job.cancel()
        end()

    landing = Landing(viewer, give_up)
    job = Job(steps, done, failed, progressed)


def _present(viewer: Any, result: Any, path: Path) -> None:
    """Say once what there is to say; where there are several series, let the dock ask which."""
    from .notices import complain, warn
    from .opening import Opened

    if isinstance(result, Opened):
        warn(result.warnings)
        for error in result.errors:
            complain(error)
        return
    _, dock = viewer.window.add_plugin_dock_widget("napari-hounsfield", "Open DICOM")
    dock.show_scan(path, result)


def _without_viewer(steps: Generator[Progress, None, Any], how: Any) -> Layers:
    """All series, where there is nobody to choose."""
    from .opening import Opened, collected, open_series, openable

    layers, result = collected(steps)
    if not isinstance(result, Opened):
        layers, _ = collected(open_series(openable(result), how))
    return list(layers)
