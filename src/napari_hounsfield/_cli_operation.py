"""The command of an operation: its data as files, its parameters as options, its result written or printed."""

from __future__ import annotations

import inspect
import re
import shutil
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import _cli_files as files
from ._cli_options import Option, build, derive
from ._cli_summary import record, sentence
from ._cli_usage import COMMON_DEFAULTS, Command
from .operation import Input, Operation, Params
from .volume import Features, Volume

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._cli_console import Console

RESERVED = {*COMMON_DEFAULTS, "help", "source", "overwrite", "out", "model", "preset"}
"""Names of options that are not parameters."""


def command_of(name: str, about: str, thing: Any) -> Command:
    """The command for an entry of the table: derived from an operation, or made by a class of its own."""
    command: Command = OperationCommand(name, about, thing) if isinstance(thing, Operation) else thing(name, about)
    return command


class OperationCommand(Command):
    """A command derived from an operation.

    Its required data are positionals (IMAGE, LABELS, STROKES, ...), then OUT or MODEL where the result is a file; a model to work
    with and optional data are options (`--model`, `--test`, `--region`); all other options come from the parameter models.
    """

    def __init__(self, name: str, about: str, operation: Operation[..., Any]) -> None:
        super().__init__(name, about)
        self.operation = operation
        self.parser.description = _description(operation) or self.parser.description
        self.images = any(item.kinds[0] is Volume for item in operation.inputs)
        self.options = self._derived()
        for item in operation.inputs:
            self._add_input(item)
        self._add_output()
        for group, options in self.options.items():
            title = self.parser.add_argument_group("reading of IMAGE" if group == "read" else "parameters")
            for option in options:
                option.add_to(title)

    def _derived(self) -> dict[str, list[Option]]:
        model = self.operation.params_type
        models: dict[str, type[Params]] = {self.name: model}
        if self.images:
            models["read"] = files.read_params()
        reserved = RESERVED | {item.name for item in self.operation.inputs if not item.required and word_of(item)}
        if model.presets and "preset" not in model.model_fields:  # a field of that name stands for the presets itself
            self.option("--preset", "named set of parameters; options that are given overrule it", choices=tuple(model.presets))
        else:
            reserved -= {"preset"}
        return derive(models, reserved)

    def _add_input(self, item: Input) -> None:
        word = word_of(item)
        if word == "MODEL" or (word and not item.required):
            flag = "--" + word.lower().replace("_", "-")
            self.option(flag, files.describe(word), dest=item.name, metavar=word, type=Path, required=item.required)
        elif word:
            self.take(word, files.describe(word), to=item.name)

    def _add_output(self) -> None:
        result = self.operation.result
        if hasattr(result, "table"):
            self.option("--out", "write the table there too (.csv or .json)", metavar="FILE", type=Path)
        else:
            word = "OUT" if issubclass(result, (Volume, Features, *files.LABELS)) else "MODEL"
            self.take(word, f"file to write ({', '.join(files.suffixes(result))})", to="out")
        if issubclass(result, files.LABELS):
            text = "DICOM series that the labels belong to, for OUT in DICOM where IMAGE is none"
            self.option("--source", text, metavar="SERIES", type=Path)
        self.option("--overwrite", "replace what is there already", action="store_true")

    def run(self, values: Mapping[str, Any], console: Console) -> None:
        """Check what was asked for, read, compute, write, and say what came of it."""
        params = build(self.operation.params_type, self.options[self.name], values, values.get("preset"))
        reader = files.Reader(console, build(files.read_params(), self.options["read"], values) if self.images else None)
        out: Path | None = values["out"]
        targets = [] if out is None else files.targets(out, self.operation.result, params)
        if out is not None:
            files.check(targets, files.suffixes(self.operation.result), values["overwrite"])
        source = reader.source(values.get("source"))
        data = [reader.load(item.kinds, values.get(item.name)) for item in self.operation.inputs]
        if out is not None:
            files.require_source(out, source, data)
        result = console.run(self.operation.steps(*data, params=params), self.name)
        written = files.save(targets, result, source, values["overwrite"]) if targets else []
        text = sentence(result)
        if written:
            names = ", ".join(path.name for path in written)
            text = f"{text}\nwrote {names}" if hasattr(result, "table") else f"wrote {names}: {text}"
        console.result(record(self.name, result, written), text)


def word_of(item: Input) -> str:
    """What stands for an input on the command line: IMAGE, MODEL, its name for labels; nothing for what no file holds."""
    kind = item.kinds[0]
    if kind is Volume:
        return "IMAGE"
    if kind is Features:  # spares a script the time of computing them again, and is no file that could be read back
        return ""
    return item.name.upper() if kind in files.LABELS else "MODEL"


def _description(operation: Operation[..., Any]) -> str:
    """The operation's documentation up to its first section."""
    text = inspect.cleandoc(operation.__doc__ or "")
    paragraphs = re.split(r"\n\n\w+\n-{3,}", text)[0].replace("`", "").split("\n\n")
    width = min(shutil.get_terminal_size().columns - 2, 100)
    return "\n\n".join(textwrap.fill(paragraph, width) for paragraph in paragraphs)
