"""What `evaluate` gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from napari_hounsfield.volume import Record

from .curves import ClassCurves, Confusion
from .figures import SURFACE_FIGURES, ClassFigures, macro_means, pooled
from .text_table import text_table


@dataclass(frozen=True)
class Evaluation:
    """Figures of each class, and of all together.

    Attributes
    ----------
    classes
        One record a class, background left out unless it is the only one.
    voxels
        How many were counted.
    tolerance_mm
        Of surface Dice.
    notes
        What to know of the comparison, in words.
    confusion
        Voxels of each class of the reference (row) by class of the prediction (column), background too.
    overall
        Accuracy, kappa and Matthews' coefficient of all classes at once, background too, and `reasons`; with probabilities also
        `brier` (summed over the classes) and `ece` (of the most probable class).
    curves
        ROC, precision-recall and reliability of each class that has probabilities, background too.
    """

    classes: tuple[ClassFigures, ...]
    voxels: int
    tolerance_mm: float
    notes: tuple[str, ...] = ()
    confusion: Confusion = field(default_factory=Confusion)
    overall: Mapping[str, Any] = field(default_factory=dict)
    curves: tuple[ClassCurves, ...] = ()
    history: tuple[Record, ...] = field(default=(), repr=False)

    @property
    def macro(self) -> Mapping[str, Any]:
        """Mean of each figure over the classes where it is defined, and `reasons` for those defined for none."""
        return macro_means(self.classes)

    @property
    def micro(self) -> Mapping[str, Any]:
        """Counts summed over the classes, the rates of the sums, and `reasons` for those that are undefined."""
        return pooled(self.classes)

    def with_record(self, record: Record) -> Evaluation:
        """Return a copy whose history ends with `record`."""
        return replace(self, history=(*self.history, record))

    def to_json(self) -> dict[str, Any]:
        """JSON-ready: a record a class, with null and an entry in `reasons` for what is undefined."""
        return {
            "classes": [c.to_json() for c in self.classes],
            "macro": dict(self.macro),
            "micro": dict(self.micro),
            "overall": dict(self.overall),
            "confusion": self.confusion.to_json(),
            "curves": [c.to_json() for c in self.curves],
            "voxels": self.voxels,
            "tolerance_mm": self.tolerance_mm,
            "notes": list(self.notes),
        }

    def rows(self) -> list[dict[str, Any]]:
        """A flat record a class, then one an object, told apart by the number of the object, the largest of its class first."""
        records = [c.to_json() for c in self.classes]
        listed = [(c, record.pop("objects")) for c, record in zip(self.classes, records, strict=True)]
        return records + [
            {"label": c.label, "name": c.name, "object": number, **each}
            for c, objects in listed
            for number, each in enumerate(objects, 1)
        ]

    def table(self) -> list[str]:
        """Lines of an aligned table, a class a line, and the means where there are several."""
        optional = ("auc", "object_sensitivity", "false_positive_objects")
        there = [name for name in optional if any(getattr(c, name) is not None for c in self.classes)]
        shown = ("sensitivity", "specificity", "accuracy", "dice", *SURFACE_FIGURES, *there)
        rows = [[c.label, c.name, *(getattr(c, name) for name in shown)] for c in self.classes]
        if len(rows) > 1:
            rows.append(["", "mean", *(self.macro[name] for name in shown)])
        return [*text_table(("label", "name", *shown), rows), *self.notes]
