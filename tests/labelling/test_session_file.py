"""A session comes back whole, is known by its voxels alone, and carries nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import napari_hounsfield as nh
from napari_hounsfield.channels import as_channels
from napari_hounsfield.labelling.images import identity
from napari_hounsfield.labelling.session_file import FILE
from napari_hounsfield.operation import finish

from .conftest import picture


def test_comes_back_and_goes_on(session: nh.LabellingSession, volume: nh.Volume, tmp_path: Path) -> None:
    other = picture(seed=3)
    session.add(other)
    session.train()
    nh.save_session(session, tmp_path / "liver.session.safetensors")
    again = nh.load_session(tmp_path / "liver.session.safetensors", [picture(seed=7), other, volume])
    assert again.classes == session.classes
    assert again.params == session.params
    assert [i.volume.name for i in again.images] == ["CT 0", "CT 3"]
    for ours, theirs in zip(session.images, again.images, strict=True):
        assert np.array_equal(ours.strokes.array, theirs.strokes.array)
        assert np.array_equal(session.segment(ours).labels.array, again.segment(theirs).labels.array)
    assert not again.outdated
    again.undo()  # nothing: the history begins anew
    again.set_params(again.params.model_copy(update={"seed": 1}))
    assert nh.load_session(nh.save_session(again, tmp_path / "outdated.safetensors"), [other, volume]).outdated
    again.set_params(session.params)
    retrained = again.train()
    assert np.array_equal(retrained.recogniser.tensors()["weight.0"], session.train().recogniser.tensors()["weight.0"])


def test_an_image_that_is_not_here_is_told(session: nh.LabellingSession, tmp_path: Path) -> None:
    path = nh.save_session(session, tmp_path / "a.safetensors")
    with pytest.raises(nh.ModelError, match=r"1 of its 1 images are not here .*12x48x48"):
        nh.load_session(path, [picture(seed=1)])
    (image,) = session.images
    with pytest.raises(nh.ModelError, match="one of that size is here, but in SUV, not HU"):
        nh.load_session(path, replace(image.volume, unit="SUV"))
    assert len(nh.load_session(path, image.volume).images) == 1


def test_identity_is_of_voxels_and_grid(volume: nh.Volume) -> None:
    same = replace(volume, name="other name", array=volume.array.copy())
    assert finish(identity(same)) == finish(identity(volume))
    moved = replace(volume, affine=volume.affine + np.eye(4)[:, [3, 3, 3, 3]] * 0 + _shift(1.0))
    edited = volume.array.copy()
    edited[3, 3, 3] += 1
    assert len({finish(identity(v)) for v in (volume, moved, replace(volume, array=edited))}) == 3


def _shift(mm: float) -> np.ndarray:
    shift = np.zeros((4, 4))
    shift[0, 3] = mm
    return shift


def test_no_name_and_no_path_is_in_the_file(session: nh.LabellingSession, tmp_path: Path) -> None:
    image = session.images[0]
    image.channels = as_channels(replace(image.volume, name="CANARY", source=nh.Source("1.2.CANARY", (Path("/CANARY/a.dcm"),))))
    path = nh.save_session(session, tmp_path / "a.safetensors")
    assert b"CANARY" not in path.read_bytes()


def test_damaged_and_foreign_files_are_refused(session: nh.LabellingSession, volume: nh.Volume, tmp_path: Path) -> None:
    path = nh.save_session(session, tmp_path / "a.safetensors")
    data = path.read_bytes()
    with pytest.raises(nh.WriteError, match="exists"):
        nh.save_session(session, path)
    for length in (0, 5, len(data) // 2, len(data) - 1):
        (tmp_path / "cut.safetensors").write_bytes(data[:length])
        with pytest.raises(nh.HounsfieldError, match=r"cut\.safetensors"):
            nh.load_session(tmp_path / "cut.safetensors", [volume])
    with pytest.raises(nh.FormatError, match="missing"):
        nh.load_session(tmp_path / "missing.safetensors")
    classifier = session.train().save(tmp_path / "model.safetensors")
    with pytest.raises(nh.ModelError, match="not a labelling session"):
        nh.load_session(classifier, [volume])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda card, tensors: card.update(schema=99), "another version"),
        (lambda card, tensors: card.pop("classes"), "incomplete"),
        (lambda card, tensors: card["classes"].pop(), "classes that it does not have"),
        (lambda card, tensors: tensors["places.0"].__setitem__(0, 10**9), "outside"),
        (lambda card, tensors: tensors.update({"values.0": tensors["values.0"][:-1]}), "outside"),
    ],
)
def test_edited_files_are_refused(
    session: nh.LabellingSession, volume: nh.Volume, tmp_path: Path, change: object, words: str
) -> None:
    path = nh.save_session(session, tmp_path / "a.safetensors")
    tensors, card = FILE.read(path)
    change(card, tensors)  # type: ignore[operator]
    kind = replace(FILE, schema=card["schema"])
    kind.write(tmp_path / "b.safetensors", tensors, card, False, lambda path: None)
    with pytest.raises(nh.ModelError, match=words):
        nh.load_session(tmp_path / "b.safetensors", [volume])
