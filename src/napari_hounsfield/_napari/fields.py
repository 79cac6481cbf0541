"""Widgets made from the fields of a parameter model: each shows a value, its bounds, its unit and its help."""

from __future__ import annotations

import math
from types import UnionType
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin

from magicgui.widgets import CheckBox, ComboBox, Container, FloatSpinBox, LineEdit, PushButton, SpinBox

from napari_hounsfield.intensity import NO_LIMIT
from napari_hounsfield.operation import Params, in_words

from .layout import rows

if TYPE_CHECKING:
    from magicgui.widgets import Widget
    from pydantic.fields import FieldInfo


class ListField(LineEdit):
    """A tuple of numbers or words in one line, separated by commas or blanks; `empty` is shown where there are none."""

    def __init__(self, items: type = float, empty: str = "", **options: Any) -> None:
        self._items = items
        super().__init__(**options)
        if items is float:
            self.native.setPlaceholderText(empty or "automatic")

    def get_value(self) -> Any:
        """Read the tuple that is typed in; a word where a number belongs raises ValueError, which names it."""
        words = super().get_value().replace(",", " ").split()
        try:
            return tuple(self._items(word) for word in words)
        except ValueError:
            wrong = next(word for word in words if not _is_number(word))
            raise ValueError(f"{self.name.replace('_', ' ')}: {wrong!r} is not a number") from None

    def set_value(self, value: Any) -> None:
        """Write a tuple."""
        super().set_value(", ".join(f"{v:.10g}" if isinstance(v, float) else str(v) for v in value))


class OpenLimit(LineEdit):
    """A limit in one line; empty for none, which the model says by a number larger than any intensity."""

    def __init__(self, none: float, **options: Any) -> None:
        self._none = none
        super().__init__(**options)
        self.native.setPlaceholderText("no limit")

    def get_value(self) -> Any:
        """Read the number that is typed in; a word raises ValueError, which names it."""
        text = super().get_value().strip()
        if text and not _is_number(text):
            raise ValueError(f"{self.name.replace('_', ' ')}: {text!r} is not a number")
        return float(text) if text else self._none

    def set_value(self, value: Any) -> None:
        """Write a number; one that is no limit leaves the line empty."""
        super().set_value("" if abs(value) >= abs(self._none) else f"{round(value, 3):.10g}")


class Blank(LineEdit):
    """A number in one line; empty where it is chosen for the user, which the model says by None."""

    def __init__(self, kind: type, **options: Any) -> None:
        self._kind = kind
        super().__init__(**options)
        self.native.setPlaceholderText("automatic")

    def get_value(self) -> Any:
        """Read the number that is typed in; a word raises ValueError, which names it."""
        text = super().get_value().strip()
        try:
            return self._kind(text) if text else None
        except ValueError:
            what = "whole number" if self._kind is int else "number"
            raise ValueError(f"{self.name.replace('_', ' ')}: {text!r} is not a {what}") from None

    def set_value(self, value: Any) -> None:
        """Write a number, or none."""
        super().set_value("" if value is None else f"{value:.10g}")


class WholeOrWord(FloatSpinBox):
    """A whole number whose lower bound is shown as a word, which magicgui's own box for whole numbers cannot do."""

    def __init__(self, lowest: str, **options: Any) -> None:
        super().__init__(step=1, **options)
        self.native.setDecimals(0)
        self.native.setSpecialValueText(lowest)

    def get_value(self) -> int:
        """Read the number."""
        return round(super().get_value())


class Fold(Container[Any]):
    """A container that is folded away behind a button with its name."""

    def __init__(self, name: str, body: Container[Any], help_text: str) -> None:
        self._button = PushButton(text=f"▸ {_words(name)}", tooltip=help_text)
        self._body = body
        self._body.margins = (16, 0, 0, 0)
        self._body.visible = False
        self._button.changed.connect(self._toggle)
        super().__init__(name=name, widgets=[self._button, self._body], labels=False)
        self.margins = (0, 0, 0, 0)

    def _toggle(self) -> None:
        opened = not self._body.visible
        self._body.visible = opened
        self._button.text = ("▾" if opened else "▸") + self._button.text[1:]


class Group(Fold):
    """The fields of a nested model, folded away."""

    def __init__(self, name: str, initial: Params, help_text: str) -> None:
        self.fields = Fields(initial)
        super().__init__(name, self.fields.container, help_text)


LIMITS = ("lower", "upper")


class NamedRange:
    """Two limits and the name of a range: a name shows its limits, and a limit that is edited makes the name `custom`.

    Parameters
    ----------
    model
        Says which of its fields is the name (`_selector`) and what the names mean (`_named`).
    inputs
        Widgets by field.
    """

    def __init__(self, model: Any, inputs: dict[str, Any]) -> None:
        self._named: dict[str, tuple[float, float]] = model._named()
        self._name = inputs[model._selector]
        self._limits = [inputs[limit] for limit in LIMITS]
        self._defaults = [limit.value for limit in self._limits]
        self._name.changed.connect(self.show_limits)
        for limit in self._limits:
            limit.changed.connect(self._edited)

    @property
    def is_custom(self) -> bool:
        """Whether the limits themselves are meant."""
        return bool(self._name.value == "custom")

    def show_limits(self, *_: Any) -> None:
        """Show what the name means; the defaults where that depends on the image."""
        if not self.is_custom:
            for limit, value in zip(self._limits, self._named.get(self._name.value, self._defaults), strict=True):
                with limit.changed.blocked():
                    limit.value = value

    def _edited(self, *_: Any) -> None:
        self._name.value = "custom"


