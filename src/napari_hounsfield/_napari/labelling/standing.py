"""How a session stands, in one line: what is painted, what learns it, and whether what is shown is up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_hounsfield.pixels.classifiers import TITLES

if TYPE_CHECKING:
    from .desk import SessionDesk

HOW = "choose an image, press Add image, and paint a few strokes of every class: the labels follow"
NOT_YET = "paint strokes of at least two classes"


def standing(desk: SessionDesk, running: bool) -> str:
    """The line; `running` says whether the dock trains or recognises."""
    session, live = desk.session, desk.live
    if not session.images:
        return HOW
    wanted = TITLES[session.params.classifier]
    if session.classifier is None:
        if _painted(desk) < 2:
            return NOT_YET
        return (
            f"{wanted}: learns what is painted" if live.enabled or running else f"{wanted}: press Update to learn what is painted"
        )
    voxels = sum(session.classifier.counts.get("train", {}).values())
    shown = TITLES[session.classifier.params.classifier]
    learned = f"{shown}: learned from {voxels:,} voxels"
    if not session.outdated:
        return learned
    if live.learning or running:
        return f"{learned}, learns again" if shown == wanted else f"{wanted}: learns what is painted"
    return f"{learned}, outdated" if shown == wanted else f"{wanted}: press Update to learn; shown: {shown}"


def _painted(desk: SessionDesk) -> int:
    """Classes that are painted, as far as is counted."""
    tallies = [bound.editing.editor.tally for bound in desk.bound]
    return len({value for tally in tallies if tally is not None for value in tally.values})
