"""Comparison of models by cross-validation: each learns from all folds but one and is asked about that one, fold by fold."""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.errors import LabelError, ParameterError
from napari_hounsfield.operation import Progress, operation, part

from .comparison import Comparison, cost_of, described, record_of
from .crossvalidate_params import CrossValidateParams
from .fold_learning import learned_outcomes
from .fold_store import FoldStore
from .folds import LOCKED, Folds, stratified_folds
from .models.registry import kind_of
from .near_duplicates import NearDuplicate, near_duplicates
from .prepared import PreparedImages
from .preparing import prepare
from .software import software
from .table import ImageTable

READ, LEARNED = 0.03, 0.98
"""Where reading ends, and where figures begin, as parts of the work."""
DEFAULTS = CrossValidateParams()


@operation("crossvalidate", CrossValidateParams)
def crossvalidate(
    table: ImageTable, store: FoldStore | None = None, params: CrossValidateParams = DEFAULTS
) -> Generator[Progress, None, Comparison]:
    """Compare models that recognise whole images, by cross-validation on the same folds.

    Folds have each class as the whole has it, and images of a patient stay together. Each model learns from the other folds
    alone: scaling, choices and early stopping too. Images that cannot be read are left out and listed; pairs of images that are
    nearly the same though they lie in different folds are listed. The same images, parameters, versions and machine: the same.

    Parameters
    ----------
    table
        From `read_image_table`.
    store
        A folder: what is finished is kept there, an interrupted comparison goes on from it, and record, cost and report are
        written to it.
    params
        Models, folds and recipe.

    Returns
    -------
    Comparison
        `record` is the content of `crossvalidation.json`.

    Raises
    ------
    LabelError
        If there is one class alone.
    ParameterError
        If there are fewer patients than folds, of a class or in all; if a model takes no volumes; if the folder was begun with
        other images, parameters or versions.
    FormatError, WriteError
        If no image can be read; if the folder is damaged or cannot be written to.
    """
    kinds = [kind_of(name) for name in params.model_names]
    if store is not None:
        store.check()
    versions = software()
    yield Progress(0, "reading images")
    prepared = yield from part(prepare(table, params.recipe.prepare), 0, READ)
    images = prepared.images
    check_classes(images)

    def made() -> Folds:
        patients = [entry.patient for entry in prepared.entries]  # by name: who is locked away depends on nothing else
        return stratified_folds(images.targets, patients, params.folds, params.seed, params.locked, prepared.table)

    about = {"table": prepared.table, "images": _digest(images.array), "parameters": described(params), "versions": versions}
    folds = made() if store is None else store.frozen(made, about)
    check_folds(images, folds, params)
    steps = learned_outcomes(images, kinds, folds, params.recipe, params.seed, store)
    outcomes = yield from part(steps, READ, LEARNED)
    alike = yield from part(near_duplicates(images), LEARNED, 0.985)
    titles = {kind.name: kind.title for kind in kinds}
    rows = [entry.row for entry in prepared.entries]
    counted = record_of(images, rows, folds, outcomes, titles, params.positive)
    record = yield from part(counted, 0.985, 0.995)
    record |= {
        "near_duplicates": across_folds(alike, rows, folds),
        "unreadable": [{"row": row, "reason": reason} for row, reason in prepared.unreadable],
        "notes": list(table.notes),
        "parameters": params.model_dump(mode="json"),
        "versions": versions,
    }
    comparison = Comparison(record, cost_of(outcomes, folds.count))
    if store is not None:
        yield from part(store.written(comparison), 0.995, 1)
    return comparison


def check_classes(images: PreparedImages) -> None:
    """Raise LabelError unless there are two classes, and all are known."""
    if unknown := int(np.count_nonzero(images.targets < 0)):
        raise LabelError(f"{unknown} images have no class; a comparison needs one of each")
    if len(np.unique(images.targets)) < 2:
        raise LabelError("all images that can be read are of one class; there is nothing to tell apart")


def check_folds(images: PreparedImages, folds: Folds, params: CrossValidateParams) -> None:
    """Raise ParameterError unless folds are of these images, none is empty, and every class is there to learn from."""
    if len(folds.of) != len(images):
        raise ParameterError(f"folds of {len(folds.of)} images are not those of {len(images)}")
    if folds.count != params.folds:
        raise ParameterError(f"folds: {folds.count} are frozen, and {params.folds} asked for")
    if folds.locked.any() != (params.locked > 0):
        raise ParameterError(f"locked: {np.count_nonzero(folds.locked)} images are locked away, and {params.locked:g} asked for")
    if len(np.unique(np.stack([images.patients, folds.of]), axis=1).T) > len(np.unique(images.patients)):
        raise ParameterError("folds: images of one patient lie in several of them")
    for fold in range(folds.count):
        if not (folds.of == fold).any():
            raise ParameterError(f"folds: fold {fold + 1} of {folds.count} has no image; ask for fewer")
        there = np.unique(images.targets[folds.split(fold)[0]])
        if len(there) < len(np.unique(images.targets)):
            raise ParameterError(f"folds: without fold {fold + 1} a class has no image left; it needs images of more patients")


def across_folds(pairs: Iterable[NearDuplicate], rows: Sequence[int], folds: Folds) -> list[dict[str, Any]]:
    """Pairs of images that lie in different folds, by their rows in the table; the locked part is no fold (None)."""

    def number(place: int) -> int | None:
        return None if folds.of[place] == LOCKED else int(folds.of[place]) + 1

    return [
        {
            "rows": [rows[pair.first], rows[pair.second]],
            "folds": [number(pair.first), number(pair.second)],
            "correlation": float(pair.correlation),
        }
        for pair in pairs
        if folds.of[pair.first] != folds.of[pair.second]
    ]


def _digest(array: NDArray[np.float32]) -> str:
    """Of what the models see."""
    found = hashlib.sha256(repr(array.shape).encode())
    for image in array:
        found.update(np.ascontiguousarray(image).data)
    return found.hexdigest()
