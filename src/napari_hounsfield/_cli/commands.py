"""From an entry of the table of commands to the command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_hounsfield.channels import Channels
from napari_hounsfield.operation import Operation

if TYPE_CHECKING:
    from .usage import Command


def command_of(name: str, about: str, thing: Any) -> Command:
    """The command for what an entry names: derived from an operation, or made by a class of its own."""
    from .operation import OperationCommand

    if not isinstance(thing, Operation):
        command: Command = thing(name, about)
        return command
    if Channels in thing.inputs[0].kinds:
        from .channels import ChannelsCommand

        return ChannelsCommand(name, about, thing)
    if not hasattr(thing.result, "table"):
        return OperationCommand(name, about, thing)
    if name == "evaluate":
        from .evaluate import EvaluateCommand

        return EvaluateCommand(name, about, thing)
    from .tables import TableCommand

    return TableCommand(name, about, thing)
