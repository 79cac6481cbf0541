"""Training and test samples from a draft: strokes over the surest voxels of each class, as a person could have painted them."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.errors import LabelError, ParameterError
from napari_hounsfield.operation import Numbers, Params, Progress, number, numbers, operation, part
from napari_hounsfield.results import Samples, Segmentation
from napari_hounsfield.volume import LabelMap

from .dabs import Dabs
from .holdout import Holdout

BRUSH_VOXELS = 5
"""Diameter of the brush where none is given."""
THRESHOLD_VALUES = 4_000_000
"""Of a class, that the threshold of sureness is found on."""


class SampleParams(Params):
    """How many voxels of each class, how sure, how wide a brush, and how many of them for the test."""

    per_class: Numbers = numbers((500,), unit="voxels", low=1, high=1_000_000)
    """Samples of each class, training and test together: one number for all, or one for each in the order of their labels."""
    surest: float = number(0.5, 0.001, 1.0)
    """Paint on this part of a class, the surest voxels."""
    brush: float = number(0.0, 0.0, 200.0, unit="mm")
    """Diameter of the brush in the slice; 0: five voxels; less than a voxel: single voxels."""
    test: float = number(0.25, 0.0, 0.9)
    """Part of the slices (of image blocks, where there are few slices) kept for the test."""
    seed: int = number(0, 0, 2**31 - 1)
    """Of the slices and places."""

    def resolve(self, *data: Any) -> Self:
        """Fill the brush from the voxel size."""
        labels = data[0].labels if isinstance(data[0], Segmentation) else data[0]
        return self.model_copy(update={"brush": self.brush or BRUSH_VOXELS * max(labels.spacing[1:])})


@operation("samples", SampleParams)
def samples(draft: Segmentation | LabelMap, params: SampleParams) -> Generator[Progress, None, Samples]:
    """Paint strokes on a draft, in a training and a test part that share no slice.

    Each stroke is a dab of a round brush on the surest voxels of a class, never beyond them; the dabs of a class are spread over
    the slices and over each slice. What comes of it are labels like painted ones, to be edited.

    Parameters
    ----------
    draft
        Draft labels; 0 is unlabelled. Without a sureness, the distance in mm to the border of the class stands for it, within
        the slice or along z.
    params
        How many, how sure, and how wide.

    Returns
    -------
    Samples
        A label map of the training samples, with `.test` on the same grid.

    Raises
    ------
    LabelError
        If the draft has fewer than two classes.
    ParameterError
        If there are neither one number of samples nor as many as classes.
    """
    labels = draft.labels if isinstance(draft, Segmentation) else draft
    sureness = draft.sureness if isinstance(draft, Segmentation) else None
    values = [int(v) for v in sorted({int(v) for plane in labels.array for v in np.unique(plane)}) if v > 0]
    if len(values) < 2:
        raise LabelError(f"{labels.name or 'draft'}: {len(values)} classes, samples need at least two")
    amounts = [round(amount) for amount in params.per_class] * (len(values) if len(params.per_class) == 1 else 1)
    if len(amounts) != len(values):
        raise ParameterError(f"{labels.name or 'draft'}: {len(amounts)} numbers of samples for {len(values)} classes")
    random = np.random.default_rng(params.seed)
    in_test = Holdout(labels.array.shape, params.test, random)
    surest = np.zeros(labels.array.shape, labels.array.dtype)
    for done, value in enumerate(values):
        steps = _candidates(labels, sureness, value, params.surest)
        mask = yield from part(steps, 0.5 * done / len(values), 0.5 * (done + 1) / len(values))
        in_test.leave_some(mask)
        surest[mask] = value
    parts = {test: np.zeros(labels.array.shape, labels.array.dtype) for test in (False, True)}
    for done, (value, amount) in enumerate(zip(values, amounts, strict=True)):
        begun = 0.5 + 0.5 * done / len(values)
        for test, share in ((False, 1 - params.test), (True, params.test)):
            dabs = Dabs(parts[test], in_test.only(surest == value, test), labels.spacing[1:], params.brush, random)
            yield from part(dabs.painted(value, round(amount * share)), begun, begun + 0.5 / len(values))
    return Samples(
        parts[False],
        labels.affine,
        labels.classes,
        replace(labels, array=parts[True]),
        frame_of_reference=labels.frame_of_reference,
        source=labels.source,
        name=labels.name,
        history=labels.history,
    )


def _candidates(
    labels: LabelMap, sureness: NDArray[np.float32] | None, value: int, share: float
) -> Generator[Progress, None, NDArray[np.bool_]]:
    """Mask (z, y, x) of the surest part of a class, those as sure as the last of them included."""
    yield Progress(0.0, "samples")
    mask = np.asarray(labels.array == value)
    if share >= 1:
        return mask
    if sureness is None:
        sureness = yield from part(_depth_in_class(mask, labels.spacing), 0.0, 0.9)
    values = np.concatenate([plane[inside] for plane, inside in zip(sureness, mask, strict=True)])
    values = values[:: -(-values.size // THRESHOLD_VALUES)]
    yield Progress(0.9, "samples")
    wanted = max(1, round(share * values.size))
    least = np.partition(values, values.size - wanted)[values.size - wanted]
    for plane, inside in zip(sureness, mask, strict=True):
        inside &= plane >= least
    return mask


def _depth_in_class(
    mask: NDArray[np.bool_], spacing: tuple[float, float, float]
) -> Generator[Progress, None, NDArray[np.float32]]:
    """Distance in mm to the nearest voxel of another class, within the slice or along z, whichever is nearer."""
    from scipy.ndimage import distance_transform_edt

    depth = np.zeros(mask.shape, np.float32)
    above = np.full(mask.shape[1:], np.inf, np.float32)
    for z, plane in enumerate(mask):
        above = np.where(plane, above + np.float32(spacing[0]), 0)
        inside = distance_transform_edt(plane, sampling=spacing[1:]) if not plane.all() else np.inf
        depth[z] = np.minimum(above, inside)
        yield Progress((z + 1) / len(mask), "samples")
    below = np.full(mask.shape[1:], np.inf, np.float32)
    for z in range(len(mask) - 1, -1, -1):
        below = np.where(mask[z], below + np.float32(spacing[0]), 0)
        np.minimum(depth[z], below, out=depth[z])
    return depth
