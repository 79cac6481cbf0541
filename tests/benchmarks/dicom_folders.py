"""Real DICOM folder by folder against dcm2niix and SimpleITK: `python -m tests.benchmarks.dicom_folders [--write]`.

What dcm2niix gives was noted beforehand in `REFERENCE_dcm2niix.json`; SimpleITK's series reader runs here. The images lie in
`HOUNSFIELD_TEST_DATA`, or `../shared/data` beside the repository. `--write` puts the tables into docs/dicom-folders.md.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import napari_hounsfield as nh
from napari_hounsfield.formats.dicom_file import dataset_of

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "dicom-folders.md"
DATA = Path(os.environ.get("HOUNSFIELD_TEST_DATA", ROOT.parent / "shared" / "data"))
FLIP = np.diag([-1.0, -1.0, 1.0, 1.0])
CODINGS = "05_transfer_syntax/cornerstone_ct/testImages"
INTRO = """# Real series, folder by folder

Made by `python -m tests.benchmarks.dicom_folders --write`. Every folder of DICOM series in the test data, what this package
reads of it, and how that compares with dcm2niix (v1.0.20260724) and with SimpleITK's series reader. *Equal* to dcm2niix: the
same shape, the same corners in the patient, the same minimum, maximum and mean. *Equal* to SimpleITK: the same voxels, the same
corners. Each difference is explained by a rule of [Reading DICOM](dicom.md).

| folder | read | dcm2niix | SimpleITK | why they differ |
| --- | --- | --- | --- | --- |
"""
BLOCKS = "Blocks of 4 and of 7 mm are split, the tilt stays in the sheared grid; the others stack them as if even."
SCALE = "Values are by the Rescale Slope and Intercept of the standard, not by Philips' private scale."
TILT = "The tilt of 14 degrees, which its tag denies, stays in the sheared grid; the others lose or resample it."
MOSAIC = "Mosaics are refused by name."
TIME = "Time points are an axis of their own; SimpleITK stacks them above each other."
WHY = {
    "06_dcm2niix_qa/dcm_qa_ct": BLOCKS,
    "06_dcm2niix_qa/dcm_qa_enh/In/Philips": SCALE,
    "07_dicom2nifti/philips_enhanced": SCALE,
    "07_dicom2nifti/failing/gantrytilting": TILT,
    "07_dicom2nifti/failing/sliceincrement": "Slices are missing: refused, unless `uneven` says otherwise.",
    "07_dicom2nifti/siemens/fmri": MOSAIC,
    "06_dcm2niix_qa/dcm_qa_nih/In/20180918Si": MOSAIC,
    "07_dicom2nifti/generic/rgb": "Colours: the reference holds no statistics.",
    "06_dcm2niix_qa/dcm_qa_nih/In/20180918GE": TIME,
    "07_dicom2nifti/failing/notavolume": TIME,
    "08_dicom_seg/dcmqi/segmentations": "A segmentation: read as labels.",
}


def main() -> None:
    """Print the tables, or write the page."""
    parser = argparse.ArgumentParser(description=__doc__.split(":")[0])
    parser.add_argument("--write", action="store_true", help="write docs/dicom-folders.md")
    text = INTRO + "\n".join(folder_rows()) + coding_table()
    if parser.parse_args().write:
        PAGE.write_text(text, encoding="utf-8")
    print(text)


def folder_rows() -> Iterator[str]:
    """One row a folder."""
    listed = json.loads((DATA / "REFERENCE_dcm2niix.json").read_text())["series"]
    for name, entry in listed.items():
        own = {file.name for file in (DATA / name).iterdir() if file.is_file()}
        found = [s for s in nh.scan(DATA / name).series if {plane.path.name for plane in s.planes} <= own]
        volumes = [series.read() for series in found if series.refusal is None]
        said = [told(series) for series in found]
        theirs = (
            "equal"
            if len(volumes) == len(entry["volumes"]) and all_match(volumes, entry["volumes"])
            else shapes(entry["volumes"])
        )
        itk = of_simpleitk(DATA / name, volumes)
        why = "" if theirs == itk == "equal" else next((w for key, w in WHY.items() if name.startswith(key)), "")
        yield f"| {name} | {'; '.join(said)} | {theirs} | {itk} | {why} |"


def told(series: Any) -> str:
    """A series in a few words."""
    if series.labels:
        return "segmentation"
    if series.refusal is not None:
        return f"refused: {series.refusal}"
    times = f"{series.times} x " if series.times > 1 else ""
    unit = f" {series.unit}" if series.unit in ("HU", "SUV") else ""
    return f"{series.name}: {times}{' x '.join(map(str, series.shape))}{unit}"


def shapes(records: list[dict[str, Any]]) -> str:
    """Shapes that dcm2niix gives, in the order (t,) z, y, x."""
    return ", ".join(" x ".join(str(n) for n in record["shape"][::-1]) for record in records) or "nothing"


def all_match(volumes: list[Any], records: list[dict[str, Any]]) -> bool:
    """Whether every volume is one of dcm2niix's."""
    return all(any(matches(volume, record) for record in records) for volume in volumes)


