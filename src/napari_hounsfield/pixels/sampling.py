"""Training and test samples from a draft: the surest voxels of each class."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.errors import LabelError
from napari_hounsfield.operation import Params, Progress, number, operation, part
from napari_hounsfield.volume import LabelMap, Samples, Segmentation

BLOCK_VOXELS = 16
"""Edge in the plane of the blocks that an image of few slices is divided in."""
FEW_SLICES = 8


class SampleParams(Params):
    """How many voxels of each class, how sure, and how many of them for the test."""

    per_class: int = number(500, 1, 1_000_000, unit="voxels")
    """Samples of each class, training and test together."""
    surest: float = number(0.5, 0.001, 1.0)
    """Draw from this part of a class, the surest voxels first."""
    test: float = number(0.25, 0.0, 0.9)
    """Part of the slices (of image blocks, where there are few slices) kept for the test."""
    seed: int = number(0, 0, 2**31 - 1)
    """Of the random draw."""


@operation("samples", SampleParams)
def samples(draft: Segmentation | LabelMap, params: SampleParams) -> Generator[Progress, None, Samples]:
    """Draw labelled voxels from a draft, in a training and a test part that share no slice.

    Parameters
    ----------
    draft
        Draft labels; 0 is unlabelled. Without a sureness, the distance in mm to the border of the class stands for it, within
        the slice or along z.
    params
        How many and how sure.

    Returns
    -------
    Samples
        A label map of the training samples, with `.test` on the same grid.

    Raises
    ------
    LabelError
        If the draft has fewer than two classes.
    """
    labels = draft.labels if isinstance(draft, Segmentation) else draft
    sureness = draft.sureness if isinstance(draft, Segmentation) else None
    values = [int(v) for v in sorted({int(v) for plane in labels.array for v in np.unique(plane)}) if v > 0]
    if len(values) < 2:
        raise LabelError(f"{labels.name or 'draft'}: {len(values)} classes, samples need at least two")
    random = np.random.default_rng(params.seed)
    in_test = _test_part(labels.array.shape, params.test, random)
    parts = {test: np.zeros(labels.array.shape, labels.array.dtype) for test in (False, True)}
    for done, value in enumerate(values):
        steps = _surest(labels, sureness, value, params.surest)
        candidates = yield from part(steps, done / len(values), (done + 1) / len(values))
        tested = in_test.reshape(-1)[candidates]
        if tested.all():  # a class of few slices is trained on, rather than only tested
            tested[:] = False
        for test, share in ((False, 1 - params.test), (True, params.test)):
            pool = candidates[tested == test]
            wanted = min(len(pool), round(params.per_class * share))
            parts[test].reshape(-1)[random.choice(pool, wanted, replace=False)] = value
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


def _surest(
    labels: LabelMap, sureness: NDArray[np.float32] | None, value: int, share: float
) -> Generator[Progress, None, NDArray[np.intp]]:
    """Places (flat) of the surest part of a class."""
    yield Progress(0.0, "samples")
    mask = labels.array == value
    places = np.flatnonzero(mask)
    wanted = max(1, round(share * len(places)))
    if wanted >= len(places):
        return places
    if sureness is None:
        sureness = yield from part(_depth_in_class(mask, labels.spacing), 0.0, 0.9)
    sure = sureness.reshape(-1)[places]
    yield Progress(0.9, "samples")
    return np.sort(places[np.argpartition(-sure, wanted - 1)[:wanted]])


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


def _test_part(shape: tuple[int, ...], share: float, random: np.random.Generator) -> NDArray[np.bool_]:
    """Voxels of the test part (z, y, x): whole slices, or blocks of the plane where there are few slices."""
    if shape[0] >= FEW_SLICES:
        chosen = np.zeros(shape[0], bool)
        chosen[random.permutation(shape[0])[: round(share * shape[0])]] = True
        return np.broadcast_to(chosen[:, None, None], shape)
    rows, columns = (-(-n // BLOCK_VOXELS) for n in shape[1:])
    blocks = np.zeros(rows * columns, bool)
    blocks[random.permutation(rows * columns)[: round(share * rows * columns)]] = True
    plane = np.kron(blocks.reshape(rows, columns), np.ones((BLOCK_VOXELS, BLOCK_VOXELS), bool))
    return np.broadcast_to(plane[: shape[1], : shape[2]].astype(bool), shape)
