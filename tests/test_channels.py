"""Images of one patient on one grid: their names, their common field, and which of them a recipe means."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import napari_hounsfield as nh
from napari_hounsfield.feature_stack import FeatureEngine
from napari_hounsfield.operation import finish

AFFINE = nh.axial_affine((4, 1, 1))
FRAME = "1.2.3"


def image(modality: str = "CT", unit: str = "HU", seed: int = 0, affine: np.ndarray = AFFINE, **more: object) -> nh.Volume:
    array = np.random.default_rng(seed).normal(40, 60, (6, 32, 40)).astype(np.float32)
    more = {"frame_of_reference": FRAME, "name": f"{modality} {seed}", **more}
    return nh.Volume(array, affine, unit=unit, modality=modality, **more)  # type: ignore[arg-type]


PET = {"modality": "PT", "unit": "SUV"}
MR = {"modality": "MR", "unit": "stored value"}


def test_names_are_modalities_made_unique_or_given() -> None:
    assert nh.aligned(image(), [image(**PET), image(**MR), image(**MR), image("", "")]).names == (
        "CT",
        "PT",
        "MR",
        "MR 2",
        "image",
    )
    assert nh.aligned(image(**MR), [image(**MR)], names=("T1", "T2")).names == ("T1", "T2")
    for names in (("a",), ("a", "a"), ("a", " "), ("a", "b: c")):
        with pytest.raises(nh.ParameterError, match="names"):
            nh.aligned(image(), [image()], names=names)


def test_the_main_image_stays_as_it_is() -> None:
    ct, pet = image(), image(**PET, affine=nh.axial_affine((5, 3, 3), (-4, -4, -3)))
    channels = nh.aligned(ct, [pet])
    assert channels.main is ct
    assert channels.originals == (ct, pet)
    assert channels.further[0].grid.shape == ct.grid.shape
    assert channels.further[0].unit == "SUV"


def test_valid_is_where_all_are() -> None:
    ct, pet = image(), image(**PET, affine=nh.axial_affine((4, 1, 1), (10, 0, 0)))
    channels = nh.aligned(ct, [pet])
    assert channels.valid is not None
    assert not channels.valid[:, :, :10].any()
    assert channels.valid[:, :, 10:].all()
    assert channels.frame.array is ct.array
    assert channels.frame.valid is channels.valid
    assert nh.aligned(ct, [image(**PET)]).frame is ct


@pytest.mark.parametrize("params", [{}, {"gradient": True, "position": True}, {"dimensions": "volume", "windows": "one"}])
def test_maps_are_those_of_each_image_alone(params: dict[str, object]) -> None:
    ct, pet = image(), image(**PET, seed=1, affine=nh.axial_affine((4, 2, 2), (10, -9, 0)))
    channels = nh.aligned(ct, [pet, image(**MR, seed=2)])
    found = nh.features(channels, nh.FeatureParams(**params))  # type: ignore[arg-type]
    recipe = nh.FeatureParams(**found.recipe)
    alone = nh.features(ct, nh.FeatureParams(**params))  # type: ignore[arg-type]
    expected = [(name, alone.array[i]) for i, name in enumerate(alone.names)]
    for channel, volume in zip(recipe.channels, channels.further, strict=True):
        maps = nh.features(volume, channel.features)
        expected += [(f"{channel.name}: {name}", maps.array[i]) for i, name in enumerate(maps.names)]
    assert list(found.names) == [name for name, _ in expected] == recipe.names
    for ours, (name, theirs) in zip(found.array, expected, strict=True):
        np.testing.assert_array_equal(ours, theirs, err_msg=name)


def test_each_channel_has_the_window_of_its_modality() -> None:
    channels = nh.aligned(image(), [image(**PET, seed=1), image(**MR, seed=2)])
    recipe = nh.FeatureParams(window={"preset": "bone"}, position=True).resolve(channels)  # type: ignore[arg-type]
    pet, mr = recipe.channels
    assert (pet.unit, pet.modality, mr.unit, mr.modality) == ("SUV", "PT", "stored value", "MR")
    for channel, volume in zip(recipe.channels, channels.further, strict=True):
        assert channel.features.window == nh.WindowParams().resolve(volume)
        assert channel.features.windows == "one"
        assert channel.features.gaussian == recipe.gaussian
        assert channel.features.gabor == recipe.gabor
        assert not channel.features.position, "the place in the body is the same there"
    assert recipe.resolve(channels) == recipe


def test_a_channel_can_have_features_of_its_own() -> None:
    given = nh.ChannelParams(features=nh.FeatureParams(texture=False, smooth=False, window={"lower": 0, "upper": 8}))  # type: ignore[arg-type]
    recipe = nh.FeatureParams(channels=(given,)).resolve(nh.aligned(image(), [image(**PET)]))
    assert [name for name in recipe.names if ":" in name] == ["PT: intensity"]
    assert recipe.channels[0].features.window.upper == 8


def test_a_slab_is_as_the_whole() -> None:
    channels = nh.aligned(image(), [image(**PET, seed=1)])
    recipe = nh.FeatureParams(hessian=True).resolve(channels)
    engine = FeatureEngine(channels, recipe)
    whole, out = nh.features(channels, recipe), np.empty((len(recipe.names), 2, 32, 40), np.float32)
    finish(engine.slab(2, 4, out))
    np.testing.assert_allclose(out, whole.array[:, 2:4], atol=1e-6)
    mask = np.zeros((6, 32, 40), bool)
    mask[3, 4:9, 7] = True
    np.testing.assert_allclose(finish(engine.at(mask)), whole.array[:, mask].T, atol=1e-6)
    assert engine.reach == FeatureEngine(channels.main, recipe.model_copy(update={"channels": ()})).reach


def test_channels_are_matched_by_name_then_by_kind() -> None:
    ct, pet, first, second = image(), image(**PET), image(**MR, seed=1), image(**MR, seed=2)
    wanted = nh.FeatureParams().resolve(nh.aligned(ct, [pet, first, second])).channels
    shuffled = nh.aligned(ct, [first, second, pet]).matched(wanted)
    assert [v.name for v in shuffled.originals] == ["CT 0", "PT 0", "MR 1", "MR 2"]
    assert shuffled.names == ("CT", "PT", "MR", "MR 2")
    named = nh.FeatureParams().resolve(nh.aligned(ct, [first, second], names=("CT", "T1", "T2"))).channels
    swapped = nh.aligned(ct, [second, first], names=("CT", "T2", "T1")).matched(named)
    assert [v.name for v in swapped.originals] == ["CT 0", "MR 1", "MR 2"]
    unknown = replace(first, modality="")
    assert nh.aligned(ct, [unknown]).matched(wanted[1:2]).names == ("CT", "MR")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([], "channel PT (SUV) is missing; given: CT (HU)"),
        ([image("PT", "stored value")], "channel PT (SUV) is missing; given: CT (HU), PT (stored value)"),
        ([image("NM", "SUV")], "channel PT (SUV) is missing; given: CT (HU), NM (SUV)"),
        ([image(**PET), image(**MR)], "MR (stored value) is one channel more"),  # type: ignore[arg-type]
    ],
)
def test_other_channels_than_wanted_are_refused(given: list[nh.Volume], words: str) -> None:
    wanted = nh.FeatureParams().resolve(nh.aligned(image(), [image(**PET)]))
    with pytest.raises(nh.ParameterError) as error:
        FeatureEngine(nh.aligned(image(), given), wanted)
    assert words in str(error.value)
    if not given:
        with pytest.raises(nh.ParameterError, match="missing"):
            wanted.resolve(image())


def test_images_that_do_not_belong_together_are_refused() -> None:
    ct = image()
    with pytest.raises(nh.GridError, match="channel PT: its frame of reference is another"):
        nh.aligned(ct, [image(**PET, frame_of_reference="1.2.4")])
    assert nh.aligned(ct, [image(**PET, frame_of_reference="1.2.4")], any_frame=True).names == ("CT", "PT")
    assert nh.aligned(ct, [image(**PET, frame_of_reference="")]).names == ("CT", "PT")
    with pytest.raises(nh.GridError, match="nothing of it lies within"):
        nh.aligned(ct, [image(**PET, affine=nh.axial_affine((4, 1, 1), (900, 0, 0)))])
    left, right = (image(**MR, affine=nh.axial_affine((4, 1, 1), (x, 0, 0))) for x in (-25, 25))
    with pytest.raises(nh.GridError, match="no place that all of them scanned"):
        nh.aligned(ct, [left, right])
    series = nh.Volume(np.zeros((3, 6, 32, 40)), AFFINE, axes="tzyx", modality="MR")
    with pytest.raises(nh.IntensityError, match="time axis"):
        nh.aligned(ct, [series])
    with pytest.raises(nh.IntensityError, match="time axis"):
        nh.aligned(series, [ct])
    with pytest.raises(nh.GridError, match="grids differ"):
        nh.Channels((ct, image(**PET, affine=nh.axial_affine((4, 2, 2)))))
    with pytest.raises(nh.ParameterError, match="no image"):
        nh.Channels(())
