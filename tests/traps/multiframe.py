"""Writing enhanced multi-frame objects: geometry and rescale lie in functional groups."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from pydicom.dataset import Dataset

from .writing import Lattice, decimals, image, save, uid

CT, LEGACY_CT, MR, PET = (f"1.2.840.10008.5.1.4.1.1.{end}" for end in ("2.1", "2.2", "4.1", "130"))
MODALITIES = {CT: "CT", LEGACY_CT: "CT", MR: "MR", PET: "PT"}


def item(**tags: Any) -> Dataset:
    """A sequence item."""
    found = Dataset()
    for keyword, value in tags.items():
        setattr(found, keyword, value)
    return found


def frame_groups(lattice: Lattice, z: float, place: int, **groups: Dataset) -> Dataset:
    """Functional groups of one frame: its position, and whatever else differs between frames."""
    content = groups.pop("FrameContentSequence", Dataset())
    content.StackID = content.get("StackID", "1")
    content.InStackPositionNumber = place
    content.DimensionIndexValues = content.get("DimensionIndexValues", [place])
    position = item(ImagePositionPatient=decimals(lattice.position(z)))
    rest = {keyword: [group] for keyword, group in groups.items()}
    return item(FrameContentSequence=[content], PlanePositionSequence=[position], **rest)


def shared_groups(lattice: Lattice, slope: str | None = "1", intercept: str = "-1024", **groups: Dataset) -> Dataset:
    """Functional groups that hold for every frame."""
    found = plane_groups(lattice)
    if slope is not None:
        found.PixelValueTransformationSequence = [item(RescaleIntercept=intercept, RescaleSlope=slope, RescaleType="HU")]
    for keyword, group in groups.items():
        setattr(found, keyword, [group])
    return found


def plane_groups(lattice: Lattice) -> Dataset:
    """Spacing and orientation."""
    thickness = decimals(lattice.spacing[:1])[0]
    measures = item(PixelSpacing=decimals(lattice.spacing[1:]), SliceThickness=thickness, SpacingBetweenSlices=thickness)
    orientation = item(ImageOrientationPatient=decimals([*lattice.row, *lattice.column]))
    return item(PixelMeasuresSequence=[measures], PlaneOrientationSequence=[orientation])


def enhanced(
    frames: NDArray, groups: Sequence[Dataset], shared: Dataset, sop_class: str = CT, pointers: Sequence[int] = (), **tags: Any
) -> Dataset:
    """A multi-frame Dataset of frames (f, y, x), each with its functional groups; `pointers` are dimension indices."""
    organization = uid("dimensions")
    found = image(frames, sop_class, Modality=MODALITIES[sop_class], ImageType=["ORIGINAL", "PRIMARY", "VOLUME", "NONE"], **tags)
    found.DimensionOrganizationSequence = [item(DimensionOrganizationUID=organization)]
    found.DimensionIndexSequence = [
        item(DimensionIndexPointer=pointer, FunctionalGroupPointer=0x00209111, DimensionOrganizationUID=organization)
        for pointer in pointers or (0x00209057,)
    ]
    found.ContentDate, found.ContentTime, found.VolumetricProperties = "20200102", "100000", "VOLUME"
    found.SharedFunctionalGroupsSequence = [shared]
    found.PerFrameFunctionalGroupsSequence = list(groups)
    return found


def save_multi(folder: Path, dataset: Dataset) -> None:
    """Write it as the only file of the folder."""
    save(folder, [dataset], names=["multi.dcm"])
