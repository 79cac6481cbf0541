"""Print how long a generated CT takes to read, against what people use: `python -m tests.benchmarks.dicom_reading [SLICES]`.

Every reader runs in a process of its own, on files that are in the page cache. Nothing is asserted, since machines differ.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

SIZE = 512
RUNS = 5
SYNTAXES = {
    "uncompressed": "1.2.840.10008.1.2.1",
    "RLE": "1.2.840.10008.1.2.5",
    "JPEG-LS": "1.2.840.10008.1.2.4.80",
    "JPEG 2000": "1.2.840.10008.1.2.4.90",
}
COMPRESSED_SLICES = 40
KEPT: list[object] = []


def slices(count: int):
    """A round body of soft tissue with noise, in air; stored values of 12 bits."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:SIZE, :SIZE] - SIZE / 2
    body = x**2 / 1.3 + y**2 < 200**2
    tissue = 1024 + 60 * np.sin(x / 31) * np.cos(y / 23)
    for _ in range(count):
        yield np.clip(np.where(body, tissue, 24) + rng.normal(0, 12, (SIZE, SIZE)), 0, 4095).astype("<u2")


def dataset_of(stored: np.ndarray, z: int):
    """A CT slice with about 150 elements, as scanners write them."""
    from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
    from pydicom.sequence import Sequence
    from pydicom.uid import ExplicitVRLittleEndian

    def item(**tags: object) -> Dataset:
        dataset = Dataset()
        for keyword, value in tags.items():
            setattr(dataset, keyword, value)
        dataset.is_undefined_length_sequence_item = True
        return dataset

    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = FileDataset(None, {}, b"\0" * 128, meta)
    tags = {
        "SpecificCharacterSet": "ISO_IR 100",
        "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL", "CT_SOM5 SPI"],
        "SOPClassUID": "1.2.840.10008.5.1.4.1.1.2",
        "SOPInstanceUID": f"1.2.826.0.1.3680043.8.498.1.{z + 1}",
        "StudyDate": "20200101",
        "SeriesDate": "20200101",
        "AcquisitionDate": "20200101",
        "ContentDate": "20200101",
        "StudyTime": "101010.123000",
        "SeriesTime": "101110.123000",
        "AcquisitionTime": "101110.223000",
        "ContentTime": "101110.323000",
        "AccessionNumber": "0",
        "Modality": "CT",
        "Manufacturer": "Maker",
        "InstitutionName": "Hospital",
        "StudyDescription": "Study",
        "SeriesDescription": "Thorax 1.0 B31f",
        "ManufacturerModelName": "Model",
        "PatientName": "Name",
        "PatientID": "ID",
        "PatientBirthDate": "19700101",
        "PatientSex": "O",
        "PatientAge": "050Y",
        "BodyPartExamined": "CHEST",
        "KVP": "120",
        "SliceThickness": "1.0",
        "DataCollectionDiameter": "500",
        "SoftwareVersions": "1",
        "ProtocolName": "Protocol",
        "ReconstructionDiameter": "380",
        "DistanceSourceToDetector": "1040",
        "DistanceSourceToPatient": "570",
        "GantryDetectorTilt": "0",
        "TableHeight": "150",
        "RotationDirection": "CW",
        "ExposureTime": "500",
        "XRayTubeCurrent": "200",
        "Exposure": "100",
        "FilterType": "0",
        "GeneratorPower": "24",
        "FocalSpots": "1.2",
        "ConvolutionKernel": "B31f",
        "PatientPosition": "HFS",
        "StudyInstanceUID": "1.2.826.0.1.3680043.8.498.2",
        "SeriesInstanceUID": "1.2.826.0.1.3680043.8.498.3",
        "StudyID": "1",
        "SeriesNumber": "4",
        "AcquisitionNumber": "1",
        "InstanceNumber": str(z + 1),
        "ImagePositionPatient": ["-190.0", "-190.0", f"{-300 + z}"],
        "ImageOrientationPatient": ["1", "0", "0", "0", "1", "0"],
        "FrameOfReferenceUID": "1.2.826.0.1.3680043.8.498.4",
        "PositionReferenceIndicator": "",
        "SliceLocation": f"{-300 + z}",
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "Rows": SIZE,
        "Columns": SIZE,
        "PixelSpacing": ["0.7421875", "0.7421875"],
        "BitsAllocated": 16,
        "BitsStored": 12,
        "HighBit": 11,
        "PixelRepresentation": 0,
        "WindowCenter": ["40", "-600"],
        "WindowWidth": ["400", "1200"],
        "RescaleIntercept": "-1024",
        "RescaleSlope": "1",
        "RescaleType": "HU",
    }
    for keyword, value in tags.items():
        setattr(dataset, keyword, value)
    images = [item(ReferencedSOPClassUID=tags["SOPClassUID"], ReferencedSOPInstanceUID=f"1.2.3.{i}") for i in range(3)]
    code = item(CodeValue="T-D3000", CodingSchemeDesignator="SRT", CodeMeaning="Chest")
    for keyword, items in {
        "ReferencedImageSequence": images,
        "ReferencedStudySequence": images[:1],
        "AnatomicRegionSequence": [code],
        "ProcedureCodeSequence": [code],
        "RequestAttributesSequence": [item(ScheduledProcedureStepID="1", RequestedProcedureID="2")],
    }.items():
        setattr(dataset, keyword, Sequence(items))
        dataset[keyword].is_undefined_length = True
    for group in (0x0019, 0x0029, 0x0051):
        block = dataset.private_block(group, "MAKER CT 1.0", create=True)
        for element in range(24):
            block.add_new(element, *(("OB", bytes(400)) if element % 8 == 7 else ("LO", f"private {element}")))
    dataset.PixelData = stored.tobytes()
    dataset["PixelData"].VR = "OW"
    return dataset


