"""What a comparison was computed with: results are the same only where all of it is."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

from napari_hounsfield import runtime
from napari_hounsfield._version import __version__

PACKAGES = ("numpy", "scipy", "scikit-image", "scikit-learn", "torch", "monai")


def software() -> dict[str, str]:
    """Versions of Python, this package and what it computes with, and the device.

    Raises
    ------
    ParameterError
        If the chosen device is not there.
    """
    found = {"napari-hounsfield": __version__, "Python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found | {"device": runtime.device()}
