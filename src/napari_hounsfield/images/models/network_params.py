"""Parameters of training networks on whole images."""

from __future__ import annotations

from napari_hounsfield.operation import Params, number


class NetworkParams(Params):
    """Networks and their training."""

    epochs: int = number(40, 1, 10_000)
    """Passes over the training images, at most."""
