"""The BP network: a small feed-forward network trained by back-propagation, after the seed paper."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from .bp_layers import Layers
from .errors import ModelError
from .operation import Numbers, Params, Progress, finish, number, numbers
from .runtime import device, threads

PREDICT_ROWS = 65536
"""Voxels predicted in one go."""
SMALL_WORK = 1_000_000
"""Samples times units under which one thread is fastest."""
REPORT_EVERY = 20
"""Iterations between looks at the loss."""
REPORT_AFTER = 0.1
"""Seconds after which progress is reported in any case."""


class BPParams(Params):
    """The network and its training: Table 1 of the seed paper, with a little weight decay (`seed`: without)."""

    presets: ClassVar[dict[str, dict[str, Any]]] = {"seed": {"weight_decay": 0.0, "balance": False, "tolerance": 0.0}}

    hidden: Numbers = numbers((32.0,), low=1, high=1024)
    """Units of each hidden layer."""
    iterations: int = number(2000, 1, 1_000_000)
    """Passes over all training samples."""
    learning_rate: float = number(0.02, 1e-6, 10.0)
    """Step of the Adam optimiser."""
    gain: float = number(1.0, 0.001, 100.0)
    """Initial weights are drawn uniformly within this times 0.5 / sqrt(inputs of the unit)."""
    weight_decay: float = number(0.05, 0.0, 1000.0)
    """Pull of the weights towards zero, shared by the samples: few samples are not learned by heart, many have their say."""
    balance: bool = True
    """Let every class count the same, however many samples it has."""
    tolerance: float = number(1e-4, 0.0, 1.0)
    """Stop before the last iteration when the loss has fallen below this."""


@dataclass(frozen=True, eq=False)
class BPNetwork:
    """A trained network: standardisation of its inputs, then layers of sigmoids.

    Attributes
    ----------
    mean, scale
        (features,) of the training samples; inputs are standardised by them.
    weights, biases
        One (outputs, inputs) and (outputs,) a layer. The last layer has one output a class; for two classes a single one.
    """

    mean: NDArray[np.float32]
    scale: NDArray[np.float32]
    weights: tuple[NDArray[np.float32], ...]
    biases: tuple[NDArray[np.float32], ...]

    @property
    def inputs(self) -> int:
        """Number of features."""
        return len(self.mean)

    @property
    def outputs(self) -> int:
        """Number of classes."""
        return max(2, len(self.biases[-1]))

    def probabilities(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Class probabilities (n, classes), summing to 1, of features (n, features)."""
        return finish(self.steps(rows))

    def steps(self, rows: NDArray[np.float32]) -> Generator[Progress, None, NDArray[np.float32]]:
        """Find the same as `probabilities`, in steps."""
        yield Progress(0.0, "BP network")  # torch takes a while to import
        import torch

        where = device()
        torch.set_num_threads(threads())
        layers = [
            (torch.from_numpy(w.T.copy()).to(where), torch.from_numpy(b.copy()).to(where))
            for w, b in zip(self.weights, self.biases, strict=True)
        ]
        mean, scale = torch.from_numpy(self.mean.copy()).to(where), torch.from_numpy(self.scale.copy()).to(where)
        out = np.empty((len(rows), self.outputs), np.float32)
        for start in range(0, len(rows), PREDICT_ROWS):
            with torch.inference_mode():  # left before every report: it belongs to the thread
                values = torch.from_numpy(np.ascontiguousarray(rows[start : start + PREDICT_ROWS])).to(where)
                values = (values - mean) / scale
                for weight, bias in layers:
                    values = torch.sigmoid(torch.addmm(bias, values, weight))
                out[start : start + PREDICT_ROWS] = _summing_to_one(values).cpu().numpy()
            yield Progress(min(1.0, (start + PREDICT_ROWS) / len(rows)), "BP network")
        return out

    def tensors(self) -> dict[str, NDArray[np.float32]]:
        """Everything to save, by name."""
        layers = {f"weight.{k}": w for k, w in enumerate(self.weights)} | {f"bias.{k}": b for k, b in enumerate(self.biases)}
        return {"mean": self.mean, "scale": self.scale, **layers}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, NDArray[Any]]) -> Self:
        """Rebuild a network from `tensors`.

        Raises
        ------
        ModelError
            If one is missing, or shapes do not fit together.
        """
        depth = sum(name.startswith("weight.") for name in tensors)
        names = {"mean", "scale", *(f"{part}.{k}" for part in ("weight", "bias") for k in range(depth))}
        if not depth or set(tensors) != names:
            raise ModelError("the tensors are not those of a BP network")
        mean, scale = tensors["mean"], tensors["scale"]
        width = len(mean) if mean.ndim == 1 else -1
        fits = scale.shape == mean.shape and bool((scale > 0).all())
        for k in range(depth):
            weight, bias = tensors[f"weight.{k}"], tensors[f"bias.{k}"]
            fits = fits and weight.ndim == 2 and bias.shape == weight.shape[:1] and weight.shape[1] == width
            width = weight.shape[0] if weight.ndim == 2 else -1
        if not fits:
            raise ModelError("the layers of the BP network do not fit together")
        return cls(mean, scale, *(tuple(tensors[f"{part}.{k}"] for k in range(depth)) for part in ("weight", "bias")))


