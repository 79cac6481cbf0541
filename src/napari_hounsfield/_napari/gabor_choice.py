"""Which maps of a Gabor bank are wanted, and what they cost."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.gabor_bank import GaborParams, map_names
from napari_hounsfield.memory import available_memory

GENEROUS = 0.5
"""Part of the free memory that the maps may take which are chosen from the start."""


def maps_a_wavelength(params: GaborParams) -> int:
    """Maps of resolved parameters that each wavelength gives."""
    return len(map_names(params)) // len(params.wavelengths)


def first_choice(params: GaborParams, voxels: int) -> list[int]:
    """Indices of the maps that are chosen at first: all where they fit well into memory, else the first of each wavelength."""
    maps, available = len(map_names(params)), available_memory()
    few = available is None or 4 * maps * voxels <= GENEROUS * available
    return list(range(0, maps, 1 if few else maps_a_wavelength(params)))


def narrowed(params: GaborParams, chosen: Iterable[int]) -> tuple[GaborParams, list[int]]:
    """Resolved parameters without wavelengths and orientations that no chosen map needs.

    Parameters
    ----------
    params
        Resolved.
    chosen
        Indices among the maps of `params`; at least one.

    Returns
    -------
    The smaller bank, and where among its maps the chosen ones are, in the same order.
    """
    angles = len(params.orientations) if params.pool == "none" else 1
    wanted: Any = np.zeros((len(params.wavelengths), maps_a_wavelength(params) // angles, angles), bool)
    wanted.flat[list(chosen)] = True
    lengths: Any = np.any(wanted, axis=(1, 2))
    turns: Any = np.any(wanted, axis=(0, 1))
    if params.pool != "none" or params.planes == "volume":  # there all directions belong together
        turns = np.ones_like(turns)
    else:
        params = params.model_copy(update={"orientations": _kept(params.orientations, turns)})
    sigma = _kept(params.sigma, lengths) if len(params.sigma) > 1 else params.sigma
    smaller = params.model_copy(update={"wavelengths": _kept(params.wavelengths, lengths), "sigma": sigma})
    return smaller, np.flatnonzero(wanted[lengths][:, :, turns]).tolist()


def _kept(values: tuple[float, ...], keep: NDArray[np.bool_]) -> tuple[float, ...]:
    return tuple(value for value, kept in zip(values, keep, strict=True) if kept)


@dataclass(frozen=True)
class Cost:
    """What a run would take.

    Attributes
    ----------
    maps
        That are added.
    computed
        That have to be computed for them.
    shape
        Voxels (z, y, x).
    seconds
        None as long as nothing was measured.
    at_most
        Whether the seconds are an upper limit, since filters share work.
    """

    maps: int
    computed: int
    shape: tuple[int, ...]
    seconds: float | None = None
    at_most: bool = False

    @property
    def megabytes(self) -> float:
        """Of float32, in 10^6 bytes."""
        return 4 * self.computed * math.prod(self.shape) / 1e6

    @property
    def text(self) -> str:
        """One line."""
        size = f"{self.megabytes / 1000:.3g} GB" if self.megabytes >= 1000 else f"{self.megabytes:.3g} MB"
        maps = f"{self.maps} map{'' if self.maps == 1 else 's'}"
        if self.computed != self.maps:
            maps += f" of {self.computed} computed"
        return f"{maps}, {size}, {self._time}"

    @property
    def _time(self) -> str:
        if self.seconds is None:
            return "time not measured yet"
        word = "at most" if self.at_most else "about"
        if self.seconds >= 90:
            return f"{word} {self.seconds / 60:.2g} min"
        return f"{word} {self.seconds:.2g} s" if self.seconds >= 0.1 else "under 0.1 s"
