"""A long operation in a thread of its own: progress and result come back to the main thread, cancelling takes effect at once."""

from __future__ import annotations

import atexit
import time
from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass
from threading import Event
from typing import Any

from qtpy.QtCore import QTimer

from napari_hounsfield.errors import HounsfieldError
from napari_hounsfield.operation import Progress

Steps = Generator[Progress, None, Any]
SHOW_EVERY = 0.05
"""Seconds between two progress messages: more often than can be seen would only fill Qt's queue."""

PATIENCE = 1.0
"""Seconds that a job waits for the main thread to show what it has handed over."""


@dataclass(frozen=True)
class Failure:
    """Why an operation gave no result, in one line."""

    message: str


def message_of(error: BaseException) -> str:
    """One line for the user: what our own errors say; for others also their kind."""
    from pydantic import ValidationError

    if isinstance(error, ValidationError):
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        what = first["msg"].removeprefix("Value error, ")
        return f"{where}: {what}" if where else what
    if isinstance(error, MemoryError):
        return "not enough memory"
    text = " ".join(str(error).split())
    if isinstance(error, HounsfieldError | ValueError) and text:
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _work(steps: Steps, cancelled: Event, handled: Event, reports: bool) -> Generator[Progress, None, Any]:
    """Run `steps` and never raise: an exception in a worker ends the process under PyQt6.

    Where nobody looks at the progress it goes ahead. Else what it reports is waited for until it is shown: two threads at work
    at once would hold up the interface for much longer, since drawing gives the interpreter's lock away hundreds of times, and
    has to wait for it each time.
    """
    last = 0.0
    try:
        while not cancelled.is_set():
            progress = next(steps)
            if reports and ((now := time.monotonic()) - last >= SHOW_EVERY or progress.result is not None):
                last = now
                handled.clear()
                if cancelled.is_set():
                    break  # nobody will handle it
                yield progress
                handled.wait(PATIENCE)
    except StopIteration as stop:
        return stop.value
    except Exception as error:
        return Failure(message_of(error))
    finally:
        steps.close()
    return None


_running: set[Job] = set()
"""Qt holds no reference to a job, and nobody else needs to."""


@atexit.register
def _end_all() -> None:
    """End what runs when a script ends without an event loop.

    Qt's objects go with the interpreter, and a thread that tells them something then would abort the process.
    """
    if _running:
        from superqt.utils import WorkerBase

        for job in list(_running):
            job.cancel()
        WorkerBase.await_workers()


class Job:
    """One run of an operation.

    Parameters
    ----------
    steps
        The operation's generator; it is closed when the job is cancelled.
    done
        Called with the result, in the main thread.
    failed
        Called with one line.
    progressed
        Called with Progress now and then; None: nobody looks on, and a short job is done sooner.
    ended
        Called when the thread has closed the generator, however it came to that; a job that was cancelled may still tidy up.
    """

    def __init__(
        self,
        steps: Steps,
        done: Callable[[Any], None],
        failed: Callable[[str], None],
        progressed: Callable[[Progress], None] | None = None,
        ended: Callable[[], None] = lambda: None,
    ) -> None:
        from napari.qt.threading import create_worker
        from superqt.utils import GeneratorWorker  # napari's own would turn every warning of a dependency into a notification

        self._done, self._failed, self._progressed, self._ended = done, failed, progressed, ended
        self._cancelled, self._handled = Event(), Event()
        self._inbox: deque[tuple[Callable[[Any], None], Any]] = deque()
        self._delivering = False
        self.finished = False
        arguments = steps, self._cancelled, self._handled, progressed is not None
        self._worker = create_worker(_work, *arguments, _start_thread=False, _worker_class=GeneratorWorker)
        self._worker.yielded.connect(self._on_progress)
        self._worker.returned.connect(self._on_result)
        self._worker.finished.connect(self._on_end)
        _running.add(self)
        self._worker.start()

    def cancel(self, *_: Any) -> None:
        """Give up the result now; the thread ends at the operation's next step."""
        self._cancelled.set()
        self._handled.set()
        self.finished = True

    def _on_end(self) -> None:
        self.finished = True
        _running.discard(self)
        try:
            self._ended()
        except Exception as error:  # in a slot it would end the process
            self._failed(message_of(error))

    @property
    def cancelled(self) -> bool:
        """Whether the result was given up."""
        return self._cancelled.is_set()

    def _on_progress(self, progress: Progress) -> None:
        self._deliver(self._on_report, progress)

    def _on_report(self, progress: Progress) -> None:
        if self._progressed is not None:
            self._progressed(progress)
        QTimer.singleShot(1, self._handled.set)  # after what is to be drawn, which Qt keeps for last

    def _on_result(self, result: Any) -> None:
        self._deliver(self._on_finished, result)

    def _on_finished(self, result: Any) -> None:
        self.finished = True
        if isinstance(result, Failure):
            self._failed(result.message)
        else:
            self._done(result)

    def _deliver(self, receive: Callable[[Any], None], what: Any) -> None:
        """Hand on what came, one after the other: a receiver may process events, and more comes while it is at work.

        An exception in a slot would end the process, so it becomes one line.
        """
        self._inbox.append((receive, what))
        if self._delivering:
            return
        self._delivering = True
        try:
            while self._inbox and not self.cancelled:
                receive, what = self._inbox.popleft()
                receive(what)
        except Exception as error:
            self.cancel()
            self._failed(message_of(error))
        finally:
            self._delivering = False
