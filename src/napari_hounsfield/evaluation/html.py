"""Small pieces of HTML; all text is escaped here."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

STYLE = """
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#222;background:#fff}
table{border-collapse:collapse;margin:.5rem 0 1.5rem;font-variant-numeric:tabular-nums;display:block;overflow-x:auto}
caption{text-align:left;color:#555;padding:.3rem 0}
th,td{border-bottom:1px solid #ddd;padding:.2rem .6rem;text-align:left;white-space:nowrap}
th{background:#f5f5f5}td.number{text-align:right}td.none{text-align:right;color:#888}
img{max-width:100%;height:auto}figure{margin:.5rem 0;display:inline-block}
.warning{background:#fff4d6;padding:.5rem 1rem;border-left:4px solid #d9a400}
@media print{body{margin:0;max-width:none}}
"""

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""Nothing is fetched and nothing is run, whatever stands in a name."""


class Missing(NamedTuple):
    """An undefined number, and why it is."""

    reason: str


Cell = str | int | float | Missing | None


def page(title: str, parts: Sequence[str]) -> str:
    """A whole document."""
    head = f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">'
    head += f'<meta name="viewport" content="width=device-width"><title>{escape(title)}</title><style>{STYLE}</style>'
    body = "\n".join(parts)
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head><body>\n<h1>{escape(title)}</h1>\n{body}\n</body></html>\n'


def heading(text: str) -> str:
    """A heading of a part."""
    return f"<h2>{escape(text)}</h2>"


def paragraph(text: str, kind: str = "") -> str:
    """A paragraph."""
    return f'<p class="{kind}">{escape(text)}</p>' if kind else f"<p>{escape(text)}</p>"


def bullets(lines: Sequence[str]) -> str:
    """A list."""
    return "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>" if lines else ""


def table(caption: str, header: Sequence[str], rows: Sequence[Sequence[Cell]], about: dict[str, str] | None = None) -> str:
    """A table; what a column means is shown on its title."""
    heads = "".join(f"<th{_title((about or {}).get(name, ''))}>{escape(name.replace('_', ' '))}</th>" for name in header)
    body = "".join("<tr>" + "".join(_cell(cell) for cell in row) + "</tr>\n" for row in rows)
    return f"<table><caption>{escape(caption)}</caption><thead><tr>{heads}</tr></thead><tbody>\n{body}</tbody></table>"


def _title(text: str) -> str:
    return f' title="{escape(text)}"' if text else ""


def _cell(cell: Cell) -> str:
    if isinstance(cell, Missing) or cell is None:
        return f'<td class="none"{_title("undefined: " + cell.reason if cell is not None else "")}>&ndash;</td>'
    if isinstance(cell, str):
        return f"<td>{escape(cell)}</td>"
    # the number as it was computed is there to be copied
    return f'<td class="number"{_title(repr(cell))}>{f"{cell:.4g}" if isinstance(cell, float) else cell}</td>'


def picture(svg: str, about: str) -> str:
    """An SVG within the page."""
    data = base64.b64encode(svg.encode()).decode()
    return f'<figure><img src="data:image/svg+xml;base64,{data}" alt="{escape(about)}"></figure>'
