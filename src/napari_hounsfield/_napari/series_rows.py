"""What the table of series says of each: pure functions from what a scan found to words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_hounsfield.dicom.scan import Scan
    from napari_hounsfield.dicom.series import Series


@dataclass(frozen=True)
class Row:
    """One series as the table shows it."""

    series: Series
    study: int
    """1, 2, ...: which study it is of; nothing that names the patient."""
    matrix: str
    spacing: str
    megabytes: float
    """Of its pixels, as they are stored but not compressed."""
    reason: str
    """Why it cannot be opened; empty where it can."""

    @property
    def words(self) -> tuple[str, ...]:
        """One for each of COLUMNS; a second line where there is more to say."""
        name = f"{self.series.name}{'  ⚠' if self.series.warnings else ''}"
        return (
            "\n".join(filter(None, (name, " ".join(self.series.description.split())))),
            "\n".join(filter(None, (self.matrix, self.spacing))),
            _size(self.megabytes) if self.megabytes else "",
            str(self.study),
        )

    @property
    def refusal(self) -> str:
        """Why it cannot be opened, in a sentence with its name."""
        return f"{self.series.name} ({self.matrix}) cannot be read: {self.reason}"


COLUMNS = ("series, description", "matrix, spacing (mm)", "size", "study")


def table_rows(found: Scan) -> list[Row]:
    """Series of a scan, by study and number; in each study those that cannot be opened come last."""
    studies = study_numbers(found.series)
    rows = [_row(series, study) for series, study in zip(found.series, studies, strict=True)]
    return sorted(rows, key=lambda row: (row.study, bool(row.reason)))


def study_numbers(series: Sequence[Series]) -> list[int]:
    """Number of each one's study, in the order in which the studies occur."""
    seen: dict[str, int] = {}
    return [seen.setdefault(one.study, len(seen) + 1) for one in series]


def _row(series: Series, study: int) -> Row:
    refused = series.refusal is not None and not series.labels
    planes = series.part.planes if series.part else series.planes
    pixels = sum(plane.rows * plane.columns * plane.samples * plane.bits_allocated for plane in planes)
    return Row(
        series,
        study,
        matrix=_matrix(series),
        spacing=" x ".join(f"{size:.3g}" for size in reversed(series.spacing or ())),
        megabytes=pixels / 8e6,
        reason=str(series.refusal) if refused else "",
    )


def _matrix(series: Series) -> str:
    """Columns x rows x slices, then time points."""
    if series.shape is None:
        planes = series.part.planes if series.part else series.planes
        if series.labels:
            return "labels"
        several = "s" * (len(planes) != 1)
        if not planes[0].rows:
            return f"{len(planes)} file{several}"
        return f"{planes[0].columns} x {planes[0].rows}, {len(planes)} image{several}"
    z, y, x = series.shape
    return f"{x} x {y} x {z}" + (f", {series.times} times" if series.times > 1 else "")


def _size(megabytes: float) -> str:
    if megabytes < 0.0995:
        return f"{1000 * megabytes:.0f} kB"
    return f"{megabytes:.1f} MB" if megabytes < 9.95 else f"{megabytes:.0f} MB"


def warnings_of(chosen: Sequence[Series]) -> list[str]:
    """What is corrected or assumed in reading these; told by name where there are several."""
    lines = [f"{series.name}: {warning}" for series in chosen for warning in series.warnings]
    return list(dict.fromkeys(lines))


def summary(found: Scan, rows: Sequence[Row]) -> str:
    """What a scan found, in one line."""
    refused = sum(bool(row.reason) for row in rows)
    parts = [f"{len(rows) - refused} series"]
    parts += [f"{refused} cannot be read"] if refused else []
    parts += [f"{len(found.skipped)} other file{'s' * (len(found.skipped) != 1)}"] if found.skipped else []
    return f"{found.name}: " + "; ".join(parts)
