"""Which images are tested together: folds that keep patients together and classes in balance, frozen in a file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.errors import FormatError, ParameterError
from napari_hounsfield.formats.atomic import atomic_path

from .prepared import PreparedImages

LOCKED = -1
"""Fold of images that are scored once, at the end."""
KIND = "napari-hounsfield folds"


@dataclass(frozen=True, eq=False)
class Folds:
    """A fold for every image.

    Attributes
    ----------
    of
        Fold (n,) of each image, from 0; -1: locked.
    count
        How many folds there are.
    seed
        That they were dealt with; the locked part depends on none.
    table
        Digest of the rows that they were made for (`Preparation.table`); empty where they are of no table.
    """

    of: NDArray[np.int64]
    count: int
    seed: int
    table: str = ""

    @property
    def locked(self) -> NDArray[np.bool_]:
        """Which images (n,) are locked away."""
        locked: NDArray[np.bool_] = self.of == LOCKED
        return locked

    def split(self, fold: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Places of the images that are trained on, and tested, in a fold."""
        return np.flatnonzero((self.of != fold) & ~self.locked), np.flatnonzero(self.of == fold)

    def save(self, path: str | Path) -> None:
        """Write JSON, in place of an older file.

        Raises
        ------
        WriteError
            If it cannot be written.
        """
        record = {"kind": KIND, **asdict(self), "of": self.of.tolist()}
        with atomic_path(path, overwrite=True) as temporary:
            temporary.write_text(json.dumps(record) + "\n", encoding="utf-8")


def load_folds(path: str | Path, table: str = "") -> Folds:
    """Read frozen folds.

    Parameters
    ----------
    table
        Digest of the rows that they are wanted for; empty: whichever they are of.

    Raises
    ------
    FormatError
        If it is no such file, or they are the folds of another table.
    """
    path = Path(path)
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        if record.pop("kind") != KIND:
            raise ValueError
        folds = Folds(**record)
        folds = replace(folds, of=np.array(folds.of, np.int64))
        if folds.of.ndim != 1 or not np.isin(folds.of, np.arange(LOCKED, folds.count)).all():
            raise ValueError
    except OSError as error:
        raise FormatError(f"{path.name}: {(error.strerror or 'cannot be read').lower()}") from None
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
        raise FormatError(f"{path.name}: holds no folds, or is damaged") from None
    if table and folds.table != table:
        raise FormatError(f"{path.name}: the folds of another table, or of one that has changed since")
    return folds


def stratified_folds(
    targets: Sequence[int] | NDArray[Any],
    patients: Sequence[str] | NDArray[Any],
    count: int,
    seed: int,
    locked: float = 0.0,
    table: str = "",
) -> Folds:
    """Deal images to folds so that no patient is in two, and every fold has its share of each class.

    Parameters
    ----------
    targets
        Class (n,) of each image.
    patients
        Names (n,), or numbers, of the patients. Names decide who is locked away, whatever the order, seed and folds: give those
        of the table, not numbers in its order.
    locked
        Part of the patients, from 0 to less than 1, that is locked away: of each mix of classes those whose names have the
        lowest SHA-256.

    Raises
    ------
    ParameterError
        If there are fewer patients than folds, or a class has a single patient and is not to be had in training and test.
    """
    values = np.asarray(targets)
    names, of_patient = np.unique(np.asarray(patients, str), return_inverse=True)
    if count < 2 or not 0 <= locked < 1:
        raise ParameterError(f"folds: {count} folds with a part of {locked:g} locked; at least 2, and 0 to less than 1")
    content = _content(values, of_patient, len(names))
    away = _lowest(names, content, round(locked * len(names)))
    open_ = np.flatnonzero(~away)
    if len(open_) < count:
        raise ParameterError(f"folds: {count} folds of {len(open_)} patients; {max(len(open_), 2)} is the most here")
    having = (content[open_] > 0).sum(axis=0)
    if (having < 2).any():
        short = int(np.flatnonzero(having < 2)[0])
        raise ParameterError(f"folds: class {short + 1} of {len(having)} is of {having[short]} patients; it takes 2")
    fold = np.full(len(names), LOCKED, np.int64)
    fold[open_] = _dealt(content[open_], np.full(count, 1 / count), np.random.default_rng(seed))
    return Folds(fold[of_patient], count, seed, table)


def inner_split(images: PreparedImages, share: float, seed: int) -> NDArray[np.bool_]:
    """Which images (n,) to hold back from training, for early stopping and choices: whole patients, classes in balance.

    Every class has images on both sides where it is of two patients or more; nothing is held back of a single patient.

    Parameters
    ----------
    share
        Part to hold back, above 0 and below 1.
    """
    names, of_patient = np.unique(images.patients, return_inverse=True)
    if len(names) < 2:
        return np.zeros(len(images), bool)
    content = _content(images.targets, of_patient, len(names))
    held = _dealt(content, np.array([1 - share, share]), np.random.default_rng(seed)) == 1
    for side in (True, False):  # a class that is not on a side moves there with its smallest patient that others can spare
        for column in np.flatnonzero(content[held == side].sum(axis=0) == 0):
            left = content[held != side] > 0
            spare = np.array([(left.sum(axis=0) - (row > 0))[row > 0].all() for row in content])
            movable = np.flatnonzero((content[:, column] > 0) & (held != side) & spare)
            if len(movable):
                held[movable[content[movable].sum(axis=1).argmin()]] = side
    mask: NDArray[np.bool_] = held[of_patient]
    return mask


def _content(targets: NDArray[Any], of_patient: NDArray[np.intp], patients: int) -> NDArray[np.int64]:
    """How many images (patients, classes) of each class there are of each patient; classes that occur, in order."""
    classes, column = np.unique(targets, return_inverse=True)
    content = np.zeros((patients, len(classes)), np.int64)
    np.add.at(content, (of_patient, column), 1)
    return content


def _lowest(names: NDArray[Any], content: NDArray[np.int64], wanted: int) -> NDArray[np.bool_]:
    """So many patients, from each mix of classes its part, of the lowest hashes."""
    digests = np.array([hashlib.sha256(str(name).encode()).hexdigest() for name in names])
    _, mix = np.unique(content > 0, axis=0, return_inverse=True)
    rank = np.empty(len(names))
    for each in np.unique(mix):
        members = np.flatnonzero(mix.ravel() == each)
        rank[members[np.argsort(digests[members])]] = (np.arange(len(members)) + 0.5) / len(members)
    away = np.zeros(len(names), bool)
    away[np.lexsort((digests, rank))[:wanted]] = True
    return away


def _dealt(content: NDArray[np.int64], parts: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.int64]:
    """Deal patients (n, classes) to bins that are to hold `parts` of everything.

    The largest first, each to the bin where it raises the squared shares of the classes least: the sum of squares is least where
    every bin has its part of each class. Among equals the bin with the fewest images, then chance.
    """
    weight = content / content.sum(axis=0)
    order = random.permutation(len(content))
    order = order[np.argsort(-content[order].sum(axis=1), kind="stable")]
    shares = np.zeros((len(parts), content.shape[1]))
    sizes = np.zeros(len(parts))
    bins = np.empty(len(content), np.int64)
    for patient in order:
        rise = ((2 * shares + weight[patient]) * weight[patient]).sum(axis=1) / parts
        chosen = np.lexsort((random.random(len(parts)), sizes / parts, np.round(rise, 12)))[0]
        shares[chosen] += weight[patient]
        sizes[chosen] += content[patient].sum()
        bins[patient] = chosen
    return bins
