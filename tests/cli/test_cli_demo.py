"""The main job as a command."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import napari_hounsfield as nh

Run = Callable[..., SimpleNamespace]
Done = Callable[..., dict[str, Any]]
Refused = Callable[..., str]


@pytest.mark.slow
def test_demo_on_a_small_phantom(run: Run, here: Path) -> None:
    small = ("--phantom.slices", "16", "--phantom.matrix", "48", "--train.bp.iterations", "20", "--trees", "5")
    printed = run("demo", "--out", "results", *small)
    assert printed.status == 0
    assert all("without voxels are left out" in line for line in printed.err.splitlines())  # it is a hasty training
    assert printed.out.startswith("The input is a phantom")
    assert {"labels.nii.gz", "labels.dcm", "classifier.safetensors", "record.json", "figure.png"} <= {
        path.name for path in (here / "results").iterdir()
    }
    again = run("demo", "--out", "results", "--json", *small)
    assert json.loads(again.out)["input"] == "phantom", "an existing folder is used again"


def test_demo_without_reference_stops_after_the_draft(done: Done, series: Path, here: Path) -> None:
    said = done("demo", series, "--out", "results")
    assert said["note"].startswith("No reference")
    assert "classifier.safetensors" not in said["files"]


def test_demo_of_one_of_several_series(done: Done, refused: Refused, series: Path, here: Path) -> None:
    uid = nh.scan(series).series[0].uid
    assert done("demo", series, "--series", uid, "--out", "results")["shape"] == [12, 32, 40]
    assert refused("demo", series, "--series", "1.2.3", "--out", "other") == "series: none of its 1 series has the chosen UID"


def test_demo_of_nothing(refused: Refused, here: Path) -> None:
    assert refused("demo", "none", "--out", "results") == "none: no such file or directory"
    assert refused("demo", "--reference", "labels.nii.gz", "--out", "results").startswith("a reference is given and no folder")


@pytest.mark.parametrize("absent", [["napari"], ["PyQt6", "PySide6"]])
def test_demo_in_a_viewer_says_what_is_missing(refused: Refused, monkeypatch: pytest.MonkeyPatch, absent: list[str]) -> None:
    for name in absent:
        monkeypatch.setitem(sys.modules, name, None)
    assert refused("demo", "--viewer").startswith(f"--viewer: {' or '.join(absent)} is not installed; install ")
