"""The report: from the JSON alone, whole, fetching nothing, with the JSON's numbers and nothing else's."""

from __future__ import annotations

import json
from html.parser import HTMLParser

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from tests.images.nearest_models import register, write_study

import napari_hounsfield as nh
from napari_hounsfield.images.comparison_report import report_html
from napari_hounsfield.images.published import TABLE_3


class Page(HTMLParser):
    """Tags that are left open, text of cells and titles."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.attributes, self.cells = [], set(), [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.attributes += attributes
        if tag not in {"meta", "img", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in {"td", "th"}:
            self.cells.append(data)


@pytest.fixture(scope="module", params=[("healthy", "<ill> & $x$"), ("a", "b", "c")], ids=["two classes", "three"])
def out(request, tmp_path_factory):
    """The folder of a comparison on hard images, several of a patient, some of them unreadable, some alike."""
    study = tmp_path_factory.mktemp("study")
    path = write_study(study, 48, per_patient=2, strength=12, classes=request.param)
    (study / "smith-5.png").write_bytes(b"no picture")
    for number in (9, 15, 21, 27, 33):
        (study / f"smith-{number}.png").write_bytes((study / "smith-3.png").read_bytes())
    with pytest.MonkeyPatch.context() as patch:
        register(patch)
        params = nh.CrossValidateParams(
            models="nearest-mean,nearest-image", folds=3, locked=0.2, recipe={"prepare": {"matrix": 10}}
        )
        nh.crossvalidate(nh.read_image_table(path), nh.FoldStore(study / "out"), params)
    return study / "out"


@pytest.fixture(scope="module")
def record(out):
    return json.loads((out / "crossvalidation.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def text(out):
    return (out / "report.html").read_text(encoding="utf-8")


def test_the_report_follows_from_the_json_alone(record, text):
    assert report_html(record) == text


def test_figures_follow_from_the_probabilities(record):
    images, classes = record["images"], record["classes"]
    for model in record["models"].values():
        probabilities = np.array(model["probabilities"])
        for part, chosen in [
            (model["pooled"], np.array([fold is not None for fold in images["fold"]])),
            (model["locked"], np.array([fold is None for fold in images["fold"]])),
            *((part, np.array([fold == part["fold"] for fold in images["fold"]])) for part in model["folds"]),
        ]:
            targets, said = np.array(images["class"])[chosen], probabilities[chosen]
            confusion = np.zeros((len(classes), len(classes)), int)
            np.add.at(confusion, (targets, said.argmax(axis=1)), 1)
            assert part["confusion"] == confusion.tolist()
            assert part["accuracy"] == np.trace(confusion) / confusion.sum()
            if len(np.unique(targets)) == len(classes):
                areas = [roc_auc_score(targets == k, said[:, k]) for k in range(len(classes))]
                expected = areas[classes.index(record["positive"])] if record["positive"] else np.mean(areas)
                assert part["auc"] == pytest.approx(expected, abs=1e-9)
    folds = {fold for fold in images["fold"] if fold is not None}
    assert folds == {1, 2, 3}


def test_the_page_is_whole_and_fetches_nothing(text):
    page = Page(text)
    assert page.open == []
    assert not {"script", "link", "iframe", "object", "form", "svg"} & page.tags
    sources = [value for name, value in page.attributes if name in {"src", "href", "action"}]
    assert len(sources) >= 3
    assert all(source.startswith("data:image/svg+xml;base64,") for source in sources)


def test_every_figure_of_the_json_is_there_in_full(record, text):
    page = Page(text)
    titles = {value for name, value in page.attributes if name == "title"}
    for model in record["models"].values():
        for part in (model["pooled"], model["locked"], *model["folds"]):
            for name in ("sensitivity", "specificity", "accuracy", "auc"):
                assert part[name] is None or repr(part[name]) in titles
            for name in ("tp", "fp", "fn", "tn"):
                assert str(part[name]) in page.cells
        for low, high in filter(None, model["pooled"]["intervals"].values()):
            assert f"{low:.4g} to {high:.4g}" in page.cells
        assert set(model["pooled"]["reasons"].values()) <= set(page.cells)
    for each in record["comparisons"]:
        for test in ("mcnemar", "delong"):
            assert each[test]["p_adjusted"] is None or repr(each[test]["p_adjusted"]) in titles


def test_the_published_figures_stand_beside_it(text):
    cells = Page(text).cells
    for name, figures in TABLE_3.items():
        assert f"{name}, as published" in cells
        assert {f"{value:g}" for value in figures.values()} <= set(cells)


def test_rows_go_by_number_and_names_are_text(record, text):
    assert "smith" not in text.lower()
    assert "<ill>" not in text
    assert record["unreadable"][0]["row"] == 7
    cells = Page(text).cells
    assert "7" in cells
    assert record["near_duplicates"]
    for pair in record["near_duplicates"]:
        assert ", ".join(map(str, pair["rows"])) in cells
    assert {"recipe.prepare.matrix", "torch", "device"} <= set(cells)
