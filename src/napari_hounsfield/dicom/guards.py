"""Keep what other libraries print or raise away from the user: their texts can hold patient data."""

from __future__ import annotations

import logging
import threading
import warnings
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from napari_hounsfield.errors import DicomError, HounsfieldError

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Silence:
    """Warnings and pydicom's log are off while at least one thread is inside."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.inside = 0
        self.undo = ExitStack()

    def enter(self) -> None:
        with self.lock:
            self.inside += 1
            if self.inside == 1:
                logger = logging.getLogger("pydicom")
                self.undo.enter_context(warnings.catch_warnings())
                self.undo.callback(setattr, logger, "disabled", logger.disabled)
                warnings.simplefilter("ignore")
                logger.disabled = True

    def leave(self) -> None:
        with self.lock:
            self.inside -= 1
            if not self.inside:
                self.undo.close()


_silence = _Silence()


@contextmanager
def quiet() -> Iterator[None]:
    """Silence pydicom's warnings and log, which print values of tags; may be nested, and entered from several threads."""
    _silence.enter()
    try:
        yield
    finally:
        _silence.leave()


@contextmanager
def typed(message: str) -> Iterator[None]:
    """Turn whatever is raised inside into a DicomError of `message`.

    Decoders raise anything, some of it not derived from Exception (the PanicException of Rust extensions). Only our own errors,
    and what asks the program to stop, pass unchanged. The original text is dropped: it may hold values of tags.
    """
    try:
        yield
    except (HounsfieldError, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:
        raise DicomError(f"{message} ({type(error).__name__})") from None
