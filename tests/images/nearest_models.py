"""Two quick kinds of models for tests of the protocol, and a study to compare them on."""

from __future__ import annotations

import sys
from types import ModuleType

import numpy as np
from PIL import Image

from napari_hounsfield.images.models.loss_point import LossPoint
from napari_hounsfield.images.models.model import ModelKind
from napari_hounsfield.images.models.registry import KINDS
from napari_hounsfield.operation import Progress


class Prototypes:
    """Images to be near to, each of a class."""

    def __init__(self, points, targets, classes, course=()):
        self.points, self.targets, self.classes, self.course = points, targets, classes, course

    def steps(self, array):
        out = np.zeros((len(array), self.classes))
        for place, image in enumerate(array.reshape(len(array), -1)):
            near = -((self.points - image) ** 2).sum(axis=1)
            for target in np.unique(self.targets):
                out[place, target] = near[self.targets == target].max()
            yield Progress(place / len(array))
        present = np.unique(self.targets)
        scores = np.exp(out[:, present] - out[:, present].max(axis=1, keepdims=True))
        out[:] = 0
        out[:, present] = scores / scores.sum(axis=1, keepdims=True)
        return out.astype(np.float32)

    def embedding_steps(self, array):
        yield Progress(0)
        return array.reshape(len(array), -1)

    def tensors(self):
        return {"points": self.points, "targets": self.targets}


class NearestMean(ModelKind):
    """The class whose mean image is nearest."""

    name, title, volumes = "nearest-mean", "Nearest mean", True

    def learn(self, images, recipe, seed):
        flat = images.array.reshape(len(images), -1).astype(np.float64)
        present = np.unique(images.targets)
        course = []
        for epoch in range(1, 4):
            yield Progress(epoch / 4, "epoch")
            course.append(LossPoint(epoch, 1 / epoch, 1.5 / epoch if epoch > 1 else None))
        means = np.stack([flat[images.targets == target].mean(axis=0) for target in present])
        return Prototypes(means, present, len(images.classes), course)

    def rebuild(self, tensors, recipe, classes):
        return Prototypes(tensors["points"], tensors["targets"], classes)


class NearestImage(NearestMean):
    """The class of the nearest image: it knows by heart what it has seen."""

    name, title, volumes = "nearest-image", "Nearest image", False

    def learn(self, images, recipe, seed):
        yield Progress(0.5)
        return Prototypes(images.array.reshape(len(images), -1).astype(np.float64), images.targets, len(images.classes))


def register(monkeypatch):
    """Put both into the registry."""
    module = ModuleType("napari_hounsfield.images.models._for_tests")
    for kind in (NearestMean, NearestImage):
        setattr(module, kind.__name__, kind)
        monkeypatch.setitem(KINDS, kind.name, f"_for_tests:{kind.__name__}")
    monkeypatch.setitem(sys.modules, module.__name__, module)


def write_study(folder, count=24, per_patient=1, classes=("healthy", "ill"), seed=0, strength=60):
    """Pictures that are brighter on the left by class, and their table; nothing in the table's words is to come out again."""
    random = np.random.default_rng(seed)
    lines = ["path,label,patient"]
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        label = (number // per_patient) % len(classes)
        picture = random.normal(80, 40, (10, 10))
        picture[:, :5] += strength * label
        Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8)).save(folder / f"smith-{number}.png")
        lines.append(f"smith-{number}.png,{classes[label]},John Smith {number // per_patient}")
    (folder / "table.csv").write_text("\n".join(lines) + "\n")
    return folder / "table.csv"
