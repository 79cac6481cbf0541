"""What is seen while a series is still being read; in a real window where it matters."""

from __future__ import annotations

import threading
import time
import warnings
from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import napari_hounsfield as nh
from napari_hounsfield._napari import readers
from napari_hounsfield._napari.form import RunBar
from napari_hounsfield._napari.landing import Landing
from napari_hounsfield._napari.layers import partial_layer
from napari_hounsfield._napari.opening import Opening, open_series
from napari_hounsfield._napari.worker import Job
from napari_hounsfield.operation import Progress

AFFINE = np.array([[0, 0, 1.0, 0], [0, 1.0, 0, 0], [3.0, 0, 0, 0], [0, 0, 0, 1]])
PLANES = 9


@dataclass
class SlowSeries:
    """A series whose planes come when the test says so, the middle one first, into an array that is shared."""

    modality: str = "CT"
    name: str = "CT 3"
    fails: str = ""
    widens: bool = False
    frame: str = "1.2.3"
    labels: bool = False
    affine: Any = field(default_factory=lambda: AFFINE)
    go_on: threading.Event = field(default_factory=threading.Event)
    closed: bool = False

    def volume(self, array: Any, **changes: Any) -> nh.Volume:
        unit = "HU" if self.modality == "CT" else ""
        return nh.Volume(
            array, self.affine, unit=unit, modality=self.modality, name=self.name, frame_of_reference=self.frame, **changes
        )

    def steps(self, params: Any = None) -> Generator[Progress, None, nh.Volume]:
        try:
            array = np.zeros((PLANES, 8, 8), np.int16)
            array[PLANES // 2] = values(PLANES // 2)
            yield Progress(0.1, "first", result=self.volume(array))
            while not self.go_on.is_set():
                time.sleep(0.01)
                yield Progress(0.2)
            if self.fails:
                raise nh.DicomError(self.fails)
            for z in range(PLANES):
                array[z] = values(z)
                yield Progress((z + 1) / PLANES)
            if self.widens:
                array = array.astype(np.float32)
            return self.volume(array, valid=np.ones(array.shape, bool), warnings=("Gantry tilt of 3 degrees.",))
        finally:
            self.closed = True


def values(z: int) -> Any:
    """What plane z holds."""
    return np.arange(64, dtype=np.int16).reshape(8, 8) + 100 * z


WHOLE = np.stack([values(z) for z in range(PLANES)])


@pytest.fixture
def window(make_napari_viewer: Any) -> Any:
    return make_napari_viewer()


@pytest.fixture
def start(viewer: Any, qtbot: Any) -> Callable[..., RunBar]:
    """Open series in a thread, and wait until the first layer is there."""

    def run(*series: SlowSeries, threshold: str = "none", into: Any = viewer) -> RunBar:
        bar = RunBar(lambda: None)
        qtbot.addWidget(bar.native)
        landing = Landing(into, bar.cancel)
        already = len(into.layers)
        bar.start(open_series(series, Opening(threshold=threshold)), lambda _: None, landing.progressed, landing.close)
        qtbot.waitUntil(lambda: len(into.layers) > already)
        return bar

    return run


def test_first_slice_is_shown_and_fills(window: Any, start: Any, finish: Any) -> None:
    slow = SlowSeries()
    bar = start(slow, threshold="bone", into=window)
    (layer,) = window.layers
    assert layer.name == "CT 3 (reading…)"
    assert window.dims.current_step[0] == PLANES // 2
    assert np.array_equal(layer._data_view, values(PLANES // 2)), "what is seen first is the slice that is there"
    with pytest.raises(nh.HounsfieldError, match="CT 3: still being read"):
        nh.from_layer(layer)
    slow.go_on.set()
    finish(bar)
    assert window.layers[0] is layer
    assert layer.name == "CT 3"
    read = nh.from_layer(layer)
    assert np.array_equal(read.array, WHOLE)
    assert read.valid is not None
    assert read.warnings == ("Gantry tilt of 3 degrees.",)
    assert [one.name for one in window.layers] == ["CT 3", "CT 3 bone"]


def test_slice_that_was_empty_is_drawn_when_it_is_filled(viewer: Any, start: Any, finish: Any, qtbot: Any) -> None:
    slow = SlowSeries()
    bar = start(slow)
    viewer.dims.set_current_step(0, 1)
    assert not viewer.layers[0]._data_view.any()
    slow.go_on.set()
    finish(bar)
    assert np.array_equal(viewer.layers[0]._data_view, values(1))


def test_what_the_user_has_changed_meanwhile_stays(viewer: Any, start: Any, finish: Any) -> None:
    slow = SlowSeries()
    bar = start(slow)
    viewer.layers[0].name = "mine"
    viewer.layers[0].contrast_limits = (0, 77)
    slow.go_on.set()
    finish(bar)
    assert viewer.layers[0].name == "mine"
    assert list(viewer.layers[0].contrast_limits) == [0, 77]


def test_volume_in_other_memory_replaces_the_layer(viewer: Any, start: Any, finish: Any) -> None:
    slow = SlowSeries(widens=True)
    bar = start(slow)
    slow.go_on.set()
    finish(bar)
    (layer,) = viewer.layers
    assert layer.name == "CT 3"
    assert layer.data.dtype == np.float32
    assert np.array_equal(nh.from_layer(layer).array, WHOLE)


def test_failure_removes_the_layer_and_is_told_once(viewer: Any, start: Any, finish: Any, said: Any) -> None:
    slow = SlowSeries(fails="IM7: file is cut off")
    bar = start(slow)
    slow.go_on.set()
    finish(bar)
    assert len(viewer.layers) == 0
    assert said() == ["IM7: file is cut off"]


def test_failure_of_one_leaves_the_others(viewer: Any, start: Any, finish: Any) -> None:
    broken, whole = SlowSeries(fails="IM7: file is cut off"), SlowSeries(name="CT 4")
    bar = start(broken, whole)
    broken.go_on.set()
    whole.go_on.set()
    finish(bar)
    assert [layer.name for layer in viewer.layers] == ["CT 4"]


def test_cancelling_removes_the_layer_and_ends_the_reading(viewer: Any, start: Any, qtbot: Any, said: Any) -> None:
    slow = SlowSeries()
    start(slow).cancel()
    assert len(viewer.layers) == 0
    qtbot.waitUntil(lambda: slow.closed)
    assert said() == []


def test_removing_the_layer_ends_the_reading(viewer: Any, start: Any, qtbot: Any, said: Any) -> None:
    slow = SlowSeries()
    bar = start(slow)
    viewer.layers.clear()
    qtbot.waitUntil(lambda: slow.closed)
    assert bar._run.enabled
    assert len(viewer.layers) == 0
    assert said() == []


def test_closing_the_window_ends_the_reading(make_napari_viewer: Any, qtbot: Any, said: Any) -> None:
    viewer = make_napari_viewer()
    slow = SlowSeries()
    readers._read_in_thread(viewer, open_series([slow], Opening()), Path("folder"))
    qtbot.waitUntil(lambda: len(viewer.layers) == 1)
    viewer.close()
    qtbot.waitUntil(lambda: slow.closed)
    assert said() == []


@pytest.mark.parametrize("names", [["CT", "PT"], ["PT", "CT"]])
def test_pet_lies_over_ct_in_whatever_order_they_come(viewer: Any, start: Any, finish: Any, names: list[str]) -> None:
    for name in names:
        slow = SlowSeries(modality=name, name=name)
        bar = start(slow)
        slow.go_on.set()
        finish(bar)
    assert [layer.name for layer in viewer.layers] == ["CT", "PT"]
    assert viewer.layers[1].blending == "additive"
    assert viewer.layers["CT"].opacity == 1


def test_an_image_lands_below_labels_that_were_opened_after_it(viewer: Any, start: Any, finish: Any, ct: nh.Volume) -> None:
    viewer.add_labels(np.zeros((4, 8, 8), np.uint8), name="before")
    slow = SlowSeries()
    bar = start(slow)
    (after,) = nh.show(viewer, ct.label_map(np.zeros(ct.array.shape, np.uint8), {1: "a"}))
    slow.widens = True  # the layer is made anew
    slow.go_on.set()
    finish(bar)
    assert [layer._type_string for layer in viewer.layers] == ["labels", "image", "labels"]
    assert viewer.layers[-1] is after


def test_pet_of_another_patient_keeps_its_place(viewer: Any, start: Any, finish: Any) -> None:
    for name, frame in (("PT", "1.2.3"), ("CT", "1.2.9")):
        slow = SlowSeries(modality=name, name=name, frame=frame)
        bar = start(slow)
        slow.go_on.set()
        finish(bar)
    assert [layer.name for layer in viewer.layers] == ["PT", "CT"]


def test_both_chosen_at_once_give_pet_over_ct(viewer: Any, start: Any, finish: Any) -> None:
    pet, ct = SlowSeries(modality="PT", name="PT"), SlowSeries(name="CT")
    bar = start(pet, ct)
    pet.go_on.set()
    ct.go_on.set()
    finish(bar)
    assert [layer.name for layer in viewer.layers] == ["CT", "PT"]


def test_contrast_of_the_first_slice_is_that_of_the_slice() -> None:
    array = np.zeros((5, 4, 4), np.int16)
    array[2] = np.arange(16).reshape(4, 4) * 10
    volume = nh.Volume(array, AFFINE, modality="MR", name="MR 1")
    low, high = partial_layer(volume, {})[1]["contrast_limits"]
    assert 0 <= low < 10
    assert 140 < high <= 150
    times = replace(volume, array=np.stack([array, array * 0]), axes="tzyx")
    assert partial_layer(times, {})[1]["contrast_limits"][1] == high


def test_dropped_folder_with_refused_series_tells_it_once(
    window: Any, tmp_path: Path, said: Any, monkeypatch: pytest.MonkeyPatch, qtbot: Any
) -> None:
    from pydicom import dcmread

    from napari_hounsfield.demo.phantom import PhantomParams, chest_phantom
    from napari_hounsfield.demo.series_writer import write_series
    from napari_hounsfield.operation import finish as finish_steps

    volume = chest_phantom(PhantomParams(slices=8, matrix=32)).volume
    finish_steps(write_series(volume, tmp_path / "whole"))
    finish_steps(write_series(volume, tmp_path / "gap", seed=5))
    gap = sorted((tmp_path / "gap").iterdir())
    gap[3].unlink()
    assert dcmread(gap[0]).SeriesInstanceUID
    monkeypatch.setattr(readers, "AT_ONCE", 100)
    window.open(tmp_path, plugin="napari-hounsfield")
    qtbot.waitUntil(lambda: len(window.layers) == 1 and len(said()) > 0, timeout=60_000)
    qtbot.wait(200)
    assert len(said()) == 1
    assert said()[0].count("cannot be read") == 1


def test_what_comes_while_a_receiver_is_at_work_waits_its_turn(qtbot: Any) -> None:
    from qtpy.QtWidgets import QApplication

    def quick() -> Generator[Progress, None, str]:
        for number in range(3):
            yield Progress(0, result=number)
        return "end"

    seen: list[Any] = []

    def receive(progress: Progress) -> None:
        deadline = time.monotonic() + 0.3
        while time.monotonic() < deadline:
            QApplication.processEvents()  # as napari's progress bar does
        seen.append(progress.result)

    Job(quick(), seen.append, seen.append, receive)
    qtbot.waitUntil(lambda: "end" in seen)
    assert seen == [0, 1, 2, "end"]


def test_oblique_to_what_is_shown_is_told_once(window: Any, finish: Any, qtbot: Any) -> None:
    tilted = AFFINE.copy()
    tilted[1, 0] = 0.8
    told: list[str] = []
    straight, oblique = SlowSeries(name="CT 1"), SlowSeries(name="CT 2", affine=tilted)
    for one in (straight, oblique):
        one.go_on.set()
    bar = RunBar(lambda: None)
    qtbot.addWidget(bar.native)
    landing = Landing(window, bar.cancel)
    with warnings.catch_warnings(record=True) as caught:
        bar.start(open_series([straight, oblique], Opening()), lambda opened: told.extend(opened.warnings), landing.progressed)
        finish(bar)
        window.dims.set_current_step(0, 1)
    landing.close()
    assert [line for line in told if "oblique" in line] == [told[-1]]
    assert told[-1].startswith("CT 2: ")
    assert not [str(one) for one in caught if "orthogonal" in str(one.message)]
    assert nh.from_layer(window.layers[1]).affine == pytest.approx(tilted)
