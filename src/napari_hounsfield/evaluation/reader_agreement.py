"""What comes of comparing several readers: figures of each class, and tables of text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from itertools import combinations
from typing import Any

from napari_hounsfield.volume import LabelMap, Record

from .reader_kappa import Matrix
from .text_table import text_table

Value = float | None


@dataclass(frozen=True)
class ReaderClass:
    """One class: agreement on it, and each reader against the consensus. Lists are in the order of the readers."""

    label: int
    name: str
    voxels: tuple[int, ...]
    consensus_voxels: int
    dice: Matrix
    kappa: Matrix
    fleiss_kappa: Value
    sensitivity: tuple[Value, ...]
    specificity: tuple[Value, ...]
    iterations: int
    converged: bool
    reasons: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ReaderAgreement:
    """What several readers have in common.

    Attributes
    ----------
    kappa, fleiss_kappa
        Over all classes, background too; of each two readers, and of all.
    consensus
        The class that is most probable by STAPLE, where it is at least as probable as not.
    """

    names: tuple[str, ...]
    classes: tuple[ReaderClass, ...]
    kappa: Matrix
    fleiss_kappa: Value
    voxels: int
    consensus: LabelMap
    reasons: Mapping[str, str] = field(default_factory=dict)
    history: tuple[Record, ...] = field(default=(), repr=False)

    def with_record(self, record: Record) -> ReaderAgreement:
        """Return a copy whose history, and whose consensus's, ends with `record`."""
        return replace(self, history=(*self.history, record), consensus=self.consensus.with_record(record))

    def to_json(self) -> dict[str, Any]:
        """JSON-ready, without the consensus's voxels; null with an entry in `reasons` for what is undefined."""
        whole = {"kappa": self.kappa, "fleiss_kappa": self.fleiss_kappa, "voxels": self.voxels, "reasons": dict(self.reasons)}
        return {"readers": list(self.names), "classes": [asdict(c) for c in self.classes], **whole}

    def rows(self) -> list[dict[str, Any]]:
        """A flat record for each figure: of two readers, of a reader against the consensus, or of all."""
        pairs = list(combinations(range(len(self.names)), 2))
        rows = [self._row(None, "kappa", self.kappa[i][j], i, j) for i, j in pairs]
        rows.append(self._row(None, "fleiss_kappa", self.fleiss_kappa))
        for c in self.classes:
            for figure, matrix in (("dice", c.dice), ("kappa", c.kappa)):
                rows += [self._row(c, figure, matrix[i][j], i, j) for i, j in pairs]
            rows.append(self._row(c, "fleiss_kappa", c.fleiss_kappa))
            for figure, values in (("voxels", c.voxels), ("sensitivity", c.sensitivity), ("specificity", c.specificity)):
                rows += [self._row(c, figure, value, i) for i, value in enumerate(values)]
        return rows

    def _row(self, of: ReaderClass | None, figure: str, value: Value, *readers: int) -> dict[str, Any]:
        own = {"label": None, "name": "all classes"} if of is None else {"label": of.label, "name": of.name}
        names = dict(zip(("reader", "and"), (self.names[i] for i in readers), strict=False))
        return own | {"reader": "", "and": ""} | names | {"figure": figure, "value": value}

    def table(self) -> list[str]:
        """Lines of tables: each reader against the consensus, each two readers, and all of them."""
        alone = [
            [c.label, c.name, reader, c.voxels[i], c.sensitivity[i], c.specificity[i]]
            for c in self.classes
            for i, reader in enumerate(self.names)
        ]
        pairs = [
            [c.label, c.name, self.names[i], self.names[j], c.dice[i][j], c.kappa[i][j]]
            for c in self.classes
            for i, j in combinations(range(len(self.names)), 2)
        ]
        first = text_table(("label", "name", "reader", "voxels", "sensitivity", "specificity"), alone)
        every = combinations(range(len(self.names)), 2)
        overall = [["", "all classes", self.names[i], self.names[j], None, self.kappa[i][j]] for i, j in every]
        fleiss = [[c.label, c.name, c.fleiss_kappa] for c in self.classes]
        return [
            *first,
            "",
            *text_table(("label", "name", "reader", "and", "dice", "kappa"), [*pairs, *overall]),
            "",
            *text_table(("label", "name", "Fleiss kappa"), [*fleiss, ["", "all classes", self.fleiss_kappa]]),
        ]
