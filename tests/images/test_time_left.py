"""Time left: from the parts that are done, by model."""

from __future__ import annotations

import pytest

from napari_hounsfield.images.time_left import TimeLeft, in_words


def test_time_left_follows_from_what_parts_took():
    now = [0.0]
    clock = TimeLeft({"quick": 3, "slow": 2}, lambda: now[0])
    clock.begin()
    assert clock.seconds("quick", 0) is None
    now[0] = 1
    assert clock.seconds("quick", 0.5) == pytest.approx(1 + 2 * 2 + 2 * 2), "all take what this one will"
    now[0] = 2
    assert clock.done("quick") == 2
    for _ in range(2):
        clock.begin()
        now[0] += 2
        clock.done("quick")
    clock.begin()
    now[0] += 5
    assert clock.seconds("slow", 0.1) == pytest.approx(45 + 50)
    now[0] += 5
    clock.done("slow")
    clock.begin()
    assert clock.seconds("slow", 0) == pytest.approx(10)


def test_what_an_earlier_run_took_counts():
    clock = TimeLeft({"a": 1, "b": 1}, lambda: 0.0)
    clock.known("a", 30)
    clock.begin()
    assert clock.seconds("b", 0) is None or clock.seconds("b", 0) > 0
    assert clock.seconds("a", 0) == pytest.approx(60)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(None, ""), (0.2, "1 s left"), (42, "42 s left"), (720, "12 min left"), (7500, "2 h 5 min left")],
)
def test_words(seconds, said):
    assert in_words(seconds) == said
