"""The training loop that all networks on whole images share."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_hounsfield.images.folds import inner_split
from napari_hounsfield.images.prepared import PreparedImages
from napari_hounsfield.operation import Progress
from napari_hounsfield.runtime import device, threads

from .augmentation import augmented
from .batch_statistics import settle_statistics
from .channels_last import laid_out
from .loss_point import LossPoint
from .network_params import NetworkParams
from .network_targets import loss_of, mixed, truth_of, weights_of
from .weight_average import WeightAverage

if TYPE_CHECKING:
    from torch import Tensor

    from .network_layers import Network

HELD_BATCH = 64
"""Held-back images between two reports."""
RISE = 0.1
"""Part of the steps in which the learning rate rises."""


def train_steps(
    network: Network, images: PreparedImages, seen: Tensor | None, params: NetworkParams, seed: int, message: str
) -> Generator[Progress, None, list[LossPoint]]:
    """Train a network in place, a batch between two reports.

    Parameters
    ----------
    network
        With its first weights, on the device.
    images
        To learn from; some of their patients are held back where there is patience.
    seen
        What the body of the network sees of them, where that stays the same; then the front is not run.
    params
        With nothing left blank.
    seed
        Of the order, the variations and the dropout; torch's global seed is not touched.
    message
        Before the epoch in the reports.

    Returns
    -------
    How the loss fell.
    """
    import torch

    from .network_layers import Dropout

    source = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if isinstance(module, Dropout):
            module.source = source
    where = device()
    inputs = torch.from_numpy(np.ascontiguousarray(images.array, np.float32))[:, None] if seen is None else seen
    truth = torch.from_numpy(truth_of(images.targets, len(images.classes)))
    held = torch.zeros(len(images), dtype=torch.bool)
    if params.patience:
        held = torch.from_numpy(inner_split(images, params.held_share, seed))
    aside = (inputs[held], truth[held])
    inputs, truth = inputs[~held], truth[~held]
    weight = torch.from_numpy(weights_of(images.some(~held.numpy()), params.balance))
    epochs, batch = int(params.epochs or 1), int(params.batch or 32)
    steps = max(1, len(inputs) // batch)
    optimiser = torch.optim.AdamW(_groups(network, params.weight_decay or 0), lr=params.learning_rate or 1e-3)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _rate(step / (epochs * steps)))
    average = WeightAverage(network, params.averaging or 0)
    course: list[LossPoint] = []
    best, best_loss, since = None, math.inf, 0
    for epoch in range(1, epochs + 1):
        total = 0.0
        for number, chosen in enumerate(torch.randperm(len(inputs), generator=source).tensor_split(steps)):
            torch.set_num_threads(threads())  # others may have changed it since the last report
            network.train()
            some = inputs[chosen]
            if params.augment == "yes":
                some = augmented(some, params.augmentation, source)
            some, wanted, counts = mixed(some, truth[chosen], weight[chosen], params.mixup or 0, source)
            wanted = wanted * (1 - (params.smoothing or 0)) + (params.smoothing or 0) / max(2, wanted.shape[1])
            with torch.autocast(torch.device(where).type, torch.bfloat16, enabled=params.precision == "bfloat16"):
                logits = _run(network, seen)(laid_out(some).to(where)).float()
            loss = loss_of(logits, wanted.to(where), counts.to(where))
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimiser.step()
            schedule.step()
            average.update()
            total += float(loss.detach()) * len(chosen)
            yield Progress((epoch - 1 + (number + 1) / steps) / epochs, f"{message}epoch {epoch} of {epochs}")
        held_loss = None
        if held.any():
            held_loss = yield from _held_loss(_run(average.network, seen), average.network, *aside, epoch / epochs, message)
            since = 0 if held_loss < best_loss else since + 1
            if not since:
                best, best_loss = average.state(), held_loss
        course.append(LossPoint(epoch, total / len(inputs), held_loss))
        if held.any() and since >= params.patience:
            break
    network.load_state_dict(best if best is not None else average.state())
    yield from settle_statistics(network, _run(network, seen), inputs, batch, message)
    return course


def _rate(progress: float) -> float:
    """The learning rate as a part of its largest: a short rise, then half a cosine down to nothing."""
    if progress < RISE:
        return 0.1 + 0.9 * progress / RISE
    return 0.5 + 0.5 * math.cos(math.pi * (progress - RISE) / (1 - RISE))


def _groups(network: Network, decay: float) -> list[dict[str, Any]]:
    """Parameters of the optimiser: biases, normalisations and Gabor functions are not pulled towards zero."""
    pulled = [weight for weight in network.parameters() if weight.ndim > 1]
    free = [weight for weight in network.parameters() if weight.ndim <= 1]
    return [{"params": pulled, "weight_decay": decay}, {"params": free, "weight_decay": 0.0}]


def _run(network: Network, seen: Tensor | None) -> Callable[[Tensor], Tensor]:
    """The network, or what of it comes after the front."""
    return network if seen is None else network.of_seen


def _held_loss(
    run: Callable[[Tensor], Tensor], network: Network, inputs: Tensor, truth: Tensor, fraction: float, message: str
) -> Generator[Progress, None, float]:
    """Mean loss of images held back."""
    import torch

    where, total = device(), 0.0
    network.eval()
    for some, wanted in zip(torch.split(inputs, HELD_BATCH), torch.split(truth, HELD_BATCH), strict=True):
        with torch.inference_mode():
            logits = run(laid_out(some).to(where)).float().cpu()
            total += float(loss_of(logits, wanted, torch.ones(len(some), 1))) * len(some)
        yield Progress(fraction, f"{message}held-back images")
    return total / len(inputs)
