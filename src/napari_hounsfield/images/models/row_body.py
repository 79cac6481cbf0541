"""The body of a recurrent network."""

from __future__ import annotations

from torch import Tensor, nn

from .network_layers import Dropout

HIDDEN = 64
"""Units of the LSTM."""
SLICE = 16
"""Rows and columns to which the slices of a volume are averaged before they are read."""


class RowBody(nn.Module):
    """Last state (n, HIDDEN) of an LSTM (Hochreiter and Schmidhuber 1997) that has read an image from top to bottom."""

    def __init__(self, shape: tuple[int, ...], dropout: float) -> None:
        super().__init__()
        self.lstm = nn.LSTM(shape[-1] if len(shape) == 2 else SLICE**2, HIDDEN, batch_first=True)
        self.dropout = Dropout(dropout)
        self.width = HIDDEN

    def forward(self, images: Tensor) -> Tensor:
        """Read the rows, or the slices."""
        rows = images[:, 0]
        if rows.ndim == 4:
            rows = nn.functional.adaptive_avg_pool2d(rows, SLICE).flatten(2)
        _, (state, _) = self.lstm(rows.contiguous())
        features: Tensor = self.dropout(state[0])
        return features
