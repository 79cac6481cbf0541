"""`hounsfield convert`: read, and write in the format of the suffix."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import _cli_files as files
from ._cli_operation import RESERVED
from ._cli_options import build, derive
from ._cli_summary import content, sentence
from ._cli_usage import Command

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._cli_console import Console


class Convert(Command):
    """Read one image or label map, and write it."""

    def __init__(self, name: str, about: str) -> None:
        super().__init__(name, about)
        self.take("PATH", "folder or file to read")
        self.take("OUT", "file to write (.nii.gz, .nrrd, .mha; labels also .seg.nrrd, .dcm)")
        self.option("--source", "DICOM series that labels belong to, for OUT in DICOM", metavar="SERIES", type=Path)
        self.option("--overwrite", "replace what is there already", action="store_true")
        self.options = derive({"read": files.read_params()}, RESERVED)["read"]
        group = self.parser.add_argument_group("parameters")
        for option in self.options:
            option.add_to(group)

    def run(self, values: Mapping[str, Any], console: Console) -> None:
        """Check the target, read, write."""
        reader = files.Reader(console, build(files.read_params(), self.options, values))
        target: Path = values["out"]
        files.check([target], files.LABEL_SUFFIXES, values["overwrite"])
        source = reader.source(values.get("source"))
        data = reader.whatever(values["path"])
        files.require_source(target, source, [data])
        files.save([target], data, source, values["overwrite"])
        console.result({"files": [str(target)]} | content(data), f"wrote {target.name}: {sentence(data)}")
