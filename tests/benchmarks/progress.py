"""How long every operation computes between two reports of its progress, and to its end after Cancel: how soon it stops.

    python -m tests.benchmarks.progress [NAME ...]

Each is run once before, so that nothing is compiled or imported while it is timed. By the clock and by processor time: where
other programs have the machine, the second holds. A second process makes the surfaces, which only the clock sees.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from tests.operation_cases import CASES, fill_one_slice, make_chest

CLOCKS: tuple[Callable[[], float], ...] = (time.perf_counter, time.process_time)


def now() -> list[float]:
    """Seconds by each clock."""
    return [clock() for clock in CLOCKS]


def gaps(name: str) -> tuple[int, list[float], list[float]]:
    """Number of reports, and the longest time (s, by each clock) between two of them and from the middle one to the end."""
    data = make_chest()
    for _ in CASES[name](data, fill_one_slice(data)):
        pass
    steps, longest, reports, before = CASES[name](data, fill_one_slice(data)), [0.0, 0.0], 0, now()
    for reports, _ in enumerate(steps, 1):  # noqa: B007
        after = now()
        longest = [max(gap, b - a) for gap, a, b in zip(longest, before, after, strict=True)]
        before = after
    longest = [max(gap, b - a) for gap, a, b in zip(longest, before, now(), strict=True)]
    steps = CASES[name](data, fill_one_slice(data))
    for _ in range(reports // 2):
        next(steps)
    before = now()
    steps.close()
    return reports, longest, [b - a for a, b in zip(before, now(), strict=True)]


def main(names: list[str]) -> None:
    """Measure and print."""
    print(f"{'':24s} {'reports':>8s} {'longest, s':>11s} {'processor':>10s} {'ending, s':>10s} {'processor':>10s}")
    for name in names or CASES:
        reports, longest, ending = gaps(name)
        print(f"{name:24s} {reports:8d} {longest[0]:11.2f} {longest[1]:10.2f} {ending[0]:10.2f} {ending[1]:10.2f}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
