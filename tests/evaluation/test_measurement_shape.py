"""Shape figures of `measure`: published values, closed forms, brute force, and what must not change them."""

from __future__ import annotations

import csv

import numpy as np
import pytest
import SimpleITK
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.spatial import ConvexHull
from scipy.spatial.distance import pdist
from skimage.measure import regionprops

import napari_hounsfield as nh
from napari_hounsfield.evaluation import diameters as diameters_module
from napari_hounsfield.evaluation.diameters import diameters
from napari_hounsfield.formats.label_reading import read_labels
from napari_hounsfield.grid import same_lattice
from napari_hounsfield.operation import finish

TURN = np.linalg.qr(np.array([[0.9, 0.2, 0.1], [-0.3, 0.8, 0.2], [0.1, -0.4, 0.7]]))[0]
STEPS = {
    "anisotropic": np.array([[0, 0, 0.8], [0, 0.7, 0], [3.0, 0, 0]]),
    "tilted": np.array([[0, 0, 0.8], [-0.9, 0.7, 0], [3.0, 0, 0]]),  # slices shifted along P, as by a gantry tilt
    "oblique": TURN @ np.array([[0, 0, 0.9], [0, 0.7, 0], [2.0, 0, 0]]),
}
"""Columns: steps in mm (L, P, S) along z, y and x."""


def affine_of(steps, origin=(5.0, -7.0, 11.0)):
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = steps, origin
    return affine


AFFINES = {name: affine_of(steps) for name, steps in STEPS.items()}


def measured(mask, affine, **params):
    """The one class of a mask."""
    labels = nh.LabelMap(np.asarray(mask).astype(np.uint8), affine, {1: "object"})
    (one,) = nh.measure(nh.Volume(np.zeros(labels.array.shape), affine), labels, nh.MeasureParams(**params)).classes
    return one


masks = hnp.arrays(bool, hnp.array_shapes(min_dims=3, max_dims=3, max_side=5)).filter(np.any)
affines = st.sampled_from(list(AFFINES.values()))


def reaching(mask, affine, axes=(0, 1, 2)):
    """Every voxel centre, half a step to both sides along each axis."""
    offsets = [sign * np.eye(3)[axis] / 2 for axis in axes for sign in (-1, 1)]
    return nh.Grid(mask.shape, affine).positions((np.argwhere(mask)[:, None] + offsets).reshape(-1, 3))


# Published values


@pytest.fixture(scope="module")
def baseline(shared_data):
    """Columns of pyradiomics' published table of shape features."""
    with open(shared_data / "10_mr_pyradiomics" / "baseline" / "baseline_shape.csv", newline="") as file:
        rows = list(csv.reader(file))
    return {name: {row[0]: row[i] for row in rows} for i, name in enumerate(rows[0])}


@pytest.fixture(scope="module")
def tumour(shared_data):
    """Mask and affine of a case of pyradiomics."""

    def read(name):
        labels = read_labels(shared_data / "10_mr_pyradiomics" / f"{name}_label.nrrd")
        return labels.array == 1, labels.affine

    return read


@pytest.mark.parametrize("case", ["brain1", "breast1"])
def test_pyradiomics_published_shape(case, baseline, tumour):
    published = {key.removeprefix("original_shape_"): value for key, value in baseline[case].items()}
    planes = {
        plane: measured(*tumour(case), plane=plane)
        for plane in ("axial", "coronal", "sagittal")  # Slice, Row and Column of an axial image
    }
    found = planes["axial"]
    assert found.volume_ml * 1000 == pytest.approx(float(published["VoxelVolume"]), rel=1e-9)
    assert found.surface_mm2 == pytest.approx(float(published["SurfaceArea"]), rel=0.003)
    assert found.mesh_volume_ml * 1000 == pytest.approx(float(published["MeshVolume"]), rel=0.003)
    assert found.sphericity == pytest.approx(float(published["Sphericity"]), rel=0.003)
    assert found.diameter_mm == pytest.approx(float(published["Maximum3DDiameter"]), rel=1e-9)
    assert planes["coronal"].plane_diameter_mm == pytest.approx(float(published["Maximum2DDiameterColumn"]), rel=1e-9)
    assert planes["sagittal"].plane_diameter_mm == pytest.approx(float(published["Maximum2DDiameterRow"]), rel=1e-9)


def test_pyradiomics_published_diameter_in_slices(baseline, tumour):
    mask, affine = tumour("breast1")
    assert measured(mask, affine).plane_diameter_mm == pytest.approx(
        float(baseline["breast1"]["original_shape_Maximum2DDiameterSlice"]), rel=1e-9
    )
    # In brain1 their longest joins the centre of a voxel of one slice with one of the next, at the vertices halfway between.
    mask, affine = tumour("brain1")
    halfway = max(
        pdist(nh.Grid(mask.shape, affine).positions(np.argwhere((mask[k] ^ mask[k + 1])[None]))).max()
        for k in range(len(mask) - 1)
        if np.count_nonzero(mask[k] ^ mask[k + 1]) > 1
    )
    assert halfway == pytest.approx(float(baseline["brain1"]["original_shape_Maximum2DDiameterSlice"]), rel=1e-9)
    assert measured(mask, affine).plane_diameter_mm < halfway


