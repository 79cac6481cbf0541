"""The session itself: what is painted, its features, and the classifier that learns it, for scripts and for the viewer."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

import numpy as np

from napari_hounsfield.channels import Channels
from napari_hounsfield.editing.editor import LabelEditor
from napari_hounsfield.editing.history import Setting
from napari_hounsfield.editing.near import Plane
from napari_hounsfield.errors import LabelError, ModelError
from napari_hounsfield.feature_stack import FeatureEngine, FeatureParams, FeatureSource
from napari_hounsfield.operation import Progress, finish, part
from napari_hounsfield.pixels.classifier import PixelClassifier
from napari_hounsfield.pixels.cross_validation import CrossValidation, ValidationParams, cross_validate
from napari_hounsfield.pixels.importance import Importance, ImportanceParams, importance
from napari_hounsfield.pixels.learning import PaintedSamples
from napari_hounsfield.pixels.next_place import NextPlace, next_place, plane_doubt
from napari_hounsfield.pixels.recognition import SegmentParams, channels_for, segment
from napari_hounsfield.pixels.train_params import TrainParams
from napari_hounsfield.results import Segmentation
from napari_hounsfield.volume import LabelMap, Volume

from . import classes as class_edits
from .feature_cache import FeatureCache
from .images import SessionImage
from .learning import WarmLearning, checked, learned, taken
from .painting import PaintedImages
from .plane import LabelledPlane, labelled_plane
from .stroke_features import joined

SOME = 20
"""Voxels of a class that libraries are tried on, whatever they hold."""


class LabellingSession(PaintedImages):
    """Paint classes on images, train on them, see what is recognised, undo any of it.

    Nothing here knows of a viewer: what takes long is a generator of Progress, `train_steps` for one, that can be followed and
    closed; the plain call, `train`, runs it to the end.

    Parameters
    ----------
    params
        Features and classifier; blanks are filled from the first image. None: the preset `live`.
    cache
        Where features are kept.

    Attributes
    ----------
    version
        Counts the classifiers that there have been.
    warm
        Whether the classifier depends on those before it, and not on strokes, parameters and seed alone.
    """

    def __init__(self, params: TrainParams | None = None, cache: FeatureCache | None = None) -> None:
        super().__init__()
        self.cache = cache or FeatureCache()
        self.params = params or TrainParams.from_preset("live")
        self.classifier: PixelClassifier | None = None
        self.version, self.warm = 0, False
        self._sources: dict[SessionImage, FeatureSource] = {}
        self._resolved: tuple[Channels, TrainParams, TrainParams] | None = None
        self._learned = -1
        self._warm = WarmLearning()

    def add(
        self, volume: Volume | Channels, strokes: LabelMap | LabelEditor | None = None, channels: Sequence[Volume] = ()
    ) -> SessionImage:
        """Add an image; see `PaintedImages.add`. A classifier of images that have all left goes where this is of another kind."""
        added = super().add(volume, strokes, channels)
        if self.classifier is not None:
            try:
                channels_for(self.classifier, added.channels)
            except ModelError:
                self.set_classifier(None)
        return added

    def remove(self, image: SessionImage) -> None:
        """Let go of an image; what was learned from it stays in the classifier until the next training."""
        self._forget(image)
        super().remove(image)

    def renew(self, image: SessionImage, volume: Volume) -> None:
        """Take on other voxels of an image, which was edited; GridError if they are of another shape."""
        self._forget(image)
        super().renew(image, volume)

    def set_params(self, params: TrainParams) -> None:
        """Choose other features or another classifier, as an edit that can be undone."""
        self._do("parameters", Setting("parameters", self._set_params, self.params, params))

    def _set_params(self, params: Any) -> None:
        if params.features != self.params.features:
            for image in self.images:
                self._forget(image)
        self.params = params
        self.edits += 1
        self.changed.emit("params")

    def resolved(self) -> TrainParams:
        """Parameters with their blanks filled from the first image; LabelError where there is none."""
        if not self.images:
            raise LabelError("the session has no image yet")
        channels = self.images[0].channels
        if self._resolved is None or self._resolved[0] is not channels or self._resolved[1] != self.params:
            self._resolved = channels, self.params, self.params.resolve(channels)  # windows of MR and PET take a while
        return self._resolved[2]

    def source(self, image: SessionImage) -> FeatureSource:
        """Where the features of an image come from."""
        if image not in self._sources:
            recipe: FeatureParams = self.resolved().needed.resolve(image.channels)
            self._sources[image] = FeatureEngine(image.channels, recipe)
        return self._sources[image]

    def _forget(self, image: SessionImage) -> None:
        source = self._sources.pop(image, None)
        if source is not None:
            self.cache.forget(source)

    # -- learning and recognising

    def prepare_steps(self, image: SessionImage, z: int) -> Generator[Progress, None, None]:
        """Do beforehand what the first stroke would wait for: libraries, and the features of a slice."""
        params = self.resolved()
        maps = yield from part(self.cache.plane(self.source(image), z), 0, 0.8)
        rows = maps.reshape(len(maps), -1)[:, : 2 * SOME].T.copy()
        values = np.repeat(np.array([1, 2], np.uint8), SOME)[: len(rows)]
        painted = taken(PaintedSamples(rows, values, values.astype(np.int64)), list(params.needed.names), params.kept)
        yield from part(learned(painted, {1: "one", 2: "other"}, params, image.volume), 0.8, 1)

    def painted_steps(self) -> Generator[Progress, None, PaintedSamples]:
        """What is painted, with the features that the classifier takes."""
        images, found = list(self.images), []  # one may be removed meanwhile
        for done, image in enumerate(images):
            steps = image.features(self.source(image), self.cache).update(image.strokes.array)
            found.append((yield from part(steps, done / len(images), (done + 1) / len(images))))
        params = self.resolved()
        return taken(joined(found, len(params.needed.names)), list(params.needed.names), params.kept)

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
        params, edits, first = self.resolved(), self.edits, self.images[0].volume
        painted = yield from part(self.painted_steps(), 0, 0.5)
        names = class_edits.names(self.classes)
        last = self.classifier if warm else None
        if last is None:
            steps = learned(painted, names, params, first)
        else:
            steps = self._warm.learned(painted, names, params, first, last)
        classifier = yield from part(steps, 0.5, 1)
        before = self.classifier
        self.set_classifier(classifier)
        self._learned, self.warm = edits, last is not None
        if not warm:
            self.history.add(Setting("training", self.set_classifier, before, classifier, 100_000))
        return classifier

    @property
    def usable(self) -> bool:
        """Whether there is a classifier that takes the features that are chosen now."""
        return self.classifier is not None and list(self.classifier.recipe.names) == list(self.resolved().needed.names)

    @property
    def outdated(self) -> bool:
        """Whether something was edited since the last training."""
        return self._learned != self.edits

    def live_steps(self, image: SessionImage, at: Plane | int) -> Generator[Progress, None, LabelledPlane]:
        """Recognise one plane, or the slice of a number, by what is painted now: trained first, warm, if something was edited.

        Raises
        ------
        LabelError
            If fewer than two classes are painted.
        """
        if self.classifier is None or self.outdated:
            yield from part(self.train_steps(warm=True), 0, 0.7)
        return (yield from part(self.plane_steps(image, at), 0.7, 1))

    def train(self) -> PixelClassifier:
        """Train on what is painted; see `train_steps`."""
        return finish(self.train_steps())

    def set_classifier(self, classifier: Any) -> None:
        """Recognise by another classifier, without a trace in the history."""
        self.classifier = classifier
        self.version += 1
        self.warm = False
        self.changed.emit("classifier")

    def resume(self, classifier: PixelClassifier | None, outdated: bool, warm: bool) -> None:
        """Take on the classifier of an earlier session, which was learned from what is painted now unless it is outdated."""
        self.set_classifier(classifier)
        self._learned, self.warm = -1 if outdated else self.edits, warm

    def plane_steps(self, image: SessionImage, at: Plane | int) -> Generator[Progress, None, LabelledPlane]:
        """Recognise one plane in any direction, or the slice of a number.

        A plane across the slices needs the features of all of them, which takes long at first (`FeatureCache.cut`).

        Raises
        ------
        ModelError
            If nothing is trained yet, or other features were chosen since.
        """
        classifier, at = self._trained(), Plane(0, at) if isinstance(at, int) else at
        if not self.usable:
            raise ModelError("other features were chosen since the last training: train again")
        maps = yield from part(self.cache.cut(self.source(image), at), 0, 0.8)
        return (yield from part(labelled_plane(image.channels.frame, classifier, maps, at), 0.8, 1))

    def segment_steps(
        self, image: SessionImage | Volume | Channels, probabilities: bool = False
    ) -> Generator[Progress, None, Segmentation]:
        """Recognise a whole image, of the session or not, with its sureness; ModelError where nothing is trained yet."""
        params = SegmentParams(probabilities=probabilities, sureness=True)
        channels = image.channels if isinstance(image, SessionImage) else image
        return (yield from segment.steps(channels, self._trained(), params=params))

    def segment(self, image: SessionImage | Volume | Channels) -> Segmentation:
        """Recognise a whole image; see `segment_steps`."""
        return finish(self.segment_steps(image))

    # -- what it is worth, and what would help

    def estimate_steps(self, validation: ValidationParams | None = None) -> Generator[Progress, None, CrossValidation]:
        """Figures on strokes that were left out in turn, never divided; LabelError where there are too few."""
        params = self.resolved()
        painted = yield from part(self.painted_steps(), 0, 0.3)
        names = checked(painted, class_edits.names(self.classes))
        return (yield from part(cross_validate(painted, names, params, validation), 0.3, 1))

    def importance_steps(self, how: ImportanceParams | None = None) -> Generator[Progress, None, Importance]:
        """What each feature is worth to the classifier; LabelError where too few strokes are painted."""
        params = self.resolved()
        painted = yield from part(self.painted_steps(), 0, 0.3)
        names = checked(painted, class_edits.names(self.classes))
        return (yield from part(importance(painted, names, params, how), 0.3, 1))

    def next_steps(self, image: SessionImage, most: int = 24) -> Generator[Progress, None, NextPlace | None]:
        """Where to paint next: a doubtful region of one of at most `most` slices, evenly spread; the same until more is painted.

        None where the classifier is sure of everything; ModelError where nothing is trained yet.
        """
        _, rows, columns = image.volume.spacing
        count = image.volume.grid.shape[0]
        slices = sorted({int(z) for z in np.linspace(0, count - 1, min(most, count))})
        seed, doubts = int(np.count_nonzero(image.strokes.array)), {}
        for done, z in enumerate(slices):
            plane = yield from part(self.plane_steps(image, z), done / len(slices), (done + 1) / len(slices))
            valid = None if image.channels.valid is None else image.channels.valid[z]
            doubts[z] = plane_doubt(plane.sureness, image.strokes.array[z] > 0, valid, (rows, columns), seed=seed + z)
        return next_place(doubts, seed)

    def _trained(self) -> PixelClassifier:
        if self.classifier is None:
            raise ModelError("nothing is trained yet: paint two classes and train")
        return self.classifier