class Fields:
    """All widgets of one model, and the parameters that they stand for."""

    def __init__(self, initial: Params) -> None:
        self._initial = initial
        self._type = type(initial)
        self.groups: dict[str, Group] = {}
        self.inputs: dict[str, Any] = {}
        for name, field in self._type.model_fields.items():
            value = getattr(initial, name)
            if isinstance(value, Params):
                self.groups[name] = Group(name, value, field.description or "")
            elif in_words(field.annotation):
                self.inputs[name] = _input(name, field, value)
        self._untouched = self._values()
        self._range = NamedRange(self._type, self.inputs) if hasattr(self._type, "_named") else None
        start = []
        if self._type.presets:
            tip = "Named sets of values; seed is what the seed papers use"
            start = [ComboBox(name="start_from", label="start from", choices=["defaults", *self._type.presets], tooltip=tip)]
            start[0].changed.connect(self.start_from)
        self.container = rows([rows([*start, *self.inputs.values()]), *self.groups.values()], labels=False)
        """Rows with labels, then the groups."""

    def changed(self) -> dict[str, Any]:
        """Values that the user has changed; only these are passed on, so that the model can still fill the others by itself."""
        values = {name: value for name, value in self._values().items() if value != self._untouched[name]}
        if self._range is not None and not self._range.is_custom:
            values = {name: value for name, value in values.items() if name not in LIMITS}  # the name says them
        nested = {name: group.fields.changed() for name, group in self.groups.items()}
        return {**values, **{name: given for name, given in nested.items() if given}}

    def params(self) -> Params:
        """Parameters with the changed values.

        Raises
        ------
        ValueError
            If a value is none, or (pydantic.ValidationError) if they do not fit together.
        """
        given = {name: getattr(self._initial, name) for name in self._initial.model_fields_set}
        changed = self.changed()
        nested = {name: group.fields.params() for name, group in self.groups.items() if name in changed}
        return self._type(**{**given, **changed, **nested})

    def start_from(self, preset: str) -> None:
        """Show a named set of values, or the defaults."""
        self.show(self._type.from_preset(preset) if preset in self._type.presets else self._initial)

    def show(self, params: Params) -> None:
        """Show these values."""
        for name, widget in self.inputs.items():
            with widget.changed.blocked():
                widget.value = getattr(params, name)
        if self._range is not None:
            self._range.show_limits()
        for name, group in self.groups.items():
            group.fields.show(getattr(params, name))

    def _values(self) -> dict[str, Any]:
        return {name: widget.value for name, widget in self.inputs.items()}


def _input(name: str, field: FieldInfo, value: Any) -> Widget:
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    unit = str(extra.get("unit", ""))
    label = f"{_words(name.removesuffix(f'_{unit}'))} ({unit})" if unit and name != unit else _words(name)
    options: dict[str, Any] = {"name": name, "label": label, "value": value, "tooltip": field.description or ""}
    kinds = get_args(field.annotation)
    if type(None) in kinds:
        return Blank(next(each for each in kinds if each is not type(None)), **options)
    words = _choices(field.annotation)
    if words:
        return ComboBox(choices=words, **options)
    if isinstance(value, bool):
        return CheckBox(text="", **options)
    if isinstance(value, tuple):
        texts = any(isinstance(item, str) for item in value) or str in get_args(field.annotation)
        return ListField(str if texts else float, str(extra.get("empty", "")), **options)
    if isinstance(value, int | float):
        return _number(field, value, options, str(extra.get("lowest", "")))
    if isinstance(value, str):
        return LineEdit(**options)
    raise TypeError(f"no widget for the parameter {name!r} of type {field.annotation}")


def _number(field: FieldInfo, value: float, options: dict[str, Any], lowest: str) -> Widget:
    low = next(m.ge for m in field.metadata if hasattr(m, "ge"))
    high = next(m.le for m in field.metadata if hasattr(m, "le"))
    if isinstance(value, int):
        bounds: dict[str, Any] = {"min": int(low), "max": int(high)}
        return WholeOrWord(lowest, **bounds, **options) if lowest else SpinBox(**bounds, **options)
    if abs(value) == NO_LIMIT:
        return OpenLimit(value, **options)
    step = _step(value, low, high)
    widget = FloatSpinBox(min=float(low), max=float(high), step=step, **options)
    widget.native.setSpecialValueText(lowest)
    if step >= 1:
        widget.native.setDecimals(1)
    return widget


def _step(value: float, low: float, high: float) -> float:
    """A tenth of the value's power of ten, so that the arrows are of use at 0.02 as at 400."""
    size = abs(value) if 0 < abs(value) < max(abs(low), abs(high)) or high <= 10 else min(100.0, (high - low) / 10)
    return min(10.0 ** (math.floor(math.log10(size or 1.0)) - 1), (high - low) / 10)


def literals(model: type[Params], name: str) -> list[str]:
    """Words that a field of a model allows."""
    return _choices(model.model_fields[name].annotation)


def _choices(annotation: Any) -> list[str]:
    """Words of a Literal, or of a union of them."""
    if get_origin(annotation) is Literal:
        return list(get_args(annotation))
    if get_origin(annotation) in (Union, UnionType):
        return [word for part in get_args(annotation) for word in _choices(part)]
    return []


def _words(name: str) -> str:
    return name.replace("_", " ")


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
