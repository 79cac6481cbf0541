"""Operations: calls, parameters, progress, cancelling, and the record."""

from __future__ import annotations

import inspect
from collections.abc import Generator
from typing import ClassVar

import numpy as np
import pytest
from pydantic import ValidationError

import napari_hounsfield as nh
from napari_hounsfield.operation import Input, Numbers, Params, Progress, finish, number, numbers, operation, part


class ScaleParams(Params):
    """Factors."""

    presets: ClassVar = {"seed": {"factor": 5}}

    factor: float = number(0, 0, 10, unit="mm")
    """Multiply by this; 0: the number of slices."""
    offsets: Numbers = numbers((), unit="HU", low=-5, high=5)
    """Add these."""

    def resolve(self, *data):
        return self if self.factor else self.model_copy(update={"factor": float(data[0].array.shape[0])})


DEFAULTS = ScaleParams()
closed = []


@operation("scale", ScaleParams)
def scale(
    volume: nh.Volume, mask: nh.LabelMap | None = None, params: ScaleParams = DEFAULTS
) -> Generator[Progress, None, nh.Volume]:
    """Scale a volume."""
    result = np.empty_like(volume.array)
    try:
        for z, plane in enumerate(volume.array):
            yield Progress(z / len(volume.array), f"slice {z}")
            result[z] = plane * params.factor + sum(params.offsets)
    finally:
        closed.append(z)
    if mask is not None:
        result[mask.array == 0] = 0
    return volume.like(result)


@operation("double", ScaleParams)
def double(volume: nh.Volume, params: ScaleParams) -> Generator[Progress, None, float]:
    """A result that keeps no record."""
    yield Progress(1)
    return float(volume.array.sum()) * 2


@pytest.fixture
def volume():
    return nh.Volume(np.ones((3, 2, 2)), np.eye(4))


@pytest.fixture
def mask():
    return nh.LabelMap(np.zeros((3, 2, 2), int), np.eye(4))


def test_parameters_come_last_by_position_or_name_and_none_is_the_default(volume, mask):
    two = ScaleParams(factor=2)
    for result in (scale(volume, two), scale(volume, None, two), scale(volume, params=two), scale(volume=volume, params=two)):
        assert result.array.max() == 2
    for result in (scale(volume), scale(volume, None), scale(volume, None, None), scale(volume, params=None)):
        assert result.array.max() == 3
    for result in (
        scale(volume, mask, two),
        scale(volume, mask=mask, params=two),
        scale(volume, mask),
        scale(volume, mask, None),
    ):
        assert result.array.max() == 0
    for value in (double(volume), double(volume, None), double(volume, two), double(volume=volume, params=two)):
        assert value == 24


def test_wrong_calls_are_type_errors(volume, mask):
    with pytest.raises(TypeError, match=r"scale\(\) takes ScaleParams, not CleanParams"):
        scale(volume, nh.CleanParams())
    with pytest.raises(TypeError, match="parameters twice"):
        scale(volume, ScaleParams(), params=ScaleParams())
    with pytest.raises(TypeError):
        scale()
    with pytest.raises(TypeError):
        scale(volume, mask, mask, ScaleParams())
    with pytest.raises(TypeError):
        double(volume, None, None)


def test_resolved_parameters_are_recorded(volume):
    result = scale(volume, ScaleParams(offsets=1))
    (record,) = result.history
    assert (record.operation, record.parameters, record.version) == ("scale", {"factor": 3.0, "offsets": [1.0]}, nh.__version__)
    assert [r.operation for r in scale(result).history] == ["scale", "scale"]
    again = scale(volume, ScaleParams(**record.parameters))
    assert np.array_equal(again.array, result.array)
    assert again.history == result.history


def test_steps_report_and_return(volume):
    steps = scale.steps(volume, ScaleParams(factor=2))
    reports = []
    while True:
        try:
            reports.append(next(steps))
        except StopIteration as stop:
            result = stop.value
            break
    assert reports == [Progress(z / 3, f"slice {z}") for z in range(3)]
    assert result.array.max() == 2
    assert result.history


