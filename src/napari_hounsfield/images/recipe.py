"""Parameters of recognising whole images: how they are prepared, and how each kind of model learns."""

from __future__ import annotations

from pydantic import Field

from napari_hounsfield.operation import Params

from .models.network_params import NetworkParams
from .preparing import PrepareParams


class ImageRecipe(Params):
    """How images are prepared and learned; each kind of model takes what concerns it."""

    prepare: PrepareParams = Field(default_factory=PrepareParams)
    """What the models see of an image."""
    network: NetworkParams = Field(default_factory=NetworkParams)
    """Networks and their training."""
