"""What a command reads is never what it writes, and reading options hold for every format."""

from __future__ import annotations

import json

import numpy as np
import pytest

import napari_hounsfield as nh
from napari_hounsfield.cli import main


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "image.nii.gz"
    nh.write(path, nh.Volume(np.random.default_rng(0).normal(0, 50, (4, 24, 24)).astype(np.float32), np.eye(4)))
    return path


def test_an_output_never_replaces_an_input(image, capsys):
    before = image.read_bytes()
    for command in (["gabor", str(image), str(image)], ["convert", str(image), str(image.parent / "." / image.name)]):
        assert main([*command, "--overwrite"]) == 2
        assert "is an input" in capsys.readouterr().err
    assert image.read_bytes() == before


def test_the_unit_that_is_given_holds_for_an_image_that_says_none(image, tmp_path, capsys):
    labels = tmp_path / "labels.nii.gz"
    nh.write(labels, nh.LabelMap(np.ones((4, 24, 24), np.uint8), np.eye(4), {1: "lesion"}))
    assert main(["measure", str(image), str(labels), "--unit", "SUV", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["classes"][0]["suv_max"] is not None


def test_a_time_point_can_be_chosen_of_any_file(tmp_path, capsys):
    path = tmp_path / "times.nii.gz"
    array = np.random.default_rng(0).normal(size=(3, 4, 24, 24)).astype(np.float32)
    nh.write(path, nh.Volume(array, np.eye(4), axes="tzyx"))
    assert main(["window", str(path), str(tmp_path / "one.nii.gz")]) == 2
    assert "--time" in capsys.readouterr().err
    assert main(["convert", str(path), str(tmp_path / "two.nii.gz"), "--time", "2"]) == 0
    np.testing.assert_array_equal(nh.read(tmp_path / "two.nii.gz")[0].array, array[1])
    assert main(["convert", str(path), str(tmp_path / "nine.nii.gz"), "--time", "9"]) == 2
