"""Pictures of a report, as SVG text."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

COLOURS = ("#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#bbbbbb")
"""Told apart by colour-blind readers too (Paul Tol's bright scheme)."""

Values = Mapping[str, Mapping[str, Sequence[float]]]
"""By class, then by method."""


def spread_plot(figure: str, values: Values, limits: tuple[float, float] | None) -> str:
    """Every case as a point, over a box from quartile to quartile with the median; a column a class, a colour a method."""
    from matplotlib.patches import Patch

    methods = list(dict.fromkeys(method for by_method in values.values() for method in by_method))
    width = 0.8 / max(len(methods), 1)

    def draw(axes: Any) -> None:
        for column, by_method in enumerate(values.values()):
            for method, points in by_method.items():
                rank = methods.index(method)
                place = column + (rank - (len(methods) - 1) / 2) * width
                colour = COLOURS[rank % len(COLOURS)]
                if len(points) > 1:
                    low, middle, high = np.percentile(points, (25, 50, 75))
                    axes.bar(place, high - low, width * 0.8, low, color=colour, alpha=0.25, edgecolor=colour)
                    axes.hlines(middle, place - width * 0.4, place + width * 0.4, color=colour)
                # the same shift for the same number of points, so that the picture is the same each time
                shifts = (np.arange(len(points)) * 0.618 % 1 - 0.5) * width * 0.5
                axes.scatter(place + shifts, points, s=12, color=colour, zorder=3)
        axes.set_xticks(range(len(values)), [short(name) for name in values], rotation=30 if len(values) > 3 else 0)
        axes.set_xlim(-0.6, len(values) - 0.4)
        if limits is not None:
            axes.set_ylim(limits[0] - 0.03, limits[1] + 0.03)
        axes.set_title(figure.replace("_", " "), fontsize=10)
        axes.grid(axis="y", alpha=0.3)
        if len(methods) > 1:
            used = [Patch(color=COLOURS[rank % len(COLOURS)]) for rank in range(len(methods))]
            axes.legend(used, [short(method) for method in methods], fontsize=8)

    return _svg(draw, 1.6 + 1.1 * max(len(values), 2))


Points = Sequence[tuple[float, float]]


def curves_plot(roc: Mapping[str, Sequence[Points]], reliability: Mapping[str, Sequence[Points]]) -> str:
    """ROC curves beside reliability curves of one class: a line a case, a colour a method."""

    def draw(figure: Any) -> None:
        sides = (("1 - specificity", "sensitivity", roc, ""), ("mean probability", "share of the class", reliability, "."))
        for axes, (below, beside, lines, marker) in zip(figure.subplots(1, 2), sides, strict=True):
            axes.plot((0, 1), (0, 1), ":", color="black", linewidth=0.8)
            for rank, (method, of_method) in enumerate(lines.items()):
                colour = COLOURS[rank % len(COLOURS)]
                for number, points in enumerate(of_method):
                    label = short(method) if method and not number else None
                    axes.plot(*zip(*points, strict=True), color=colour, marker=marker, linewidth=1, alpha=0.8, label=label)
            axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), xlabel=below, ylabel=beside, aspect="equal")
            axes.grid(alpha=0.3)
            if any(lines):
                axes.legend(fontsize=8)

    return svg_of(draw, 6.4)


def short(name: str) -> str:
    """A name as matplotlib shows it, cut where it is long."""
    plain = name.replace("$", r"\$")  # matplotlib takes it for mathematics
    return plain if len(plain) <= 18 else plain[:17] + "…"


def _svg(draw: Any, width: float) -> str:
    """SVG text of one picture of one pair of axes."""
    return svg_of(lambda figure: draw(figure.add_subplot()), width)


def svg_of(draw: Any, width: float, height: float = 3) -> str:
    """SVG text of one picture (inches), which `draw` puts into a figure; the same for the same content."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    figure = Figure(figsize=(min(width, 12), height), layout="constrained")
    draw(figure)
    text = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": "hounsfield", "svg.fonttype": "path"}):
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    return text.getvalue()
