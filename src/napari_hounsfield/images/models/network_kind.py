"""Kinds of models that are networks: what they have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.errors import ModelError
from napari_hounsfield.images.prepared import PreparedImages
from napari_hounsfield.images.recipe import ImageRecipe
from napari_hounsfield.operation import Progress, part
from napari_hounsfield.runtime import device

from .batch_statistics import seen_steps
from .loss_point import LossPoint
from .model import ModelKind
from .network_model import NetworkModel
from .network_params import BLANK, NetworkParams
from .network_training import train_steps

if TYPE_CHECKING:
    from .network_layers import Network

Shape = tuple[int, ...]
"""Of an image (y, x), or a volume (z, y, x)."""
CHOSEN: dict[str, Any] = {
    "epochs": 40,
    "batch": 32,
    "learning_rate": 1e-3,
    "weight_decay": 0.01,
    "dropout": 0.0,
    "smoothing": 0.0,
    "mixup": 0.0,
    "averaging": 0.0,
    "members": 1,
    "augment": "no",
    "pretraining": 0,
    "wavelengths": (),
    "parts": 4,
}
"""What is chosen where a kind chooses nothing else: a plain training."""
SEEING = 0.3
"""Part of learning that the maps of a fixed front take."""


class NetworkKind(ModelKind):
    """A kind of networks: a subclass builds them and says how they are trained."""

    standardised: ClassVar[bool] = True
    """Whether networks see intensities standardised over the training images, or as they are."""

    @abstractmethod
    def build(self, shape: Shape, outputs: int, params: NetworkParams) -> Network:
        """Make a network for images of a shape; its first weights are drawn later, from the seed."""

    def choose(self, shape: Shape, count: int) -> dict[str, Any]:
        """What this kind chooses for parameters left blank, by the shape and number of the training images."""
        return {}

    def settings(self, params: NetworkParams, shape: Shape, count: int) -> NetworkParams:
        """The parameters with nothing left blank."""
        chosen = {**CHOSEN, **self.choose(shape, count)}
        return params.model_copy(
            update={name: value for name, value in chosen.items() if getattr(params, name) in (None, (), BLANK)}
        )

    def pretrain(
        self, network: Network, images: PreparedImages, params: NetworkParams, seed: int, message: str
    ) -> Generator[Progress, None, None]:
        """Prepare a network before its training: here not at all."""
        yield from ()

    def learn(self, images: PreparedImages, recipe: ImageRecipe, seed: int) -> Generator[Progress, None, NetworkModel]:
        """Train the network, or several apart."""
        yield Progress(0.0, self.title)  # torch takes a while to import
        import torch

        from .network_layers import initialise

        shape = images.array.shape[1:]
        params = self.settings(recipe.network, shape, len(images))
        members = int(params.members or 1)
        networks: list[Network] = []
        course: list[LossPoint] = []
        seen = None
        for member, own in enumerate(np.random.SeedSequence(seed).generate_state(members)):
            with torch.random.fork_rng(devices=[]):  # layers draw first weights when they are made
                network = self.build(shape, outputs_of(len(images.classes)), params)
            if self.standardised:
                network.standardise(images.array)
            initialise(network, torch.Generator().manual_seed(int(own)))
            message = f"{self.title}: {f'network {member + 1} of {members}, ' if members > 1 else ''}"
            yield from part(self.pretrain(network, images, params, int(own), message), member / members, member / members)
            network.to(device())
            if not networks and params.front_stays and not any(each.requires_grad for each in network.front.parameters()):
                seen = yield from part(seen_steps(network, images.array, message), 0, SEEING)
            begun = 0 if seen is None else SEEING
            start, stop = (begun + (1 - begun) * done / members for done in (member, member + 1))
            found = yield from part(train_steps(network, images, seen, params, int(own), message), start, stop)
            networks.append(network)
            course = course or found
        return NetworkModel(networks, shape, len(images), course)

    def rebuild(self, tensors: Mapping[str, NDArray[Any]], recipe: ImageRecipe, classes: int) -> NetworkModel:
        """Rebuild a trained network."""
        import torch

        count, *shape = NetworkModel.learned_from(tensors)
        params = self.settings(recipe.network, tuple(shape), count)
        members = 1 + max((int(name.partition(".")[0]) for name in tensors if name[:1].isdigit()), default=-1)
        if not 1 <= members <= 100:
            raise ModelError(f"the tensors are not those of {self.title}")
        with torch.random.fork_rng(devices=[]):
            networks = [self.build(tuple(shape), outputs_of(classes), params) for _ in range(members)]
        return NetworkModel.from_tensors(networks, tensors)


def outputs_of(classes: int) -> int:
    """Outputs of a network: one a class; for two classes a single one."""
    return 1 if classes == 2 else classes
