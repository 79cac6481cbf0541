"""*Open DICOM*: choose a folder or file, then series, then window and threshold."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from magicgui.widgets import ComboBox, Container, Label, LineEdit, PushButton, Table, Widget, show_file_dialog

from napari_hounsfield.dicom.scan import scan_steps
from napari_hounsfield.intensity import ThresholdParams, WindowParams

from .bridge import add, worlds
from .fields import literals
from .form import RunBar
from .layout import Dock, rows
from .notices import complain, warn
from .opening import Opened, Opening, open_series, openable, scan_warnings
from .preferences import preferences
from .worker import Job

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_hounsfield.dicom.scan import Scan

COLUMNS = ("series", "description", "size", "spacing (mm)")


class OpenDicom(Dock):
    """Dock with the series of a folder; opens those that are selected."""

    def __init__(self, napari_viewer: ViewerModel) -> None:
        self._viewer = napari_viewer
        self._series: list[Any] = []
        self._scanning: Job | None = None
        self._open_what_is_found = False
        chosen = preferences()
        self._path = LineEdit(name="path", tooltip="A folder with DICOM files, or one file of any name")
        folder, file = PushButton(text="Folder…"), PushButton(text="File…")
        self._said = Label(value="Choose a folder or file")
        self._table = Table(value=_table([]))
        self._table.read_only = True
        self._window = ComboBox(
            name="window", choices=[w for w in literals(WindowParams, "preset") if w != "custom"], value=chosen.window,
            tooltip="Contrast limits of images in HU",
        )  # fmt: skip
        self._threshold = ComboBox(
            name="threshold", choices=["none", *(t for t in literals(ThresholdParams, "tissue") if t != "custom")],
            value=chosen.threshold, tooltip="Also give the mask of this range",
        )  # fmt: skip
        self._bar = RunBar(self.open, "Open", "Read the selected series")
        buttons = Container(widgets=[folder, file], layout="horizontal", labels=False)
        buttons.margins = (0, 0, 0, 0)
        parts: list[Widget] = [
            rows([self._path]),
            buttons,
            self._said,
            self._table,
            rows([self._window, self._threshold]),
            self._bar,
        ]
        super().__init__(rows(parts, labels=False), stretch=False)
        self.setMinimumWidth(420)
        folder.changed.connect(lambda: self._ask("d"))
        file.changed.connect(lambda: self._ask("r"))
        self._path.native.returnPressed.connect(self.scan)
        self._path.changed.connect(self._forget)

    def _ask(self, mode: str) -> None:
        chosen = show_file_dialog(mode, caption="Open DICOM")
        if chosen:
            self._path.value = str(chosen)
            self.scan()

    def scan(self) -> None:
        """List the series at the path."""
        self._forget()
        path = Path(self._path.value).expanduser()
        self._said.value = "Reading headers…"
        self._scanning = Job(scan_steps(path), self.offer, self._failed)

    def _forget(self, *_: Any) -> None:
        """Clear the table, so that what is opened is always what the path shows."""
        if self._scanning is not None:
            self._scanning.cancel()
        self._open_what_is_found = False
        self._series = []
        self._table.value = _table([])
        self._said.value = "Press Enter to list the series" if self._path.value else "Choose a folder or file"

    def _failed(self, message: str) -> None:
        self._open_what_is_found = False
        self._said.value = message
        complain(message)

    def offer(self, found: Scan) -> None:
        """Show the series of a scan, the first selected, and say once what cannot be read."""
        self._series = openable(found)
        self._table.value = _table(self._series)
        self._table.native.selectRow(0)
        self._table.native.resizeColumnsToContents()
        others = f"; {len(found.skipped)} other file(s)" if found.skipped else ""
        self._said.value = f"{found.name}: {len(self._series)} series{others}"
        warn(scan_warnings(found))
        if self._open_what_is_found and len(self._series) == 1:
            self.open()
        self._open_what_is_found = False

    @property
    def selected(self) -> list[Any]:
        """The series whose rows are selected."""
        return [self._series[index.row()] for index in self._table.native.selectionModel().selectedRows()]

    def open(self) -> None:
        """Read the selected series in a thread and add their layers; a path that was only typed is listed first."""
        if not self._series and self._path.value:
            self.scan()
            self._open_what_is_found = True
            return
        if not self.selected:
            complain("no series is selected")
            return
        how = Opening(self._window.value, self._threshold.value, worlds(self._viewer))
        self._bar.start(open_series(self.selected, how), self._add)

    def _add(self, opened: Opened) -> None:
        add(self._viewer, opened.layers)
        warn(opened.warnings)


def _table(series: list[Any]) -> dict[str, Any]:
    numbers = list(range(1, len(series) + 1))
    return {"data": [_row(one) for one in series], "index": numbers, "columns": list(COLUMNS)}


def _row(series: Any) -> list[str]:
    size = " x ".join(str(n) for n in series.shape or ())
    spacing = " x ".join(f"{s:.3g}" for s in series.spacing or ())
    return [series.name, series.description, size, spacing]
