"""Sample data: the chest CT phantom and its reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .layers import LayerTuple


SLICES, MATRIX = 48, 256
"""napari waits for sample data: these are there in a moment, and the demonstration has the full size."""


def chest_phantom() -> list[LayerTuple]:
    """Phantom of a chest CT (no patient), and the labels it was made from, hidden."""
    from napari_hounsfield.demo.phantom import PhantomParams
    from napari_hounsfield.demo.phantom import chest_phantom as make

    from .layers import layer_tuples

    phantom = make(PhantomParams(slices=SLICES, matrix=MATRIX))
    image = layer_tuples(phantom.volume)
    ((array, arguments, kind),) = layer_tuples(phantom.reference, title="reference")
    return [*image, (array, {**arguments, "visible": False}, kind)]
