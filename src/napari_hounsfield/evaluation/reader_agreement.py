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

    def table(self) -> list[str]:
        """Lines of tables: each reader against the consensus, and each two readers."""
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
        return [*first, "", *text_table(("label", "name", "reader", "and", "dice", "kappa"), pairs)]
