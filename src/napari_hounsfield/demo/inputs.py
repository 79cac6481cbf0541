"""What the demonstration works on: the phantom, read back from the DICOM series that it was written as, or a user's image."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_hounsfield.dicom.read_params import ReadParams
from napari_hounsfield.errors import DicomError, FormatError
from napari_hounsfield.operation import Progress, part
from napari_hounsfield.volume import BACKGROUND, LabelMap, Volume

if TYPE_CHECKING:
    from .phantom import PhantomParams
    from .run import DemoParams

SERIES_FOLDER = "phantom-dicom"
REFERENCE_FILE = "phantom-reference.nii.gz"


@dataclass(frozen=True)
class DemoInput:
    """An image, perhaps with a reference on its grid."""

    volume: Volume
    phantom: bool
    reference: LabelMap | None = None
    """Every class has a name."""
    region: LabelMap | None = None
    """Where the reference knows the class; None: everywhere."""


def demo_input(
    folder: str | Path | None, reference: str | Path | None, out: Path, params: DemoParams
) -> Generator[Progress, None, DemoInput]:
    """Read the input of a demonstration; the phantom is written to `out` first.

    Raises
    ------
    FormatError, DicomError
        If the image or the reference cannot be read, or the folder holds several series and none is chosen.
    GridError
        If the reference does not lie on the image's grid.
    """
    from napari_hounsfield.formats.label_reading import read_labels

    if folder is None and reference is None:
        return (yield from _phantom(out, params.phantom))
    if folder is None:
        raise FormatError("a reference is given and no folder: the phantom brings its own")
    volume = yield from _read(Path(folder), params.read)
    volume.require_scalar()
    if reference is None:
        return DemoInput(volume, phantom=False)
    labels = read_labels(reference).on(volume.grid)
    names = {value: labels.class_name(value) for value in labels.values() if value}
    return DemoInput(volume, phantom=False, reference=replace(labels, classes={0: BACKGROUND, **names}))


def _phantom(out: Path, params: PhantomParams) -> Generator[Progress, None, DemoInput]:
    """The phantom by way of DICOM, as any other series comes."""
    from napari_hounsfield.formats.writing import write

    from .phantom import UNLABELLED, phantom_steps
    from .series_writer import write_series

    made = yield from part(phantom_steps(params), 0.0, 0.4)
    yield from part(write_series(made.volume, out / SERIES_FOLDER, params.seed), 0.4, 0.7)
    volume = yield from part(_read(out / SERIES_FOLDER, ReadParams()), 0.7, 1.0)
    reference = replace(made.reference, frame_of_reference=volume.frame_of_reference)
    write(out / REFERENCE_FILE, reference, overwrite=True)
    known = replace(reference, array=(reference.array != UNLABELLED).astype(np.uint8), classes={1: "judged"})
    return DemoInput(volume, phantom=True, reference=reference, region=known)


def _read(path: Path, params: ReadParams) -> Generator[Progress, None, Volume]:
    """Exactly one image."""
    from napari_hounsfield.dicom.scan import scan_steps
    from napari_hounsfield.formats.kind import kind_of
    from napari_hounsfield.formats.reading import read_volume

    if kind_of(path) not in ("folder", "DICOM"):
        yield Progress(0.0, "reading")
        return read_volume(path, params)
    scanned = yield from part(scan_steps(path, params), 0.0, 0.3)
    found = scanned.chosen(params.series, params.part)
    if len(found) > 1:
        what = "volumes in the series, choose one by its part" if params.series else "series, choose one by its UID"
        raise DicomError(f"{scanned.name}: {len(found)} {what}: " + ", ".join(series.name for series in found[:8]))
    return (yield from part(found[0].steps(params), 0.3, 1.0))
