"""SimpleITK, dcm2niix and highdicom on a trap, each called as its documentation recommends."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .judging import Found, Outcome
from .writing import CT, MR, PET

SECONDS = 60
LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
"""From NIfTI's RAS to LPS and back."""
ALWAYS_SAID = (
    "Unable to determine manufacturer", "Unable to append protocol", "Empty protocol name", "Patient Position", "ResourceWarning",
    "_warnings.warn",
)  # fmt: skip
"""Lines that say nothing of what is wrong: the generated files name no vendor that is known."""


def by_simpleitk(path: Path) -> Outcome:
    """`ImageSeriesReader` with GDCM's series names for a folder, `ReadImage` for a file."""
    import SimpleITK as sitk  # noqa: N813

    if path.is_file():
        return Outcome((_of_itk(sitk.ReadImage(str(path))),))
    volumes, errors = [], []
    inside = [path, *sorted(p for p in path.rglob("*") if p.is_dir())]
    for uid in dict.fromkeys(uid for folder in inside for uid in sitk.ImageSeriesReader.GetGDCMSeriesIDs(str(folder))):
        names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(path), uid, recursive=True)
        reader = sitk.ImageSeriesReader()
        reader.SetFileNames(names)
        try:
            volumes.append(_of_itk(sitk.ReadImage(names[0]) if len(names) == 1 else reader.Execute()))
        except RuntimeError as error:
            errors.append(str(error))
    return Outcome(tuple(volumes), tuple(errors))


def _of_itk(image: object) -> Found:
    import SimpleITK as sitk  # noqa: N813

    array = sitk.GetArrayFromImage(image)
    colour = image.GetNumberOfComponentsPerPixel() == 3  # type: ignore[attr-defined]
    dimensions = image.GetDimension()  # type: ignore[attr-defined]
    if dimensions == 2:
        array = array[None]
    affine = np.eye(4)
    directions = np.array(image.GetDirection()).reshape(dimensions, dimensions)  # type: ignore[attr-defined]
    steps = directions * np.array(image.GetSpacing())  # type: ignore[attr-defined]
    affine[:dimensions, 3 - dimensions : 3] = steps[:, ::-1]
    affine[:dimensions, 3] = image.GetOrigin()  # type: ignore[attr-defined]
    return Found(array, affine, "zyxc" if colour else "zyx")


def by_dcm2niix(path: Path) -> Outcome:
    """The command with its defaults; where it writes a corrected volume (`_Tilt`, `_Eq`), that counts."""
    import nibabel
    from dcm2niix import bin as program

    with tempfile.TemporaryDirectory() as out:
        command = [program, "-f", "%s_%p_%j", "-o", out, str(path)]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=SECONDS)
        said = done.stdout + done.stderr
        files = sorted(Path(out).rglob("*.nii"))
        corrected = [f for f in files if "_Eq_" in f.name or "_Tilt_" in f.name]
        plain = {f.name.split(mark)[0] + ".nii" for f in corrected for mark in ("_Eq_", "_Tilt_") if mark in f.name}
        plain |= {name.replace("_.nii", ".nii") for name in plain}
        volumes = tuple(_of_nifti(nibabel.load(f)) for f in files if f.name not in plain)
    errors = (said,) if done.returncode else ()
    telling = [line for line in said.splitlines() if "arning" in line or "rror" in line or "nable" in line]
    return Outcome(volumes, errors, "\n".join(telling))


def _of_nifti(image: object) -> Found:
    """With the axes in the order (z, y, x), as the others have them."""
    array = np.asarray(image.dataobj)  # type: ignore[attr-defined]
    affine = (LPS @ image.affine)[:, [2, 1, 0, 3]]  # type: ignore[attr-defined]
    array = array.reshape(*array.shape, *[1] * (3 - array.ndim))
    moved = array.transpose(2, 1, 0, *range(3, array.ndim))
    if array.ndim > 3:
        moved = np.moveaxis(moved, 3, 0)
    axes = "tzyx"[4 - moved.ndim :]
    if moved.dtype.names:  # colour
        return Found(np.stack([moved[name] for name in "RGB"], axis=-1), affine, axes + "c")
    return Found(moved, affine, axes)


