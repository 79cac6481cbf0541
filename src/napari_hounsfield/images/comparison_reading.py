"""A comparison of models from its folder."""

from __future__ import annotations

import json
from pathlib import Path

from napari_hounsfield.errors import FormatError

from .comparison import Comparison
from .crossvalidate_params import CrossValidateParams
from .fold_store import COST, RECORD, FoldStore

LARGEST = 256 * 2**20


def begun_params(folder: str | Path) -> CrossValidateParams | None:
    """Parameters that a comparison was begun with in a folder, its models those that have begun; None where none was begun.

    Raises
    ------
    FormatError
        If its files are damaged, or come from a version with other parameters.
    """
    store = FoldStore(folder)
    begun = store.begun()
    if begun is None:
        return None
    try:
        models = {"models": ",".join(store.models)} if store.models else {}
        return CrossValidateParams(**begun["parameters"], **models)
    except (KeyError, TypeError, ValueError):
        raise FormatError(f"{store.folder.name}: its parameters are not those of this version; choose another folder") from None


def read_comparison(folder: str | Path) -> Comparison:
    """Read what `crossvalidate` wrote to a folder.

    Raises
    ------
    FormatError
        If there is no finished comparison, or it is damaged.
    """
    folder = Path(folder)
    try:
        parts = []
        for name in (RECORD, COST):
            path = folder / name
            if path.stat().st_size > LARGEST:
                raise FormatError(f"{folder.name}: {name} is larger than any comparison")
            parts.append(json.loads(path.read_text(encoding="utf-8")))
        record, cost = parts
        if not all(isinstance(record[name], dict) for name in ("models", "parameters")) or not isinstance(
            record["classes"], list
        ):
            raise FormatError(f"{folder.name}: {RECORD} is no comparison")
    except OSError:
        raise FormatError(f"{folder.name}: holds no finished comparison") from None
    except (ValueError, TypeError, KeyError, RecursionError):
        raise FormatError(f"{folder.name}: {RECORD} is no comparison") from None
    return Comparison(record, cost)
