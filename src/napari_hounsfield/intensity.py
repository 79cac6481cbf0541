"""Windows, thresholds and the tissue tables that name ranges of Hounsfield units."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, Self, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from .errors import IntensityError, ParameterError
from .operation import Params, Progress, number, operation
from .volume import LabelMap, Volume

NO_LIMIT = 1e10
"""Larger than any intensity: a range that ends here is open."""


class Tissue(NamedTuple):
    """A named range of Hounsfield units, both ends included."""

    name: str
    lower: float
    upper: float


def _below(value: float) -> float:
    return float(np.nextafter(np.float32(value), np.float32(-np.inf)))


TISSUES = (
    Tissue("air", -NO_LIMIT, _below(-900)),
    Tissue("lung", -900, -500),
    Tissue("fat", -150, _below(-30)),
    Tissue("soft tissue", -30, 150),
    Tissue("bone", -_below(-150), NO_LIMIT),
)
"""Disjoint ranges, the default. Between lung and fat lie only mixtures at borders, which belong to neither."""

SEED_TISSUES = (
    Tissue("padding", -NO_LIMIT, -2000),
    Tissue("water", 0, 0),
    Tissue("cerebrospinal fluid", 20, 20),
    Tissue("kidney", 35, 35),
    Tissue("blood", 35, 45),
    Tissue("muscle", 20, 50),
    Tissue("liver", 45, 65),
    Tissue("skeleton", 800, NO_LIMIT),
)
"""Table 2 of the seed paper: overlapping; its "air" of -2000 HU is the padding that scanners write outside the field of view."""

WINDOWS = {
    "seed": (-2000.0, 500.0),
    "lung": (-1350.0, 150.0),
    "mediastinum": (-160.0, 240.0),
    "bone": (-450.0, 1050.0),
    "brain": (0.0, 80.0),
    "liver": (-45.0, 105.0),
    "abdomen": (-150.0, 250.0),
    "angiography": (0.0, 600.0),
    "stroke": (20.0, 60.0),
    "subdural": (-25.0, 175.0),
    "temporal bone": (-800.0, 2000.0),
    "spine": (-75.0, 175.0),
}
"""Named windows in HU; `seed` is the seed paper's (2500 HU wide), the others are in everyday use.

