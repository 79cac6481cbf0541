"""Time and memory of every edit beside the obvious way: `python -m tests.benchmarks.editing`.

Labels of 400 x 512 x 512 voxels (1.5 x 0.7 x 0.7 mm, bytes) with two lungs, a liver and a heart. Times are the best of some,
without loading and compiling; the shown plane is an axial one in the middle of the class. Rivals get the crop to the class with
its margin, which they do not make themselves. Memory (on Linux) is the peak beyond what was held before, in copies of the labels.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from scipy import ndimage

import napari_hounsfield as nh
from napari_hounsfield.boxes import boxes_of, widened
from napari_hounsfield.editing.metric import ball
from napari_hounsfield.editing.registry import EDITS, plane_of
from napari_hounsfield.operation import finish

from .evaluation import SHAPE, SPACING, _peak, best, organs

HEART = 4
LIVER = 3


def image(labels: np.ndarray[Any, Any]) -> nh.Volume:
    """Organs of different values, with noise."""
    random = np.random.default_rng(0)
    values = np.array([-50, -850, -850, 110, 40], np.int16)[labels]
    values += random.integers(-30, 31, labels.shape, np.int16)
    return nh.Volume(values, nh.axial_affine(SPACING), unit="HU", modality="CT")


def edits(seeds: nh.LabelMap) -> list[tuple[str, dict[str, Any], bool]]:
    """Edits of one organ and of all, and whether they need the image."""
    polygon = (0, 100, 100, 0, 100, 400, 0, 400, 250)
    return [
        ("margin", {"mm": 3, "classes": LIVER}, False),
        ("margin", {"mm": -3, "classes": LIVER}, False),
        ("margin", {"mm": 10, "classes": LIVER}, False),
        ("margin", {"mm": 3}, False),
        *[
            ("smooth", {"method": method, "mm": 2, "classes": LIVER}, False)
            for method in ("median", "gaussian", "opening", "closing")
        ],
        ("smooth", {"method": "median", "mm": 2}, False),
        ("islands", {"keep": 1, "classes": LIVER}, False),
        ("islands", {"keep": 1}, False),
        ("fill_holes", {"classes": LIVER}, False),
        ("fill_holes", {"classes": LIVER, "within": "axial"}, False),
        ("combine", {"label": 1, "classes": 2}, False),
        ("copy_slice", {"source": 80}, False),
        ("scissors", {"points": polygon}, False),
        ("fill_range", {"label": HEART, "lower": 60, "inside": LIVER}, True),
        ("grow_region", {"points": (80, 250, 200), "lower": 60, "upper": 160, "label": 9, "others": "overwrite"}, True),
    ]


def every_edit() -> None:
    """Print seconds of each edit, of its shown plane, and its memory."""
    array = organs()
    labels = nh.LabelMap(array, nh.axial_affine(SPACING), {1: "right", 2: "left", 3: "liver", 4: "heart"})
    volume = image(array)
    copying = best(lambda: array.copy())
    print(f"copying the labels: {copying:.3f} s")
    for name, values, needs_image in edits(labels):
        edit = EDITS[name]
        params = edit.operation.params_type(**values)
        data = (volume, labels) if needs_image else (labels,)
        edit.operation(*data, params=params)
        _reset_peak()
        before = _peak()
        seconds = best(lambda e=edit, d=data, p=params: e.operation(*d, params=p))
        memory = (_peak() - before) / array.nbytes
        plane = plane_of(edit, data, params, 0, 80)
        shown = ""
        if plane is not None:
            shown = f"; its plane {1000 * best(lambda e=edit, s=plane: e.operation(*s.data, params=s.params)):4.0f} ms"
        told = ", ".join(f"{k} {v}" for k, v in values.items() if k != "points")
        print(f"{name:12} {told:45} {seconds:6.3f} s, {memory:4.1f} copies{shown}", flush=True)


def rivals() -> None:
    """Print what scipy, scikit-image and SimpleITK take for the same, as multiples."""
    import SimpleITK

    array = organs()
    labels = nh.LabelMap(array, nh.axial_affine(SPACING))
    reach = [int(3 / step) + 1 for step in SPACING]
    box = widened(finish(boxes_of(array, [LIVER]))[LIVER], reach, SHAPE)
    mask = np.ascontiguousarray(array[box] == LIVER)
    footprint = np.zeros([2 * r + 1 for r in reach], bool)
    footprint[tuple((ball(labels.grid, 2, (0, 1, 2)).steps + reach).T)] = True
    itk = SimpleITK.GetImageFromArray(mask.view(np.uint8))
    itk.SetSpacing(SPACING[::-1])

    def ours(name: str, **values: Any) -> float:
        operation = EDITS[name].operation
        params = operation.params_type(classes=LIVER, **values)
        operation(labels, params)
        return best(lambda: operation(labels, params))

    margin, median, gaussian = ours("margin", mm=3), ours("smooth", mm=2), ours("smooth", mm=2, method="gaussian")
    opening, holes, parts = ours("smooth", mm=2, method="opening"), ours("fill_holes"), ours("islands", keep=1)
    ways: list[tuple[str, float, Callable[[], Any]]] = [
        ("margin: scipy distance_transform_edt", margin, lambda: ndimage.distance_transform_edt(~mask, sampling=SPACING) <= 3),
        (
            "margin: SimpleITK SignedMaurerDistanceMap",
            margin,
            lambda: SimpleITK.SignedMaurerDistanceMap(itk, useImageSpacing=True),
        ),
        ("median: scipy median_filter", median, lambda: ndimage.median_filter(mask[:40], footprint=footprint)),
        (
            "gaussian: scipy gaussian_filter",
            gaussian,
            lambda: ndimage.gaussian_filter(mask.astype(np.float32), 2 / np.array(SPACING)) > 0.5,
        ),
        ("opening: scipy binary_opening", opening, lambda: ndimage.binary_opening(mask, footprint)),
        ("holes: scipy binary_fill_holes", holes, lambda: ndimage.binary_fill_holes(mask)),
        ("islands: scipy label", parts, lambda: ndimage.label(mask)),
    ]
    for name, mine, way in ways:
        times = len(mask) / 40 if "median_filter" in name else 1.0
        print(f"{name:45} {times * best(way, 1) / mine:6.1f} times ours ({mine:.3f} s)", flush=True)


def interpolation() -> None:
    """Print time and Dice of the slices between 10 painted ones of smooth organs, in 100 x 512 x 512 voxels."""
    shape = (100, 512, 512)
    truth = np.zeros(shape, np.uint8)
    places = [
        ((50, 256, 180), (45, 120, 70)),
        ((50, 256, 340), (45, 110, 65)),
        ((45, 150, 256), (40, 45, 40)),
        ((55, 380, 256), (40, 50, 30)),
    ]
    for value, (centre, radii) in enumerate(places, 1):
        z, y, x = ((axis - c) / r for axis, c, r in zip(np.ogrid[:100, :512, :512], centre, radii, strict=True))
        wave = 1 + 0.15 * np.sin(3 * np.arctan2(y, x) + value) * (1 - z**2).clip(0) + 0.07 * np.cos(2 * z + value)
        truth[np.sqrt(z**2 + y**2 + x**2) < wave] = value
    painted = np.zeros_like(truth)
    for value in range(1, 5):
        slices = np.flatnonzero((truth == value).any(axis=(1, 2)))
        for k in np.linspace(slices[0], slices[-1], 10).round().astype(int):
            painted[k][truth[k] == value] = value
    labels = nh.LabelMap(painted, nh.axial_affine(SPACING))
    nh.interpolate(labels)
    seconds = best(lambda: nh.interpolate(labels))
    whole = nh.evaluate(nh.interpolate(labels), nh.LabelMap(truth, labels.affine), nh.EvaluateParams(surface=False))
    print(f"interpolate, 4 organs: {seconds:.2f} s; Dice {', '.join(f'{one.dice:.3f}' for one in whole.classes if one.label)}")


def seeds() -> None:
    """Print time and Dice of organs from seeds in a crop, and what scikit-image's watershed of the same levels takes."""
    from skimage.segmentation import watershed

    from napari_hounsfield.editing.from_seeds import _levels
    from napari_hounsfield.editing.gradient import gradient_length

    truth = organs()[20:140:2, 130:380:2, 60:340:2]
    volume = image(np.ascontiguousarray(truth))
    eroded = np.zeros_like(truth)
    for value in range(5):
        eroded[ndimage.binary_erosion(truth == value, iterations=8)] = value or 9
    marks = nh.LabelMap(eroded, volume.affine, {9: "background"})
    nh.from_seeds(volume, marks)
    mine = best(lambda: nh.from_seeds(volume, marks))
    found = nh.from_seeds(volume, marks).array
    levels = _levels(finish(gradient_length(volume.array, tuple(slice(0, n) for n in truth.shape), volume.grid, 1.0)), 256)
    theirs = best(lambda: watershed(levels, eroded.astype(np.int32)), 1)
    print(
        f"from_seeds, {truth.size / 1e6:.1f} million voxels: {mine:.2f} s, {np.mean(found == truth):.3f} right; "
        f"scikit-image's watershed alone {theirs:.2f} s"
    )


def _reset_peak() -> None:
    """Count the peak from here."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def main() -> None:
    """Run what is asked for."""
    parts = {"edits": every_edit, "rivals": rivals, "interpolation": interpolation, "seeds": seeds}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=list(parts))
    given = parser.parse_args()
    for name, work in parts.items():
        if given.only in (None, name):
            work()


if __name__ == "__main__":
    main()
