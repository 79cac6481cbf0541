"""Images varied at random, a batch at a time: moved and turned, brighter or darker, and noisy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .network_params import AugmentParams

if TYPE_CHECKING:
    from torch import Generator, Tensor


def augmented(batch: Tensor, params: AugmentParams, source: Generator) -> Tensor:
    """Vary images (n, 1, y, x) or volumes (n, 1, z, y, x); nothing but `source` is drawn from.

    What comes in from beyond the border is the border's, continued. Intensities stay 0 to 1.
    """
    import torch
    from torch.nn import functional

    if params.rotation or params.shift or params.scale or params.flips != "none":
        grid = functional.affine_grid(_matrices(batch, params, source), list(batch.shape), align_corners=False)
        batch = functional.grid_sample(batch, grid, padding_mode="border", align_corners=False)
    each = (len(batch), *(1,) * (batch.ndim - 1))
    if params.contrast:
        middle = batch.mean(dim=tuple(range(1, batch.ndim)), keepdim=True)
        batch = middle + (batch - middle) * (1 + params.contrast * _either_way(each, source))
    if params.brightness:
        batch = batch + params.brightness * _either_way(each, source)
    if params.noise:
        strength = params.noise * torch.rand(each, generator=source)
        batch = batch + strength * torch.randn(batch.shape, generator=source)
    return batch.clamp(0, 1)


def _either_way(shape: tuple[int, ...], source: Generator) -> Tensor:
    """Uniform from -1 to 1."""
    import torch

    return torch.rand(shape, generator=source) * 2 - 1


def _matrices(batch: Tensor, params: AugmentParams, source: Generator) -> Tensor:
    """Affine matrices (n, axes, axes + 1), axes in the order x, y, (z), of images that span -1 to 1."""
    import torch

    count, axes = len(batch), batch.ndim - 2
    height, width = batch.shape[-2:]
    turn = torch.deg2rad(params.rotation * _either_way((count,), source))
    size = 1 + params.scale * _either_way((count,), source)
    matrix = torch.zeros(count, axes, axes + 1)
    matrix[:, 0, 0] = matrix[:, 1, 1] = turn.cos()
    matrix[:, 0, 1] = -turn.sin() * height / width
    matrix[:, 1, 0] = turn.sin() * width / height
    if axes == 3:
        matrix[:, 2, 2] = 1
    matrix /= size[:, None, None]
    matrix[:, :, -1] = 2 * params.shift * _either_way((count, axes), source)
    mirrored = {"none": 0, "left-right": 1, "all": axes}[params.flips]
    for axis in range(mirrored):
        matrix[:, :, axis] *= torch.where(torch.rand(count, 1, generator=source) < 0.5, -1, 1)
    return matrix
