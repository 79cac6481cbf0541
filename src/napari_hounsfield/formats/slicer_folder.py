"""*Send to 3D Slicer*: one folder with an image, its segmentation and a table, each of which Slicer opens as it is."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_hounsfield.errors import WriteError
from napari_hounsfield.grid import same_lattice
from napari_hounsfield.operation import Progress, finish, part
from napari_hounsfield.volume import LabelMap, Volume

from .writing import write_together

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

IMAGE, SEGMENTATION, TABLE = "image.nrrd", "segmentation.seg.nrrd", "measurements.csv"
"""Slicer calls what it loads by these names."""


def send_to_slicer(
    folder: str | Path, volume: Volume, labels: LabelMap | Sequence[LabelMap], table: Any = None, overwrite: bool = False
) -> Path:
    """Write a folder that is dragged into 3D Slicer.

    Parameters
    ----------
    folder
        Made if it is not there; the one around it must be.
    volume
        Becomes `image.nrrd`.
    labels
        Become `segmentation.seg.nrrd`, with names, colours and terminology. They may lie on another grid,
        and be several label maps whose classes overlap.
    table
        Figures for `measurements.csv`, as `measure` and `evaluate` give them; None: `measure` is run, if there is one label map,
        on the grid of the image.
    overwrite
        Replace existing files.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    WriteError
        If a file exists, or the disk cannot be written to; then none of the files is new.
    """
    return finish(send_to_slicer_steps(folder, volume, labels, table, overwrite))


def send_to_slicer_steps(
    folder: str | Path, volume: Volume, labels: LabelMap | Sequence[LabelMap], table: Any = None, overwrite: bool = False
) -> Generator[Progress, None, Path]:
    """As `send_to_slicer`, stepwise."""
    folder = Path(folder)
    if table is None and isinstance(labels, LabelMap) and same_lattice(volume.grid, labels.grid):
        from napari_hounsfield.evaluation.measurement import measure

        table = yield from part(measure.steps(volume, labels), 0, 0.5)
    parts: list[tuple[Path, Any]] = [(folder / IMAGE, volume), (folder / SEGMENTATION, labels)]
    if table is not None:
        parts.append((folder / TABLE, table))
    made = _made(folder)
    try:
        yield from part(write_together(parts, overwrite=overwrite), 0.5, 1)
    finally:
        if made:
            with suppress(OSError):  # as it is where something was written
                folder.rmdir()
    return folder


def _made(folder: Path) -> bool:
    """Whether the folder had to be made."""
    try:
        folder.mkdir()
    except FileExistsError:
        if not folder.is_dir():
            raise WriteError(f"{folder.name}: is a file, no folder") from None
        return False
    except OSError as error:
        raise WriteError(f"{folder.name}: cannot be made: {(error.strerror or 'no reason given').lower()}") from None
    return True
