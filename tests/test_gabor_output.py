"""Maps into memory, into arrays that may be larger, or refused where they do not fit; other packages' kernels; compiled code."""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest

import napari_hounsfield as nh
from napari_hounsfield import gabor_output
from napari_hounsfield.gabor_kernels import kernel, planes_of, unit_waves
from napari_hounsfield.gabor_output import gabor_into
from napari_hounsfield.memory import available_memory
from napari_hounsfield.operation import finish

PARAMS = nh.GaborParams(wavelengths=(4, 6), orientations=(0, 60, 120), truncate=2)


@pytest.fixture
def volume():
    return nh.Volume(np.random.default_rng(0).random((9, 20, 24), np.float32), nh.axial_affine((1.5, 1, 1)), name="chest")


@pytest.mark.parametrize("planes", ["axial", "orthogonal", "volume"])
@pytest.mark.parametrize("pool", ["none", "mean"])
@pytest.mark.parametrize("kind", [np.float32, np.float16])
@pytest.mark.parametrize("store", ["memory map", "zarr", "numpy"])
def test_maps_into_an_array(volume, store, kind, pool, planes, tmp_path, monkeypatch):
    monkeypatch.setattr(gabor_output, "SLAB_BYTES", 30_000)
    params = PARAMS.model_copy(update={"planes": planes, "pool": pool})
    whole = nh.gabor(volume, params)
    shape = whole.array.shape
    if store == "zarr":
        zarr = pytest.importorskip("zarr")
        out = zarr.create_array(tmp_path / "maps.zarr", shape=shape, dtype=kind, chunks=(1, 2, 20, 24))
    elif store == "numpy":
        out = np.empty(shape, kind)
    else:
        out = np.memmap(tmp_path / "maps", kind, "w+", shape=shape)
    assert tuple(finish(gabor_into(volume, params, out))) == whole.names
    np.testing.assert_allclose(out[:], whole.array, atol=1e-3 if kind == np.float16 else 1e-6)


def test_slabs_are_whole_chunks(volume, monkeypatch):
    written = []

    class Chunked(np.ndarray):
        chunks = (1, 4, 20, 24)

        def __setitem__(self, key, value):
            written.append(key[1])
            super().__setitem__(key, value)

    monkeypatch.setattr(gabor_output, "SLAB_BYTES", 1)
    finish(gabor_into(volume, PARAMS, np.empty((6, 9, 20, 24), np.float16).view(Chunked)))
    assert [(s.start, s.stop) for s in written] == [(0, 4), (4, 8), (8, 9)] * 2


@pytest.mark.parametrize(
    ("out", "message"), [(np.empty((5, 9, 20, 24), "f4"), "has shape"), (np.empty((6, 9, 20, 24), "i2"), "type int16")]
)
def test_arrays_that_do_not_take_the_maps_are_refused(volume, out, message):
    with pytest.raises(nh.ParameterError, match=message):
        finish(gabor_into(volume, PARAMS, out))


def test_progress_of_writing_only_grows(volume, monkeypatch):
    monkeypatch.setattr(gabor_output, "SLAB_BYTES", 30_000)
    fractions = [p.fraction for p in gabor_into(volume, PARAMS, np.empty((6, 9, 20, 24), np.float16))]
    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1)


def test_maps_larger_than_memory_are_refused_with_their_size(monkeypatch):
    huge = nh.Volume(np.broadcast_to(np.int16(0), (2000, 4096, 4096)), np.eye(4), name="chest")
    with pytest.raises(nh.ParameterError, match=r"chest: \d+ maps would take [\d.e+]+ GB .*zarr"):
        gabor_output.require_memory(320, huge)
    monkeypatch.setattr(gabor_output, "available_memory", lambda: 10**6)
    small = nh.Volume(np.zeros((10, 100, 100), np.int16), np.eye(4), name="chest")
    with pytest.raises(nh.ParameterError, match=r"16 maps would take 0.0064 GB of memory, where 0.001 GB are free"):
        nh.gabor(small, nh.GaborParams(wavelengths=(4, 8)))
    nh.gabor(small, nh.GaborParams(wavelengths=(4, 8), pool="mean"))


def test_available_memory_is_some():
    assert 2**20 < available_memory() < 2**50


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_none_are_refused_by_slice_unless_they_are_padding(volume, bad):
    array = volume.array.copy()
    array[3, 4, 5] = bad
    with pytest.raises(nh.IntensityError, match="chest: 1 voxels of slice 3"):
        nh.gabor(volume.like(array), PARAMS)
    with pytest.raises(nh.IntensityError, match="slice 3"):
        finish(gabor_into(volume.like(array), PARAMS, np.empty((6, 9, 20, 24), "f4")))
    padded = nh.gabor(volume.like(array, valid=np.isfinite(array)), PARAMS)
    assert np.isfinite(padded.array).all()


@pytest.mark.parametrize("shape", [(1, 40, 50), (1, 1, 50), (3, 2, 2)])
def test_flat_images_are_filtered_in_their_slices(shape):
    image = np.random.default_rng(0).random(shape, np.float32)
    values = {"wavelengths": 2.5, "sigma": 1, "truncate": 2}
    found = nh.gabor(nh.Volume(image, np.eye(4)), nh.GaborParams(**values))
    assert found.array.shape == (8, *shape)
    assert np.isfinite(found.array).all()
    one = nh.gabor(nh.Volume(image[:1], np.eye(4)), nh.GaborParams(**values))
    np.testing.assert_allclose(found.array[:, :1], one.array, atol=1e-6)


