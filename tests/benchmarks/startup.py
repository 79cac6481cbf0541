"""Print start-up times against their budgets: `tox -e bench`. Nothing is asserted, since machines differ."""

from __future__ import annotations

import subprocess
import sys
import time

REPEATS = 7
BUDGETS = {
    "import napari_hounsfield": (50, ["-c", "import napari_hounsfield"]),
    "first nh.Volume": (150, ["-c", "import napari_hounsfield as nh; nh.Volume"]),
    "hounsfield --help": (400, ["-m", "napari_hounsfield", "--help"]),
}


def best(arguments: list[str]) -> float:
    """Shortest of several runs of a fresh interpreter, in ms: what the machine can do without its other work."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - start)
    return 1000 * min(times)


def main() -> None:
    """Print the table."""
    bare = best(["-c", "pass"])
    print(f"interpreter alone: {bare:.0f} ms (taken off below, except from --help, which users wait for whole)")
    for name, (budget, arguments) in BUDGETS.items():
        taken = best(arguments) - (0 if "--help" in arguments else bare)
        print(f"{name:28} {taken:6.0f} ms   budget {budget} ms   {'within' if taken <= budget else 'OVER'}")


if __name__ == "__main__":
    main()
