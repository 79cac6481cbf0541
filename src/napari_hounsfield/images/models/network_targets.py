"""What networks on whole images are trained towards: one sigmoid output a class, and binary cross-entropy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.images.prepared import PreparedImages

if TYPE_CHECKING:
    from torch import Generator, Tensor


def truth_of(targets: NDArray[np.int64], classes: int) -> NDArray[np.float32]:
    """Wanted outputs (n, classes); of two classes (n, 1)."""
    wanted = np.eye(classes, dtype=np.float32)[targets]
    return wanted[:, 1:] if classes == 2 else wanted


def weights_of(images: PreparedImages, balance: bool) -> NDArray[np.float32]:
    """Weight (n, 1) of each image, 1 in the mean: classes count the same, or images."""
    weight = np.ones((len(images), 1), np.float32)
    if balance:
        counts = np.bincount(images.targets, minlength=len(images.classes))
        weight[:, 0] = len(images) / (np.count_nonzero(counts) * counts[images.targets])
    return weight


def mixed(
    images: Tensor, wanted: Tensor, weight: Tensor, concentration: float, source: Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Images mixed in pairs, and what is wanted of them and their weight likewise (mixup; Zhang 2018, arXiv 1710.09412)."""
    import torch

    if not concentration:
        return images, wanted, weight
    seed = int(torch.randint(2**31, (1,), generator=source))
    share = torch.from_numpy(np.random.default_rng(seed).beta(concentration, concentration, (len(images), 1)).astype(np.float32))
    other = torch.randperm(len(images), generator=source)
    image_share = share.reshape(-1, *(1,) * (images.ndim - 1))
    images = torch.lerp(images[other], images, image_share)
    return images, torch.lerp(wanted[other], wanted, share), torch.lerp(weight[other], weight, share)


def loss_of(logits: Tensor, wanted: Tensor, weight: Tensor) -> Tensor:
    """Mean binary cross-entropy, summed over the outputs, of weighted images."""
    from torch.nn import functional

    each = functional.binary_cross_entropy_with_logits(logits, wanted, reduction="none").sum(1, keepdim=True)
    return (each * weight).mean()


def probabilities(logits: Tensor) -> Tensor:
    """Class probabilities (n, classes), summing to 1: sigmoids, normalised."""
    import torch

    outputs = torch.sigmoid(logits)
    if outputs.shape[1] == 1:
        return torch.cat([1 - outputs, outputs], dim=1)
    return outputs / outputs.sum(1, keepdim=True).clamp_min(torch.finfo(outputs.dtype).tiny)
