"""Windows by name, for HU, SUV and everything else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_hounsfield.intensity import WINDOWS
from napari_hounsfield.window_presets import (
    CT,
    OTHERS,
    PET,
    SAMPLED,
    as_shown,
    level_and_width,
    limits_around,
    limits_of,
    presets_for,
    sample,
)

USUAL = {
    "lung": (-600, 1500), "mediastinum": (40, 400), "bone": (300, 1500), "brain": (40, 80), "liver": (30, 150),
    "abdomen": (50, 400), "angiography": (300, 600), "stroke": (40, 40), "subdural": (75, 200),
    "temporal bone": (600, 2800), "spine": (50, 250),
}  # fmt: skip


@pytest.mark.parametrize("name", USUAL)
def test_levels_and_widths_are_the_usual_ones(name: str) -> None:
    assert level_and_width(WINDOWS[name]) == USUAL[name]


def test_presets_are_those_of_the_unit() -> None:
    assert presets_for("HU") is CT
    assert presets_for("SUV") is PET
    assert presets_for("stored value") is presets_for("") is OTHERS
    assert {preset.name for preset in CT} == set(WINDOWS)


@given(st.floats(-1e4, 1e4), st.floats(0.01, 1e4))
def test_limits_and_level_and_width_say_the_same(level: float, width: float) -> None:
    assert level_and_width(limits_around(level, width)) == pytest.approx((level, width), abs=1e-9)


@pytest.mark.parametrize("shape", [(40, 300, 280), (3, 20, 128, 128), (1, 900, 800), (5, 4, 3)])
def test_percentiles_of_the_sample_are_those_of_the_image(shape: tuple[int, ...]) -> None:
    array = np.random.default_rng(0).gamma(2, 200, shape).astype(np.float32)
    lower, upper = limits_of(OTHERS[0], array)
    expected = np.percentile(array, (0.5, 99.5))
    assert (lower, upper) == pytest.approx(expected, abs=0.03 * (expected[1] - expected[0]))
    assert sample(array).size <= 4 * SAMPLED


def test_padding_and_what_is_no_number_are_left_out() -> None:
    array = np.full((4, 6, 6), -3024.0)
    array[:, 1:5, 1:5] = np.arange(64).reshape(4, 4, 4)
    array[0, 1, 1] = np.nan
    valid = array != -3024
    assert limits_of(OTHERS[1], array, valid) == (1, 63)


def test_images_without_contrast_get_a_window() -> None:
    assert limits_of(OTHERS[0], np.full((3, 3, 3), 7)) == (7, 8)
    assert limits_of(OTHERS[0], np.full((3, 3, 3), np.nan)) == (0, 1)


@pytest.mark.parametrize(
    ("value", "unit", "width", "expected"),
    [(40.4, "HU", 80, 40), (2.4567, "SUV", 5, 2.46), (0.123456, "", 0.5, 0.1235), (1234.5678, "stored value", 4000, 1235)],
)
def test_numbers_are_rounded_to_what_can_be_told_apart(value: float, unit: str, width: float, expected: float) -> None:
    assert as_shown(value, unit, width) == expected
