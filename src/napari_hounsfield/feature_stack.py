"""The feature engine: what a classifier sees of every voxel, whole or slab by slab."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError, model_validator

from .errors import GridError, ParameterError
from .gabor_bank import GaborParams, filled, map_names
from .intensity import TISSUE_WINDOWS, WindowParams, is_hounsfield, rescaled
from .operation import Numbers, Params, Progress, numbers, operation, part
from .volume import Features, Volume

if TYPE_CHECKING:
    from .gabor_filtering import Bank

SLAB_VOXELS = 4_000_000
"""Voxels of a slab times maps: 16 MB of float32, so that a step of a long pass stays short."""


class FeatureParams(Params):
    """What is computed for every voxel: windowed intensities, smoothed ones, and the Gabor bank."""

    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "seed": {
            "window": {"preset": "seed"},
            "windows": "one",
            "smooth": False,
            "gabor": {**GaborParams.presets["seed"], "pool": "mean"},
        }
    }

    window: WindowParams = Field(default_factory=WindowParams)
    """Range of intensities that the features see."""
    windows: Literal["auto", "one", "tissues"] = "auto"
    """The window alone, or beside it narrower ones for lung and for soft tissue; auto: these where the unit is HU."""
    intensity: bool = True
    """Use the intensity in each window."""
    smooth: bool = True
    """Use the intensity in each window after Gaussian smoothing of the slices."""
    gaussian: Numbers = numbers(unit="mm", low=0.01, high=1000)
    """Standard deviations of the smoothing; empty: one and two voxels."""
    texture: bool = True
    """Use the Gabor bank."""
    gabor: GaborParams = Field(default_factory=lambda: GaborParams(pool="mean"))
    """Filters over the intensity in the window."""

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not (self.intensity or self.texture or self.smooth):
            raise ValueError("no feature is chosen")
        if self.window.binary or self.window.matrix:
            raise ValueError("features are computed from the window itself: leave binary and matrix at their defaults")
        return self

    def resolve(self, *data: Any) -> Self:
        """Fill the windows by modality, the smoothing and the bank from the voxel size."""
        volume: Volume = data[0]
        voxel = max(volume.spacing[1:])
        return self.model_copy(
            update={
                "window": self.window.resolve(volume),
                "windows": ("tissues" if is_hounsfield(volume) else "one") if self.windows == "auto" else self.windows,
                "gaussian": self.gaussian or ((voxel, 2 * voxel) if self.smooth else ()),
                "gabor": self.gabor.resolve(volume) if self.texture else self.gabor,
            }
        )

    @property
    def ranges(self) -> dict[str, tuple[float, float]]:
        """Limits of each window, by a suffix of the names of its maps."""
        narrow = TISSUE_WINDOWS if self.windows == "tissues" else {}
        return {"": (self.window.lower, self.window.upper)} | {f", {name} window": limits for name, limits in narrow.items()}

    @property
    def names(self) -> list[str]:
        """Names of the maps that resolved parameters give."""
        names = []
        for suffix in self.ranges:
            names += [f"intensity{suffix}"] if self.intensity else []
            names += [f"Gaussian {sigma:.4g} mm{suffix}" for sigma in self.gaussian] if self.smooth else []
        return names + (map_names(self.gabor) if self.texture else [])


class FeatureEngine:
    """Features of one volume, made slab by slab so that memory stays bounded.

    Parameters
    ----------
    volume
        One scalar image.
    params
        Resolved parameters.
    """

    def __init__(self, volume: Volume, params: FeatureParams) -> None:
        volume.require_scalar()
        self.volume, self.params = volume, params
        self.names = params.names
        self._array = filled(volume)

    @cached_property
    def _bank(self) -> Bank:
        from .gabor_filtering import Bank

        return Bank(self.volume.grid, self.params.gabor)

    def slab(self, first: int, last: int, out: NDArray[np.float32]) -> Generator[Progress, None, None]:
        """Write the maps of slices `first` to `last` into `out` (maps, last - first, y, x)."""
        from scipy.ndimage import gaussian_filter

        in_voxels = [(0.0, *(sigma / step for step in self.volume.spacing[1:])) for sigma in self.params.gaussian]
        stored = np.nan_to_num(self._array[first:last])
        row = 0
        for limits in self.params.ranges.values():
            windowed = rescaled(stored, *limits)
            if self.params.intensity:
                out[row] = windowed
                row += 1
            for sigma in in_voxels if self.params.smooth else ():
                gaussian_filter(windowed, sigma, output=out[row], mode="reflect")
                row += 1
            yield Progress(row / len(self.names), "features")
        if self.params.texture:
            steps = self._texture(first, last, out[row:])
            yield from part(steps, row / len(self.names), 1.0)

    def _texture(self, first: int, last: int, out: NDArray[np.float32]) -> Generator[Progress, None, None]:
        """Filter the slab with the slices around it that its responses depend on."""
        depth = len(self._array)
        reach = depth if self.params.gabor.boundary == "wrap" else self._bank.reach
        low, high = max(0, first - reach), min(depth, last + reach)
        window = self.params.window
        windowed = rescaled(np.nan_to_num(self._array[low:high]), window.lower, window.upper)
        yield from self._bank.filter(windowed, out, first - low, last - low)

    def slabs(self) -> Iterator[tuple[int, int]]:
        """Ranges of slices that keep a slab's features small."""
        return _slabs(self._array.shape, len(self.names))

    def at(self, mask: NDArray[np.bool_]) -> Generator[Progress, None, NDArray[np.float32]]:
        """Features (n, maps) of the voxels of a mask (z, y, x), in the array's order; only their slices are computed."""
        slices = np.flatnonzero(mask.any(axis=(1, 2)))
        rows = []
        out = np.empty((len(self.names), 1, *mask.shape[1:]), np.float32)
        for done, z in enumerate(slices):
            yield from part(self.slab(int(z), int(z) + 1, out), done / len(slices), (done + 1) / len(slices))
            rows.append(out[:, 0][:, mask[z]].T.copy())
        return np.concatenate(rows) if rows else np.empty((0, len(self.names)), np.float32)


