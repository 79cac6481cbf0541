"""`hounsfield to-slicer`: a folder that 3D Slicer opens."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import files
from .operation import RESERVED
from .options import build, derive
from .usage import Command

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .console import Console


class ToSlicer(Command):
    """Write an image, its labels and their measurements as files that 3D Slicer opens."""

    def __init__(self, name: str, about: str) -> None:
        super().__init__(name, about)
        self.take("IMAGE", files.describe("IMAGE"))
        self.take("LABELS", files.describe("LABELS"))
        self.take("FOLDER", "folder to write: image.nrrd, segmentation.seg.nrrd, measurements.csv")
        self.option("--overwrite", "replace what is there already", action="store_true")
        self.options = derive({"read": files.read_params()}, RESERVED)["read"]
        group = self.parser.add_argument_group("reading of IMAGE")
        for option in self.options:
            option.add_to(group)

    def run(self, values: Mapping[str, Any], console: Console) -> None:
        """Read both, measure, write."""
        from napari_hounsfield.formats.label_reading import read_labels
        from napari_hounsfield.formats.slicer_folder import send_to_slicer_steps

        reader = files.Reader(console, build(files.read_params(), self.options, values))
        folder: Path = values["folder"]
        volume, labels = reader.image(values["image"]), read_labels(values["labels"])
        console.run(send_to_slicer_steps(folder, volume, labels, overwrite=values["overwrite"]), "to-slicer")
        written = sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
        said = {"folder": str(folder), "files": written, "warnings": reader.warnings}
        console.result(said, f"wrote {folder.name}: {', '.join(written)}")