def test_pyradiomics_published_diameter_of_one_slice(shared_data, tumour):
    with open(shared_data / "10_mr_pyradiomics" / "baseline" / "baseline_shape2D.csv", newline="") as file:
        rows = {row["featureName"]: row for row in csv.DictReader(file)}
    for case, z in (("brain1", 16), ("breast1", 9)):
        mask, affine = tumour(case)
        single = np.zeros_like(mask)
        single[z] = mask[z]
        published = rows["original_shape2D_MaximumDiameter"][f"{case}_shape2D"]
        assert measured(single, affine).plane_diameter_mm == pytest.approx(float(published), rel=1e-9)


def test_digital_phantom_of_the_image_biomarker_standardisation_initiative(shared_data):
    # Reference manual of IBSI-1 (Zwanenburg 2020, arXiv:1612.07003), digital phantom, morphological features; the tolerances
    # are theirs.
    folder = shared_data / "03_gabor_ibsi2" / "ibsi1_digital_phantom" / "nifti"
    labels = read_labels(folder / "mask" / "mask.nii.gz")
    found = measured(labels.array, labels.affine)
    assert found.mesh_volume_ml * 1000 == pytest.approx(556, abs=4)
    assert found.volume_ml * 1000 == pytest.approx(592, abs=1e-9)
    assert found.surface_mm2 == pytest.approx(388, abs=3)
    assert found.sphericity == pytest.approx(0.843, abs=0.005)
    assert found.diameter_mm == pytest.approx(13.1, abs=0.1)


# Independent programs


@given(masks)
def test_place_equals_simpleitk_and_scikit_image(mask):
    found = measured(mask, nh.axial_affine((3.0, 0.7, 0.8), (5, -7, 11)))
    image = SimpleITK.GetImageFromArray(mask.astype(np.uint8))
    image.SetSpacing((0.8, 0.7, 3.0))
    image.SetOrigin((5, -7, 11))
    shape = SimpleITK.LabelShapeStatisticsImageFilter()
    shape.Execute(image)
    assert found.voxels == shape.GetNumberOfPixels(1)
    assert found.volume_ml * 1000 == pytest.approx(shape.GetPhysicalSize(1), rel=1e-9)
    assert found.centroid_mm == pytest.approx(shape.GetCentroid(1), abs=1e-9)
    x, y, z, width, height, depth = shape.GetBoundingBox(1)
    assert (found.box_start_voxels, found.box_stop_voxels) == ((z, y, x), (z + depth, y + height, x + width))
    (region,) = regionprops(mask.astype(np.uint8))
    assert (*found.box_start_voxels, *found.box_stop_voxels) == region.bbox
    size = np.subtract(found.box_high_mm, found.box_low_mm)
    assert size == pytest.approx((width * 0.8, height * 0.7, depth * 3.0))
    assert found.box_low_mm == pytest.approx((5 + (x - 0.5) * 0.8, -7 + (y - 0.5) * 0.7, 11 + (z - 0.5) * 3.0))


@given(masks, affines, st.sampled_from([1, 10_000]))
def test_diameters_equal_the_greatest_of_all_distances(mask, affine, gathered):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(diameters_module, "HULL", gathered)  # the hull of hulls, or of all
        found = finish(diameters(mask, affine, 0))
    assert found.in_space == pytest.approx(pdist(reaching(mask, affine)).max(), rel=1e-9)
    slices = np.arange(len(mask))[:, None, None]
    planes = [reaching(mask & (slices == z), affine, (1, 2)) for z in range(len(mask)) if mask[z].any()]
    assert found.in_plane == pytest.approx(max(pdist(points).max() for points in planes), rel=1e-9)
    for ends, length in ((found.space_ends, found.in_space), (found.plane_ends, found.in_plane)):
        assert np.linalg.norm(ends[1] - ends[0]) == pytest.approx(length)

    # The chord across, from the half planes that bound the hull of the plane that holds the diameter.
    points = next(p for p in planes if min(abs(p - found.plane_ends[0]).max(axis=1)) < 1e-9)
    along = (found.plane_ends[1] - found.plane_ends[0]) / found.in_plane
    normal = np.cross(affine[:3, 1], affine[:3, 2])
    side = np.cross(normal / np.linalg.norm(normal), along)
    flat = (points - found.plane_ends[0]) @ np.stack((along, side), axis=1)
    sides = ConvexHull(flat).equations
    chords = []
    for place in flat[:, 0]:
        limits = -(sides[:, 2] + sides[:, 0] * place)
        with np.errstate(divide="ignore", invalid="ignore"):
            bounds = limits / sides[:, 1]
        up, down = sides[:, 1] > 1e-9, sides[:, 1] < -1e-9
        chords.append(bounds[up].min() - bounds[down].max())
    assert found.across == pytest.approx(max(chords), abs=1e-6)


