"""One picture of a demonstration: image, strokes, result, error."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.volume import BACKGROUND, LabelMap

if TYPE_CHECKING:
    from .result import DemoResult

CLASS_COLOURS = ("#4477aa", "#66ccee", "#ee6677", "#ccbb44", "#aa3377", "#eeeeee", "#228833", "#ee8866", "#77aadd", "#bbcc33")
"""Told apart by colour-blind readers too (after Paul Tol's bright scheme), by rank of the class."""
WRONG = "#ff2200"


def draw(result: DemoResult, path: Path) -> Path:
    """Draw the figure as PNG; without a reference: image and first classes.

    The slice shown is the painted one that shows most classes of the reference, or the middle one.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    from napari_hounsfield.formats.atomic import atomic_path

    z = _slice(result)
    panels = _panels(result, z)
    names, colours = _legend([labels for _, labels in panels if labels is not None])
    figure = Figure(figsize=(3.6 * len(panels), 4.5), dpi=120, facecolor="black")
    FigureCanvasAgg(figure)
    lower, upper = _limits(result)
    aspect = result.volume.spacing[1] / result.volume.spacing[2]
    for number, (title, labels) in enumerate(panels, start=1):
        axes = figure.add_subplot(1, len(panels), number)
        axes.imshow(result.volume.array[z], cmap="gray", vmin=lower, vmax=upper, aspect=aspect)
        if labels is not None:
            axes.imshow(_painted(labels, z, colours), interpolation="nearest", aspect=aspect)
        axes.set_title(title, color="white", fontsize=11)
        axes.set_axis_off()
    handles = [Patch(color=colours[name], label=name) for name in names]
    figure.legend(handles=handles, loc="lower center", ncols=min(8, len(handles)), frameon=False, labelcolor="white", fontsize=9)
    what = "Phantom, no patient" if result.phantom else f"{result.volume.modality or 'image'}, not for diagnosis"
    figure.suptitle(f"{what} (slice {z} of 0 to {len(result.volume.array) - 1})", color="white", fontsize=12)
    figure.subplots_adjust(left=0.01, right=0.99, bottom=0.1, top=0.86, wspace=0.02)
    with atomic_path(path, overwrite=True) as temporary:
        figure.savefig(temporary, format="png", metadata={"Software": "napari-hounsfield"})
    return path


Panel = tuple[str, LabelMap | None]


def _panels(result: DemoResult, z: int) -> list[Panel]:
    """Titles, and the labels that each shows over the image."""
    if not result.comparison or result.reference is None:
        return [("image", None), ("first classes", result.draft.labels)]
    strokes, found, reference = result.comparison.strokes, result.comparison.labels, result.reference
    return [("image", None), ("strokes", strokes), ("result", found), ("error", _errors(found, reference, result.phantom))]


def _errors(found: LabelMap, reference: LabelMap, phantom: bool) -> LabelMap:
    """1 where the names of the two maps differ; not where the phantom's reference knows no class."""
    names = sorted({m.class_name(v) for m in (found, reference) for v in {0, *m.classes}} - {BACKGROUND})
    number = {name: k for k, name in enumerate(names, start=1)} | {BACKGROUND: 0}
    ours, theirs = (_renumbered(m, number) for m in (found, reference))
    wrong = ours != theirs
    if phantom:
        wrong &= reference.array > 0
    return LabelMap(wrong, found.affine, {1: "error"})


def _renumbered(labels: LabelMap, number: dict[str, int]) -> NDArray[Any]:
    values = {0, *labels.classes}
    table = np.zeros(max(values) + 1, np.int32)
    for value in values:
        table[value] = number[labels.class_name(value)]
    renumbered: NDArray[Any] = table[np.minimum(labels.array, len(table) - 1)]
    return renumbered


def _slice(result: DemoResult) -> int:
    depth = len(result.volume.array)
    if not result.comparison or result.reference is None:
        return depth // 2
    painted = np.flatnonzero(result.comparison.strokes.array.any(axis=(1, 2)))
    if not len(painted):
        return depth // 2
    reference = result.reference.array
    return int(max(painted, key=lambda z: np.count_nonzero(np.bincount(reference[z].ravel()) > 50)))


def _legend(maps: list[LabelMap]) -> tuple[list[str], dict[str, str]]:
    """Names of all classes shown, and their colours."""
    names = [n for n in dict.fromkeys(m.class_name(v) for m in maps for v in m.classes) if n not in (BACKGROUND, "error")]
    colours = {name: CLASS_COLOURS[k % len(CLASS_COLOURS)] for k, name in enumerate(names)}
    if any("error" in m.classes.values() for m in maps):
        names.append("error")
    return names, colours | {"error": WRONG, BACKGROUND: "#888888"}


def _painted(labels: LabelMap, z: int, colours: dict[str, str]) -> NDArray[np.float64]:
    """Colours (y, x, RGBA) of one slice: lines opaque, areas half transparent."""
    from matplotlib.colors import to_rgba

    plane = labels.array[z]
    painted = np.zeros((*plane.shape, 4))
    thin = np.count_nonzero(plane) < 0.05 * plane.size
    for value in labels.classes:
        name = labels.class_name(value)
        if value and name in colours:
            painted[plane == value] = to_rgba(colours[name], 1.0 if thin or name == "error" else 0.45)
    return painted


def _limits(result: DemoResult) -> tuple[float, float]:
    """Window of the display."""
    from napari_hounsfield.intensity import WindowParams

    resolved = WindowParams().resolve(result.volume)
    return resolved.lower, resolved.upper
