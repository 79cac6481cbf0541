"""Ranges by name, their limits, and limits that are none."""

from __future__ import annotations

from typing import Any

import pytest

import napari_hounsfield as nh
from napari_hounsfield._napari.fields import Fields
from napari_hounsfield._napari.form import OperationForm
from napari_hounsfield.intensity import NO_LIMIT


@pytest.mark.parametrize("model", [nh.WindowParams, nh.ThresholdParams])
def test_a_named_range_shows_its_limits_and_an_edited_limit_is_custom(model: Any) -> None:
    fields = Fields(model())
    name, lower, upper = (fields.inputs[field] for field in (model._selector, "lower", "upper"))
    name.value = "bone"
    meant = model(**{model._selector: "bone"})
    assert fields.params() == meant
    assert lower.value == pytest.approx(model._named()["bone"][0], abs=0.1)
    lower.value = 210
    assert name.value == "custom"
    assert (fields.params().lower, fields.params().upper) == (210, upper.value)
    name.value = "lung"
    assert upper.value == pytest.approx(model._named()["lung"][1], abs=0.1)
    assert fields.params() == model(**{model._selector: "lung"})
    name.value = "auto"
    assert fields.changed() == {}
    assert (lower.value, upper.value) == (model().lower, model().upper)
    if model.presets:
        fields.start_from("seed")
        assert name.value == "seed"
        assert fields.params() == model.from_preset("seed")


def test_open_limit_is_an_empty_line(viewer: Any, ct: nh.Volume, said: Any) -> None:
    nh.show(viewer, ct)
    form = OperationForm(viewer, nh.threshold)
    lower, upper = form.fields.inputs["lower"], form.fields.inputs["upper"]
    assert (lower.native.text(), upper.native.text()) == ("", "")
    form.fields.inputs["tissue"].value = "bone"
    assert (lower.native.text(), upper.native.text()) == ("150", "")
    lower.native.setText("-600")
    assert form.fields.inputs["tissue"].value == "custom"
    assert (form.fields.params().lower, form.fields.params().upper) == (-600, NO_LIMIT)
    lower.native.setText("some")
    form.run()
    assert said() == ["lower: 'some' is not a number"]


@pytest.mark.parametrize(
    ("params", "name", "text"),
    [
        (nh.CopySliceParams(), "target", "the next"),
        (nh.ScissorsParams(), "last", "the last"),
        (nh.IslandsParams(), "keep", "all"),
        (nh.IslandsParams(), "minimum_ml", "any size"),
        (nh.GrowRegionParams(), "maximum_mm", "no limit"),
        (nh.CombineParams(), "into", "the first"),
        (nh.CleanParams(), "keep", "all"),
    ],
)
def test_a_number_that_stands_for_a_word_is_shown_as_one(qapp: Any, params: nh.Params, name: str, text: str) -> None:
    fields = Fields(params)
    widget = fields.inputs[name]
    assert widget.native.text() == text
    widget.value = 3
    assert widget.native.text().rstrip("0").rstrip(".") == "3"
    assert getattr(fields.params(), name) == 3


def test_an_empty_list_says_what_it_means(qapp: Any) -> None:
    assert Fields(nh.CombineParams()).inputs["classes"].native.placeholderText() == "choose"
    assert Fields(nh.MarginParams()).inputs["classes"].native.placeholderText() == "all that are not locked"


@pytest.mark.usefixtures("viewer")
def test_a_number_that_is_chosen_for_the_user_is_an_empty_line() -> None:
    fields = Fields(nh.TrainImagesParams()).groups["recipe"].fields.groups["network"].fields
    epochs = fields.inputs["epochs"]
    assert (epochs.value, fields.changed()) == (None, {})
    epochs.native.setText("12")
    assert fields.changed() == {"epochs": 12}
    epochs.native.setText("1.5")
    with pytest.raises(ValueError, match=r"epochs: '1\.5' is not a whole number"):
        fields.params()
    epochs.native.setText("")
    assert fields.changed() == {}