# Closed forms


@pytest.mark.parametrize("name", AFFINES)
def test_one_voxel(name):
    mask = np.zeros((3, 4, 5), bool)
    mask[0, 3, 2] = True  # at the border
    affine = AFFINES[name]
    found = measured(mask, affine)
    lengths = np.linalg.norm(affine[:3, :3], axis=0)
    a, b, c = affine[:3, :3].T / 2  # half steps: the mesh is the octahedron between their ends
    faces = [np.linalg.norm(np.cross(b * j - a * i, c * k - a * i)) / 2 for i in (1, -1) for j in (1, -1) for k in (1, -1)]
    assert found.surface_mm2 == pytest.approx(sum(faces))
    assert found.mesh_volume_ml * 6 == pytest.approx(found.volume_ml)
    assert found.diameter_mm == pytest.approx(lengths.max())
    assert found.centroid_mm == pytest.approx(nh.Grid(mask.shape, affine).positions([(0, 3, 2)])[0])
    assert found.objects is None


@pytest.mark.parametrize("name", AFFINES)
def test_ball(name):
    affine = AFFINES[name].copy()
    shape, radius = (31, 101, 101), 17.0
    affine[:3, 3] = -affine[:3, :3] @ (np.array(shape) - 1) / 2 + (1.0, 2.0, 3.0)
    positions = nh.Grid(shape, affine).positions(np.indices(shape).reshape(3, -1).T)
    mask = (np.linalg.norm(positions - (1.0, 2.0, 3.0), axis=1) <= radius).reshape(shape)
    found = measured(mask, affine)
    assert found.volume_ml * 1000 == pytest.approx(4 / 3 * np.pi * radius**3, rel=0.01)
    assert found.mesh_volume_ml == pytest.approx(found.volume_ml, rel=0.004)
    assert 1 < found.surface_mm2 / (4 * np.pi * radius**2) < 1.25  # stairs are longer than the slope
    longest_step = np.linalg.norm(affine[:3, :3], axis=0).max()
    assert 2 * radius - 0.5 < found.diameter_mm <= 2 * radius + longest_step  # half a step beyond the centres at both ends
    assert found.plane_diameter_mm == pytest.approx(2 * radius, abs=2)
    assert found.plane_perpendicular_mm == pytest.approx(2 * radius, abs=2)
    assert found.centroid_mm == pytest.approx((1, 2, 3), abs=0.05)
    assert found.box_low_mm < (1.0 - radius + 2, 2.0 - radius + 2, 3.0 - radius + 3)


def test_ellipse_turned_in_the_axial_plane():
    affine = nh.axial_affine((4.0, 0.5, 0.8))
    z, y, x = np.meshgrid(np.arange(-3, 4) * 4.0, np.arange(-60, 61) * 0.5, np.arange(-40, 41) * 0.8, indexing="ij")
    along, across = x * np.cos(0.4) + y * np.sin(0.4), y * np.cos(0.4) - x * np.sin(0.4)
    found = measured((along / 25) ** 2 + (across / 10) ** 2 + (z / 12) ** 2 <= 1, affine)
    assert found.plane_diameter_mm == pytest.approx(50, abs=1)
    assert found.plane_perpendicular_mm == pytest.approx(20, abs=1)
    direction = np.subtract(found.plane_diameter_end_mm, found.plane_diameter_start_mm) / found.plane_diameter_mm
    assert abs(direction @ (np.cos(0.4), np.sin(0.4), 0)) == pytest.approx(1, abs=1e-3)
    assert found.plane_diameter_start_mm[2] == found.plane_diameter_end_mm[2] == 12  # the middle slice


def test_box_on_a_tilted_grid():
    steps = STEPS["tilted"]
    mask = np.zeros((7, 9, 9), bool)
    mask[1:6, 2:8, 3:7] = True
    found = measured(mask, AFFINES["tilted"])
    assert found.volume_ml == pytest.approx(5 * 6 * 4 * 0.8 * 0.7 * 3.0 / 1000)
    edges = steps @ np.diag([4, 5, 3])  # between the centres of the outermost voxels
    corners = [edges @ signs for signs in ((1, 1, 1), (1, 1, -1), (1, -1, 1), (1, -1, -1))]
    reach = [corner + sign * steps[:, axis] for corner in corners for axis in range(3) for sign in (-1, 0, 1)]
    assert found.diameter_mm == pytest.approx(max(np.linalg.norm(r) for r in reach))


