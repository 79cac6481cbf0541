"""What flows through the system: volumes, label maps, features and segmentations, each with its place in the patient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from .coded_terms import Term
from .errors import GridError, IntensityError, LabelError
from .grid import Affine, Grid, checked_affine, reordered
from .lazy import LazyArray

AXES = ("zyx", "tzyx", "zyxc", "tzyxc")
BACKGROUND = "background"
"""The class name that is written as 0 in results."""


def is_background(name: str) -> bool:
    """Whether a class of this name is written as 0 in results."""
    return name.strip().casefold() == BACKGROUND


@dataclass(frozen=True)
class Record:
    """One operation that was run, with every parameter resolved."""

    operation: str
    parameters: Mapping[str, Any]
    version: str


@dataclass(frozen=True)
class Source:
    """Which DICOM series an array came from: references only, never its voxels.

    UIDs and paths stay out of the representation, so that they reach no log.
    """

    series_uid: str = field(default="", repr=False)
    files: tuple[Path, ...] = field(default=(), repr=False)
    """One file a slice, in the order of the array's z axis."""
    frames: tuple[int, ...] = field(default=(), repr=False)
    """Which frame of its file each slice is, counted from 1; empty where every file is one slice."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Placed:
    """What every array on a grid carries."""

    frame_of_reference: str = field(default="", repr=False)
    source: Source | None = None
    name: str = ""
    """For layers and messages: modality and series number, or a file's base name."""
    history: tuple[Record, ...] = field(default=(), repr=False)

    def with_record(self, record: Record) -> Any:
        """Return a copy whose history ends with `record`."""
        return replace(self, history=(*self.history, record))

    def loaded(self) -> Self:
        """The same with its voxels in memory, where they are still on the disk.

        Raises
        ------
        FormatError
            If they cannot be read, or do not fit.
        """
        lazy: dict[str, Any] = {name: np.asarray(value) for name, value in vars(self).items() if isinstance(value, LazyArray)}
        return replace(self, **lazy) if lazy else self


