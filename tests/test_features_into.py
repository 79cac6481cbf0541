"""Features go into any array that takes slices, in memory, on disk or compressed."""

import subprocess
import sys
from itertools import islice, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import napari_hounsfield as nh
from napari_hounsfield import feature_stack, memory
from napari_hounsfield.feature_stack import FeatureEngine, features_into
from napari_hounsfield.operation import finish

PLUS = nh.FeatureParams(
    **{**nh.FeatureParams.presets["gabor plus"], "scales": (1.5, 3), "gabor": {"wavelengths": 4, "pool": "mean"}}
)


def ball():
    """A noisy ball in air, of few slices."""
    random = np.random.default_rng(2)
    z, y, x = np.indices((11, 17, 19))
    array = np.where(((z - 5) / 7) ** 2 + ((y - 8) / 7) ** 2 + ((x - 9) / 8) ** 2 < 1, 40, -1000) + random.normal(0, 50, z.shape)
    return nh.Volume(array.astype(np.int16), nh.axial_affine((2.5, 1, 1.2)), unit="HU", modality="CT", name="ball")


WHOLE = {
    dimensions: nh.features(ball(), PLUS.model_copy(update={"dimensions": dimensions})) for dimensions in ("slices", "volume")
}


@settings(max_examples=25)
@given(cuts=st.sets(st.integers(1, 10)), dimensions=st.sampled_from(["slices", "volume"]))
def test_any_split_into_slabs_gives_the_same_maps(cuts, dimensions):
    volume, whole = ball(), WHOLE[dimensions]
    engine = FeatureEngine(volume, PLUS.model_copy(update={"dimensions": dimensions}).resolve(volume))
    bounds = [0, *sorted(cuts), 11]
    slabs = list(pairwise(bounds))
    found = np.empty_like(whole.array)
    for first, last in slabs[::2] + slabs[1::2]:  # in any order
        finish(engine.slab(first, last, found[:, first:last]))
    gabor = np.array([name.startswith("Gabor") for name in whole.names])
    np.testing.assert_array_equal(found[~gabor], whole.array[~gabor])
    np.testing.assert_allclose(found[gabor], whole.array[gabor], atol=1e-6)


@settings(max_examples=25)
@given(data=st.data())
def test_single_voxels_equal_the_whole(data):
    dimensions = data.draw(st.sampled_from(["slices", "volume"]))
    places = data.draw(st.lists(st.tuples(*(st.integers(0, n - 1) for n in (11, 17, 19))), min_size=1, max_size=4))
    volume, mask = ball(), np.zeros((11, 17, 19), bool)
    mask[tuple(np.transpose(places))] = True
    engine = FeatureEngine(volume, PLUS.model_copy(update={"dimensions": dimensions}).resolve(volume))
    np.testing.assert_allclose(finish(engine.at(mask)), WHOLE[dimensions].array[:, mask].T, atol=1e-6)


def test_the_slices_beyond_reach_do_not_matter():
    volume = ball()
    params = PLUS.model_copy(update={"dimensions": "volume", "position": False, "scales": (1.5,)}).resolve(volume)
    engine = FeatureEngine(volume, params)
    assert 0 < engine.reach < 6
    array = volume.array.copy()
    array[6 + engine.reach :] = 3000
    found = np.empty((2, len(engine.names), 6, 17, 19), np.float32)
    finish(engine.slab(0, 6, found[0]))
    finish(FeatureEngine(volume.like(array), params).slab(0, 6, found[1]))
    np.testing.assert_allclose(found[0], found[1], atol=1e-6)


def test_into_a_memory_map(tmp_path):
    whole = WHOLE["slices"]
    out = np.memmap(tmp_path / "maps", np.float32, "w+", shape=whole.array.shape)
    recipe = finish(features_into(ball(), PLUS, out))
    np.testing.assert_array_equal(out, whole.array)
    assert recipe.model_dump(mode="json") == whole.recipe


