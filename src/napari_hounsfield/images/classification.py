"""What a classifier says of images."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from numpy.typing import NDArray

from napari_hounsfield.evaluation.text_table import text_table
from napari_hounsfield.operation import Params, Progress, number, operation, part
from napari_hounsfield.volume import Record, Volume

from .classifier import ImageClassifier
from .preparing import prepare, prepared
from .table import ImageTable

UNLIKE = "unlike the training images"

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, eq=False)
class ImageDecision:
    """What is said of one image.

    Attributes
    ----------
    row
        Of the table; of one image 1.
    label
        Name of the most probable class.
    probabilities
        Of each class, by name, summing to 1.
    unlikeness
        Distance to the nearest training images; above 1 is unusual among them (`Familiar.unlikeness`).
    nearest
        Row of the training table, class and distance of the nearest training images, the nearest first.
    """

    row: int
    label: str
    probabilities: dict[str, float]
    unlikeness: float
    nearest: tuple[tuple[int, str, float], ...]

    @property
    def unlike(self) -> bool:
        """Whether the image is unlike what the classifier knows, so that its label means little."""
        return self.unlikeness > 1

    @property
    def summary(self) -> str:
        """One line to show over the image."""
        text = f"{self.label} {self.probabilities[self.label]:.2f}"
        return f"{text}, {UNLIKE}" if self.unlike else text

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "row": self.row,
            "label": self.label,
            "probabilities": self.probabilities,
            "unlikeness": self.unlikeness,
            "unlike": self.unlike,
            "nearest": [{"row": row, "label": label, "distance": far} for row, label, far in self.nearest],
        }


@dataclass(frozen=True, eq=False)
class Classification:
    """What a classifier says of some images.

    Attributes
    ----------
    decisions
        In the order of the images.
    unreadable
        Row and reason of each image that could not be read.
    """

    decisions: tuple[ImageDecision, ...]
    unreadable: tuple[tuple[int, str], ...] = ()
    history: tuple[Record, ...] = ()

    def with_record(self, record: Record) -> Self:
        """The same, with how it came about."""
        return replace(self, history=(*self.history, record))

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        unreadable = [{"row": row, "reason": reason} for row, reason in self.unreadable]
        return {"images": [decision.to_json() for decision in self.decisions], "unreadable": unreadable}

    def rows(self) -> list[dict[str, Any]]:
        """A flat record an image."""
        return [
            {"row": each.row, "label": each.label}
            | {f"probability_{name}": value for name, value in each.probabilities.items()}
            | {"unlikeness": each.unlikeness}
            for each in self.decisions
        ]

    def table(self) -> list[str]:
        """Lines of a table."""
        rows = [
            [str(each.row), each.label, f"{each.probabilities[each.label]:.3f}", UNLIKE * each.unlike] for each in self.decisions
        ]
        lines = text_table(["image", "class", "probability", ""], rows)
        return [*lines, *(f"image {row}: not read: {reason}" for row, reason in self.unreadable)]


class ClassifyParams(Params):
    """How images are classified."""

    neighbours: int = number(5, 1, 50)
    """Nearest training images that are named."""


@operation("classify", ClassifyParams)
def classify(
    images: ImageTable | Volume, classifier: ImageClassifier, params: ClassifyParams
) -> Generator[Progress, None, Classification]:
    """Classify whole images, many by one loaded model.

    Parameters
    ----------
    images
        A list or table of images (`image_list`, `read_image_table`), or one volume.
    classifier
        What `train_images` gave, or `load_model` read.

    Raises
    ------
    FormatError
        If none can be read; otherwise those that cannot are listed.
    """
    recipe = classifier.recipe.prepare
    unreadable: tuple[tuple[int, str], ...] = ()
    if isinstance(images, Volume):
        array, rows = prepared(images, recipe)[None], [1]
    else:
        found = yield from part(prepare(images, recipe), 0, 0.4)
        array, rows, unreadable = found.images.array, [entry.row for entry in found.entries], found.unreadable
    probabilities = yield from part(classifier.model.steps(array), 0.4, 0.8)
    embeddings = yield from part(classifier.model.embedding_steps(array), 0.8, 1.0)
    return Classification(_decided(classifier, rows, probabilities, embeddings, params.neighbours), unreadable)


def _decided(
    classifier: ImageClassifier,
    rows: list[int],
    probabilities: NDArray[np.float32],
    embeddings: NDArray[np.float32],
    neighbours: int,
) -> tuple[ImageDecision, ...]:
    familiar, classes = classifier.familiar, classifier.classes
    places, distances = familiar.nearest(embeddings, neighbours)
    unlikeness = familiar.unlikeness(embeddings)
    return tuple(
        ImageDecision(
            row,
            classes[int(likely.argmax())],
            {name: float(value) for name, value in zip(classes, likely, strict=True)},
            float(unlike),
            tuple(
                (int(familiar.rows[place]), classes[int(familiar.targets[place])], float(far))
                for place, far in zip(near, away, strict=True)
            ),
        )
        for row, likely, unlike, near, away in zip(rows, probabilities, unlikeness, places, distances, strict=True)
    )
