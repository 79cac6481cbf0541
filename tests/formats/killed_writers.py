"""Kill writers at random moments, in a process that has no threads yet: `python killed_writers.py FOLDER TRIALS SUFFIX...`.

Prints what was found under the final name: `nothing`, `whole` or `PART` for each trial.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path

import nibabel  # noqa: F401  what writers import would take longer than they do
import safetensors.numpy  # noqa: F401
import SimpleITK  # noqa: F401
import zarr  # noqa: F401
from every_writer import WRITERS, content

from napari_hounsfield import write
from napari_hounsfield.formats.atomic import remove


def started(target: Path, data: object) -> int:
    child = os.fork()
    if not child:
        try:
            write(target, data, overwrite=True)
        finally:
            os._exit(0)
    return child


def main(folder: Path, trials: int, suffixes: list[str]) -> None:
    rng = random.Random(0)
    for suffix in suffixes:
        data, target = WRITERS[suffix](), folder / f"名 a{suffix}"
        start = time.perf_counter()
        os.waitpid(started(target, data), 0)
        taken, whole = time.perf_counter() - start, content(target)
        for _ in range(trials):
            remove(target)
            child = started(target, data)
            time.sleep(rng.uniform(0, 1.1 * taken))
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            found = "nothing" if not target.exists() else "whole" if content(target) == whole else "PART"
            print(suffix, found, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
