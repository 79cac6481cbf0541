"""The forward pass of a BP network: block by block in the cache, a thread a core, nothing copied."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .operation import Progress
from .runtime import device, threads

if TYPE_CHECKING:
    from torch import Tensor

    from .bp import BPNetwork

BLOCK = 8192
"""Voxels whose activations stay in the cache of a core."""
PREDICT_ROWS = 65536
"""Voxels recognised between two reports of progress."""
DEVICE_ROWS = 2**22
"""Voxels recognised in one go on a GPU."""


class Forward:
    """A network's layers on a torch device, with the standardisation of the inputs folded into the first.

    Columns, not rows, are voxels: maps of features (features, n) are used as they lie.
    """

    def __init__(self, network: BPNetwork, where: str) -> None:
        import torch

        first = network.weights[0].astype(np.float64) / network.scale
        shift = network.biases[0] - first @ network.mean.astype(np.float64)
        weights = [first.astype(np.float32), *network.weights[1:]]
        biases = [shift.astype(np.float32), *network.biases[1:]]
        self.classes = network.outputs
        self.layers = [
            (torch.from_numpy(w.copy()).to(where), torch.from_numpy(b[:, None].copy()).to(where))
            for w, b in zip(weights, biases, strict=True)
        ]

    def room(self, columns: int) -> list[Tensor]:
        """Arrays (units, columns) for the activations of each layer."""
        import torch

        return [torch.empty((len(weight), columns), device=weight.device) for weight, _ in self.layers]

    def __call__(self, values: Tensor, room: Sequence[Tensor] | None = None) -> Tensor:
        """Class probabilities (classes, n), summing to 1, of features (features, n)."""
        import torch

        for number, (weight, bias) in enumerate(self.layers):
            into = room[number][:, : values.shape[1]] if room else None
            values = torch.addmm(bias, weight, values, out=into).sigmoid_()
        if len(values) == 1:
            return torch.cat([1 - values, values])
        return values.div_(values.sum(0).clamp_min_(torch.finfo(values.dtype).tiny))


def forward_steps(network: BPNetwork, rows: NDArray[Any]) -> Generator[Progress, None, NDArray[np.float32]]:
    """Class probabilities of features (n, features), in steps.

    Parameters
    ----------
    rows
        Any strides and any floating type; the transpose of maps (features, n) costs least.

    Returns
    -------
    float32 (n, classes), the transpose of a C-contiguous array.
    """
    yield Progress(0.0, "BP network")  # torch takes a while to import
    import torch

    where = device()
    forward = Forward(network, where)
    out = np.empty((forward.classes, len(rows)), np.float32)
    if where != "cpu":
        for start in range(0, len(rows), DEVICE_ROWS):
            with torch.inference_mode():  # left before every report: it belongs to the thread
                found = forward(_columns(rows, start, DEVICE_ROWS).to(where))
                out[:, start : start + DEVICE_ROWS] = found.cpu().numpy()
            yield Progress(min(1.0, (start + DEVICE_ROWS) / len(rows)), "BP network")
        return out.T
    count = max(1, min(threads(), -(-len(rows) // BLOCK)))
    torch.set_num_threads(1)  # threads of torch would wait for each other at every layer
    rooms = [forward.room(BLOCK) for _ in range(count)]

    def some(worker: int, start: int, stop: int) -> None:
        with torch.inference_mode():
            for first in range(start + worker * BLOCK, stop, count * BLOCK):
                last = min(first + BLOCK, stop)
                out[:, first:last] = forward(_columns(rows, first, last - first), rooms[worker]).numpy()

    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(max(1, count - 1), thread_name_prefix="BP network") as pool:
        for start in range(0, len(rows), PREDICT_ROWS):
            stop = min(start + PREDICT_ROWS, len(rows))
            others = [pool.submit(some, worker, start, stop) for worker in range(1, count)]
            some(0, start, stop)
            for other in others:
                other.result()
            yield Progress(stop / len(rows), "BP network")
    return out.T


def _columns(rows: NDArray[Any], start: int, count: int) -> Tensor:
    """Features (features, count) of some voxels as float32; a view where they are that already."""
    import torch

    block = rows[start : start + count].T
    usable = block.dtype == np.float32 and block.flags.writeable and min(block.strides) > 0
    return torch.from_numpy(block if usable else np.array(block, np.float32))