@pytest.mark.parametrize("kind", ["float32", "float16"])
def test_into_zarr(tmp_path, kind):
    zarr = pytest.importorskip("zarr")
    whole = WHOLE["slices"]
    out = zarr.create_array(tmp_path / "maps.zarr", shape=whole.array.shape, chunks=(1, 2, 17, 19), dtype=kind)
    finish(features_into(ball(), PLUS, out))
    again = zarr.open_array(tmp_path / "maps.zarr", mode="r")
    np.testing.assert_array_equal(again[:], whole.array.astype(kind))


def test_half_precision_keeps_what_it_can():
    volume = nh.Volume(np.full((1, 41, 41), 40, np.int16), nh.axial_affine((1, 5000, 5000)), unit="HU")
    params = nh.FeatureParams(texture=False, smooth=False, windows="one", position=True)
    out = np.empty((5, 1, 41, 41), np.float16)
    finish(features_into(volume, params, out))
    assert out.max() == np.finfo(np.float16).max  # 100 m to the skin
    np.testing.assert_array_equal(out[0], nh.features(volume, params).array[0].astype(np.float16))


@pytest.mark.parametrize(("shape", "kind"), [((3, 11, 17, 19), "float32"), ((0,), "float32"), (None, "int16"), (None, "float64")])
def test_an_array_that_does_not_fit_is_refused(shape, kind):
    out = np.empty(shape or WHOLE["slices"].array.shape, kind)
    with pytest.raises(nh.ParameterError, match=r"ball: maps of shape \(26, 11, 17, 19\)"):
        finish(features_into(ball(), PLUS, out))


def test_maps_that_do_not_fit_into_memory_are_refused_before_they_are_made(monkeypatch):
    monkeypatch.setattr(feature_stack, "available_memory", lambda: 100_000)
    with pytest.raises(
        nh.ParameterError, match=r"ball: 26 maps take 0.00037 GB, 0.0001 GB of memory are available; .*features_into"
    ):
        nh.features(ball(), PLUS)


def test_work_that_was_cancelled_can_be_done_again():
    volume, whole = ball(), WHOLE["volume"]
    engine = FeatureEngine(volume, PLUS.model_copy(update={"dimensions": "volume"}).resolve(volume))
    found = np.empty_like(whole.array[:, 4:8])
    count = sum(1 for _ in engine.slab(4, 8, found))
    engine = FeatureEngine(volume, engine.params)
    for taken in range(1, count, count // 7):
        steps = engine.slab(4, 8, found)
        progress = [report.fraction for report in islice(steps, taken)]
        assert progress == sorted(progress)
        steps.close()
    finish(engine.slab(4, 8, found))
    np.testing.assert_allclose(found, whole.array[:, 4:8], atol=1e-6)


def test_available_memory_is_the_smaller_of_system_and_container(tmp_path):
    (tmp_path / "meminfo").write_text("MemTotal: 100 kB\nMemAvailable: 60 kB\n")
    assert memory._of_system(tmp_path / "meminfo") == 60 * 1024
    for name, text in (("memory.max", "5000\n"), ("memory.current", "3000\n"), ("memory.stat", "anon 2500\ninactive_file 400\n")):
        (tmp_path / name).write_text(text)
    assert memory._of_container(tmp_path) == 2400
    (tmp_path / "memory.max").write_text("max\n")
    assert memory._of_container(tmp_path) is None
    assert memory._of_system(tmp_path / "nothing") is None


def test_available_memory_here():
    found = memory.available_memory()
    assert found is None or found > 10_000_000


@pytest.mark.slow
@pytest.mark.parametrize("dimensions", ["slices", "volume"])
def test_memory_beyond_the_output_is_bounded(repository, dimensions):
    """All kinds but the Gabor bank, over slices of 512 x 512 and into zarr; more slices take no more."""
    pytest.importorskip("zarr")
    command = [sys.executable, "-m", "tests.benchmarks.features", "--child", dimensions, "--slices"]
    peaks = [
        int(subprocess.run([*command, slices], cwd=repository, capture_output=True, text=True, check=True).stdout)
        for slices in ("6", "18")
    ]
    assert max(peaks) <= 256
    assert peaks[1] - peaks[0] < 64
