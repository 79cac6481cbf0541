"""Pictures of a comparison of models, as SVG text: the bars of the seed's Figure 2, and training curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from napari_hounsfield.evaluation.report_plots import COLOURS, short, svg_of

from .fold_figures import RATES
from .published import TABLE_3

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Course = Sequence[Sequence[Any]]
"""Epoch, loss of training, loss of what was held back (or None) of each point."""


def bars_plot(pooled: Mapping[str, Mapping[str, Any]]) -> str:
    """Sensitivity, specificity and accuracy of each model with their intervals, beside the published ones."""

    def draw(figure: Any) -> None:
        ours, theirs = figure.subplots(1, 2, sharey=True, width_ratios=(2, 1))
        _bars(ours, pooled, "here")
        _bars(theirs, TABLE_3, "as published (Table 3, Figure 2)")
        ours.set_ylim(0, 1.02)

    return svg_of(draw, 10, 3.6)


def bars_figure(record: Mapping[str, Any], colour: str = "black") -> Figure:
    """The same bars of a record of a comparison, without the published ones.

    Parameters
    ----------
    record
        Content of `crossvalidation.json`.
    colour
        Of text and axes; the background is transparent.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5, 4.2), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    figure.patch.set_alpha(0)
    axes = figure.add_subplot()
    axes.patch.set_alpha(0)
    _bars(axes, {name: model["pooled"] for name, model in record["models"].items()}, "", colour)
    axes.set_ylim(0, 1.02)
    axes.tick_params(colors=colour)
    for spine in axes.spines.values():
        spine.set_color(colour)
    return figure


def _bars(axes: Any, models: Mapping[str, Mapping[str, Any]], title: str, colour: str = "black") -> None:
    width = 0.8 / max(len(models), 1)
    for rank, (name, figures) in enumerate(models.items()):
        places = [group + (rank - (len(models) - 1) / 2) * width for group in range(len(RATES))]
        values = [figures[rate] for rate in RATES]
        bars = COLOURS[rank % len(COLOURS)]
        axes.bar(places, [value or 0 for value in values], width * 0.9, color=bars, label=short(name))
        for place, value, rate in zip(places, values, RATES, strict=True):
            ends = figures.get("intervals", {}).get(rate)
            if value is not None and ends is not None:
                axes.vlines(place, *ends, color=colour, linewidth=1)
    axes.set_xticks(range(len(RATES)), RATES)
    axes.set_title(title, fontsize=10)
    axes.grid(axis="y", alpha=0.3)
    axes.set_axisbelow(True)
    below = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.1), "ncols": min(len(models), 4)}
    axes.legend(fontsize=8, frameon=False, labelcolor=colour, **below)


def courses_plot(courses: Mapping[str, Sequence[Course]]) -> str:
    """Loss by epoch: a pair of axes a model, a line a fold; dashed of the images that were held back from training."""
    columns = min(len(courses), 3)
    rows = -(-len(courses) // columns)

    def draw(figure: Any) -> None:
        every = figure.subplots(rows, columns, squeeze=False).ravel()
        for axes in every[len(courses) :]:
            axes.set_axis_off()
        for axes, (name, lines) in zip(every, courses.items(), strict=False):
            for number, points in enumerate(line for line in lines if line):
                for place, style, label in ((1, "-", "training"), (2, "--", "held back")):
                    known = [(point[0], point[place]) for point in points if point[place] is not None]
                    if known:
                        shown = {"color": COLOURS[place - 1], "linewidth": 0.8, "linestyle": style}
                        axes.plot(*zip(*known, strict=True), **shown, label=None if number else label)
            axes.set(title=short(name), xlabel="epoch", ylabel="loss")
            axes.grid(alpha=0.3)
            if axes.lines:
                axes.legend(fontsize=8)

    return svg_of(draw, 4 * columns, 2.6 * rows)
