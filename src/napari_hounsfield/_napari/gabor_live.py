"""What a Gabor form computes while it is being filled in: pictures of the kernel and the maps of one slice, in a thread."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.gabor_bank import GaborParams, map_names
from napari_hounsfield.operation import Progress

from .gabor_choice import maps_a_wavelength, narrowed
from .gabor_preview import SliceMaps, Source, fits_live, marked, preview_tuple, slice_maps
from .kernel_picture import Kernel, caption, kernel_of, overlay_colours, picture
from .layers import LayerTuple
from .worker import Job


@dataclass(frozen=True)
class KernelShown:
    """A kernel with its pictures."""

    kernel: Kernel
    colours: NDArray[np.uint8]
    overlay: NDArray[np.uint8]
    """RGBA (1, rows, columns, 4)."""
    caption: str


@dataclass(frozen=True)
class Answer:
    """Maps of a slice, the layer of the one that is looked at, and the seconds of a whole run."""

    key: object
    maps: SliceMaps
    layer: LayerTuple | None
    seconds: float
    at_most: bool


@dataclass(frozen=True)
class Question:
    """What is asked for.

    Attributes
    ----------
    params
        Resolved.
    filter
        Index of the wavelength, and of the filter among those of a wavelength.
    chosen
        Indices of the maps that are wanted.
    slice
        Index of the stored slice.
    preview
        Whether the map of the filter is shown.
    """

    source: Source
    params: GaborParams
    filter: tuple[int, int]
    chosen: tuple[int, ...]
    slice: int
    preview: bool

    @property
    def map(self) -> int:
        """Index of the map that the filter goes into."""
        each = maps_a_wavelength(self.params)
        return self.filter[0] * each + (self.filter[1] if self.params.pool == "none" else 0)

    @property
    def computed(self) -> tuple[int, ...]:
        """Maps of the slice to compute; none where it would only measure, and could take long."""
        looked_at = (self.map,) if self.preview else ()
        if fits_live(self.params, self.source.volume):
            return tuple(sorted({*self.chosen, *looked_at}))
        return looked_at

    @property
    def key(self) -> object:
        """Same for questions with the same maps."""
        return (id(self.source), self.params.model_dump_json(), self.computed, self.slice if self.preview else None)


def answer(question: Question, before: Answer | None) -> Generator[Progress, None, Answer | None]:
    """Draw the kernel, which is handed over on the way, then compute the maps unless `before` has them."""
    kernel = kernel_of(question.params, question.source.volume.grid, *question.filter)
    drawn = KernelShown(kernel, picture(kernel), overlay_colours(kernel)[np.newaxis], caption(kernel))
    yield Progress(0, "kernel", drawn)
    wanted = question.computed
    if not wanted:
        return None
    smaller, places = narrowed(question.params, wanted)
    if before is not None and before.key == question.key:
        maps, seconds, at_most = before.maps, before.seconds, before.at_most
    else:
        maps = yield from slice_maps(question.source, smaller, question.slice)
        at_most = not fits_live(question.params, question.source.volume)
        seconds = maps.prepared + maps.seconds * question.source.volume.grid.shape[0]
        if at_most:
            seconds *= len(question.chosen)
    layer = None
    if question.preview:
        one = maps.array[places[wanted.index(question.map)]]
        layer = preview_tuple(question.source, one, maps.slice, map_names(question.params)[question.map])
    return Answer(question.key, maps, layer, seconds, at_most)


class Live:
    """Answers the newest question; one that is being worked on is given up.

    Parameters
    ----------
    drawn, answered, failed, working
        Called in the main thread with pictures, with an answer, with one line why there is none, and with what is being done.
    """

    def __init__(
        self,
        drawn: Callable[[KernelShown], None],
        answered: Callable[[Answer | None], None],
        failed: Callable[[str], None],
        working: Callable[[str], None],
    ) -> None:
        self._drawn, self._answered, self._failed, self._working = drawn, answered, failed, working
        self._job: Job | None = None
        self._before: Answer | None = None

    @property
    def busy(self) -> bool:
        """Whether a question is being worked on."""
        return self._job is not None and not self._job.finished

    def ask(self, question: Question) -> None:
        """Answer this instead of what was asked before."""
        self.cancel()
        self._job = Job(answer(question, self._before), self._on_answer, self._failed, self._on_progress)

    def cancel(self) -> None:
        """Give up."""
        if self._job is not None:
            self._job.cancel()

    def forget(self) -> None:
        """Let go of the maps."""
        self.cancel()
        self._before = None

    def _on_answer(self, given: Answer | None) -> None:
        self._before = given or self._before
        self._answered(given)

    def _on_progress(self, progress: Progress) -> None:
        if isinstance(progress.result, KernelShown):
            self._drawn(progress.result)
        else:
            self._working(progress.message)


def overlay_tuple(shown: KernelShown, source: Source, centre: Any) -> LayerTuple:
    """Layer of the kernel's real part with its middle at `centre` (S, P, L of the viewer), to scale."""
    rows, columns = (2 - axis for axis in shown.kernel.axes)
    across = ({0, 1, 2} - {rows, columns}).pop()
    colours = shown.overlay if across == 0 else np.moveaxis(shown.overlay, 0, across)
    scale = np.empty(3)
    scale[[rows, columns]] = shown.kernel.spacing
    scale[across] = source.shown_spacing[across]
    translate = np.asarray(centre, float) - scale * (np.array(colours.shape[:3]) - 1) / 2
    units = [str(unit) for unit in source.layer.units[-3:]] if source.layer.ndim >= 3 else ["pixel"] * 3
    return (
        colours,
        {
            "name": "Gabor kernel",
            "rgb": True,
            "scale": scale.tolist(),
            "translate": translate.tolist(),
            "units": units,
            "metadata": marked(source.volume),
        },
        "image",
    )
