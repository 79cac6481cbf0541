"""The script of a session gives the same labels."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

import napari_hounsfield as nh


def test_repeats_the_session(session: nh.LabellingSession, volume: nh.Volume, tmp_path: Path) -> None:
    session.train()
    expected = session.segment(session.images[0]).labels.array
    nh.write(tmp_path / "image.nrrd", volume)
    (read,) = nh.read(tmp_path / "image.nrrd")
    assert isinstance(read, nh.Volume)
    again = nh.LabellingSession(session.params)
    again.add(nh.Volume(read.array, read.affine, unit=read.unit, modality=read.modality), session.images[0].strokes)
    path = nh.save_session(again, tmp_path / "a.safetensors")
    script = tmp_path / "again.py"
    script.write_text(nh.as_script(again, path, [tmp_path / "image.nrrd"]), encoding="utf-8")
    subprocess.run([sys.executable, script], cwd=tmp_path, check=True)
    (labels,) = nh.read(tmp_path / "labels-1.nii.gz")
    found = nh.LabelMap(labels.array, labels.affine).on(again.images[0].volume.grid)
    assert np.array_equal(found.array, expected)
    assert nh.load_model(tmp_path / "a.classifier.safetensors").classes == {1: "ball", 2: "background"}


def test_one_source_needs_no_list(session: nh.LabellingSession) -> None:
    assert nh.as_script(session, "a.safetensors", "ct") == nh.as_script(session, "a.safetensors", ["ct"])
