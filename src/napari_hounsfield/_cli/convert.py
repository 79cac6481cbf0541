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

    from napari_hounsfield.volume import Source

    from .console import Console


class Convert(Command):
    """Read one image or label map, and write it."""

    def __init__(self, name: str, about: str) -> None:
        super().__init__(name, about)
        self.take("PATH", "folder or file to read")
        self.take(
            "OUT",
            "file to write (.nii.gz, .nrrd, .mha, .ome.zarr; labels also .seg.nrrd; with the patient .dcm, .rtstruct.dcm)",
        )
        self.option("--source", f"{files.SOURCE}, for PATH or OUT in DICOM", metavar="SERIES", type=Path)
        self.option("--overwrite", "replace what is there already", action="store_true")
        derived = derive({"read": files.read_params(), "seg": files.seg_params()}, RESERVED)
        self.options, self.seg_options = derived["read"], derived["seg"]
        for title, options in (("parameters of reading", self.options), ("parameters of DICOM SEG", self.seg_options)):
            group = self.parser.add_argument_group(title)
            for option in options:
                option.add_to(group)

    def run(self, values: Mapping[str, Any], console: Console) -> None:
        """Check the target, read, write."""
        reader = files.Reader(console, build(files.read_params(), self.options, values))
        target: Path = values["out"]
        files.check([target], files.LABEL_SUFFIXES, values["overwrite"], [values["path"]])
        source = reader.source(values.get("source"))
        data = self._read(values["path"], target, reader, source)
        files.require_source(target, source, data if isinstance(data, list) else [data])
        files.save([target], data, source, values["overwrite"], console, build(files.seg_params(), self.seg_options, values))
        said = {"files": [str(target)]} | content(data) | {"warnings": console.warnings}
        console.result(said, f"wrote {target.name}: {sentence(data)}")

    def _read(self, path: Path, target: Path, reader: files.Reader, source: Source | None) -> Any:
        """What is there; as labels where the target can hold nothing else, and as several maps where their classes overlap."""
        from napari_hounsfield.formats.atomic import full_suffix
        from napari_hounsfield.formats.kind import kind_of

        chosen = reader.params.part and kind_of(path) == "DICOM SEG"  # which may hold probabilities
        if full_suffix(target) in files.LABELS_ONLY and kind_of(path) not in ("folder", "DICOM") and not chosen:
            return reader.segments(path, source)
        return reader.whatever(path, source)
