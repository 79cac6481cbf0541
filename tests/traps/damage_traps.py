"""Files that are cut, damaged or no DICOM at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydicom.encaps import encapsulate, generate_frames

from .truth import Truth, either, read, refuse, trap
from .writing import IMPLICIT, J2K, JPEG_LS, LARGE, LITTLE, RLE, coded, hu, pattern, raw, save, stack


def _cut(folder: Path, seed: int, which: int, keep: float) -> None:
    """Six slices, one of which ends early: at this part of the file."""
    files = save(folder, stack(pattern(seed=seed)))
    content = files[which].read_bytes()
    files[which].write_bytes(content[: int(len(content) * keep)])


@trap("one slice cut within its pixels")
def cut_pixels(folder: Path) -> Truth:
    _cut(folder, 120, 2, 0.95)
    return refuse("slice03")


@trap("last slice cut within its pixels")
def cut_last(folder: Path) -> Truth:
    _cut(folder, 121, 5, 0.9)
    return refuse("slice06")


@trap("one slice cut within its header")
def cut_header(folder: Path) -> Truth:
    _cut(folder, 122, 2, 0.5)
    return refuse("slice03|ImagePositionPatient|missing")


@trap("one slice without pixel data")
def no_pixels(folder: Path) -> Truth:
    datasets = stack(pattern(seed=123))
    del datasets[3].PixelData
    save(folder, datasets)
    return refuse("slice04")


@trap("pixel data shorter than rows x columns, length tag consistent")
def short_pixels(folder: Path) -> Truth:
    datasets = stack(pattern(seed=124))
    datasets[1].PixelData = datasets[1].PixelData[:-40]
    save(folder, datasets)
    return refuse("slice02")


@trap("pixel data longer than rows x columns")
def long_pixels(folder: Path) -> Truth:
    stored = pattern(seed=125)
    datasets = stack(stored)
    for dataset in datasets:
        dataset.PixelData += bytes(100)
    save(folder, datasets)
    return either(hu(stored))


@trap("rows and columns beyond the pixel data")
def huge(folder: Path) -> Truth:
    save(folder, stack(pattern(seed=126), Rows=4096, Columns=4096))
    return refuse("slice01|PixelData")


@trap("65535 x 65535 and no pixels")
def colossal(folder: Path) -> Truth:
    save(folder, stack(pattern(1, seed=127), Rows=65535, Columns=65535, PixelData=b""))
    return refuse("slice01|PixelData")


@trap("rows 0")
def no_rows(folder: Path) -> Truth:
    save(folder, stack(pattern(seed=128), Rows=0))
    return refuse("slice01|Rows")


def _damaged(folder: Path, syntax: str, seed: int) -> Truth:
    """One frame of three begins well and ends in noise."""
    files = [coded(dataset, syntax) for dataset in stack(pattern(*LARGE, seed=seed))]
    frame = next(generate_frames(files[1].PixelData, number_of_frames=1))
    keep = 200 if syntax == RLE else len(frame) // 2
    files[1].PixelData = encapsulate([frame[:keep]])
    save(folder, files)
    return refuse("slice02")


@trap("one RLE frame damaged")
def damaged_rle(folder: Path) -> Truth:
    return _damaged(folder, RLE, 129)


@trap("one JPEG-LS frame damaged")
def damaged_jpeg_ls(folder: Path) -> Truth:
    return _damaged(folder, JPEG_LS, 130)


@trap("one JPEG 2000 frame damaged")
def damaged_j2k(folder: Path) -> Truth:
    return _damaged(folder, J2K, 131)


@trap("one JPEG 2000 frame of another size than the header says")
def other_size(folder: Path) -> Truth:
    files = [coded(dataset, J2K) for dataset in stack(pattern(*LARGE, seed=132))]
    files[2].PixelData = coded(stack(pattern(3, 33, 40, seed=133))[2], J2K).PixelData
    save(folder, files)
    return refuse("slice03")


@trap("compressed frame that is junk")
def junk_frame(folder: Path) -> Truth:
    files = [coded(dataset, J2K) for dataset in stack(pattern(*LARGE, seed=134))]
    files[0].PixelData = encapsulate([np.random.default_rng(0).bytes(200)])
    save(folder, files)
    return refuse("slice01")


@trap("uncompressed pixels under a compressed transfer syntax")
def lying_syntax(folder: Path) -> Truth:
    _renamed_syntax(folder, 135, RLE)
    return refuse("slice0", volumes=[hu(pattern(seed=135))])


def _renamed_syntax(folder: Path, seed: int, syntax: str) -> None:
    """Uncompressed slices that give another syntax, of a UID that is as long."""
    for file in save(folder, stack(pattern(seed=seed))):
        file.write_bytes(file.read_bytes().replace(LITTLE.encode(), syntax.encode(), 1))


@trap("unknown transfer syntax")
def unknown_syntax(folder: Path) -> Truth:
    _renamed_syntax(folder, 136, "1.2.840.10008.1.2.7")
    return refuse("slice0|1.2.840.10008.1.2.7")


@trap("no preamble")
def no_preamble(folder: Path) -> Truth:
    """File meta information follows at once."""
    stored = pattern(seed=137)
    for file in save(folder, stack(stored)):
        file.write_bytes(file.read_bytes()[132:])
    return refuse("slice0|preamble|DICOM", volumes=[hu(stored)])


@trap("no file meta information")
def no_meta(folder: Path) -> Truth:
    """The bare data set in implicit little endian, as old archives hold it."""
    stored = pattern(seed=138)
    for file in save(folder, stack(stored), IMPLICIT):
        content = file.read_bytes()
        file.write_bytes(content[content.index(b"\x08\x00\x08\x00") :])
    return refuse("slice0|preamble|meta|DICOM", volumes=[hu(stored)])


@trap("junk, text and empty files among the slices")
def junk(folder: Path) -> Truth:
    stored = pattern(seed=139)
    save(folder, stack(stored))
    (folder / "slice00.dcm").write_bytes(b"")
    (folder / "notes.txt").write_text("scanned on a Tuesday\n")
    (folder / "slice03a.dcm").write_bytes(np.random.default_rng(139).bytes(5000))
    (folder / "._slice02.dcm").write_bytes(b"\x00\x05\x16\x07" + bytes(4092))
    (folder / "Thumbs.db").write_bytes(b"\xd0\xcf\x11\xe0" + bytes(508))
    return read(hu(stored), skips=["slice00.dcm", "notes.txt", "slice03a.dcm", "Thumbs.db"])


@trap("pixel data under an undefined length without fragments' end")
def endless(folder: Path) -> Truth:
    files = [coded(dataset, RLE) for dataset in stack(pattern(seed=140))]
    save(folder, files)
    path = folder / "slice03.dcm"
    path.write_bytes(path.read_bytes()[:-8])  # the sequence delimiter
    return either(hu(pattern(seed=140)), blames=["slice03"])


@trap("rescale slope that is no number in one slice")
def no_number(folder: Path) -> Truth:
    datasets = stack(pattern(seed=141))
    raw(datasets[2], "RescaleSlope", "DS", "one")
    save(folder, datasets)
    return refuse("slice03|RescaleSlope")
