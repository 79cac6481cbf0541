"""Small valid files, one of every kind that is read: what the mutations start from. The same bytes at every run."""

from __future__ import annotations

import gzip
import io
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate, encapsulate_extended
from pydicom.uid import UID

from .documents import documents
from .images import (
    BASELINE,
    BIG,
    CR,
    CT,
    DEFLATED,
    ENHANCED_CT,
    ENHANCED_MR,
    IMPLICIT,
    J2K,
    J2K_LOSSY,
    JPEG_LOSSLESS,
    JPEG_LS,
    LITTLE,
    MR,
    RLE,
    ROOT,
    SIZE,
    WAVELETS,
    colour,
    ct,
    enhanced,
    floats,
    image,
    nested,
    nuclear,
    numbers,
    palette,
    pet,
    ultrasound,
    with_lut,
)


@dataclass(frozen=True)
class Seed:
    """One valid file."""

    name: str
    plain: bytes
    """The data set, preceded by its file meta information, before any packing."""
    pack: Callable[[bytes], bytes] = field(default=bytes, repr=False)
    """How `plain` becomes the file."""
    syntax: str = LITTLE
    """Transfer syntax of `plain`."""
    samples: int = 0
    """Bytes of one pixel where pixels are uncompressed and stand one by one in the result, so that each can be followed."""
    ending: str = ".dcm"
    reader: Callable[[Path], Any] | None = field(default=None, repr=False)
    """What reads a file that holds no image, but labels or figures."""


def _written(ds: Dataset, syntax: str = LITTLE) -> bytes:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID = UID(syntax), ds.SOPClassUID
    meta.MediaStorageSOPInstanceUID, meta.ImplementationClassUID = ds.SOPInstanceUID, f"{ROOT}.9"
    encoded = UID(IMPLICIT if syntax == IMPLICIT else BIG if syntax == BIG else LITTLE)
    if syntax == BIG and ds.BitsAllocated > 8:
        ds.PixelData = np.frombuffer(ds.PixelData, f"<u{ds.BitsAllocated // 8}").byteswap().tobytes()
        ds["PixelData"].VR = "OW"
    if syntax == DEFLATED:
        meta.TransferSyntaxUID = UID(LITTLE)
    buffer = io.BytesIO()
    FileDataset(buffer, ds, b"\0" * 128, meta, encoded.is_implicit_VR, encoded.is_little_endian).save_as(
        buffer, enforce_file_format=True
    )
    data = buffer.getvalue()
    if syntax == DEFLATED:  # as long as the other UID but for its last three letters
        data = _with_syntax(data, DEFLATED)
    return data


def _with_syntax(data: bytes, syntax: str) -> bytes:
    """File meta information with another transfer syntax and its lengths set right."""
    old = struct.pack("<HH2sH", 2, 0x10, b"UI", len(LITTLE) + 1) + LITTLE.encode() + b"\0"
    uid = syntax.encode() + b"\0" * (len(syntax) % 2)
    new = struct.pack("<HH2sH", 2, 0x10, b"UI", len(uid)) + uid
    length = int.from_bytes(data[140:144], "little") + len(new) - len(old)
    return (data[:140] + length.to_bytes(4, "little") + data[144:]).replace(old, new, 1)


def deflated(plain: bytes) -> bytes:
    """Deflate what follows the file meta information."""
    start = 144 + int.from_bytes(plain[140:144], "little")
    machine = zlib.compressobj(1, zlib.DEFLATED, -15)
    return plain[:start] + machine.compress(plain[start:]) + machine.flush()


def gzipped(plain: bytes) -> bytes:
    return gzip.compress(plain, 1, mtime=0)