@dataclass(frozen=True, eq=False)
class Volume(Placed):
    """Intensities on a grid.

    Parameters
    ----------
    array
        Numbers with axes `axes`; 2D images have z = 1. Shared, not copied. Of a large OME-Zarr a `LazyArray`, which is read as it
        is worked through.
    affine
        4x4, from voxel index (z, y, x) to patient mm (L, P, S).
    unit
        `HU`, `SUV`, `stored value`, or empty where none applies.
    modality
        DICOM modality (`CT`, `MR`, `PT`, ...), empty where unknown.
    axes
        `zyx`, `tzyx`, `zyxc` (RGB) or `tzyxc`.
    valid
        Bool (z, y, x): True where the scanner measured; None where it measured everywhere. Padding outside the scanned field
        keeps its value, and is left out of statistics and training.

    Raises
    ------
    IntensityError
        If `array` is not of numbers, is empty, or does not have the axes.
    GridError
        If the affine is not one, or `valid` has another shape.
    """

    array: NDArray[Any] = field(repr=False)
    affine: Affine = field(repr=False)
    unit: str = field(default="", kw_only=True)
    modality: str = field(default="", kw_only=True)
    axes: str = field(default="zyx", kw_only=True)
    valid: NDArray[np.bool_] | None = field(default=None, kw_only=True, repr=False)
    warnings: tuple[str, ...] = field(default=(), kw_only=True)
    """What was corrected or assumed when it was read."""
    window: tuple[float, float] | None = field(default=None, kw_only=True)
    """Limits, in the unit of the values, in which the file asks to be shown; None where it does not say."""
    inverted: bool = field(default=False, kw_only=True)
    """Whether low values are to be shown bright (MONOCHROME1); the values themselves are as they are."""

    def __post_init__(self) -> None:
        if not isinstance(self.array, np.ndarray | LazyArray):  # a memory map is an ndarray
            object.__setattr__(self, "array", np.asarray(self.array))
        if self.axes not in AXES:
            raise IntensityError(f"axes {self.axes!r} are none of {', '.join(AXES)}")
        if self.array.ndim != len(self.axes):
            raise IntensityError(f"array of {self.array.ndim} dimensions does not have the axes {self.axes!r}")
        if self.array.dtype.kind not in "iuf" or not self.array.size:
            raise IntensityError(f"array of type {self.array.dtype} and shape {self.array.shape} is no image")
        object.__setattr__(self, "affine", checked_affine(self.affine))
        if self.valid is not None and self.valid.shape != self.grid.shape:
            raise GridError(f"valid has shape {self.valid.shape}, the grid {self.grid.shape}")

    @property
    def grid(self) -> Grid:
        """Where the voxels lie."""
        start = self.axes.index("z")
        z, y, x = self.array.shape[start : start + 3]
        return Grid((z, y, x), self.affine, self.frame_of_reference)

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Voxel size (z, y, x) in mm."""
        return self.grid.spacing

    def scanned(self) -> NDArray[Any]:
        """Values (n,) inside the scanned field."""
        if self.valid is None:
            return np.asarray(self.array).ravel()
        return np.asarray(self.array)[(slice(None),) * self.axes.index("z") + (np.asarray(self.valid),)].ravel()

    def time_point(self, index: int) -> Volume:
        """One point of the time axis, counted from 0, as a volume of its own.

        Raises
        ------
        IntensityError
            If there is no time axis, or no such point.
        """
        if not self.axes.startswith("t") or not 0 <= index < len(self.array):
            raise IntensityError(f"{self.name or 'image'}: there is no time point {index}")
        return replace(self, array=self.array[index], axes=self.axes[1:], name=f"{self.name} time {index + 1}".strip())

    def require_single(self) -> None:
        """Raise IntensityError unless this is one (z, y, x) image of one value a voxel."""
        label = self.name or "image"
        if self.axes != "zyx":
            what = (
                "has colours"
                if self.axes.endswith("c")
                else "has a time axis: choose one point (time=1, --time 1, or the slider)"
            )
            raise IntensityError(f"{label}: {what}; this works on one value a voxel")

    def require_scalar(self) -> None:
        """Raise IntensityError unless this is one scalar (z, y, x) image without NaN in the scanned field."""
        self.require_single()
        label = self.name or "image"
        if self.array.dtype.kind == "f":
            for z, plane in enumerate(self.array):
                bad = ~np.isfinite(plane)
                if self.valid is not None:
                    bad &= self.valid[z]
                if bad.any():
                    raise IntensityError(f"{label}: {int(bad.sum())} voxels of slice {z} are NaN or infinite")

    def require_scanned(self) -> None:
        """Raise IntensityError unless this is one scalar image of which something was scanned."""
        self.require_scalar()
        if self.valid is not None and not self.valid.any():
            raise IntensityError(f"{self.name or 'image'}: every voxel is padding")

    def like(self, array: NDArray[Any], **changes: Any) -> Volume:
        """Return a volume of other values on the same grid, with the same references."""
        return replace(self, array=array, **changes)

    def label_map(self, array: NDArray[Any], classes: Mapping[int, str]) -> LabelMap:
        """Labels (z, y, x) of this volume, with its grid, references and history."""
        return LabelMap(
            array,
            self.affine,
            classes,
            frame_of_reference=self.frame_of_reference,
            source=self.source,
            name=self.name,
            history=self.history,
        )


@dataclass(frozen=True, eq=False)
class LabelMap(Placed):
    """Whole-number labels on a grid of their own.

    In stroke maps 0 is "unlabelled" and every class has its own positive number; in results the class named `background` is 0.

    Parameters
    ----------
    array
        (z, y, x) whole numbers; bool and whole floats are converted.
    affine
        4x4, from voxel index (z, y, x) to patient mm (L, P, S).
    classes
        Names of label values. Values without a name are allowed, and are called `label N`.
    source
        References to the image that was labelled.
    terms
        What classes are, by label value, with their colours: as a file said, or as `terms("left lung")[0]`. Classes without one
        are what their names say.

    Raises
    ------
    LabelError
        If `array` is not (z, y, x) or holds values that are not whole, or negative.
    """

    array: NDArray[Any] = field(repr=False)
    affine: Affine = field(repr=False)
    classes: Mapping[int, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = field(default=(), kw_only=True, repr=False)
    """What was left out or assumed when it was read."""
    terms: Mapping[int, Term] = field(default_factory=dict, kw_only=True, repr=False)

    def __post_init__(self) -> None:
        array: Any = self.array if isinstance(self.array, np.ndarray | LazyArray) else np.asarray(self.array)
        label = self.name or "labels"
        if array.ndim != 3:
            raise LabelError(f"{label}: array of {array.ndim} dimensions, expected (z, y, x)")
        if isinstance(array, LazyArray):
            if array.dtype.kind not in "iub":
                array = np.asarray(array)
            elif array.dtype.kind == "b":
                array = array.astype(np.uint8)
        if array.dtype.kind == "b":
            array = array.view(np.uint8)
        elif array.dtype.kind == "f":
            with np.errstate(invalid="ignore"):  # what does not fit differs, and is refused
                whole = array.astype(np.int32, casting="unsafe") if np.isfinite(array).all() else None
            if whole is None or not np.array_equal(whole, array):
                raise LabelError(f"{label}: values are not whole numbers")
            array = whole
        elif array.dtype.kind not in "iu":
            raise LabelError(f"{label}: array of type {array.dtype} holds no labels")
        if array.dtype.kind == "i" and array.size and not isinstance(array, LazyArray) and array.min() < 0:
            raise LabelError(f"{label}: negative values, so these are no labels")
        object.__setattr__(self, "array", array)
        object.__setattr__(self, "affine", checked_affine(self.affine))
        object.__setattr__(self, "classes", dict(sorted((int(v), str(n)) for v, n in self.classes.items())))

    @property
    def grid(self) -> Grid:
        """Where the voxels lie."""
        z, y, x = self.array.shape
        return Grid((z, y, x), self.affine, self.frame_of_reference)

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Voxel size (z, y, x) in mm."""
        return self.grid.spacing

    def class_name(self, value: int) -> str:
        """Name of a label value; `background` for an unnamed 0, `label N` for others without a name."""
        return self.classes.get(value, f"label {value}" if value else BACKGROUND)

    def values(self) -> list[int]:
        """Label values that occur or have a name, ascending."""
        if not self.array.size:
            return sorted(self.classes)
        return sorted({int(v) for plane in self.array for v in np.unique(plane)} | set(self.classes))

    def renamed(self, classes: Mapping[int, str]) -> LabelMap:
        """Return the same labels with other names; a class that is called otherwise now loses its term."""
        terms = {value: term for value, term in self.terms.items() if classes.get(value) == self.classes.get(value)}
        return replace(self, classes=classes, terms=terms)

    def on(self, grid: Grid) -> LabelMap:
        """Return the same labels in the axes and directions of `grid`; GridError unless it is the same lattice."""
        array = reordered(np.asarray(self.array), self.grid, grid, self.name or "labels")
        return replace(self, array=array, affine=grid.affine, frame_of_reference=grid.frame_of_reference)
