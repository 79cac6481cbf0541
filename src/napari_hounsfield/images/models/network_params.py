"""Parameters of training networks on whole images."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from napari_hounsfield.operation import Numbers, Params, number, numbers

BLANK: Literal["chosen"] = "chosen"
"""Word for a choice that is left to the kind of network; numbers left to it are None, lists empty."""


def _chosen(low: float, high: float) -> Any:
    """Field of a number that each kind of network chooses where it is blank."""
    return Field(None, ge=low, le=high, json_schema_extra={"unit": ""})


class AugmentParams(Params):
    """How images are varied in training, each anew in every epoch; lefts and rights stay, for sides matter in medicine."""

    rotation: float = number(10.0, 0, 180, unit="degrees")
    """Turned by as much at most, either way, in the plane."""
    shift: float = number(0.06, 0, 0.5)
    """Moved by this part of the image at most, along each axis."""
    scale: float = number(0.1, 0, 0.9)
    """Made larger or smaller by this part at most."""
    flips: Literal["none", "left-right", "all"] = "none"
    """Mirrored at random, for images in which a side means nothing."""
    brightness: float = number(0.1, 0, 1)
    """Made brighter or darker by at most this part of the window."""
    contrast: float = number(0.2, 0, 0.9)
    """Contrast raised or lowered by this part at most."""
    noise: float = number(0.02, 0, 1)
    """Standard deviation of the noise at most, as a part of the window."""


class NetworkParams(Params):
    """Networks and their training; what is blank is chosen by the kind of network, from the training images alone."""

    epochs: int | None = _chosen(1, 10_000)
    """Passes over the training images, at most."""
    batch: int | None = _chosen(2, 4096)
    """Images learned from at once."""
    learning_rate: float | None = _chosen(1e-6, 1.0)
    """Largest step of the optimiser (AdamW), reached after a short rise and then lowered to nothing."""
    weight_decay: float | None = _chosen(0, 10)
    """Pull of the weights towards zero."""
    dropout: float | None = _chosen(0, 0.95)
    """Part of the features left out at random before the last layers."""
    smoothing: float | None = _chosen(0, 0.5)
    """Part by which the truth is mixed with chance."""
    mixup: float | None = _chosen(0, 10)
    """Images are mixed in pairs by a share drawn from Beta(this, this); 0: not."""
    averaging: float | None = _chosen(0, 0.9999)
    """Weights are averaged over the last steps with this decay; 0: not."""
    pretraining: int | None = _chosen(0, 10_000)
    """Epochs in which each layer is prepared by itself, of kinds that do so."""
    members: int | None = _chosen(1, 100)
    """Networks trained apart, whose probabilities are averaged."""
    augment: Literal["chosen", "yes", "no"] = BLANK
    """Vary the images, or leave it to the kind of network."""
    augmentation: AugmentParams = Field(default_factory=AugmentParams)
    """How."""
    balance: bool = True
    """Let every class count the same, however many images it has."""
    patience: int = number(0, 0, 10_000, lowest="never")
    """Stop after so many epochs without a smaller loss on patients held back from the training, and take the best."""
    held_share: float = number(0.2, 0.05, 0.5)
    """Part of the patients held back for that."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """bfloat16: convolutions in half precision, faster where the processor has it."""
    wavelengths: Numbers = numbers(low=2, high=256)
    """Of the Gabor functions, in pixels; those that do not fit into the image are left out; empty: chosen by the matrix."""
    orientations: int = number(5, 1, 64)
    """Of the Gabor functions."""
    parts: int | None = _chosen(1, 64)
    """Parts along each axis of which the DL-CNN sees Gabor statistics; few for few images."""
    gabor: Literal["fixed", "learnable"] = "fixed"
    """Gabor functions as they are, or learned by their wavelength, orientation and standard deviation."""

    @property
    def front_stays(self) -> bool:
        """Whether images are the same in every epoch."""
        return self.augment != "yes" and not self.mixup
