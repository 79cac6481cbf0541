"""Outputs are whole or absent."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from napari_hounsfield import LabelMap, Volume, WriteError, axial_affine, read, write
from napari_hounsfield.formats.atomic import _put_in_two_steps, atomic_path, check_target, full_suffix, sibling
from napari_hounsfield.formats.exchanging import exchange

AFFINE = axial_affine((3, 0.7, 0.7))


def names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def _half(target: Path, error: type[BaseException]) -> None:
    with atomic_path(target, overwrite=True) as temporary:
        temporary.write_text("half")
        raise error


def test_the_temporary_is_dotted_beside_the_target_and_gone_at_the_end(tmp_path: Path) -> None:
    with atomic_path(tmp_path / "a.nii.gz") as temporary:
        temporary.write_bytes(b"1")
        assert temporary.parent == tmp_path
        assert temporary.name.startswith(".")
        assert full_suffix(temporary) == ".nii.gz"
        assert not (tmp_path / "a.nii.gz").exists()
    assert names(tmp_path) == ["a.nii.gz"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, GeneratorExit])
def test_an_exception_leaves_nothing_and_is_raised(tmp_path: Path, error: type[BaseException]) -> None:
    with pytest.raises(error):
        _half(tmp_path / "a.csv", error)
    assert names(tmp_path) == []


def test_an_exception_leaves_the_old_file_as_it_was(tmp_path: Path) -> None:
    target = tmp_path / "a.csv"
    target.write_text("old")
    with pytest.raises(RuntimeError):
        _half(target, RuntimeError)
    assert target.read_text() == "old"
    assert names(tmp_path) == ["a.csv"]


def test_a_body_that_writes_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match=r"^a\.csv: not written"), atomic_path(tmp_path / "a.csv"):
        pass
    assert names(tmp_path) == []


def _folder(path: Path, content: str) -> Path:
    path.mkdir()
    (path / "zarr.json").write_text(content)
    return path


def test_two_folders_exchange_their_names_or_nothing_happens(tmp_path: Path) -> None:
    one, other = _folder(tmp_path / "名 one", "1"), _folder(tmp_path / "other", "2")
    done = exchange(one, other)
    assert [(p / "zarr.json").read_text() for p in (one, other)] == (["2", "1"] if done else ["1", "2"])
    if sys.platform in ("linux", "darwin"):
        assert done
    assert not exchange(one, tmp_path / "nowhere")
    assert names(tmp_path) == ["other", "名 one"]


def test_a_folder_replaces_a_folder(tmp_path: Path) -> None:
    target = _folder(tmp_path / "ct.ome.zarr", "old")
    with atomic_path(target, overwrite=True) as temporary:
        _folder(temporary, "new")
    assert (target / "zarr.json").read_text() == "new"
    _put_in_two_steps(_folder(tmp_path / ".newer", "newer"), target)
    assert (target / "zarr.json").read_text() == "newer"
    assert names(tmp_path) == ["ct.ome.zarr"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_process_that_ends_between_two_steps_leaves_the_old_folder_where_it_is_found(tmp_path: Path) -> None:
    target, new = _folder(tmp_path / "ct.ome.zarr", "old"), _folder(tmp_path / ".new", "new")
    child = os.fork()
    if not child:
        rename = os.rename
        os.rename = lambda one, other: os._exit(0) if one == new else rename(one, other)
        _put_in_two_steps(new, target)
        os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    hidden, found = names(tmp_path)
    assert hidden == ".new"
    assert re.fullmatch(r"ct\.replaced-[0-9a-f]{6}\.ome\.zarr", found)
    assert (tmp_path / found / "zarr.json").read_text() == "old"


def test_an_existing_file_is_replaced_only_when_asked(tmp_path: Path) -> None:
    target = tmp_path / "lung map.nii.gz"
    target.write_text("precious")
    reached = False
    with pytest.raises(WriteError, match=r"^lung map\.nii\.gz: exists"), atomic_path(target):
        reached = True
    assert not reached
    assert target.read_text() == "precious"
    with pytest.raises(WriteError, match="exists"):
        check_target(target)
    check_target(target, overwrite=True)
    assert target.read_text() == "precious"
    write(target, Volume(np.zeros((2, 3, 4), np.int16), AFFINE), overwrite=True)
    assert read(target)[0].grid.shape == (2, 3, 4)


@pytest.mark.parametrize(("target", "reason"), [("no/a.csv", "folder does not exist"), ("", "is a folder")])
def test_targets_that_cannot_be(tmp_path: Path, target: str, reason: str) -> None:
    with pytest.raises(WriteError, match=reason):
        check_target(tmp_path / target)


def test_a_read_only_folder_is_named_before_anything_is_computed(read_only: Path) -> None:
    with pytest.raises(WriteError, match=r"^a\.nii: cannot be written: permission denied$") as caught:
        check_target(read_only / "a.nii")
    assert str(read_only) not in str(caught.value)
    with pytest.raises(WriteError, match="permission denied"):
        write(read_only / "a.nii", Volume(np.zeros((2, 3, 4), np.int16), AFFINE))
    assert names(read_only) == []


def test_suffixes_and_siblings() -> None:
    assert [full_suffix(n) for n in ("A.NII.GZ", "b.seg.nrrd", "c.nrrd", "d")] == [".nii.gz", ".seg.nrrd", ".nrrd", ""]
    assert sibling("x/lung.v2.nii.gz", "test") == Path("x/lung.v2.test.nii.gz")
    assert sibling("s.seg.nrrd", "probabilities", ".nii.gz").name == "s.probabilities.nii.gz"


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd"])
def test_a_name_that_no_file_can_hold_is_refused_by_that_reason(tmp_path, suffix):
    labels = LabelMap(np.ones((2, 3, 4), np.uint8), axial_affine((1, 1, 1)), {1: "lung \ud800"})
    with pytest.raises(WriteError, match=rf"^a{suffix}: a name in it has characters that cannot be written$"):
        write(tmp_path / f"a{suffix}", labels)
    assert not list(tmp_path.iterdir())