def _slabs(shape: tuple[int, ...], maps: int) -> Iterator[tuple[int, int]]:
    depth, rows, columns = shape
    step = max(1, SLAB_VOXELS // (rows * columns * maps))
    for first in range(0, depth, step):
        yield first, min(first + step, depth)


class StoredFeatures:
    """Features that are already there, behind the same interface as the engine that computes them."""

    def __init__(self, features: Features, volume: Volume) -> None:
        ours, theirs = volume.grid, features.grid
        if ours.shape != theirs.shape or not np.allclose(ours.affine, theirs.affine, atol=1e-3):
            raise GridError(f"features lie on another grid than the image: {theirs} against {ours}")
        self.volume, self.features = volume, features
        self.params = recipe_of(features)
        self.names = list(features.names)

    def slab(self, first: int, last: int, out: NDArray[np.float32]) -> Generator[Progress, None, None]:
        """Copy the maps of slices `first` to `last` into `out`."""
        out[...] = self.features.array[:, first:last]
        yield Progress(1.0, "features")

    def slabs(self) -> Iterator[tuple[int, int]]:
        """Ranges of slices that keep a slab's features small."""
        return _slabs(self.volume.array.shape, len(self.names))

    def at(self, mask: NDArray[np.bool_]) -> Generator[Progress, None, NDArray[np.float32]]:
        """Features (n, maps) of the voxels of a mask (z, y, x), in the array's order."""
        yield Progress(0.0, "features")
        return np.ascontiguousarray(self.features.array[:, mask].T)


def recipe_of(features: Features) -> FeatureParams:
    """Resolved parameters that computed features, as `features` records them.

    Raises
    ------
    ParameterError
        If these are maps of another kind.
    """
    try:
        params = FeatureParams(**features.recipe)
    except ValidationError:
        params = None
    if params is None or tuple(params.names) != tuple(features.names):
        raise ParameterError(f"{features.name or 'maps'}: not the features of a classifier, as `features` computes them")
    return params


FeatureSource = FeatureEngine | StoredFeatures


def feature_source(volume: Volume, params: FeatureParams, features: Features | None) -> FeatureSource:
    """Stored features where they are given and made by the same recipe, otherwise an engine that computes them.

    Parameters
    ----------
    params
        Resolved parameters.

    Raises
    ------
    ParameterError
        If the stored features were computed by another recipe.
    GridError
        If they lie on another grid.
    """
    if features is None:
        return FeatureEngine(volume, params)
    stored = StoredFeatures(features, volume)
    if stored.params != params:
        raise ParameterError("the features given were computed with other parameters than asked for here")
    return stored


@operation("features", FeatureParams)
def features(volume: Volume, params: FeatureParams) -> Generator[Progress, None, Features]:
    """Compute the features of every voxel.

    Parameters
    ----------
    volume
        One scalar image.
    params
        What to compute; blanks are filled by modality and voxel size.

    Returns
    -------
    Features
        float32 (c, z, y, x); `recipe` holds the resolved parameters.

    Raises
    ------
    IntensityError
        If the scanned field holds NaN.
    ParameterError
        If a filter does not fit the image.
    """
    engine = FeatureEngine(volume, params)
    out = np.empty((len(engine.names), *volume.array.shape), np.float32)
    depth = len(volume.array)
    for first, last in engine.slabs():
        yield from part(engine.slab(first, last, out[:, first:last]), first / depth, last / depth)
    return volume.maps(out, engine.names, params.model_dump(mode="json"))
