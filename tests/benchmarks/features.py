"""Time, longest step and memory of each kind of features: `python -m tests.benchmarks.features`.

Times are of one slice of 512 x 512 voxels (2 x 0.7 x 0.7 mm) in a run of slabs, in one process. Memory (on Linux) is the peak of
a process of its own beyond what it holds after a small run, with all kinds, written to zarr.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import napari_hounsfield as nh
from napari_hounsfield.feature_stack import FeatureEngine, features_into
from napari_hounsfield.operation import finish

KINDS = ("intensity", "smooth", "gradient", "laplacian", "structure", "hessian", "position", "texture")
NONE = {"intensity": False, "smooth": False, "texture": False, "windows": "one"}


def noise(slices: int, matrix: int = 512) -> nh.Volume:
    """A noisy cylinder in air."""
    random = np.random.default_rng(0)
    y, x = np.mgrid[-1 : 1 : matrix * 1j, -1 : 1 : matrix * 1j]
    plane = np.where(x**2 + (1.4 * y) ** 2 < 0.8, 40, -1000)
    array = np.empty((slices, matrix, matrix), np.int16)
    for slot in array:
        slot[...] = plane + random.normal(0, 20, plane.shape)
    return nh.Volume(array, nh.axial_affine((2, 0.7, 0.7)), unit="HU", modality="CT")


def times() -> None:
    """Print maps, reach, seconds a slice and the longest step of each kind."""
    volume = noise(24)
    print("dimensions kind       maps reach  s/slice  longest step (s)")
    for dimensions in ("slices", "volume"):
        for kind in KINDS:
            chosen = nh.FeatureParams(**{**NONE, kind: True, "dimensions": dimensions}).resolve(volume)
            engine = FeatureEngine(volume, chosen)
            out = np.empty((len(engine.names), 1, 512, 512), np.float32)
            finish(engine.slab(9, 10, out))  # imports, spectra and the body are of the first slab alone
            longest, started = 0.0, time.perf_counter()
            before = started
            for z in range(10, 14):
                for _ in engine.slab(z, z + 1, out):
                    now = time.perf_counter()
                    longest, before = max(longest, now - before), now
            seconds = (time.perf_counter() - started) / 4
            print(f"{dimensions:10} {kind:10} {len(engine.names):4} {engine.reach:5} {seconds:8.3f} {longest:9.3f}", flush=True)


def child(dimensions: str, texture: bool, slices: int) -> None:
    """Print MB that all kinds, the Gabor bank with them or not, take at most, beyond what a small run leaves behind."""
    import zarr

    plus = nh.FeatureParams(**nh.FeatureParams.presets["gabor plus"], dimensions=dimensions, texture=texture)

    def run(volume: nh.Volume, folder: str) -> None:
        """Write to zarr, because the pages of a memory map would count as memory."""
        shape = (len(plus.resolve(volume).names), *volume.array.shape)
        out = zarr.create_array(Path(folder, str(len(volume.array))), shape=shape, chunks=(1, 1, *shape[2:]), dtype="float16")
        finish(features_into(volume, plus, out))

    with tempfile.TemporaryDirectory() as folder:
        volume = noise(slices)
        run(noise(2, 64), folder)
        before = status("VmRSS")
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
        run(volume, folder)
        print(round((status("VmHWM") - before) / 1024))


def status(name: str) -> int:
    """A figure of this process in kB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


def peak(dimensions: str, texture: bool, slices: int) -> int:
    """MB that a process of its own takes at most for all kinds."""
    command = [sys.executable, "-m", "tests.benchmarks.features", "--child", dimensions, "--slices", str(slices)]
    done = subprocess.run([*command, *(["--texture"] if texture else [])], capture_output=True, text=True, check=True)
    return int(done.stdout)


def main() -> None:
    """Print times, then memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--child", choices=["slices", "volume"], help="measure memory in this process")
    parser.add_argument("--texture", action="store_true", help="with the Gabor bank")
    parser.add_argument("--slices", type=int, default=12)
    given = parser.parse_args()
    if given.child:
        child(given.child, given.texture, given.slices)
        return
    times()
    for dimensions in ("slices", "volume"):
        for texture in (False, True):
            found = peak(dimensions, texture, given.slices)
            print(f"memory, {dimensions}, {'with' if texture else 'without'} the Gabor bank: {found} MB", flush=True)


if __name__ == "__main__":
    main()
