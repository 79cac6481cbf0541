"""How the type of a parameter looks on a command line: what kind of option it is, its choices, its help."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from pydantic_core import PydanticUndefined

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

Kind = Literal["flag", "single", "list", "pairs"]

_LISTS = (tuple, list, set, frozenset, Sequence)
_WORDS: dict[Any, str] = {int: "N", float: "X", str: "TEXT", bool: "true|false"}


def kind_of(annotation: Any) -> Kind:
    """Whether a type is a flag, one word, a list or key=value pairs."""
    origins = [get_origin(part) or part for part in _parts(annotation)]
    if origins == [bool]:
        return "flag"
    if any(isinstance(origin, type) and issubclass(origin, Mapping) for origin in origins):
        return "pairs"
    return "list" if any(origin in _LISTS for origin in origins) else "single"


def choice(text: str, annotation: Any) -> Any:
    """The choice of the type that is written so, or the text: choices are compared by type too, and all that is typed is text."""
    return next((c for c in _choices(annotation) if str(c) == text), text)


def metavar(annotation: Any) -> str:
    """What stands for the value in the help."""
    return "|".join(dict.fromkeys(_word(part) for part in _parts(annotation) if part is not type(None)))


def help_text(field: FieldInfo, default: Any) -> str:
    """The field's own words, then unit, bounds and default."""
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    facts = [str(extra["unit"])] if extra.get("unit") else []
    low, high = _bound(field, "ge", "gt", "low"), _bound(field, "le", "lt", "high")
    if low is not None and high is not None:
        facts.append(f"{written(low)} to {written(high)}")
    if default is not PydanticUndefined:
        facts.append(f"default {written(default)}")
    text = " ".join((field.description or "").split())
    return f"{text} [{'; '.join(facts)}]".strip().replace("%", "%%")


def written(value: Any) -> str:
    """A value as one would type it."""
    if isinstance(value, Mapping):
        return ",".join(f"{written(k)}={written(v)}" for k, v in value.items()) or "none"
    if isinstance(value, _LISTS) and not isinstance(value, str):
        return ",".join(map(written, value)) or "empty"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, Enum):
        return str(value.value)
    if value == "" or value is None:
        return "empty"
    return f"{value:g}" if isinstance(value, float) and float(f"{value:g}") == value else str(value)


def _parts(annotation: Any) -> tuple[Any, ...]:
    """The alternatives of a type: itself, or the members of a union."""
    if get_origin(annotation) is Annotated:
        return _parts(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return tuple(part for member in get_args(annotation) for part in _parts(member))
    return (annotation,)


def _choices(annotation: Any) -> list[Any]:
    found: list[Any] = []
    for part in _parts(annotation):
        if get_origin(part) is Literal:
            found += get_args(part)
        elif isinstance(part, type) and issubclass(part, Enum):
            found += [member.value for member in part]
        elif get_origin(part) in _LISTS:
            found += [c for item in get_args(part) if item is not ... for c in _choices(item)]
    return found


def _word(part: Any) -> str:
    items = [metavar(item) for item in get_args(part) if item is not ...] if get_origin(part) is not Literal else []
    if kind_of(part) == "pairs":
        return "=".join(items or ["KEY", "VALUE"]) + ",..."
    if kind_of(part) == "list":
        endless = get_origin(part) is not tuple or ... in get_args(part)
        return f"{items[0] if items else 'X'},..." if endless else ",".join(items)
    choices = _choices(part)
    return "{" + ",".join(map(str, choices)) + "}" if choices else _WORDS.get(part, "VALUE")


def _bound(field: FieldInfo, *names: str) -> Any:
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    found = [getattr(m, name) for m in field.metadata for name in names if hasattr(m, name)]
    return next((bound for bound in [*found, extra.get(names[-1])] if bound is not None), None)
