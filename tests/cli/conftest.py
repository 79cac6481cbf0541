"""A small CT series, and the command line run in this process, in an empty folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import napari_hounsfield as nh
from napari_hounsfield import cli
from napari_hounsfield.demo.series_writer import write_series
from napari_hounsfield.operation import finish

Run = Callable[..., SimpleNamespace]


@pytest.fixture(scope="session")
def body() -> nh.Volume:
    """Whole HU (12, 32, 40): a body of soft tissue in air, with two lungs and a spine."""
    z, y, x = np.indices((12, 32, 40))
    array = np.full(z.shape, -1000)
    array[((y - 16) / 14) ** 2 + ((x - 20) / 18) ** 2 < 1] = 40
    for centre in (11, 29):
        array[((y - 15) / 8) ** 2 + ((x - centre) / 6) ** 2 < 1] = -800
    array[((y - 24) / 3) ** 2 + ((x - 20) / 3) ** 2 < 1] = 400
    noise = np.random.default_rng(0).integers(-20, 21, array.shape)
    return nh.Volume((array + noise).astype(np.int16), nh.axial_affine((4, 2, 2), (-40, -50, 100)), unit="HU", modality="CT")


@pytest.fixture(scope="session")
def series(body: nh.Volume, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The body as a DICOM series."""
    folder = tmp_path_factory.mktemp("data") / "series"
    finish(write_series(body, folder))
    return folder


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(here: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command line; its exit status and what it printed."""

    def run(*words: object) -> SimpleNamespace:
        status = cli.main([str(word) for word in words])
        captured = capsys.readouterr()
        return SimpleNamespace(status=status, out=captured.out, err=captured.err)

    return run


@pytest.fixture
def done(run: Run) -> Callable[..., dict[str, Any]]:
    """Run a command that must succeed; its JSON."""

    def done(*words: object) -> dict[str, Any]:
        result = run(*words, "--json")
        assert (result.status, result.err) == (0, "")
        content: dict[str, Any] = json.loads(result.out)
        return content

    return done


@pytest.fixture
def refused(run: Run, here: Path) -> Callable[..., str]:
    """Run a command that must be refused in one line, with exit status 2 and nothing written; its line."""

    def refused(*words: object) -> str:
        before = set(here.rglob("*"))
        result = run(*words)
        assert (result.status, result.out) == (2, "")
        assert result.err.startswith("hounsfield: ")
        assert result.err.count("\n") == 1
        assert str(here) not in result.err
        assert set(here.rglob("*")) == before
        return str(result.err)[len("hounsfield: ") : -1]

    return refused


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A small image in a file."""
    array = np.arange(4 * 5 * 6, dtype=np.int16).reshape(4, 5, 6)
    return nh.write(tmp_path / "image.nii.gz", nh.Volume(array, nh.axial_affine((3, 1, 1)), unit="HU", modality="CT"))
