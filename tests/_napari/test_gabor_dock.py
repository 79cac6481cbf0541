"""The Gabor bank's form: kernels to scale, a live preview, a choice of maps, and the cost of a run."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from qtpy.QtGui import QHideEvent, QShowEvent
from qtpy.QtWidgets import QApplication

import napari_hounsfield as nh
from napari_hounsfield._napari import gabor_choice, kernel_picture
from napari_hounsfield._napari.gabor_choice import Cost, first_choice, narrowed
from napari_hounsfield._napari.gabor_dock import APART, GaborForm
from napari_hounsfield._napari.gabor_preview import TITLE, Source
from napari_hounsfield.gabor_bank import map_names
from napari_hounsfield.grid import Grid

BANK = {"wavelengths": (6.0, 12.0), "orientations": (0.0, 45.0, 90.0)}


@pytest.fixture
def scan() -> nh.Volume:
    """Stored axes run towards -S, P and -L, with another voxel size along each."""
    array = np.random.default_rng(5).normal(size=(6, 40, 48)).astype(np.float32)
    affine = np.array([[0, 0, -1.5, 30.0], [0, 2.0, 0, -40], [-3.0, 0, 0, 20], [0, 0, 0, 1]])
    return nh.Volume(array, affine, unit="HU", modality="CT", name="scan", frame_of_reference="1.2.3")


@pytest.fixture
def form(viewer: Any, scan: nh.Volume, qtbot: Any) -> GaborForm:
    nh.show(viewer, scan)
    made = GaborForm(viewer)
    made.fields.inputs["wavelengths"].value = BANK["wavelengths"]
    made.fields.inputs["orientations"].value = BANK["orientations"]
    made.schedule()
    qtbot.waitUntil(lambda: made._answer is not None, timeout=60_000)
    return made


@pytest.fixture
def settled(qtbot: Any) -> Callable[[GaborForm], None]:
    """Wait until a form has shown what was asked last."""

    def wait(form: GaborForm) -> None:
        form.schedule()
        qtbot.waitUntil(lambda: not form._timer.isActive() and not form.live.busy, timeout=60_000)
        qtbot.wait(20)

    return wait


def resolved(volume: nh.Volume, **given: Any) -> nh.GaborParams:
    return nh.GaborParams(**{**BANK, **given}).resolve(volume)


@pytest.mark.parametrize("flips", [(1, 1, 1), (-1, 1, -1), (1, -1, 1)])
def test_a_kernel_is_drawn_the_way_it_lies_in_the_patient(flips: tuple[int, int, int]) -> None:
    affine = np.diag([0.0, 0, 0, 1])
    affine[[2, 1, 0], [0, 1, 2]] = np.array(flips) * (3.0, 2.0, 1.5)
    grid = Grid((6, 40, 48), affine)
    kernel = kernel_picture.kernel_of(resolved(nh.Volume(np.zeros(grid.shape), affine), psi=30.0), grid, 0, 1)
    assert (kernel.axes, kernel.spacing, kernel.plane) == ((1, 0), (2.0, 1.5), "axial")
    rows, columns = kernel.values.shape
    y, x = np.meshgrid(2.0 * (np.arange(rows) - rows // 2), 1.5 * (np.arange(columns) - columns // 2), indexing="ij")
    sigma = resolved(nh.Volume(np.zeros(grid.shape), affine)).sigma_of(0)
    along = (x + y) / math.sqrt(2)
    expected = np.exp(-(x**2 + y**2) / (2 * sigma**2)) * np.cos(2 * np.pi * along / 6 + np.radians(30))
    scale = np.abs(kernel.values).max() / np.exp(-(x**2 + y**2) / (2 * sigma**2)).max()
    assert np.allclose(kernel.values.real / scale, expected, atol=1e-12)


def test_pictures_are_to_scale(scan: nh.Volume) -> None:
    kernel = kernel_picture.kernel_of(resolved(scan, psi=0.0), scan.grid, 1, 0)
    colours = kernel_picture.picture(kernel, 200)
    assert colours.shape == (200, 400 + kernel_picture.GAP, 3)
    orange = colours[:, :200, 0].astype(int) - colours[:, :200, 2]
    row = orange[100]
    peaks = [k for k in range(2, 198) if row[k - 2 : k + 3].max() == row[k] > 60]
    assert np.mean(peaks) == pytest.approx(100, abs=3), "the middle of the kernel is the middle of the picture"
    crossings = np.flatnonzero(np.diff(np.sign(np.where(row == 0, 1, row)))) * max(kernel.size) / 200
    near = np.sort(np.abs(crossings - max(kernel.size) / 2))[:2]
    assert near == pytest.approx([3, 3], abs=1.6), "the wave is zero at a quarter of its 12 mm, to the nearest voxel"


def test_frequency_plane_peaks_at_the_wave(scan: nh.Volume) -> None:
    for direction, theta in enumerate(BANK["orientations"]):
        kernel = kernel_picture.kernel_of(resolved(scan, bandwidth=0.5), scan.grid, 1, direction)
        plane = kernel_picture.frequency_plane(kernel, 201).astype(int).sum(axis=2)
        row, column = np.argwhere(plane == plane.max()).mean(axis=0)
        found = (np.array([row, column]) - 100) * 2 * kernel_picture.highest_frequency(kernel) / 201
        expected = np.array([math.sin(math.radians(theta)), math.cos(math.radians(theta))]) / 12
        assert found == pytest.approx(expected, abs=0.004)
        assert kernel.wave == pytest.approx(expected)


def test_a_filter_in_space_is_drawn_where_its_wave_runs() -> None:
    volume = nh.Volume(np.zeros((40, 40, 40)), np.diag([1.0, 1, 1, 1])[[2, 1, 0, 3]])
    params = nh.GaborParams(wavelengths=6, planes="volume").resolve(volume)
    first = kernel_picture.kernel_of(params, volume.grid, 0, 0)
    assert first.plane in ("coronal", "sagittal"), "the first direction is almost along the body"
    assert 2 in first.axes
    assert kernel_picture.filter_names(params, volume.grid)[0] == "direction 1"


def test_kernels_too_large_to_draw_are_cut(scan: nh.Volume) -> None:
    kernel = kernel_picture.kernel_of(resolved(scan, wavelengths=12.0, sigma=60.0, truncate=20.0), scan.grid, 0, 0)
    assert max(kernel.values.shape) <= 2 * kernel_picture.MOST_RADIUS + 1
    assert "its middle" in kernel_picture.caption(kernel)


@pytest.mark.parametrize("planes", ["axial", "orthogonal", "volume"])
@pytest.mark.parametrize("pool", ["none", "mean"])
@pytest.mark.parametrize("sigma", [(), (4.0,), (3.0, 5.0)])
def test_narrowed_bank_has_the_same_maps(scan: nh.Volume, planes: str, pool: str, sigma: tuple[float, ...]) -> None:
    params = resolved(scan, planes=planes, pool=pool, sigma=sigma)
    whole = nh.gabor(scan, params)
    for chosen in ([0], [len(whole.names) - 1], [0, len(whole.names) - 1], list(range(len(whole.names)))):
        smaller, places = narrowed(params, chosen)
        part = nh.gabor(scan, smaller)
        assert [part.names[k] for k in places] == [whole.names[k] for k in chosen]
        assert np.allclose(part.array[places], whole.array[chosen], atol=2e-5 * np.abs(whole.array).max())
    assert len(map_names(narrowed(params, [0])[0])) <= len(params.orientations)


def test_first_choice_depends_on_memory(scan: nh.Volume, monkeypatch: pytest.MonkeyPatch) -> None:
    params = resolved(scan)
    assert first_choice(params, 1000) == [0, 1, 2, 3, 4, 5]
    monkeypatch.setattr(gabor_choice, "available_memory", lambda: 30_000)
    assert first_choice(params, 1000) == [0, 3]


@pytest.mark.parametrize(
    ("cost", "text"),
    [
        (Cost(32, 32, (100, 512, 512), 12.34), "32 maps, 3.36 GB, about 12 s"),
        (Cost(1, 1, (1, 100, 100), 0.01), "1 map, 0.04 MB, under 0.1 s"),
        (Cost(2, 4, (10, 100, 100), 600.0, True), "2 maps of 4 computed, 1.6 MB, at most 10 min"),
        (Cost(2, 2, (10, 100, 100)), "2 maps, 0.8 MB, time not measured yet"),
    ],
)
def test_cost_in_words(cost: Cost, text: str) -> None:
    assert cost.text == text


def test_form_shows_kernel_names_and_cost(form: GaborForm) -> None:
    assert form.kernels.picture.pixmap().width() == 2 * kernel_picture.SIDE + kernel_picture.GAP
    assert form.maps.names == map_names(form._asked.params)  # type: ignore[union-attr]
    assert form.maps.chosen == [0, 1, 2, 3, 4, 5]
    assert "6 maps, 0.276 MB, about" in form.cost.text().replace("under", "about")
    assert [form.kernels.direction.itemText(k) for k in range(3)] == ["0°", "45°", "90°"]


def test_preview_is_the_map_of_the_slice_at_its_place(
    viewer: Any, form: GaborForm, scan: nh.Volume, settled: Callable[[GaborForm], None], said: Any
) -> None:
    whole = nh.gabor(scan, resolved(scan))
    layer = viewer.layers["scan"]
    form.kernels.preview.setChecked(True)
    form.kernels.wavelength.setCurrentIndex(1)
    form.kernels.direction.setCurrentIndex(1)
    for step in (1, 4):
        viewer.dims.set_current_step(0, step)
        settled(form)
        preview = viewer.layers[TITLE]
        at = Source(layer, scan).slice_at(viewer.dims.point)
        assert at == 5 - step, "stored against the viewer's axis"
        expected = np.flip(whole.array[4, at], axis=1)
        assert np.allclose(preview.data[0], expected, atol=2e-5 * np.abs(whole.array).max())
        assert np.allclose(preview.data_to_world((0, 3, 7)), layer.data_to_world((step, 3, 7)))
    assert viewer.layers.selection.active is layer, "what was active stays active"
    assert form.choices[0].choices == (layer,), "a preview is no image to filter"
    form.kernels.preview.setChecked(False)
    settled(form)
    assert [each.name for each in viewer.layers] == ["scan"]
    assert said() == []


def test_preview_follows_parameters_and_what_is_wrong_is_said_in_the_form(
    viewer: Any, form: GaborForm, scan: nh.Volume, settled: Callable[[GaborForm], None], said: Any
) -> None:
    form.kernels.preview.setChecked(True)
    settled(form)
    first = viewer.layers[TITLE]
    before = first.data
    form.kernels.slider.setValue(form.kernels.slider.value() + 100)
    settled(form)
    tuned = form._asked.params.wavelengths  # type: ignore[union-attr]
    assert tuned[0] > 6
    assert tuned[1] == 12
    assert viewer.layers[TITLE] is first, "changed in place"
    assert np.allclose(first.data[0], np.flip(nh.gabor(scan, resolved(scan, wavelengths=tuned)).array[0, 3], axis=1), atol=1e-4)
    assert not np.allclose(first.data, before)
    for text, words in (("1, 12", "4 mm is the shortest"), ("6, a", "'a' is not a number"), ("-3", "-3 is not between")):
        form.fields.inputs["wavelengths"].native.setText(text)
        settled(form)
        assert words in form.trouble.text()
        assert not form.trouble.isHidden()
        assert TITLE not in [layer.name for layer in viewer.layers]
    form.fields.inputs["wavelengths"].native.setText("")
    settled(form)
    assert form.trouble.isHidden()
    assert TITLE in viewer.layers
    assert said() == []


def test_nan_is_said_in_the_form(viewer: Any, scan: nh.Volume, settled: Callable[[GaborForm], None], said: Any) -> None:
    scan.array[3, 4, 5] = np.nan
    nh.show(viewer, scan)
    form = GaborForm(viewer)
    form.kernels.preview.setChecked(True)
    settled(form)
    assert "NaN" in form.trouble.text()
    assert said() == []


def test_no_image_is_said_in_the_form(viewer: Any, settled: Callable[[GaborForm], None], said: Any) -> None:
    form = GaborForm(viewer)
    settled(form)
    assert form.trouble.text() == "volume: there is no image layer yet"
    assert said() == []


def test_kernel_over_the_image_is_to_scale(viewer: Any, form: GaborForm, settled: Callable[[GaborForm], None]) -> None:
    form.kernels.over.setChecked(True)
    settled(form)
    layer = viewer.layers["Gabor kernel"]
    kernel = kernel_picture.kernel_of(form._asked.params, form._source.volume.grid, 0, 0)  # type: ignore[union-attr]
    assert layer.data.shape == (1, *kernel.values.shape, 4)
    assert np.allclose(layer.scale, (3, 2, 1.5))
    middle = layer.data_to_world((0, kernel.values.shape[0] // 2, kernel.values.shape[1] // 2))
    assert np.allclose(middle[1:], viewer.scene.camera.center[1:])
    assert middle[0] == viewer.dims.point[0]
    assert len(form.choices[0].choices) == 1
    form.pause()
    assert "Gabor kernel" not in viewer.layers


def test_only_ticked_maps_are_added(
    viewer: Any, form: GaborForm, scan: nh.Volume, settled: Callable[[GaborForm], None], finish: Any, said: Any
) -> None:
    whole = nh.gabor(scan, resolved(scan))
    form.kernels.preview.setChecked(True)
    form.maps.choose([1, 5])
    settled(form)
    assert "2 maps of 4 computed" in form.cost.text()
    form.run()
    finish(form.bar)
    result = nh.from_layer(viewer.layers["scan gabor"])
    assert list(result.names) == [whole.names[1], whole.names[5]]
    assert np.allclose(result.array, whole.array[[1, 5]], atol=2e-5 * np.abs(whole.array).max())
    assert result.history[-1].parameters["orientations"] == [45.0, 90.0]
    settled(form)
    assert TITLE not in viewer.layers, "it would lie unseen below the result"
    form.maps.choose([])
    form.run()
    finish(form.bar)
    assert said() == ["no map is ticked; choose at least one"]


def test_maps_as_layers_of_their_own(viewer: Any, form: GaborForm, scan: nh.Volume, finish: Any, said: Any) -> None:
    whole = nh.gabor(scan, resolved(scan))
    form.maps.choose([0, 5])
    form.layout_of_maps.value = APART
    form.run()
    finish(form.bar)
    assert [layer.name for layer in viewer.layers[1:]] == ["scan gabor: 6 mm 0°", "scan gabor: 12 mm 90°"]
    last = nh.from_layer(viewer.layers[-1])
    assert isinstance(last, nh.Volume)
    assert np.allclose(last.array, whole.array[5], atol=2e-5 * np.abs(whole.array).max())
    assert np.allclose(last.affine, scan.affine)
    assert form.choices[0].value is viewer.layers["scan"]
    assert said() == []


def test_check_marks_stay_as_long_as_the_bank_has_the_same_shape(form: GaborForm, settled: Callable[[GaborForm], None]) -> None:
    form.maps.choose([2])
    form.fields.inputs["wavelengths"].value = (7.0, 14.0)
    settled(form)
    assert (form.maps.chosen, form.maps.names[2]) == ([2], "Gabor 7 mm 90°")
    form.fields.inputs["pool"].value = "max"
    settled(form)
    assert (form.maps.chosen, form.maps.names) == ([0, 1], ["Gabor 7 mm max", "Gabor 14 mm max"])


def test_maps_larger_than_memory_are_said_before_a_run(
    form: GaborForm, settled: Callable[[GaborForm], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("napari_hounsfield.gabor_output.available_memory", lambda: 1000)
    form.maps.choose([0])
    settled(form)
    assert "does not fit" in form.cost.text()
    assert "of memory" in form.cost.text()


def test_hidden_dock_takes_its_layers_along(make_napari_viewer: Any, scan: nh.Volume, settled: Any, said: Any) -> None:
    window = make_napari_viewer()
    nh.show(window, scan)
    shell, dock = window.window.add_plugin_dock_widget("napari-hounsfield", "Gabor bank")
    form = dock.forms["gabor"]
    form.kernels.preview.setChecked(True)
    form.kernels.over.setChecked(True)
    settled(form)
    assert len(window.layers) == 3
    QApplication.sendEvent(dock, QHideEvent())
    window.dims.set_current_step(0, 1)
    settled(form)
    assert [layer.name for layer in window.layers] == ["scan"]
    QApplication.sendEvent(dock, QShowEvent())
    settled(form)
    assert len(window.layers) == 3
    QApplication.sendEvent(dock, QHideEvent())
    window.window.remove_dock_widget(shell)
    assert [layer.name for layer in window.layers] == ["scan"]
    assert said() == []
