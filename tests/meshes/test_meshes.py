"""Surfaces against bodies whose volume and area are known, and against SimpleITK and scikit-image."""

from __future__ import annotations

import struct
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import napari_hounsfield as nh
from napari_hounsfield.meshes import process
from napari_hounsfield.meshes.meshing import mesh_of

GRIDS = {
    "isotropic": nh.axial_affine((1, 1, 1), (-300, 40, 900)),
    "thick slices": nh.axial_affine((3, 0.7, 0.7)),
    "flipped": np.array([[0, 0, -1.0, 5], [0, 1.2, 0, 0], [2.0, 0, 0, 0], [0, 0, 0, 1]]),
    "tilted": np.array([[0, 0, 0.8, 0], [0.5, 0.8, 0, 0], [2.0, 0, 0, 0], [0, 0, 0, 1]]),
}


def ellipsoid(affine: Any, radii: Any) -> nh.LabelMap:
    """Ellipsoid (radii along L, P, S in mm) in the middle of a grid that holds it."""
    axes = affine[:3, :3]
    shape = np.ceil((2 * np.max(radii) + 14) / np.linalg.norm(axes, axis=0)).astype(int)
    indices = np.indices(shape).reshape(3, -1).T
    places = indices @ axes.T
    middle = (shape / 2) @ axes.T + np.array([0.2, 0.1, 0.3])
    inside = (((places - middle) / radii) ** 2).sum(axis=1) <= 1
    return nh.LabelMap(inside.reshape(shape).astype(np.uint8), affine, {1: "body"}, name="labels")


def ellipsoid_area(radii: Any) -> float:
    """By integration over the sphere."""
    a, b, c = radii
    theta, phi = np.meshgrid((np.arange(400) + 0.5) * np.pi / 400, (np.arange(400) + 0.5) * np.pi / 200, indexing="ij")
    n = (np.sin(theta) * np.cos(phi) / a, np.sin(theta) * np.sin(phi) / b, np.cos(theta) / c)
    element = a * b * c * np.sqrt(sum(part**2 for part in n)) * np.sin(theta)
    return float(element.sum() * (np.pi / 400) * (2 * np.pi / 400))


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("radii", [(15, 15, 15), (10, 14, 20)])
def test_volume_and_area_of_smooth_bodies(grid: str, radii: tuple[int, ...]) -> None:
    (found,) = nh.surfaces(ellipsoid(GRIDS[grid], radii)).parts
    assert (found.label, found.name) == (1, "body")
    assert found.volume_ml == pytest.approx(4 / 3 * np.pi * np.prod(radii) / 1000, rel=0.03)
    assert found.area == pytest.approx(ellipsoid_area(radii), rel=0.03)


def test_surface_lies_in_the_patient_where_the_class_lies() -> None:
    labels = ellipsoid(GRIDS["tilted"], (10, 14, 20))
    (found,) = nh.surfaces(labels).parts
    places = labels.grid.positions(np.argwhere(labels.array))
    assert found.vertices.mean(axis=0) == pytest.approx(places.mean(axis=0), abs=0.5)
    assert found.vertices.min(axis=0) == pytest.approx(places.min(axis=0), abs=2)
    assert found.vertices.max(axis=0) == pytest.approx(places.max(axis=0), abs=2)


@pytest.mark.parametrize("grid", GRIDS)
def test_mesh_is_closed_and_faces_outwards(grid: str) -> None:
    (found,) = nh.surfaces(ellipsoid(GRIDS[grid], (8, 9, 10))).parts
    edges = np.concatenate([found.faces[:, [0, 1]], found.faces[:, [1, 2]], found.faces[:, [2, 0]]])
    assert sorted(map(tuple, edges)) == sorted(map(tuple, edges[:, ::-1])), "each edge once in each direction"
    assert found.volume_ml > 0


