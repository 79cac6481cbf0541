"""Running pieces of work in threads, one report a piece."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain, islice
from typing import TypeVar

from .runtime import threads

T = TypeVar("T")


def in_threads(tasks: Iterable[Callable[[], T]], most: int = 1024) -> Generator[T, None, None]:
    """Run tasks that mostly hold no lock of Python's in `most` threads at most, and yield their results in order.

    Only a few tasks are begun ahead, so that what they return stays little. When this is closed, those that have not begun are
    dropped and the others waited for. A single task runs where it is called for: a thread would cost more than it gives.
    """
    tasks = iter(tasks)
    first = list(islice(tasks, 2))
    if len(first) < 2:
        yield from (task() for task in first)
        return
    count = min(threads(), most)
    with ThreadPoolExecutor(count, thread_name_prefix="hounsfield") as pool:
        pending: deque[Future[T]] = deque()
        try:
            for task in chain(first, tasks):
                pending.append(pool.submit(task))
                if len(pending) > 2 * count:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()
