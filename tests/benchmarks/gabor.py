"""Print how long a Gabor bank takes against other packages: `python -m tests.benchmarks.gabor [--device cuda]`.

512 x 512 float32, wavelengths 3, 6, 9 and 13 voxels, sigma 0.56 of them, truncate 4, 8 orientations, modulus. Each figure is the
best of several runs, all in one process. Nothing is asserted, since machines differ.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

import numpy as np

import napari_hounsfield as nh
from napari_hounsfield.gabor_bank import map_names
from napari_hounsfield.gabor_filtering import Bank
from napari_hounsfield.gabor_kernels import kernel, planes_of, unit_waves
from napari_hounsfield.operation import finish

WAVELENGTHS = (3.0, 6.0, 9.0, 13.0)
SIGMA = tuple(0.56 * w for w in WAVELENGTHS)
GOALS = {"scipy fftconvolve": (4, 8), "OpenCV filter2D": (6, 13), "skimage.filters.gabor": (450, 900)}
COMPILE = """
import time
start = time.perf_counter()
import numba
loaded = time.perf_counter()
import napari_hounsfield.gabor_compiled
print(loaded - start, time.perf_counter() - loaded)
"""
MEMORY = """
import sys, threading, resource, time
from pathlib import Path
import numpy as np, napari_hounsfield as nh
from tests.benchmarks.gabor import bank_params
planes, gamma = sys.argv[1], float(sys.argv[2])
array = np.random.default_rng(0).integers(-1000, 1000, (100, 512, 512)).astype(np.int16)
volume = nh.Volume(array, nh.axial_affine((1, 1, 1)))
params = bank_params(gamma=gamma, planes=planes, pool="mean", wavelengths=(6.0,), sigma=3.36)
nh.gabor(nh.Volume(array[:24, :64, :64], volume.affine), params)
def held():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
before, most, running = held(), 0, True
def watch():
    global most
    while running:
        most = max(most, held())
        time.sleep(0.005)
thread = threading.Thread(target=watch); thread.start()
maps = nh.gabor(volume, params)
running = False; thread.join()
print((most - before - maps.array.nbytes) / 2**20)
"""


def bank_params(**changes: object) -> nh.GaborParams:
    """Parameters of the bank that is timed."""
    return nh.GaborParams(**{"wavelengths": WAVELENGTHS, "sigma": SIGMA, "truncate": 4, **changes})


def best(run: Callable[[], object], repeats: int) -> float:
    """Shortest of several runs in ms."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return 1000 * min(times)


def rivals(image: np.ndarray, gamma: float) -> dict[str, tuple[Callable[[], object], int]]:
    """What the same maps take elsewhere, and how often to run it."""
    from scipy.signal import fftconvolve
    from skimage import filters

    params = bank_params(gamma=gamma)
    plane = planes_of("axial", nh.Volume(image[None], nh.axial_affine((1, 1, 1))).grid)[0]
    waves = unit_waves(plane, params.orientations)
    kernels = [
        kernel(plane, wave, w, s, gamma=gamma, truncate=4, normalise=True).astype(np.complex64)
        for w, s in zip(WAVELENGTHS, SIGMA, strict=True)
        for wave in waves
    ]
    found: dict[str, tuple[Callable[[], object], int]] = {
        "scipy fftconvolve": (lambda: [np.abs(fftconvolve(image, k, "same")) for k in kernels], 7)
    }
    try:
        import cv2
    except ImportError:
        print("OpenCV is not installed (opencv-python-headless): left out")
    else:
        cv2.setNumThreads(2)
        parts = [(np.ascontiguousarray(k.real[::-1, ::-1]), np.ascontiguousarray(k.imag[::-1, ::-1])) for k in kernels]
        found["OpenCV filter2D"] = (
            lambda: [cv2.magnitude(cv2.filter2D(image, cv2.CV_32F, a), cv2.filter2D(image, cv2.CV_32F, b)) for a, b in parts],
            5,
        )
    every = [(w, s, np.radians(theta)) for w, s in zip(WAVELENGTHS, SIGMA, strict=True) for theta in params.orientations]
    found["skimage.filters.gabor"] = (
        lambda: [np.hypot(*filters.gabor(image, 1 / w, t, None, s, s / gamma, n_stds=4, mode="reflect")) for w, s, t in every],
        3,
    )
    return found


