"""The session itself: images, classes, strokes, features, classifier and one history, for scripts and for the viewer."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from psygnal import Signal

from napari_hounsfield.editing.delta import Delta
from napari_hounsfield.editing.editor import Edit, LabelEditor
from napari_hounsfield.editing.history import Change, History, Setting, Together
from napari_hounsfield.errors import GridError, LabelError, ModelError
from napari_hounsfield.feature_stack import FeatureEngine, FeatureParams, FeatureSource
from napari_hounsfield.operation import Progress, finish, part
from napari_hounsfield.pixels.classifier import PixelClassifier
from napari_hounsfield.pixels.train_params import TrainParams
from napari_hounsfield.volume import LabelMap, Segmentation, Volume

from . import classes as class_edits
from .classes import Classes
from .feature_cache import FeatureCache
from .images import SessionImage, blank
from .learning import learned
from .plane import LabelledPlane, labelled_plane
from .stroke_features import Painted, joined


class LabellingSession:
    """Paint classes on images, train on them, see what is recognised, undo any of it.

    Nothing here knows of a viewer: what takes long is a generator of Progress, `train_steps` for one, that can be followed and
    closed; the plain call, `train`, runs it to the end.

    Parameters
    ----------
    params
        Features and classifier; blanks are filled from the first image.
    cache
        Where features are kept.

    Attributes
    ----------
    images
        In the order in which they were added.
    history
        What can be undone: strokes, edits of classes, applied drafts, training.
    """

    changed = Signal(str)
    """What has changed: `images`, `classes`, `strokes`, `params` or `classifier`."""

    def __init__(self, params: TrainParams | None = None, cache: FeatureCache | None = None) -> None:
        self.images: list[SessionImage] = []
        self.history = History()
        self.cache = cache or FeatureCache()
        self.classes: Classes = ()
        self.params = params or TrainParams()
        self.classifier: PixelClassifier | None = None
        self._sources: dict[SessionImage, FeatureSource] = {}
        self.version = 0
        """Counts the classifiers that there have been."""
        self.warm = False
        """Whether the classifier depends on those before it, and not on strokes, parameters and seed alone."""
        self._edits = 0
        self._learned = -1

    # -- images

    def add(self, volume: Volume, strokes: LabelMap | LabelEditor | None = None) -> SessionImage:
        """Add an image.

        Parameters
        ----------
        volume
            One scalar image, of the unit and modality of the others; its spacing may differ, features are in mm.
        strokes
            To begin with, on the same grid; the array is edited in place. Numbers that are not classes yet become some. An
            editor of them takes on the session's history.

        Raises
        ------
        ModelError
            If its unit is not that of the others.
        GridError
            If the strokes lie on another grid.
        """
        volume.require_scalar()
        if self.images and volume.unit != self.images[0].volume.unit:
            ours = self.images[0].volume.unit or "unknown"
            raise ModelError(f"{volume.name or 'image'}: unit is {volume.unit or 'unknown'!r}, the session's is {ours!r}")
        labels = strokes.labels if isinstance(strokes, LabelEditor) else strokes or blank(volume, {})
        if labels.grid.shape != volume.grid.shape:
            raise GridError(f"{labels.name or 'strokes'}: grids differ: {labels.grid} against {volume.grid}")
        classes = self.classes
        for value in labels.values():
            if value and all(one.value != value for one in classes):
                classes = class_edits.added(classes, labels.class_name(value), value=value)
        editor = strokes if isinstance(strokes, LabelEditor) else LabelEditor(labels)
        editor.join(self.history)
        image = SessionImage(volume, editor)
        editor.changed.connect(self._on_edit)
        editor.classes_changed.connect(self._on_classes)
        self.images.append(image)
        self._set_classes(classes)
        self.changed.emit("images")
        return image

    def remove(self, image: SessionImage) -> None:
        """Let go of an image; what was learned from it stays in the classifier until the next training."""
        self.images.remove(image)
        image.editor.changed.disconnect(self._on_edit)
        image.editor.classes_changed.disconnect(self._on_classes)
        self._forget(image)
        self.history.drop(lambda change: isinstance(change, Edit) and change.editor is image.editor)
        self.changed.emit("images")

    # -- classes

    def add_class(self, name: str, colour: str = "") -> int:
        """Add a class and return its number.

        Raises
        ------
        LabelError
            If the name is taken.
        """
        before = self.classes
        self.set_classes(class_edits.added(before, name, colour), f"class {name}")
        return next(one.value for one in self.classes if one not in before)

    def set_classes(self, classes: Classes, title: str = "classes") -> None:
        """Replace names and colours, as an edit that can be undone."""
        self._do(title, self._classes_to(classes))

    def drop_class(self, value: int, into: int = 0) -> None:
        """Remove a class with its strokes, or give them to the class `into`.

        Raises
        ------
        LabelError
            If there is no such class.
        """
        old = class_edits.of_value(self.classes, value)
        title = f"remove {old.name}"
        if into:
            title = f"{old.name} becomes {class_edits.of_value(self.classes, into).name}"
        edits = [self._strokes_to(i, np.where(i.strokes.array == value, into, i.strokes.array), title) for i in self.images]
        self._do(title, *(edit for some in edits for edit in some), self._classes_to(class_edits.dropped(self.classes, value)))

    def _classes_to(self, classes: Classes) -> Setting:
        return Setting("classes", self._set_classes, self.classes, classes)

    def _set_classes(self, classes: Any) -> None:
        self.classes = classes
        self._edits += 1
        for image in self.images:
            image.editor.set_classes(class_edits.names(classes))
        self.changed.emit("classes")

    def _on_classes(self, names: dict[int, str]) -> None:
        """Classes that were edited where one image's strokes are shown are the session's."""
        if class_edits.names(self.classes) != {value: name for value, name in names.items() if value}:
            self._set_classes(class_edits.following(self.classes, names))

    # -- strokes

    def paint(self, image: SessionImage, where: ArrayLike, value: int) -> None:
        """Paint a mask (z, y, x) with a class; 0 erases.

        Raises
        ------
        LabelError
            If there is no such class.
        GridError
            If the mask has another shape than the image.
        """
        title = f"paint {class_edits.of_value(self.classes, value).name}" if value else "erase"
        mask, array = np.asarray(where, bool), image.strokes.array
        if mask.shape != array.shape:
            raise GridError(f"the mask has shape {mask.shape}, the image {array.shape}")
        self._do(title, *self._strokes_to(image, np.where(mask, value, array), title))

    def apply(self, image: SessionImage, draft: LabelMap) -> None:
        """Take labels up as strokes where nothing is painted yet; their classes are matched by name, and new ones added.

        Raises
        ------
        GridError
            If the labels do not lie on the image's grid.
        """
        array, strokes = draft.on(image.volume.grid).array, image.strokes.array
        numbers = np.zeros(int(array.max()) + 1, np.uint8)
        classes = self.classes
        for value in np.unique(array[array > 0]):
            name = draft.class_name(int(value))
            if all(one.name.casefold() != name.casefold() for one in classes):
                classes = class_edits.added(classes, name)
            numbers[value] = next(one.value for one in classes if one.name.casefold() == name.casefold())
        edits = self._strokes_to(image, np.where(strokes == 0, numbers[array], strokes), "draft")
        self._do("draft", self._classes_to(classes), *edits)

    def _strokes_to(self, image: SessionImage, after: NDArray[Any], title: str) -> list[Edit]:
        """What makes the strokes of an image these; nothing where they are so already."""
        before = image.strokes.array
        delta = Delta.between(before, after.astype(before.dtype, copy=False))
        return [] if delta is None else [Edit(title, delta, image.editor)]

    def _do(self, title: str, *changes: Change) -> None:
        """Do changes, as one that can be undone."""
        real = [change for change in changes if not isinstance(change, Setting) or change.before != change.after]
        if real:
            for change in real:
                finish(change.write(undo=False))
            self.history.add(Together(title, tuple(real)))

    def _on_edit(self, box: Any) -> None:
        self._edits += 1
        self.changed.emit("strokes")

    # -- features

    def set_params(self, params: TrainParams) -> None:
        """Choose other features or another classifier, as an edit that can be undone."""
        self._do("parameters", Setting("parameters", self._set_params, self.params, params))

    def _set_params(self, params: Any) -> None:
        if params.features != self.params.features:
            for image in self.images:
                self._forget(image)
        self.params = params
        self._edits += 1
        self.changed.emit("params")

    def resolved(self) -> TrainParams:
        """Parameters with their blanks filled from the first image; LabelError where there is none."""
        if not self.images:
            raise LabelError("the session has no image yet")
        return self.params.resolve(self.images[0].volume)

    def source(self, image: SessionImage) -> FeatureSource:
        """Where the features of an image come from."""
        if image not in self._sources:
            recipe: FeatureParams = self.resolved().features.resolve(image.volume)
            self._sources[image] = FeatureEngine(image.volume, recipe)
        return self._sources[image]

    def _forget(self, image: SessionImage) -> None:
        source = self._sources.pop(image, None)
        if source is not None:
            self.cache.forget(source)

    # -- learning and recognising

    def painted_steps(self) -> Generator[Progress, None, Painted]:
        """Features of everything that is painted."""
        images, found = list(self.images), []  # one may be removed meanwhile
        for done, image in enumerate(images):
            steps = image.features(self.source(image), self.cache).update(image.strokes.array)
            found.append((yield from part(steps, done / len(images), (done + 1) / len(images))))
        return joined(found, len(self.resolved().features.names))

    def train_steps(self, warm: bool = False) -> Generator[Progress, None, PixelClassifier]:
        """Train on what is painted.

        Parameters
        ----------
        warm
            Go on from the weights of the last training, which is quicker while one paints, and leave no trace in the history.
            Without it the result depends on strokes, parameters and seed alone.

        Raises
        ------
        LabelError
            If there is no image, or fewer than two classes are painted.
        """
        params, edits, first = self.resolved(), self._edits, self.images[0].volume
        painted = yield from part(self.painted_steps(), 0, 0.5)
        names = class_edits.names(self.classes)
        last = self.classifier if warm else None
        classifier = yield from part(learned(painted, names, params, first, last), 0.5, 1)
        before = self.classifier
        self.set_classifier(classifier)
        self._learned, self.warm = edits, last is not None
        if not warm:
            self.history.add(Setting("training", self.set_classifier, before, classifier, 100_000))
        return classifier

    @property
    def outdated(self) -> bool:
        """Whether something was edited since the last training."""
        return self._learned != self._edits

    def live_steps(self, image: SessionImage, z: int) -> Generator[Progress, None, LabelledPlane]:
        """Recognise one slice by what is painted now: trained first, and warm, if something was edited.

        Raises
        ------
        LabelError
            If fewer than two classes are painted.
        """
        if self.classifier is None or self.outdated:
            yield from part(self.train_steps(warm=True), 0, 0.7)
        return (yield from part(self.plane_steps(image, z), 0.7, 1))

    def train(self) -> PixelClassifier:
        """Train on what is painted; see `train_steps`."""
        return finish(self.train_steps())

    def set_classifier(self, classifier: Any) -> None:
        """Recognise by another classifier, without a trace in the history."""
        self.classifier = classifier
        self.version += 1
        self.warm = False
        self.changed.emit("classifier")

    def plane_steps(self, image: SessionImage, z: int) -> Generator[Progress, None, LabelledPlane]:
        """Recognise one slice; ModelError where nothing is trained yet."""
        classifier = self._trained()
        maps = yield from part(self.cache.plane(self.source(image), z), 0, 0.8)
        return (yield from part(labelled_plane(image.volume, classifier, maps, z), 0.8, 1))

    def segment_steps(self, image: SessionImage, probabilities: bool = False) -> Generator[Progress, None, Segmentation]:
        """Recognise a whole image, with its sureness; ModelError where nothing is trained yet."""
        from napari_hounsfield.pixels.recognition import SegmentParams, segment

        params = SegmentParams(probabilities=probabilities, sureness=True)
        return (yield from segment.steps(image.volume, self._trained(), params=params))

    def segment(self, image: SessionImage) -> Segmentation:
        """Recognise a whole image; see `segment_steps`."""
        return finish(self.segment_steps(image))

    def _trained(self) -> PixelClassifier:
        if self.classifier is None:
            raise ModelError("nothing is trained yet: paint two classes and train")
        return self.classifier

    # -- history

    def undo(self) -> None:
        """Take back what was done last."""
        finish(self.history.undo())

    def redo(self) -> None:
        """Do again what was taken back last."""
        finish(self.history.redo())