Levels and widths as in Radiopaedia, "Windowing (CT)" (https://radiopaedia.org/articles/windowing-ct), and the presets of OHIF
(mediastinum: its soft tissue) and of scanners' consoles (bone, angiography).
"""

TISSUE_WINDOWS = {"lung": (-1024.0, -500.0), "soft tissue": (-160.0, 240.0)}
"""Narrow ranges in which features tell tissues apart that the default window hardly does: air from lung, fat from muscle."""

CT_WINDOW = (-1000.0, 400.0)
LARGEST_RESULT = 1 << 29
"""Voxels that resampling to another matrix may make: 2 GiB."""
WIDEST_HISTOGRAM = 1 << 20
"""Bins that a histogram of whole numbers may have."""
ROBUST_PERCENTILES = (0.5, 99.5)

TissueName = Literal[
    "air", "lung", "fat", "soft tissue", "bone",
    "padding", "water", "cerebrospinal fluid", "kidney", "blood", "muscle", "liver", "skeleton",
]  # fmt: skip


def is_hounsfield(volume: Volume) -> bool:
    """Whether the numbers of a volume are Hounsfield units."""
    return volume.unit == "HU"


def nearest_tissue(hu: float) -> str:
    """Name of the tissue whose range holds `hu`, or lies nearest to it."""
    return min(TISSUES, key=lambda t: max(t.lower - hu, hu - t.upper, 0)).name


class _Range(Params):
    """A range of intensities, named or by its limits."""

    _selector: ClassVar[str]
    if TYPE_CHECKING:  # declared by each range after its selector, so that forms and help show them in that order
        lower: float
        upper: float

    @classmethod
    def _named(cls) -> dict[str, tuple[float, float]]:
        raise NotImplementedError

    @model_validator(mode="before")
    @classmethod
    def _limits_mean_custom(cls, values: Any) -> Any:
        if isinstance(values, dict) and {"lower", "upper"} & values.keys() and cls._selector not in values:
            return {cls._selector: "custom", **values}
        return values

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.lower > self.upper:
            raise ValueError(f"lower {self.lower:g} lies above upper {self.upper:g}")
        name = getattr(self, self._selector)
        given = {limit: getattr(self, limit) for limit in ("lower", "upper") if limit in self.model_fields_set}
        if name != "custom":
            blank = tuple(type(self).model_fields[limit].default for limit in ("lower", "upper"))  # as written out by `auto`
            fixed = dict(zip(("lower", "upper"), self._named().get(name, blank), strict=True))
            if any(value != fixed.get(limit) for limit, value in given.items()):
                raise ValueError(f"limits are given and {self._selector} is {name!r}; leave out one")
        return self

    def _with(self, selector: str, lower: float, upper: float) -> Self:
        return type(self)(**{**self.model_dump(), self._selector: selector, "lower": lower, "upper": upper})


def _measured(volume: Volume) -> NDArray[Any]:
    """Values (n,) inside the scanned field; IntensityError if there are none, or beyond what limits may be."""
    values = volume.scanned()
    label = volume.name or "image"
    if not values.size:
        raise IntensityError(f"{label}: every voxel is padding")
    if max(abs(float(values.min())), abs(float(values.max()))) > NO_LIMIT:
        raise IntensityError(f"{label}: values exceed {NO_LIMIT:g}; scale them")
    return values


class WindowParams(_Range):
    """A range of intensities mapped to [0, 1]."""

    _selector = "preset"
    presets: ClassVar[dict[str, dict[str, Any]]] = {"seed": {"preset": "seed"}}

    preset: Literal[
        "auto", "custom", "seed", "lung", "mediastinum", "bone", "brain", "liver",
        "abdomen", "angiography", "stroke", "subdural", "temporal bone", "spine",
    ] = "auto"  # fmt: skip
    """Named window; auto: -1000 to 400 HU, without HU the 0.5 and 99.5 percentiles; custom: the limits below."""
    lower: float = number(-1000.0, -NO_LIMIT, NO_LIMIT, unit="HU")
    """Becomes 0, and everything below."""
    upper: float = number(400.0, -NO_LIMIT, NO_LIMIT, unit="HU")
    """Becomes 1, and everything above."""
    binary: bool = False
    """Give the black and white image instead: 1 at or above the cut, 0 below."""
    cut: float = number(0.5, 0.0, 1.0)
    """Where black ends and white begins, as a part of the window; 0.5 is its middle."""
    matrix: int = number(0, 0, 4096)
    """Rows and columns to resample each slice to; 0 keeps them."""

    @classmethod
    def _named(cls) -> dict[str, tuple[float, float]]:
        return WINDOWS

    @model_validator(mode="after")
    def _has_width(self) -> Self:
        if self.lower == self.upper:
            raise ValueError("lower and upper are equal: the window has no width")
        return self

    def resolve(self, *data: Any) -> Self:
        """Fill the limits from the preset, or from the volume's unit and values."""
        volume: Volume = data[0]
        if self.preset == "custom":
            return self
        if self.preset in WINDOWS:
            return self._with(self.preset, *WINDOWS[self.preset])
        if is_hounsfield(volume):
            return self._with("custom", *CT_WINDOW)
        volume.require_scalar()
        lower, upper = (float(p) for p in np.percentile(_measured(volume), ROBUST_PERCENTILES))
        return self._with("custom", lower, upper if upper > lower else lower + 1.0)


class ThresholdParams(_Range):
    """A range of intensities, both ends included."""

    _selector = "tissue"

    tissue: Literal["auto", "custom"] | TissueName = "auto"
    """Named range of HU; auto: at or above Otsu's threshold; custom: the limits below."""
    lower: float = number(-NO_LIMIT, -NO_LIMIT, NO_LIMIT, unit="HU")
    """Smallest value inside."""
    upper: float = number(NO_LIMIT, -NO_LIMIT, NO_LIMIT, unit="HU")
    """Largest value inside."""

    @classmethod
    def _named(cls) -> dict[str, tuple[float, float]]:
        return {tissue.name: (tissue.lower, tissue.upper) for tissue in (*SEED_TISSUES, *TISSUES)}

    def resolve(self, *data: Any) -> Self:
        """Fill the limits from the tissue table, or from the histogram."""
        volume: Volume = data[0]
        if self.tissue == "custom":
            return self
        if self.tissue in get_args(TissueName):
            if not is_hounsfield(volume):
                raise ParameterError(
                    f"{volume.name or 'image'}: tissue {self.tissue!r} is a range of HU, "
                    f"the unit here is {volume.unit or 'unknown'!r}"
                )
            return self._with(self.tissue, *self._named()[self.tissue])
        from skimage.filters import threshold_otsu

        volume.require_scalar()
        values = _measured(volume)
        if values.min() == values.max():
            raise ParameterError(f"{volume.name or 'image'}: all values are equal, no threshold divides them; give the limits")
        if values.dtype.kind in "iu" and int(values.max()) - int(values.min()) > WIDEST_HISTOGRAM:
            values = values.astype(np.float64)  # whole numbers get a bin each
        lower = float(threshold_otsu(values))  # type: ignore[no-untyped-call]
        return self._with("custom", lower, NO_LIMIT)


def rescaled(values: NDArray[Any], lower: float, upper: float) -> NDArray[np.float32]:
    """Return `values` mapped linearly so that `lower` becomes 0 and `upper` 1, and clipped there."""
    scaled = (values.astype(np.float32) - np.float32(lower)) / np.float32(upper - lower)
    return np.clip(scaled, 0, 1, out=scaled)


@operation("window", WindowParams, planewise=True)
def window(volume: Volume, params: WindowParams) -> Generator[Progress, None, Volume]:
    """Map a range of intensities to [0, 1].

    Parameters
    ----------
    volume
        One scalar image.
    params
        Window; its blanks are filled by modality.

    Returns
    -------
    Volume
        float32 in [0, 1] (or uint8 0 and 1 where `binary`), on the same grid unless `matrix` is set.

    Raises
    ------
    IntensityError
        If the scanned field holds NaN.

    References
    ----------
    Seed paper (Wang, Jiang, Zhuang), section 3.2: above the upper limit becomes 1, below the lower 0.
    """
    volume.require_scalar()
    depth = len(volume.array)
    if depth * params.matrix**2 > LARGEST_RESULT:
        most = int((LARGEST_RESULT / depth) ** 0.5)
        raise ParameterError(
            f"{volume.name or 'image'}: {depth} slices of {params.matrix} x {params.matrix}; {most} is the most here"
        )
    out = np.empty(volume.array.shape, np.float32)
    for z, plane in enumerate(volume.array):
        out[z] = rescaled(np.nan_to_num(plane), params.lower, params.upper)
        yield Progress((z + 1) / depth, "window")
    result = volume.like(out, unit="")
    if params.matrix:
        result = yield from _in_matrix(result, params.matrix)
    return result.like((result.array >= params.cut).astype(np.uint8)) if params.binary else result


def _in_matrix(volume: Volume, matrix: int) -> Generator[Progress, None, Volume]:
    """Resample each slice to `matrix` rows and columns over the same field."""
    from dataclasses import replace

    from scipy.ndimage import zoom

    _, rows, columns = volume.array.shape
    factors = np.array((1.0, matrix / rows, matrix / columns))
    array = np.empty((len(volume.array), matrix, matrix), np.float32)
    valid = None if volume.valid is None else np.empty(array.shape, bool)
    for z, plane in enumerate(volume.array):
        zoom(plane, factors[1:], output=array[z], order=1, mode="nearest", grid_mode=True)
        if valid is not None and volume.valid is not None:  # what padding has a share in was not scanned
            share = zoom(volume.valid[z].astype(np.float32), factors[1:], order=1, mode="nearest", grid_mode=True)
            valid[z] = share > 0.999
        yield Progress((z + 1) / len(array), "matrix")
    # The corner of the field stays where it is, so the first voxel centre moves by half the change of size.
    affine = np.array(volume.affine)
    affine[:3, 3] += volume.affine[:3, :3] @ ((1 / factors - 1) / 2)
    affine[:3, :3] /= factors
    return replace(volume, array=np.clip(array, 0, 1), affine=affine, valid=valid, source=None)


@operation("threshold", ThresholdParams, planewise=True)
def threshold(volume: Volume, params: ThresholdParams) -> Generator[Progress, None, LabelMap]:
    """Mark the voxels whose value lies in a range, both ends included.

    Parameters
    ----------
    volume
        One scalar image.
    params
        Range; a tissue by name, limits, or Otsu's threshold.

    Returns
    -------
    LabelMap
        uint8, 1 inside the range; padding is never inside.

    Raises
    ------
    IntensityError
        If the scanned field holds NaN.
    ParameterError
        If a tissue is named and the unit is not HU.
    """
    volume.require_scalar()
    inside = np.zeros(volume.array.shape, np.uint8)
    for z, plane in enumerate(volume.array):
        inside[z] = (plane >= params.lower) & (plane <= params.upper)
        yield Progress((z + 1) / len(inside), "threshold")
    if volume.valid is not None:
        inside &= np.asarray(volume.valid).view(np.uint8)
    name = params.tissue if params.tissue in get_args(TissueName) else "inside"
    return volume.label_map(inside, {1: name})
