"""The training loop that all networks on whole images share."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_hounsfield.images.prepared import PreparedImages
from napari_hounsfield.operation import Progress
from napari_hounsfield.runtime import device, threads

from .augmentation import augmented
from .batch_statistics import seen_steps, settle_statistics
from .channels_last import laid_out
from .inner_split import inner_split
from .loss_point import LossPoint
from .network_params import NetworkParams
from .network_targets import loss_of, mixed, truth_of, weights_of
from .weight_average import WeightAverage

if TYPE_CHECKING:
    from .network_layers import Network

HELD_BATCH = 64
"""Held-back images between two reports."""
RISE = 0.1
"""Part of the steps in which the learning rate rises."""


def train_steps(
    network: Network, images: PreparedImages, params: NetworkParams, seed: int, message: str
) -> Generator[Progress, None, list[LossPoint]]:
    """Train a network in place, a batch between two reports.

    Parameters
    ----------
    network
        With its first weights.
    images
        To learn from; some of their patients are held back where there is patience.
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
    learned, held = images, None
    if params.patience:
        mask = inner_split(images, params.held_share, seed)
        if mask.any():
            learned, held = images.some(~mask), images.some(mask)
    where = device()
    inputs = torch.from_numpy(np.ascontiguousarray(learned.array, np.float32))[:, None]
    network.to(where)
    constant = not params.augment and not params.mixup and not any(each.requires_grad for each in network.front.parameters())
    if constant:
        inputs = yield from seen_steps(network, inputs, where, message)
    truth = torch.from_numpy(truth_of(learned.targets, len(images.classes)))
    weight = torch.from_numpy(weights_of(learned, params.balance))
    epochs, batch = int(params.epochs or 1), int(params.batch or 32)
    steps = max(1, len(learned) // batch)
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
            if params.augment:
                some = augmented(some, params.augmentation, source)
            some, wanted, counts = mixed(some, truth[chosen], weight[chosen], params.mixup or 0, source)
            wanted = wanted * (1 - (params.smoothing or 0)) + (params.smoothing or 0) / max(2, wanted.shape[1])
            with torch.autocast(torch.device(where).type, torch.bfloat16, enabled=params.precision == "bfloat16"):
                logits = (network.of_seen if constant else network)(laid_out(some).to(where)).float()
            loss = loss_of(logits, wanted.to(where), counts.to(where))
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimiser.step()
            schedule.step()
            average.update()
            total += float(loss.detach()) * len(chosen)
            yield Progress((epoch - 1 + (number + 1) / steps) / epochs, f"{message}epoch {epoch} of {epochs}")
        held_loss = None
        if held is not None:
            held_loss = yield from _held_loss(average.network, held, epoch / epochs, message)
            since = 0 if held_loss < best_loss else since + 1
            if not since:
                best, best_loss = average.state(), held_loss
        course.append(LossPoint(epoch, total / len(inputs), held_loss))
        if held is not None and since >= params.patience:
            break
    network.load_state_dict(best if best is not None else average.state())
    yield from settle_statistics(network, network.of_seen if constant else network, inputs, batch, message)
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


def _held_loss(network: Network, held: PreparedImages, fraction: float, message: str) -> Generator[Progress, None, float]:
    """Mean loss of images held back."""
    import torch

    where = device()
    truth, total = torch.from_numpy(truth_of(held.targets, len(held.classes))), 0.0
    network.eval()
    for start in range(0, len(held), HELD_BATCH):
        some = torch.from_numpy(np.ascontiguousarray(held.array[start : start + HELD_BATCH], np.float32))[:, None]
        with torch.inference_mode():
            logits = network(laid_out(some).to(where)).float()
            total += float(loss_of(logits, truth[start : start + HELD_BATCH].to(where), torch.ones(len(some), 1))) * len(some)
        yield Progress(fraction, f"{message}held-back images")
    return total / len(held)
