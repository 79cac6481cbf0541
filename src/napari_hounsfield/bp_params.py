"""Parameters of the BP network and of its training."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self

from pydantic import model_validator

from .operation import Numbers, Params, number, numbers

MOST_LAYERS = 3
"""Hidden layers at most."""


class BPParams(Params):
    """The network and its training: Table 1 of the seed paper, with a little weight decay (`seed`: without; `live`: quick)."""

    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "seed": {"weight_decay": 0.0, "balance": False, "tolerance": 0.0},
        "live": {
            "hidden": (16.0,),
            "solver": "l-bfgs",
            "inputs": "better",
            "iterations": 25,
            "patience": 8,
            "weight_decay": 0.3,
            "tolerance": 1e-3,
        },
    }

    hidden: Numbers = numbers((32.0,), low=1, high=1024)
    """Units of each hidden layer, of one to three layers."""
    solver: Literal["adam", "l-bfgs"] = "adam"
    """How weights are found: Adam, as in Table 1, or L-BFGS, which needs a tenth of the time."""
    inputs: Literal["standardised", "decorrelated", "better"] = "standardised"
    """What L-BFGS trains on: each feature by itself; decorrelated, for faint textures; or the better on held-back strokes (each
    by itself where the position is a feature)."""
    iterations: int = number(2000, 1, 1_000_000)
    """Passes over all training samples; L-BFGS takes more of them where there are more than 2,000 samples."""
    patience: int = number(0, 0, 100_000)
    """Stop after so many passes without a smaller loss on the strokes held back, and take the best; 0: never."""
    learning_rate: float = number(0.02, 1e-6, 10.0)
    """Step of the Adam optimiser."""
    gain: float = number(1.0, 0.001, 100.0)
    """Initial weights are drawn uniformly within this times 0.5 / sqrt(inputs of the unit)."""
    weight_decay: float = number(0.05, 0.0, 1000.0)
    """Pull of the weights towards zero, shared by the samples: few samples are not learned by heart, many have their say."""
    balance: bool = True
    """Let every class count the same, however many samples it has."""
    tolerance: float = number(1e-4, 0.0, 1.0)
    """Stop early when the loss has fallen below this (L-BFGS: when a pass lowers it by less than this part)."""

    @model_validator(mode="after")
    def _one_to_three_layers(self) -> Self:
        if not 1 <= len(self.hidden) <= MOST_LAYERS:
            raise ValueError(f"hidden has {len(self.hidden)} layers, not one to {MOST_LAYERS}")
        return self
