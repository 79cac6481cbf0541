"""Options derived from parameter models: names, values, errors, help; and every field of every model from text and back."""

from __future__ import annotations

import inspect
from typing import Any, ClassVar, Literal, get_args, get_origin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field, ValidationError, model_validator

import napari_hounsfield as nh
from napari_hounsfield._cli.options import Option, build, derive
from napari_hounsfield._cli.types import help_text, metavar
from napari_hounsfield._cli.usage import Parser, UsageError, joined
from napari_hounsfield.operation import Numbers, Params, number, numbers


class Bank(Params):
    angles: Numbers = numbers((0.0, 90.0), unit="degrees", low=-360, high=360)
    """Directions."""
    response: Literal["modulus", "real"] = "modulus"
    """Which part."""
    seed: int = number(0, 0, 99)
    """Of the draw."""


class Small(Params):
    presets: ClassVar[dict[str, dict[str, Any]]] = {"paper": {"lower": -2000.0, "bank": {"seed": 7}}}

    lower: float = number(-1000.0, -1e4, 1e4, unit="HU")
    """Becomes 0,
    and 100 % of what is below."""
    upper: float = number(400.0, -1e4, 1e4, unit="HU")
    """Becomes 1."""
    fill: bool = True
    """Fill holes."""
    level: Literal[1, 2, "all"] = 1
    """How far."""
    names: dict[int, str] = Field(default_factory=dict)
    """Names of labels."""
    seed: int = number(0, 0, 99)
    """Of the shuffle."""
    bank: Bank = Field(default_factory=lambda: Bank(response="real"))
    """Filters."""

    @model_validator(mode="after")
    def _ordered(self) -> Small:
        if self.lower >= self.upper:
            raise ValueError(f"lower {self.lower:g} is not below upper {self.upper:g}")
        return self


def parsed(model: type[Params], words: list[str], preset: str | None = None, reserved: tuple[str, ...] = ()) -> Any:
    """Parameters from a command line."""
    options = derive({"test": model}, reserved)["test"]
    parser = Parser("hounsfield test")
    group = parser.add_argument_group("parameters")
    for option in options:
        option.add_to(group)
    return build(model, options, vars(parser.parse_args(joined(words))), preset)


def names(model: type[Params], reserved: tuple[str, ...] = ()) -> dict[str, tuple[str, ...]]:
    return {".".join(o.path): o.names for o in derive({"test": model}, reserved)["test"]}


def test_nothing_typed_gives_the_defaults() -> None:
    typed = parsed(Small, [])
    assert typed == Small()
    assert not typed.model_fields_set


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--lower", "-2000"], {"lower": -2000}),
        (["--lower=-2e3"], {"lower": -2000}),
        (["--lower", "-.5"], {"lower": -0.5}),
        (["--no-fill"], {"fill": False}),
        (["--fill"], {"fill": True}),
        (["--level", "2"], {"level": 2}),
        (["--level", "all"], {"level": "all"}),
        (["--names", "1=lung,2=heart", "--names", "3=spine"], {"names": {1: "lung", 2: "heart", 3: "spine"}}),
        (["--seed", "4"], {"seed": 4}),
        (["--bank.seed", "5"], {"bank": Bank(response="real", seed=5)}),
        (["--angles", "-30,30"], {"bank": Bank(response="real", angles=(-30, 30))}),
        (["--angles", "-30", "--angles", "30"], {"bank": Bank(response="real", angles=(-30, 30))}),
        (["--bank.angles", "-30,-0.5,1e1"], {"bank": Bank(response="real", angles=(-30, -0.5, 10))}),
        (["--angles", ""], {"bank": Bank(response="real", angles=())}),
        (["--response", "modulus"], {"bank": Bank()}),
    ],
)
def test_text_becomes_the_value(words: list[str], expected: dict[str, Any]) -> None:
    typed = parsed(Small, words)
    assert typed == Small(**expected)
    assert typed.model_fields_set == set(expected)


def test_plain_name_where_nothing_else_is_called_so() -> None:
    assert names(Small)["bank.angles"] == ("--angles", "--bank.angles")
    assert names(Small)["bank.seed"] == ("--bank.seed",)
    assert names(Small)["seed"] == ("--seed",)


def test_names_of_other_arguments_are_left_alone() -> None:
    found = names(Small, ("seed", "response"))
    assert found["seed"] == ("--test.seed",)
    assert found["bank.response"] == ("--bank.response",)


def test_two_models_share_no_name() -> None:
    options = derive({"test": Small, "read": Bank})
    spelled = [name for group in options.values() for option in group for name in option.names]
    assert len(spelled) == len(set(spelled))
    assert [o.names for o in options["read"]] == [("--read.angles",), ("--read.response",), ("--read.seed",)]