def by_highdicom(path: Path) -> Outcome:
    """By what its documentation has for each kind of image, values not inverted for display."""
    import highdicom
    from pydicom import dcmread
    from pydicom.errors import InvalidDicomError

    series: dict[str, list] = {}
    for file in [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file()):
        try:
            dataset = dcmread(file)
        except InvalidDicomError:
            continue
        if "Rows" in dataset:
            series.setdefault(str(dataset.get("SeriesInstanceUID")), []).append((file, dataset))
    volumes, errors = [], []
    for members in series.values():
        placed = []
        for file, dataset in members:
            if (
                int(dataset.get("NumberOfFrames") or 1) == 1
                and "PerFrameFunctionalGroupsSequence" not in dataset
                and ("ImagePositionPatient" in dataset or dataset.get("SOPClassUID") in (CT, MR, PET))
            ):
                placed.append(dataset)
                continue
            try:
                volumes.append(_whole(highdicom.imread(file)))
            except Exception as error:
                errors.append(f"{type(error).__name__}: {error}")
        try:
            if placed:
                volumes.append(_of_highdicom(highdicom.get_volume_from_series(placed, apply_presentation_lut=False)))
        except Exception as error:
            errors.append(f"{type(error).__name__}: {error}")
    return Outcome(tuple(volumes), tuple(errors))


def _whole(image: object) -> Found:
    """A multi-frame volume, a slide, or frames that lie nowhere."""
    upright = {"apply_presentation_lut": False}
    if image.is_tiled:  # type: ignore[attr-defined]
        array = image.get_total_pixel_matrix(**upright)[None]  # type: ignore[attr-defined]
    elif "PerFrameFunctionalGroupsSequence" in image:  # type: ignore[operator]
        return _of_highdicom(image.get_volume(**upright))  # type: ignore[attr-defined]
    else:
        array = image.get_frames(**upright)  # type: ignore[attr-defined]
    return Found(array, np.full((4, 4), np.nan), "zyxc" if array.ndim == 4 else "zyx")


def _of_highdicom(volume: object) -> Found:
    colour = volume.array.ndim == 4  # type: ignore[attr-defined]
    return Found(volume.array, volume.affine, "zyxc" if colour else "zyx")  # type: ignore[attr-defined]


RIVALS: dict[str, Callable[[Path], Outcome]] = {"SimpleITK": by_simpleitk, "dcm2niix": by_dcm2niix, "highdicom": by_highdicom}


def versions() -> dict[str, str]:
    """Version of each, as installed."""
    from importlib.metadata import version

    return {name: version(name) for name in RIVALS}


def apart(read: Callable[[Path], Outcome], path: Path) -> Outcome:
    """Run in a process of its own: a crash or a hang counts as a refusal."""
    with tempfile.TemporaryDirectory() as out:
        process = get_context("fork").Process(target=_work, args=(read, path, Path(out)))
        process.start()
        process.join(SECONDS)
        if process.is_alive():
            process.kill()
            process.join()
            return Outcome(errors=("hang",))
        return _collected(Path(out), process.exitcode)


def _work(read: Callable[[Path], Outcome], path: Path, out: Path) -> None:
    """In the child: everything that is said goes to a file, the result to another."""
    log = os.open(out / "said", os.O_WRONLY | os.O_CREAT)
    for stream in (1, 2):
        os.dup2(log, stream)
    sys.stdout = sys.stderr = open(log, "w", closefd=False)  # noqa: SIM115
    warnings.simplefilter("always")
    try:
        outcome = read(path)
    except Exception as error:
        outcome = Outcome(errors=(f"{type(error).__name__}: {error}",))
    arrays: dict[str, NDArray] = {"errors": np.array(outcome.errors, str), "warnings": np.array(outcome.warnings)}
    for i, found in enumerate(outcome.volumes):
        arrays |= {f"array{i}": found.array, f"affine{i}": found.affine, f"axes{i}": np.array(found.axes)}
    sys.stdout.flush()
    np.savez(out / "result.npz", **arrays)
    os._exit(0)


def _collected(out: Path, status: int | None) -> Outcome:
    said = (out / "said").read_text(errors="replace")
    if not (out / "result.npz").exists():
        return Outcome(errors=(f"crash ({status})",), warnings=said)
    with np.load(out / "result.npz") as found:
        count = sum(name.startswith("array") for name in found.files)
        volumes = tuple(Found(found[f"array{i}"], found[f"affine{i}"], str(found[f"axes{i}"])) for i in range(count))
        errors = tuple(str(error) for error in found["errors"])
        lines = (said + "\n" + str(found["warnings"])).splitlines()
    telling = [line for line in lines if line.strip() and not any(always in line for always in ALWAYS_SAID)]
    return Outcome(volumes, errors, "\n".join(telling))
