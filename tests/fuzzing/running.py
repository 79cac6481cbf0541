"""Many mutations in a few processes, watched from outside: a crash or a hang is told by the number of its mutation."""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import multiprocessing
import os
import resource
import shutil
import signal
import tempfile
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from napari_hounsfield import runtime

from .judging import Corpus, judge, judge_valid, prepare

SLOWEST = 5.0
"""Seconds that one file may take."""
MEMORY = 512 * 2**20
"""Bytes that a process may grow by, resident, whatever files ask for."""
ADDRESSES = 8 * 2**30
"""Bytes of address space beyond those at its start: a request beyond fails, as it does on a small machine."""


@dataclass
class Report:
    """What a run found."""

    done: int = 0
    read: int = 0
    refused: int = 0
    seconds: float = 0.0
    grown: int = 0
    """Bytes by which the largest process grew."""
    slowest: tuple[float, int] = (0.0, -1)
    printed: Counter[str] = field(default_factory=Counter)
    """Mutations, by the valid file that they started from, at which something was printed on standard error."""
    examples: dict[str, tuple[int, str]] = field(default_factory=dict)
    """The first of them: its number, and what was printed."""
    failures: list[tuple[int, str]] = field(default_factory=list)
    """Number and what happened."""

    def add(self, other: Report) -> None:
        self.done += other.done
        self.read += other.read
        self.refused += other.refused
        self.grown = max(self.grown, other.grown)
        self.slowest = max(self.slowest, other.slowest)
        self.printed += other.printed
        self.examples = {**other.examples, **self.examples}
        self.failures += other.failures


@dataclass
class _Worker:
    process: Any
    reports: Connection
    now: Any
    """Number of the mutation at hand, in memory that both sides see."""
    stderr: Path
    seen: int = -1
    since: float = 0.0


def scratch() -> str | None:
    """Folder for many small files: in memory, where there is one."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def run(corpus: Corpus, indexes: range, processes: int) -> Report:
    """Read mutations in several processes."""
    report, begun = Report(), time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="hounsfield-fuzzing-", dir=scratch()))
    try:
        waiting = [indexes[at::processes] for at in range(processes)]
        workers = [_started(corpus, part, folder) for part in waiting if len(part)]
        while workers:
            time.sleep(0.1)
            for worker in list(workers):
                if _finished(worker, report):
                    workers.remove(worker)
                    rest = _rest(worker, indexes, processes)
                    if rest is not None and len(report.failures) < 100:
                        workers.append(_started(corpus, rest, folder))
    finally:
        shutil.rmtree(folder)
    report.seconds = time.monotonic() - begun
    report.failures.sort()
    return report


def _started(corpus: Corpus, indexes: range, folder: Path) -> _Worker:
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    now = context.RawValue("q", -1)
    own = Path(tempfile.mkdtemp(dir=folder))
    process = context.Process(target=_work, args=(corpus, indexes, own, theirs, now), daemon=True)
    process.start()
    theirs.close()
    return _Worker(process, ours, now, own / "stderr", since=time.monotonic())


def _finished(worker: _Worker, report: Report) -> bool:
    """Take what a process reports; end it where it hangs."""
    alive = worker.process.is_alive()
    with contextlib.suppress(EOFError):
        while worker.reports.poll():
            report.add(worker.reports.recv())
    if worker.now.value != worker.seen:
        worker.seen, worker.since = worker.now.value, time.monotonic()
    hangs = alive and time.monotonic() - worker.since > SLOWEST * 2  # so much again, for machines that do other things too
    if hangs:
        worker.process.kill() if worker.seen < 0 else os.kill(worker.process.pid, signal.SIGABRT)
        worker.process.join()
    if alive and not hangs:
        return False
    if worker.process.exitcode:
        what = "hang" if hangs else f"process ended by {worker.process.exitcode}"
        report.failures.append((worker.seen, f"{what}\n{_last_words(worker.stderr)}"))
    return True


def _last_words(stderr: Path) -> str:
    """Where a process was when it ended."""
    words = stderr.read_text(errors="replace")
    return words[max(words.rfind("Fatal Python error"), 0) :][:3000]


def _rest(worker: _Worker, indexes: range, processes: int) -> range | None:
    """What a process that crashed left undone."""
    if not worker.process.exitcode or worker.seen < 0:
        return None
    return range(worker.seen + processes, indexes.stop, processes)


def _work(corpus: Corpus, indexes: range, folder: Path, reports: Connection, now: Any) -> None:
    printed = os.open(folder / "stderr", os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(printed, 2)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    faulthandler.enable()
    runtime.configure(threads=1)
    prepare(folder)
    for seed in corpus.seeds:  # imports, and what libraries keep
        judge_valid(seed, folder)
    base = _peak()
    with open("/proc/self/statm") as stream:
        addresses = int(stream.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (addresses + ADDRESSES, addresses + ADDRESSES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    gc.freeze()
    gc.set_threshold(50_000)  # so many small objects are made that collecting them takes a third of the time
    report = Report()
    for count, index in enumerate(indexes, start=1):
        now.value = index
        _one(corpus, index, folder, base, report)
        if count % 100 == 0 or report.failures:
            reports.send(report)
            report = Report()
    reports.send(report)


def _one(corpus: Corpus, index: int, folder: Path, base: int, report: Report) -> None:
    before, silent, begun = _peak(), os.fstat(2).st_size, time.monotonic()
    try:
        outcome = judge(corpus, index, folder)
    except BaseException:  # whatever is not typed is a failure, an attempt to end the process too
        report.failures.append((index, traceback.format_exc()))
    else:
        report.read += outcome.read
        report.refused += outcome.refused
        if os.fstat(2).st_size != silent:
            report.printed[outcome.seed] += 1
            report.examples.setdefault(outcome.seed, (index, os.pread(2, 300, silent).decode(errors="replace")))
    seconds, peak = time.monotonic() - begun, _peak()
    report.done += 1
    report.grown = max(report.grown, peak - base)
    report.slowest = max(report.slowest, (seconds, index))
    if seconds > SLOWEST:
        report.failures.append((index, f"took {seconds:.1f} s"))
    if peak > before and peak - base > MEMORY:
        report.failures.append((index, f"memory grew by {(peak - base) / 2**20:.0f} MiB"))


def _peak() -> int:
    """Most bytes that this process ever had in memory."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
