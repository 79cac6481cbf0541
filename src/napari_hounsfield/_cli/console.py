"""What a command says: progress on a terminal, then either one human line and tables, or JSON and nothing else."""

from __future__ import annotations

import json
import logging
import math
import sys
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

if TYPE_CHECKING:
    from napari_hounsfield.operation import Progress

R = TypeVar("R")

_BAR = 24


class Console:
    """Where a command's words go.

    Parameters
    ----------
    as_json
        Print results as JSON instead of for people.

    Attributes
    ----------
    warnings
        What was left out, corrected or assumed, for the list in JSON; people are told at once.
    """

    def __init__(self, as_json: bool = False) -> None:
        self.as_json = as_json
        self.warnings: list[str] = []
        self._out = sys.stdout  # kept, so that what libraries print meanwhile can be sent elsewhere

    def run(self, steps: Generator[Progress, None, R], title: str) -> R:
        """Run a generator to its end, with a bar where standard error is a terminal; closed whatever happens."""
        terminal, drawn = sys.stderr.isatty(), 0.0
        with closing(steps):
            try:
                while True:
                    progress = next(steps)
                    if terminal and time.monotonic() - drawn > 0.1:
                        drawn = time.monotonic()
                        sys.stderr.write("\r\x1b[K" + bar(progress.fraction, f"{title}: {progress.message or '...'}"))
                        sys.stderr.flush()
            except StopIteration as stop:
                result: R = stop.value
                return result
            finally:
                if drawn:
                    sys.stderr.write("\r\x1b[K")
                    sys.stderr.flush()

    def say(self, text: str) -> None:
        """Print for people; nothing when the result is JSON."""
        if not self.as_json:
            print(printable(text), file=self._out)

    def warn(self, text: str) -> None:
        """Tell people on standard error, and keep it for the list in JSON."""
        self.warnings.append(text)
        if not self.as_json:
            print("hounsfield: warning: " + printable(" ".join(text.split())), file=sys.stderr)

    @contextmanager
    def logged(self) -> Iterator[None]:
        """Warn of what this package logs meanwhile."""
        log, heard = logging.getLogger("napari_hounsfield"), _Heard(self)
        log.addHandler(heard)
        try:
            yield
        finally:
            log.removeHandler(heard)

    def note(self, text: str) -> None:
        """Tell people on standard error what they should know, though nothing is wrong."""
        if not self.as_json:
            print("hounsfield: note: " + printable(text), file=sys.stderr)

    def result(self, record: Mapping[str, Any], text: str) -> None:
        """Print the result: the record as JSON, or the text."""
        if self.as_json:
            print(json.dumps(json_ready(record), indent=1, allow_nan=False), file=self._out)
        else:
            self.say(text)


class _Heard(logging.Handler):
    """Gives what is logged to a console."""

    def __init__(self, console: Console) -> None:
        super().__init__(logging.WARNING)
        self.console = console

    def emit(self, record: logging.LogRecord) -> None:
        self.console.warn(record.getMessage())


def bar(fraction: float, text: str) -> str:
    """One line that shows how far something is, at most 79 characters."""
    filled = round(_BAR * min(max(fraction, 0.0), 1.0))
    return f"[{'#' * filled}{'-' * (_BAR - filled)}] {fraction:4.0%} {printable(text)}"[:79]


def printable(text: str) -> str:
    """Text that a terminal shows and does not obey: names in files can hold control characters."""
    return "".join(c if c.isprintable() or c == "\n" else "?" for c in text)


def json_ready(value: Any) -> Any:
    """Plain JSON types; a number that is not finite becomes null."""
    if isinstance(value, Mapping):
        return {str(key): json_ready(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return json_ready(value.tolist())
    if isinstance(value, list | tuple | set | frozenset):
        return [json_ready(item) for item in value]
    if isinstance(value, np.generic):
        return json_ready(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return str(value) if isinstance(value, PurePath) else value
