"""The command line `hounsfield`: which commands there are, and how each one ends.

The table is static, so that `hounsfield --help` imports no operation, and a command only its own.
"""

from __future__ import annotations

import importlib
import os
import sys
from contextlib import contextmanager, nullcontext, redirect_stdout
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from ._cli.usage import COMMON_DEFAULTS, Parser, UsageError, add_common
from ._version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DONE, INTERRUPTED, PIPE_CLOSED, TERMINATED = 0, 130, 141, 143


class Entry(NamedTuple):
    """One command: where its operation (or its own `Command`) is, and what it does."""

    module: str
    attribute: str
    summary: str


COMMANDS = {
    "demo": Entry("_cli.demo", "Demo", "the whole job on a phantom, or the first half of it on FOLDER"),
    "info": Entry("_cli.info", "Info", "what is in a file or folder: series, geometry, what was skipped and why"),
    "convert": Entry("_cli.convert", "Convert", "read, and write in the format of the suffix"),
    "to-slicer": Entry("_cli.to_slicer", "ToSlicer", "a folder that 3D Slicer opens: image, segmentation, measurements"),
    "window": Entry("intensity", "window", "intensities in a window of values, as 0 to 1"),
    "threshold": Entry("intensity", "threshold", "a mask of the voxels in a range or of a tissue"),
    "gabor": Entry("gabor_bank", "gabor", "Gabor filter responses"),
    "features": Entry("feature_stack", "features", "the maps that a classifier sees: window, Gabor and others"),
    "classes": Entry("pixels.first_classes", "classes", "first classes, found without supervision"),
    "suggest-classes": Entry(
        "pixels.class_count", "suggest_classes", "how many first classes there may be, and the curve for it"
    ),
    "samples": Entry("pixels.sampling", "samples", "strokes for training and for testing, from a draft of labels"),
    "train": Entry("pixels.training", "train", "train a classifier on strokes"),
    "segment": Entry("pixels.recognition", "segment", "recognise a whole image with a trained classifier"),
    "evaluate": Entry("evaluation.agreement", "evaluate", "sensitivity, specificity, accuracy, overlap against a reference"),
    "measure": Entry("evaluation.measurement", "measure", "volume and intensities of every class"),
    "clean": Entry("cleaning", "clean", "drop islands and what touches the border, fill holes"),
    "match": Entry("matching", "match", "labels on the grid of an image"),
    "margin": Entry("editing.margin", "margin", "grow or shrink classes by mm"),
    "smooth": Entry("editing.smooth", "smooth", "smooth classes, several together without gaps"),
    "islands": Entry("editing.islands", "islands", "keep, remove or split the connected parts of classes"),
    "fill-holes": Entry("editing.fill_holes", "fill_holes", "fill what classes enclose"),
    "combine": Entry("editing.combine", "combine", "union, intersection, difference of classes"),
    "interpolate": Entry("editing.interpolate", "interpolate", "fill the slices between painted ones, by shape"),
    "copy-slice": Entry("editing.copy_slice", "copy_slice", "copy classes from one slice to another"),
    "scissors": Entry("editing.scissors", "scissors", "erase or fill classes along a polygon through slices"),
    "fill-range": Entry("editing.fill_range", "fill_range", "give the voxels of a range of values to a class, in a region"),
    "grow-region": Entry("editing.grow_region", "grow_region", "grow a class from seeds by the values of the image"),
    "from-seeds": Entry("editing.from_seeds", "from_seeds", "grow all classes from seeds up to the edges in the image"),
    "crossvalidate": Entry("_cli.crossvalidate", "CrossValidate", "compare models that recognise whole images, fold by fold"),
    "train-images": Entry("_cli.train_images", "TrainImages", "train a classifier of whole images"),
    "classify": Entry("_cli.classify", "Classify", "say what whole images are of"),
    "surfaces": Entry("meshes.extraction", "surfaces", "smooth surfaces of classes, as STL or PLY"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status.

    0 done; 2 bad usage or bad input; 130 interrupted; 141 the reader of our output left; 143 ended by a batch system; 1 a mistake
    of ours.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    with _quiet_libraries(), _terminable():
        try:
            status = _run(arguments)
            sys.stdout.flush()
        except SystemExit as stop:  # --help, --version, and the signal to end
            return int(stop.code or 0)
        except KeyboardInterrupt:
            return _leave(INTERRUPTED, "interrupted")
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the interpreter flushes once more at its end
            return PIPE_CLOSED
        except BaseException as error:
            from ._cli.errors import ending

            if "--traceback" in arguments:
                import traceback

                traceback.print_exception(error)
            return _leave(*ending(error))
    return status


def _run(arguments: list[str]) -> int:
    parser = _top_parser()
    settings, rest = _split(parser, arguments)
    if not rest:
        parser.print_help()
        return DONE
    name, *words = rest
    if name not in COMMANDS:
        raise UsageError(f"{name}: no such command; there are {', '.join(COMMANDS)}")
    from ._cli.commands import command_of

    entry = COMMANDS[name]
    command = command_of(name, entry.summary, getattr(importlib.import_module(f".{entry.module}", __package__), entry.attribute))
    values: dict[str, Any] = COMMON_DEFAULTS | settings | command.parse(words)
    from . import runtime
    from ._cli.console import Console

    runtime.configure(values["device"], values["threads"])
    console = Console(values["json"])
    with redirect_stdout(sys.stderr) if values["json"] else nullcontext(), console.logged():
        command.run(values, console)
    return DONE


def _top_parser() -> Parser:
    width = max(map(len, COMMANDS))
    listing = "\n".join(f"  {name:<{width}}  {entry.summary}" for name, entry in COMMANDS.items())
    parser = Parser(
        "hounsfield",
        usage="hounsfield COMMAND ... [--help]",
        description="Recognition of medical images in Hounsfield units. Not for diagnosis.",
        epilog=f"commands:\n{listing}\n\n`hounsfield COMMAND --help` lists what a command takes.",
    )
    parser.add_argument("--version", action="version", version=f"napari-hounsfield {__version__}")
    add_common(parser)
    return parser


def _split(parser: Parser, arguments: list[str]) -> tuple[dict[str, Any], list[str]]:
    """Common options before the command, and the rest from the command on."""
    takes_value = ("--device", "--threads")
    start = 0
    while start < len(arguments) and arguments[start].startswith("-"):
        start += 2 if arguments[start] in takes_value else 1
    return vars(parser.parse_args(arguments[:start])), arguments[start:]


def _leave(status: int, line: str) -> int:
    from contextlib import suppress

    with suppress(OSError):
        print(f"hounsfield: {line}", file=sys.stderr)
    return status


@contextmanager
def _quiet_libraries() -> Iterator[None]:
    """Keep what libraries warn and log off the terminal: it can hold values of the file, and our own words say what matters."""
    import logging
    import warnings

    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # names in files may hold letters that the terminal's encoding lacks
            stream.reconfigure(errors="backslashreplace")
    last_resort = logging.lastResort
    with warnings.catch_warnings():
        if not sys.warnoptions:
            warnings.simplefilter("ignore")
        logging.lastResort = logging.NullHandler()  # without any, Python complains on the terminal that there is none
        try:
            yield
        finally:
            logging.lastResort = last_resort


@contextmanager
def _terminable() -> Iterator[None]:
    """Leave by the way of errors when asked to end, so that no temporary file stays behind."""
    import signal
    import threading

    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def leave(number: int, frame: object) -> NoReturn:
        raise SystemExit(TERMINATED)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


if __name__ == "__main__":
    sys.exit(main())
