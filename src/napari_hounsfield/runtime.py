"""Where and with how many threads things are computed: settings of this process, not parameters of a result."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal

from .errors import ParameterError

Device = Literal["auto", "cpu", "cuda", "mps"]


@dataclass
class _Settings:
    device: Device = "auto"
    threads: int = 0


_settings = _Settings()


def configure(device: Device = "auto", threads: int = 0) -> None:
    """Choose the device (`auto`: a GPU if there is one) and the number of threads (0: one a core).

    Raises
    ------
    ParameterError
        If the device is unknown or the number of threads is negative.
    """
    if device not in ("auto", "cpu", "cuda", "mps"):
        raise ParameterError(f"device {device!r} is none of auto, cpu, cuda, mps")
    if threads < 0:
        raise ParameterError(f"threads {threads}: 0 (one a core) or more")
    _settings.device, _settings.threads = device, threads


def threads() -> int:
    """Return the number of threads to compute with: the setting, or the cores that this process may use."""
    if _settings.threads:
        return _settings.threads
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def chosen_device() -> Device:
    """Return the device as it was chosen, without importing torch."""
    return _settings.device


def device() -> str:
    """Return the torch device to compute on.

    Raises
    ------
    ParameterError
        If the chosen device is not there.
    """
    import torch

    found = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if _settings.device == "auto":
        return next(name for name in ("cuda", "mps", "cpu") if found[name])
    if not found[_settings.device]:
        raise ParameterError(f"device {_settings.device!r} is not available on this machine")
    return _settings.device
