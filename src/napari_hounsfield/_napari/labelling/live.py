"""Labels that follow the brush: what was painted is learned, and the plane that is seen recognised, one after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from napari_hounsfield._napari.worker import Job, Steps
from napari_hounsfield.errors import LabelError
from napari_hounsfield.labelling.plane import LabelledPlane
from napari_hounsfield.operation import Progress

if TYPE_CHECKING:
    from napari_hounsfield.labelling.session import LabellingSession

    from .bound import BoundImage

NOT_YET = "paint strokes of at least two classes"


class Live:
    """Runs one job at a time; what changes meanwhile is taken up when it ends.

    Parameters
    ----------
    session
        What is learned.
    seen
        Gives the image that is seen, or None.
    said
        Called with what there is to say; empty: nothing.
    """

    def __init__(self, session: LabellingSession, seen: Callable[[], BoundImage | None], said: Callable[[str], None]) -> None:
        self._session, self._seen, self._said = session, seen, said
        self._job: Job | None = None
        self._again = self._prepared = False
        self.enabled = True
        self.held = False
        """While something else trains or recognises."""

    @property
    def busy(self) -> bool:
        """Whether a job runs."""
        return self._job is not None

    def follow(self, *_: Any) -> None:
        """Bring what is seen up to date, if it is not."""
        if self._job is not None:
            self._again = True
            return
        bound = None if self.held else self._seen()
        if bound is not None and (steps := self._steps(bound)) is not None:
            self._job = Job(steps, self._shown, self._said, ended=self._ended)

    def _steps(self, bound: BoundImage) -> Steps | None:
        """What is to be done; None: all is as it should be."""
        session, at = self._session, bound.editing.looked_at()
        if not self._prepared:
            self._prepared = True
            return self._preparing(bound, at.index if at is not None and not at.axis else 0)
        learn = self.enabled and (session.classifier is None or session.outdated)
        if at is None or at.axis:  # another direction than that of the slices: features are made slice by slice
            return self._learning(bound) if learn else None
        if not learn and (session.classifier is None or bound.planes.get(at.index) == session.version):
            return None
        return self._recognising(bound, at.index, learn)

    def _preparing(self, bound: BoundImage, z: int) -> Steps:
        yield from self._session.prepare_steps(bound.image, z)
        self._again = True

    def _recognising(self, bound: BoundImage, z: int, learn: bool) -> Steps:
        session = self._session
        try:
            plane = yield from session.live_steps(bound.image, z) if learn else session.plane_steps(bound.image, z)
        except LabelError:
            return None
        return bound, plane, session.version

    def _learning(self, bound: BoundImage) -> Steps:
        try:
            yield from self._session.train_steps(warm=True)
        except LabelError:
            return None
        yield Progress(1)
        return None

    def _shown(self, found: tuple[BoundImage, LabelledPlane, int] | None) -> None:
        if found is None:
            self._said(NOT_YET if self._session.classifier is None else "")
            return
        bound, plane, version = found
        if bound.strokes is not None:
            bound.show_plane(plane, self._session, version)
        self._said("")

    def _ended(self) -> None:
        self._job = None
        if self._again:
            self._again = False
            self.follow()

    def cancel(self) -> None:
        """Give up what runs."""
        self._again = False
        if self._job is not None:
            self._job.cancel()
