"""The bank is exact: to IBSI 2, to a plain sum, and to the patient's frame."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import napari_hounsfield as nh
from napari_hounsfield import gabor_filtering, gabor_spectra
from napari_hounsfield.gabor_kernels import directions, kernel, planes_of, unit_waves

PAD_MODE = {"reflect": "symmetric", "nearest": "edge", "wrap": "wrap", "constant": "constant"}
"""scipy.ndimage's names of boundaries in numpy's words."""


def plain_sum(image, theta, wavelength, sigma, spacing, *, gamma=1.0, psi=0.0, truncate=3.0, boundary="reflect", normalise=True):
    """Direct float64 convolution of one slice (y, x) by the defining sum."""
    ry, rx = (int(np.ceil(truncate * sigma / s - 1e-9)) for s in spacing)
    y, x = np.meshgrid(np.arange(-ry, ry + 1) * spacing[0], np.arange(-rx, rx + 1) * spacing[1], indexing="ij")
    t = np.radians(theta)
    u, v = x * np.cos(t) + y * np.sin(t), -x * np.sin(t) + y * np.cos(t)
    envelope = np.exp(-(u**2 + gamma**2 * v**2) / (2 * sigma**2))
    g = envelope * np.exp(1j * (2 * np.pi * u / wavelength + np.radians(psi)))
    if normalise:
        g = g / envelope.sum()
    padded = np.pad(image.astype(float), ((ry, ry), (rx, rx)), mode=PAD_MODE[boundary])
    out = np.zeros(image.shape, complex)
    for i in range(2 * ry + 1):
        for j in range(2 * rx + 1):
            rows = slice(2 * ry - i, 2 * ry - i + image.shape[0])
            columns = slice(2 * rx - j, 2 * rx - j + image.shape[1])
            out += g[i, j] * padded[rows, columns]
    return out


def noise(shape, seed=0):
    return np.random.default_rng(seed).random(shape, np.float32)


@given(
    size=st.tuples(st.integers(5, 17), st.integers(5, 17)),
    spacing=st.tuples(st.floats(0.5, 2.0), st.floats(0.5, 2.0)),
    theta=st.floats(-180, 180),
    gamma=st.floats(0.3, 3.0),
    psi=st.floats(-180, 180),
    boundary=st.sampled_from(sorted(PAD_MODE)),
    normalise=st.booleans(),
    response=st.sampled_from(["modulus", "real", "imaginary"]),
)
@settings(max_examples=40)
def test_equals_the_defining_sum(size, spacing, theta, gamma, psi, boundary, normalise, response):
    image = noise((1, *size))
    volume = nh.Volume(image, nh.axial_affine((3, *spacing)))
    shape = {"gamma": gamma, "psi": psi, "boundary": boundary, "normalise": normalise}
    params = nh.GaborParams(wavelengths=4.5, sigma=2.0, orientations=theta, truncate=3, response=response, **shape)
    found = nh.gabor(volume, params).array[0, 0]
    expected = plain_sum(image[0], theta, 4.5, 2.0, spacing, **shape)
    expected = {"modulus": np.abs, "real": np.real, "imaginary": np.imag}[response](expected)
    assert np.abs(found - expected).max() <= 1e-5 * max(np.abs(expected).max(), image.max())


def test_ibsi_response_maps(shared_data):
    import nibabel

    folder = shared_data / "03_gabor_ibsi2"
    phantom = np.asarray(nibabel.load(folder / "nifti/impulse/image/impulse.nii.gz").dataobj).T.astype(np.float32)
    volume = nh.Volume(phantom, nh.axial_affine((2, 2, 2)))
    ibsi = {"wavelengths": 4, "sigma": 10, "gamma": 0.5, "boundary": "constant", "truncate": 0, "normalise": False}
    for name, kwargs in {
        "4_a_1": {"orientations": 60},
        "4_a_2": {"orientations": tuple(range(0, 180, 45)), "pool": "mean", "planes": "orthogonal"},
    }.items():
        path = folder / f"reference/reference_response_maps/{name}-ValidCRM.nii"
        reference = np.asarray(nibabel.load(path).dataobj).T
        found = nh.gabor(volume, nh.GaborParams(**ibsi, **kwargs)).array[0]
        assert np.abs(found - reference).max() <= 1e-4 * np.ptp(reference)


def stored_otherwise(volume, order, flips):
    """The same image, its array axes permuted and flipped, with the affine that says so."""
    array, affine = volume.array.transpose(order), np.array(volume.affine)
    affine[:, :3] = affine[:, list(order)]
    for axis in flips:
        affine[:3, 3] += affine[:3, axis] * (array.shape[axis] - 1)
        affine[:3, axis] *= -1
    return nh.Volume(np.flip(array, flips), affine)


@pytest.mark.parametrize("flips", [(1,), (2,), (1, 2), (0, 1)])
@pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1)])
def test_orientation_is_a_fact_of_the_patient(order, flips):
    volume = nh.Volume(noise((2, 20, 24)), nh.axial_affine((3, 1, 1.5)))
    params = nh.GaborParams(wavelengths=5, orientations=(30, 100), response="real")
    other = stored_otherwise(volume, order, flips)
    found = np.flip(nh.gabor(other, params).array, [a + 1 for a in flips]).transpose(0, *(np.argsort(order) + 1))
    np.testing.assert_allclose(found, nh.gabor(volume, params).array, atol=1e-6)


def test_order_and_names_of_maps():
    volume = nh.Volume(noise((6, 16, 16)), np.eye(4))
    result = nh.gabor(volume, nh.GaborParams(wavelengths=(3, 6), orientations=(0, 90), planes="orthogonal"))
    assert result.names[:5] == (
        "Gabor 3 mm axial 0°",
        "Gabor 3 mm axial 90°",
        "Gabor 3 mm coronal 0°",
        "Gabor 3 mm coronal 90°",
        "Gabor 3 mm sagittal 0°",
    )
    assert result.array.shape == (12, 6, 16, 16)
    one = nh.gabor(volume, nh.GaborParams(wavelengths=6, orientations=90, planes="orthogonal"))
    np.testing.assert_array_equal(result.array[[7, 9, 11]], one.array)


@pytest.mark.parametrize("planes", ["axial", "orthogonal"])
@pytest.mark.parametrize("pool", ["mean", "max"])
def test_pooling_joins_orientations_and_planes(pool, planes):
    volume = nh.Volume(noise((6, 16, 16)), np.eye(4))
    params = {"wavelengths": (3, 6), "orientations": (0, 45, 90), "planes": planes}
    every = nh.gabor(volume, nh.GaborParams(**params)).array
    pooled = nh.gabor(volume, nh.GaborParams(**params, pool=pool)).array
    expected = getattr(every.reshape(2, -1, 6, 16, 16), pool)(axis=1)
    np.testing.assert_allclose(pooled, expected, atol=1e-6)


def test_space_filters_answer_to_their_direction():
    places = np.mgrid[:24, :24, :24]
    params = nh.GaborParams(wavelengths=6, orientations=tuple(range(64)), planes="volume", truncate=3)
    for axis, patient in enumerate((2, 1, 0)):  # z runs towards S, y towards P, x towards L
        wave = nh.Volume(np.cos(2 * np.pi * places[axis] / 6).astype(np.float32), nh.axial_affine((1, 1, 1)))
        strongest = nh.gabor(wave, params).array[:, 12, 12, 12].argmax()
        assert abs(directions(64)[strongest, patient]) == np.abs(directions(64)[:, patient]).max()


def test_same_features_in_millimetres_at_another_spacing():
    _, x = np.mgrid[:64, :64] * 1.0
    fine = nh.Volume(np.cos(2 * np.pi * x / 12)[None].astype(np.float32), nh.axial_affine((3, 1, 1)))
    coarse = nh.Volume(np.ascontiguousarray(fine.array[:, ::2, ::2]), nh.axial_affine((3, 2, 2)))
    params = nh.GaborParams(wavelengths=12, orientations=0)
    a, b = nh.gabor(fine, params).array[0, 0, 32, 32], nh.gabor(coarse, params).array[0, 0, 16, 16]
    assert a == pytest.approx(b, rel=0.01)


def test_blanks_come_from_the_voxel_size_and_are_recorded():
    result = nh.gabor(nh.Volume(noise((1, 96, 96)), nh.axial_affine((5, 0.8, 0.8))))
    wavelengths = result.recipe["wavelengths"]
    assert wavelengths == pytest.approx([wavelengths[0] * 2**k for k in range(len(wavelengths))])
    assert result.recipe["sigma"] == pytest.approx([0.5622 * w for w in wavelengths], rel=1e-3)
    resolved = nh.GaborParams(**result.recipe)
    assert resolved.resolve(nh.Volume(noise((1, 96, 96)), nh.axial_affine((5, 0.8, 0.8)))) == resolved


def test_padding_makes_no_texture():
    image = np.full((1, 40, 40), 50.0, np.float32)
    valid = np.ones(image.shape, bool)
    image[:, :, :15], valid[:, :, :15] = -2000, False
    result = nh.gabor(nh.Volume(image, np.eye(4), valid=valid), nh.GaborParams(wavelengths=4))
    assert np.abs(result.array[..., 20:]).max() < 0.2


@pytest.mark.parametrize(
    ("shape", "spacing", "params", "message"),
    [
        ((1, 32, 32), (1, 1, 1), {"wavelengths": 1.9}, "under two voxels of the axial plane; 2 mm"),
        ((8, 32, 32), (5, 1, 1), {"wavelengths": 6, "planes": "orthogonal"}, "coronal plane; 10 mm"),
        ((1, 32, 32), (1, 1, 1), {"wavelengths": 20, "sigma": 40}, "sigma 40 mm is wider than the image"),
        ((1, 32, 32), (1, 1, 1), {"planes": "volume"}, "more than one slice"),
    ],
)
def test_filters_that_do_not_fit_are_refused_with_the_number_that_would(shape, spacing, params, message):
    with pytest.raises(nh.ParameterError, match=message):
        nh.gabor(nh.Volume(noise(shape), nh.axial_affine(spacing)), nh.GaborParams(**params))


def test_can_be_cancelled_between_steps():
    steps = nh.gabor.steps(nh.Volume(noise((20, 64, 64)), np.eye(4)))
    first = next(steps)
    assert 0 <= first.fraction < 0.1
    steps.close()


def test_sigmas_that_do_not_match_the_found_wavelengths_are_one_typed_error():
    volume = nh.Volume(noise((1, 96, 96)), np.eye(4))
    with pytest.raises(nh.ParameterError, match="3 sigmas for 2 wavelengths"):
        nh.gabor(volume, nh.GaborParams(sigma=(3, 4, 5)))


@pytest.mark.parametrize("planes", ["axial", "volume"])
def test_a_filter_wider_than_an_image_that_ends_in_zeros_equals_the_whole_one(planes):
    from scipy.signal import fftconvolve

    volume = nh.Volume(noise((6, 12, 14)), nh.axial_affine((2, 1, 1)))
    params = {"wavelengths": 6, "sigma": 8, "orientations": 30, "truncate": 4, "planes": planes, "response": "real"}
    found = nh.gabor(volume, nh.GaborParams(**params, boundary="constant")).array[0]
    plane = planes_of(planes, volume.grid)[0]
    whole = kernel(plane, unit_waves(plane, (30.0,))[0], 6, 8, truncate=4, normalise=True)
    whole = whole if planes == "volume" else whole[None]
    far = [n // 2 for n in whole.shape]
    full = fftconvolve(volume.array.astype(float), whole)
    expected = full[tuple(slice(r, r + n) for r, n in zip(far, volume.array.shape, strict=True))].real
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("planes", ["axial", "volume"])
def test_tiles_and_groups_of_orientations_change_nothing(planes, monkeypatch):
    volume = nh.Volume(noise((8, 40, 44)), np.eye(4))
    params = nh.GaborParams(wavelengths=(3, 5), orientations=(0, 30, 60, 90, 120), planes=planes, truncate=2, pool="mean")
    whole = nh.gabor(volume, params).array
    monkeypatch.setattr(gabor_spectra, "TILE_VOXELS", 2000)
    np.testing.assert_allclose(nh.gabor(volume, params).array, whole, atol=1e-6)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"wavelengths": 100, "truncate": 0, "gamma": 0.05}, r"GiB; truncate up to [\d.]+ sigmas would fit"),
        ({"wavelengths": 20, "sigma": 350, "truncate": 20}, r"GiB; truncate up to [\d.]+ sigmas would fit"),
        ({"wavelengths": tuple(range(5, 69)), "orientations": tuple(range(64))}, r"GiB; at most \d+ orientations would fit"),
    ],
)
def test_filters_that_would_take_too_much_memory_are_refused_with_what_would_fit(params, message):
    volume = nh.Volume(np.zeros((1, 512, 512), np.int16), nh.axial_affine((2, 0.7, 0.7)))
    params = nh.GaborParams(**{"gamma": 0.9, **params}, pool="mean").resolve(volume)
    with pytest.raises(nh.ParameterError, match=message) as refused:
        gabor_filtering.Bank(volume.grid, params)
    number = float(str(refused.value).split(" would fit")[0].split()[-2])
    fitting = {"truncate": number} if "truncate" in message else {"orientations": params.orientations[: int(number)]}
    assert gabor_filtering.Bank(volume.grid, params.model_copy(update=fitting)).reach == 0
