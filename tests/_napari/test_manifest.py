"""What napari knows of the plugin before anything of it is imported."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from npe2 import PluginManifest

from napari_hounsfield._napari.preferences import Preferences


@pytest.fixture
def manifest(repository: Path) -> PluginManifest:
    return PluginManifest.from_file(repository / "napari.yaml")


def test_npe2_finds_no_fault_and_every_command_can_be_imported(repository: Path) -> None:
    command = [sys.executable, "-m", "npe2", "validate", "--imports", str(repository / "napari.yaml")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_named_widgets_are_there(manifest: PluginManifest) -> None:
    names = {widget.display_name for widget in manifest.contributions.widgets}
    assert names == {
        "Open DICOM", "HU window and threshold", "Gabor bank", "First classes", "BP segmentation", "BP classification", "Metrics",
        "Export", "Windows", "Surfaces", "Segment editor", "Linked views", "Match to image",
    }  # fmt: skip


def test_every_command_is_used_and_titled(manifest: PluginManifest) -> None:
    parts = manifest.contributions
    used = {c.command for c in [*parts.readers, *parts.writers, *parts.widgets, *parts.sample_data]}
    assert used == {command.id for command in parts.commands}
    assert all(command.title[0].isupper() for command in parts.commands)
    assert {item.command for items in parts.menus.values() for item in items} <= used
    assert all(menu.startswith("napari/layers/") for menu in parts.menus)


def test_preferences_have_the_defaults_of_the_manifest(manifest: PluginManifest) -> None:
    declared = {
        name: field.default for page in manifest.contributions.configurations.values() for name, field in page.properties.items()
    }
    assert Preferences(**declared) == Preferences()


def test_preferences_offer_what_the_models_know(manifest: PluginManifest) -> None:
    from napari_hounsfield._napari.fields import literals
    from napari_hounsfield.intensity import ThresholdParams, WindowParams

    opening = manifest.contributions.configurations["opening"].properties
    assert set(opening["window"].enum) == set(literals(WindowParams, "preset")) - {"custom"}
    assert set(opening["threshold"].enum) - {"none"} <= set(literals(ThresholdParams, "tissue"))


def test_discovery_imports_nothing_of_the_package() -> None:
    code = """
import json, sys
from npe2 import PluginManager
pm = PluginManager.instance()
pm.discover()
assert "napari-hounsfield" in list(pm._manifests)
pm.get_manifest("napari-hounsfield")
[list(pm.iter_widgets()), pm.iter_compatible_readers(["a.dcm"])]
print(json.dumps([m for m in sys.modules if m.startswith("napari_hounsfield") and not m.endswith("manifest")]))
"""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, timeout=300, check=True)
    assert json.loads(done.stdout) == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.dcm", True), ("A.DCM", True), ("a.ima", True), ("a.nii.gz", True), ("a.seg.nrrd", True), ("a.mha", True),
        ("a.zip", True), ("a.png", False),
    ],
)  # fmt: skip
def test_which_files_are_claimed(manifest: PluginManifest, name: str, expected: bool) -> None:
    from npe2 import PluginManager

    manager = PluginManager()
    manager.register(manifest)
    claimed: list[Any] = list(manager.iter_compatible_readers([name]))
    assert bool(claimed) is expected
