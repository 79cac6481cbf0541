"""Length of a scale bar."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from napari_hounsfield._napari.views.scale_bar import bar_length, bar_text


@given(st.floats(1e-3, 1e4), st.floats(10, 5000))
def test_bar_is_round_and_as_long_as_fits(zoom: float, width: float) -> None:
    length = bar_length(zoom, width)
    assert length * zoom <= width * (1 + 1e-9)
    assert length * zoom > 0.4 * width * (1 - 1e-9)
    assert f"{length:e}"[:3] in ("1.0", "2.0", "5.0")


def test_text_is_short() -> None:
    assert [bar_text(bar_length(zoom, 100), "mm") for zoom in (1, 3, 70)] == ["100 mm", "20 mm", "1 mm"]
