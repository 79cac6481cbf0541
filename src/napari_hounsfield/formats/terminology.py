"""Terms and colours of the classes of a label map: those that it carries, or those that its names stand for."""

from __future__ import annotations

import colorsys
from typing import TYPE_CHECKING

from napari_hounsfield.coded_terms import CATEGORIES, Colour, Term, term_of

if TYPE_CHECKING:
    from napari_hounsfield.volume import LabelMap

UNKNOWN = Term(CATEGORIES["tissue"], CATEGORIES["tissue"])
"""`Tissue`, which claims nothing."""


def concept(name: str) -> Term:
    """What a class name means; a name that is not known is `Tissue`, and stays the segment's label."""
    return term_of(name) or UNKNOWN


def term_in(labels: LabelMap, value: int) -> Term:
    """What a class of a label map is: as it was read or given, or else what its name means."""
    given = labels.terms.get(value)
    if given is None or (given.category, given.kind) == (UNKNOWN.category, UNKNOWN.kind):
        return concept(labels.class_name(value))
    return given


def colour_in(labels: LabelMap, value: int) -> Colour:
    """Colour of a class of a label map: as it was read or given, or else that of its name."""
    term = labels.terms.get(value)
    return term.colour if term is not None and term.colour is not None else class_colour(labels.class_name(value), value)


def class_colour(name: str, value: int = 1) -> Colour:
    """Red, green, blue (0 to 255) of a class: its anatomical colour, or one far from those of the neighbouring values."""
    known = concept(name).colour
    if known is not None:
        return known
    red, green, blue = colorsys.hsv_to_rgb(value * 0.618034 % 1.0, 0.55 + 0.25 * (value % 2), 0.95)
    return round(255 * red), round(255 * green), round(255 * blue)