def _summing_to_one(values: Any) -> Any:
    """Sigmoid outputs as probabilities of all classes."""
    import torch

    if values.shape[1] == 1:
        return torch.cat([1 - values, values], dim=1)
    return values / values.sum(dim=1, keepdim=True).clamp_min(torch.finfo(values.dtype).tiny)


def fit(
    rows: NDArray[np.float32], targets: NDArray[np.int64], count: int, params: BPParams, seed: int
) -> Generator[Progress, None, BPNetwork]:
    """Train a network on samples, full batch.

    Parameters
    ----------
    rows
        Features (n, features).
    targets
        Class index (n,) from 0 to count - 1.
    count
        Number of classes, at least 2.
    params
        Recipe.
    seed
        Of the initial weights.

    Returns
    -------
    BPNetwork

    References
    ----------
    Seed paper, section 3.1, Table 1: sigmoid, binary cross-entropy, Adam, learning rate 0.02, 2000 iterations. Its initial
    weight of 0.5 is read as the half-width of a uniform draw, divided by the square root of the inputs, so that sums
    over many inputs stay where a sigmoid answers.
    """
    yield Progress(0.0, "BP network")  # torch takes a while to import
    import torch

    where = device()
    mean = rows.mean(axis=0, dtype=np.float64).astype(np.float32)
    scale = rows.std(axis=0, dtype=np.float64).astype(np.float32)
    scale[scale < 1e-6] = 1.0
    outputs = 1 if count == 2 else count
    inputs = torch.from_numpy((rows - mean) / scale).to(where)
    wanted = torch.from_numpy(targets.copy()).to(where)
    truth = wanted[:, None].float() if outputs == 1 else torch.nn.functional.one_hot(wanted, count).float()
    weight = _class_weights(wanted, count, params.balance)[:, None]
    widths = [rows.shape[1], *(int(h) for h in params.hidden), outputs]
    layers = Layers(widths, params.gain, seed, where)
    # On few samples the threads would spend their time waiting for each other.
    torch.set_num_threads(threads() if len(rows) * max(widths) > SMALL_WORK else 1)
    yield Progress(0.0, "BP network")
    reported = monotonic()
    for iteration in range(params.iterations):
        layers.step(inputs, truth, weight, params.learning_rate, params.weight_decay / len(rows))
        looking = iteration % REPORT_EVERY == 0
        if looking:
            loss = layers.loss(truth, weight)
        if looking or monotonic() - reported > REPORT_AFTER:
            yield Progress((iteration + 1) / params.iterations, f"BP network, loss {loss:.4f}")
            reported = monotonic()
        if looking and loss < params.tolerance:
            break
    return BPNetwork(
        mean,
        scale,
        tuple(np.ascontiguousarray(w.cpu().numpy().T) for w in layers.weights),
        tuple(b.cpu().numpy().copy() for b in layers.biases),
    )


def _class_weights(wanted: Any, count: int, balance: bool) -> Any:
    """Weight of every sample; the mean is 1."""
    import torch

    if not balance:
        return torch.ones(len(wanted), device=wanted.device)
    sizes = torch.bincount(wanted, minlength=count).clamp_min(1).float()
    return (len(wanted) / (count * sizes))[wanted]
