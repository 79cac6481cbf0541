"""Several channels of a patient by commands alone: trained, recognised, and refused where they do not fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import napari_hounsfield as nh
from napari_hounsfield.demo.series_writer import write_series
from napari_hounsfield.operation import finish

Done = Callable[..., dict[str, Any]]
Refused = Callable[..., str]


@pytest.fixture
def second(body: nh.Volume, here: Path) -> Path:
    """A second image of the patient, coarser: bright where the body is."""
    array = (body.array > -900).astype(np.int16)[::2, ::2, ::2] * 500
    affine = np.array(body.affine) @ np.diag([2.0, 2, 2, 1])
    image = nh.Volume(array, affine, unit="stored value", modality="MR", frame_of_reference=body.frame_of_reference)
    return nh.write(here / "mr.nrrd", image)


@pytest.fixture
def strokes(body: nh.Volume, here: Path) -> Path:
    array = np.zeros(body.array.shape, np.uint8)
    for z in (2, 6, 9):
        array[z, 10:20, 9:13], array[z, 12:20, 18:22], array[z, 0:3, 2:36] = 1, 2, 3
    return nh.write(here / "strokes.nii.gz", body.label_map(array, {1: "lung", 2: "tissue", 3: "background"}))


def test_train_and_segment(done: Done, series: Path, second: Path, strokes: Path) -> None:
    trained = done("train", series, strokes, "model.safetensors", "--channel", second, "--no-texture", "--classifier", "forest")
    (channel,) = trained["parameters"]["features"]["channels"]
    assert (channel["name"], channel["modality"], channel["unit"]) == ("MR", "MR", "stored value")
    said = done("segment", series, "labels.nii.gz", "--model", "model.safetensors", "--channel", second)
    main, further = (nh.read(path)[0] for path in (series, second))
    model = nh.load_model("model.safetensors")
    expected = nh.segment(nh.aligned(main, [further]), model)
    np.testing.assert_array_equal(nh.read("labels.nii.gz")[0].array, expected.labels.array)
    assert {c["name"] for c in said["classes"]} == {"lung", "tissue"}
    maps = done("features", series, "maps.nii.gz", "--channel", second, "--no-texture")
    assert maps["names"] == model.recipe.names
    assert any(name.startswith("MR: ") for name in maps["names"])


def test_what_does_not_fit_is_refused(
    done: Done, refused: Refused, body: nh.Volume, series: Path, second: Path, strokes: Path
) -> None:
    words = ("--no-texture", "--classifier", "forest")
    done("train", series, strokes, "both.safetensors", "--channel", second, *words)
    done("train", series, strokes, "one.safetensors", *words)
    segment = ("segment", series, "labels.nii.gz", "--model")
    assert "channel MR (stored value) is missing; given: CT (HU)" in refused(*segment, "both.safetensors")
    assert "channel MR (stored value) is missing" in refused(*segment, "both.safetensors", "--channel", series)
    assert "one channel more" in refused(*segment, "one.safetensors", "--channel", second)
    assert "missing.nrrd" in refused(*segment, "both.safetensors", "--channel", "missing.nrrd")
    assert "is an input" in refused(
        "segment", series, strokes, "--model", "both.safetensors", "--channel", strokes, "--overwrite"
    )


def test_another_frame_of_reference_only_where_asked_for(
    done: Done, refused: Refused, body: nh.Volume, series: Path, strokes: Path, here: Path
) -> None:
    finish(write_series(replace(body, frame_of_reference="1.2.3"), here / "other"))
    train = ("train", series, strokes, "model.safetensors", "--channel", "other", "--no-texture", "--classifier", "forest")
    assert "frame of reference" in refused(*train)
    done(*train, "--any-frame")
