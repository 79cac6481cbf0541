"""`hounsfield convert`: read, and write in the format of the suffix."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import files
from .operation import RESERVED
from .options import build, derive
from .summary import content, sentence
from .usage import Command

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_hounsfield.volume import LabelMap, Volume

    from .console import Console


class Convert(Command):
    """Read one image or label map, and write it."""

    def __init__(self, name: str, about: str) -> None:
        super().__init__(name, about)
        self.take("PATH", "folder or file to read")
        self.take("OUT", "file to write (.nii.gz, .nrrd, .mha, .ome.zarr; labels also .seg.nrrd, .dcm)")
        self.option("--source", f"{files.SOURCE}, for OUT in DICOM", metavar="SERIES", type=Path)
        self.option("--overwrite", "replace what is there already", action="store_true")
        self.options = derive({"read": files.read_params()}, RESERVED)["read"]
        group = self.parser.add_argument_group("parameters")
        for option in self.options:
            option.add_to(group)

    def run(self, values: Mapping[str, Any], console: Console) -> None:
        """Check the target, read, write."""
        reader = files.Reader(console, build(files.read_params(), self.options, values))
        target: Path = values["out"]
        files.check([target], files.LABEL_SUFFIXES, values["overwrite"], [values["path"]])
        source = reader.source(values.get("source"))
        data = self._read(values["path"], target, reader)
        files.require_source(target, source, [data])
        files.save([target], data, source, values["overwrite"])
        said = {"files": [str(target)]} | content(data) | {"warnings": reader.warnings}
        console.result(said, f"wrote {target.name}: {sentence(data)}")

    def _read(self, path: Path, target: Path, reader: files.Reader) -> Volume | LabelMap:
        """What is there; as labels where the target can hold nothing else."""
        from napari_hounsfield.formats.atomic import full_suffix
        from napari_hounsfield.formats.reading import kind_of, read_labels

        if full_suffix(target) in files.LABELS_ONLY and kind_of(path) not in ("folder", "DICOM"):
            return read_labels(path)
        return reader.whatever(path)
