"""`hounsfield classify`: what whole images are of, by a trained classifier that is loaded once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_hounsfield.errors import ModelError

from . import files
from .operation import RESERVED
from .options import build, derive
from .usage import Command

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .console import Console


class Classify(Command):
    """Read the model, classify every image, print or write the table."""

    def __init__(self, name: str, about: str) -> None:
        from napari_hounsfield.images.classification import ClassifyParams

        super().__init__(name, about)
        self.take("PATH", "images, folders of pictures, or folders of a series", to="paths", shown="PATH...", many=True)
        self.option("--model", "classifier, as `hounsfield train-images` writes it", metavar="MODEL", type=Path, required=True)
        self.option("--out", f"write the table there ({', '.join(files.TABLE_SUFFIXES)})", metavar="OUT", type=Path)
        self.option("--overwrite", "replace what is there already", action="store_true")
        self.options = derive({name: ClassifyParams}, RESERVED | {"paths"})[name]
        group = self.parser.add_argument_group("parameters")
        for option in self.options:
            option.add_to(group)

    def run(self, values: Mapping[str, Any], console: Console) -> None:
        """Classify, and say which image is what."""
        from napari_hounsfield.images.classification import ClassifyParams, classify
        from napari_hounsfield.images.classifier import ImageClassifier
        from napari_hounsfield.images.image_list import image_list
        from napari_hounsfield.model_file import load_model

        params = build(ClassifyParams, self.options, values)
        out: Path | None = values["out"]
        if out is not None:
            files.check([out], files.TABLE_SUFFIXES, values["overwrite"], [values["model"], *values["paths"]])
        classifier = load_model(values["model"])
        if not isinstance(classifier, ImageClassifier):
            raise ModelError(f"{values['model'].name}: recognises voxels; `hounsfield segment` takes it")
        images = image_list(values["paths"])
        found = console.run(classify.steps(images, classifier, params=params), self.name)
        for row, reason in found.unreadable:
            console.warn(f"{images.entries[row - 1].path.name}: {reason}")
        names = {entry.row: str(entry.path) for entry in images.entries}
        rows = [{"path": names[row["row"]]} | row for row in found.rows()]
        if out is not None:
            files.save([out], rows, None, values["overwrite"])
        said = found.to_json()
        said["images"] = [{"path": names[each["row"]]} | each for each in said["images"]]
        console.result(said, "\n".join(found.table()))