def test_closing_the_steps_stops_the_work(volume):
    closed.clear()
    steps = scale.steps(volume)
    next(steps)
    next(steps)
    steps.close()
    assert closed == [1]


def test_description(volume):
    assert scale.inputs == (Input("volume", (nh.Volume,), True), Input("mask", (nh.LabelMap,), False))
    assert double.inputs == (Input("volume", (nh.Volume,), True),)
    assert scale.result is nh.Volume
    assert (scale.name, scale.params_type) == ("scale", ScaleParams)
    assert inspect.getdoc(scale) == "Scale a volume."
    assert list(inspect.signature(scale).parameters) == ["volume", "mask", "params"]
    assert repr(scale) == "<operation scale>"


def test_parts_of_a_longer_operation():
    def short():
        yield Progress(0, "a")
        yield Progress(0.5, "b")
        yield Progress(1)
        return 7

    def long():
        first = yield from part(short(), 0, 0.5)
        second = yield from part(short(), 0.5, 1)
        return first + second

    assert [(p.fraction, p.message) for p in long()] == [(0, "a"), (0.25, "b"), (0.5, ""), (0.5, "a"), (0.75, "b"), (1, "")]
    assert finish(long()) == 14


def test_parameters_are_frozen_bounded_and_named():
    with pytest.raises(ValidationError):
        ScaleParams(factor=11)
    with pytest.raises(ValidationError):
        ScaleParams(factor=float("nan"))
    with pytest.raises(ValidationError):
        ScaleParams(faktor=1)
    with pytest.raises(ValidationError):
        ScaleParams().factor = 2
    field = ScaleParams.model_fields["factor"]
    assert field.description == "Multiply by this; 0: the number of slices."
    assert field.json_schema_extra["unit"] == "mm"
    assert ScaleParams.from_preset("seed").factor == 5
    with pytest.raises(KeyError):
        ScaleParams.from_preset("other")


@pytest.mark.parametrize("given", [2, 2.0, "2", [2], (2.0,), np.array([2])])
def test_lists_of_numbers_take_a_single_one(given):
    assert ScaleParams(offsets=given).offsets == (2.0,)


def test_lists_of_numbers_take_text():
    assert ScaleParams(offsets="-1, 2 3").offsets == (-1, 2, 3)
    with pytest.raises(ValidationError):
        ScaleParams(offsets="one")


def test_lists_of_numbers_are_bounded():
    """Each number of a list has both bounds."""
    with pytest.raises(ValidationError):
        ScaleParams(offsets=(1, 6))
    with pytest.raises(ValidationError):
        ScaleParams(offsets=(-5.5,))
    with pytest.raises(ValidationError):
        ScaleParams(offsets=(float("inf"),))


def test_every_operation_of_the_package_is_well_formed():
    """What forms and commands are derived from: resolvable types, help for every field, and bounds for every number."""
    found_names = [name for name in nh.__all__ if isinstance(getattr(nh, name), nh.Operation)]
    assert len(found_names) > 10
    for name in found_names:
        found = getattr(nh, name)
        assert found.name == name
        assert found.inputs
        assert all(isinstance(kind, type) for given in found.inputs for kind in given.kinds)
        assert isinstance(found.result, type)
        assert found.params_type() is not None
        for field in found.params_type.model_fields.values():
            assert field.description


def test_wrong_kind_of_input_is_named():
    with pytest.raises(TypeError, match=r"threshold\(\) takes a Volume as volume, not ndarray"):
        nh.threshold(np.zeros((1, 2, 2)))
    volume = nh.Volume(np.zeros((1, 2, 2)), np.eye(4))
    with pytest.raises(TypeError, match=r"measure\(\) takes a LabelMap or Segmentation as labels, not Volume"):
        nh.measure(volume, volume)
