"""`hounsfield demo`: the main job, on a phantom or on a folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._cli_usage import Command, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._cli_console import Console


class Demo(Command):
    """Read, window, filter, find first classes, take samples, train, recognise and evaluate."""

    def __init__(self, name: str, about: str) -> None:
        super().__init__(name, about)
        self.take("FOLDER", "DICOM series to work on instead of the phantom", required=False, shown="[FOLDER]")
        self.option("--reference", "labels to compare with", metavar="LABELS", type=Path)
        folder = Path("hounsfield-demo")
        self.option("--out", f"where the results go [default {folder}]", metavar="DIR", type=Path, default=folder)
        self.option("--viewer", "show the same in napari, step by step", action="store_true")

    def run(self, values: Mapping[str, Any], console: Console) -> None:
        """Run it, and print its table."""
        if values["viewer"]:
            _show(values)
            return
        from .demo.run import run

        result = console.run(run(values["folder"], values["reference"], values["out"]), "demo")
        console.result(result.to_json(), "\n".join(result.table()))


def _show(values: Mapping[str, Any]) -> None:
    try:
        from ._napari.demo import show_demo
    except ModuleNotFoundError as missing:
        if (missing.name or "").startswith(__package__ or ""):
            raise
        raise UsageError(f"--viewer: {missing.name} is not installed; install napari-hounsfield[napari]") from None
    show_demo(values["folder"], values["reference"], values["out"])
