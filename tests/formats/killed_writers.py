"""Kill writers at random moments: `python -m tests.formats.killed_writers FOLDER TRIALS ENDING...`, which has no threads yet.

Prints what was found under the final name: `nothing`, `whole` or `PART` for each trial. At every second trial the file is there
already, and replaced: then `nothing` is a loss, and printed as `LOST`.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path

import highdicom  # noqa: F401  what writers import would take longer than they do
import nibabel  # noqa: F401
import safetensors.numpy  # noqa: F401
import SimpleITK  # noqa: F401
import zarr  # noqa: F401

from napari_hounsfield.formats import compiled_contours  # noqa: F401
from napari_hounsfield.formats.atomic import remove

from .every_writer import WRITERS, Writer, content


def started(target: Path, write: Writer) -> int:
    child = os.fork()
    if not child:
        try:
            write(target, overwrite=True)
        finally:
            os._exit(0)
    return child


def main(folder: Path, trials: int, endings: list[str]) -> None:
    rng = random.Random(0)
    for ending in endings:
        sources = folder / f"sources{ending}"
        sources.mkdir()
        write, target = WRITERS[ending](sources), folder / f"名 a{ending}"
        for _ in range(min(trials, 2)):  # the first may compile
            start = time.perf_counter()
            os.waitpid(started(target, write), 0)
            taken = time.perf_counter() - start
        whole = content(target)
        for trial in range(trials):
            if trial % 2 == 0:
                remove(target)
            there = target.exists()
            child = started(target, write)
            time.sleep(rng.uniform(0, 1.1 * taken))
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            missing = "LOST" if there else "nothing"
            print(ending, missing if not target.exists() else "whole" if content(target) == whole else "PART", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