def zipped(plain: bytes, method: int = zipfile.ZIP_STORED) -> bytes:
    """A zip archive with the file in a folder, and a text beside it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in (("series/IM1", plain), ("readme.txt", b"nothing")):
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return buffer.getvalue()


def _encoded(ds: Dataset, frames: list[bytes], syntax: str, table: str = "basic") -> bytes:
    if table == "extended":
        ds.PixelData, ds.ExtendedOffsetTable, ds.ExtendedOffsetTableLengths = encapsulate_extended(frames)
    else:
        ds.PixelData = encapsulate(frames, fragments_per_frame=2 if table == "fragments" else 1, has_bot=table != "none")
    ds["PixelData"].VR = "OB"
    ds["PixelData"].is_undefined_length = True
    return _written(ds, syntax)


def _by_pydicom(ds: Dataset, syntax: str) -> list[bytes]:
    """Frames of a data set, encoded."""
    from pydicom.encaps import generate_frames

    meta = FileMetaDataset()
    meta.TransferSyntaxUID = UID(LITTLE)
    file = FileDataset(None, Dataset(ds), b"\0" * 128, meta, False, True)
    options = {"j2k_psnr": [40]} if syntax == J2K_LOSSY else {}
    file.compress(syntax, generate_instance_uid=False, **options)
    return [bytes(frame) for frame in generate_frames(file.PixelData, number_of_frames=int(ds.get("NumberOfFrames", 1)))]


def _by_pillow(pixels: np.ndarray) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def _jpeg_lossless(ds: Dataset) -> list[bytes]:
    """By GDCM, which has the encoder that pydicom lacks."""
    import gdcm
    from pydicom import dcmread
    from pydicom.encaps import generate_frames

    with tempfile.TemporaryDirectory() as folder:
        source, target = f"{folder}/source.dcm", f"{folder}/target.dcm"
        Path(source).write_bytes(_written(ds))
        reader = gdcm.ImageReader()
        reader.SetFileName(source)
        assert reader.Read()
        change = gdcm.ImageChangeTransferSyntax()
        change.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.JPEGLosslessProcess14_1))
        change.SetInput(reader.GetImage())
        assert change.Change()
        writer = gdcm.ImageWriter()
        writer.SetFileName(target)
        writer.SetFile(reader.GetFile())
        writer.SetImage(change.GetOutput())
        assert writer.Write()
        return [bytes(frame) for frame in generate_frames(dcmread(target).PixelData, number_of_frames=1)]


def _directory() -> bytes:
    """A DICOMDIR that lists one file beside it."""
    from pydicom.fileset import FileSet

    with tempfile.TemporaryDirectory() as folder:
        (source := Path(folder, "source")).write_bytes(_written(ct(StudyID="1", StudyTime="120000")))
        files = FileSet()
        files.UID = f"{ROOT}.8"
        files.add(source)
        files.write(Path(folder, "set"))
        return Path(folder, "set", "DICOMDIR").read_bytes()


LISTED = "PT000000/ST000000/SE000000/IM000000"
"""Where the file that the DICOMDIR lists lies."""


def listed_file() -> bytes:
    """What stands there."""
    return _written(ct())


def seeds() -> tuple[Seed, ...]:
    """Every seed that is an image, in an order that stays."""
    grey16, grey8 = numbers(SIZE, SIZE, dtype="<u2", low=0), numbers(SIZE, SIZE, dtype="u1", low=0, high=255)
    cr8 = partial(image, CR, "CR", grey8)
    found = [
        Seed("ct explicit", _written(ct()), samples=2),
        Seed("ct implicit", _written(ct(), IMPLICIT), syntax=IMPLICIT, samples=2),
        Seed("ct big endian", _written(ct(), BIG), syntax=BIG, samples=2),
        Seed("ct deflated", _written(ct(), DEFLATED), deflated, samples=2),
        Seed("ct gzip", _written(ct()), gzipped),
        Seed("ct 12 bits", _written(image(CT, "CT", grey16 & 0xFFF, BitsStored=12, HighBit=11))),
        Seed("cr 8 bits", _written(cr8()), samples=1),
        Seed("nested", _written(nested())),
        Seed("nested implicit", _written(nested(), IMPLICIT), syntax=IMPLICIT),
        Seed("mr", _written(image(MR, "MR", grey16, EchoTime="12", RescaleType=None, PhotometricInterpretation="MONOCHROME1"))),
        Seed("pet", _written(pet())),
        Seed("modality lut", _written(with_lut())),
        Seed("ultrasound", _written(ultrasound(1))),
        Seed("ultrasound frames", _written(ultrasound())),
        Seed("nuclear", _written(nuclear())),
        Seed("floats", _written(floats())),
        Seed("rgb", _written(colour("RGB"))),
        Seed("rgb planar", _written(colour("RGB", PlanarConfiguration=1))),
        Seed("ybr", _written(colour("YBR_FULL"))),
        Seed("palette", _written(palette())),
        Seed("enhanced ct", _written(enhanced(ENHANCED_CT, "CT", undefined=False))),
        Seed("enhanced mr", _written(enhanced(ENHANCED_MR, "MR", undefined=True))),
        Seed("enhanced implicit", _written(enhanced(ENHANCED_CT, "CT", undefined=True), IMPLICIT), syntax=IMPLICIT),
    ]
    for name, syntax in (("rle", RLE), ("jpeg-ls", JPEG_LS), ("jpeg 2000", J2K)):
        ds = ct(_size(syntax))
        found.append(Seed(name, _encoded(ds, _by_pydicom(ds, syntax), syntax), syntax=syntax))
    ds = image(CR, "CR", numbers(WAVELETS, WAVELETS, dtype="u1", low=0, high=255))
    found.append(Seed("jpeg 2000 lossy", _encoded(ds, _by_pydicom(ds, J2K_LOSSY), J2K_LOSSY), syntax=J2K_LOSSY))
    found.append(Seed("jpeg baseline", _encoded(cr8(), [_by_pillow(grey8)], BASELINE), syntax=BASELINE))
    ds = image(CT, "CT", grey16)
    found.append(Seed("jpeg lossless", _encoded(ds, _jpeg_lossless(ds), JPEG_LOSSLESS), syntax=JPEG_LOSSLESS))
    for photometric, syntax in (("RGB", RLE), ("RGB", JPEG_LS), ("YBR_RCT", J2K), ("YBR_FULL_422", BASELINE)):
        ds = colour("RGB", _size(syntax))
        pixels = np.frombuffer(ds.PixelData, "u1").reshape(ds.Rows, ds.Columns, 3)
        frames = [_by_pillow(pixels)] if syntax == BASELINE else _by_pydicom(ds, syntax)
        ds.PhotometricInterpretation = photometric
        found.append(Seed(f"colour {photometric} {syntax[-2:]}", _encoded(ds, frames, syntax), syntax=syntax))
    for table, syntax in (("basic", RLE), ("none", J2K), ("extended", JPEG_LS), ("fragments", J2K)):
        ds = enhanced(ENHANCED_CT, "CT", undefined=False, size=_size(syntax))
        found.append(Seed(f"frames {table}", _encoded(ds, _by_pydicom(ds, syntax), syntax, table), syntax=syntax))
    found += [
        Seed("zip", _written(ct()), zipped, ending=".zip"),
        Seed("zip deflated", _written(ct()), partial(zipped, method=zipfile.ZIP_DEFLATED), ending=".zip"),
        Seed("directory", _directory(), ending=""),
    ]
    return tuple(found)


def document_seeds() -> tuple[Seed, ...]:
    """Segmentations, structure sets and reports, which take longer to read."""
    syntaxes = {"rtstruct": IMPLICIT}
    return tuple(Seed(name, data, syntax=syntaxes.get(name, LITTLE), reader=reader) for name, data, reader in documents())


def _size(syntax: str) -> int:
    return WAVELETS if syntax in (J2K, J2K_LOSSY) else SIZE
