"""How images lie in memory for convolutions."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def laid_out(images: Tensor) -> Tensor:
    """Images (n, channels, y, x) or volumes with their channels last in memory, for convolutions; features as they are."""
    import torch

    if images.ndim < 4:
        return images
    return images.contiguous(memory_format=torch.channels_last_3d if images.ndim == 5 else torch.channels_last)
