"""An operation: one plain function of the core, with one parameter model, behind every door.

The command line, the viewer's form and the provenance record are derived from the operation and its model, so that a parameter's
name, default, bounds, unit and help text are written once.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from functools import cached_property
from types import UnionType
from typing import Annotated, Any, ClassVar, Generic, ParamSpec, Self, TypeVar, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator

from ._version import __version__
from .attribute_docstrings import attribute_docstrings
from .volume import LabelMap, Record, Volume

D = ParamSpec("D")
R = TypeVar("R")


class Params(BaseModel):
    """Base of every parameter model: frozen, no unknown names, help from attribute docstrings."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False)
    presets: ClassVar[dict[str, dict[str, Any]]] = {}
    """Named sets of values; `seed` is what the seed papers use."""

    @classmethod
    def from_preset(cls, name: str) -> Self:
        """Parameters of a named preset.

        Raises
        ------
        KeyError
            If there is no preset of that name.
        """
        return cls(**cls.presets[name])

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Give every field its help text."""
        super().__pydantic_init_subclass__(**kwargs)
        for name, text in attribute_docstrings(cls).items():
            if name in cls.model_fields and cls.model_fields[name].description is None:
                cls.model_fields[name].description = text

    @field_validator("*")
    @classmethod
    def _each_within_bounds(cls, value: Any, info: ValidationInfo) -> Any:
        """Hold every number of a list to the bounds that `numbers` was given."""
        bounds = cls.model_fields[str(info.field_name)].json_schema_extra
        if isinstance(value, tuple) and isinstance(bounds, dict) and "low" in bounds:
            low, high = float(str(bounds["low"])), float(str(bounds["high"]))
            for each in value:
                if not low <= each <= high:
                    raise ValueError(f"{each:g} is not between {low:g} and {high:g}")
        return value

    def resolve(self, *data: Any) -> Self:
        """Fill what is left blank from the data; resolved parameters resolve to themselves."""
        return self

    def settled(self, result: Any) -> Self:
        """Fill what only the result tells, such as a number that was found; these parameters repeat it, and are recorded."""
        return self


def number(default: float, low: float, high: float, *, unit: str = "", lowest: str = "") -> Any:
    """Field of one number with both bounds and a unit (`mm`, `degrees`, `HU`); the lower bound may stand for a word, `lowest`."""
    return Field(default, ge=low, le=high, json_schema_extra={"unit": unit, "lowest": lowest})


def _as_tuple(value: Any) -> Any:
    """A single number, or numbers separated by commas or blanks, as a tuple."""
    if isinstance(value, str):
        return tuple(value.replace(",", " ").split())
    if isinstance(value, int | float):
        return (value,)
    return tuple(value) if hasattr(value, "__iter__") else value


def in_words(annotation: Any) -> bool:
    """Whether a parameter of this type can be typed in; a list of models is for scripts alone."""
    return not any(isinstance(part, type) and issubclass(part, BaseModel) for part in get_args(annotation))


Numbers = Annotated[tuple[float, ...], BeforeValidator(_as_tuple)]
"""A list of numbers; a single number is accepted."""
Whole = Annotated[tuple[int, ...], BeforeValidator(_as_tuple)]
"""A list of whole numbers; a single number is accepted."""


def numbers(default: tuple[float, ...] = (), *, unit: str = "", low: float = -1e6, high: float = 1e6) -> Any:
    """Field of a list of numbers, with bounds for each and a unit."""
    return Field(default, max_length=64, json_schema_extra={"unit": unit, "low": low, "high": high})


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a long operation is."""

    fraction: float
    """From 0 to 1."""
    message: str = ""
    result: Any = None
    """Something that was finished on the way, for a viewer to show under the message's name."""


@dataclass(frozen=True, slots=True)
class Input:
    """One thing that an operation works on."""

    name: str
    kinds: tuple[type, ...]
    """Types that it accepts; the first is the usual one."""
    required: bool


