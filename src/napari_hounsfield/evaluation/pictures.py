"""Comparisons as matplotlib figures: confusion matrix, ROC and reliability curves; without a window or pyplot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from .result import Evaluation

COLOURS = ("#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#bbbbbb")
"""Told apart by colour-blind readers too (Paul Tol's bright scheme)."""


def confusion_figure(evaluation: Evaluation, colour: str = "black") -> Figure:
    """Draw the confusion matrix: a row a class of the reference, coloured by the share of the row.

    Parameters
    ----------
    evaluation
        What `evaluate` gave.
    colour
        Of text and axes; the background is transparent.
    """
    confusion = evaluation.confusion
    counts = np.array(confusion.counts, dtype=float).reshape(len(confusion.names), -1)
    figure, axes = _canvas(colour, "Predicted", "Reference")
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, totals, out=np.zeros_like(counts), where=totals > 0)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    places = range(len(confusion.names))
    axes.set_xticks(places, confusion.names, rotation=30, ha="right")
    axes.set_yticks(places, confusion.names)
    if len(confusion.names) <= 12:  # beyond that numbers overlap
        for row in places:
            for column in places:
                text = f"{int(counts[row, column]):,}\n{shares[row, column]:.1%}"
                shade = "white" if shares[row, column] > 0.5 else "black"
                axes.text(column, row, text, ha="center", va="center", color=shade, fontsize=8)
    return figure


def roc_figure(evaluation: Evaluation, colour: str = "black") -> Figure:
    """Draw the ROC curve of each class that has one; without probabilities the figure says so.

    Parameters
    ----------
    evaluation
        What `evaluate` gave.
    colour
        Of text and axes; the background is transparent.
    """
    figure, axes = _canvas(colour, "1 - specificity", "Sensitivity")
    axes.plot((0, 1), (0, 1), ":", color=colour, linewidth=1)
    drawn = [c for c in evaluation.curves if c.roc]
    for curve, line in zip(drawn, _lines(len(drawn)), strict=True):
        false, true = zip(*curve.roc, strict=True)
        axes.plot(false, true, color=line, label=f"{curve.name}: AUC {curve.auc:.4f}")
    _finish(axes, bool(drawn), colour, "lower right")
    return figure


def reliability_figure(evaluation: Evaluation, colour: str = "black") -> Figure:
    """Draw how often each class occurs where it is given a probability; without probabilities the figure says so.

    Parameters
    ----------
    evaluation
        What `evaluate` gave.
    colour
        Of text and axes; the background is transparent.
    """
    figure, axes = _canvas(colour, "Mean probability", "Share of the class")
    axes.plot((0, 1), (0, 1), ":", color=colour, linewidth=1)
    drawn = [c for c in evaluation.curves if any(b.count for b in c.reliability)]
    for curve, line in zip(drawn, _lines(len(drawn)), strict=True):
        bins = [b for b in curve.reliability if b.count]
        points = [b.mean_probability for b in bins], [b.share for b in bins]
        axes.plot(*points, "o-", color=line, markersize=3, label=f"{curve.name}: ECE {curve.ece:.4f}")
    _finish(axes, bool(drawn), colour, "upper left")
    return figure


def _canvas(colour: str, below: str, beside: str) -> tuple[Figure, Any]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5, 4.2), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    figure.patch.set_alpha(0)
    axes = figure.add_subplot()
    axes.patch.set_alpha(0)
    axes.set_xlabel(below, color=colour)
    axes.set_ylabel(beside, color=colour)
    axes.tick_params(colors=colour)
    for spine in axes.spines.values():
        spine.set_color(colour)
    return figure, axes


def _lines(count: int) -> list[str]:
    return [COLOURS[i % len(COLOURS)] for i in range(count)]


def _finish(axes: Any, drawn: bool, colour: str, place: str) -> None:
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_aspect("equal")
    if drawn:
        axes.legend(loc=place, frameon=False, labelcolor=colour, fontsize=8)
    else:
        axes.text(0.5, 0.4, "no probabilities", ha="center", color=colour)
