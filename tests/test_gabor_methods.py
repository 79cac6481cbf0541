"""Every method gives the defining sum, in double precision and in full, to 1e-5 of the largest response."""

import threading
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import convolve

import napari_hounsfield as nh
from napari_hounsfield import gabor_filtering, gabor_spectra
from napari_hounsfield.gabor_bank import map_names
from napari_hounsfield.gabor_filtering import Bank
from napari_hounsfield.gabor_kernels import directions
from napari_hounsfield.operation import finish

METHODS = ("separable", "spectra", "device")
PLANES = {"axial": ("yx",), "orthogonal": ("yx", "zx", "zy"), "volume": ("zyx",)}
PAD_MODE = {"reflect": "symmetric", "nearest": "edge", "wrap": "wrap", "constant": "constant"}
PARTS = {"modulus": np.abs, "real": np.real, "imaginary": np.imag}
TOLERANCE = 1e-5


def gabor_function(axes, wave, spacing, wavelength, sigma, params):
    """The function at the voxels (z, y, x) of a plane, by its formula; `wave` is a unit vector (x, y, z)."""
    reach = [int(np.ceil(params.truncate * sigma / s - 1e-9)) if a in axes else 0 for a, s in zip("zyx", spacing, strict=True)]
    z, y, x = np.meshgrid(*(s * np.arange(-r, r + 1) for s, r in zip(spacing, reach, strict=True)), indexing="ij")
    along = wave[0] * x + wave[1] * y + wave[2] * z
    across2 = x**2 + y**2 + z**2 - along**2
    envelope = np.exp(-(along**2 + params.gamma**2 * across2) / (2 * sigma**2))
    function = envelope * np.exp(1j * (2 * np.pi * along / wavelength + np.radians(params.psi)))
    return function / envelope.sum() if params.normalise else function


