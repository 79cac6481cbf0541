"""A recurrent network: an LSTM that reads an image row by row, or a volume slice by slice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .network_kind import NetworkKind, Shape
from .network_params import NetworkParams

if TYPE_CHECKING:
    from .network_layers import Network


class RowLSTM(NetworkKind):
    """An LSTM over rows, or slices."""

    name = "rnn"
    title = "RNN"
    volumes = True

    def build(self, shape: Shape, outputs: int, params: NetworkParams) -> Network:
        """Make a network."""
        from .network_layers import Network
        from .row_body import RowBody

        body = RowBody(shape, params.dropout or 0)
        return Network(body, body.width, outputs)

    def choose(self, shape: Shape, count: int) -> dict[str, Any]:
        """A training of the usual kind."""
        return {"learning_rate": 2e-3}
