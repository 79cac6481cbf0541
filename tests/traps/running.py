"""This package on a trap: right, refused, or what is wrong with it."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np

import napari_hounsfield as nh
from napari_hounsfield.errors import DicomError

from .judging import Found, Outcome
from .truth import Expected, Truth

CORNERS = 1e-3
"""Allowed error of the place of a voxel, mm."""


def run(path: Path) -> tuple[Outcome, list[nh.Volume]]:
    """Read all series; an error of any other type than the package's own is not caught."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # whatever a library has to say, the package says in its own words
        try:
            scanned = nh.scan(path)
        except DicomError as error:
            return Outcome(errors=(str(error),)), []
        volumes, errors, said = [], [], list(scanned.warnings)
        for series in scanned.series:
            said += [series.name, *series.warnings]
            try:
                volumes.append(series.read())
            except DicomError as error:
                errors.append(str(error))
        said += [word for volume in volumes for word in (*volume.warnings, volume.name)]
    found = tuple(Found(v.array, v.affine, v.axes, v.unit) for v in volumes)
    return Outcome(found, tuple(errors), "\n".join(said), tuple(name for name, _ in scanned.skipped)), volumes


def judge(truth: Truth, outcome: Outcome, volumes: list[nh.Volume]) -> str:
    """Empty where it is as declared, otherwise what is wrong."""
    broken = [error for error in outcome.errors if "\n" in error]
    if broken:
        return f"an error of several lines: {broken[0]!r}"
    if not volumes:
        if truth.must == "read":
            return f"refused, though it can be read: {_shown(outcome.errors)}"
        return _lacking(truth.blames, "\n".join(outcome.errors), "the error")
    if truth.must == "refuse":
        return f"read, though it must be refused: {volumes}"
    left = list(volumes)
    for expected in truth.volumes:
        reasons = [difference(expected, volume) for volume in left]
        if "" not in reasons:
            return f"no volume is {expected.axes} {expected.array.shape}: {_shown([*reasons, *outcome.errors])}"
        del left[reasons.index("")]
    if left:
        return f"volumes that are not there: {left}"
    unlisted = sorted(set(truth.skips) - set(outcome.skipped))
    if unlisted:
        return f"not listed as skipped: {unlisted}"
    blamed = _lacking(truth.blames, "\n".join(outcome.errors), "the error") if truth.must == "read" else ""
    return blamed or _lacking(truth.says, outcome.warnings, "what it says")


def _lacking(words: tuple[str, ...], text: str, what: str) -> str:
    lacking = [word for word in words if not any(part.casefold() in text.casefold() for part in word.split("|"))]
    return f"{what} lacks {lacking}: {text!r}" if lacking else ""


def _shown(reasons: list[str] | tuple[str, ...]) -> str:
    return "; ".join(reasons)[:600]


def difference(expected: Expected, volume: nh.Volume) -> str:
    """Empty where the volume is the expected one, axes and all, otherwise the first difference."""
    if volume.axes != expected.axes:
        return f"axes {volume.axes}, expected {expected.axes}"
    if volume.array.shape != expected.array.shape:
        return f"shape {volume.array.shape}, expected {expected.array.shape}"
    if expected.affine is not None:
        ends = np.array([[0, n - 1] for n in volume.grid.shape])
        corners = np.array([(*index, 1) for index in np.stack(np.meshgrid(*ends), -1).reshape(-1, 3)])
        off = float(np.abs(corners @ (volume.affine - expected.affine).T).max())
        if off > CORNERS:
            return f"corners off by {off:.4g} mm"
    elif expected.spacing and not np.allclose(volume.spacing[1:], expected.spacing, rtol=1e-5):
        return f"spacing {volume.spacing[1:]}, expected {expected.spacing}"
    if expected.unit is not None and volume.unit != expected.unit:
        return f"unit {volume.unit!r}, expected {expected.unit!r}"
    if expected.dtype is not None and volume.array.dtype != expected.dtype:
        return f"dtype {volume.array.dtype}, expected {expected.dtype}"
    if expected.inverted not in (None, volume.inverted):
        return f"inverted {volume.inverted}, expected {expected.inverted}"
    if expected.valid is not None and (volume.valid is None or not np.array_equal(volume.valid, expected.valid)):
        return "the mask of the scanned field differs"
    allowed = max(expected.within, 1e-6 * float(np.abs(expected.array).max()))
    if expected.any_order:
        order = [min(range(len(volume.array)), key=lambda i: np.abs(volume.array[i] - point).max()) for point in expected.array]
        off = np.abs(volume.array[order] - expected.array) if sorted(order) == list(range(len(order))) else np.inf
    else:
        off = np.abs(volume.array.astype(float) - expected.array)
    return "" if np.all(off <= allowed) else f"values off by {np.max(off):.5g}"
