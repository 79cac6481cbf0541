"""Training and test samples from a draft: the surest voxels of each class."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.errors import LabelError
from napari_hounsfield.operation import Params, Progress, number, operation
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
        Draft labels; 0 is unlabelled. Without a sureness, the distance in mm to the border of the class stands for it.
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
    values = [v for v in labels.values() if v > 0]
    if len(values) < 2:
        raise LabelError(f"{labels.name or 'draft'}: {len(values)} classes, samples need at least two")
    random = np.random.default_rng(params.seed)
    in_test = _test_part(labels.array.shape, params.test, random)
    parts = {False: np.zeros_like(labels.array), True: np.zeros_like(labels.array)}
    for done, value in enumerate(values):
        yield Progress(done / len(values), "samples")
        places = np.flatnonzero(labels.array == value)
        if not len(places):
            continue
        sure = sureness.ravel()[places] if sureness is not None else _depth_in_class(labels, value).ravel()[places]
        order = np.argsort(-sure, kind="stable")
        candidates = places[order[: max(1, round(params.surest * len(places)))]]
        tested = in_test.ravel()[candidates]
        for test, share in ((False, 1 - params.test), (True, params.test)):
            pool = candidates[tested == test]
            wanted = min(len(pool), round(params.per_class * share))
            parts[test].ravel()[random.choice(pool, wanted, replace=False)] = value
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


def _depth_in_class(labels: LabelMap, value: int) -> NDArray[np.float32]:
    """Distance in mm to the nearest voxel of another class."""
    from scipy.ndimage import distance_transform_edt, find_objects

    mask = labels.array == value
    (box,) = find_objects(mask.astype(np.uint8))
    grown = tuple(slice(max(0, s.start - 1), s.stop + 1) for s in box)
    depth = np.zeros(mask.shape, np.float32)
    depth[grown] = distance_transform_edt(mask[grown], sampling=labels.spacing)
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
