"""The body of the seed paper's network: Gabor maps and the image, convolutions, and the hidden layer of the BP network."""

from __future__ import annotations

import os
import torch
from torch import Tensor, nn

from .gabor_layer import GaborLayer
from .network_layers import BPHidden, convolution, halved, halving, normalisation, pooled, Dropout
from .network_params import NetworkParams

HIDDEN = 32
COARSE = 4
LARGE = 48
V = dict(kv.split("=") for kv in os.environ.get("V", "conv=flat").split(","))


class GaborBody(nn.Module):
    def __init__(self, shape: tuple[int, ...], params: NetworkParams) -> None:
        super().__init__()
        side = min(shape[-2:])
        stride = 2 if side >= LARGE else 1
        waves = [max(2.0, side * p) for p in (eval(V["waves"].replace("/", ",")) if "waves" in V else (3 / 64, 6 / 64, 12 / 64))]
        self.gabor = GaborLayer(waves, params.orientations, stride, params.gabor == "learnable")
        channels = self.gabor.channels + 1
        dimensions = len(shape)
        self.shrink = nn.AvgPool2d(stride, ceil_mode=True)
        self.norm = normalisation(dimensions, channels)
        C = [int(c) for c in V.get("ch", "32/48/64").split("/")]
        inputs = channels
        blocks = []
        for k, c in enumerate(C):
            if k == 0 and "pool0" in V:
                blocks += [nn.AvgPool2d(2)]
            blocks += [convolution(2, inputs, c), normalisation(2, c), nn.ReLU()]
            blocks += [nn.MaxPool2d(2)]
            if "cdrop" in V: blocks += [Drop2(float(V["cdrop"]))]
            inputs = c
        self.blocks = nn.Sequential(*blocks)
        self.mode = V["conv"]
        with torch.no_grad():
            n = self.found(torch.zeros(2, 1, *shape)).shape[1]
        self.bp = BPHidden(n, HIDDEN, params.dropout or 0)
        self.width = HIDDEN

    def found(self, images):
        g = self.gabor(images)
        raw = self.shrink(images)
        P = nn.functional.adaptive_avg_pool2d
        e = g.exp()
        mean = P(e, COARSE)
        sd = (P(e * e, COARSE) - mean * mean).clamp_min(1e-6).sqrt()
        out = []
        if "nocoarse" not in V:
            out += [mean.log().flatten(1), torch.log(sd + 0.01).flatten(1), P(raw, COARSE).flatten(1)]
        if self.mode != "none":
            maps = self.blocks(self.norm(torch.cat([g, raw], 1)))
            if self.mode == "flat":
                out += [nn.functional.adaptive_max_pool2d(maps, 4).flatten(1)]
            elif self.mode == "gap":
                out += [pooled(maps)]
            elif self.mode == "both":
                out += [nn.functional.adaptive_max_pool2d(maps, 4).flatten(1), pooled(maps)]
        return torch.cat(out, 1)

    def forward(self, images: Tensor) -> Tensor:
        return self.bp(self.found(images))

class Drop2(Dropout):
    def forward(self, x):
        if not self.training: return x
        k = torch.rand((x.shape[0], x.shape[1], 1, 1), generator=self.source) >= self.share
        return x * k / (1 - self.share)
