"""napari's readers: small files are read at once, large ones in a thread that adds the layers, with progress."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_hounsfield.operation import Progress

    from .layers import LayerTuple

Paths = str | Sequence[str]
Layers = list[Any]
"""Layer tuples, or `[(None,)]`: napari's way to say that layers come later."""

AT_ONCE = 24_000_000
"""Bytes that are read within a moment on the main thread; more would freeze the viewer."""
LOOKED_AT = 64
"""Files of a folder that are opened to see whether it holds DICOM."""


def dicom_reader(path: Paths) -> Callable[[Paths], Layers] | None:
    """Reader for DICOM files and for folders that hold some; None for other folders."""
    first = _paths(path)[0]
    return read_dicom if not first.is_dir() or _holds_dicom(first) else None


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
        if file.suffix.lower() in (".dcm", ".dicom", ".ima") or file.name == "DICOMDIR":
            return True
        with file.open("rb") as stream:
            if stream.read(132)[128:] == b"DICM":
                return True
    return False


def _read(paths: list[Path], steps: Callable[[Any], Generator[Progress, None, Any]]) -> Layers:
    from napari import current_viewer

    from napari_hounsfield.operation import finish

    from .bridge import worlds
    from .notices import complain
    from .opening import Opening, bytes_of
    from .preferences import preferences
    from .worker import message_of

    viewer = current_viewer()
    chosen = preferences()
    how = Opening(chosen.window, chosen.threshold, worlds(viewer) if viewer else {})
    if viewer is None:
        return _without_viewer(finish(steps(how)), how)
    if bytes_of(paths, AT_ONCE) > AT_ONCE:
        _read_in_thread(viewer, steps(how), paths[0].name)
        return []
    try:
        return _opened(viewer, finish(steps(how)))
    except Exception as error:
        complain(message_of(error))
        return []


def _read_in_thread(viewer: ViewerModel, steps: Generator[Progress, None, Any], name: str) -> None:
    from napari.utils import progress

    from .bridge import add
    from .notices import complain
    from .worker import Job

    bar = progress(total=100, desc=f"Reading {name}")

    def done(result: Any) -> None:
        bar.close()
        add(viewer, _opened(viewer, result))

    def failed(message: str) -> None:
        bar.close()
        complain(message)

    Job(steps, done, failed, lambda at: bar.update(max(0, round(100 * at.fraction) - bar.n)))


def _opened(viewer: Any, result: Any) -> Layers:
    """Layers of what was read; none where the dock asks which series."""
    from .notices import warn
    from .opening import Opened

    if isinstance(result, Opened):
        warn(result.warnings)
        layers: list[LayerTuple] = result.layers
        return layers
    _, dock = viewer.window.add_plugin_dock_widget("napari-hounsfield", "Open DICOM")
    dock.offer(result)
    return []


def _without_viewer(result: Any, how: Any) -> Layers:
    """All series, where there is nobody to choose."""
    from napari_hounsfield.operation import finish

    from .opening import Opened, open_series, openable

    if not isinstance(result, Opened):
        result = finish(open_series(openable(result), how))
    return list(result.layers)