def test_without_smoothing_it_is_scikit_images_mesh() -> None:
    from skimage.measure import marching_cubes, mesh_surface_area

    mask = np.random.default_rng(0).random((9, 10, 11)) > 0.7
    labels = nh.LabelMap(mask.astype(np.uint8), nh.axial_affine((2, 1, 0.5)))
    (found,) = nh.surfaces(labels, nh.SurfaceParams(smoothing=0)).parts
    vertices, faces, _, _ = marching_cubes(np.pad(mask, 1).astype(np.float32), 0.5, spacing=(2, 1, 0.5), allow_degenerate=False)
    assert found.area == pytest.approx(mesh_surface_area(vertices, faces), rel=1e-4)


def test_volume_of_real_shapes_is_that_of_their_voxels() -> None:
    import SimpleITK
    from scipy.ndimage import gaussian_filter

    random = np.random.default_rng(1)
    array = (gaussian_filter(random.random((40, 60, 60)), 4) > 0.5).astype(np.uint8) * 3
    labels = nh.LabelMap(array, nh.axial_affine((2, 1, 1)))
    image = SimpleITK.GetImageFromArray(array)
    image.SetSpacing((1, 1, 2))
    shape = SimpleITK.LabelShapeStatisticsImageFilter()
    shape.Execute(image)
    (found,) = nh.surfaces(labels).parts
    assert found.label == 3
    assert found.volume_ml == pytest.approx(shape.GetPhysicalSize(3) / 1000, rel=0.03)


def test_small_parts_beside_large_ones_stay() -> None:
    array = np.zeros((30, 40, 40), np.uint8)
    array[5:25, 5:25, 5:25] = 1
    array[15, 33, 33] = 1
    (found,) = nh.surfaces(nh.LabelMap(array, nh.axial_affine((1, 1, 1))), nh.SurfaceParams(smoothing=2)).parts
    near = np.linalg.norm(found.vertices - np.array([33, 33, 15]), axis=1) < 2
    assert near.any()


def test_classes_are_chosen_by_value_and_those_that_do_not_occur_have_none() -> None:
    array = np.zeros((10, 10, 10), np.uint16)
    array[2:5, 2:5, 2:5], array[6:9, 6:9, 6:9] = 300, 7
    labels = nh.LabelMap(array, nh.axial_affine((1, 1, 1)), {7: "seven", 9: "none"})
    assert [(part.label, part.name) for part in nh.surfaces(labels).parts] == [(7, "seven"), (300, "label 300")]
    assert [part.label for part in nh.surfaces(labels, nh.SurfaceParams(values=(300,))).parts] == [300]


def test_labels_at_the_edge_of_the_array_have_closed_surfaces() -> None:
    labels = nh.LabelMap(np.ones((1, 6, 6), np.uint8), nh.axial_affine((2, 1, 1)))
    (found,) = nh.surfaces(labels, nh.SurfaceParams(smoothing=0)).parts
    assert found.volume_ml == pytest.approx(0.072, rel=0.2)


def test_what_was_done_is_recorded_with_the_smoothing() -> None:
    made = nh.surfaces(ellipsoid(GRIDS["thick slices"], (8, 8, 8)))
    assert made.history[-1].parameters == {"smoothing": [pytest.approx(1.85)], "values": []}


@pytest.mark.parametrize("wanted", [(), (4,)])
def test_nothing_labelled_is_refused(wanted: tuple[int, ...]) -> None:
    array = np.zeros((4, 4, 4), np.uint8)
    array[1, 1, 1] = 1 if wanted else 0
    with pytest.raises(nh.LabelError, match=r"^labels: no voxel is labelled"):
        nh.surfaces(nh.LabelMap(array, np.eye(4)[[2, 1, 0, 3]], name="labels"), nh.SurfaceParams(values=wanted))


@pytest.mark.parametrize("values", [{"smoothing": (1, 2)}, {"smoothing": -1}, {"values": 1.5}, {"values": 0}])
def test_parameters_out_of_bounds_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"smoothing|values"):
        nh.SurfaceParams(**values)


