"""An image of a session, with the strokes that are painted on it."""

from __future__ import annotations

import hashlib
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_hounsfield.channels import Channels, as_channels
from napari_hounsfield.components import slabs
from napari_hounsfield.editing.editor import LabelEditor
from napari_hounsfield.operation import Progress
from napari_hounsfield.volume import LabelMap, Record, Volume

from .stroke_features import StrokeFeatures

if TYPE_CHECKING:
    from napari_hounsfield.components import Box
    from napari_hounsfield.feature_stack import FeatureSource

    from .feature_cache import FeatureCache


class SessionImage:
    """An image, or several channels of a patient, its strokes, and the features of what is painted.

    Parameters
    ----------
    image
        One scalar image, or channels.
    editor
        Of the strokes, on the same grid.

    Attributes
    ----------
    drafts
        How the drafts that were taken up as strokes came about, the number of classes that was kept among it.
    """

    def __init__(self, image: Volume | Channels, editor: LabelEditor) -> None:
        self.channels = as_channels(image)
        self.editor = editor
        self.editor.changed.connect(self._outdate)
        self._features: StrokeFeatures | None = None
        self.drafts: tuple[Record, ...] = ()

    @property
    def volume(self) -> Volume:
        """The image that is painted on: of several channels the main one."""
        return self.channels.main

    @property
    def strokes(self) -> LabelMap:
        """What is painted: 0 is unlabelled."""
        return self.editor.labels

    def features(self, source: FeatureSource, cache: FeatureCache) -> StrokeFeatures:
        """Features of the strokes by a source, kept as long as the source is the same."""
        if self._features is None or self._features.source is not source:
            self._features = StrokeFeatures(source, cache)
        return self._features

    def set_drafts(self, drafts: Any) -> None:
        """Take on records of drafts."""
        self.drafts = drafts

    def _outdate(self, box: Box) -> None:
        if self._features is not None:
            self._features.outdate(box[0].start, box[0].stop)


def identity(volume: Volume) -> Generator[Progress, None, str]:
    """A pseudonym of an image, by its voxels and grid alone: the same wherever its files lie and whatever they are called."""
    digest = hashlib.sha256()
    digest.update(repr((volume.array.dtype.str, volume.array.shape, volume.unit)).encode())
    digest.update(np.round(volume.affine, 4).tobytes())
    for planes in slabs(volume.array.shape[-3:]):
        part = volume.array[..., planes, :, :]
        digest.update(np.ascontiguousarray(part).tobytes())
        yield Progress(planes.stop / volume.array.shape[-3], "identity")
    return digest.hexdigest()


def blank(volume: Volume, names: dict[int, str]) -> LabelMap:
    """Nothing painted yet, on the grid of an image."""
    return volume.label_map(np.zeros(volume.grid.shape, np.uint8), names)
