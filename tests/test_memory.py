"""How much memory was held at most: since it was asked to begin anew, where the system can."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from napari_hounsfield.memory import peak_memory, restart_peak

LARGE = 64 << 20


@pytest.mark.skipif(sys.platform == "win32", reason="the system does not tell")
def test_peak_sees_what_was_let_go():
    restart_peak()
    before = peak_memory()
    np.ones(LARGE, np.uint8).sum()
    assert peak_memory() > before + LARGE // 2


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux begins anew")
def test_peak_begins_anew():
    np.ones(LARGE, np.uint8).sum()
    high = peak_memory()
    restart_peak()
    assert peak_memory() < high - LARGE // 2
