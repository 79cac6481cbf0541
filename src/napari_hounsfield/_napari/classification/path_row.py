"""A path in one line, with a button for each kind of thing that may be chosen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from magicgui.widgets import Container, LineEdit

from napari_hounsfield._napari.labelling.buttons import button
from napari_hounsfield.errors import FormatError

TABLES = "*.csv *.tsv *.txt"


class PathRow(Container[Any]):
    """A path that is typed in or chosen.

    Parameters
    ----------
    name
        What it is.
    tip
        Help.
    table
        Whether a table may be chosen beside a folder.
    folder
        Caption of the folder's button.
    """

    def __init__(self, name: str, tip: str, table: bool = True, folder: str = "Folder…") -> None:
        self.line = LineEdit(tooltip=tip)
        self.chosen: list[Callable[[Path], None]] = []
        """Called with the path when the user has chosen another one."""
        self._before = ""
        buttons = [button(folder, tip, lambda: self._ask("d"))]
        if table:
            buttons.append(button("Table…", tip, lambda: self._ask("r")))
        super().__init__(name=name, label=name, widgets=[self.line, *buttons], layout="horizontal", labels=False)
        self.margins = (0, 0, 0, 0)
        self.line.native.editingFinished.connect(self._on_edited)

    @property
    def path(self) -> Path | None:
        """The path; None where there is none."""
        text = str(self.line.value).strip()
        return Path(text).expanduser() if text else None

    @path.setter
    def path(self, path: Path | None) -> None:
        self.line.value = self._before = "" if path is None else str(path)
        self.line.native.setCursorPosition(len(self._before))  # its end tells more than its beginning

    def needed(self) -> Path:
        """The path; FormatError where there is none."""
        if self.path is None:
            raise FormatError(f"{self.name}: nothing is chosen yet")
        return self.path

    def choose(self, path: Path) -> None:
        """Take up a path as if the user had chosen it."""
        self.path = path
        for follow in self.chosen:
            follow(path)

    def _on_edited(self) -> None:
        if self.path is not None and self._before != self.line.value:
            self.choose(self.path)

    def _ask(self, mode: str) -> None:
        from magicgui.widgets import show_file_dialog

        caption = f"Choose {self.name}"
        found = show_file_dialog(mode, caption=caption, filter=TABLES if mode == "r" else None)
        if found:
            self.choose(Path(str(found)))
