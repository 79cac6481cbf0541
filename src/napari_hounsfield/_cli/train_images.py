"""`hounsfield train-images`: a classifier of whole images from a table of them."""

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


class TrainImages(Command):
    """Read the table, train on all of it, write the model."""

    def __init__(self, name: str, about: str) -> None:
        from napari_hounsfield.images.image_training import TrainImagesParams

        super().__init__(name, about)
        self.take("TABLE", "CSV with the columns path,label,patient (paths relative to it), or a folder with a folder a class")
        self.take("MODEL", f"file to write ({', '.join(files.MODEL_SUFFIXES)})", to="out")
        text = "folder of `hounsfield crossvalidate` on the same TABLE, whose figures go onto the model's card"
        self.option("--comparison", text, metavar="DIR", type=Path)
        self.option(
            "--tag", "TABLE is a folder of DICOM files: attribute whose value is the label", metavar="KEYWORD", default=""
        )
        self.option("--overwrite", "replace what is there already", action="store_true")
        self.options = derive({name: TrainImagesParams}, RESERVED - {"model"} | {"tag", "table", "comparison"})[name]
        group = self.parser.add_argument_group("parameters")
        for option in self.options:
            option.add_to(group)

    def run(self, values: Mapping[str, Any], console: Console) -> None:
        """Train, and say on what."""
        from napari_hounsfield.images.comparison_reading import read_comparison
        from napari_hounsfield.images.image_training import TrainImagesParams, train_images
        from napari_hounsfield.images.table import read_image_table

        params = build(TrainImagesParams, self.options, values)
        out: Path = values["out"]
        files.check([out], files.MODEL_SUFFIXES, values["overwrite"], [values["table"]])
        table = read_image_table(values["table"], values["tag"])
        for note in table.notes:
            console.note(f"{values['table'].name}: {note}")
        comparison = None if values["comparison"] is None else read_comparison(values["comparison"])
        model = console.run(train_images.steps(table, comparison, params=params), self.name)
        if left_out := model.card["data"]["unreadable"]:
            console.warn(f"{left_out} images could not be read, and are left out")
        model.save(out, values["overwrite"])
        said = {"model": model.kind, "classes": list(model.classes), "card": dict(model.card), "outputs": [str(out)]}
        data = model.card["data"]
        console.result(said, f"wrote {out.name}: {model.kind}, {data['images']} images of {data['patients']} patients")
