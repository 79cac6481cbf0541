"""The public names: each has one home, a type, and documentation. Run this file to write the stub anew."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest

import napari_hounsfield as nh

STUB = Path(__file__).parents[1] / "src" / "napari_hounsfield" / "__init__.pyi"


def classes_first(name: str) -> tuple[bool, str]:
    """The order that ruff sorts imports in."""
    return name[0].islower(), name.lower()


def expected_stub() -> str:
    """What type checkers and editors see instead of the lazy `__getattr__`."""
    lines = ["# Written by tests/test_public_names.py from the table of homes in __init__.py.", ""]
    homes = {"_version": ["__version__"]}
    for name, module in nh._HOME.items():
        homes.setdefault(module, []).append(name)
    for module in sorted(homes):
        lines += [f"from .{module} import {name} as {name}" for name in sorted(homes[module], key=classes_first)]
    lines += ["", "_HOME: dict[str, str]", "__all__: list[str]", ""]
    return "\n".join(lines)


def test_stub_equals_the_table_of_homes() -> None:
    assert STUB.read_text() == expected_stub(), "write it anew: python tests/test_public_names.py"


def test_all_lists_every_name_once() -> None:
    assert sorted(nh.__all__) == sorted({"__version__", *nh._HOME})


@pytest.mark.parametrize("name", sorted(nh._HOME))
def test_name_is_importable_and_documented(name: str) -> None:
    value = getattr(nh, name)
    documentation = value.__doc__ or ""
    assert documentation.strip(), "no docstring"
    # dataclasses and pydantic fill an empty docstring with the signature or with their own
    assert not documentation.startswith(f"{name}("), "docstring is only the signature"
    for base in inspect.getmro(value)[1:] if inspect.isclass(value) else ():
        assert documentation != base.__doc__, f"docstring is inherited from {base.__name__}"


@pytest.mark.parametrize("name", sorted(name for name in nh._HOME if name.endswith("Params")))
def test_every_parameter_has_a_help_text(name: str) -> None:
    undocumented = [field for field, info in getattr(nh, name).model_fields.items() if not info.description]
    assert not undocumented


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        nh.nothing  # noqa: B018


def test_no_module_hides_a_public_name(repository: Path) -> None:
    """A submodule of the same name would replace the public name once it is imported."""
    modules = {path.stem for path in (repository / "src" / "napari_hounsfield").iterdir()}
    assert not modules & set(nh.__all__)


def test_sources_say_what_they_import(repository: Path) -> None:
    """Every home in the table is a file."""
    package = repository / "src" / "napari_hounsfield"
    for module in sorted(set(nh._HOME.values())):
        path = package.joinpath(*module.split("."))
        assert path.with_suffix(".py").is_file() or (path / "__init__.py").is_file(), module
        if path.with_suffix(".py").is_file():
            assert ast.get_docstring(ast.parse(path.with_suffix(".py").read_text(encoding="utf-8"))), f"{module}: no docstring"


if __name__ == "__main__":
    STUB.write_text(expected_stub())
