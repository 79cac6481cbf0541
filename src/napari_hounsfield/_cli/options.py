"""Command-line options derived from parameter models, so that a name, a bound and a help text are written once.

What is typed becomes a value in the model alone: text is handed to pydantic as it stands, lists and pairs only taken apart, so
that the command line accepts and refuses exactly what the function does.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from napari_hounsfield.operation import in_words

from .types import Kind, choice, help_text, kind_of, metavar
from .usage import UsageError

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from napari_hounsfield.operation import Params


@dataclass(frozen=True)
class Option:
    """One field of a model, or of a model within it, as an option."""

    group: str
    path: tuple[str, ...]
    field: FieldInfo
    default: Any
    names: tuple[str, ...]

    @property
    def kind(self) -> Kind:
        """Whether it is a flag, one word, a list or key=value pairs."""
        return kind_of(self.field.annotation)

    @property
    def dest(self) -> str:
        """Where argparse keeps what was typed; no other argument can have this name."""
        return f"{self.group}: {'.'.join(self.path)}"

    def add_to(self, parser: argparse._ArgumentGroup) -> None:
        """Add the option; what is not typed leaves no trace, so that the model's own default holds."""
        action: Any = {"flag": argparse.BooleanOptionalAction, "single": "store"}.get(self.kind, "append")
        shown: Any = {} if self.kind == "flag" else {"metavar": metavar(self.field.annotation)}
        text = help_text(self.field, self.default)
        parser.add_argument(*self.names, dest=self.dest, action=action, default=argparse.SUPPRESS, help=text, **shown)

    def value(self, typed: Any) -> Any:
        """What to hand to the model for what was typed."""
        if self.kind == "flag":
            return typed
        if self.kind == "single":
            return choice(typed, self.field.annotation)
        words = [word.strip() for text in typed for word in text.split(",") if word.strip()]
        if self.kind == "list":
            return tuple(choice(word, self.field.annotation) for word in words)
        return dict(self._pair(word) for word in words)

    def _pair(self, word: str) -> tuple[str, str]:
        key, equals, value = word.partition("=")
        if not equals:
            raise UsageError(f"{self.names[0]}: {word!r} is not KEY=VALUE")
        return key.strip(), value.strip()


def derive(models: Mapping[str, type[BaseModel]], reserved: Collection[str] = ()) -> dict[str, list[Option]]:
    """Options of a command's models, each under a name; the first is the operation's own, whose fields go by their plain names.

    A field of a model within a model has its full name (`--features.gabor.wavelengths`), and the last part of it too
    (`--wavelengths`) where nothing else is called so. Names in `reserved` (without dashes) are kept for other arguments.
    """
    own = next(iter(models))
    fields = {name: list(_leaves(model)) for name, model in models.items()}
    taken = Counter(path[-1] for leaves in fields.values() for path, _, _ in leaves)
    options = {}
    for group, leaves in fields.items():
        options[group] = [
            Option(group, path, field, default, _names(group, path, group == own, taken[path[-1]] == 1, reserved))
            for path, field, default in leaves
        ]
    return options


def _names(group: str, path: tuple[str, ...], own: bool, alone: bool, reserved: Collection[str]) -> tuple[str, ...]:
    """The plain name where nothing else is called so, and the full one."""
    full = ".".join(path if own and path[0] not in reserved else (group, *path))
    names = [path[-1], full] if alone and path[-1] not in reserved else [full]
    return tuple("--" + name.replace("_", "-") for name in dict.fromkeys(names))


def build(model: type[Params], options: Sequence[Option], typed: Mapping[str, Any], preset: str | None = None) -> Any:
    """Parameters from a preset and what was typed, checked by the model alone.

    Raises
    ------
    UsageError
        Naming each option whose value does not fit.
    """
    values = dict(model.presets[preset]) if preset else {}
    for option in options:
        if option.dest in typed:
            _put(model, values, option.path, option.value(typed[option.dest]))
    try:
        return model(**values)
    except ValidationError as error:
        raise UsageError(describe(error, options)) from None


def describe(error: ValidationError, options: Sequence[Option] = ()) -> str:
    """One line for all errors of a model, each under the name of its option."""
    return "; ".join(_line(detail, options) for detail in error.errors(include_url=False))


def _line(detail: Mapping[str, Any], options: Sequence[Option]) -> str:
    place = tuple(str(part) for part in detail["loc"])
    name = next((o.names[0] for o in options if place[: len(o.path)] == o.path), ".".join(place))
    text = re.sub(r"^(Value error, |Assertion failed, |Input )", "", detail["msg"]).replace("\n", " ")
    if detail["type"] in ("value_error", "assertion_error"):  # the model's own words, which name the value
        return f"{name}: {text}" if name else text
    shown = repr(detail.get("input"))
    return f"{name}: {shown if len(shown) <= 60 else shown[:57] + '...'} {text}"


def _leaves(model: type[BaseModel], outer: Any = None) -> Iterator[tuple[tuple[str, ...], FieldInfo, Any]]:
    """Path, field and default of every value; a model within a model can have other defaults there than alone."""
    for name, field in model.model_fields.items():
        default = getattr(outer, name) if isinstance(outer, model) else field.get_default(call_default_factory=True)
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from (((name, *path), leaf, value) for path, leaf, value in _leaves(inner, default))
        elif in_words(inner):
            yield (name,), field, default


def _put(model: type[BaseModel], values: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    """Set one value; a model within the model starts from what the outer one sets in it, not from its own defaults."""
    name, *rest = path
    if not rest:
        values[name] = value
        return
    field = model.model_fields[name]
    inner = values.get(name, field.get_default(call_default_factory=True))
    if isinstance(inner, BaseModel):
        inner = inner.model_dump(exclude_unset=True)
    values[name] = inner = dict(inner) if isinstance(inner, Mapping) else {}
    _put(field.annotation, inner, tuple(rest), value)  # type: ignore[arg-type]
