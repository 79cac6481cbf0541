"""What holds for every test: where real data lies, napari settings apart from the user's, bounded Hypothesis."""

from __future__ import annotations

import gc
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

ROOT = Path(__file__).parents[1]

# Before anything imports napari: `make_napari_viewer` resets the settings that it finds.
_napari_config = tempfile.TemporaryDirectory(prefix="napari-config-")
os.environ.setdefault("QT_API", "pyqt6")
os.environ["NAPARI_CONFIG"] = str(Path(_napari_config.name, "settings.yaml"))

settings.register_profile("bounded", derandomize=True, deadline=None, database=None, max_examples=50)
settings.load_profile("bounded")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(specs: list[Any]) -> None:
    """Share the cores out: every process that runs tests computes on its part of them."""
    threads = str(max(1, (os.cpu_count() or 1) // len(specs)))
    for library in ("OMP", "OPENBLAS", "MKL", "NUMBA", "LP"):  # LP: Mesa's software renderer
        os.environ.setdefault(f"{library}_NUM_THREADS", threads)


def pytest_collection_finish() -> None:
    """Spare later collections of garbage the modules."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real images: `HOUNSFIELD_TEST_DATA`, or `../shared/data` beside the repository; without it, skip."""
    folder = Path(os.environ.get("HOUNSFIELD_TEST_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real data in {folder}: set HOUNSFIELD_TEST_DATA")
    return folder
