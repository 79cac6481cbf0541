"""*Open DICOM*: choose a folder or file, then series, then window and threshold."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from magicgui.widgets import ComboBox, Container, Label, LineEdit, PushButton, Widget, show_file_dialog
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QSizePolicy

from napari_hounsfield.dicom.scan import scan_steps
from napari_hounsfield.intensity import ThresholdParams, WindowParams

from .bridge import worlds
from .fields import literals
from .form import RunBar
from .landing import Landing
from .layout import Dock, rows
from .notices import complain, warn
from .opening import Opened, Opening, open_series
from .preferences import preferences
from .reading_options import ReadingOptions
from .series_rows import summary, table_rows, warnings_of
from .series_table import SeriesTable
from .thumbnails import thumbnail_steps
from .worker import Job

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_hounsfield.dicom.scan import Scan
    from napari_hounsfield.dicom.series import Series
    from napari_hounsfield.operation import Progress

WIDTH = 460
"""Pixels: enough for what tells series apart."""
LINES = 8
"""Warnings that are shown below the table; what does not fit is told when the series are open."""


class OpenDicom(Dock):
    """Dock with the series of a folder, a DICOMDIR or an archive; opens those that are selected."""

    def __init__(self, napari_viewer: ViewerModel) -> None:
        self._viewer = napari_viewer
        self._jobs: list[Job] = []
        self._open_what_is_found = False
        self._told: set[str] = set()
        chosen = preferences()
        self._path = LineEdit(
            name="path", tooltip="A folder with DICOM files, a DICOMDIR, a zip archive, or one file of any name; or drop it here"
        )
        folder, file = PushButton(text="Folder…"), PushButton(text="File…")
        self._said = _words()
        self.table = SeriesTable()
        self._warnings = _words()
        self._window = ComboBox(
            name="window", choices=[w for w in literals(WindowParams, "preset") if w != "custom"], value=chosen.window,
            tooltip="Contrast limits of images in HU; auto: those that the file asks for",
        )  # fmt: skip
        self._threshold = ComboBox(
            name="threshold", choices=["none", *(t for t in literals(ThresholdParams, "tissue") if t != "custom")],
            value=chosen.threshold, tooltip="Also give the mask of this range",
        )  # fmt: skip
        self._bar = RunBar(self.open, "Open", "Read the selected series")
        buttons = Container(widgets=[folder, file], layout="horizontal", labels=False)
        buttons.margins = (0, 0, 0, 0)
        self._options = ReadingOptions(self._read_otherwise)
        shown = rows([self._window, self._threshold])
        parts: list[Widget] = [rows([self._path]), buttons, self._said, self._warnings, self._options, shown, self._bar]
        super().__init__(rows(parts, labels=False), stretch=False)
        self.content.native.layout().insertWidget(parts.index(self._warnings), self.table, 1)
        self.setMinimumWidth(WIDTH)
        self.setAcceptDrops(True)
        self._path.native.setAcceptDrops(False)  # it would take the address of a dropped file as text
        folder.changed.connect(lambda: self._ask("d"))
        file.changed.connect(lambda: self._ask("r"))
        self._path.native.returnPressed.connect(self.scan)
        self._path.changed.connect(self._forget)
        self.table.itemSelectionChanged.connect(self._describe)
        self.table.itemDoubleClicked.connect(lambda *_: self.open())
        self.destroyed.connect(_canceller(self._jobs))
        self._forget()

    def _ask(self, mode: str) -> None:
        chosen = show_file_dialog(mode, caption="Open DICOM")
        if chosen:
            self.look_into(Path(chosen))

    def look_into(self, path: Path) -> None:
        """List the series at a path."""
        self._path.value = str(path)
        self.scan()

    def scan(self) -> None:
        """List the series at the path that is shown."""
        self._forget()
        if not self._path.value.strip():
            return
        path = Path(self._path.value).expanduser()
        self._said.value = "Reading headers…"
        self._jobs.append(Job(scan_steps(path, self._options.params()), self.offer, self._failed, self._progressed))

    def _progressed(self, at: Progress) -> None:
        self._said.value = f"Reading headers… {at.message}"

    def _forget(self, *_: Any) -> None:
        """Clear the table, so that what is opened is always what the path shows."""
        for job in self._jobs:
            job.cancel()
        self._jobs.clear()
        self._open_what_is_found = False
        self._told = set()
        self.table.show_rows([])
        self._describe()
        self._said.value = "Press Enter to list the series" if self._path.value else "Choose a folder or file, or drop one here"

    def _read_otherwise(self) -> None:
        """List again what is listed, since the options decide what can be read."""
        if self.table.rows:
            self.scan()

    def _failed(self, message: str) -> None:
        self._open_what_is_found = False
        self._said.value = f"⚠ {message}"

    def show_scan(self, path: Path, found: Scan) -> None:
        """List what has been found at a path already."""
        with self._path.changed.blocked():
            self._path.value = str(path)
        self._forget()
        self.offer(found)

    def offer(self, found: Scan) -> None:
        """Show the series of a scan, the first selected, and what cannot be read; then make the pictures."""
        self.table.show_rows(found_rows := table_rows(found))
        self._said.value = "\n".join([summary(found, found_rows), *found.warnings])
        self._jobs.append(
            Job(
                thumbnail_steps([row.series for row in found_rows]),
                lambda _: None,
                lambda _: None,
                lambda at: self.table.set_picture(*at.result),
            )
        )
        if not self.table.selected:
            self._open_what_is_found = False
        if self._open_what_is_found and sum(not row.reason for row in found_rows) == 1:
            self.open()
        self._open_what_is_found = False

    def _describe(self) -> None:
        """Show what is corrected or assumed in reading the selected series."""
        lines = warnings_of(self.table.selected)
        more = [f"and {len(lines) - LINES} more"] if len(lines) > LINES else []
        lines = lines[:LINES]
        self._told |= set(lines)
        self._warnings.value = "\n".join([*(f"⚠ {line}" for line in lines), *more])
        self._warnings.visible = bool(lines)

    @property
    def selected(self) -> list[Series]:
        """The series whose rows are selected."""
        return self.table.selected

    def open(self) -> None:
        """Read the selected series in a thread and show them; a path that was only typed is listed first."""
        if self._bar.busy:
            return
        if not self.table.rows and self._path.value:
            self.scan()
            self._open_what_is_found = True
            return
        if not self.selected:
            complain("no series is selected")
            return
        how = Opening(self._window.value, self._threshold.value, worlds(self._viewer))
        landing = Landing(self._viewer, self._bar.cancel)
        told = frozenset(self._told)
        self._bar.start(open_series(self.selected, how), lambda opened: _tell(opened, told), landing.progressed, landing.close)

    def dragEnterEvent(self, event: Any) -> None:  # noqa: N802
        """Take files and folders."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dragMoveEvent(self, event: Any) -> None:  # noqa: N802
        """Take files and folders."""
        self.dragEnterEvent(event)

    def dropEvent(self, event: Any) -> None:  # noqa: N802
        """List the series of what was dropped."""
        paths = [url.toLocalFile() for url in event.mimeData().urls()]
        if paths and paths[0]:
            event.acceptProposedAction()
            self.look_into(Path(paths[0]))


def _tell(opened: Opened, told: frozenset[str]) -> None:
    """Say what the table has not said."""
    warn(line for line in opened.warnings if line not in told)
    for error in opened.errors:
        complain(error)


def _words() -> Label:
    label = Label(value="")
    label.native.setWordWrap(True)
    label.native.setTextFormat(Qt.TextFormat.PlainText)  # a file's name is no markup
    label.native.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
    return label


def _canceller(jobs: list[Job]) -> Any:
    """A slot that does not need the widget."""

    def cancel(*_: Any) -> None:
        for job in jobs:
            job.cancel()

    return cancel
