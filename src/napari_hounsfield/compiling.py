"""Functions compiled by numba, without Python's lock; imported only by modules that are imported when they are used."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., Any])


def compiled(signature: str, **options: Any) -> Callable[[F], F]:
    """Compile now, for arguments of these types; keep the result on disk where there is a place for it.

    Parameters
    ----------
    signature
        Types, as numba writes them.
    options
        Further options of `numba.njit`.
    """

    def decorate(function: F) -> F:
        made: Any
        try:
            made = numba.njit(signature, cache=True, nogil=True, error_model="numpy", **options)(function)
        except RuntimeError:  # no folder that can be written to
            made = numba.njit(signature, nogil=True, error_model="numpy", **options)(function)
        return cast("F", made)

    return decorate
