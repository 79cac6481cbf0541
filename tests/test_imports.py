"""What is imported when, tried in fresh processes: nothing heavy early, no viewer in the core, no network ever."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {
    "torch", "monai", "pydicom", "napari", "scipy", "skimage", "sklearn", "highdicom", "nibabel", "nrrd", "SimpleITK",
    "matplotlib", "safetensors", "pandas", "dask", "numba", "zarr", "qtpy", "magicgui", "superqt", "PyQt6", "PySide6",
}  # fmt: skip
VIEWER = {"napari", "magicgui", "qtpy", "superqt", "PyQt6", "PySide6", "vispy"}


def run(code: str, *arguments: str, cwd: Path | None = None) -> str:
    """Standard output of a fresh interpreter."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=300, cwd=cwd, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def loaded_after(code: str) -> set[str]:
    """Top-level modules that a fresh interpreter holds after running `code`."""
    output = run(f"{code}\nimport json, sys\nprint()\nprint(json.dumps([name.partition('.')[0] for name in sys.modules]))")
    return set(json.loads(output.splitlines()[-1]))


HELP = """
import sys
from napari_hounsfield.cli import main
sys.argv = ["hounsfield", "--help"]
try:
    main()
except SystemExit as stop:
    assert not stop.code, stop.code
"""


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("import napari_hounsfield", id="import"),
        pytest.param("import napari_hounsfield as nh; nh.Volume", id="Volume"),
        pytest.param(HELP, id="help"),
    ],
)
def test_nothing_heavy_is_imported(code: str) -> None:
    assert not loaded_after(code) & HEAVY


def test_bare_import_takes_the_standard_library_only() -> None:
    assert not loaded_after("import napari_hounsfield") & {"numpy", "pydantic"}


CORE = """
import importlib, pkgutil, sys

class NoViewer:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {viewer!r}:
            raise AssertionError(f"the core imports {{name}}")

sys.meta_path.insert(0, NoViewer())
import napari_hounsfield
names = [m.name for m in pkgutil.walk_packages(napari_hounsfield.__path__, "napari_hounsfield.", onerror=lambda name: None)]
names = [n for n in names if not n.startswith("napari_hounsfield._napari") and not n.endswith("__main__")]
for name in names:
    importlib.import_module(name)
print(len(names))
"""


def test_core_never_imports_the_viewer() -> None:
    assert int(run(CORE.format(viewer=VIEWER))) > 20


OFFLINE = """
import sys

def refuse(event, arguments):
    if event in {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "socket.bind"}:
        raise AssertionError(f"the network was used: {event}")

sys.addaudithook(refuse)
"""

SMALL_RUN = """
import numpy as np
import napari_hounsfield as nh

try:  # the block is real
    import socket
    socket.create_connection(("127.0.0.1", 9))
except AssertionError:
    pass
else:
    raise SystemExit("sockets are not blocked")

random = np.random.default_rng(0)
array = np.full((6, 32, 32), -800, np.int16)
array[:, :, 16:] = 40
array += random.integers(-30, 30, array.shape, dtype=np.int16)
volume = nh.Volume(array=array, affine=nh.axial_affine((3, 1, 1)), unit="HU", modality="CT")
truth = nh.LabelMap(array=(array > -400) + 1, affine=volume.affine, classes={1: "lung", 2: "body"})
nh.threshold(volume)
strokes = np.zeros_like(truth.array)
strokes[3, 4:28, 4:12] = 1
strokes[3, 4:28, 20:28] = 2
classifier = nh.train(volume, nh.LabelMap(array=strokes, affine=volume.affine, classes=truth.classes))
result = nh.segment(volume, classifier)
nh.write("result.nii.gz", result.labels)
(back,) = nh.read("result.nii.gz")
print(nh.evaluate(result.labels, truth).classes[0].dice)
"""


def test_nothing_uses_the_network(tmp_path: Path) -> None:
    assert float(run(OFFLINE + SMALL_RUN, cwd=tmp_path)) > 0.9


def test_import_leaves_the_environment_alone() -> None:
    code = "import os; before = dict(os.environ); import napari_hounsfield as nh; nh.Volume; assert dict(os.environ) == before"
    run(code)


def test_help_needs_no_display(tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if k not in {"DISPLAY", "WAYLAND_DISPLAY"}}
    command = [sys.executable, "-m", "napari_hounsfield", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=tmp_path, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert "demo" in done.stdout
