"""DICOM SEG of 512 x 512 x 400 voxels and 20 segments beside highdicom: time to write and read, size, memory.

Run `python -m tests.benchmarks.dicom_seg`; `--slices 80` for a quick look. Times are those of the processor, the best of so many
runs, and include for us the check of what was written, which highdicom does not make.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

SHAPE = (400, 512, 512)
SEGMENTS = 20
EXPLICIT, JPEG_LS, JPEG_2000 = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.90"
CASES = (
    ("highdicom", "binary", EXPLICIT),
    ("highdicom", "binary", JPEG_2000),
    ("ours", "binary", "plain"),
    ("ours", "binary", "compressed"),
    ("highdicom", "labelmap", EXPLICIT),
    ("highdicom", "labelmap", JPEG_LS),
    ("ours", "labelmap", "plain"),
    ("ours", "labelmap", "compressed"),
)


def phantom(slices: int) -> np.ndarray:
    """Ellipsoids of 20 classes, some of which cover others."""
    random = np.random.default_rng(0)
    shape = np.array((slices, *SHAPE[1:]))
    labels = np.zeros(tuple(shape), np.uint8)
    z, y, x = np.ogrid[tuple(slice(n) for n in shape)]
    for value in range(1, SEGMENTS + 1):
        centre, radius = random.uniform(0.2, 0.8, 3) * shape, random.uniform(0.05, 0.2, 3) * shape
        labels[
            ((z - centre[0]) / radius[0]) ** 2 + ((y - centre[1]) / radius[1]) ** 2 + ((x - centre[2]) / radius[2]) ** 2 < 1
        ] = value
    labels[[0, -1], 0, 0] = 1  # so that both readers see the whole extent
    return labels


def series(folder: Path, slices: int) -> Any:
    """A CT series whose pixels nobody reads."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

    from napari_hounsfield import Source

    study, uid, frame = (generate_uid() for _ in range(3))
    files = []
    for z in range(slices):
        ds = Dataset()
        ds.file_meta = FileMetaDataset()
        ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        ds.SOPClassUID, ds.SOPInstanceUID, ds.StudyInstanceUID = CTImageStorage, generate_uid(), study
        ds.SeriesInstanceUID, ds.FrameOfReferenceUID, ds.PositionReferenceIndicator = uid, frame, ""
        ds.PatientName, ds.PatientID, ds.PatientBirthDate, ds.PatientSex = "", "", "", ""
        ds.StudyDate, ds.StudyTime, ds.AccessionNumber, ds.StudyID, ds.ReferringPhysicianName = "", "", "", "", ""
        ds.Modality, ds.SeriesNumber, ds.InstanceNumber, ds.SliceThickness = "CT", 1, z + 1, "1.5"
        ds.ImageOrientationPatient, ds.ImagePositionPatient, ds.PixelSpacing = [1, 0, 0, 0, 1, 0], [0, 0, 1.5 * z], [0.7, 0.7]
        ds.Rows, ds.Columns, ds.SamplesPerPixel, ds.PhotometricInterpretation = *SHAPE[1:], 1, "MONOCHROME2"
        ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 1
        ds.RescaleSlope, ds.RescaleIntercept = 1, 0
        ds.PixelData = bytes(2 * SHAPE[1] * SHAPE[2])
        files.append(folder / f"{z:04}.dcm")
        ds.save_as(files[-1], enforce_file_format=True)
    return Source(uid, tuple(files))


def ours(labels: Any, source: Any, target: Path, kind: str, compress: bool) -> None:
    import napari_hounsfield as nh

    data = nh.LabelMap(labels, nh.axial_affine((1.5, 0.7, 0.7)))
    nh.write(target, data, source, overwrite=True, params=nh.SegParams(type=kind, compress=compress))


def read_ours(target: Path) -> Any:
    import napari_hounsfield as nh

    return nh.read(target)[0].array


def theirs(labels: Any, source: Any, target: Path, kind: str, syntax: str) -> None:
    import highdicom as hd
    from pydicom import dcmread
    from pydicom.sr.codedict import codes

    images = [dcmread(file, stop_before_pixels=True) for file in source.files]
    described = [
        hd.seg.SegmentDescription(n, f"label {n}", codes.SCT.Organ, codes.SCT.Liver, "MANUAL") for n in range(1, SEGMENTS + 1)
    ]
    made = hd.seg.Segmentation(
        images, labels, kind.upper(), described, hd.UID(), 1, hd.UID(), 1, "m", "m", "1", "1", transfer_syntax_uid=syntax
    )
    made.save_as(target)


def read_theirs(target: Path) -> Any:
    import highdicom as hd

    return hd.seg.segread(target).get_volume(combine_segments=True).array


def main() -> None:
    """Print a table of times, sizes and peaks of memory, each measured in a process of its own."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--slices", type=int, default=SHAPE[0])
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument("--one", nargs=4)
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    if asked.one:
        _one(asked.folder, *asked.one)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        np.save(folder / "labels.npy", phantom(asked.slices))
        (folder / "ct").mkdir()
        series(folder / "ct", asked.slices)
        for who, kind, how in CASES:
            lines = [
                subprocess.run(
                    [sys.executable, "-m", "tests.benchmarks.dicom_seg", "--folder", name, "--one", who, kind, how, str(run)],
                    capture_output=True, text=True, check=True,
                ).stdout.split()
                for run in range(asked.runs)
            ]  # fmt: skip
            write, read, size, peak = (min(float(line[i]) for line in lines) for i in range(4))
            print(f"{who:10} {kind:9} {how:24} write {write:5.2f} s  read {read:5.2f} s  {size:8.3f} MB  peak {peak:5.2f} GB")


def _one(folder: Path, who: str, kind: str, how: str, _: str) -> None:
    from napari_hounsfield import Source

    labels = np.load(folder / "labels.npy")
    files = tuple(sorted((folder / "ct").iterdir()))
    target = folder / "seg.dcm"
    target.unlink(missing_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import highdicom  # noqa: F401  (importing is not measured)

        clock = time.process_time
        start = clock()
        if who == "ours":
            ours(labels, Source("", files), target, kind, how == "compressed")
        else:
            theirs(labels, Source("", files), target, kind, how)
        written = clock()
        array = read_ours(target) if who == "ours" else read_theirs(target)
        end = clock()
    assert np.array_equal(array, labels) or np.array_equal(array[::-1], labels)
    print(written - start, end - written, os.path.getsize(target) / 1e6, _peak())


def _peak() -> float:
    """GB that this process has held at most (Linux); 0 elsewhere."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.is_file() else []
    return next((int(line.split()[1]) / 1e6 for line in lines if line.startswith("VmHWM")), 0.0)


if __name__ == "__main__":
    main()
