"""Fuzz the readers of DICOM: `python -m tests.fuzzing --count 100000`, and `--index N` for one mutation again."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from pathlib import Path

from .judging import Corpus, judge, prepare
from .running import Report, run, scratch


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzzing", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="which mutations (default 1)")
    parser.add_argument("--count", type=int, default=100_000, help="how many (default 100000)")
    parser.add_argument("--start", type=int, default=0, help="number of the first (default 0)")
    parser.add_argument("--only", default="", help="start from the valid files whose names hold this")
    parser.add_argument("--documents", action="store_true", help="segmentations, structure sets and reports, not images")
    parser.add_argument("--processes", type=int, default=min(os.cpu_count() or 1, 8))
    parser.add_argument("--index", type=int, help="read the mutation of this number, with its traceback")
    parser.add_argument("--keep", type=Path, help="with --index: write the damaged file there")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that processes and files go, too
    corpus = Corpus(options.seed, options.only, options.documents)
    if options.index is not None:
        return _replay(corpus, options.index, options.keep)
    report = run(corpus, range(options.start, options.start + options.count), options.processes)
    _print(report, options.seed)
    return 1 if report.failures or report.done < options.count else 0


def _replay(corpus: Corpus, index: int, keep: Path | None) -> int:
    origin, mutation, data = corpus.mutation(index)
    print(f"{origin.name}: {', '.join(mutation.names)}; {len(data)} bytes")
    if keep:
        keep.write_bytes(data)
    with tempfile.TemporaryDirectory(dir=scratch()) as folder:
        prepare(Path(folder))
        print(judge(corpus, index, Path(folder)))
    return 0


def _print(report: Report, seed: int) -> None:
    print(
        f"{report.done} mutations in {report.seconds:.1f} s ({report.done / report.seconds:.0f} a second): "
        f"{report.read} volumes read, {report.refused} refused; memory grew by {report.grown / 2**20:.0f} MiB; "
        f"slowest {report.slowest[0]:.2f} s (index {report.slowest[1]})"
    )
    for name, count in report.printed.most_common():
        index, words = report.examples[name]
        print(f"printed on standard error: {count} of {name}, first index {index}: {words.strip()[:160]!r}")
    for index, what in report.failures:
        print(f"\nFAILED seed {seed} index {index}\n{what}")
    print(f"{len(report.failures)} failures")


if __name__ == "__main__":
    sys.exit(main())
