"""The command line as a whole: what it prints where, how it ends, and that it starts light. On small operations of its own."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Generator
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

import napari_hounsfield as nh
from napari_hounsfield import cli
from napari_hounsfield._cli.commands import command_of
from napari_hounsfield._cli.console import bar, json_ready, printable
from napari_hounsfield._cli.files import (
    IMAGE_SUFFIXES,
    LABEL_SUFFIXES,
    MODEL_SUFFIXES,
    REPORT_SUFFIX,
    SURFACE_SUFFIXES,
    TABLE_SUFFIXES,
)
from napari_hounsfield.operation import Params, Progress, in_words, number, operation

Run = Callable[..., SimpleNamespace]


class ShiftParams(Params):
    by: float = number(1.0, -100, 100, unit="HU")
    """What is added."""


@operation("shift", ShiftParams)
def shift(volume: nh.Volume, params: ShiftParams) -> Generator[Progress, None, nh.Volume]:
    """Add a number.

    Parameters
    ----------
    volume
        Any.
    params
        How much.
    """
    print("a library prints this")
    yield Progress(0.5, "half")
    return volume.like(volume.array + np.float32(params.by))


@operation("fail", ShiftParams)
def fail(volume: nh.Volume, params: ShiftParams) -> Generator[Progress, None, nh.Volume]:
    """Meet the error that `by` stands for."""
    yield Progress(0)
    raise {
        1: RuntimeError("Canary^Patient"),
        2: MemoryError(),
        3: PermissionError(13, "Permission denied", "/secret/folder/x.nii"),
        4: KeyboardInterrupt(),
        5: OSError(28, "No space left on device"),
        6: type("PanicException", (BaseException,), {})("panic"),
    }[int(params.by)]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command line in this process, with the operations above among its commands."""
    module = ModuleType("napari_hounsfield._test_operations")
    for name, value in (("shift", shift), ("fail", fail)):
        setattr(module, name, value)
        monkeypatch.setitem(cli.COMMANDS, name, cli.Entry("_test_operations", name, "for tests"))
    monkeypatch.setitem(sys.modules, module.__name__, module)

    def run(*words: object) -> SimpleNamespace:
        status = cli.main([str(word) for word in words])
        captured = capsys.readouterr()
        return SimpleNamespace(status=status, out=captured.out, err=captured.err)

    return run


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*")}


def test_result_is_written_and_told(run: Run, image: Path) -> None:
    out = image.with_name("out.nii.gz")
    done = run("shift", image, out, "--by", "-2.5")
    assert done.status == 0
    assert done.out.splitlines()[-1].startswith("wrote out.nii.gz: 4 x 5 x 6 voxels of 3 x 1 x 1 mm")
    assert done.err == ""
    (result,) = nh.read(out)
    (original,) = nh.read(image)
    np.testing.assert_array_equal(result.array, original.array - 2.5)


def test_json_alone_is_on_standard_output(run: Run, image: Path) -> None:
    out = image.with_name("out.nrrd")
    done = run("shift", image, out, "--json", "--by=3")
    assert done.status == 0
    said = json.loads(done.out)
    assert said["operation"] == "shift"
    assert said["parameters"] == {"by": 3.0}
    assert said["files"] == [str(out)]
    assert said["shape"] == [4, 5, 6]
    assert (said["minimum"], said["maximum"]) == (3.0, 122.0)


@pytest.mark.parametrize("words", [("--json", "--threads", "1", "shift"), ("shift", "--json", "--threads", "1")])
def test_common_options_stand_before_or_after_the_command(run: Run, image: Path, words: tuple[str, ...]) -> None:
    done = run(*words, image, image.with_name("out.nii"))
    assert done.status == 0
    assert json.loads(done.out)["parameters"] == {"by": 1.0}


def test_existing_output_is_kept(run: Run, image: Path) -> None:
    out = image.with_name("out.nii.gz")
    out.write_bytes(before := image.read_bytes())
    done = run("shift", image, out)
    assert (done.status, done.out) == (2, "")
    assert done.err == "hounsfield: out.nii.gz: exists already; --overwrite replaces it\n"
    assert out.read_bytes() == before
    assert run("shift", image, out, "--overwrite").status == 0
    assert out.read_bytes() != before


def test_target_is_checked_before_the_work(run: Run, image: Path) -> None:
    done = run("fail", image, image.with_name("no") / "out.nii.gz", "--by", "1")
    assert (done.status, done.err) == (2, "hounsfield: out.nii.gz: its folder does not exist\n")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["nothing"], "nothing: no such command; there are demo, info, convert,"),
        (["shift"], "the following arguments are required: IMAGE, OUT (see hounsfield shift --help)"),
        (["shift", "a", "b", "c"], "unrecognized arguments: c (see hounsfield shift --help)"),
        (["shift", "a", "b", "--bye", "3"], "unrecognized arguments: --bye 3 (see hounsfield shift --help)"),
        (["shift", "a", "b", "--by", "-200"], "--by: '-200' should be greater than or equal to -100"),
        (["shift", "a", "b", "--by", "nan"], "--by: 'nan' should be a finite number"),
        (["shift", "a", "b", "--threads", "x"], "--threads: invalid int value: 'x' (see hounsfield shift --help)"),
        (["--threads", "-3", "info", "a"], "threads -3: 0 (one a core) or more"),
        (["--device", "abacus", "info", "a"], "--device: invalid choice: 'abacus'"),
        (["shift", "no-such.nii.gz", "out.nii.gz"], "no-such.nii.gz: no such file or directory"),
        (["shift", "a", "out.png"], "out.png: .png is none of .nii.gz, .nii, .nrrd, .mha"),
        (["shift", "a", "out"], "out: no suffix is none of .nii.gz,"),
        (["evaluate", "a.nii.gz"], "missing: REFERENCE (see hounsfield evaluate --help)"),
    ],
)
def test_bad_usage_is_one_line(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], line: str) -> None:
    monkeypatch.chdir(tmp_path)
    done = run(*words)
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith(f"hounsfield: {line}")
    assert done.err.count("\n") == 1
    assert not files(tmp_path)


