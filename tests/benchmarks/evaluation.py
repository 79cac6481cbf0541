"""Time and memory of evaluation beside others: `python -m tests.benchmarks.evaluation`.

Two maps of 400 x 512 x 512 voxels (1.5 x 0.7 x 0.7 mm) with 5 classes: background, two lungs, a liver and a heart, which differ
by some voxels; and noise, which has no runs. Times are the best of some, without loading and compiling. Memory (on Linux) is
the peak of a process of its own beyond what it held before, in copies of one map. Surface distances are of one class, and all
programs get the crop to its objects, which MONAI makes itself and SimpleITK does not.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import napari_hounsfield as nh
from napari_hounsfield.components import bounding_box
from napari_hounsfield.evaluation.counts import joint_counts
from napari_hounsfield.evaluation.surface import surface_distances
from napari_hounsfield.operation import finish

SHAPE = (400, 512, 512)
SPACING = (1.5, 0.7, 0.7)
ORGANS = {
    1: ((210, 256, 150), (150, 140, 80)),
    2: ((210, 256, 365), (150, 140, 80)),
    3: ((80, 250, 200), (60, 90, 120)),
    4: ((200, 200, 256), (55, 60, 60)),
}
ALL = ["counts", "surfaces", "evaluate", "objects", "probabilities", "memory"]
Labels = np.ndarray[Any, np.dtype[np.uint8]]


def organs(shift: int = 0, shape: tuple[int, int, int] = SHAPE) -> Labels:
    """Ellipsoids with a rough surface."""
    labels = np.zeros(shape, np.uint8)
    random = np.random.default_rng(shift)
    scale = np.array(shape) / SHAPE
    for value, (centre, radii) in ORGANS.items():
        (cz, cy, cx), (rz, ry, rx) = np.array(centre) * scale + (0, shift, 0), np.array(radii) * scale
        y, x = np.ogrid[: shape[1], : shape[2]]
        for z in range(max(0, int(cz - rz - 2)), min(shape[0], int(cz + rz + 2))):
            wave = 1 + 0.03 * np.sin(y / 9 + shift) * np.cos(x / 7) + 0.02 * random.normal()
            labels[z][((z - cz) / rz) ** 2 + ((y - cy) / ry) ** 2 + ((x - cx) / rx) ** 2 < wave] = value
    return labels


def best(work: Callable[[], Any], times: int = 3) -> float:
    """Seconds of the fastest run."""
    found = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        found.append(time.perf_counter() - started)
    return min(found)


def counting(prediction: Labels, reference: Labels, slow: bool) -> None:
    """Print seconds of the joint counts, and of numpy and scikit-learn as multiples."""
    from sklearn.metrics import confusion_matrix

    ours = best(lambda: finish(joint_counts(prediction, reference)))
    numpy = best(lambda: np.bincount((prediction * np.uint8(5) + reference).ravel(), minlength=25))
    print(f"  joint counts {ours:7.3f} s; numpy.bincount {numpy / ours:5.1f} times", end="", flush=True)
    if slow:
        sklearn = best(lambda: confusion_matrix(reference.ravel(), prediction.ravel()), 1)
        print(f"; sklearn confusion_matrix {sklearn / ours:5.0f} times", end="", flush=True)
    print()


def surfaces(prediction: Labels, reference: Labels, label: int) -> None:
    """Print seconds of all surface figures of one class, and of MONAI and SimpleITK as multiples."""
    import SimpleITK
    import torch
    from monai.metrics import compute_average_surface_distance, compute_hausdorff_distance, compute_surface_dice

    pair = prediction == label, reference == label
    boxes = [bounding_box(m, [1]) for m in pair]
    box = tuple(slice(min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(*boxes, strict=True))
    crop = [np.ascontiguousarray(m[box]) for m in pair]

    def mine() -> None:
        found = finish(surface_distances(*crop, np.diag(SPACING)))
        print(
            f"    ({found.hausdorff:.4f} {found.hausdorff95:.4f} {found.average:.4f} {found.surface_dice(1.0):.4f})", flush=True
        )

    ours = best(mine, 2)
    print(f"  class {label}, crop {crop[0].shape}: {ours:.3f} s", flush=True)

    def sitk(masks: Any) -> Callable[[], None]:
        images = []
        for mask in masks:
            image = SimpleITK.GetImageFromArray(mask.astype(np.uint8))
            image.SetSpacing(SPACING[::-1])
            images.append(image)
        filter_ = SimpleITK.HausdorffDistanceImageFilter()
        return lambda: filter_.Execute(*images)

    print(f"  SimpleITK Hausdorff of the crop {best(sitk(crop), 1) / ours:5.1f} times", flush=True)
    padded = [np.pad(m, 1) for m in crop]
    tensors = [torch.from_numpy(m[None, None].astype(np.uint8)) for m in padded]
    options = {"include_background": True, "spacing": SPACING}
    rivals = {
        "Hausdorff 95": lambda: compute_hausdorff_distance(*tensors, percentile=95, **options),
        "average distance": lambda: compute_average_surface_distance(*tensors, symmetric=True, **options),
        "surface Dice": lambda: compute_surface_dice(*tensors, [1.0], **options),
    }
    total = 0.0
    for name, rival in rivals.items():
        seconds = best(rival, 1)
        total += seconds
        print(f"  MONAI {name} {seconds / ours:5.1f} times", flush=True)
    print(f"  MONAI all three {total / ours:5.1f} times", flush=True)


def child(what: str) -> None:
    """Print peak memory in copies of one map."""
    prediction, reference = organs(0), organs(3)
    small = [nh.LabelMap(organs(k, (40, 128, 128)), nh.axial_affine(SPACING)) for k in (0, 3)]
    nh.evaluate(*small)
    finish(joint_counts(np.repeat(small[0].array, 2, 0), np.repeat(small[0].array, 2, 0)))
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak is counted from here
    before = _peak()
    if what == "counts":
        finish(joint_counts(prediction, reference))
    else:
        nh.evaluate(nh.LabelMap(prediction, nh.axial_affine(SPACING)), nh.LabelMap(reference, nh.axial_affine(SPACING)))
    print(f"{(_peak() - before) / prediction.nbytes:.2f}")


def _peak() -> int:
    """Bytes that this process held at most."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--child", choices=["counts", "evaluate"])
    parser.add_argument("--only", choices=ALL)
    parser.add_argument("--fast", action="store_true", help="without scikit-learn, which takes minutes")
    given = parser.parse_args()
    if given.child:
        child(given.child)
        return
    wanted = [given.only] if given.only else ALL
    prediction, reference = organs(0), organs(3)
    if "counts" in wanted:
        print("organs")
        counting(prediction, reference, not given.fast)
        random = np.random.default_rng(0)
        print("noise")
        counting(*(random.integers(0, 5, SHAPE, dtype=np.uint8) for _ in range(2)), False)
    if "surfaces" in wanted:
        for label in (4, 1):
            surfaces(prediction, reference, label)
    if "evaluate" in wanted:
        maps = [nh.LabelMap(m, nh.axial_affine(SPACING)) for m in (prediction, reference)]
        print(f"evaluate, all classes: {best(lambda: nh.evaluate(*maps), 1):.2f} s")
        print(f"evaluate with objects: {best(lambda: nh.evaluate(*maps, nh.EvaluateParams(objects=True)), 1):.2f} s")
    if "objects" in wanted:
        objects()
    if "probabilities" in wanted:
        probabilities()
    if "memory" in wanted:
        for what in ("counts", "evaluate"):
            done = subprocess.run(
                [sys.executable, "-m", __spec__.name, "--child", what], capture_output=True, text=True, check=True
            )
            print(f"memory of {what}: {done.stdout.strip()} copies of the labels")


