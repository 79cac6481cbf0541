"""From an entry of the table of commands to the command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_hounsfield.operation import Operation

if TYPE_CHECKING:
    from .usage import Command


def command_of(name: str, about: str, thing: Any) -> Command:
    """The command for what an entry names: derived from an operation, or made by a class of its own."""
    from .operation import OperationCommand
    from .tables import TableCommand

    if not isinstance(thing, Operation):
        command: Command = thing(name, about)
        return command
    kind = TableCommand if hasattr(thing.result, "table") else OperationCommand
    return kind(name, about, thing)
