"""The generic form: made from any operation, it passes on what was changed, runs, cancels and reports."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any, ClassVar, Literal, Self

import numpy as np
import pytest
from magicgui.widgets import CheckBox, ComboBox, FloatSpinBox, SpinBox
from pydantic import Field, model_validator

import napari_hounsfield as nh
from napari_hounsfield._napari import results
from napari_hounsfield._napari.fields import Fields, ListField
from napari_hounsfield._napari.form import OperationForm
from napari_hounsfield.operation import Numbers, Params, Progress, number, numbers, operation

closed: list[str] = []


class InnerParams(Params):
    """Nested."""

    presets: ClassVar = {"wide": {"sigma": 9.0}}

    sigma: float = number(1.0, 0.1, 10.0, unit="mm")
    """Standard deviation."""
    pool: Literal["none", "mean"] = "none"
    """Joined."""


class TryParams(Params):
    """Every kind of field."""

    presets: ClassVar = {"seed": {"factor": 3.5, "lengths": (1.0, 2.0)}}

    mode: Literal["auto", "custom"] | Literal["fixed"] = "auto"
    """How."""
    factor: float = number(2.0, 0.0, 10.0, unit="HU")
    """Multiplier."""
    count: int = number(3, 0, 100)
    """How many."""
    invert: bool = False
    """Turned round."""
    lengths: Numbers = numbers(unit="mm")
    """Lengths; empty: automatic."""
    inner: InnerParams = Field(default_factory=lambda: InnerParams(pool="mean"))
    """More."""

    @model_validator(mode="after")
    def _auto_without_factor(self) -> Self:
        if self.mode == "fixed" and "factor" in self.model_fields_set:
            raise ValueError("factor is given and mode is 'fixed'")
        return self


@operation("scaled", TryParams)
def scaled(volume: nh.Volume, mask: nh.LabelMap | None = None, *, params: TryParams) -> Generator[Progress, None, nh.Volume]:
    """Multiply."""
    try:
        for step in range(params.count):
            time.sleep(0.02)
            yield Progress(step / params.count, "scaling")
        if params.invert:
            raise nh.IntensityError("CT 3: cannot be inverted")
    finally:
        closed.append("closed")
    return volume.like(volume.array * params.factor)


@operation("breaking", TryParams)
def breaking(volume: nh.Volume, params: TryParams) -> Generator[Progress, None, nh.Volume]:
    """Fail in a way nobody foresaw."""
    yield Progress(0)
    raise RuntimeError("two\nlines")


def test_every_kind_of_field_has_its_widget() -> None:
    fields = Fields(TryParams())
    kinds = {name: type(widget) for name, widget in fields.inputs.items()}
    assert kinds == {"mode": ComboBox, "factor": FloatSpinBox, "count": SpinBox, "invert": CheckBox, "lengths": ListField}
    assert fields.inputs["mode"].choices == ("auto", "custom", "fixed")
    assert (fields.inputs["factor"].min, fields.inputs["factor"].max) == (0, 10)
    assert fields.inputs["factor"].label == "factor (HU)"
    assert fields.inputs["factor"].tooltip == "Multiplier."
    assert fields.groups["inner"].fields.inputs["sigma"].label == "sigma (mm)"


def test_only_what_was_changed_is_passed_on() -> None:
    fields = Fields(TryParams())
    assert fields.changed() == {}
    assert fields.params() == TryParams()
    assert fields.params().model_fields_set == set()
    fields.inputs["lengths"].value = (3.0, 0.5)
    fields.groups["inner"].fields.inputs["sigma"].value = 4.0
    assert fields.changed() == {"lengths": (3.0, 0.5), "inner": {"sigma": 4.0}}
    params = fields.params()
    assert params.lengths == (3.0, 0.5)
    assert params.inner == InnerParams(sigma=4.0, pool="mean"), "the instance's own default is kept"
    fields.inputs["lengths"].value = ()
    assert "lengths" not in fields.changed()


def test_presets_fill_the_widgets_and_can_be_left_again() -> None:
    fields = Fields(TryParams())
    fields.start_from("seed")
    assert fields.params() == TryParams(factor=3.5, lengths=(1.0, 2.0))
    fields.start_from("defaults")
    assert fields.changed() == {}
    inner = fields.groups["inner"].fields
    inner.start_from("wide")
    assert fields.params().inner == InnerParams(sigma=9.0, pool="none")
    inner.start_from("defaults")
    assert fields.params() == TryParams()


@pytest.mark.parametrize(("text", "value"), [("1, 2.5", (1.0, 2.5)), ("1 2", (1.0, 2.0)), ("", ()), ("-3e2", (-300.0,))])
def test_lists_of_numbers_are_typed_freely(text: str, value: tuple[float, ...]) -> None:
    widget = ListField(name="lengths")
    assert widget.native.placeholderText() == "automatic"
    widget.native.setText(text)
    assert widget.value == value


def test_result_becomes_a_layer(viewer: Any, ct: nh.Volume, finish: Any, said: Any) -> None:
    nh.show(viewer, ct)
    form = OperationForm(viewer, scaled)
    form.fields.inputs["factor"].value = 3.0
    form.run()
    assert not form.bar._run.enabled
    assert form.bar._cancel.enabled
    finish(form.bar)
    result = nh.from_layer(viewer.layers["CT 3 scaled"])
    assert np.array_equal(result.array, ct.array * 3.0)
    assert result.history[-1].parameters["factor"] == 3.0
    assert result.history[-1].parameters["inner"]["pool"] == "mean"
    assert form.bar._run.enabled
    assert said() == []


def test_cancel_closes_the_generator_and_frees_the_form_at_once(viewer: Any, ct: nh.Volume, qtbot: Any) -> None:
    nh.show(viewer, ct)
    form = OperationForm(viewer, scaled)
    form.fields.inputs["count"].value = 100
    closed.clear()
    form.run()
    qtbot.waitUntil(lambda: form.bar._bar.value > 0)
    form.bar.cancel()
    assert form.bar._run.enabled
    qtbot.waitUntil(lambda: closed == ["closed"], timeout=60_000)
    qtbot.wait(50)
    assert len(viewer.layers) == 1


@pytest.mark.parametrize(
    ("op", "changes", "message"),
    [
        (scaled, {"invert": True}, "CT 3: cannot be inverted"),
        (scaled, {"mode": "fixed", "factor": 3.0}, "factor is given and mode is 'fixed'"),
        (breaking, {}, "RuntimeError: two lines"),
    ],
)
def test_an_error_is_one_line_in_one_notification(
    viewer: Any, ct: nh.Volume, op: Any, changes: dict[str, Any], message: str, said: Any, qtbot: Any
) -> None:
    nh.show(viewer, ct)
    form = OperationForm(viewer, op)
    for name, value in changes.items():
        form.fields.inputs[name].value = value
    form.run()
    qtbot.waitUntil(lambda: len(said()) > 0)
    qtbot.wait(50)
    assert said() == [message]
    assert form.bar._run.enabled
    assert len(viewer.layers) == 1


def test_what_is_missing_or_mistyped_is_said(viewer: Any, ct: nh.Volume, said: Any) -> None:
    form = OperationForm(viewer, scaled)
    form.run()
    nh.show(viewer, ct)
    form.fields.inputs["lengths"].native.setText("1, two")
    form.run()
    assert said() == ["volume: there is no image layer yet", "lengths: 'two' is not a number"]


def test_choices_follow_the_layers(viewer: Any, ct: nh.Volume) -> None:
    form = OperationForm(viewer, scaled)
    volume, mask = form.choices
    assert volume.choices == ()
    (first,) = nh.show(viewer, ct)
    (second,) = nh.show(viewer, ct)
    (labels,) = nh.show(viewer, nh.threshold(ct))
    assert set(volume.choices) == {first, second}
    assert set(mask.choices) == {None, labels}
    assert mask.value is None
    volume.value = first
    first.name = "renamed"
    viewer.layers.reverse()
    assert volume.value is first
    assert volume.current_choice == "renamed"
    viewer.layers.remove(first)
    assert volume.value is second
    (maps,) = nh.show(viewer, nh.Features(np.zeros((2, 12, 20, 16), np.float32), ["a", "b"], ct.affine))
    assert maps not in volume.choices, "a stack of maps is no image"


def test_labels_follow_the_step_before_until_they_are_chosen_or_run(viewer: Any, ct: nh.Volume, finish: Any) -> None:
    form = OperationForm(viewer, nh.evaluate)
    prediction, reference = form.choices[:2]
    (first,) = nh.show(viewer, nh.threshold(ct))
    (second,) = nh.show(viewer, nh.threshold(ct))
    assert (prediction.value, reference.value) == (second, first)
    (third,) = nh.show(viewer, nh.threshold(ct))
    assert (prediction.value, reference.value) == (third, first)
    form.run()
    finish(form.bar)
    nh.show(viewer, nh.threshold(ct))
    assert (prediction.value, reference.value) == (third, first)
    reference.value = second
    nh.show(viewer, nh.threshold(ct))
    assert reference.value is second


def test_layer_deleted_while_it_is_computed_on(viewer: Any, ct: nh.Volume, finish: Any, said: Any) -> None:
    (layer,) = nh.show(viewer, ct)
    form = OperationForm(viewer, scaled)
    form.fields.inputs["count"].value = 10
    form.run()
    viewer.layers.remove(layer)
    finish(form.bar)
    assert [layer.name for layer in viewer.layers] == ["CT 3 scaled"]
    assert said() == []


def public_operations() -> list[str]:
    return [name for name in nh.__all__ if name.islower() and isinstance(getattr(nh, name), nh.Operation)]


@pytest.mark.parametrize("name", public_operations())
def test_every_operation_has_a_form_whose_defaults_are_the_models(viewer: Any, name: str) -> None:
    op = getattr(nh, name)
    form = OperationForm(viewer, op)
    assert [choice.needed.name for choice in form.choices] == [needed.name for needed in op.inputs]
    assert form.fields.params() == op.params_type()
    assert form.fields.params().model_fields_set == set()
    for preset in op.params_type.presets:
        form.fields.start_from(preset)
        shown, meant = form.fields.params(), op.params_type.from_preset(preset)
        assert shown.model_dump() == meant.model_dump(), preset


def test_there_are_operations() -> None:
    assert {"window", "threshold", "gabor", "features", "classes", "samples", "train", "segment", "clean", "evaluate"} <= set(
        public_operations()
    )


def test_result_that_cannot_be_shown_is_one_line(
    viewer: Any, ct: nh.Volume, said: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    nh.show(viewer, ct)
    form = OperationForm(viewer, scaled)

    def refuse(*given: Any) -> Any:
        raise RuntimeError("no room")

    monkeypatch.setattr(results, "add", refuse)
    form.run()
    qtbot.waitUntil(lambda: len(said()) > 0)
    qtbot.wait(50)
    assert said() == ["RuntimeError: no room"]
    assert form.bar._run.enabled


def test_comparison_needs_two_layers(viewer: Any, ct: nh.Volume, finish: Any, said: Any) -> None:
    (only,) = nh.show(viewer, nh.threshold(ct))
    form = OperationForm(viewer, nh.evaluate)
    prediction, reference = form.choices[:2]
    assert (prediction.value, reference.value) == (only, None)
    form.run()
    reference.value = only
    form.run()
    assert said() == ["reference: choose another labels layer", "prediction and reference are the same layer"]


def test_surface_figures_are_in_the_table_where_they_are_measured(viewer: Any, ct: nh.Volume, finish: Any) -> None:
    nh.show(viewer, nh.threshold(ct))
    (prediction,) = nh.show(viewer, nh.threshold(ct))
    form = OperationForm(viewer, nh.evaluate)
    form.run()
    finish(form.bar)
    row = prediction.features.iloc[0]
    assert (row["hausdorff95_mm"], row["surface_dice"], row["dice"]) == (0, 1, 1)
    assert "hausdorff" not in viewer.canvas.overlays.text.text
    form.fields.inputs["surface"].value = False
    form.run()
    finish(form.bar)
    assert "surface_dice" not in prediction.features, "figures of an earlier run do not stay beside newer ones"
    assert "dice" in prediction.features


def test_new_result_hides_older_results_alone(viewer: Any, ct: nh.Volume, finish: Any) -> None:
    nh.show(viewer, ct)
    nh.show(viewer, nh.threshold(ct))  # not made by the form
    form = OperationForm(viewer, nh.threshold)
    for _ in range(2):
        form.run()
        finish(form.bar)
    assert [layer.visible for layer in viewer.layers] == [True, True, False, True]


def test_new_form_takes_the_scan_even_where_a_map_is_active(viewer: Any, ct: nh.Volume) -> None:
    (scan,) = nh.show(viewer, ct)
    (windowed,) = nh.show(viewer, nh.window(ct))
    viewer.layers.selection.active = windowed
    assert OperationForm(viewer, nh.threshold).choices[0].value is scan