def generate(folder: Path, count: int, syntax: str) -> None:
    """Write a series."""
    for z, stored in enumerate(slices(count)):
        dataset = dataset_of(stored, z)
        if syntax != SYNTAXES["uncompressed"]:
            dataset.compress(syntax, generate_instance_uid=False)
        dataset.save_as(folder / f"IM{z:05d}.dcm", enforce_file_format=True)


def by_this_package(folder: Path) -> tuple[np.ndarray, float]:
    """The volume, and the seconds that the headers took of it."""
    from napari_hounsfield.dicom.scan import scan

    start = time.perf_counter()
    (series,) = scan(folder).series
    headers = time.perf_counter() - start
    return series.read().array, headers


def by_simpleitk(folder: Path) -> tuple[np.ndarray, float]:
    """With GDCM, by way of ITK's series reader."""
    import SimpleITK

    reader = SimpleITK.ImageSeriesReader()
    start = time.perf_counter()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    headers = time.perf_counter() - start
    image = reader.Execute()
    KEPT[:] = [image]  # the array is a view of it
    return SimpleITK.GetArrayViewFromImage(image), headers


def by_pydicom(folder: Path, plugin: str = "") -> tuple[np.ndarray, float]:
    """A good loop: every file read once, sorted, and rescaled into an array that is there already."""
    from pydicom import dcmread

    start = time.perf_counter()
    datasets = [dcmread(file) for file in folder.iterdir()]
    normal = np.cross(*np.reshape(datasets[0].ImageOrientationPatient, (2, 3)).astype(float))
    datasets.sort(key=lambda dataset: normal @ np.array(dataset.ImagePositionPatient, float))
    headers = time.perf_counter() - start
    array = np.empty((len(datasets), datasets[0].Rows, datasets[0].Columns), np.int16)
    for z, dataset in enumerate(datasets):
        slope, intercept = int(dataset.RescaleSlope), int(dataset.RescaleIntercept)
        dataset.pixel_array_options(decoding_plugin=plugin)
        np.multiply(dataset.pixel_array, slope, out=array[z], casting="unsafe")
        array[z] += intercept
    return array, headers


def by_cat(folder: Path) -> tuple[None, float]:
    """What the files take to be read at all."""
    subprocess.run(["sh", "-c", f"cat '{folder}'/* > /dev/null"], check=True)
    return None, 0.0


READERS = {
    "this package": by_this_package,
    "SimpleITK": by_simpleitk,
    "pydicom loop": by_pydicom,
    "... by itself": lambda folder: by_pydicom(folder, "pydicom"),  # RLE without the package that speeds it up
    "cat": by_cat,
}
USED = {"uncompressed": ("this package", "SimpleITK", "pydicom loop", "cat"), "RLE": tuple(READERS)[:4]}


def peak(reset: bool = False) -> int:
    """Largest memory of this process in bytes, since the last reset where the system can do that (Linux)."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    (line,) = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) * 1024


def measure(name: str, folder: Path) -> None:
    """Print what one reader takes, as JSON: the best of several runs, and peak memory beyond the result of the first."""
    READERS[name](folder.parent / "warm")  # imports, and whatever else is done once
    KEPT.clear()
    before = peak(reset=True)
    seconds, headers, beyond, check = float("inf"), 0.0, None, None
    for run in range(RUNS):
        start = time.perf_counter()
        array, of_headers = READERS[name](folder)
        seconds, headers = min((seconds, headers), (time.perf_counter() - start, of_headers))
        if array is not None and not run:
            beyond = (peak() - before) / array.nbytes - 1
            check = sum(int(plane.sum(dtype=np.int64)) for plane in array)
        array = None
        KEPT.clear()
    print(json.dumps({"seconds": seconds, "headers": headers, "beyond": beyond, "check": check}))


def table(title: str, folder: Path, readers: tuple[str, ...]) -> None:
    """Run the readers one after the other, and print a line each."""
    found = {}
    for name in readers:
        command = [sys.executable, "-m", "tests.benchmarks.dicom_reading", "--measure", name, str(folder)]
        found[name] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
    own = found["this package"]
    print(f"\n{title}\n{'':16}{'ms':>8}{'headers':>9}{'pixels':>8}{'ratio':>7}   memory beyond the result")
    for name, it in found.items():
        beyond = "" if it["beyond"] is None else f"{100 * it['beyond']:.0f} %"
        parts = f"{1e3 * it['headers']:9.0f}{1e3 * (it['seconds'] - it['headers']):8.0f}"
        print(f"{name:16}{1e3 * it['seconds']:8.0f}{parts}{it['seconds'] / own['seconds']:7.2f}   {beyond}")
    if len({it["check"] for it in found.values()} - {None}) > 1:
        print("NOT THE SAME VALUES")


def main() -> None:
    """Generate, measure, print."""
    if "--measure" in sys.argv:
        measure(sys.argv[-2], Path(sys.argv[-1]))
        return
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    for name, syntax in SYNTAXES.items():
        with tempfile.TemporaryDirectory() as parent:
            folder, warm = Path(parent, "series"), Path(parent, "warm")
            number = count if name == "uncompressed" else min(count, COMPRESSED_SLICES)
            for where, slice_count in ((folder, number), (warm, 3)):
                where.mkdir()
                generate(where, slice_count, syntax)
            table(f"{name}, {number} slices {SIZE} x {SIZE}", folder, USED.get(name, tuple(READERS)[:3]))


if __name__ == "__main__":
    main()
