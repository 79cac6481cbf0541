"""Length of a scale bar in a linked view.

napari's own bar sets its letters anew for each canvas, which holds the interface for a tenth of a second and more.
"""

from __future__ import annotations

from math import floor, log10

MULTIPLES = (1, 2, 5, 10)


def bar_length(zoom: float, width: float) -> float:
    """Greatest length of 1, 2 or 5 times a power of ten that takes no more than `width` pixels.

    Parameters
    ----------
    zoom
        Pixels for a unit of length.
    width
        Pixels.
    """
    most = width / zoom
    power = 10.0 ** floor(log10(most))
    return max(multiple * power for multiple in MULTIPLES if multiple * power <= most)


def bar_text(length: float, unit: str) -> str:
    """Length with its unit, as short as it can be said."""
    return f"{length:g} {unit}"
