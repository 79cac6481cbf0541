"""Undo and redo of changes of any kind, bounded in steps and memory."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Protocol

from psygnal import Signal

from napari_hounsfield.operation import Progress

MOST_STEPS = 100
MOST_BYTES = 500_000_000
Steps = Generator[Progress, None, None]


class Change(Protocol):
    """Something that was done and can be undone."""

    @property
    def title(self) -> str:
        """What was done, for a menu: `grow lung by 2 mm`."""

    @property
    def nbytes(self) -> int:
        """Bytes that remembering it takes."""

    def write(self, *, undo: bool) -> Steps:
        """Undo it, or do it again; what yields is only how far it is."""


@dataclass(frozen=True)
class Setting:
    """Change of something small: `apply` is called with what was before, or comes after."""

    title: str
    apply: Callable[[object], None]
    before: object
    after: object
    nbytes: int = 1000

    def write(self, *, undo: bool) -> Steps:
        """Apply one of the two."""
        self.apply(self.before if undo else self.after)
        yield Progress(1)


@dataclass(frozen=True)
class Together:
    """Several changes that are undone as one."""

    title: str
    changes: tuple[Change, ...]

    @property
    def nbytes(self) -> int:
        """Bytes of all."""
        return sum(change.nbytes for change in self.changes)

    def write(self, *, undo: bool) -> Steps:
        """Undo the last one first, or do all again in their order."""
        for change in reversed(self.changes) if undo else self.changes:
            yield from change.write(undo=undo)


class History:
    """What was done, newest last, and what was undone.

    The oldest changes are forgotten beyond `steps` of them or `bytes_` of memory; the newest is always kept.
    """

    changed = Signal()

    def __init__(self, steps: int = MOST_STEPS, bytes_: int = MOST_BYTES) -> None:
        self._steps, self._bytes = steps, bytes_
        self._done: list[Change] = []
        self._undone: list[Change] = []

    def add(self, change: Change) -> None:
        """Remember what has just been done; what was undone before can no longer be redone."""
        self._undone.clear()
        self._done.append(change)
        while len(self._done) > 1 and (len(self._done) > self._steps or self.nbytes > self._bytes):
            del self._done[0]
        self.changed.emit()

    def undo(self) -> Steps:
        """Undo the newest change; nothing where there is none."""
        yield from self._move(self._done, self._undone, undo=True)

    def redo(self) -> Steps:
        """Do again what was undone last; nothing where there is nothing."""
        yield from self._move(self._undone, self._done, undo=False)

    def _move(self, source: list[Change], target: list[Change], *, undo: bool) -> Steps:
        """Only a change that was written to its end moves: one that was given up halfway is simply written again."""
        if source:
            change = source[-1]
            yield from change.write(undo=undo)
            source.remove(change)
            target.append(change)
            self.changed.emit()

    def drop(self, unwanted: Callable[[Change], bool]) -> None:
        """Forget changes that are, or hold, an unwanted one: of something that is gone."""
        self._done = [change for change in self._done if not any(map(unwanted, _single(change)))]
        self._undone = [change for change in self._undone if not any(map(unwanted, _single(change)))]
        self.changed.emit()

    def taken(self) -> list[Change]:
        """Everything that can be undone, oldest first, which is then forgotten here."""
        done = self._done
        self._done, self._undone = [], []
        return done

    def clear(self) -> None:
        """Forget everything."""
        self._done.clear()
        self._undone.clear()
        self.changed.emit()

    @property
    def titles(self) -> tuple[str, ...]:
        """What can be undone, newest last."""
        return tuple(change.title for change in self._done)

    @property
    def undone_titles(self) -> tuple[str, ...]:
        """What can be redone, next one last."""
        return tuple(change.title for change in self._undone)

    @property
    def nbytes(self) -> int:
        """Bytes that all of it takes."""
        return sum(change.nbytes for change in (*self._done, *self._undone))


def _single(change: Change) -> Iterator[Change]:
    """A change, or those that it is made of."""
    if isinstance(change, Together):
        for one in change.changes:
            yield from _single(one)
    else:
        yield change