def in_child(code: str, *arguments: str, **environment: str) -> list[float]:
    """Numbers that a fresh process prints."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True, env=os.environ | environment
    )
    return [float(word) for word in done.stdout.split()]


def on_cpu() -> None:
    """Print the table of the CPU."""
    image = np.random.default_rng(0).random((512, 512), np.float32)
    volume = nh.Volume(image[None], nh.axial_affine((1, 1, 1)))
    out = np.empty((32, 1, 512, 512), np.float32)
    for gamma in (1.0, 0.5):
        params = bank_params(gamma=gamma).resolve(volume)
        bank = Bank(volume.grid, params)
        finish(bank.filter(volume.array, out))
        others = rivals(image, gamma)
        if gamma != 1:
            others.pop("skimage.filters.gabor")
        for name, (run, repeats) in others.items():
            # In turns, so that both meet the same other work of the machine.
            ours = theirs = whole = np.inf
            for _ in range(repeats):
                ours = min(ours, best(lambda bank=bank: finish(bank.filter(volume.array, out)), 5))
                whole = min(whole, best(lambda params=params: nh.gabor(volume, params), 5))
                theirs = min(theirs, best(run, 1))
            goals = GOALS[name] if gamma == 1 else (4,)
            print(
                f"gamma {gamma:g}: {name:22} {theirs:9.1f} ms, nh.gabor {whole:6.1f} ms ({theirs / whole:6.1f} times), "
                f"into memory that is there {ours:6.1f} ms ({theirs / ours:6.1f} times); goal {' / '.join(map(str, goals))}"
            )
    with tempfile.TemporaryDirectory() as cache:
        for what in ("first", "from the cache"):
            numba, ours = in_child(COMPILE, NUMBA_CACHE_DIR=cache)
            print(f"compiled passes, {what}: {ours:.2f} s, and {numba:.2f} s for importing numba")
    slices = np.random.default_rng(0).random((100, 512, 512), np.float32)
    many, pooled = nh.Volume(slices, volume.affine), bank_params(pool="mean")
    one = best(lambda: nh.gabor(nh.Volume(slices[:1], volume.affine), pooled), 10)
    hundred = best(lambda: nh.gabor(many, pooled), 2)
    print(f"100 slices, pooled: {hundred:.0f} ms, {hundred / one:.0f} times one slice ({one:.1f} ms)")
    for planes, gamma in (("axial", 1.0), ("axial", 0.5), ("orthogonal", 1.0), ("volume", 1.0), ("volume", 0.5)):
        (used,) = in_child(MEMORY, planes, str(gamma))
        print(f"memory beyond the output, 100 slices, {planes}, gamma {gamma:g}: {used:.0f} MB (goal 256)")


def on_device(where: str) -> None:
    """Print the time on a device of torch against a copy of the output's bytes there."""
    import torch

    from napari_hounsfield.gabor_device import DeviceFilters

    image = np.random.default_rng(0).random((1, 512, 512), np.float32)
    volume = nh.Volume(image, nh.axial_affine((1, 1, 1)))
    params = bank_params().resolve(volume)
    plane = planes_of("axial", volume.grid)[0]
    block = tuple(slice(0, n) for n in image.shape)
    filters = [DeviceFilters(plane, volume.grid.shape, params, k, where) for k in range(len(WAVELENGTHS))]
    stored = [finish(each.stored()) for each in filters]
    pieces = [torch.from_numpy(each._piece(image, block)).to(where) for each in filters]
    output = torch.empty((32, 1, 512, 512), device=where)
    copy = torch.empty_like(output)

    def synchronise() -> None:
        if where == "cuda":
            torch.cuda.synchronize()

    def run() -> None:
        for k, (each, spectra, piece) in enumerate(zip(filters, stored, pieces, strict=True)):
            output[8 * k : 8 * k + 8] = each.maps(piece, spectra, block)
        synchronise()

    def copied() -> None:
        copy.copy_(output)
        synchronise()

    run(), copied()
    ours, theirs = best(run, 20), best(copied, 20)
    expected = np.empty((len(map_names(params)), *image.shape), np.float32)
    finish(Bank(volume.grid, params, "spectra").filter(image, expected))
    apart = np.abs(output.cpu().numpy() - expected).max() / expected.max()
    times = f"{ours:.3f} ms, {ours / theirs:.1f} times a copy of the output ({theirs:.3f} ms; goal 3)"
    print(f"{where}: {times}; {apart:.1e} of the largest response from the CPU")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="", help="measure on this device of torch only: cuda, mps or cpu")
    device = parser.parse_args().device
    if device:
        on_device(device)
    else:
        on_cpu()


if __name__ == "__main__":
    main()
