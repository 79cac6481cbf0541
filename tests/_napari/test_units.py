"""Units: those that a file does not say, and those of length that plain layers do not have."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np

import napari_hounsfield as nh
from napari_hounsfield._napari.form import OperationForm
from napari_hounsfield._napari.readers import read_files
from napari_hounsfield._napari.strokes import StrokesMaker
from napari_hounsfield._napari.units import UnitDeclaration


def test_scan_in_nifti_is_declared_to_be_in_hu(
    viewer: Any, ct: nh.Volume, tmp_path: Path, finish: Any, said: Any, qtbot: Any
) -> None:
    import nibabel

    nh.write(tmp_path / "ours.nii.gz", ct)
    bare = nibabel.load(tmp_path / "ours.nii.gz")
    nibabel.Nifti1Image(np.asarray(bare.dataobj), bare.affine).to_filename(tmp_path / "ct.nii.gz")
    (layer,) = [viewer.add_layer(nh_layer) for nh_layer in _layers(tmp_path / "ct.nii.gz")]
    assert nh.from_layer(layer).unit == ""
    assert nh.from_layer(layer, unit="HU").unit == "HU"
    dock = UnitDeclaration(viewer)
    dock._button.changed.emit(True)
    volume = nh.from_layer(layer)
    assert (volume.unit, volume.modality) == ("HU", "CT")
    assert list(layer.contrast_limits) == [-1000, 400]
    form = OperationForm(viewer, nh.threshold)
    form.fields.inputs["tissue"].value = "lung"
    form.run()
    finish(form.bar)
    assert viewer.layers[-1].features["class"].tolist() == ["lung"]
    assert said() == ["ct.nii.gz: the unit is HU"]


def _layers(path: Path) -> list[Any]:
    from napari.layers import Layer

    return [Layer.create(*one) for one in read_files(str(path))]


def test_plain_layer_is_declared_to_be_in_hu(viewer: Any, said: Any) -> None:
    layer = viewer.add_image(np.zeros((4, 5, 6), np.int16) - 800, metadata={"mine": 1})
    assert nh.from_layer(layer).unit == "stored value"
    UnitDeclaration(viewer).set()
    assert nh.from_layer(layer).unit == "HU"
    assert layer.metadata["mine"] == 1


def test_results_of_a_plain_layer_have_its_units(viewer: Any, finish: Any, said: Any) -> None:
    layer = viewer.add_image(np.arange(120, dtype=np.int16).reshape(4, 5, 6))
    form = OperationForm(viewer, nh.window)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        form.run()
        finish(form.bar)
        StrokesMaker(viewer).make()
    assert all(one.units == layer.units for one in viewer.layers)
    assert len(viewer.layers) == 3
    assert said() == []