def responses(image, spacing, params):
    """Complex responses (wavelength, plane and orientation, z, y, x) of an axial image: plain sums in double precision."""
    every = []
    for k, wavelength in enumerate(params.wavelengths):
        every.append([])
        for axes in PLANES[params.planes]:
            if params.planes == "volume":
                waves = directions(len(params.orientations))
            else:
                u, v = (np.array(["xyz".index(a) == i for i in range(3)], float) for a in reversed(axes))
                waves = [np.cos(t) * u + np.sin(t) * v for t in np.radians(params.orientations)]
            for wave in waves:
                g = gabor_function(axes, wave, spacing, wavelength, params.sigma_of(k), params)
                around = np.pad(image.astype(float), [(n // 2, n // 2) for n in g.shape], PAD_MODE[params.boundary])
                every[-1].append(convolve(around, g, mode="valid", method="direct"))
    return np.array(every)


def maps_of(complex_responses, params):
    parts = PARTS[params.response](complex_responses)
    return parts.reshape(-1, *parts.shape[2:]) if params.pool == "none" else getattr(np, params.pool)(parts, axis=1)


def filtered(image, spacing, params, method, first=0, last=None):
    last = len(image) if last is None else last
    out = np.full((len(map_names(params)), last - first, *image.shape[1:]), np.nan, np.float32)
    finish(Bank(nh.Volume(image, nh.axial_affine(spacing)).grid, params, method).filter(image, out, first, last))
    return out


def resolved(image, spacing, **values):
    return nh.GaborParams(**values).resolve(nh.Volume(image, nh.axial_affine(spacing)))


def noise(shape, seed=0):
    return np.random.default_rng(seed).random(shape, np.float32)


def agree(image, spacing, params, method, expected=None):
    expected = responses(image, spacing, params) if expected is None else expected
    difference = filtered(image, spacing, params, method) - maps_of(expected, params)
    assert np.abs(difference).max() <= TOLERANCE * np.abs(expected).max()


@pytest.mark.parametrize("boundary", ["reflect", "constant", "nearest", "wrap"])
@pytest.mark.parametrize("planes", list(PLANES))
def test_every_boundary_plane_response_and_pool(planes, boundary):
    image, spacing = noise((5, 10, 140)), (1.5, 1.0, 0.8)  # more columns than a compiled pass takes at a time
    values = {"orientations": (0, 30, 150), "truncate": 2, "psi": 25, "wavelengths": (4, 5), "sigma": (2, 2.5)}
    params = resolved(image, spacing, planes=planes, boundary=boundary, **values)
    expected = responses(image, spacing, params)
    for method, response, pool in product(METHODS, PARTS, ["none", "mean", "max"]):
        agree(image, spacing, params.model_copy(update={"response": response, "pool": pool}), method, expected)


@given(
    shape=st.tuples(st.integers(2, 6), st.integers(3, 16), st.integers(3, 16)),
    spacing=st.tuples(st.floats(0.8, 2.0), st.floats(0.5, 2.0), st.floats(0.5, 2.0)),
    orientations=st.lists(st.floats(-360, 360), min_size=1, max_size=4),
    gamma=st.floats(0.45, 3.0),
    psi=st.floats(-180, 180),
    truncate=st.sampled_from([0.0, 1.5, 3.0]),
    boundary=st.sampled_from(["reflect", "constant", "nearest", "wrap"]),
    response=st.sampled_from(sorted(PARTS)),
    pool=st.sampled_from(["none", "mean", "max"]),
    planes=st.sampled_from(sorted(PLANES)),
    normalise=st.booleans(),
    method=st.sampled_from(METHODS),
)
@settings(max_examples=60)
def test_any_parameters(shape, spacing, gamma, truncate, method, **values):
    """Even and odd sizes, kernels wider than the image, any voxel."""
    values |= {"gamma": 1.0 if method == "separable" else gamma, "truncate": truncate or 8.6 / min(1, gamma)}
    image = noise(shape)
    params = resolved(image, spacing, wavelengths=4.0, sigma=0.7, **values)
    expected = responses(image, spacing, params)
    agree(image, spacing, params if truncate else params.model_copy(update={"truncate": 0.0}), method, expected)


@pytest.mark.parametrize("method", METHODS)
def test_a_kernel_much_wider_than_the_image(method):
    image = noise((1, 9, 10))
    params = resolved(image, (1, 1, 1), wavelengths=40, sigma=9, truncate=4, orientations=(10, 170))
    agree(image, (1, 1, 1), params, method)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("planes", list(PLANES))
def test_some_slices_are_those_of_the_whole(planes, method):
    image = noise((9, 20, 22))
    params = resolved(image, (2, 1, 1), wavelengths=5, truncate=2, planes=planes, pool="mean")
    whole = filtered(image, (2, 1, 1), params, method)
    np.testing.assert_allclose(filtered(image, (2, 1, 1), params, method, 3, 7), whole[:, 3:7], atol=1e-6)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("planes", ["axial", "volume"])
def test_the_reach_of_a_bank_is_enough(planes, method):
    image = noise((30, 12, 14))
    params = resolved(image, (1, 1, 1), wavelengths=3, truncate=2, planes=planes, orientations=(0, 60))
    reach = Bank(nh.Volume(image, np.eye(4)).grid, params, method).reach
    changed = image.copy()
    changed[15 + reach + 1 :] = 9
    changed[: 15 - reach] = 9
    for array in (image, changed):
        found = filtered(array, (1, 1, 1), params, method, 15, 16)
        np.testing.assert_allclose(found, filtered(image, (1, 1, 1), params, method, 15, 16), atol=2e-6)


@pytest.mark.parametrize("kind", [np.int16, np.uint8, np.float64, ">i2"])
def test_any_number_type_and_storage(kind):
    whole = np.random.default_rng(0).integers(0, 200, (3, 20, 40)).astype(kind)
    stored = np.asfortranarray(whole)[:, :, ::2]
    params = resolved(stored, (1, 1, 1), wavelengths=4, truncate=2)
    for method in METHODS:
        np.testing.assert_allclose(
            filtered(stored, (1, 1, 1), params, method), filtered(whole[:, :, ::2].astype("f4"), (1, 1, 1), params, "spectra"),
            atol=1e-3,
        )  # fmt: skip


def test_small_bricks_change_nothing(monkeypatch):
    from napari_hounsfield import gabor_separable

    image = noise((12, 30, 20))
    params = resolved(image, (1, 1, 1), wavelengths=4, truncate=2, planes="orthogonal", pool="max")
    whole = filtered(image, (1, 1, 1), params, "separable")
    monkeypatch.setattr(gabor_separable, "BRICK_BYTES", 1)
    np.testing.assert_allclose(filtered(image, (1, 1, 1), params, "separable"), whole, atol=1e-6)


def test_the_number_of_threads_changes_nothing():
    from napari_hounsfield import runtime

    image = noise((3, 40, 300))
    for values in ({"pool": "mean"}, {"pool": "mean", "planes": "volume"}, {"gamma": 0.5, "pool": "mean"}):
        params = resolved(image, (1, 1, 1), wavelengths=(3, 5), truncate=2, **values)
        method = "spectra" if params.gamma != 1 else "separable"
        many = filtered(image, (1, 1, 1), params, method)
        try:
            runtime.configure(threads=1)
            np.testing.assert_array_equal(filtered(image, (1, 1, 1), params, method), many)
        finally:
            runtime.configure()


def test_orientations_share_their_passes():
    from napari_hounsfield.gabor_kernels import planes_of
    from napari_hounsfield.gabor_separable import SeparablePlane

    volume = nh.Volume(noise((1, 64, 64)), np.eye(4))
    params = nh.GaborParams(wavelengths=6).resolve(volume)
    (cascade,) = SeparablePlane(planes_of("axial", volume.grid)[0], volume.grid.shape, params, [0]).cascades
    assert np.abs(cascade.row_taps).sum(axis=1).astype(bool).sum() == 9
    assert len(cascade.y.taps) == 16


def test_the_method_is_chosen_by_envelope_and_size(monkeypatch):
    monkeypatch.setattr(gabor_filtering, "gpu", lambda: "")

    def chosen(shape, **values):
        volume = nh.Volume(np.zeros(shape, np.int16), np.eye(4))
        return Bank(volume.grid, nh.GaborParams(**values).resolve(volume)).separable[0]

    assert chosen((1, 512, 512), wavelengths=(3, 6, 9, 13)) == [0, 1, 2, 3]
    assert chosen((1, 512, 512), wavelengths=(3, 6, 9, 13), gamma=0.5) == []
    assert chosen((1, 32, 32), wavelengths=3) == []
    assert chosen((1, 2048, 2048), wavelengths=(4, 200), truncate=0) == [0, 1]
    assert chosen((1, 2048, 2048), wavelengths=(4, 600), truncate=0) == [0, 1], "spectra would not fit into memory"


def test_separable_is_refused_where_it_would_be_wrong():
    volume = nh.Volume(noise((1, 32, 32)), np.eye(4))
    with pytest.raises(nh.ParameterError, match="gamma 2"):
        Bank(volume.grid, nh.GaborParams(wavelengths=4, gamma=2).resolve(volume), "separable")


@pytest.mark.parametrize("method", METHODS)
def test_closing_a_filter_leaves_no_thread(method):
    image = noise((4, 200, 200))
    params = resolved(image, (1, 1, 1), wavelengths=(4, 8))
    before = set(threading.enumerate())
    steps = Bank(nh.Volume(image, np.eye(4)).grid, params, method).filter(image, np.empty((16, *image.shape), np.float32))
    assert 0 <= next(p.fraction for p in steps if p.message == "Gabor bank") < 0.2
    steps.close()
    assert not {thread for thread in set(threading.enumerate()) - before if thread.name.startswith("hounsfield")}


@pytest.mark.parametrize("planes", ["axial", "volume"])
@pytest.mark.parametrize("method", METHODS)
def test_progress_only_grows(planes, method):
    image = noise((5, 40, 150))
    params = resolved(image, (1, 1, 1), wavelengths=(3, 5), truncate=2, planes=planes)
    out = np.empty((16, *image.shape), np.float32)
    fractions = [p.fraction for p in Bank(nh.Volume(image, np.eye(4)).grid, params, method).filter(image, out)]
    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1)


def test_tiles_of_spectra_change_nothing_for_real_maps(monkeypatch):
    image = noise((6, 40, 44))
    params = resolved(image, (1, 1, 1), wavelengths=4, truncate=2, planes="volume", response="real", psi=30)
    whole = filtered(image, (1, 1, 1), params, "spectra")
    monkeypatch.setattr(gabor_spectra, "TILE_VOXELS", 3000)
    for method in ("spectra", "device"):
        np.testing.assert_allclose(filtered(image, (1, 1, 1), params, method), whole, atol=1e-6)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("planes", list(PLANES))
@pytest.mark.parametrize("flips", [(1,), (2,), (0, 1)])
def test_flipped_storage_changes_no_map(flips, planes, method):
    image, spacing = noise((6, 12, 14)), (1.2, 1.0, 0.9)
    params = resolved(image, spacing, wavelengths=4, orientations=(30, 100), truncate=2, response="imaginary", planes=planes)
    affine = np.array(nh.axial_affine(spacing))
    for axis in flips:
        affine[:3, 3] += affine[:3, axis] * (image.shape[axis] - 1)
        affine[:3, axis] *= -1
    stored = nh.Volume(np.flip(image, flips), affine)
    out = np.empty((len(map_names(params)), *image.shape), np.float32)
    finish(Bank(stored.grid, params, method).filter(stored.array, out))
    np.testing.assert_allclose(np.flip(out, [a + 1 for a in flips]), filtered(image, spacing, params, method), atol=1e-6)
