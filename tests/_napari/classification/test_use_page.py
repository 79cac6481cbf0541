"""A classifier trained, saved, loaded and asked in the dock."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import napari_hounsfield as nh
from napari_hounsfield._napari.classification.decisions import SAID
from napari_hounsfield._napari.inputs import ClassifierChoice
from napari_hounsfield._napari.session import session_of
from napari_hounsfield.errors import HounsfieldError


@pytest.fixture
def page(window: Any, dock: Any, table: Path, finish: Any) -> Any:
    """The page with a trained classifier."""
    dock.compare.table.choose(table)
    dock.compare.fields.groups["recipe"].fields.groups["prepare"].fields.inputs["matrix"].value = 24
    dock.use.model.value = "svm-hog"
    dock.use.train()
    finish(dock.use.bar)
    return dock.use


def test_layers_are_classified_with_label_notice_and_nearest_images(
    window: Any, page: Any, table: Path, finish: Any, said: Any, tmp_path: Path
) -> None:
    picture = np.asarray(Image.open(table.parent / "3.png"))
    known = window.add_image(picture, name="known")
    noise = window.add_image(np.random.default_rng(0).integers(0, 256, (48, 48, 3)).astype(np.uint8), name="noise", rgb=True)
    page.classifier.save(tmp_path / "textures.safetensors")
    page.classifier.load(tmp_path / "textures.safetensors")
    classifier = page.classifier.read()
    expected = nh.classify(nh.image_list([table.parent / "3.png"]), classifier).decisions[0]
    page.image.value = known
    page.classify()
    finish(page.bar)
    assert known.metadata[SAID]["probabilities"] == pytest.approx(expected.probabilities)
    assert window.canvas.overlays.text.text == f"known\n{expected.summary}"
    assert page.nearest.item(0, 0).text() == "5", "itself: line 5 of the table"
    page.classify_all()
    finish(page.bar)
    assert noise.metadata[SAID]["unlike"]
    assert "known: along" in window.canvas.overlays.text.text
    page.show_training_image(5)
    finish(page.bar)
    assert np.array_equal(window.layers[-1].data[0], picture)
    assert said() == ["textures.safetensors is saved", "noise: unlike the training images, so that its label means little"]


def test_what_speaks_for_it_lies_over_the_image(window: Any, dock: Any, page: Any, finish: Any, ct: nh.Volume, said: Any) -> None:
    (image,) = nh.show(window, ct)
    page.image.value = image
    page.hiding.inputs["steps"].value = 3
    page.explain()
    finish(page.bar)
    layer = window.layers[-1]
    assert layer is not image
    expected = nh.occlusion(ct, page.classifier.read(), nh.OcclusionParams(steps=3))
    assert np.allclose(nh.from_layer(layer).array, expected.array[0])
    assert np.allclose(layer.extent.world, image.extent.world)
    assert layer.units == image.units
    assert SAID not in image.metadata
    page.classify_all()
    finish(page.bar)
    assert SAID in image.metadata
    assert SAID not in layer.metadata, "no image, but a result"


def test_classifiers_of_images_and_of_voxels_are_kept_apart(
    window: Any, page: Any, ct: nh.Volume, tmp_path: Path, said: Any
) -> None:
    (needed,) = [each for each in nh.segment.inputs if each.kinds[0].__name__ == "PixelClassifier"]
    voxels = ClassifierChoice(window, needed)
    page.classifier.save(tmp_path / "images.safetensors")
    voxels.load(tmp_path / "images.safetensors")
    with pytest.raises(HounsfieldError, match="none yet"):
        voxels.read()
    strokes = np.zeros(ct.array.shape, np.uint8)
    strokes[1:3, 2:6, 2:6], strokes[9:11, 2:6, 2:6] = 1, 2
    classifier = nh.train(ct, ct.label_map(strokes, {1: "air", 2: "tissue"}), nh.TrainParams(bp={"iterations": 5}))
    before = page.classifier.read()
    session_of(window).keep(classifier, "voxels")
    assert voxels.read() is classifier
    assert page.classifier.read() is before
    assert said()[1:] == ["images.safetensors: a classifier of whole images, which is not what is asked for here"]


def test_what_is_missing_is_told(window: Any, dock: Any, table: Path, tmp_path: Path, said: Any) -> None:
    dock.use.train()
    dock.use.classify()
    window.add_image(np.zeros((8, 8), np.uint8))
    dock.use.classify()
    assert said() == [
        "table: nothing is chosen yet",
        "image: there is no image layer yet",
        "classifier: none yet; train one, or load one from a file",
    ]
