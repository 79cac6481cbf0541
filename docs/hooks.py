"""Fill the pages from the package itself, so that a default or a help text is written once.

Where the pages are read as they stand, each of these lines leads to what it stands for: a link to a model, or a command that
prints its options. On the site, it is replaced by a table of the model's fields, by what the command prints, or by the named
ranges.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
from typing import Any, Literal, get_args, get_origin

import napari_hounsfield as nh

TOKEN = re.compile(r"^(Parameters|Options|Commands|Presets|Tissues): \[?`([^`]+)`(?:\]\(\S+\))?$", re.MULTILINE)


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Replace every such line."""
    return TOKEN.sub(lambda found: FILLS[found[1]](found[2]), markdown)


def parameters(model: str) -> str:
    """A table of a model's fields."""
    rows = ["| parameter | default | unit | choices or range | |", "|---|---|---|---|---|"]
    for name, info in getattr(nh, model).model_fields.items():
        extra = info.json_schema_extra or {}
        shown = (
            f"`{name}`",
            _default(info),
            extra.get("unit", ""),
            _range(info, extra),
            " ".join((info.description or "").split()),
        )
        rows.append("| " + " | ".join(text.replace("|", "\\|") for text in shown) + " |")
    return "\n".join(rows)


def _default(info: Any) -> str:
    value = info.get_default(call_default_factory=True)
    if isinstance(value, nh.Params):
        return type(value).__name__
    if isinstance(value, tuple):
        return "`" + ", ".join(f"{v:g}" for v in value) + "`" if value else "empty"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def _range(info: Any, extra: dict[str, Any]) -> str:
    kinds = [kind for kind in (info.annotation, *get_args(info.annotation)) if get_origin(kind) is Literal]
    choices = [choice for kind in kinds for choice in get_args(kind)]
    if choices:
        return ", ".join(f"`{choice}`" for choice in choices)
    limits = {name: getattr(limit, name) for limit in info.metadata for name in ("ge", "le") if hasattr(limit, name)}
    low, high = limits.get("ge", extra.get("low")), limits.get("le", extra.get("high"))
    return "" if low is None or min(-low, high) >= 1e6 else f"{low:g} to {high:g}"


def command(line: str) -> str:
    """What a command line that asks for help prints."""
    from napari_hounsfield.cli import main

    os.environ["COLUMNS"] = "110"
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        main(line.split()[1:])
    return f"```text\n{printed.getvalue().strip()}\n```"


def windows(_: str) -> str:
    """Named windows."""
    from napari_hounsfield.intensity import WINDOWS
    from napari_hounsfield.window_presets import level_and_width

    rows = [
        f"| `{name}` | {level:g} | {width:g} | {limits[0]:g} | {limits[1]:g} |"
        for name, limits in WINDOWS.items()
        for level, width in [level_and_width(limits)]
    ]
    return "\n".join(["| preset | level (HU) | width (HU) | lower (HU) | upper (HU) |", "|---|---|---|---|---|", *rows])


def tissues(_: str) -> str:
    """Tissue tables, the default and the seed paper's."""
    from napari_hounsfield.intensity import NO_LIMIT, SEED_TISSUES, TISSUES

    def row(tissue: Any, table: str) -> str:
        lower, upper = ("" if abs(limit) >= NO_LIMIT else f"{limit:.0f}" for limit in tissue[1:])
        return f"| `{tissue.name}` | {lower} | {upper} | {table} |"

    rows = [row(t, "default") for t in TISSUES] + [row(t, "seed paper") for t in SEED_TISSUES]
    return "\n".join(["| tissue | from (HU) | to (HU) | table |", "|---|---|---|---|", *rows])


FILLS = {"Parameters": parameters, "Options": command, "Commands": command, "Presets": windows, "Tissues": tissues}
