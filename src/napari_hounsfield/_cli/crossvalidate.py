"""`hounsfield crossvalidate`: models that recognise whole images, compared on the same folds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from .operation import RESERVED
from .options import build, derive
from .usage import Command

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .console import Console


class CrossValidate(Command):
    """Read the table, compare, write record, cost and report; a folder that was begun is gone on with."""

    def __init__(self, name: str, about: str) -> None:
        from napari_hounsfield.images.crossvalidate_params import CrossValidateParams

        super().__init__(name, about)
        self.take("TABLE", "CSV with the columns path,label,patient (paths relative to it), or a folder with a folder a class")
        self.option(
            "--out", "folder for the results; one that was begun is gone on with", metavar="DIR", type=Path, required=True
        )
        self.option(
            "--tag", "TABLE is a folder of DICOM files: attribute whose value is the label", metavar="KEYWORD", default=""
        )
        self.options = derive({name: CrossValidateParams}, RESERVED | {"tag", "table"})[name]
        group = self.parser.add_argument_group("parameters")
        for option in self.options:
            option.add_to(group)

    def run(self, values: Mapping[str, Any], console: Console) -> None:
        """Compare, and print the record or its tables."""
        from napari_hounsfield.images.crossvalidate_params import CrossValidateParams
        from napari_hounsfield.images.crossvalidation import crossvalidate
        from napari_hounsfield.images.fold_store import COST, RECORD, REPORT, FoldStore
        from napari_hounsfield.images.table import read_image_table

        params = build(CrossValidateParams, self.options, values)
        store = FoldStore(values["out"])
        store.check()
        table = read_image_table(values["table"], values["tag"])
        for note in table.notes:
            console.note(f"{values['table'].name}: {note}")
        found = console.run(crossvalidate.steps(table, store, params=params), self.name)
        for each in found.record["unreadable"]:
            console.warn(f"row {each['row']} is left out: {each['reason']}")
        if pairs := found.record["near_duplicates"]:
            console.warn(f"{len(pairs)} pairs of images in different folds are nearly the same; the report lists their rows")
        console.result(found.to_json(), "\n".join([*found.table(), f"wrote {', '.join((RECORD, COST, REPORT))}"]))
