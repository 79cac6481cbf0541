"""What the user is told: one notification, one line, no traceback."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from .worker import message_of


def complain(message: str) -> None:
    """Say why something was not done."""
    from napari.utils.notifications import show_error

    show_error(message)


def tell(message: str) -> None:
    """Say that something was done."""
    from napari.utils.notifications import show_info

    show_info(message)


def warn(lines: Iterable[str]) -> None:
    """Say what was corrected, assumed or left out: once, all of it together."""
    from napari.utils.notifications import show_warning

    if unique := list(dict.fromkeys(lines)):
        show_warning("\n".join(unique))


@contextmanager
def reported() -> Iterator[None]:
    """Turn any exception into one notification; for callbacks of buttons, where there is nobody to catch it."""
    try:
        yield
    except Exception as error:
        complain(message_of(error))