@pytest.mark.parametrize(
    ("which", "status", "line"),
    [
        (1, 1, "unexpected RuntimeError"),
        (2, 2, "not enough memory"),
        (3, 2, "x.nii: Permission denied"),
        (4, 130, "interrupted"),
        (5, 2, "No space left on device"),
        (6, 1, "unexpected PanicException"),
    ],
)
def test_errors_end_in_one_line_and_leave_nothing(run: Run, image: Path, which: int, status: int, line: str) -> None:
    done = run("fail", image, image.with_name("out.nii.gz"), "--by", which)
    assert (done.status, done.out) == (status, "")
    assert done.err.startswith(f"hounsfield: {line}")
    assert done.err.count("\n") == 1
    assert "Canary" not in done.err
    assert "/secret" not in done.err
    assert files(image.parent) == {image.name}


def test_traceback_on_request(run: Run, image: Path) -> None:
    done = run("fail", image, image.with_name("out.nii.gz"), "--by", 1, "--traceback")
    assert done.status == 1
    assert "Traceback (most recent call last)" in done.err
    assert "raise {" in done.err


def test_help_lists_every_command(run: Run) -> None:
    done = run("--help")
    assert done.status == 0
    assert all(f"\n  {name} " in done.out for name in cli.COMMANDS)
    assert run().out == done.out


def test_version(run: Run) -> None:
    assert run("--version").out == f"napari-hounsfield {nh.__version__}\n"


COMMANDS = {
    "info": "PATH",
    "convert": "PATH OUT",
    "to-slicer": "IMAGE LABELS FOLDER",
    "window": "IMAGE OUT",
    "threshold": "IMAGE OUT",
    "gabor": "IMAGE OUT",
    "features": "IMAGE OUT",
    "classes": "IMAGE OUT",
    "suggest-classes": "IMAGE",
    "samples": "DRAFT OUT",
    "train": "IMAGE STROKES MODEL",
    "segment": "IMAGE --model MODEL OUT",
    "evaluate": "PREDICTION REFERENCE",
    "measure": "IMAGE LABELS",
    "clean": "LABELS OUT",
    "match": "LABELS IMAGE OUT",
    "margin": "LABELS OUT",
    "smooth": "LABELS OUT",
    "islands": "LABELS OUT",
    "fill-holes": "LABELS OUT",
    "combine": "LABELS OUT",
    "interpolate": "LABELS OUT",
    "copy-slice": "LABELS OUT",
    "scissors": "LABELS OUT",
    "fill-range": "IMAGE LABELS OUT",
    "grow-region": "IMAGE LABELS OUT",
    "from-seeds": "IMAGE LABELS OUT",
    "crossvalidate": "TABLE --out DIR",
    "train-images": "TABLE MODEL",
    "classify": "PATH... --model MODEL",
    "surfaces": "LABELS OUT",
    "demo": "[FOLDER]",
}


@pytest.mark.parametrize("name", list(cli.COMMANDS))
def test_help_of_a_command(run: Run, name: str) -> None:
    done = run(name, "--help")
    assert done.status == 0
    assert done.out.splitlines()[0] == f"usage: hounsfield {name} {COMMANDS[name]} [options]"
    assert "--json" in done.out


@pytest.mark.parametrize("name", [n for n in cli.COMMANDS if hasattr(nh, n) and hasattr(getattr(nh, n), "params_type")])
def test_every_parameter_is_an_option(name: str) -> None:
    command = command_of(name, "about", getattr(nh, name))
    text = command.parser.format_help()
    fields = getattr(nh, name).params_type.model_fields
    named = [name for name, field in fields.items() if in_words(field.annotation)]
    assert set(fields) - set(named) <= {"channels"}  # which are images, given by --channel
    assert all(f"--{field.replace('_', '-')}" in text for field in named)


def test_suffixes_are_those_that_can_be_written() -> None:
    from napari_hounsfield.formats.writing import SUFFIXES

    assert {*IMAGE_SUFFIXES, *LABEL_SUFFIXES, *TABLE_SUFFIXES, *MODEL_SUFFIXES, *SURFACE_SUFFIXES, REPORT_SUFFIX} == set(SUFFIXES)


def test_text_of_files_cannot_command_the_terminal() -> None:
    assert printable("a\x1b[2Jb\u202e\nc") == "a?[2Jb?\nc"
    assert bar(0.5, "x" * 200).startswith("[############------------]  50% x")
    assert len(bar(0.5, "x" * 200)) == 79


def test_numbers_that_json_lacks_become_null() -> None:
    ready = json_ready({1: (np.float32(1.5), np.int64(2), float("nan"), np.array([np.inf, 1]))})
    assert json.loads(json.dumps(ready, allow_nan=False)) == {"1": [1.5, 2, None, [None, 1.0]]}
