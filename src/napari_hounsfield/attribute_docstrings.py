"""Help texts of parameters: the strings that stand below them in their class.

pydantic can find them too, but looks through every module that is loaded to do so, which in a viewer takes seconds.
"""

from __future__ import annotations

import ast
import inspect
import sys
from functools import cache


def attribute_docstrings(cls: type) -> dict[str, str]:
    """Docstrings of the annotated attributes of a class, by name; empty where its source is not at hand."""
    module = sys.modules.get(cls.__module__)
    path = getattr(module, "__file__", None)
    return {} if path is None else _of_file(path).get(cls.__qualname__, {})


@cache
def _of_file(path: str) -> dict[str, dict[str, str]]:
    """Docstrings of attributes by qualified name of their class."""
    try:
        with open(path, encoding="utf-8") as file:
            tree = ast.parse(file.read())
    except (OSError, SyntaxError, ValueError):
        return {}
    found: dict[str, dict[str, str]] = {}
    _collect(tree, "", found)
    return found


def _collect(node: ast.AST, prefix: str, found: dict[str, dict[str, str]]) -> None:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            found[prefix + child.name] = _of_class(child)
            _collect(child, f"{prefix}{child.name}.", found)
        elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            _collect(child, f"{prefix}{child.name}.<locals>.", found)
        elif hasattr(child, "body"):
            _collect(child, prefix, found)


def _of_class(node: ast.ClassDef) -> dict[str, str]:
    texts = {}
    for statement, after in zip(node.body, node.body[1:], strict=False):
        if not (isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name)):
            continue
        if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) and isinstance(after.value.value, str):
            texts[statement.target.id] = inspect.cleandoc(after.value.value)
    return texts
