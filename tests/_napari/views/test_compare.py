"""Two studies side by side or blended, and outlines."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from napari.layers import Image
from napari.utils.colormaps.standardize_color import transform_color

import napari_hounsfield as nh
from napari_hounsfield._napari.layers import blank_strokes
from napari_hounsfield._napari.views.compare import BLENDED, NAME, SIDE_BY_SIDE, alignment, opacities
from napari_hounsfield._napari.views.outlines import PREDICTION


def test_alignment_is_claimed_only_for_one_frame_of_reference() -> None:
    assert alignment({"1.2"}, {"1.2"}) == "Aligned: one frame of reference."
    assert "differ. Not registered" in alignment({"1.2"}, {"1.3"})
    assert "not known" in alignment({""}, {""})
    assert alignment({"1.2"}, set()).startswith("Tick")


def test_shares_of_a_blend_whichever_lies_above() -> None:
    low, high = Image(np.zeros((2, 2))), Image(np.zeros((2, 2)))
    assert opacities([low, high], {high}, 0.3) == {low: 1.0, high: 0.3}
    assert opacities([low, high], {low}, 0.3) == {low: 1.0, high: 0.7}


@pytest.mark.slow
def test_side_by_side_then_blended_then_as_before(window: Any, dock: Any, settle: Any, ct: nh.Volume) -> None:
    (now,) = nh.show(window, ct)
    (prior,) = nh.show(window, replace(ct, name="prior"))
    prior.opacity = 0.8
    widget = dock()
    panel = widget.compare
    panel.mode.setCurrentText(SIDE_BY_SIDE)
    panel.tick(prior)
    settle(widget)
    view = widget.desk.views[NAME]
    assert list(widget.desk.views) == [NAME]
    assert [layer.data is prior.data and layer.visible for layer in view.model.layers] == [True]
    assert (now.visible, prior.visible) == (True, False)
    window.scene.camera.zoom, window.scene.camera.center = 3.0, (4.0, 5.0)
    assert view.model.scene.camera.zoom == 3.0
    assert view.model.scene.camera.center[-2:] == (4.0, 5.0)
    view.model.scene.camera.zoom = 2.0
    assert window.scene.camera.zoom == 2.0
    window.dims.set_current_step(0, 7)
    assert view.model.dims.current_step[0] == 7
    widget.main_plane.activated.emit(1)
    assert view.plane is widget.desk.main.plane
    assert view.edges == widget.desk.main.edges
    panel.mode.setCurrentText(BLENDED)
    settle(widget)
    panel.share.setValue(25)
    assert (now.visible, prior.visible, prior.opacity) == (True, True, pytest.approx(0.25))
    panel.mode.setCurrentText("off")
    settle(widget)
    assert (now.visible, prior.visible, prior.opacity) == (True, True, 0.8)
    assert NAME not in widget.desk.views
    assert set(widget.desk.views) == set(widget.switches)


@pytest.mark.slow
def test_outlines_have_two_colours_and_go_again(window: Any, dock: Any, settle: Any, ct: nh.Volume) -> None:
    nh.show(window, ct)
    layers = [nh.show(window, replace(blank_strokes(ct, {1: "a"}), name=name))[0] for name in ("prediction", "reference")]
    before = [(layer.contour, layer.opacity, layer.colormap) for layer in layers]
    widget = dock()
    widget.compare.outline.setChecked(True)
    settle(widget)
    copies = [layer for layer in widget.desk.views["Axial"].model.layers if layer._type_string == "labels"]
    assert [layer.contour for layer in (*layers, *copies)] == [1] * 4
    assert not np.allclose(layers[0].get_color(1), layers[1].get_color(1))
    assert layers[0].get_color(1) == pytest.approx(transform_color(PREDICTION)[0])
    widget.compare.outline.setChecked(False)
    assert [(layer.contour, layer.opacity, layer.colormap) for layer in layers] == before
