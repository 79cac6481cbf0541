"""Recognition of volumes and planes: `python -m tests.benchmarks.recognition`.

Goals: 512 x 512 x 100 with features at least 5 times faster than multiscale features of scikit-image with a forest of 100 trees;
512 x 512 x 400 with 32 features in at most 3 GB; a plane whose features are there in some milliseconds. Where there is a GPU:
512 x 512 x 400 from window to labels in at most 2 s, labels equal to the CPU's in 99.9 % of voxels. The rival is timed on some
slices, and its time multiplied, since it takes minutes.
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np

import napari_hounsfield as nh
from napari_hounsfield.bp_training import fit
from napari_hounsfield.gabor_device import gpu
from napari_hounsfield.operation import finish
from napari_hounsfield.pixels.slab_recognition import recognise_plane

FEATURES = nh.FeatureParams(
    gradient=True, laplacian=True, structure=True, hessian=True, gabor=nh.GaborParams(pool="mean"), position=True
)
RIVAL_SLICES = 3


def phantom(slices: int, size: int = 512) -> nh.Volume:
    """Stripes and noise in HU."""
    z, y, x = np.ogrid[:slices, :size, :size]
    stripes = np.where(x > size // 2, 200 * np.sin((x + y) / 3), 0) + 0 * z
    noise = np.random.default_rng(0).normal(0, 20, (1, size, size))
    return nh.Volume((stripes + noise).astype(np.int16), nh.axial_affine((2, 0.8, 0.8)), unit="HU", modality="CT")


def strokes(volume: nh.Volume) -> nh.LabelMap:
    """2,000 voxels of two classes."""
    array = np.zeros(volume.array.shape, np.uint8)
    edge = volume.array.shape[2]
    for z in range(0, len(array), max(1, len(array) // 5)):
        array[z, 20:220:10, 20:30] = 1
        array[z, 20:220:10, edge - 30 : edge - 20] = 2
    return volume.label_map(array, {1: "plain", 2: "striped"})


def rival(volume: nh.Volume, painted: nh.LabelMap) -> float:
    """Seconds a slice of scikit-image's features and the forest, its training left out."""
    from skimage.feature import multiscale_basic_features
    from sklearn.ensemble import RandomForestClassifier

    def features(plane: np.ndarray) -> np.ndarray:
        return multiscale_basic_features(plane.astype(np.float32), sigma_min=1, sigma_max=16)

    z = int(np.flatnonzero(painted.array.any(axis=(1, 2)))[0])
    rows, labels = features(volume.array[z]), painted.array[z]
    forest = RandomForestClassifier(100, n_jobs=2, random_state=0).fit(rows[labels > 0], labels[labels > 0])
    started = time.perf_counter()
    for plane in volume.array[:RIVAL_SLICES]:
        maps = features(plane)
        forest.predict(maps.reshape(-1, maps.shape[-1]))
    print(f"rival: {maps.shape[-1]} features", flush=True)
    return (time.perf_counter() - started) / RIVAL_SLICES


def plane_times() -> None:
    """Milliseconds a plane whose features are there, by number of classes and hidden units."""
    random = np.random.default_rng(0)
    maps = random.normal(0, 1, (32, 1, 512, 512)).astype(np.float32)
    for classes in (3, 6):
        for hidden in (16, 32):
            rows = random.normal(0, 1, (600, 32)).astype(np.float32)
            targets = np.arange(600) % classes
            network = finish(fit(rows, targets, classes, nh.BPParams(hidden=(hidden,), iterations=3), 0))
            model = nh.PixelClassifier(_Rows(), {k + 1: f"class {k}" for k in range(classes)}, network, temperature=1.3)
            times = []
            for _ in range(15):
                started = time.perf_counter()
                recognise_plane(model, maps)
                times.append(time.perf_counter() - started)
            middle, best = np.median(times) * 1e3, min(times) * 1e3
            print(f"plane, 32 maps, {classes} classes, {hidden} units: median {middle:.0f} ms, best {best:.0f} ms", flush=True)


class _Rows(nh.TrainParams):
    """Parameters for maps that are of no image."""

    @property
    def kept(self) -> list[str]:
        return [f"map {k}" for k in range(32)]


def main() -> None:
    """Print times, ratios and memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slices", type=int, default=100)
    parser.add_argument("--memory-slices", type=int, default=400)
    given = parser.parse_args()
    nh.configure(device="cpu", threads=2)
    plane_times()
    volume = phantom(given.slices)
    painted = strokes(volume)
    model = nh.train(volume, painted, nh.TrainParams(**nh.TrainParams.presets["live"]))
    started = time.perf_counter()
    nh.segment(volume, model)
    ours = time.perf_counter() - started
    theirs = rival(volume, painted) * given.slices
    maps = len(model.recipe.names)
    print(
        f"512 x 512 x {given.slices}: {maps} maps {ours:.1f} s, rival {theirs:.1f} s, {theirs / ours:.1f} times (goal 5)",
        flush=True,
    )
    long = phantom(given.memory_slices)
    model = nh.train(long, strokes(long), nh.TrainParams(**nh.TrainParams.presets["live"], features=FEATURES))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    on_cpu = nh.segment(long, model)
    seconds, most = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        f"512 x 512 x {given.memory_slices}, {len(model.recipe.names)} maps: {seconds:.0f} s, "
        f"most memory {most / 1e6:.2f} GB (before: {before / 1e6:.2f}; goal 3)"
    )
    nh.configure(device="auto", threads=2)
    if gpu():
        nh.segment(long, model)
        started = time.perf_counter()
        on_gpu = nh.segment(long, model)
        seconds = time.perf_counter() - started
        same = (on_gpu.labels.array == on_cpu.labels.array).mean()
        print(f"on the GPU: {seconds:.1f} s (goal 2), labels equal in {same:.3%} (goal 99.9 %)")


if __name__ == "__main__":
    main()
