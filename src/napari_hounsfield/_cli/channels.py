"""The command of an operation that takes several channels of a patient: `--channel IMAGE`, as often as there are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_hounsfield.channels import aligned_steps

from .operation import OperationCommand

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_hounsfield.operation import Input

    from . import files


class ChannelsCommand(OperationCommand):
    """Adds further images beside the first; they are put on its grid."""

    def add_input(self, item: Input, word: str) -> None:
        """Add an input, and beside the image its channels."""
        super().add_input(item, word)
        if word == "IMAGE":
            text = "further image of the patient (PET or MR beside CT), put on the grid of IMAGE; once for each"
            self.option("--channel", text, metavar="IMAGE", type=Path, action="append", default=[])
            self.option(
                "--any-frame", "take channels of other frames of reference, where they are known to fit", action="store_true"
            )

    def given(self, values: Mapping[str, Any]) -> list[Path | None]:
        """Files of the inputs and of the channels."""
        return [*super().given(values), *values["channel"]]

    def data(self, values: Mapping[str, Any], reader: files.Reader) -> list[Any]:
        """The inputs, read; the image with its channels."""
        image, *others = super().data(values, reader)
        if not values["channel"]:
            return [image, *others]
        further = [reader.further(path) for path in values["channel"]]
        steps = aligned_steps(image, further, any_frame=values["any_frame"])
        return [reader.console.run(steps, "putting channels on one grid"), *others]
