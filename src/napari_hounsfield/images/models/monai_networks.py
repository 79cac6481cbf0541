"""MONAI's DenseNet and ResNet, without their last layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .network_kind import NetworkKind, Shape
from .network_params import NetworkParams

if TYPE_CHECKING:
    from .network_layers import Network


class _Monai(NetworkKind):
    """What both have in common."""

    volumes = True

    def choose(self, shape: Shape, count: int) -> dict[str, Any]:
        """A training with variations."""
        return {"augment": "yes", "weight_decay": 0.05, "batch": 16}


class DenseNet(_Monai):
    """DenseNet-121 (Huang 2017)."""

    name = "densenet"
    title = "DenseNet"

    def build(self, shape: Shape, outputs: int, params: NetworkParams) -> Network:
        """Make a network."""
        from monai.networks.nets.densenet import DenseNet121
        from torch import nn

        from .network_layers import Network

        body = DenseNet121(spatial_dims=len(shape), in_channels=1, out_channels=1)
        width = int(body.class_layers.get_submodule("out").get_parameter("weight").shape[1])
        body.class_layers.out = nn.Identity()
        return Network(body, width, outputs)


class ResNet(_Monai):
    """ResNet-18 (He 2016)."""

    name = "resnet"
    title = "ResNet"

    def build(self, shape: Shape, outputs: int, params: NetworkParams) -> Network:
        """Make a network."""
        from monai.networks.nets.resnet import resnet18
        from torch import nn

        from .network_layers import Network

        body = resnet18(spatial_dims=len(shape), n_input_channels=1, num_classes=1)
        width = int(body.get_submodule("fc").get_parameter("weight").shape[1])
        setattr(body, "fc", nn.Identity())  # noqa: B010 - MONAI says that it is linear or nothing
        return Network(body, width, outputs)
