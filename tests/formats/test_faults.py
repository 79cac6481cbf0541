"""Whatever goes wrong while a file is written, no part of one is left under its name, and no success is told."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from napari_hounsfield import WriteError, write
from napari_hounsfield.formats.writing import SUFFIXES

from .every_writer import IN_OTHER_TESTS, WRITERS, content

every = pytest.mark.parametrize("suffix", list(WRITERS))


def names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def test_every_suffix_has_a_row():
    assert set(WRITERS) | IN_OTHER_TESTS == set(SUFFIXES)


@every
def test_a_full_disk_gives_one_error_and_no_file(full_disk, suffix):
    with pytest.raises(WriteError, match=r"^a\.\S+: not written") as caught:
        write(full_disk / f"a{suffix}", WRITERS[suffix]())
    assert str(full_disk) not in str(caught.value)
    assert names(full_disk) == []


@every
def test_a_file_cut_off_by_the_system_gives_one_error_and_no_file(tmp_path, small_files, suffix):
    data = WRITERS[suffix]()
    with small_files(20000), pytest.raises(WriteError, match=r"^a\.\S+: not written"):
        write(tmp_path / f"a{suffix}", data)
    assert names(tmp_path) == []


@every
def test_an_old_file_stays_when_the_new_one_fails(tmp_path, small_files, suffix):
    data, target = WRITERS[suffix](), tmp_path / f"a{suffix}"
    write(target, data)
    before = content(target)
    with small_files(20000), pytest.raises(WriteError):
        write(target, data, overwrite=True)
    assert content(target) == before
    assert names(tmp_path) == [target.name]


@every
def test_a_read_only_folder_is_told_before_anything_is_written(read_only, suffix):
    with pytest.raises(WriteError, match=r"^a\.\S+: cannot be written: permission denied$"):
        write(read_only / f"a{suffix}", WRITERS[suffix]())
    assert names(read_only) == []


@every
@pytest.mark.parametrize("stem", ["two words", "Łunge 肺 レベル", "x" * 200])
def test_names_with_blanks_and_other_letters(tmp_path, suffix, stem):
    path = write(tmp_path / f"{stem}{suffix}", WRITERS[suffix]())
    assert names(tmp_path) == [path.name] == [f"{stem}{suffix}"]


def killed(folder: Path, trials: int) -> Counter[str]:
    """How often each thing was found under a final name after a kill."""
    script = Path(__file__).with_name("killed_writers.py")
    command = [sys.executable, str(script), str(folder), str(trials), *WRITERS]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stderr
    return Counter(line.split()[1] for line in done.stdout.splitlines())


@pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="no fork on this system")
@pytest.mark.parametrize("trials", [1, pytest.param(40, marks=pytest.mark.slow)])
def test_killed_while_writing_leaves_a_whole_file_or_none(tmp_path, trials):
    found = killed(tmp_path, trials)
    assert found["PART"] == 0
    assert found.total() == trials * len(WRITERS)
    assert found["nothing"], "some were killed in time"
