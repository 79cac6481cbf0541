"""Labels that follow the brush: what was painted is learned, and the planes that are seen recognised, one after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from napari_hounsfield._napari.worker import Job, Steps
from napari_hounsfield.editing.near import Plane
from napari_hounsfield.errors import LabelError
from napari_hounsfield.labelling.plane import LabelledPlane
from napari_hounsfield.operation import Progress

if TYPE_CHECKING:
    from napari_hounsfield.labelling.session import LabellingSession

    from .bound import BoundImage


class Live:
    """Runs one job at a time; what changes meanwhile is taken up when it ends.

    The plane of the main canvas is recognised first, then those of other views. A plane across the slices can take long the
    first time, and stands back for a stroke and for a plane that is looked at now; features that were made are kept.

    Parameters
    ----------
    session
        What is learned.
    seen
        Gives the image that is seen, or None.
    said
        Called with what there is to say; empty: nothing.
    ended
        Called when a job has ended.
    """

    def __init__(
        self,
        session: LabellingSession,
        seen: Callable[[], BoundImage | None],
        said: Callable[[str], None],
        ended: Callable[[], None],
    ) -> None:
        self._session, self._seen, self._said, self._ended = session, seen, said, ended
        self._job: Job | None = None
        self._plane: Plane | None = None
        """What the job recognises."""
        self._learns = False
        self._again = self._stand_back = self._prepared = False
        self.enabled = True
        self.held = False
        """While something else trains or recognises."""

    @property
    def busy(self) -> bool:
        """Whether a job runs."""
        return self._job is not None

    @property
    def learning(self) -> bool:
        """Whether a job learns."""
        return self.busy and self._learns

    def follow(self, *_: Any) -> None:
        """Bring what is seen up to date, if it is not."""
        bound = None if self.held else self._seen()
        if self._job is not None:
            self._again = True
            self._stand_back = bound is None or self._due(bound) != (False, self._plane)
        elif bound is not None and (steps := self._steps(bound)) is not None:
            self._stand_back = False
            self._job = Job(steps, self._shown, self._said, self._progress if self._crosses else None, self._on_end)

    @property
    def _crosses(self) -> bool:
        """Whether the job recognises a plane across the slices."""
        return self._plane is not None and self._plane.axis > 0

    def _due(self, bound: BoundImage) -> tuple[bool, Plane | None]:
        """Whether to learn, and the plane to recognise; None: all are as they should be, or none is seen."""
        session, seen = self._session, bound.seen()
        if self.enabled and (session.classifier is None or session.outdated):
            return True, next(iter(seen), None)
        if not session.usable:
            return False, None
        return False, next((at for at in seen if not bound.shows(at, session.version)), None)

    def _steps(self, bound: BoundImage) -> Steps | None:
        """What is to be done; None: all is as it should be."""
        if not self._prepared:
            self._prepared, self._plane = True, None
            return self._preparing(bound, bound.slice())
        self._learns, self._plane = self._due(bound)
        return self._updating(bound, self._learns, self._plane) if self._learns or self._plane is not None else None

    def _preparing(self, bound: BoundImage, z: int) -> Steps:
        yield from self._session.prepare_steps(bound.image, z)
        self._again = True

    def _updating(self, bound: BoundImage, learn: bool, at: Plane | None) -> Steps:
        session = self._session
        if learn:
            try:
                yield from session.train_steps(warm=True)
            except LabelError:
                return None
        if at is None:
            return None
        steps, version = session.plane_steps(bound.image, at), session.version
        while True:
            try:
                progress = next(steps)
            except StopIteration as stop:
                return bound, stop.value, version
            yield progress
            if at.axis and self._stand_back:
                return None

    def _shown(self, found: tuple[BoundImage, LabelledPlane, int] | None) -> None:
        if found is not None:
            bound, plane, version = found
            if bound.strokes is not None:
                bound.show_plane(plane, self._session, version)
            self._again = True  # there may be other views
        self._said("")

    def _progress(self, progress: Progress) -> None:
        self._said(f"features of this plane, which all slices have a part in: {10 * int(10 * progress.fraction)} %")

    def _on_end(self) -> None:
        self._job = self._plane = None
        if self._again:
            self._again = False
            self.follow()
        self._ended()

    def cancel(self) -> None:
        """Give up what runs."""
        self._again = False
        if self._job is not None:
            self._job.cancel()