def test_giving_up_ends_the_process_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Any] = []
    popen = process.subprocess.Popen

    def start(*arguments: Any, **options: Any) -> Any:
        started.append(popen(*arguments, **options))
        return started[-1]

    monkeypatch.setattr(process.subprocess, "Popen", start)
    noise = np.random.default_rng(0).integers(0, 3, (60, 256, 256), np.uint8)
    steps = nh.surfaces.steps(nh.LabelMap(noise, nh.axial_affine((1, 1, 1))))
    end = time.monotonic() + 1
    while time.monotonic() < end:
        next(steps)
    steps.close()
    assert [one.poll() is not None for one in started] == [True]


def test_process_that_dies_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process.sys, "executable", "/bin/false")
    with pytest.raises(nh.LabelError, match="has ended"):
        nh.surfaces(ellipsoid(GRIDS["isotropic"], (5, 5, 5)))


def test_a_script_without_a_guard_is_not_run_again(tmp_path: Path) -> None:
    import subprocess
    import sys

    script = tmp_path / "script.py"
    script.write_text(
        "import numpy as np, napari_hounsfield as nh\n"
        "print('started')\n"
        "print(len(nh.surfaces(nh.LabelMap(np.ones((4, 4, 4), np.uint8), np.eye(4)[[2, 1, 0, 3]])).parts))\n"
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.split() == ["started", "1"]


def test_meshes_of_one_voxel() -> None:
    for smoothing in (0.0, 1.0, 5.0):
        vertices, faces = mesh_of(np.ones((1, 1, 1), bool), np.eye(3), smoothing)
        assert (len(vertices), len(faces)) == (6, 8)


@pytest.fixture(scope="module")
def two() -> nh.Surfaces:
    array = np.zeros((12, 14, 16), np.uint8)
    array[2:6, 2:7, 2:8], array[7:11, 8:12, 9:14] = 1, 2
    return nh.surfaces(nh.LabelMap(array, nh.axial_affine((2, 1, 1), (5, 6, 7)), {1: "left lung", 2: "lésion"}))


def test_stl_reads_back(two: nh.Surfaces, tmp_path: Path) -> None:
    data = nh.write(tmp_path / "two.stl", two).read_bytes()
    (count,) = struct.unpack("<I", data[80:84])
    assert count == sum(len(part.faces) for part in two.parts)
    assert len(data) == 84 + 50 * count
    rows = np.frombuffer(data[84:], [("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
    assert np.array_equal(rows["corners"][: len(two.parts[0].faces)], two.parts[0].vertices[two.parts[0].faces])
    assert np.linalg.norm(rows["normal"], axis=1) == pytest.approx(1)


def test_ply_reads_back(two: nh.Surfaces, tmp_path: Path) -> None:
    head, _, body = nh.write(tmp_path / "two.ply", two).read_bytes().partition(b"end_header\n")
    assert b"comment label 1 left lung" in head
    vertices = np.frombuffer(body, [("at", "<f4", 3), ("label", "<i4")], sum(len(part.vertices) for part in two.parts))
    faces = np.frombuffer(body[vertices.nbytes :], [("count", "u1"), ("corners", "<i4", 3)])
    assert np.unique(vertices["label"][faces["corners"]][:, 0], return_counts=True)[1].tolist() == [
        len(part.faces) for part in two.parts
    ]
    last = faces["corners"][-1]
    assert np.array_equal(vertices["at"][last], two.parts[1].vertices[two.parts[1].faces[-1]])


def test_images_are_no_surfaces(tmp_path: Path) -> None:
    with pytest.raises(nh.WriteError, match="holds no surfaces"):
        nh.write(tmp_path / "no.stl", nh.LabelMap(np.ones((2, 2, 2), np.uint8), np.eye(4)[[2, 1, 0, 3]]))


def test_command_writes_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from napari_hounsfield.cli import main

    nh.write(tmp_path / "labels.nii.gz", ellipsoid(GRIDS["isotropic"], (6, 6, 6)))
    assert main(["surfaces", str(tmp_path / "labels.nii.gz"), str(tmp_path / "out.ply"), "--smoothing", "1"]) == 0
    assert "body 0." in capsys.readouterr().out
    assert (tmp_path / "out.ply").exists()
