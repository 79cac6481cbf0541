"""Writing and reading NIfTI and NRRD beside nibabel and SimpleITK, and OME-Zarr in bounded memory.

    python tests/benchmarks/formats.py [slices]

Each pair takes turns, at the same compression level, so that a slow moment of the computer meets both; the least of each counts.
What we write includes reading it back. Peak memory is that of a process of its own, without what it starts with.
"""

from __future__ import annotations

import gzip
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from napari_hounsfield import Volume, axial_affine, read, write

ROUNDS = 3

COMPRESSION = 4
"""Of zlib: files are as large as ours."""


def scan(slices: int) -> Volume:
    """Something like a CT: smooth organs, noise, air without noise around."""
    from scipy.ndimage import zoom

    rng = np.random.default_rng(0)
    organs = zoom(rng.normal(0, 400, (6, 8, 8)), (slices / 6, 64, 64), order=1)
    array = (organs + rng.normal(0, 15, organs.shape)).astype(np.int16)
    y, x = np.ogrid[-1 : 1 : organs.shape[1] * 1j, -1 : 1 : organs.shape[2] * 1j]
    array[:, x**2 + (1.4 * y) ** 2 > 0.9] = -1024
    return Volume(array, axial_affine((2, 0.7, 0.7)), unit="HU", modality="CT")


def nibabel_write(path: Path, volume: Volume) -> None:
    import nibabel

    image = nibabel.Nifti1Image(volume.array.T, np.diag([-0.7, -0.7, 2, 1]))
    with gzip.open(path, "wb", compresslevel=COMPRESSION) if path.suffix == ".gz" else open(path, "wb") as stream:
        image.to_stream(stream)


def nibabel_read(path: Path) -> None:
    import nibabel

    np.asarray(nibabel.load(path).dataobj)


def itk_write(path: Path, volume: Volume) -> None:
    import SimpleITK

    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(volume.array), str(path), True, COMPRESSION)


def itk_read(path: Path) -> None:
    import SimpleITK

    SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path)))


def least(*works: Callable[[], object]) -> list[float]:
    """Seconds of each, in turns."""
    times: list[list[float]] = [[] for _ in works]
    for _ in range(ROUNDS):
        for work, taken in zip(works, times, strict=True):
            start = time.perf_counter()
            work()
            taken.append(time.perf_counter() - start)
    return [min(taken) for taken in times]


def compare(folder: Path, volume: Volume) -> None:
    for suffix, write_it, read_it, rival in (
        (".nii", nibabel_write, nibabel_read, "nibabel"),
        (".nii.gz", nibabel_write, nibabel_read, "nibabel"),
        (".nii.gz", itk_write, itk_read, "SimpleITK"),
        (".nrrd", itk_write, itk_read, "SimpleITK"),
        (".mha", itk_write, itk_read, "SimpleITK"),
    ):
        ours, theirs = folder / f"ours{suffix}", folder / f"theirs{suffix}"
        a, b = least(partial(write, ours, volume, overwrite=True), partial(write_it, theirs, volume))
        print(f"write {suffix:8} {a:6.2f} s, {rival:9} {b:6.2f} s, ratio {a / b:.2f}, ", end="")
        print(f"size ratio {ours.stat().st_size / theirs.stat().st_size:.2f}")
        a, b = least(partial(read, ours), partial(read_it, ours))
        print(f"read  {suffix:8} {a:6.2f} s, {rival:9} {b:6.2f} s, ratio {a / b:.2f}")


IN_A_PROCESS = """
import resource, sys, numpy as np
from napari_hounsfield import Volume, axial_affine, threshold, ThresholdParams, write
from napari_hounsfield.formats.ome_zarr import read_ome_zarr
import zarr
n, folder = int(sys.argv[1]), sys.argv[2]
array = np.memmap(folder + "/raw", np.int16, "r", shape=(n, 512, 512))
def anonymous():
    return next(int(l.split()[1]) for l in open("/proc/self/status") if l.startswith("RssAnon")) >> 10
import threading, time
peak, stop = [anonymous()], []
start = peak[0]
def watch():
    while not stop:
        peak[0] = max(peak[0], anonymous()); time.sleep(0.005)
thread = threading.Thread(target=watch); thread.start()
t = time.perf_counter()
write(folder + "/v.ome.zarr", Volume(array, axial_affine((2, .7, .7)), unit="HU"), overwrite=True)
t1 = time.perf_counter()
(lazy,) = read_ome_zarr(__import__("pathlib").Path(folder + "/v.ome.zarr"), 0)
for plane in lazy.array:
    pass
t2 = time.perf_counter()
stop.append(1); thread.join()
print(f"OME-Zarr of {array.nbytes >> 20} MB: written in {t1 - t:.1f} s, read plane by plane in {t2 - t1:.1f} s, ", end="")
print(f"{peak[0] - start} MB of memory beyond the start")
"""


def bounded(folder: Path, volume: Volume, times: int) -> None:
    with open(folder / "raw", "wb") as stream:
        for _ in range(times):
            stream.write(volume.array.tobytes())
    command = [sys.executable, "-c", IN_A_PROCESS, str(len(volume.array) * times), str(folder)]
    print(subprocess.run(command, capture_output=True, text=True, check=True).stdout, end="")


def main() -> None:
    volume = scan(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
    print(f"{' x '.join(map(str, volume.array.shape))} int16, gzip level {COMPRESSION} of theirs")
    with tempfile.TemporaryDirectory() as folder:
        compare(Path(folder), volume)
        for times in (1, 4):
            bounded(Path(folder), volume, times)
    print(f"most memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10} MB")


if __name__ == "__main__":
    main()
