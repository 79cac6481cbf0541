"""What is common to every command: the parser with one-line errors, and the options that all commands have."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from napari_hounsfield.errors import HounsfieldError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .console import Console

NEGATIVE = re.compile(r"-(\.?\d|inf|nan)")
"""A word that begins with a dash and is a number, or a list of numbers, all the same."""


class UsageError(HounsfieldError):
    """A command line that cannot be run."""


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, raised."""

    def __init__(self, prog: str, **settings: object) -> None:
        width = argparse.RawDescriptionHelpFormatter
        super().__init__(prog, allow_abbrev=False, formatter_class=width, **settings)  # type: ignore[arg-type]

    def error(self, message: str) -> NoReturn:
        """Raise UsageError instead of printing the usage and leaving."""
        message = re.sub(r"^argument ([^:]*): ", r"\1: ", message).replace("\n", " ")
        raise UsageError(f"{message} (see {self.prog} --help)")


def add_common(parser: argparse.ArgumentParser) -> None:
    """Add the options of every command; they may stand before the command or after it."""
    group = parser.add_argument_group("common options")
    quiet: Any = {"default": argparse.SUPPRESS}
    group.add_argument("--device", choices=("auto", "cpu", "cuda", "mps"), help="what computes networks [default auto]", **quiet)
    group.add_argument("--threads", type=int, metavar="N", help="threads to compute with [default 0: one a core]", **quiet)
    group.add_argument("--json", action="store_true", help="print JSON on standard output, and nothing else there", **quiet)
    group.add_argument("--traceback", action="store_true", help="show where an unexpected error arose", **quiet)


COMMON_DEFAULTS: dict[str, Any] = {"device": "auto", "threads": 0, "json": False, "traceback": False}


class Command:
    """One command: what it takes, and what it does.

    A subclass adds its arguments in `__init__` and overrides `run`.
    """

    def __init__(self, name: str, about: str) -> None:
        self.name = name
        self.parser = Parser(f"hounsfield {name}", description=about[0].upper() + about[1:] + ".")
        self._usage = self.parser.prog

    def take(self, word: str, about: str, *, to: str = "", required: bool = True, shown: str = "", many: bool = False) -> None:
        """Add a positional path, or as many as are given, called `word` in the help and `to` in the values."""
        settings: Any = {"nargs": "+"} if many else {} if required else {"nargs": "?"}
        self.parser.add_argument(to or word.lower(), metavar=word, type=Path, help=about, **settings)
        self._usage += f" {shown or word}"

    def option(self, flag: str, about: str, **settings: Any) -> None:
        """Add an option that is not a parameter of the operation."""
        self.parser.add_argument(flag, help=about, **settings)
        if settings.get("required"):
            self._usage += f" {flag} {settings['metavar']}"

    def parse(self, words: Sequence[str]) -> dict[str, Any]:
        """What was typed, by name; arguments that were left out and have no default are not in it."""
        self.parser.usage = f"{self._usage} [options]"
        add_common(self.parser)
        return vars(self.parser.parse_args(joined(words)))

    def run(self, values: Mapping[str, Any], console: Console) -> None:
        """Do it, and print the result."""
        raise NotImplementedError


def joined(words: Sequence[str]) -> list[str]:
    """The command line with `--name -30,30` as `--name=-30,30`: argparse takes the second word for an option otherwise."""
    result: list[str] = []
    for word in words:
        if result and result[-1].startswith("--") and result[-1] != "--" and "=" not in result[-1] and NEGATIVE.match(word):
            result[-1] += "=" + word
        else:
            result.append(word)
    return result
