"""The command of an operation: its data as files, its parameters as options, its result as a file."""

from __future__ import annotations

import inspect
import re
import shutil
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_hounsfield.results import Features
from napari_hounsfield.volume import LabelMap, Volume

from . import files
from .options import Option, build, derive
from .summary import record, sentence
from .usage import COMMON_DEFAULTS, Command

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_hounsfield.operation import Input, Operation, Params

    from .console import Console

RESERVED = {
    *COMMON_DEFAULTS,
    "help",
    "source",
    "overwrite",
    "out",
    "model",
    "cases",
    "preset",
    "report",
    "pseudonyms",
    "channel",
    "any_frame",
}
"""Names of options that are not parameters."""
GROUPS = {"read": "reading of IMAGE", "statistics": "statistics of many cases"}
"""What the options of models beside the operation's own are called."""


class OperationCommand(Command):
    """A command derived from an operation.

    Its required data are positionals (IMAGE, LABELS, STROKES, ...), then OUT or MODEL; a model to work with and optional data are
    options (`--model`, `--test`, `--region`); all other options come from the parameter models.
    """

    def __init__(self, name: str, about: str, operation: Operation[..., Any]) -> None:
        super().__init__(name, about)
        self.operation = operation
        self.inputs = {item.name: word for item in operation.inputs if (word := word_of(item))}
        self.images = "IMAGE" in self.inputs.values()
        self.parser.description = _description(operation) or self.parser.description
        self.options = self._derived()
        for item in operation.inputs:
            if item.name in self.inputs:
                self.add_input(item, self.inputs[item.name])
        self.add_output(operation.result)
        self.option("--overwrite", "replace what is there already", action="store_true")
        for group, options in self.options.items():
            title = self.parser.add_argument_group(GROUPS.get(group, "parameters"))
            for option in options:
                option.add_to(title)

    def _derived(self) -> dict[str, list[Option]]:
        model = self.operation.params_type
        models: dict[str, type[Params]] = {self.name: model}
        if self.images:
            models["read"] = files.read_params()
        reserved = RESERVED | {item.name for item in self.operation.inputs if not item.required and item.name in self.inputs}
        if model.presets and "preset" not in model.model_fields:  # a field of that name stands for the presets itself
            self.option("--preset", "named set of parameters; options that are given overrule it", choices=tuple(model.presets))
        else:
            reserved -= {"preset"}
        return derive(models, reserved)

    def add_input(self, item: Input, word: str) -> None:
        """Add a positional, or an option."""
        if word == "MODEL" or not item.required:
            flag = "--" + word.lower().replace("_", "-")
            self.option(flag, files.describe(word), dest=item.name, metavar=word, type=Path, required=item.required)
        else:
            self.take(word, files.describe(word), to=item.name)

    def add_output(self, result: type) -> None:
        """Add where the result goes."""
        word = "MODEL" if files.suffixes(result) == files.MODEL_SUFFIXES else "OUT"
        self.take(word, f"file to write ({', '.join(files.suffixes(result))})", to="out")
        if issubclass(result, files.LABELS):
            text = f"{files.SOURCE}, for OUT in DICOM where IMAGE is none"
            self.option("--source", text, metavar="SERIES", type=Path)

    def parameters(self, values: Mapping[str, Any]) -> Any:
        """The operation's parameters, from what was typed."""
        return build(self.operation.params_type, self.options[self.name], values, values.get("preset"))

    def reader(self, values: Mapping[str, Any], console: Console) -> files.Reader:
        """What reads the inputs, as was typed."""
        return files.Reader(console, build(files.read_params(), self.options["read"], values) if self.images else None)

    def given(self, values: Mapping[str, Any]) -> list[Path | None]:
        """Files of the inputs, which no output may replace."""
        return [values.get(item.name) for item in self.operation.inputs]

    def data(self, values: Mapping[str, Any], reader: files.Reader) -> list[Any]:
        """The inputs, read."""
        return [reader.load(item.kinds, values.get(item.name)) for item in self.operation.inputs]

    def run(self, values: Mapping[str, Any], console: Console) -> None:
        """Check what was asked for, read, compute, write, and say what came of it."""
        params = self.parameters(values)
        out: Path = values["out"]
        targets = files.targets(out, self.operation.result, params)
        files.check(targets, files.suffixes(self.operation.result), values["overwrite"], self.given(values))
        reader = self.reader(values, console)
        source = reader.source(values.get("source"))
        data = self.data(values, reader)
        files.require_source(out, source, data)
        result = console.run(self.operation.steps(*data, params=params), self.name)
        for line in [*getattr(result, "warnings", ()), *self._nothing(params, data, result)]:
            console.warn(line)
        written = files.save(targets, result, source, values["overwrite"], console)
        said = record(self.name, result, written) | {"warnings": console.warnings}
        console.result(said, f"wrote {', '.join(path.name for path in written)}: {sentence(result)}")

    def _nothing(self, params: Params, data: list[Any], result: Any) -> list[str]:
        """Why an edit of labels changed nothing, since its output looks like any other."""
        from napari_hounsfield.editing.params import EditParams

        if isinstance(params, EditParams):
            from napari_hounsfield.editing.unchanged import unchanged

            labels = next(each for item, each in zip(self.operation.inputs, data, strict=True) if LabelMap in item.kinds)
            if said := unchanged(params, labels, result):
                return [said]
        return []


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
