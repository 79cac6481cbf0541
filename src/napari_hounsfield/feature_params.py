"""What a classifier is to see of every voxel."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from .channels import Channels, as_channels
from .errors import ParameterError
from .feature_maps import KINDS
from .gabor_bank import GaborParams
from .intensity import TISSUE_WINDOWS, WindowParams, is_hounsfield
from .operation import Numbers, Params, numbers

DERIVATIVES = ("gradient", "laplacian", "structure", "hessian")
SCALES = (1.0, 2.0, 4.0)
"""Default scales of the derivatives in voxels."""


class ChannelParams(Params):
    """A further image of the patient, and what is computed for every voxel of it."""

    name: str = ""
    """Before the names of its maps; empty: its modality."""
    unit: str | None = None
    """Of its values; None: any."""
    modality: str = ""
    """DICOM modality; empty: any."""
    features: FeatureParams = Field(default_factory=lambda: FeatureParams())
    """What is computed of it."""

    @property
    def names(self) -> list[str]:
        """Names of its maps."""
        return [f"{self.name}: {name}" for name in self.features.names]

    def own(self, names: Collection[str]) -> list[str]:
        """Those of the names that are of its maps, as they are called without the channel."""
        return [name.removeprefix(f"{self.name}: ") for name in names if name.startswith(f"{self.name}: ")]


class FeatureParams(Params):
    """What is computed for every voxel: windowed intensities, smoothed ones, the Gabor bank, and what else is switched on."""

    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "seed": {
            "window": {"preset": "seed"},
            "windows": "one",
            "smooth": False,
            "gabor": {**GaborParams.presets["seed"], "pool": "mean"},
        },
        "gabor alone": {"windows": "one", "intensity": False, "smooth": False},
        "gabor plus": {"gradient": True, "laplacian": True, "structure": True, "hessian": True, "position": True},
    }

    window: WindowParams = Field(default_factory=WindowParams)
    """Range of intensities that the features see."""
    windows: Literal["auto", "one", "tissues"] = "auto"
    """The window alone, or beside it narrower ones for lung and for soft tissue; auto: these where the unit is HU."""
    intensity: bool = True
    """Use the intensity in each window."""
    smooth: bool = True
    """Use the intensity in each window after Gaussian smoothing."""
    gaussian: Numbers = numbers(unit="mm", low=0.01, high=1000)
    """Standard deviations of the smoothing; empty: one and two voxels."""
    gradient: bool = False
    """Use the gradient magnitude."""
    laplacian: bool = False
    """Use the Laplacian of Gaussian."""
    structure: bool = False
    """Use the eigenvalues of the structure tensor."""
    hessian: bool = False
    """Use the eigenvalues of the Hessian matrix."""
    scales: Numbers = numbers(unit="mm", low=0.01, high=1000)
    """Standard deviations of the Gaussian under gradient, Laplacian, structure and Hessian; empty: one, two and four voxels."""
    dimensions: Literal["slices", "volume"] = "slices"
    """Smoothing and derivatives within the slices, or across them too; the Gabor bank has its planes for that."""
    position: bool = False
    """Use the place in the body: distance to the skin, right to left, front to back, foot to head."""
    texture: bool = True
    """Use the Gabor bank."""
    gabor: GaborParams = Field(default_factory=lambda: GaborParams(pool="mean", truncate=3.0))
    """Filters over the intensity in the window; 3 sigmas of their envelopes tell classes apart as well as 4, a quarter sooner."""
    channels: tuple[ChannelParams, ...] = ()
    """Of further images of the patient; empty: as for the first, at the same scales, each in the window of its own modality."""

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not (self.intensity or self.smooth or self.texture or self.position or self._derives):
            raise ValueError("no feature is chosen")
        if self.window.binary or self.window.matrix:
            raise ValueError("features are computed from the window itself: leave binary and matrix at their defaults")
        return self

    def resolve(self, *data: Any) -> Self:
        """Fill the windows by modality, the scales and the bank from the voxel size.

        Raises
        ------
        ParameterError
            If a Gaussian is wider than the image, or a Gabor filter does not fit it; if a channel is missing.
        """
        image = as_channels(data[0])
        if image.further:
            return self._of_channels(image)
        if self.channels:
            image.matched(self.channels)  # says which is missing
        volume = image.main
        voxel = max(volume.spacing[1:])
        widest = max(n * step for n, step in zip(volume.grid.shape[1:], volume.spacing[1:], strict=True))
        for field, chosen in (("gaussian", self.smooth), ("scales", self._derives)):
            largest = max(getattr(self, field), default=0.0)
            if chosen and largest > widest:
                raise ParameterError(
                    f"{volume.name or 'image'}: {field} {largest:.4g} mm is wider than the image; {widest:.4g} mm is the most"
                )
        fitting = tuple(k * voxel for k in SCALES if k * voxel <= widest)
        return self.model_copy(
            update={
                "window": self.window.resolve(volume),
                "windows": ("tissues" if is_hounsfield(volume) else "one") if self.windows == "auto" else self.windows,
                "gaussian": self.gaussian or ((voxel, min(2 * voxel, widest)) if self.smooth else ()),
                "scales": self.scales or (fitting if self._derives else ()),
                "gabor": self.gabor.resolve(volume) if self.texture else self.gabor,
            }
        )

    def _of_channels(self, image: Channels) -> Self:
        main = self.model_copy(update={"channels": ()}).resolve(image.main)
        image = image.matched(self.channels) if self.channels else image
        given = self.channels or [ChannelParams(features=main._for_channel(self.windows))] * len(image.further)
        channels = tuple(
            ChannelParams(name=name, unit=volume.unit, modality=volume.modality, features=one.features.resolve(volume))
            for name, volume, one in zip(image.names[1:], image.further, given, strict=True)
        )
        return main.model_copy(update={"channels": channels})

    def _for_channel(self, windows: str) -> FeatureParams:
        """The same maps at the same scales for another modality, without the place in the body, which is the same there."""
        alike = self.model_copy(update={"window": WindowParams(), "windows": windows if windows == "one" else "auto"})
        without = alike.model_copy(update={"position": False})
        return without if without.names else alike

    @property
    def _derives(self) -> bool:
        return any(getattr(self, name) for name in DERIVATIVES)

    @property
    def across(self) -> bool:
        """Whether smoothing and derivatives reach across slices."""
        return self.dimensions == "volume"

    @property
    def main_range(self) -> tuple[float, float]:
        """Limits of the window, in which derivatives and texture are computed."""
        return self.window.lower, self.window.upper

    @property
    def ranges(self) -> dict[str, tuple[float, float]]:
        """Limits of each window, by a suffix of the names of its maps."""
        narrow = TISSUE_WINDOWS if self.windows == "tissues" else {}
        return {"": self.main_range} | {f", {name} window": limits for name, limits in narrow.items()}

    @property
    def names(self) -> list[str]:
        """Names of the maps that resolved parameters give: those of the main image, then those of each channel."""
        return [*self.own_names, *(name for channel in self.channels for name in channel.names)]

    @property
    def own_names(self) -> list[str]:
        """Names of the maps of the main image."""
        return [name for kind in KINDS for name in kind.names(self)]


ChannelParams.model_rebuild()
