"""Every input is read right or refused: the corpus."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from .corpus import TRAPS
from .judging import Found, same
from .running import judge, run
from .truth import Trap
from .writing import AXIAL, hu, pattern


@pytest.mark.parametrize("trap", TRAPS, ids=str)
def test_right_or_refused(trap: Trap, tmp_path: Path) -> None:
    truth = trap.build(tmp_path / "in")
    outcome, volumes = run(tmp_path / "in" / truth.input)
    assert judge(truth, outcome, volumes) == ""


def test_traps_are_the_same_at_every_run(tmp_path: Path) -> None:
    for trap in (TRAPS[0], next(trap for trap in TRAPS if trap.name == "two echoes")):
        written = []
        for name in ("first", "second"):
            trap.build(tmp_path / trap.name / name)
            written.append([path.read_bytes() for path in sorted((tmp_path / trap.name / name).iterdir())])
        assert written[0] == written[1]


class TestJudge:
    """The judge of other readers takes every way of storing the truth, and nothing else."""

    truth = hu(pattern())

    def test_takes_flips_and_permutations(self) -> None:
        step = np.array([[0, 0, -1, 5], [0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1.0]])
        turned = self.truth.array.transpose(2, 1, 0)[:, :, ::-1]
        assert same(self.truth, Found(turned, AXIAL.affine @ step))

    @pytest.mark.parametrize("axis", [0, 1, 2])
    def test_refuses_flips_that_the_affine_does_not_tell(self, axis: int) -> None:
        assert not same(self.truth, Found(np.flip(self.truth.array, axis), AXIAL.affine))

    def test_refuses_a_shift_of_a_tenth_of_a_millimetre(self) -> None:
        moved = AXIAL.affine.copy()
        moved[1, 3] += 0.1
        assert not same(self.truth, Found(self.truth.array, moved))

    def test_refuses_one_wrong_value(self) -> None:
        wrong = self.truth.array.copy()
        wrong[2, 3, 4] += 1
        assert not same(self.truth, Found(wrong, AXIAL.affine))


@pytest.mark.parametrize(
    "changed",
    [
        {"array": pattern()[::-1] - 1024.0},
        {"array": pattern()[:, :, ::-1] - 1024.0},
        {"array": pattern()[:5] - 1024.0},
        {"affine": AXIAL.affine + 0.002 * np.eye(4)[:, :1] * [0, 0, 0, 1]},
        {"unit": "stored value"},
        {"inverted": True},
    ],
    ids=["order", "flip", "slice", "place", "unit", "display"],
)
def test_this_package_is_held_to_the_truth(changed: dict, tmp_path: Path) -> None:
    truth = TRAPS[0].build(tmp_path)
    outcome, volumes = run(tmp_path)
    assert judge(truth, outcome, volumes) == ""
    assert judge(replace(truth, volumes=(replace(truth.volumes[0], **changed),)), outcome, volumes) != ""
    assert judge(replace(truth, must="refuse"), outcome, volumes) != ""
    assert judge(replace(truth, says=("gantry",)), outcome, volumes) != ""
