"""What takes long on a session in a viewer: generators of Progress, which are run beside the interface."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_hounsfield._napari.bridge import from_layer
from napari_hounsfield._napari.inputs import read_at
from napari_hounsfield.channels import Channels, aligned_steps
from napari_hounsfield.errors import HounsfieldError, LabelError
from napari_hounsfield.labelling.session_file import save_steps
from napari_hounsfield.operation import Progress, part
from napari_hounsfield.pixels.next_place import NextPlace
from napari_hounsfield.volume import LabelMap, Volume

if TYPE_CHECKING:
    from pathlib import Path

    from napari.components import ViewerModel
    from napari.layers import Layer

    from napari_hounsfield.labelling.session import LabellingSession

    from .bound import BoundImage


class Work:
    """Jobs on the image that is seen; what is at work on is known by the desk."""

    session: LabellingSession
    saved_edits = 0
    """Edits that the session had when it was last saved or opened."""

    @property
    def saved(self) -> bool:
        """Whether a file holds the session as it is now."""
        return self.session.edits == self.saved_edits

    @property
    def viewer(self) -> ViewerModel:
        """The viewer."""
        raise NotImplementedError

    def shown(self) -> BoundImage:
        """The image whose layers are looked at."""
        raise NotImplementedError

    def volume(self, layer: Layer, like: Layer | None = None) -> Volume:
        """Image of a layer, of a time series the point that is seen; HounsfieldError where it is none."""
        volume = read_at(layer, like, self.viewer.dims.current_step)
        if not isinstance(volume, Volume):
            raise HounsfieldError(f"{layer.name}: choose an image")
        return volume

    def align_steps(self, layer: Layer, further: Sequence[Layer], any_frame: bool) -> Generator[Progress, None, Channels]:
        """Put further images of a patient on the grid of the first.

        Raises
        ------
        HounsfieldError
            If an image lies elsewhere, or in another frame of reference unless `any_frame`.
        """
        return aligned_steps(self.volume(layer), [self.volume(one, layer) for one in further], any_frame=any_frame)

    def update_steps(self) -> Generator[Progress, None, tuple[BoundImage, Any, int]]:
        """Train from the beginning, and recognise the plane that is seen."""
        bound, at = self.shown(), self.shown().plane()
        yield from part(self.session.train_steps(), 0, 0.5)
        plane = yield from part(self.session.plane_steps(bound.image, at), 0.5, 1)
        return bound, plane, self.session.version

    def whole_steps(self) -> Generator[Progress, None, tuple[BoundImage, int]]:
        """Recognise the whole image that is seen, trained from the beginning where the last training was warm or is outdated."""
        bound = self.shown()
        if self.session.classifier is None or self.session.outdated or self.session.warm:
            yield from part(self.session.train_steps(), 0, 0.2)
        result = yield from part(self.session.segment_steps(bound.image), 0.2, 0.9)
        if bound.result is not None:
            yield from part(bound.write_steps(result), 0.9, 1)
        return bound, self.session.version

    def next_steps(self) -> Generator[Progress, None, tuple[BoundImage, NextPlace | None, int]]:
        """Where to paint next in the image that is seen, by this version of the classifier."""
        bound, version = self.shown(), self.session.version
        return bound, (yield from self.session.next_steps(bound.image)), version

    def map_steps(self, name: str) -> Generator[Progress, None, tuple[BoundImage, Volume]]:
        """The map of one feature in the plane that is seen."""
        bound, at = self.shown(), self.shown().plane()
        volume, source = bound.image.volume, self.session.source(bound.image)
        maps = yield from self.session.cache.cut(source, at)
        affine = volume.affine.copy()
        affine[:3, 3] += volume.affine[:3, at.axis] * at.index
        plane = maps[list(source.names).index(name)]
        low, high = (float(limit) for limit in np.percentile(plane, (0.5, 99.5)))
        array, window = np.expand_dims(plane, at.axis).copy(), (low, max(high, low + 1e-6))
        return bound, Volume(array, affine, frame_of_reference=volume.frame_of_reference, name=name, window=window)

    def apply_steps(self, labels: Layer) -> Generator[Progress, None, None]:
        """Take labels up as strokes of the image that is seen, where nothing is painted."""
        bound = self.shown()
        draft = from_layer(labels, bound.layer)
        if not isinstance(draft, LabelMap):
            raise LabelError(f"{labels.name}: choose a labels layer")
        yield Progress(0.1, "draft")
        self.session.apply(bound.image, draft)

    def save_steps(self, path: Path) -> Generator[Progress, None, Path]:
        """Write the session; an existing file is replaced."""
        edits = self.session.edits
        written = yield from save_steps(self.session, path, overwrite=True)
        self.saved_edits = edits
        return written
