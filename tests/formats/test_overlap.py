"""Several label maps whose classes overlap: DICOM SEG, contours and Slicer's segmentations hold every class whole."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_hounsfield import GridError, LabelMap, Volume, WriteError, axial_affine, read, send_to_slicer, terms, write

AXIAL = axial_affine((3, 0.7, 0.7))
SHAPE = (6, 12, 10)
HELD = [".dcm", ".rtstruct.dcm", ".seg.nrrd"]


@pytest.fixture
def maps() -> list[LabelMap]:
    """An organ, a lesion within it, and a box that cuts both."""
    organ, lesion, box = (np.zeros(SHAPE, np.uint8) for _ in range(3))
    organ[1:5, 2:9, 2:8], lesion[2:4, 4:7, 3:6], box[:, 5:11, 4:10] = 1, 2, 3
    cyst = replace(terms("cyst")[0], colour=(10, 200, 30))
    return [
        LabelMap(organ, AXIAL, {1: "liver"}),
        LabelMap(lesion, AXIAL, {2: "cyst"}, terms={2: cyst}),
        LabelMap(box, AXIAL, {3: "box", 4: "nothing"}),
    ]


def _masks(found: list[Any]) -> dict[str, bytes]:
    return {name: (labels.array == value).tobytes() for labels in found for value, name in labels.classes.items()}


@pytest.mark.parametrize("suffix", HELD)
@pytest.mark.parametrize("alike", [False, True])
def test_every_class_comes_back_whole(
    tmp_path: Path, ct_series: Any, dicom_errors: Any, maps: list[LabelMap], suffix: str, alike: bool
) -> None:
    if alike:  # all maps call their class 1, as masks of one class do
        maps = [LabelMap((one.array > 0).astype(np.uint8), AXIAL, {1: next(iter(one.classes.values()))}) for one in maps]
    source = ct_series(AXIAL, SHAPE)
    path = write(tmp_path / f"all{suffix}", maps, source=source)
    found = read(path, source=source)
    on_grid = [labels.on(replace(maps[0], frame_of_reference=labels.frame_of_reference).grid) for labels in found]
    wanted = _masks(maps)
    if alike or suffix == ".dcm":
        wanted.pop("nothing", None)  # a SEG has no segment of a class without voxels unless asked to
    assert _masks(on_grid) == wanted
    if not alike:
        assert {value for labels in found for value in labels.classes} >= {1, 2, 3}
        assert next(labels.terms[2].colour for labels in found if 2 in labels.classes) == pytest.approx((10, 200, 30), abs=2)
    assert suffix == ".seg.nrrd" or dicom_errors(path) == []


def test_slicers_developers_read_the_layers(tmp_path: Path, maps: list[LabelMap]) -> None:
    import slicerio

    write(tmp_path / "all.seg.nrrd", maps)
    theirs = slicerio.read_segmentation(str(tmp_path / "all.seg.nrrd"))
    assert [segment["name"] for segment in theirs["segments"]] == ["liver", "cyst", "box", "nothing"]
    for segment, labels in zip(theirs["segments"], maps, strict=False):
        voxels = theirs["voxels"][segment.get("layer", 0)] == segment["labelValue"]  # (x, y, z)
        assert np.array_equal(voxels, labels.array.T != 0)


def test_chain_from_contours_to_slicer(tmp_path: Path, ct_series: Any, maps: list[LabelMap]) -> None:
    source = ct_series(AXIAL, SHAPE)
    wanted = _masks(maps)
    found: Any = maps
    for suffix in (*HELD[1:], *HELD[:0:-1]):
        found = read(write(tmp_path / f"a{suffix}", found, source=source, overwrite=True), source=source)
        found = [labels.on(replace(maps[0], frame_of_reference=labels.frame_of_reference).grid) for labels in found]
        assert _masks(found) == wanted


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd", ".mha", ".ome.zarr"])
def test_what_holds_one_map_says_what_holds_several(tmp_path: Path, maps: list[LabelMap], suffix: str) -> None:
    with pytest.raises(WriteError, match=r"holds one label map; several are written to \.dcm"):
        write(tmp_path / f"a{suffix}", maps)
    assert list(tmp_path.iterdir()) == []


def test_maps_on_different_grids_are_refused(tmp_path: Path, maps: list[LabelMap]) -> None:
    maps[1] = replace(maps[1], affine=axial_affine((3, 0.7, 0.8)))
    with pytest.raises(GridError, match="grids differ"):
        write(tmp_path / "a.seg.nrrd", maps)
    assert list(tmp_path.iterdir()) == []


def test_overlap_is_sent_to_slicer(tmp_path: Path, maps: list[LabelMap]) -> None:
    image = Volume(np.zeros(SHAPE, np.int16), AXIAL)
    folder = send_to_slicer(tmp_path / "slicer", image, maps)
    assert _masks(read(folder / "segmentation.seg.nrrd")) == _masks(maps)
    assert sorted(path.name for path in folder.iterdir()) == ["image.nrrd", "segmentation.seg.nrrd"]
