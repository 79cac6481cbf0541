"""`hounsfield demo`: the main job, on a phantom or on a folder."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .operation import RESERVED
from .options import build, derive
from .usage import Command, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_hounsfield.demo.run import DemoParams

    from .console import Console

VIEWER = ("napari", "magicgui", "qtpy", "superqt")
QT = ("PyQt6", "PySide6")


class Demo(Command):
    """Read, window, filter, find first classes, take samples, train, recognise and evaluate."""

    def __init__(self, name: str, about: str) -> None:
        from napari_hounsfield.demo.run import OUT, DemoParams

        super().__init__(name, about)
        self.take("FOLDER", "DICOM series to work on instead of the phantom", required=False, shown="[FOLDER]")
        self.option("--reference", "labels to compare with", metavar="LABELS", type=Path)
        self.option("--out", f"where the results go [default {OUT}]", metavar="DIR", type=Path, default=OUT)
        self.option("--viewer", "show the same in napari, step by step", action="store_true")
        self.options = derive({"demo": DemoParams}, RESERVED | {"reference", "viewer"})["demo"]
        group = self.parser.add_argument_group("parameters of the steps")
        for option in self.options:
            option.add_to(group)

    def run(self, values: Mapping[str, Any], console: Console) -> None:
        """Run it, and print its table."""
        from napari_hounsfield.demo.run import DemoParams, run

        params = build(DemoParams, self.options, values)
        given = values["folder"], values["reference"], values["out"]
        if values["viewer"]:
            _show(*given, params)
            return
        out: Path = values["out"]
        made_here = not out.exists()
        try:
            result = console.run(run(*given, params), "demo")
        finally:
            if made_here:
                with suppress(OSError):  # goes only where nothing was written into it
                    out.rmdir()
        console.result(result.to_json(), "\n".join(result.table()))


def _show(folder: Path | None, reference: Path | None, out: Path, params: DemoParams) -> None:
    from importlib.util import find_spec

    missing = [name for name in VIEWER if find_spec(name) is None] or ([] if any(map(find_spec, QT)) else [" or ".join(QT)])
    if missing:
        raise UsageError(f"--viewer: {missing[0]} is not installed; install napari-hounsfield[napari] and a Qt binding")
    from napari_hounsfield._napari.demo import show_demo

    show_demo(folder, reference, out, params)
