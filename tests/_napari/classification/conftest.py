"""A viewer with the dock, and a study of two textures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.images.textures import write_textures


@pytest.fixture
def window(make_napari_viewer: Any) -> Any:
    return make_napari_viewer()


@pytest.fixture
def dock(window: Any) -> Any:
    return window.window.add_plugin_dock_widget("napari-hounsfield", "BP classification")[1]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Path of the table of 24 pictures of 12 patients."""
    return write_textures(tmp_path / "study")