class Operation(Generic[D, R]):
    """A function of the core that can be called, stepped through, drawn as a form and typed as a command.

    Calling it runs to the end: `op(*data, params=None)`; parameters come last, by position or name, and None means the defaults.
    `op.steps(*data, params=None)` is the generator of `Progress` that returns the result; closing it cancels the work.
    """

    def __init__(
        self, name: str, params_type: type[Params], function: Callable[..., Generator[Progress, None, R]], planewise: bool = False
    ) -> None:
        self.name = name
        self.planewise = planewise
        self.params_type = params_type
        self.function = function
        self.__name__ = name
        self.__doc__ = function.__doc__
        self.__module__ = function.__module__
        self.__wrapped__ = function
        self._parameters = [p for p in inspect.signature(function).parameters.values() if p.name != "params"]
        params = inspect.Parameter("params", inspect.Parameter.POSITIONAL_OR_KEYWORD, default=None)
        self.__signature__ = inspect.Signature([*self._parameters, params])

    @cached_property
    def inputs(self) -> tuple[Input, ...]:
        """What the operation works on, in order."""
        hints = get_type_hints(self.function)
        return tuple(Input(p.name, _kinds(hints[p.name]), p.default is inspect.Parameter.empty) for p in self._parameters)

    @cached_property
    def result(self) -> type:
        """The type of what it returns."""
        (_, _, result) = get_args(get_type_hints(self.function)["return"])
        kind: type = result
        return kind

    def _bound(self, data: tuple[Any, ...], named: dict[str, Any]) -> tuple[list[Any], Params]:
        params = named.pop("params", None)
        if data and isinstance(data[-1], Params):
            if params is not None:
                raise TypeError(f"{self.name}() got parameters twice")
            *rest, params = data
            data = tuple(rest)
        elif data and data[-1] is None and len(data) + len(named) > len(self._parameters):
            data = data[:-1]  # the place of the parameters
        params = self.params_type() if params is None else params
        if not isinstance(params, self.params_type):
            raise TypeError(f"{self.name}() takes {self.params_type.__name__}, not {type(params).__name__}")
        bound = inspect.Signature(self._parameters).bind(*data, **named)
        bound.apply_defaults()
        for given in self.inputs:
            value = bound.arguments[given.name]
            if not (isinstance(value, given.kinds) or (value is None and not given.required)):
                wanted = " or ".join(kind.__name__ for kind in given.kinds)
                hint = "; read_labels() reads labels from a file" if isinstance(value, Volume) and LabelMap in given.kinds else ""
                raise TypeError(f"{self.name}() takes a {wanted} as {given.name}, not {type(value).__name__}{hint}")
        return list(bound.arguments.values()), params

    def steps(self, *data: Any, **named: Any) -> Generator[Progress, None, R]:
        """Run stepwise: yields Progress, returns the result with this operation in its history."""
        arguments, params = self._bound(data, named)
        if not self.planewise:
            arguments = [each.loaded() if isinstance(each, Volume | LabelMap) else each for each in arguments]
        resolved = params.resolve(*arguments)
        result = yield from self.function(*arguments, params=resolved)
        if hasattr(result, "with_record"):
            record = Record(self.name, resolved.settled(result).model_dump(mode="json"), __version__)
            result = result.with_record(record)
        return result

    def __call__(self, *data: Any, **named: Any) -> R:
        """Run to the end and return the result."""
        return finish(self.steps(*data, **named))

    def __repr__(self) -> str:
        return f"<operation {self.name}>"


def _kinds(hint: Any) -> tuple[type, ...]:
    if get_origin(hint) in (Union, UnionType):
        return tuple(kind for kind in get_args(hint) if kind is not type(None))
    return (hint,)


def operation(
    name: str, params_type: type[Params], planewise: bool = False
) -> Callable[[Callable[D, Generator[Progress, None, R]]], Operation[D, R]]:
    """Make an operation of a generator function whose last argument is `params`.

    One that is `planewise` goes through its data plane by plane, so that arrays on the disk stay there; others get them loaded.
    """

    def decorate(function: Callable[D, Generator[Progress, None, R]]) -> Operation[D, R]:
        return Operation(name, params_type, function, planewise)

    return decorate


def finish(steps: Generator[Progress, None, R]) -> R:
    """Run a generator to its end and return its result."""
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            result: R = stop.value
            return result


def part(steps: Generator[Progress, None, R], start: float, stop: float) -> Generator[Progress, None, R]:
    """Run `steps` as the part from `start` to `stop` of a longer operation."""
    while True:
        try:
            progress = next(steps)
        except StopIteration as end:
            result: R = end.value
            return result
        fraction = start + (stop - start) * progress.fraction
        if type(progress) is Progress:
            yield Progress(fraction, progress.message, progress.result)  # a tenth of what `replace` takes
        else:
            yield replace(progress, fraction=fraction)