def test_the_planes_are_those_of_the_patient():
    mask = np.zeros((9, 9, 9), bool)
    mask[4, 4, 1:8] = True  # seven voxels from right to left
    mask[2:7, 4, 4] = True  # five from foot to head
    upright = measured(mask, nh.axial_affine((1, 1, 1)))
    assert (upright.plane_diameter_mm, upright.plane_perpendicular_mm) == (7, 1)
    sagittal = measured(mask, nh.axial_affine((1, 1, 1)), plane="sagittal")
    assert sagittal.plane_diameter_mm == 5
    turned = nh.axial_affine((1, 1, 1))[:, [2, 1, 0, 3]]  # stored with the patient's left to right along z
    assert measured(mask.transpose(2, 1, 0), turned).plane_diameter_mm == 7


# Properties

STORED = {"box_start_voxels", "box_stop_voxels"}
ENDS = {"plane_diameter_start_mm", "plane_diameter_end_mm", "diameter_start_mm", "diameter_end_mm"}
"""Of two diameters that are equally long either may be named."""


def figures(one):
    return {k: v for k, v in one.to_json().items() if k not in STORED | ENDS | {"name", "reasons"} and v is not None}


@given(masks, affines, st.permutations(range(3)), st.sets(st.integers(0, 2)), st.sampled_from(["axial", "coronal", "sagittal"]))
def test_flips_and_axis_order_change_nothing(mask, affine, order, flipped, plane):
    stored, turned = affine[:, [*order, 3]].copy(), mask.transpose(order)
    for axis in flipped:
        stored[:3, 3] += stored[:3, axis] * (turned.shape[axis] - 1)
        stored[:3, axis] *= -1
    assert same_lattice(nh.Grid(mask.shape, affine), nh.Grid(turned.shape, stored))
    expected = figures(measured(mask, affine, plane=plane))
    found = figures(measured(np.flip(turned, tuple(flipped)), stored, plane=plane))
    assert found.keys() == expected.keys()
    for key, value in expected.items():
        assert found[key] == pytest.approx(value, rel=1e-9, abs=1e-9), key


@given(masks, affines)
def test_volumes_and_surfaces_of_parts_add_up(mask, affine):
    labels = nh.LabelMap(mask.astype(np.uint8), affine)
    found = nh.measure(nh.Volume(np.zeros(mask.shape), affine), labels, nh.MeasureParams(objects=True))
    (whole,) = found.classes
    assert whole.objects == len(found.objects)
    for name in ("voxels", "volume_ml", "mesh_volume_ml", "surface_mm2"):
        assert sum(getattr(o, name) for o in found.objects) == pytest.approx(getattr(whole, name), rel=1e-9)
    centre = sum(np.array(o.centroid_mm) * o.voxels for o in found.objects) / whole.voxels
    assert whole.centroid_mm == pytest.approx(centre)
    assert whole.diameter_mm >= max(o.diameter_mm for o in found.objects) * (1 - 1e-9)


@given(masks, affines, st.sampled_from([0.25, 3.0]))
def test_figures_grow_with_the_spacing(mask, affine, factor):
    small, large = measured(mask, affine), measured(mask, affine_of(affine[:3, :3] * factor, affine[:3, 3] * factor))
    powers = {"volume_ml": 3, "mesh_volume_ml": 3, "surface_mm2": 2, "sphericity": 0, "diameter_mm": 1, "plane_diameter_mm": 1}
    powers |= {"plane_perpendicular_mm": 1}
    for name, power in powers.items():
        assert getattr(large, name) == pytest.approx(getattr(small, name) * factor**power, rel=1e-9)
    assert large.centroid_mm == pytest.approx(np.multiply(small.centroid_mm, factor), abs=1e-9)


def test_steps_of_very_different_lengths():
    mask = np.ones((3, 4, 5), bool)
    found = measured(mask, nh.axial_affine((1e4, 1e-3, 1.0)))
    assert found.diameter_mm == pytest.approx(np.linalg.norm((3e4, 3e-3, 4.0)), rel=1e-9)  # half a step beyond along z
    assert (found.plane_diameter_mm, found.plane_perpendicular_mm) == pytest.approx((5.0, 4e-3), rel=1e-6)
    assert found.volume_ml == pytest.approx(60 * 10 / 1000)


@settings(max_examples=20)
@given(masks, affines)
def test_room_around_changes_nothing(mask, affine):
    moved = affine.copy()
    moved[:3, 3] -= affine[:3, :3] @ (2, 1, 3)
    around = np.pad(mask, ((2, 1), (1, 2), (3, 0)))
    expected, found = figures(measured(mask, affine)), figures(measured(around, moved))
    for key, value in expected.items():
        assert found[key] == pytest.approx(value, rel=1e-9, abs=1e-9), key
