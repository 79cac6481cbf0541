"""Models compared in the dock: figures, bars, a folder that goes on, and what is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from napari_hounsfield.images.comparison_plots import bars_figure

MODELS = ("svm-hog", "svm-pixels")


@pytest.fixture
def page(dock: Any, table: Path) -> Any:
    """The page with two quick models, on three folds."""
    page = dock.compare
    page.table.choose(table)
    page.models.tick(MODELS)
    page.fields.inputs["folds"].value = 3
    page.fields.groups["recipe"].fields.groups["prepare"].fields.inputs["matrix"].value = 24
    return page


def test_models_are_compared_and_the_folder_is_shown_again(page: Any, dock: Any, table: Path, finish: Any, said: Any) -> None:
    assert page.folder.path == table.with_name("table comparison")
    page.run()
    finish(page.bar)
    record = json.loads((page.folder.path / "crossvalidation.json").read_text())
    assert page.comparison.record["models"].keys() == record["models"].keys() == set(MODELS)
    shown = {page.figures.item(line, 0).text(): page.figures.item(line, 1).text() for line in range(page.figures.rowCount())}
    for name, model in record["models"].items():
        ends = model["pooled"]["intervals"]["accuracy"]
        interval = "" if ends is None else "\n" + "\N{EN DASH}".join(f"{end:.3f}".removeprefix("0") for end in ends)
        assert shown[name] == f"{model['pooled']['accuracy']:.3f}{interval}"
    assert "24 images in 3 folds; along is positive" in page.message.value
    other = type(page)(dock.use._viewer)
    other.folder.choose(page.folder.path)
    finish(other.bar)
    assert other.comparison.record == page.comparison.record
    assert other.params() == page.params()
    (axes,) = bars_figure(record, "white").axes
    assert [text.get_text() for text in axes.get_legend().get_texts()] == list(record["models"])
    assert said() == []


def test_a_comparison_that_was_cancelled_goes_on(page: Any, finish: Any, qtbot: Any, said: Any) -> None:
    page.run()
    qtbot.waitUntil(lambda: any(page.folder.path.glob("folds/*-1.json")), timeout=120_000)
    page.bar.cancel()
    assert not page.bar.busy
    assert page.comparison is None
    kept = {path: path.stat().st_mtime_ns for path in page.folder.path.glob("folds/*-1.json")}
    page.run()
    finish(page.bar)
    assert page.comparison is not None
    assert all(path.stat().st_mtime_ns == written for path, written in kept.items())
    assert said() == []


def test_what_is_missing_or_does_not_fit_is_told(page: Any, dock: Any, table: Path, finish: Any, said: Any) -> None:
    page.models.tick(())
    page.run()
    page.models.tick(MODELS)
    page.fields.inputs["positive"].value = "sideways"
    page.run()
    finish(page.bar)
    page.open_report()
    page.table.path = None
    page.run()
    assert said() == [
        "models: none is ticked",
        "positive: 'sideways' is none of the classes across, along",
        "there is no report: a comparison that is kept in a folder writes one",
        "table: nothing is chosen yet",
    ]