def objects() -> None:
    """Print seconds of about 2000 small objects, as objects of one class and as classes of their own."""
    from scipy.ndimage import label

    random, shape, affine = np.random.default_rng(0), (100, 256, 256), nh.axial_affine(SPACING)
    masks = [np.zeros(shape, np.uint8) for _ in range(2)]
    for mask in masks:
        for _ in range(2000):
            z, y, x = (int(random.integers(2, n - 2)) for n in shape)
            mask[z - 1 : z + 2, y - 1 : y + 2, x - 2 : x + 2] = 1
    volume = nh.Volume(random.random(shape, np.float32), affine, unit="SUV", modality="PT")
    one, each = [nh.LabelMap(m, affine) for m in masks], [nh.LabelMap(label(m)[0], affine) for m in masks]
    many = nh.MeasureParams(objects=True, most_objects=10_000)
    nh.measure(volume, one[0], many)
    print(f"2000 objects: evaluate {best(lambda: nh.evaluate(*one, nh.EvaluateParams(objects=True)), 1):.2f} s", end="")
    print(f", measure (in SUV) {best(lambda: nh.measure(volume, one[0], many), 1):.2f} s", end="")
    print(f"; 2000 classes: evaluate {best(lambda: nh.evaluate(*each), 1):.2f} s", end="")
    print(f", measure {best(lambda: nh.measure(volume, each[0]), 1):.2f} s")


def probabilities() -> None:
    """Print seconds of the probabilities of a class beside scikit-learn's."""
    from sklearn.metrics import average_precision_score, roc_auc_score

    from napari_hounsfield.evaluation.probabilities import class_curves

    random = np.random.default_rng(0)
    truth = random.random((40, 512, 512)) < 0.05
    scores = (1 / (1 + np.exp(-random.normal(size=truth.shape) - 4 * truth + 3))).astype(np.float32)
    ours = best(lambda: finish(class_curves(1, "", scores, lambda p: (truth[p], np.ones(truth[p].shape, bool)))), 2)
    theirs = best(
        lambda: (roc_auc_score(truth.ravel(), scores.ravel()), average_precision_score(truth.ravel(), scores.ravel())), 1
    )
    print(f"probabilities of 40 slices: {ours:.2f} s; scikit-learn's AUC and average precision {theirs / ours:.1f} times")


if __name__ == "__main__":
    main()
