"""Several images of one patient on one grid: CT with PET and MR, T1 with T2."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from .errors import GridError, ParameterError
from .grid import Grid
from .operation import Progress, finish, part
from .resampling import resampled
from .volume import Volume


class ChannelLike(Protocol):
    """What says which channel is meant: a kind, or the parameters of its features."""

    @property
    def name(self) -> str:
        """Before the names of its maps."""

    @property
    def unit(self) -> str | None:
        """Of its values; None: any."""

    @property
    def modality(self) -> str:
        """DICOM modality; empty: any."""


class ChannelKind(NamedTuple):
    """What a channel is."""

    name: str
    unit: str
    modality: str


@dataclass(frozen=True, eq=False)
class Channels:
    """An image and further ones of the same patient, voxel on voxel. `aligned` makes them of images on grids of their own.

    Parameters
    ----------
    volumes
        Scalar images on one grid, the main one first: what is painted and recognised lies on it.
    names
        One an image; blank: their modalities, numbered where two are the same.
    originals
        The images before they were resampled, in the same order; left out, the volumes themselves.

    Raises
    ------
    GridError
        If the grids differ, or nothing was scanned by all of the images.
    ParameterError
        If there is no image, or the names are not one an image, all different.
    """

    volumes: tuple[Volume, ...]
    names: tuple[str, ...] = ()
    originals: tuple[Volume, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        if not self.volumes:
            raise ParameterError("channels: there is no image")
        object.__setattr__(self, "volumes", tuple(self.volumes))
        object.__setattr__(self, "names", channel_names(self.volumes, self.names))
        object.__setattr__(self, "originals", tuple(self.originals) or self.volumes)
        for name, volume in zip(self.names, self.volumes, strict=True):
            if volume.grid.shape != self.grid.shape or not np.allclose(volume.affine, self.grid.affine, atol=1e-3):
                raise GridError(f"channel {name}: grids differ: {volume.grid} against {self.grid}")
        if len(self.volumes) > 1 and self.valid is not None and not self.valid.any():
            raise GridError(f"channels {', '.join(self.names)}: there is no place that all of them scanned")

    @property
    def main(self) -> Volume:
        """The image on whose grid all lie."""
        return self.volumes[0]

    @property
    def further(self) -> tuple[Volume, ...]:
        """The other images."""
        return self.volumes[1:]

    @property
    def kinds(self) -> tuple[ChannelKind, ...]:
        """What each further channel is."""
        return tuple(ChannelKind(n, v.unit, v.modality) for n, v in zip(self.names[1:], self.further, strict=True))

    @property
    def grid(self) -> Grid:
        """Where the voxels lie."""
        return self.main.grid

    @cached_property
    def valid(self) -> NDArray[np.bool_] | None:
        """Bool (z, y, x): where all images were scanned; None where that is everywhere."""
        masks = [volume.valid for volume in self.volumes if volume.valid is not None]
        return np.logical_and.reduce(masks) if len(masks) > 1 else masks[0] if masks else None

    @cached_property
    def frame(self) -> Volume:
        """The main image, valid only where all images are: where one paints and recognises."""
        return self.main if self.valid is self.main.valid else replace(self.main, valid=self.valid)

    def matched(self, wanted: Sequence[ChannelLike]) -> Channels:
        """The main image with the further ones that are wanted, in that order and by those names.

        An image of a wanted name is taken first, then in order whatever has the unit and the modality; one of unknown modality
        passes for any.

        Raises
        ------
        ParameterError
            If one is missing or of another unit or modality, or more are given.
        """
        free = list(range(1, len(self.volumes)))
        chosen: dict[int, int] = {}
        for by_name in (True, False):
            for number, one in enumerate(wanted):
                fitting = (i for i in free if _fits(self.volumes[i], one) and (not by_name or self.names[i] == one.name))
                found = None if number in chosen else next(fitting, None)
                if found is not None:
                    chosen[number] = found
                    free.remove(found)
        for number, one in enumerate(wanted):
            if number not in chosen:
                raise ParameterError(f"channel {_described(one.name, one)} is missing; given: {self._listed()}")
        if free:
            more = _described(self.names[free[0]], self.volumes[free[0]])
            raise ParameterError(f"{more} is one channel more than the {len(wanted)} beside the main image that are asked for")
        order = [0, *(chosen[number] for number in range(len(wanted)))]
        names = (self.names[0], *(one.name or self.names[i] for one, i in zip(wanted, order[1:], strict=True)))
        if order == list(range(len(self.volumes))) and names == self.names:
            return self
        return Channels(tuple(self.volumes[i] for i in order), names, tuple(self.originals[i] for i in order))

    def _listed(self) -> str:
        return ", ".join(_described(name, volume) for name, volume in zip(self.names, self.volumes, strict=True))


def as_channels(image: Volume | Channels) -> Channels:
    """One image as the only channel; channels as they are.

    Raises
    ------
    TypeError
        If it is neither, an array for one.
    """
    if not isinstance(image, Volume | Channels):
        raise TypeError(f"give a Volume or Channels, not {type(image).__name__}; of an array: Volume(array, affine, unit='HU')")
    return image if isinstance(image, Channels) else Channels((image,))


def aligned(volume: Volume, further: Sequence[Volume], names: Sequence[str] = (), any_frame: bool = False) -> Channels:
    """Put further images of a patient on the grid of the first; see `aligned_steps`."""
    return finish(aligned_steps(volume, further, names, any_frame))


def aligned_steps(
    volume: Volume, further: Sequence[Volume], names: Sequence[str] = (), any_frame: bool = False
) -> Generator[Progress, None, Channels]:
    """Put further images of a patient on the grid of the first, linearly.

    Parameters
    ----------
    volume
        The main image, which stays as it is.
    further
        Other images of the same frame of reference, whatever their grids.
    names
        One an image, the main one first; blank: the modalities.
    any_frame
        Take images of other frames of reference too: those that were registered, or known to lie in the same place. An image
        that does not say its frame (NIfTI) is always taken.

    Raises
    ------
    GridError
        If an image lies in another frame of reference, or nowhere within the first.
    IntensityError
        If one is no scalar image.
    ParameterError
        If the names are not one an image, all different.
    """
    named = channel_names((volume, *further), tuple(names))
    volume.require_scalar()
    ours = volume.frame_of_reference
    for name, other in zip(named[1:], further, strict=True):
        other.require_scalar()
        if not any_frame and ours and other.frame_of_reference and other.frame_of_reference != ours:
            raise GridError(f"channel {name}: its frame of reference is another than that of {volume.name or 'the main image'}")
    placed = [volume]
    for done, other in enumerate(further):
        placed.append((yield from part(resampled(other, volume.grid), done / len(further), (done + 1) / len(further))))
    return Channels(tuple(placed), named, (volume, *further))


def channel_names(volumes: Sequence[Volume], names: Sequence[str] = ()) -> tuple[str, ...]:
    """Names of channels: those given, or the modalities, numbered where two are the same.

    Raises
    ------
    ParameterError
        If the names are not one an image, all different, without `:` or `;`.
    """
    if names:
        if len(names) != len(volumes) or len(set(names)) < len(names) or any(not n.strip() or set(n) & set(":;") for n in names):
            raise ParameterError(f"{len(volumes)} channels need as many names, all different and without ':' and ';'")
        return tuple(names)
    found: list[str] = []
    seen: Counter[str] = Counter()
    for volume in volumes:
        word = volume.modality or "image"
        seen[word] += 1
        found.append(word if seen[word] == 1 else f"{word} {seen[word]}")
    return tuple(found)


def _fits(volume: Volume, wanted: ChannelLike) -> bool:
    known = volume.modality and wanted.modality
    return wanted.unit in (None, volume.unit) and (not known or volume.modality == wanted.modality)


def _described(name: str, kind: ChannelLike | Volume) -> str:
    words = [word for word in (kind.modality if kind.modality != name else "", kind.unit) if word]
    return f"{name} ({', '.join(words)})" if words else name
