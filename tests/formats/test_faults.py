"""Whatever goes wrong while a file is written, no part of one is left under its name, and no success is told."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from napari_hounsfield import WriteError
from napari_hounsfield.formats.writing import SUFFIXES

from .every_writer import WRITERS, Writer, content

OWN_FUNCTIONS = {".strokes.csv", ".classes.csv", ".classes.json", ".ctbl", ".label"}
"""Endings of tables that have functions of their own beside `write`."""


@pytest.fixture(scope="module", params=list(WRITERS))
def ending(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def write(ending: str, tmp_path_factory: pytest.TempPathFactory) -> Writer:
    """Write what is in the row of an ending to a path."""
    return WRITERS[ending](tmp_path_factory.mktemp("sources"))


def names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def test_every_suffix_has_a_row():
    assert set(WRITERS) == set(SUFFIXES) | OWN_FUNCTIONS


def test_a_full_disk_gives_one_error_and_no_file(full_disk, ending, write):
    with pytest.raises(WriteError, match=r"^a\.\S+: not written") as caught:
        write(full_disk / f"a{ending}")
    assert str(full_disk) not in str(caught.value)
    assert names(full_disk) == []


def test_a_file_cut_off_by_the_system_gives_one_error_and_no_file(tmp_path, small_files, ending, write):
    with small_files(10000), pytest.raises(WriteError, match=r"^a\.\S+: not written"):
        write(tmp_path / f"a{ending}")
    assert names(tmp_path) == []


def test_an_old_file_stays_when_the_new_one_fails(tmp_path, small_files, ending, write):
    target = tmp_path / f"a{ending}"
    write(target)
    before = content(target)
    with small_files(10000), pytest.raises(WriteError):
        write(target, overwrite=True)
    assert content(target) == before
    assert names(tmp_path) == [target.name]


def test_a_read_only_folder_is_told_before_anything_is_written(read_only, ending, write):
    with pytest.raises(WriteError, match=r"^a\.\S+: cannot be written: permission denied$"):
        write(read_only / f"a{ending}")
    assert names(read_only) == []


@pytest.mark.parametrize("stem", ["two words", "Łunge 肺 レベル", "x" * 200])
def test_names_with_blanks_and_other_letters(tmp_path, ending, write, stem):
    path = write(tmp_path / f"{stem}{ending}")
    assert names(tmp_path) == [path.name] == [f"{stem}{ending}"]


def killed(folder: Path, trials: int, repository: Path) -> Counter[str]:
    """How often each thing was found under a final name after a kill."""
    command = [sys.executable, "-m", "tests.formats.killed_writers", str(folder), str(trials), *WRITERS]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, timeout=1500, check=False)
    assert done.returncode == 0, done.stderr
    return Counter(line.split()[1] for line in done.stdout.splitlines())


@pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="no fork on this system")
@pytest.mark.parametrize("trials", [1, pytest.param(40, marks=pytest.mark.slow)])
def test_killed_while_writing_leaves_a_whole_file_or_none(tmp_path, trials, repository):
    found = killed(tmp_path, trials, repository)
    assert found["PART"] == found["LOST"] == 0
    assert found.total() == trials * len(WRITERS)
    assert found["nothing"], "some were killed in time"
