"""Colours of classes: told apart with every kind of colour vision, on grey CT, and the same for a number everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from napari_hounsfield.volume import BACKGROUND

if TYPE_CHECKING:
    from napari.utils.colormaps import DirectLabelColormap

PALETTE = (
    "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7",
    "#88CCEE", "#DDCC77", "#AA4499", "#44AA99", "#999933", "#882255", "#6699CC", "#EE8866", "#BBCC33",
)  # fmt: skip
"""Okabe and Ito's seven colours, then hues of Tol's muted and light schemes that differ from them."""

GREY = "#8A8A8A"
PAINTABLE = 64
"""Numbers up to here have a colour before they are painted."""
LARGEST = 2**16
"""napari colours larger numbers one by one only with numba, which need not be there."""
MANY = 1000
"""Numbers without names, such as components: more need no colours of their own."""


def colour(value: int, name: str = "") -> str:
    """Colour of a label value; a class named `background` is grey."""
    return GREY if name == BACKGROUND else PALETTE[(value - 1) % len(PALETTE)]


def label_colours(
    values: list[int], classes: Mapping[int, str], own: Mapping[int, str] | None = None
) -> DirectLabelColormap | None:
    """Colormap of a labels layer, where 0 alone is transparent; None where napari's cyclic colours must do.

    `own` are the colours that a file gives.
    """
    from napari.utils.colormaps import DirectLabelColormap

    named = {*classes, *range(1, PAINTABLE + 1)}
    if max((abs(v) for v in values), default=0) > LARGEST or len({*values} - named) > MANY:
        return None
    own = own or {}
    shown = {*values, *range(1, PAINTABLE + 1)}
    colours: dict[int | None, str] = {v: own.get(v) or colour(v, classes.get(v, "")) for v in shown}
    return DirectLabelColormap(color_dict={**colours, 0: "transparent", None: GREY})
