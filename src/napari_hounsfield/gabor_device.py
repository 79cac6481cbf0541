"""Gabor filters on a GPU: the same spectra, transformed by torch."""

from __future__ import annotations

import sys
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from . import runtime
from .gabor_kernels import Plane
from .gabor_spectra import SpectralFilters
from .operation import Progress

if TYPE_CHECKING:
    from torch import Tensor

    from .gabor_bank import GaborParams

DEVICE_VOXELS = 2**26
"""Most voxels of all filters in one go: 0.5 GB of complex64, and about as much again for the transform."""


def gpu() -> str:
    """Name of the GPU to use, empty where there is none or the CPU was chosen. Torch is loaded only if there may be one."""
    chosen = runtime.chosen_device()
    if chosen == "cpu" or (chosen == "auto" and not _may_have_gpu()):
        return ""
    found = runtime.device()
    return "" if found == "cpu" else found


def _may_have_gpu() -> bool:
    """Whether the system shows a driver of a GPU that torch can use."""
    if sys.platform == "darwin":
        return True
    drivers = ("/dev/nvidia0", "/dev/dxg", "/dev/kfd", r"C:\Windows\System32\nvcuda.dll")
    return any(Path(driver).exists() for driver in drivers)


class DeviceFilters(SpectralFilters):
    """The filters of one wavelength in one plane (or space) on a device of torch."""

    def __init__(self, plane: Plane, shape: tuple[int, int, int], params: GaborParams, index: int, where: str) -> None:
        super().__init__(plane, shape, params, index)
        self.where = where
        self._stored: Tensor | None = None

    def stored(self) -> Generator[Progress, None, Tensor]:
        """Spectra (orientation, z, y, x) on the device."""
        import torch

        if self._stored is None:
            yield from self._prepare()
            host = np.stack([self._along_all_axes(spectrum) for spectrum in self.spectra])
            self._stored = torch.from_numpy(host).to(self.where)
            self.spectra = [host]  # no second copy, and not empty
        return self._stored

    def maps(self, piece: Tensor, stored: Tensor, block: tuple[slice, ...]) -> Tensor:
        """Maps (orientation, z, y, x) of one block, from the block with what lies around it (z, y, x).

        Parameters
        ----------
        piece
            float32, on the device.
        stored
            Spectra of some orientations.
        """
        import torch

        inner = (slice(None), *self.inner(block))
        axes = [a + 1 for a in self.axes]
        transform, inverse = (torch.fft.rfftn, torch.fft.irfftn) if self.real else (torch.fft.fftn, torch.fft.ifftn)
        answers: Tensor = inverse(transform(piece[None], self.padded, axes) * stored, self.padded, axes)[inner]
        return answers if self.real else answers.abs()

    def filter(
        self, array: NDArray[Any], out: NDArray[np.float32], first: int, last: int, planes: int, index: int
    ) -> Generator[Progress, None, None]:
        """Write the maps of slices `first` to `last` into `out` (all maps of the bank); this is plane `index` of `planes`."""
        import torch

        stored = yield from self.stored()
        blocks, orientations = list(self._blocks(array.shape, first, last)), len(self.params.orientations)
        pooled = self.params.pool != "none"
        start = self.index if pooled else (self.index * planes + index) * orientations
        together = max(1, DEVICE_VOXELS // stored[0].numel())
        for done, block in enumerate(blocks):
            into: tuple[slice, ...] = (slice(block[0].start - first, block[0].stop - first), *block[1:])
            piece = torch.from_numpy(self._piece(array, block)).to(self.where)
            for begin in range(0, orientations, together):
                maps = self.maps(piece, stored[begin : begin + together], block)
                if pooled:
                    joined = (maps.amax(0) if self.params.pool == "max" else maps.sum(0)).cpu().numpy()
                    self._pool(joined, out[start][into], orientations * planes, index == begin == 0)
                else:
                    there = out[start + begin : start + begin + len(maps)]
                    there[(slice(None), *into)] = maps.cpu().numpy()
                yield Progress((done + min(begin + together, orientations) / orientations) / len(blocks), "Gabor bank")
