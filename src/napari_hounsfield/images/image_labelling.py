"""Labels given to images one after the other, as a reader does: forwards, backwards, undone, without knowing the names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np

from napari_hounsfield.errors import LabelError

from .labels_file import read_labels, write_labels
from .table import NOT_FIT, ImageEntry, ImageTable


class _Given(NamedTuple):
    """A label that was given: to which image, what it had before, and what it has now; -1 is not fit for use."""

    place: int
    before: int | None
    after: int | None


UNFIT = -1


class ImageLabelling:
    """A list of images, and the labels that they have been given.

    Parameters
    ----------
    images
        From `images_to_label`; labels that it holds are taken over.
    classes
        Names; blank: those of the labels.
    blind_seed
        None: images come in their order, under their names. A number: in an order shuffled by it, and nameless.

    Attributes
    ----------
    images
        As given.
    classes
        Names, in the order of their keys.
    place
        Of the current image, in the order in which images come.
    """

    def __init__(self, images: ImageTable, classes: Sequence[str] = (), blind_seed: int | None = None) -> None:
        self.images = images
        self.classes: tuple[str, ...] = ()
        self.place = 0
        self._labels: list[int | None] = [None] * len(images.entries)
        self._done: list[_Given] = []
        self._undone: list[_Given] = []
        self._order: list[int] = []
        self.set_blind(blind_seed)
        self.set_classes(classes)
        self._take({place: entry.label for place, entry in enumerate(images.entries) if entry.label})

    @classmethod
    def resumed(cls, images: ImageTable, path: str | Path, classes: Sequence[str] = (), blind_seed: int | None = None) -> Self:
        """Go on with the labels of a file that `save` wrote, at the first image without one.

        Raises
        ------
        FormatError
            If the file is of other images, or no table.
        """
        made = cls(images, classes, blind_seed)
        made._labels = [None] * len(images.entries)
        made._take(read_labels(path, images))
        made.next_unlabelled()
        return made

    def __len__(self) -> int:
        return len(self._labels)

    @property
    def blind(self) -> bool:
        """Whether names are not to be shown, and the order is shuffled."""
        return self._seed is not None

    @property
    def current(self) -> ImageEntry:
        """The image at hand."""
        return self.images.entries[self._order[self.place]]

    @property
    def upcoming(self) -> ImageEntry:
        """The image that comes next."""
        return self.images.entries[self._order[min(self.place + 1, len(self) - 1)]]

    @property
    def title(self) -> str:
        """What the image at hand is called: its file's name, or in blind mode its number."""
        return f"image {self.place + 1}" if self.blind else self.current.path.name

    @property
    def label(self) -> str:
        """Of the image at hand; empty where it has none."""
        return self._name(self._labels[self._order[self.place]])

    @property
    def labels(self) -> dict[int, str]:
        """Names by place in the table, of the images that have one."""
        return {place: self._name(label) for place, label in enumerate(self._labels) if label is not None}

    @property
    def labelled(self) -> int:
        """How many images have a label, or are not fit for use."""
        return len(self) - self._labels.count(None)

    @property
    def counts(self) -> dict[str, int]:
        """Images of each class, and last those not fit for use."""
        counted = Counter(self._labels)
        return {name: counted[place] for place, name in enumerate(self.classes)} | {NOT_FIT: counted[UNFIT]}

    def set_classes(self, names: Sequence[str]) -> None:
        """Name the classes anew.

        Names that stay keep their images, wherever they stand; where as many names are there as before, a new one in the place
        of one that is gone renames it.

        Raises
        ------
        LabelError
            If a name is blank, twice there, or `not fit for use`; or if a class that has images is gone.
        """
        names = [name.strip() for name in names]
        if not all(names) or len(set(names)) < len(names):
            raise LabelError("classes: each needs a name of its own")
        if NOT_FIT in names:
            raise LabelError(f"classes: {NOT_FIT!r} is what images are that belong to no class")
        place_of: dict[int | None, int | None] = {None: None, UNFIT: UNFIT}
        for place, name in enumerate(self.classes):
            if name in names:
                place_of[place] = names.index(name)
            elif len(names) == len(self.classes) and names[place] not in self.classes:
                place_of[place] = place
            elif place in self._labels:
                raise LabelError(f"classes: {name} has images; relabel them first")
        known = [given for given in self._done if given.before in place_of and given.after in place_of]
        self._done = [given._replace(before=place_of[given.before], after=place_of[given.after]) for given in known]
        self._undone = []
        self._labels = [place_of[label] for label in self._labels]
        self.classes = tuple(names)

    def set_blind(self, seed: int | None) -> None:
        """Shuffle the order by a seed and hide the names; None: the other way. The image at hand stays at hand."""
        at_hand = self._order[self.place] if self._order else None
        self._seed = seed
        count = len(self._labels)
        self._order = list(range(count)) if seed is None else np.random.default_rng(seed).permutation(count).tolist()
        self.place = 0 if at_hand is None or not self.labelled else self._order.index(at_hand)

    def give(self, label: int) -> None:
        """Give the image at hand a class by its place among them, and go on to the next image without a label.

        Raises
        ------
        LabelError
            If there is no such class.
        """
        if not 0 <= label < len(self.classes):
            raise LabelError(f"there is no class {label + 1}")
        self._give(label)

    def screen_out(self) -> None:
        """Put the image at hand aside as not fit for use, and go on to the next image without a label."""
        self._give(UNFIT)

    def clear(self) -> None:
        """Take the label of the image at hand away, and stay with it."""
        self._set(_Given(self._order[self.place], self._labels[self._order[self.place]], None))

    def go(self, step: int) -> None:
        """Go some images on, or back; no further than the ends."""
        self.place = min(max(self.place + step, 0), len(self) - 1)

    def next_unlabelled(self) -> bool:
        """Go on to the nearest image without a label, from the end to the beginning; False, and stay, where all have one."""
        for step in range(len(self)):
            place = (self.place + step) % len(self)
            if self._labels[self._order[place]] is None:
                self.place = place
                return True
        return False

    def undo(self) -> bool:
        """Take back what was given last, and go to its image; False where there is nothing to take back."""
        return self._move(self._done, self._undone, "before")

    def redo(self) -> bool:
        """Give again what was taken back last; False where there is nothing."""
        return self._move(self._undone, self._done, "after")

    def save(self, path: str | Path) -> Path:
        """Write `path,label,patient` of the images that have a label; those not fit for use are marked so.

        Raises
        ------
        WriteError
            If it cannot be written.
        """
        return write_labels(path, self.images, self.labels)

    def _give(self, label: int) -> None:
        here = self._order[self.place]
        self._set(_Given(here, self._labels[here], label))
        self.next_unlabelled()

    def _set(self, given: _Given) -> None:
        self._labels[given.place] = given.after
        self._done.append(given)
        self._undone.clear()

    def _move(self, source: list[_Given], target: list[_Given], which: str) -> bool:
        if not source:
            return False
        given = source.pop()
        target.append(given)
        self._labels[given.place] = getattr(given, which)
        self.place = self._order.index(given.place)
        return True

    def _name(self, label: int | None) -> str:
        return "" if label is None else NOT_FIT if label == UNFIT else self.classes[label]

    def _take(self, labels: dict[int, str]) -> None:
        """Take labels over; classes that are not known yet are added."""
        new = {*labels.values()} - {NOT_FIT, *self.classes}
        self.set_classes([*self.classes, *sorted(new)])
        for place, name in labels.items():
            self._labels[place] = UNFIT if name == NOT_FIT else self.classes.index(name)
