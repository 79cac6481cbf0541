"""What the user has set on napari's Preferences page, declared under `configurations` in the manifest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

PLUGIN = "napari-hounsfield"


@dataclass(frozen=True)
class Preferences:
    """Settings with their defaults; the manifest's are the same (a test compares them)."""

    device: Any = "auto"
    threads: int = 0
    window: Any = "auto"
    threshold: Any = "none"
    scale_bar: bool = True
    link_windows: bool = True


def preferences() -> Preferences:
    """Read the settings; the defaults where napari does not know the plugin (a viewer model in a script)."""
    from napari.settings import get_plugin_settings

    try:
        settings = get_plugin_settings(PLUGIN)
    except KeyError:
        return Preferences()
    return Preferences(
        device=settings.computing.device,
        threads=settings.computing.threads,
        window=settings.opening.window,
        threshold=settings.opening.threshold,
        scale_bar=settings.viewing.scale_bar,
        link_windows=settings.viewing.link_windows,
    )


def apply() -> None:
    """Compute on the device and with the threads that are set."""
    from napari_hounsfield import configure

    chosen = preferences()
    configure(device=chosen.device, threads=chosen.threads)
