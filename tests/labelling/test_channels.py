"""A session on several channels of one patient, and its file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import napari_hounsfield as nh
from napari_hounsfield.operation import finish

from .conftest import picture

PLAIN = nh.TrainParams.from_preset("live").model_copy(update={"features": nh.FeatureParams(texture=False)})


def pet(seed: int = 1, shift: int = 0) -> nh.Volume:
    """A coarser image of the same place: the ball glows."""
    z, y, x = np.ogrid[:9, :26, :26]
    glow = (5 * (z - 5)) ** 2 + (2 * y - 26) ** 2 + (2 * x - 26 - shift) ** 2 < 12**2
    array = glow * 4.0 + np.random.default_rng(seed).normal(1, 0.2, glow.shape)
    affine = nh.axial_affine((5.3, 2, 2), (-2, -2, -2))
    return nh.Volume(array.astype(np.float32), affine, unit="SUV", modality="PT", name=f"PT {seed}")


def painted(session: nh.LabellingSession, volume: nh.Volume, further: nh.Volume) -> None:
    image = session.add(volume, channels=[further])
    if not session.classes:
        session.add_class("ball"), session.add_class("background")
    mask = np.zeros((2, *volume.array.shape), bool)
    mask[0, 6, 20:28, 22:26] = mask[1, 6, 4:8, 4:40] = True
    session.paint(image, mask[0], 1)
    session.paint(image, mask[1], 2)


@pytest.fixture
def both(volume: nh.Volume) -> nh.LabellingSession:
    session = nh.LabellingSession(PLAIN)
    painted(session, volume, pet())
    return session


def test_train_recognise_and_live(both: nh.LabellingSession, volume: nh.Volume) -> None:
    (image,) = both.images
    assert image.volume is volume
    assert image.channels.names == ("CT", "PT")
    model = both.train()
    assert [channel.name for channel in model.recipe.channels] == ["PT"]
    expected = nh.train(nh.aligned(volume, [pet()]), image.strokes, both.params)
    for name, tensor in model.recogniser.tensors().items():
        np.testing.assert_allclose(tensor, expected.recogniser.tensors()[name], atol=1e-4)
    whole = both.segment(image)
    for z in (0, 6):
        plane = finish(both.plane_steps(image, z))
        np.testing.assert_array_equal(plane.labels, whole.labels.array[z])
    finish(both.next_steps(image))
    assert finish(both.live_steps(image, 5)).labels.any()


def test_images_have_the_same_channels(both: nh.LabellingSession) -> None:
    other = picture(seed=4)
    with pytest.raises(nh.ModelError, match=r"other channels: channel PT \(SUV\) is missing"):
        both.add(other)
    with pytest.raises(nh.ModelError, match="missing"):
        both.add(other, channels=[replace(pet(), unit="stored value")])
    painted(both, other, pet(3))
    assert sum(both.train().counts["train"].values()) == 2 * (32 + 144)
    alone = nh.LabellingSession(PLAIN)
    alone.add(other)
    with pytest.raises(nh.ModelError, match="one channel more"):
        alone.add(nh.aligned(other, [pet()]))


def test_the_file_knows_channels_by_their_own_voxels(both: nh.LabellingSession, volume: nh.Volume, tmp_path: Path) -> None:
    painted(both, picture(seed=4), pet(3))
    both.train()
    path = nh.save_session(both, tmp_path / "both.safetensors")
    again = nh.load_session(path, [pet(3), picture(seed=4), pet(), volume])
    assert [image.channels.names for image in again.images] == [("CT", "PT")] * 2
    for ours, theirs in zip(both.images, again.images, strict=True):
        np.testing.assert_array_equal(both.segment(ours).labels.array, again.segment(theirs).labels.array)
    assert np.array_equal(again.train().recogniser.tensors()["weight.0"], both.train().recogniser.tensors()["weight.0"])
    with pytest.raises(nh.ModelError, match=r"1 of its 4 images are not here \(z, y, x: 9x26x26\)"):
        nh.load_session(path, [pet(3), picture(seed=4), volume])


def test_names_and_a_foreign_frame_come_back(volume: nh.Volume, tmp_path: Path) -> None:
    session = nh.LabellingSession(PLAIN)
    far = replace(pet(), frame_of_reference="1.2")
    near = replace(volume, frame_of_reference="1.3")
    with pytest.raises(nh.GridError, match="frame of reference"):
        session.add(near, channels=[far])
    session.add(nh.aligned(near, [far], names=("low dose", "glow"), any_frame=True))
    again = nh.load_session(nh.save_session(session, tmp_path / "a.safetensors"), [far, near])
    assert again.images[0].channels.names == ("low dose", "glow")


def test_sessions_from_before_channels_are_read(session: nh.LabellingSession, volume: nh.Volume, tmp_path: Path) -> None:
    from napari_hounsfield.labelling.session_file import FILE

    tensors, card = FILE.read(nh.save_session(session, tmp_path / "new.safetensors"))
    card["images"] = [{k: v for k, v in one.items() if k not in ("name", "channels")} for one in card["images"]]
    replace(FILE, schema=1).write(tmp_path / "old.safetensors", tensors, card, False, lambda path: None)
    again = nh.load_session(tmp_path / "old.safetensors", [volume])
    assert np.array_equal(again.images[0].strokes.array, session.images[0].strokes.array)
