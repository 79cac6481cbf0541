"""Saving and opening a session, exporting its classifier, copying it as a script: what the dock's buttons do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from magicgui.widgets import Container

from napari_hounsfield._napari.notices import reported, tell
from napari_hounsfield.errors import LabelError, ModelError
from napari_hounsfield.formats.atomic import full_suffix
from napari_hounsfield.labelling.script import as_script
from napari_hounsfield.labelling.session_file import load_steps

from .buttons import button, row

if TYPE_CHECKING:
    from .runs import Runs

SUFFIX = ".safetensors"


class SessionFiles(Container[Any]):
    """Buttons for the session's file.

    Parameters
    ----------
    runs
        Runs what takes long on the session at work.
    """

    def __init__(self, runs: Runs) -> None:
        self._runs = runs
        self.path: Path | None = None
        buttons = [
            button(
                "New session", "No image, class or classifier; strokes that are in no file stay as hidden layers", self.begin_anew
            ),
            button("Save session…", "Strokes, classes, parameters and classifier; no voxel of the images", self._ask_save),
            button("Open session…", "For the images that are open here: they are known by their voxels", self._ask_open),
            button("Export classifier…", "The file that Segment and `hounsfield segment` take", self._ask_export),
            button("Copy as script", "Python that repeats the saved session without a viewer", self.copy_script),
        ]
        super().__init__(widgets=[row(*buttons[:3]), row(*buttons[3:])], labels=False)
        self.margins = (0, 0, 0, 0)

    def begin_anew(self) -> None:
        """Let go of the session, and begin another."""
        with reported():
            self.path = None
            self._runs.desk.begin_anew()

    def save(self, path: Path) -> None:
        """Write the session; an existing file is replaced, since the dialog has asked."""
        with reported():
            desk = self._runs.desk
            if not desk.bound:
                raise LabelError("the session has no image yet")
            desk.keep_colours()
            self.path = _with_suffix(path)
            self._runs.start(desk.save_steps(self.path), lambda saved: tell(f"{saved.name} is saved"))

    def open(self, path: Path) -> None:
        """Read a session for the images that are open."""
        with reported():
            desk = self._runs.desk
            images = desk.images()

            def opened(session: Any) -> None:
                self.path = path
                desk.replace(session, images)

            self._runs.start(load_steps(path, list(images)), opened)

    def export(self, path: Path) -> None:
        """Write the classifier alone."""
        with reported():
            session = self._runs.desk.session
            if session.classifier is None:
                raise ModelError("nothing is trained yet")
            older = "; it is older than what is painted: press Update" if session.outdated else ""
            tell(f"{session.classifier.save(_with_suffix(path), overwrite=True).name} is saved{older}")

    def copy_script(self) -> None:
        """Put the script on the clipboard."""
        with reported():
            desk = self._runs.desk
            if self.path is None or not desk.bound:
                raise LabelError("save the session first: the script reads its strokes from there")
            if not desk.saved:
                raise LabelError(f"save the session again: {self.path.name} is older than what is painted and chosen here")
            from qtpy.QtWidgets import QApplication

            clipboard: Any = QApplication.clipboard()
            clipboard.setText(as_script(desk.session, self.path))
            tell("the script is on the clipboard")

    def _ask_save(self) -> None:
        self._ask("w", "Save the session", self.save)

    def _ask_open(self) -> None:
        self._ask("r", "Open a session", self.open)

    def _ask_export(self) -> None:
        self._ask("w", "Export the classifier", self.export)

    @staticmethod
    def _ask(mode: str, caption: str, then: Callable[[Path], None]) -> None:
        from magicgui.widgets import show_file_dialog

        chosen = show_file_dialog(mode, caption=caption, filter=f"*{SUFFIX}")
        if chosen:
            then(Path(str(chosen)))


def _with_suffix(path: Path) -> Path:
    return path if full_suffix(path) == SUFFIX else path.with_name(path.name + SUFFIX)
