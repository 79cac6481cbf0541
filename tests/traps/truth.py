"""What a trap is, and what counts as the truth about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Must = Literal["read", "refuse", "either"]


@dataclass(frozen=True, eq=False)
class Expected:
    """One volume that an input holds."""

    array: NDArray
    """(z, y, x), (t, z, y, x), (z, y, x, rgb) or (t, z, y, x, rgb), after rescaling."""
    affine: NDArray | None
    """4x4 from voxel (z, y, x) to patient mm (L, P, S); None where the input says nothing of the patient."""
    axes: str = "zyx"
    unit: str | None = None
    """As this package names it; None: not looked at."""
    spacing: tuple[float, float] | None = None
    """In-plane (y, x) in mm, looked at where there is no affine."""
    within: float = 0.0
    """Allowed deviation of a value: for lossy compression and colour conversion."""
    dtype: str | None = None
    valid: NDArray | None = None
    """Bool (z, y, x): False where padding is masked out; None: not looked at."""
    also: tuple[NDArray, ...] = ()
    """Other values that another documented convention gives (stored activity instead of SUV)."""
    ramp: tuple[float, ...] | None = None
    """(a, b, c, d): the values are aL + bP + cS + d, so that a resampled result can be judged wherever its voxels lie."""
    any_order: bool = False
    """Whether time points may come in any order."""
    inverted: bool | None = False
    """Whether it is to be displayed inverted; None: not looked at."""


@dataclass(frozen=True, eq=False)
class Truth:
    """What a reader must do with an input."""

    must: Must
    volumes: tuple[Expected, ...] = ()
    """What it holds; where it must be refused, what a tool that reads it all the same may give (empty: nothing is right)."""
    instead: tuple[Expected, ...] = ()
    """Other volumes that other readers may give, by a documented convention of theirs, or beside the right ones."""
    says: tuple[str, ...] = ()
    """Words (any case, `a|b` either) that warnings, or names of parts, must hold where it is read."""
    blames: tuple[str, ...] = ()
    """Words (any case, `a|b` either) that the error must hold where it is refused: a tag or a file."""
    input: str = ""
    """File in the folder that is opened; empty: the folder itself."""
    skips: tuple[str, ...] = ()
    """Files that must be listed as skipped."""


@dataclass(frozen=True)
class Trap:
    """An input on which readers go wrong."""

    name: str
    theme: str
    build: Callable[[Path], Truth] = field(repr=False)

    def __str__(self) -> str:
        return self.name


REGISTRY: list[Trap] = []


def trap(name: str) -> Callable[[Callable[[Path], Truth]], Callable[[Path], Truth]]:
    """Register a function that writes a folder and tells the truth about it; its module is its theme."""

    def register(build: Callable[[Path], Truth]) -> Callable[[Path], Truth]:
        if any(known.name == name for known in REGISTRY):
            raise ValueError(f"two traps are called {name!r}")
        theme = build.__module__.rpartition(".")[2].removesuffix("_traps").replace("_", " ")
        REGISTRY.append(Trap(name, theme, build))
        return build

    return register


def read(
    *volumes: Expected,
    instead: Sequence[Expected] = (),
    says: Sequence[str] = (),
    blames: Sequence[str] = (),
    input: str = "",
    skips: Sequence[str] = (),
) -> Truth:
    """It must be read, as these volumes."""
    return Truth("read", volumes, tuple(instead), tuple(says), tuple(blames), input, tuple(skips))


def refuse(*blames: str, volumes: Sequence[Expected] = (), input: str = "") -> Truth:
    """It must be refused, with an error that holds these words."""
    return Truth("refuse", tuple(volumes), blames=blames, input=input)


def either(
    *volumes: Expected, instead: Sequence[Expected] = (), says: Sequence[str] = (), blames: Sequence[str] = (), input: str = ""
) -> Truth:
    """It may be read, as these volumes, or refused."""
    return Truth("either", volumes, tuple(instead), tuple(says), tuple(blames), input)


def expected(array: ArrayLike, affine: NDArray | None, unit: str | None = None, **more: object) -> Expected:
    """An Expected of anything that numpy takes for an array."""
    return Expected(np.asarray(array), affine, unit=unit, **more)  # type: ignore[arg-type]
