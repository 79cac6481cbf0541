"""What a demonstration found."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_hounsfield.results import Segmentation
from napari_hounsfield.volume import LabelMap, Volume

if TYPE_CHECKING:
    from napari_hounsfield.evaluation.measurement import Measurements

    from .comparison import Comparison
    from .run import DemoParams

PHANTOM = "The input is a phantom, made by this program: no patient."
NO_REFERENCE = "No reference was given: first classes and their measurements only, no SE, SP or AR."


@dataclass(frozen=True, eq=False)
class DemoResult:
    """Figures to print, and what they were made of.

    Attributes
    ----------
    volume, reference
        What was worked on.
    phantom
        Whether it is the phantom.
    draft, measured
        First classes, and their volumes and intensities.
    comparison
        Rows, strokes, labels and classifier; None without a reference.
    seconds, peak_memory_mb
        What it took until the figures stood; None where the system does not tell.
    notes
        What was left out, and why.
    files
        What was written.
    """

    volume: Volume = field(repr=False)
    reference: LabelMap | None = field(repr=False)
    phantom: bool
    params: DemoParams = field(repr=False)
    draft: Segmentation = field(repr=False)
    measured: Measurements = field(repr=False)
    comparison: Comparison | None = field(default=None, repr=False)
    seconds: float = 0.0
    peak_memory_mb: int | None = None
    notes: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()

    @property
    def labels(self) -> LabelMap:
        """The final labels: recognised with strokes, or the first classes."""
        return self.comparison.labels if self.comparison else self.draft.labels

    def compared(self, comparison: Comparison) -> DemoResult:
        """The same with a comparison."""
        return replace(self, comparison=comparison)

    def after(self, seconds: float, peak_memory_mb: int | None) -> DemoResult:
        """The same with the time and the memory it took so far."""
        return replace(self, seconds=seconds, peak_memory_mb=peak_memory_mb)

    def table(self) -> list[str]:
        """Lines to print."""
        from .comparison import table

        lines = [PHANTOM] if self.phantom else []
        if self.comparison:
            lines += table(self.comparison.rows)
        else:
            lines += [NO_REFERENCE, *self.measured.table()]
        lines += self.notes
        if self.files:
            lines.append(
                f"Written to {self.files[0].parent}: {', '.join(f.name for f in self.files)}; {self.seconds:.0f} s in all."
            )
        return lines

    def to_json(self) -> dict[str, Any]:
        """JSON-ready: parameters, versions, counts, figures, seconds; no path and nothing of the patient."""
        from .outputs import versions

        found = self.comparison
        record: dict[str, Any] = {
            "input": "phantom" if self.phantom else "series",
            "note": PHANTOM if self.phantom else "" if found else NO_REFERENCE,
            "shape": list(self.volume.array.shape),
            "spacing": list(self.volume.spacing),
            "unit": self.volume.unit,
            "warnings": [*self.volume.warnings, *self.notes],
            "versions": versions(),
            "parameters": self.params.model_dump(mode="json"),
            "resolved": [
                {"operation": r.operation, "parameters": dict(r.parameters), "version": r.version}
                for r in (*self.draft.labels.history, *(found.labels.history if found else ()))
            ],
            "draft": self.measured.to_json(),
            "seconds": round(self.seconds, 2),
            "peak_memory_mb": self.peak_memory_mb,
            "files": [file.name for file in self.files],
        }
        if found:
            record |= found.to_json()
        return record
