"""Figures over the canvas go with the layer that they are of."""

from __future__ import annotations

import numpy as np
from napari.components import ViewerModel

from napari_hounsfield._napari import overlay


def text_of(viewer):
    return viewer.canvas.overlays.text


def test_figures_go_with_their_layer():
    viewer = ViewerModel()
    image, labels = viewer.add_image(np.zeros((3, 3))), viewer.add_labels(np.zeros((3, 3), int))
    overlay.show(viewer, "CT threshold", ["bone: 3 ml"], labels)
    viewer.layers.remove(image)
    assert text_of(viewer).visible
    viewer.layers.remove(labels)
    assert not text_of(viewer).visible


def test_figures_of_no_layer_go_with_the_last_and_later_ones_stay():
    viewer = ViewerModel()
    first, second = viewer.add_image(np.zeros((3, 3))), viewer.add_labels(np.zeros((3, 3), int))
    overlay.show(viewer, "classifier", ["SE 0.9"], first)
    overlay.show(viewer, "another", ["SE 0.8"])
    viewer.layers.remove(first)
    assert text_of(viewer).visible
    assert text_of(viewer).text.startswith("another")
    viewer.layers.remove(second)
    assert not text_of(viewer).visible
