"""The main job from end to end: read, first classes, samples, training, recognition, comparison with a reference, and files.

Without a folder the input is the chest phantom, written as a DICOM series and read back. With a folder and no reference it stops
after the first classes and their measurements: with nothing to compare with there is no sensitivity, specificity or accuracy.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

from pydantic import Field

from napari_hounsfield.dicom.read_params import ReadParams
from napari_hounsfield.operation import Params, Progress, part
from napari_hounsfield.pixels.class_params import ClassesParams
from napari_hounsfield.pixels.sampling import SampleParams
from napari_hounsfield.pixels.train_params import TrainParams

from .phantom import PhantomParams
from .result import DemoResult
from .strokes import StrokeParams

OUT = Path("hounsfield-demo")


class DemoParams(Params):
    """Every step's parameters."""

    read: ReadParams = Field(default_factory=ReadParams, exclude=True)  # a UID is not for the record; the history has the rest
    """How the image is read, where a folder is given."""
    phantom: PhantomParams = Field(default_factory=PhantomParams)
    """The phantom, where no folder is given."""
    classes: ClassesParams = Field(default_factory=ClassesParams)
    """First classes."""
    samples: SampleParams = Field(default_factory=SampleParams)
    """Samples from the first classes."""
    strokes: StrokeParams = Field(default_factory=lambda: StrokeParams(slices=6, voxels=3000))
    """Strokes, drawn from the reference as a user would paint them."""
    train: TrainParams = Field(default_factory=TrainParams)
    """Features and BP network."""


def run(
    folder: str | Path | None = None,
    reference: str | Path | None = None,
    out: str | Path = OUT,
    params: DemoParams | None = None,
) -> Generator[Progress, None, DemoResult]:
    """Run the demonstration stepwise: yields Progress, returns what was found.

    Parameters
    ----------
    folder
        DICOM series (or any image file) to work on; None: the phantom.
    reference
        Labels to draw strokes from and to compare with.
    out
        Folder for the results; made if it is not there. What an earlier run left is replaced, each file whole.
    params
        Of every step.

    Returns
    -------
    DemoResult
        `table()` gives lines to print, `to_json()` everything in figures; images and labels are there for the viewer.

    Raises
    ------
    HounsfieldError
        If the input cannot be read, the reference does not lie on its grid, or `out` cannot be written to.
    """
    from . import outputs
    from .comparison import compare
    from .inputs import demo_input

    params = params or DemoParams()
    started = time.perf_counter()
    out = outputs.prepared(Path(out), Path(folder) if folder is not None else None)
    given = yield from part(demo_input(folder, reference, out, params), 0.0, 0.12)
    yield Progress(0.12, given.volume.name, given.volume)
    result = yield from part(_drafted(given, params), 0.12, 0.2)
    yield Progress(0.2, "first classes", result.draft.labels)
    if given.reference is not None:
        found = yield from part(compare(given.volume, given.reference, given.region, result.draft, params), 0.2, 0.8)
        result = result.compared(found)
    result = result.after(time.perf_counter() - started, outputs.peak_memory_mb())
    return (yield from part(outputs.written(result, out), 0.8, 1.0))


def _drafted(given: Any, params: DemoParams) -> Generator[Progress, None, DemoResult]:
    """First classes and what they measure."""
    from napari_hounsfield.evaluation.measurement import measure
    from napari_hounsfield.pixels.first_classes import classes

    draft = yield from part(classes.steps(given.volume, params.classes), 0.0, 0.6)
    measured = yield from part(measure.steps(given.volume, draft.labels), 0.6, 1.0)
    return DemoResult(given.volume, given.reference, given.phantom, params, draft, measured)
