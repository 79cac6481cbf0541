"""Tables as aligned lines of text."""

from __future__ import annotations

from collections.abc import Sequence

Cell = str | int | float | None


def text_table(header: Sequence[str], rows: Sequence[Sequence[Cell]]) -> list[str]:
    """Lines of equal columns under a header: text to the left, numbers to the right with 4 significant digits, `-` for None."""
    cells = [list(header), *([_text(cell) for cell in row] for row in rows)]
    numeric = [any(isinstance(row[i], int | float) for row in rows) for i in range(len(header))]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    return [
        "  ".join(cell.rjust(w) if n else cell.ljust(w) for cell, w, n in zip(row, widths, numeric, strict=True)).rstrip()
        for row in cells
    ]


def _text(cell: Cell) -> str:
    if cell is None:
        return "-"
    return f"{cell:.4g}" if isinstance(cell, float) else str(cell)
