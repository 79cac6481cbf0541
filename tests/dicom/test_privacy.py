"""What a file says of a patient reaches no log, warning, message, printed line, layer or written file.

A hundred and more strings that stand nowhere else are planted in every kind of field; then all that can be seen is searched.
"""

from __future__ import annotations

import gzip
import io
import json
import logging
import re
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag

import napari_hounsfield as nh
from napari_hounsfield import cli
from napari_hounsfield._napari.layers import layer_tuples
from napari_hounsfield.dicom.guards import quiet
from napari_hounsfield.dicom.header_reading import read_headers
from napari_hounsfield.dicom.scan import scan
from napari_hounsfield.dicom.tags import TAGS
from napari_hounsfield.errors import HounsfieldError
from napari_hounsfield.formats.writing import write

from .planting import DIGITS, MARK, clean, plant, planted

Change = Callable[[Any], None]


def test_what_is_planted_is_found() -> None:
    for text in (f"x {MARK}7^NAME", MARK.upper().encode(), planted(3, "DA"), planted(3, "UI")):
        with pytest.raises(AssertionError):
            clean("nothing", text)


@pytest.fixture
def nothing_leaks(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Whatever the test does, nothing planted is logged, warned of or printed."""
    loggers = [logging.getLogger(), *(logging.getLogger(name) for name in logging.root.manager.loggerDict)]
    before = [(logger, logger.level, logger.propagate) for logger in loggers]
    with warnings.catch_warnings(record=True) as warned, caplog.at_level(logging.DEBUG):
        warnings.simplefilter("always")
        for logger in loggers:
            logger.setLevel(logging.DEBUG)
            logger.propagate = True
        try:
            yield
        finally:
            for logger, level, propagate in before:
                logger.setLevel(level)
                logger.propagate = propagate
    printed = capfd.readouterr()
    clean(printed.out, printed.err, *(record.getMessage() for record in caplog.records), *(warning.message for warning in warned))


def read_all(path: Path) -> list[nh.Volume]:
    """Everything that the reader says of a path, searched; the volumes."""
    try:
        found = scan(path)
    except HounsfieldError as error:
        clean(error, repr(error))
        return []
    told = found.to_json()
    for series in told["series"]:
        del series["uid"]
    clean(found, json.dumps(told, ensure_ascii=False))
    volumes = []
    for series in found.series:
        clean(series, series.plan, series.part, series.refusal, series.name, series.source, *series.planes, *series.warnings)
        try:
            volume = series.read()
        except HounsfieldError as error:
            clean(error, repr(error))
            continue
        clean(volume, volume.name, volume.grid, volume.source, *volume.warnings, *volume.history)
        volumes.append(volume)
    return volumes


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """In one that is named by a patient; its own name, like that of every file, may be shown."""
    made = tmp_path / f"{MARK}^Doe 47110815" / "study"
    made.mkdir(parents=True)
    return made


@pytest.fixture
def write_planted(write_series: Callable[..., Any], noise: Callable[..., np.ndarray]) -> Callable[..., list[int]]:
    """Write a series with strings in every plane, and perhaps another change; how many strings there are in each."""

    def write(folder: Path, heights: Sequence[float] = (0, 3, 6, 9), further: Change = repr, only: int = -1) -> list[int]:
        counts = []

        def change(dataset: Any, z: int) -> None:
            dataset.SeriesInstanceUID = "1.2.3"
            counts.append(plant(dataset))
            if only in (-1, z):
                further(dataset)

        with quiet():  # pydicom warns of what it writes
            write_series(folder, noise(), [(0, 0, z) for z in heights], change=change)
        return counts

    return write


@pytest.fixture
def planted_series(folder: Path, write_planted: Callable[..., list[int]]) -> Path:
    counts = write_planted(folder)
    assert min(counts) >= 100
    content = (folder / "IM0000").read_bytes()
    assert content.count(MARK.encode()) + content.count(DIGITS.encode()) >= 100
    return folder


@pytest.mark.usefixtures("nothing_leaks")
def test_reading_and_showing(planted_series: Path) -> None:
    volumes = read_all(planted_series)
    assert len(volumes) == 1
    labels = nh.threshold(volumes[0], nh.ThresholdParams(tissue="bone"))
    for data in (volumes[0], labels):
        for _, arguments, _ in layer_tuples(data):
            clean(*arguments.values(), repr(arguments["metadata"]))


@pytest.mark.usefixtures("nothing_leaks")
@pytest.mark.parametrize("ending", ["nii.gz", "nii", "nrrd", "seg.nrrd", "mha"])
def test_written_files(planted_series: Path, tmp_path: Path, ending: str) -> None:
    (volume,) = read_all(planted_series)
    labels = nh.threshold(volume, nh.ThresholdParams(tissue="bone"))
    for name, data in (("image", volume), ("labels", labels)):
        if ending == "seg.nrrd" and data is volume:
            continue
        target = write(tmp_path / f"{name}.{ending}", data)
        content = target.read_bytes()
        clean(gzip.decompress(content) if ending == "nii.gz" else content)


@pytest.mark.usefixtures("nothing_leaks")
def test_tables_and_models(planted_series: Path, tmp_path: Path) -> None:
    (volume,) = read_all(planted_series)
    labels = nh.threshold(volume, nh.ThresholdParams(tissue="custom", lower=0, upper=3000))
    for result in (nh.measure(volume, labels), nh.evaluate(labels, labels)):
        clean(result, json.dumps(result.to_json()))
    strokes = nh.LabelMap((1 + (volume.array > 0)).astype(np.uint8), volume.affine, frame_of_reference=volume.frame_of_reference)
    model = nh.train(volume, strokes)
    model.save(tmp_path / "model.hounsfield")
    # Fractions of numbers, of which there are thousands, may hold any digits.
    clean(model, re.sub(rb"\.\d+", b"", (tmp_path / "model.hounsfield").read_bytes()))


@pytest.mark.usefixtures("nothing_leaks")
def test_command_line(
    planted_series: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    commands = (
        ["info", planted_series],
        ["convert", planted_series, "ct.nii.gz"],
        ["threshold", planted_series, "bone.nii.gz", "--tissue", "bone"],
        ["measure", planted_series, "bone.nii.gz", "--out", "table.csv"],
        ["measure", planted_series, "bone.nii.gz", "--out", "table.json"],
    )
    for command in commands:
        status = cli.main([str(word) for word in command])
        printed = capfd.readouterr()
        assert status == 0, printed.err
        clean(printed.out, printed.err)
    clean((tmp_path / "table.csv").read_text(), (tmp_path / "table.json").read_text())


def set_to(**tags: Any) -> Change:
    def change(dataset: Any) -> None:
        for keyword, value in tags.items():
            setattr(dataset, keyword, value)

    return change


def without(*keywords: str) -> Change:
    def change(dataset: Any) -> None:
        for keyword in keywords:
            delattr(dataset, keyword)

    return change


REFUSED: dict[str, Change] = {
    "no position": without("ImagePositionPatient"),
    "no orientation": without("ImageOrientationPatient"),
    "no spacing": without("PixelSpacing"),
    "slope 0": set_to(RescaleSlope="0"),
    "spacing 0": set_to(PixelSpacing=[0, 1]),
    "orientation 0": set_to(ImageOrientationPatient=[0, 0, 0, 0, 0, 0]),
    "no rows": without("Rows"),
    "no bits": without("BitsAllocated"),
    "bits 12": set_to(BitsAllocated=12),
    "high bit": set_to(HighBit=99),
    "samples 4": set_to(SamplesPerPixel=4),
    "colours": set_to(PhotometricInterpretation=f"{MARK}^RGB"),
    "colours of three": set_to(PhotometricInterpretation=f"{MARK}^RGB", SamplesPerPixel=3),
    "too large": set_to(Rows=65535, Columns=65535),
    "no pixels": without("PixelData"),
    "unknown class": set_to(SOPClassUID="1.2.4711.5"),
    "named class": set_to(SOPClassUID=f"{MARK}^5"),
    "structure set": set_to(SOPClassUID="1.2.840.10008.5.1.4.1.1.481.3"),
    "mosaic": set_to(ImageType=["ORIGINAL", "PRIMARY", "MOSAIC", f"{MARK}^"]),
    "frames": set_to(NumberOfFrames=5),
    "no frames": set_to(NumberOfFrames=0),
    "palette": set_to(PhotometricInterpretation="PALETTE COLOR"),
    "no series": without("SeriesInstanceUID"),
}


@pytest.mark.usefixtures("nothing_leaks")
@pytest.mark.parametrize("kind", REFUSED)
def test_refused_planes(kind: str, folder: Path, write_planted: Callable[..., list[int]]) -> None:
    write_planted(folder, further=REFUSED[kind], only=1)
    readable = {"no series": 1}
    assert len(read_all(folder)) == readable.get(kind, 0)
    assert read_all(folder / "IM0001") == [] or kind in readable


@pytest.mark.usefixtures("nothing_leaks")
@pytest.mark.parametrize("heights", [(0, 1, 2, 5), (0, 1, 1, 2), (0, 0, 0, 0), (0, float("nan"), 2, 3)])
def test_refused_stacks(heights: tuple[float, ...], folder: Path, write_planted: Callable[..., list[int]]) -> None:
    write_planted(folder, heights)
    assert read_all(folder) == []


@pytest.mark.usefixtures("nothing_leaks")
@pytest.mark.parametrize("keyword", [keyword for keyword in TAGS if keyword not in ("SeriesInstanceUID", "PixelData")])
def test_damaged_fields(keyword: str, folder: Path, write_planted: Callable[..., list[int]]) -> None:
    """A name stands where a number, a code or a UID should be, as it does where a length is damaged."""
    tag = TAGS[keyword]
    value = f"{MARK}^DOE 4711081".encode()
    vr = "LO" if tag >> 16 & 1 else dictionary_VR(tag)

    def further(dataset: Any) -> None:
        dataset[tag] = RawDataElement(Tag(tag), vr.removeprefix("OB or ").split()[0], len(value), value, 0, False, True)

    write_planted(folder, further=further)
    for volume in read_all(folder):
        for _, arguments, _ in layer_tuples(volume):
            clean(arguments["name"], repr(arguments["metadata"]))


@pytest.mark.usefixtures("nothing_leaks")
def test_damaged_files(folder: Path, planted_series: Path) -> None:
    content = (planted_series / "IM0000").read_bytes()
    start = 144 + int.from_bytes(content[140:144], "little")
    machine = zlib.compressobj(wbits=-15)
    packed = machine.compress(content[start:]) + machine.flush()
    meta = content[132:start].replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.1.99")
    damaged = {
        **{f"cut{at}": content[:at] for at in range(100, len(content), len(content) // 40)},
        "text": f"{MARK}^Doe, born 4711".encode(),
        "bare": content[start:],
        "no meta": content[:132] + content[start:],
        "syntax": content.replace(b"1.2.840.10008.1.2.1\0", f"{MARK}^12345678901".encode().ljust(20)),
        "big endian": content.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.2\0"),
        "compressed": content.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.5\0"),
        "implicit": content.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2\0\0\0"),
        "deflated": content[:132] + meta + packed[: len(packed) // 2] + b"\0" * 50,
        "gzip": gzip.compress(content)[:-200],
        "zip": zipped(content)[:-30],
    }
    for name, data in damaged.items():
        (folder / "image").write_bytes(data)
        read_all(folder / "image")
        assert name


def zipped(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in (f"{MARK}^Doe/4711/IM1", "../4711/IM2", f"/{MARK}/IM3"):
            entry = zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0))
            entry.comment, entry.extra = f"{MARK}^Doe".encode(), b"\x99\x99\x08\0" + f"{MARK}4711".encode()
            archive.writestr(entry, content)
        archive.comment = f"{MARK}^Doe, 4711".encode()
    return buffer.getvalue()


@pytest.mark.usefixtures("nothing_leaks")
def test_containers(folder: Path, planted_series: Path) -> None:
    from pydicom.fileset import FileSet

    image = planted_series / "IM0000"
    (archive := folder / "study.zip").write_bytes(zipped(image.read_bytes()))
    assert len(read_all(archive)) == 1
    (packed := folder / "image.gz").write_bytes(gzip.compress(image.read_bytes()))
    assert len(read_all(packed)) == 1
    with quiet():
        medium = FileSet()
        medium.add(image)
        medium.write(folder / "medium")
    directory = folder / "medium" / "DICOMDIR"
    assert len(read_all(directory)) == 1
    content = directory.read_bytes()
    assert MARK.encode() in content
    for at in range(200, len(content), len(content) // 30):
        (folder / "medium" / "CUT").write_bytes(content[:at])
        read_all(folder / "medium" / "CUT")
    for file in (folder / "medium").rglob("IM*"):
        file.unlink()
    read_all(directory)


def test_headers_hold_only_what_reading_needs(planted_series: Path) -> None:
    (header,) = read_headers(planted_series / "IM0000")
    clean(repr(header))
