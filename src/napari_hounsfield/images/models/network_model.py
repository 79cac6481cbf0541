"""A trained network on whole images, or several whose probabilities are averaged."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.errors import ModelError
from napari_hounsfield.operation import Progress
from napari_hounsfield.runtime import device, threads

from .channels_last import laid_out
from .loss_point import LossPoint
from .network_targets import probabilities

if TYPE_CHECKING:
    from torch import Tensor

    from .network_layers import Network

PIXELS = 2**19
"""Pixels of the images between two reports."""
LARGEST = 4096
"""Pixels along an axis of an image at most."""
LEARNED = "learned_from"
"""Name of the tensor that holds the number and the shape of the training images."""


@dataclass(eq=False)
class NetworkModel:
    """Trained networks.

    Attributes
    ----------
    networks
        Each by itself; probabilities are averaged.
    shape
        Of images (y, x) or (z, y, x).
    count
        Of the training images.
    course
        How the loss of the first one fell.
    """

    networks: Sequence[Network]
    shape: tuple[int, ...]
    count: int
    course: Sequence[LossPoint] = ()

    def steps(self, array: NDArray[np.float32]) -> Generator[Progress, None, NDArray[np.float32]]:
        """Class probabilities (n, classes), summing to 1."""

        def found(images: Tensor) -> Tensor:
            import torch

            return torch.stack([probabilities(network(images).float()) for network in self.networks]).mean(0)

        return self._each(array, found)

    def embedding_steps(self, array: NDArray[np.float32]) -> Generator[Progress, None, NDArray[np.float32]]:
        """Features before the last layer (n, k), of all networks beside each other."""

        def found(images: Tensor) -> Tensor:
            import torch

            return torch.cat([network.embed(images).float() for network in self.networks], dim=1)

        return self._each(array, found)

    def _each(
        self, array: NDArray[np.float32], function: Callable[[Tensor], Tensor]
    ) -> Generator[Progress, None, NDArray[np.float32]]:
        """What a function finds of all images, in batches."""
        import torch

        if array.shape[1:] != self.shape:
            raise ModelError(f"the model is of images {_by(self.shape)}, not {_by(array.shape[1:])}")
        where = device()
        for network in self.networks:
            network.to(where).eval()
        size = max(1, PIXELS // int(np.prod(self.shape)))
        found = []
        for start in range(0, max(1, len(array)), size):
            torch.set_num_threads(threads())
            some = torch.from_numpy(np.array(array[start : start + size], np.float32))[:, None]
            with torch.inference_mode():
                found.append(function(laid_out(some).to(where)).cpu().numpy())
            yield Progress(min(1.0, (start + size) / max(1, len(array))), "Network")
        return np.concatenate(found)

    def tensors(self) -> dict[str, NDArray[Any]]:
        """Everything to save: number and shape of the training images, and each network's weights after its number."""
        kept: dict[str, NDArray[Any]] = {LEARNED: np.array([self.count, *self.shape], np.int64)}
        for number, network in enumerate(self.networks):
            for name, values in network.state_dict().items():
                kept[f"{number}.{name}"] = np.array(values.cpu().numpy(), order="C")
        return kept

    @staticmethod
    def learned_from(tensors: Mapping[str, NDArray[Any]]) -> tuple[int, ...]:
        """Number and shape (n, y, x) or (n, z, y, x) of the training images.

        Raises
        ------
        ModelError
            If they are not told.
        """
        told = tensors.get(LEARNED)
        if told is None or told.shape not in ((3,), (4,)) or not np.issubdtype(told.dtype, np.integer):
            raise ModelError("the tensors are not those of a network on images")
        count, *shape = (int(length) for length in told)
        if count < 1 or not all(1 <= length <= LARGEST for length in shape):
            raise ModelError(f"the network is of {count} images {_by(tuple(shape))}")
        return count, *shape

    @classmethod
    def from_tensors(cls, networks: Sequence[Network], tensors: Mapping[str, NDArray[Any]]) -> Self:
        """Fill networks, as they were built, from `tensors`.

        Raises
        ------
        ModelError
            If one is missing or too many, of another shape, or not finite.
        """
        import torch

        wanted = {f"{k}.{name}": values for k, network in enumerate(networks) for name, values in network.state_dict().items()}
        if set(tensors) != {LEARNED, *wanted}:
            raise ModelError("the tensors are not those of the network")
        for name, values in wanted.items():
            if tensors[name].shape != tuple(values.shape):
                raise ModelError(f"tensor {name} is {_by(tensors[name].shape)}, not {_by(tuple(values.shape))}")
            if not np.isfinite(tensors[name]).all():
                raise ModelError(f"tensor {name} holds values that are not finite")
            values.copy_(torch.from_numpy(np.array(tensors[name])))
        for network in networks:
            network.eval()
        count, *shape = cls.learned_from(tensors)
        return cls(networks, tuple(shape), count)


def _by(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) or "of no axis"
