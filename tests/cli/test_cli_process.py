"""The command line in a process of its own: exit status, signals, pipes, terminals, letters, and that it starts light."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import napari_hounsfield as nh
from napari_hounsfield import cli


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*")}


def start(*words: object, code: str = "", **settings: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code] if code else [sys.executable, "-m", "napari_hounsfield"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True} | settings
    return subprocess.Popen([*command, *map(str, words)], **pipes)  # type: ignore[call-overload]


def test_exit_status_reaches_the_shell(image: Path) -> None:
    process = start("info", image)
    out, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (0, "")
    assert "4 x 5 x 6" in out
    process = start("info", image.with_name("missing.nii"))
    out, err = process.communicate(timeout=120)
    assert (process.returncode, out, err) == (2, "", "hounsfield: missing.nii: no such file or directory\n")


SLOW = """
import sys, time, types
from pathlib import Path
import napari_hounsfield as nh
from napari_hounsfield import cli
from napari_hounsfield.operation import Params, Progress, operation

def slow(volume: nh.Volume, params: Params):
    "Wait."
    try:
        while True:
            Path(sys.argv[1], "started").touch()
            time.sleep(0.02)
            yield Progress(0.25, "waiting")
    finally:
        Path(sys.argv[1], "closed").touch()

from collections.abc import Generator
slow.__annotations__["return"] = Generator[Progress, None, nh.Volume]
home = types.ModuleType("napari_hounsfield._slow")
home.slow = operation("slow", Params)(slow)
sys.modules[home.__name__] = home
cli.COMMANDS["slow"] = cli.Entry("_slow", "slow", "wait")
sys.exit(cli.main(sys.argv[2:]))
"""


def interrupted(image: Path, sent: int = signal.SIGINT, **settings: object) -> subprocess.Popen[str]:
    """A command that was stopped in the middle of its work, as by Ctrl-C."""
    folder = image.parent
    process = start(folder, "slow", image, folder / "out.nii.gz", code=SLOW, **settings)
    deadline = time.monotonic() + 60
    while not (folder / "started").exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.3)
    process.send_signal(sent)
    return process


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent otherwise there")
def test_interrupt_closes_the_work_and_leaves_nothing(image: Path) -> None:
    process = interrupted(image)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, "", "hounsfield: interrupted\n"), "no bar where there is no terminal"
    assert files(image.parent) == {image.name, "started", "closed"}


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent otherwise there")
def test_batch_system_ends_it_as_cleanly(image: Path) -> None:
    process = interrupted(image, signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (143, "", "")
    assert files(image.parent) == {image.name, "started", "closed"}


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals there")
def test_bar_on_a_terminal(image: Path) -> None:
    terminal, end = os.openpty()
    process = interrupted(image, stderr=end)
    process.communicate(timeout=60)
    shown = os.read(terminal, 100_000).decode()
    os.close(terminal)
    os.close(end)
    assert process.returncode == 130
    assert "[######------------------]  25% slow: waiting" in shown
    assert shown.endswith("\r\x1b[Khounsfield: interrupted\r\n")


@pytest.mark.skipif(sys.platform == "win32", reason="pipes end otherwise there")
def test_reader_that_leaves_is_no_error(image: Path) -> None:
    process = start("info", image)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == ""
    assert process.wait(timeout=60) == 141


def test_names_beyond_the_terminals_letters(image: Path) -> None:
    labels = nh.LabelMap(np.ones((1, 2, 2), np.uint8), nh.axial_affine((1, 1, 1)), {1: "Lungenflügel 肺"})
    path = nh.write(image.with_name("größe.nii.gz"), labels)
    environment = os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    process = start("convert", path, image.with_name("out.seg.nrrd"), env=environment)
    out, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (0, "")
    assert "Lungenfl\\xfcgel" in out
    process = start("info", "--json", path, env=environment)
    out, _ = process.communicate(timeout=120)
    assert json.loads(out)["series"][0]["name"] == "größe.nii.gz"


LIGHT = """
import sys
from napari_hounsfield import cli
try:
    cli.main(sys.argv[1:])
finally:
    print(*sys.modules, *{name.partition(".")[0] for name in sys.modules})
"""


def test_top_level_help_imports_no_operation() -> None:
    out, _ = start("--help", code=LIGHT).communicate(timeout=60)
    loaded = set(out.splitlines()[-1].split())
    assert not loaded & {"numpy", "pydantic", "torch", "scipy", "pydicom"}
    assert {name for name in loaded if name.startswith("napari_hounsfield.")} <= {
        "napari_hounsfield.cli", "napari_hounsfield._cli", "napari_hounsfield._cli.usage", "napari_hounsfield._version",
        "napari_hounsfield.errors",
    }  # fmt: skip


def test_a_command_imports_its_own_operation_alone() -> None:
    out, _ = start("clean", "--help", code=LIGHT).communicate(timeout=60)
    loaded = set(out.splitlines()[-1].split())
    others = {f"napari_hounsfield.{entry.module}" for name, entry in cli.COMMANDS.items() if name != "clean"}
    assert not loaded & (others | {"torch", "scipy", "skimage", "sklearn", "pydicom", "nibabel", "matplotlib"})