def test_preset_is_overruled_by_what_is_typed() -> None:
    assert parsed(Small, [], "paper") == Small(lower=-2000, bank=Bank(seed=7))
    assert parsed(Small, ["--lower", "-50", "--angles", "45"], "paper") == Small(lower=-50, bank=Bank(seed=7, angles=(45,)))


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--lower", "-2e9"], "--lower: '-2e9' should be greater than or equal to -10000"),
        (["--lower", "low"], "--lower: 'low' should be a valid number, unable to parse string as a number"),
        (["--lower", "nan"], "--lower: 'nan' should be a finite number"),
        (["--seed", "1.5"], "--seed: '1.5' should be a valid integer, unable to parse string as an integer"),
        (["--angles", "3,x"], "--angles: 'x' should be a valid number, unable to parse string as a number"),
        (["--bank.seed", "-1"], "--bank.seed: '-1' should be greater than or equal to 0"),
        (["--response", "phase"], "--response: 'phase' should be 'modulus' or 'real'"),
        (["--lower", "500"], "lower 500 is not below upper 400"),
        (["--names", "lung"], "--names: 'lung' is not KEY=VALUE"),
    ],
)
def test_error_is_one_line_with_the_option(words: list[str], line: str) -> None:
    with pytest.raises(UsageError) as caught:
        parsed(Small, words)
    assert str(caught.value) == line


def test_every_error_is_named() -> None:
    with pytest.raises(UsageError, match=r"^--seed: '-1' .*; --response: 'x' "):
        parsed(Small, ["--seed", "-1", "--response", "x"])


def test_help_says_unit_bounds_and_default() -> None:
    fields = {o.path[-1]: o for o in derive({"test": Small})["test"]}

    def shown(name: str) -> str:
        return help_text(fields[name].field, fields[name].default)

    assert shown("lower") == "Becomes 0, and 100 %% of what is below. [HU; -10000 to 10000; default -1000]"
    assert shown("angles") == "Directions. [degrees; -360 to 360; default 0,90]"
    assert shown("response") == "Which part. [default real]", "the default within the outer model, not alone"
    assert metavar(fields["angles"].field.annotation) == "X,..."
    assert metavar(fields["level"].field.annotation) == "{1,2,all}"
    assert metavar(fields["names"].field.annotation) == "N=TEXT,..."


# Every field of every public parameter model.

MODELS = [getattr(nh, name) for name in sorted(nh._HOME) if name.endswith("Params") and name != "Params"]
FIELDS = [pytest.param(model, option, id=f"{model.__name__}-{'.'.join(option.path)}")
          for model in MODELS for option in derive({"test": model})["test"]]  # fmt: skip


def bounds(option: Option) -> tuple[float, float]:
    extra = option.field.json_schema_extra
    low, high = (extra.get("low", -1e6), extra.get("high", 1e6)) if isinstance(extra, dict) else (-1e6, 1e6)
    for constraint in option.field.metadata:
        low, high = getattr(constraint, "ge", low), getattr(constraint, "le", high)
    return low, high


def values(annotation: Any, low: float, high: float) -> st.SearchStrategy[Any]:
    """Values of a type, within the bounds of its field."""
    if annotation is bool:
        return st.booleans()
    if annotation is int:
        return st.integers(int(low), int(high))
    if annotation is float:
        return st.floats(low, high)
    if annotation is str:
        return st.text("abcdefgh ", min_size=1).map(str.strip)
    if get_origin(annotation) is Literal:
        return st.sampled_from(get_args(annotation))
    if get_origin(annotation) is tuple:
        return st.lists(values(get_args(annotation)[0], low, high), max_size=5).map(tuple)
    return st.one_of([values(part, low, high) for part in get_args(annotation)])


def as_words(name: str, value: Any, how: str) -> list[str]:
    """A value as one would type it: a list with commas or by repetition."""
    if isinstance(value, bool):
        return [name if value else name.replace("--", "--no-", 1)]
    if not isinstance(value, tuple):
        return [name, str(value)]
    if how == "commas" or not value:
        return [name, ",".join(map(str, value))]
    return [word for item in value for word in (name, str(item))]


def nested(path: tuple[str, ...], value: Any) -> dict[str, Any]:
    return {path[0]: value if len(path) == 1 else nested(path[1:], value)}


def with_outer(model: type[BaseModel], given: dict[str, Any]) -> dict[str, Any]:
    """What a caller would write to change one value of a model within the model: the outer default, with that value."""
    outer = model()
    return {
        name: getattr(outer, name).model_dump(exclude_unset=True) | with_outer(type(getattr(outer, name)), value)
        if isinstance(value, dict) and isinstance(getattr(outer, name), BaseModel)
        else value
        for name, value in given.items()
    }


@pytest.mark.parametrize(("model", "option"), FIELDS)
@settings(max_examples=10)
@given(data=st.data())
def test_command_line_takes_and_refuses_what_the_model_does(model: type[Params], option: Option, data: st.DataObject) -> None:
    value = data.draw(values(option.field.annotation, *bounds(option)))
    name = data.draw(st.sampled_from(option.names))
    words = as_words(name, value, data.draw(st.sampled_from(["commas", "repetition"])))
    try:
        expected = model(**with_outer(model, nested(option.path, value)))
    except ValidationError:
        with pytest.raises(UsageError):
            parsed(model, words)
    else:
        assert parsed(model, words) == expected


@pytest.mark.parametrize("model", MODELS)
def test_every_number_says_its_bounds(model: type[Params]) -> None:
    silent = [
        ".".join(option.path)
        for option in derive({"test": model})["test"]
        if option.field.annotation in (int, float) and " to " not in help_text(option.field, option.default)
    ]
    assert not silent


def test_models_were_found() -> None:
    assert len(MODELS) >= 8
    assert all(inspect.isclass(model) for model in MODELS)