def matches(volume: Any, record: dict[str, Any]) -> bool:
    """Whether shape, corners and statistics are those of a volume of dcm2niix."""
    if "affine" not in record:
        return False
    times = volume.array.shape[0] if volume.axes.startswith("t") else 1
    affine = (FLIP @ np.array(record["affine"]))[:, [2, 1, 0, 3]]
    same_place = times == (record["shape"][3:] or [1])[0] and same_corners(
        volume.grid.shape, volume.affine, tuple(record["shape"][:3][::-1]), affine
    )
    found = volume.array.min(), volume.array.max(), volume.array.mean()
    return bool(same_place and np.allclose(found, (record["min"], record["max"], record["mean"]), rtol=1e-4, atol=1e-3))


def same_corners(shape: tuple[int, ...], affine: Any, other_shape: tuple[int, ...], other: Any, tolerance: float = 0.05) -> bool:
    """Whether two grids have the same corners within `tolerance` mm, however their axes run."""

    def corners(shape: tuple[int, ...], affine: Any) -> Any:
        index = np.array(np.meshgrid(*[(0, n - 1) for n in shape], indexing="ij")).reshape(3, -1)
        return (affine[:3, :3] @ index + affine[:3, 3:]).T

    first, second = corners(shape, affine), corners(other_shape, other)
    return sorted(shape) == sorted(other_shape) and bool(np.abs(first[:, None] - second[None]).max(-1).min(1).max() < tolerance)


def of_simpleitk(folder: Path, volumes: list[Any]) -> str:
    """How SimpleITK's series reader compares: equal, another shape, other values or another place, or its error."""
    import SimpleITK

    SimpleITK.ProcessObject.SetGlobalWarningDisplay(False)
    reader = SimpleITK.ImageSeriesReader()
    try:
        reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
        image = reader.Execute()
    except RuntimeError:
        return "error"
    array = SimpleITK.GetArrayFromImage(image)
    if len(volumes) != 1:
        return f"one of {' x '.join(map(str, array.shape))}"
    (volume,) = volumes
    count = image.GetDimension()
    if count == 4 and array.shape[0] == 1 and volume.array.ndim == 3:
        array = array[0]
    if array.shape != volume.array.shape:
        return f"of {' x '.join(map(str, array.shape))}"
    affine = np.eye(4)
    affine[:3, :3] = (np.array(image.GetDirection()).reshape(count, count)[:3, :3] * image.GetSpacing()[:3])[:, ::-1]
    affine[:3, 3] = image.GetOrigin()[:3]
    start = volume.axes.index("z")
    if not same_corners(volume.grid.shape, volume.affine, array.shape[start : start + 3], affine):
        return "another place"
    flipped = np.flip(array, start) if (np.linalg.inv(affine) @ volume.affine)[0, 0] < 0 else array
    return "equal" if np.allclose(flipped, volume.array, rtol=1e-5, atol=1e-5) else "other values"


def coding_table() -> str:
    """The one CT in all its codings."""
    from pydicom.uid import UID

    reference = nh.read(DATA / CODINGS / "CTImage.dcm")[0].array
    rows = []
    for file in sorted((DATA / CODINGS).glob("CTImage.dcm_*")):
        syntax = UID(dataset_of(file, stop_before_pixels=True).file_meta.TransferSyntaxUID)
        try:
            volume = nh.read(file)[0]
        except nh.HounsfieldError as error:
            rows.append(f"| {syntax.name} | `{syntax}` | refused: {str(error).split(': ', 1)[1]} |")
            continue
        worst = float(np.abs(volume.array - reference.astype(float)).max())
        lossy = next((w for w in volume.warnings if w.startswith("Lossy")), "")
        rows.append(
            f"| {syntax.name} | `{syntax}` | {'identical' if not worst else f'{lossy} Largest difference {worst:.0f} HU.'} |"
        )
    head = "\n\n## One CT in fifteen codings\n\n| transfer syntax | UID | read |\n| --- | --- | --- |\n"
    return head + "\n".join(rows) + "\n"


if __name__ == "__main__":
    main()
