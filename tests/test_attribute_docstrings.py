"""Help texts stand below the parameters, and every parameter has one."""

from __future__ import annotations

import pytest

import napari_hounsfield as nh
from napari_hounsfield.attribute_docstrings import attribute_docstrings

MODELS = [
    model
    for name in nh.__all__
    if isinstance(model := getattr(nh, name), type) and issubclass(model, nh.Params) and model is not nh.Params
]


class Outer:
    class Inner(nh.Params):
        first: int = 1
        """The first,
        over two lines."""
        second: int = 2
        third: int = 3
        """The third."""


def test_the_string_below_is_the_help() -> None:
    assert attribute_docstrings(Outer.Inner) == {"first": "The first,\nover two lines.", "third": "The third."}
    fields = Outer.Inner.model_fields
    assert [field.description for field in fields.values()] == ["The first,\nover two lines.", None, "The third."]


def test_inherited_parameters_keep_theirs() -> None:
    class More(Outer.Inner):
        second: int = 2
        """Now told."""

    assert [field.description for field in More.model_fields.values()] == [
        "The first,\nover two lines.", "Now told.", "The third."
    ]  # fmt: skip


def test_a_class_without_source_has_none() -> None:
    names: dict[str, type] = {}
    exec("class Bare:\n    x: int = 1\n    'help'\n", names)
    assert attribute_docstrings(names["Bare"]) == {}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_parameter_has_help(model: type[nh.Params]) -> None:
    assert [name for name, field in model.model_fields.items() if not field.description] == []
