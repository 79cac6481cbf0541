"""Figures from plain records, without a window."""

from __future__ import annotations

import io
import subprocess
import sys

import numpy as np
import pytest

import napari_hounsfield as nh
from napari_hounsfield.evaluation.pictures import confusion_figure, reliability_figure, roc_figure

NAMES = {0: "background", 1: "lung", 2: "airway"}


@pytest.fixture(scope="module")
def evaluation():
    random = np.random.default_rng(0)
    truth = random.integers(0, 3, (3, 8, 8)).astype(np.uint8)
    raw = np.exp(random.normal(size=(3, *truth.shape)) + 1.5 * (truth == np.arange(3)[:, None, None, None]))
    scores = (raw / raw.sum(axis=0)).astype(np.float32)
    affine = nh.axial_affine((1, 1, 1))
    labels = nh.LabelMap(scores.argmax(axis=0).astype(np.uint8), affine, classes=NAMES)
    found = nh.Segmentation(labels, nh.Features(scores, tuple(NAMES.values()), affine))
    return nh.evaluate(found, nh.LabelMap(truth, affine, classes=NAMES))


def written(figure):
    """Bytes of the figure as PNG."""
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()


def test_confusion_shows_counts_and_names(evaluation):
    figure = confusion_figure(evaluation)
    (axes,) = figure.axes
    assert [t.get_text() for t in axes.get_yticklabels()] == ["background", "lung", "airway"]
    shown = [int(t.get_text().split("\n")[0].replace(",", "")) for t in axes.texts]
    assert np.array_equal(np.reshape(shown, (3, 3)), evaluation.confusion.counts)
    assert written(figure).startswith(b"\x89PNG")


def test_curves_are_drawn_with_their_figures(evaluation):
    roc, reliability = roc_figure(evaluation, "white"), reliability_figure(evaluation, "white")
    for figure, name in ((roc, "auc"), (reliability, "ece")):
        texts = [t.get_text() for t in figure.axes[0].get_legend().get_texts()]
        assert len(texts) == 2
        for text, c in zip(texts, evaluation.classes, strict=True):
            assert text == f"{c.name}: {name.upper()} {getattr(c, name):.4f}"
        assert written(figure).startswith(b"\x89PNG")
    drawn = roc.axes[0].lines[1].get_xydata()
    assert drawn == pytest.approx(np.array(evaluation.curves[0].roc))


def test_without_probabilities_or_classes_the_figures_say_so():
    data = nh.LabelMap(np.zeros((1, 2, 2), np.uint8), np.eye(4))
    plain = nh.evaluate(data, data)
    for draw in (roc_figure, reliability_figure):
        assert [t.get_text() for t in draw(plain).axes[0].texts] == ["no probabilities"]
    assert written(confusion_figure(plain)).startswith(b"\x89PNG")


def test_no_window_system_is_loaded():
    code = (
        "import sys, numpy as np, napari_hounsfield as nh\n"
        "from napari_hounsfield.evaluation.pictures import confusion_figure\n"
        "data = nh.LabelMap(np.ones((1, 2, 2), np.uint8), np.eye(4))\n"
        "confusion_figure(nh.evaluate(data, data))\n"
        "assert not {'matplotlib.pyplot', 'qtpy', 'napari'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