@pytest.mark.parametrize("planes", ["orthogonal", "volume"])
def test_thick_slices_are_refused_across_and_filtered_within(planes):
    thick = nh.Volume(np.zeros((8, 32, 32), np.float32), nh.axial_affine((5, 1, 1)), name="chest")
    with pytest.raises(
        nh.ParameterError, match=r"chest: wavelength 8 mm is under two voxels of the \w+ plane; 10 mm is the shortest"
    ):
        nh.gabor(thick, nh.GaborParams(wavelengths=8, planes=planes))
    nh.gabor(thick, nh.GaborParams(wavelengths=10, planes=planes, orientations=(0, 90), truncate=2))
    nh.gabor(thick, nh.GaborParams(wavelengths=8))


SHAPES = [(4.0, 2.2, 1.0, 30.0, 0.0), (6.0, 2.0, 0.5, 110.0, 40.0), (9.0, 3.0, 2.0, -20.0, 90.0)]


@pytest.mark.parametrize(("wavelength", "sigma", "gamma", "theta", "psi"), SHAPES)
def test_the_kernel_of_scikit_image(wavelength, sigma, gamma, theta, psi):
    from skimage.filters import gabor_kernel

    ours = in_plane(wavelength, sigma, gamma, theta, psi, truncate=3)
    theirs = gabor_kernel(1 / wavelength, np.radians(theta), None, sigma, sigma / gamma, n_stds=9, offset=np.radians(psi))
    theirs = 2 * np.pi * sigma * (sigma / gamma) * theirs
    cut = tuple(slice(n // 2 - m // 2, n // 2 + m // 2 + 1) for n, m in zip(theirs.shape, ours.shape, strict=True))
    np.testing.assert_allclose(ours, theirs[cut], atol=1e-12)


@pytest.mark.parametrize(("wavelength", "sigma", "gamma", "theta", "psi"), SHAPES)
def test_the_kernel_of_opencv(wavelength, sigma, gamma, theta, psi):
    cv2 = pytest.importorskip("cv2", reason="OpenCV is compared with where it is installed")
    ours = in_plane(wavelength, sigma, gamma, theta, psi, truncate=3)
    size = ours.shape[::-1]
    for part, phase in ((ours.real, psi), (ours.imag, psi - 90)):
        theirs = cv2.getGaborKernel(size, sigma, np.radians(theta), wavelength, gamma, np.radians(phase), cv2.CV_64F)
        np.testing.assert_allclose(part, theirs[::-1, ::-1], atol=1e-12)


def in_plane(wavelength, sigma, gamma, theta, psi, truncate):
    """Our kernel for voxels of 1 mm."""
    plane = planes_of("axial", nh.Volume(np.zeros((1, 8, 8)), nh.axial_affine((1, 1, 1))).grid)[0]
    return kernel(plane, unit_waves(plane, (theta,))[0], wavelength, sigma, gamma=gamma, psi=psi, truncate=truncate)


def test_several_threads_may_filter_at_once(volume):
    expected = nh.gabor(volume, PARAMS).array
    found = {}
    threads = [threading.Thread(target=lambda n=n: found.update({n: nh.gabor(volume, PARAMS).array})) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    for each in found.values():
        np.testing.assert_array_equal(each, expected)


COMPILE = """
import threading
import numpy as np, napari_hounsfield as nh
volume = nh.Volume(np.random.default_rng(0).random((1, 200, 200), np.float32), np.eye(4))
messages = [p.message for p in nh.gabor.steps(volume, nh.GaborParams(wavelengths=4))]
print(messages.count("compiling"))
"""


def compiling(code, **variables):
    """Reports of progress while a fresh process compiles."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=os.environ | variables, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@pytest.mark.slow
def test_compiling_reports_progress_and_is_done_once(tmp_path):
    first = compiling(COMPILE, NUMBA_CACHE_DIR=str(tmp_path))
    assert first >= 5
    assert compiling(COMPILE, NUMBA_CACHE_DIR=str(tmp_path)) < first


@pytest.mark.slow
def test_without_a_place_for_compiled_code_it_is_compiled_again():
    nowhere = "from numba.core.caching import CacheImpl\nCacheImpl._locator_classes = []\n"
    assert compiling(nowhere + COMPILE) >= 5


def test_without_numba_spectra_take_over():
    code = f"import sys; sys.modules['numba'] = None\n{COMPILE}\nassert 'scipy.fft' in sys.modules"
    assert compiling(code) <= 1


@pytest.mark.slow
def test_the_benchmark_of_a_device_runs(repository):
    command = [sys.executable, "-m", "tests.benchmarks.gabor", "--device", "cpu"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=repository, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    apart = float(done.stdout.split(";")[-1].split()[0])
    assert apart < 1e-5


def test_float16_saturates_and_what_is_no_array_is_refused(tmp_path):
    volume = nh.Volume(np.random.default_rng(0).normal(0, 1e6, (3, 16, 16)), nh.axial_affine((1, 1, 1)))
    params = nh.GaborParams(wavelengths=(4,), orientations=(0, 90))
    out = np.zeros((2, 3, 16, 16), np.float16)
    finish(nh.gabor_into(volume, params, out))
    assert np.isfinite(out).all()
    assert out.max() == np.finfo(np.float16).max
    locked = np.zeros((2, 3, 16, 16), np.float32)
    locked.flags.writeable = False
    for wrong, reason in ((None, "no array"), ([0] * 2, "no array"), (locked, "written")):
        with pytest.raises(nh.ParameterError, match=reason):
            finish(nh.gabor_into(volume, params, wrong))


def test_values_beyond_single_precision_are_refused_by_slice():
    array = np.zeros((3, 16, 16))
    array[1, 3, 3] = 3e38
    with pytest.raises(nh.IntensityError, match="slice 1 exceed"):
        nh.gabor(nh.Volume(array, nh.axial_affine((1, 1, 1))))
