"""The script of a session gives the same labels."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

import napari_hounsfield as nh


def test_repeats_the_session(session: nh.LabellingSession, volume: nh.Volume, tmp_path: Path) -> None:
    session.train()
    expected = session.segment(session.images[0]).labels.array
    nh.write(tmp_path / "image.nrrd", replace(volume, unit="", modality=""))
    (read,) = nh.read(tmp_path / "image.nrrd")
    assert isinstance(read, nh.Volume)
    assert read.unit != "HU", "the unit is known to the session alone"
    path = nh.save_session(session, tmp_path / "a.safetensors")
    script = tmp_path / "again.py"
    script.write_text(nh.as_script(session, path, [tmp_path / "image.nrrd"]), encoding="utf-8")
    subprocess.run([sys.executable, script], cwd=tmp_path, check=True)
    (labels,) = nh.read(tmp_path / "labels-1.nii.gz")
    found = nh.LabelMap(labels.array, labels.affine).on(volume.grid)
    assert np.array_equal(found.array, expected)
    model = nh.load_model(tmp_path / "a.classifier.safetensors")
    assert (model.classes, model.unit, model.modality) == ({1: "ball", 2: "background"}, "HU", "CT")


def test_one_source_needs_no_list(session: nh.LabellingSession) -> None:
    assert nh.as_script(session, "a.safetensors", "ct") == nh.as_script(session, "a.safetensors", ["ct"])
