"""Small valid files, one of every kind that the reader reads: what the mutations start from. The same bytes at every run."""

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

ROOT = "1.2.826.0.1.3680043.9.7777"
IMPLICIT, LITTLE, DEFLATED, BIG = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2"
RLE, JPEG_LS, J2K, J2K_LOSSY = (f"1.2.840.10008.1.2.{end}" for end in ("5", "4.80", "4.90", "4.91"))
BASELINE, JPEG_LOSSLESS = "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.70"
STORAGE = "1.2.840.10008.5.1.4.1.1."
CT, MR, PET, CR, US, US_MULTI, SC, NM = (STORAGE + end for end in ("2", "4", "128", "1", "6.1", "3.1", "7", "20"))
ENHANCED_CT, ENHANCED_MR = STORAGE + "2.1", STORAGE + "4.1"
SIZE = 8
WAVELETS = 32
"""Rows and columns of JPEG 2000: its encoder takes no smaller ones."""
PLACE = ("ImagePositionPatient", "ImageOrientationPatient")
RESCALE = ("RescaleSlope", "RescaleIntercept", "RescaleType")
SECRET = "CANARY"
"""Stands in every field that names a patient: no message may hold it."""


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


def _numbers(*shape: int, dtype: str = "<i2", low: int = -1000, high: int = 1000) -> np.ndarray:
    return np.random.default_rng(len(shape) * 7 + shape[0]).integers(low, high, shape).astype(dtype)


def _image(sop_class: str, modality: str, stored: np.ndarray, **tags: Any) -> Dataset:
    """A plane, or frames (n, rows, columns); colours have a last axis of 3."""
    colour = stored.shape[-1] == 3
    frames = stored.shape[: stored.ndim - (3 if colour else 2)]
    rows, columns = stored.shape[len(frames) : len(frames) + 2]
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    ds.SOPClassUID, ds.SOPInstanceUID = sop_class, f"{ROOT}.1.1"
    ds.StudyDate, ds.SeriesDate, ds.AcquisitionDate = "20200101", "20200101", "20200101"
    ds.SeriesTime, ds.AcquisitionTime = "120000", "120100"
    ds.Modality, ds.Manufacturer = modality, "Maker"
    ds.SeriesDescription = f"{SECRET} Bäuchle"
    ds.PatientName, ds.PatientID = f"{SECRET}^Name", f"{SECRET}-ID"
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = f"{ROOT}.2", f"{ROOT}.3", f"{ROOT}.4"
    ds.SeriesNumber, ds.InstanceNumber = 4, 1
    ds.SliceThickness = "2.5"
    ds.ImagePositionPatient, ds.ImageOrientationPatient = [-10, -20, 30], [1, 0, 0, 0, 1, 0]
    ds.SamplesPerPixel = 3 if colour else 1
    ds.PhotometricInterpretation = "RGB" if colour else "MONOCHROME2"
    if colour:
        ds.PlanarConfiguration = 0
    if frames:
        ds.NumberOfFrames = frames[0]
    ds.Rows, ds.Columns = rows, columns
    ds.PixelSpacing = [0.5, 0.75]
    bits = 8 * stored.dtype.itemsize
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = bits, bits, bits - 1
    ds.PixelRepresentation = int(stored.dtype.kind == "i")
    ds.WindowCenter, ds.WindowWidth = ["40", "300"], ["400", "1500"]
    ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = "-1024", "1", "HU"
    ds.PixelData = stored.tobytes()
    ds["PixelData"].VR = "OW" if bits > 8 else "OB"
    for keyword, value in tags.items():
        if value is None:
            delattr(ds, keyword)
        else:
            setattr(ds, keyword, value)
    return ds


def _items(*contents: dict[str, Any], undefined: bool = False) -> list[Dataset]:
    made = []
    for content in contents:
        item = Dataset()
        for keyword, value in content.items():
            setattr(item, keyword, value)
        item.is_undefined_length_sequence_item = undefined
        made.append(item)
    return made


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


def _ct(size: int = SIZE, **tags: Any) -> Dataset:
    return _image(CT, "CT", _numbers(size, size), **tags)


def _enhanced(sop_class: str, modality: str, undefined: bool, frames: int = 3, size: int = SIZE) -> Dataset:
    """Frames with functional groups."""
    ds = _image(sop_class, modality, _numbers(frames, size, size), **dict.fromkeys((*PLACE, *RESCALE, "PixelSpacing")))
    kind = {"CT": "CTImageFrameTypeSequence", "MR": "MRImageFrameTypeSequence"}[modality]
    items = partial(_items, undefined=undefined)
    ds.SharedFunctionalGroupsSequence = items(
        {
            "PixelMeasuresSequence": items({"PixelSpacing": [0.5, 0.5], "SliceThickness": "2"}),
            "PlaneOrientationSequence": items({"ImageOrientationPatient": [1, 0, 0, 0, 1, 0]}),
            kind: items({"FrameType": ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]}),
            "PixelValueTransformationSequence": items({"RescaleIntercept": "-1024", "RescaleSlope": "1", "RescaleType": "HU"}),
        }
    )
    ds.PerFrameFunctionalGroupsSequence = items(
        *(
            {
                "FrameContentSequence": items({"StackID": "1", "InStackPositionNumber": z + 1}),
                "PlanePositionSequence": items({"ImagePositionPatient": [0, 0, 2 * z]}),
            }
            for z in range(frames)
        )
    )
    if undefined:
        for keyword in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
            ds[keyword].is_undefined_length = True
    return ds


def _nested() -> Dataset:
    """Private sequences of undefined length in each other, and elements of every representation."""
    ds = _ct()
    inner = _items({"CodeValue": SECRET, "CodeMeaning": "deep"}, undefined=True)
    for _ in range(4):
        inner = _items({"ProcedureCodeSequence": inner, "CodeMeaning": SECRET}, undefined=True)
        inner[0]["ProcedureCodeSequence"].is_undefined_length = True
    ds.ProcedureCodeSequence = inner
    ds["ProcedureCodeSequence"].is_undefined_length = True
    block = ds.private_block(0x0009, "MAKER", create=True)
    for at, (vr, value) in enumerate((("UN", b"ab"), ("FD", 1.5), ("UT", SECRET), ("OB", b"\1\2"), ("AT", 0x00100010)), start=1):
        block.add_new(at, vr, value)
    ds.PixelPaddingValue = -1000
    ds["PixelPaddingValue"].VR = "SS"
    return ds


def _pet() -> Dataset:
    rescale = {"RescaleType": None, "RescaleIntercept": "0", "RescaleSlope": "0.5"}
    ds = _image(PET, "PT", _numbers(SIZE, SIZE, low=0), PatientWeight="70", **rescale)
    ds.Units, ds.DecayCorrection, ds.CorrectedImage = "BQML", "START", ["ATTN", "DECY"]
    ds.FrameReferenceTime, ds.ActualFrameDuration = "60000", "120000"
    ds.RadiopharmaceuticalInformationSequence = _items(
        {
            "RadiopharmaceuticalStartTime": "110000",
            "RadionuclideTotalDose": "370000000",
            "RadionuclideHalfLife": "6586.2",
            "RadionuclideCodeSequence": _items({"CodeValue": "C-111A1", "CodeMeaning": "F-18"}),
        }
    )
    return ds


def _ultrasound(frames: int = 2) -> Dataset:
    gone = dict.fromkeys((*PLACE, *RESCALE, "PixelSpacing"))
    ds = _image(US_MULTI if frames > 1 else US, "US", _numbers(frames, SIZE, SIZE, 3, dtype="u1", low=0, high=255), **gone)
    if frames == 1:
        del ds.NumberOfFrames
    region = {"RegionSpatialFormat": 1, "PhysicalUnitsXDirection": 3, "PhysicalUnitsYDirection": 3}
    ds.SequenceOfUltrasoundRegions = _items({**region, "PhysicalDeltaX": 0.05, "PhysicalDeltaY": 0.05})
    return ds


def _colour(photometric: str, size: int = SIZE, **tags: Any) -> Dataset:
    gone = dict.fromkeys((*PLACE, *RESCALE))
    stored = _numbers(size, size, 3, dtype="u1", low=0, high=255)
    return _image(SC, "OT", stored, PhotometricInterpretation=photometric, **gone, **tags)


def _palette() -> Dataset:
    ds = _image(SC, "OT", _numbers(SIZE, SIZE, dtype="u1", low=0, high=16), PhotometricInterpretation="PALETTE COLOR")
    for number, colour in enumerate(("Red", "Green", "Blue")):
        setattr(ds, f"{colour}PaletteColorLookupTableDescriptor", [16, 0, 16])
        table = (np.arange(16) * 4000 + number).astype("<u2").tobytes()
        setattr(ds, f"{colour}PaletteColorLookupTableData", table)
    return ds


def _with_lut() -> Dataset:
    ds = _image(CR, "CR", _numbers(SIZE, SIZE, dtype="<u2", low=0, high=64), **dict.fromkeys(RESCALE))
    ds.ModalityLUTSequence = _items(
        {"LUTDescriptor": [64, 0, 16], "ModalityLUTType": "US", "LUTData": (np.arange(64) * 3).astype("<u2").tobytes()}
    )
    return ds


def _nuclear() -> Dataset:
    gone = dict.fromkeys((*PLACE, "RescaleType"))
    ds = _image(NM, "NM", _numbers(4, SIZE, SIZE, dtype="<u2", low=0), **gone)
    ds.DetectorInformationSequence = _items({"CollimatorType": "PARA"})
    ds.TimeSliceVector, ds.SpacingBetweenSlices = [1, 2, 3, 4], "3"
    return ds


def _floats() -> Dataset:
    ds = _image(STORAGE + "30", "MR", _numbers(SIZE, SIZE), RescaleType=None)
    del ds.PixelData, ds.BitsStored, ds.HighBit, ds.PixelRepresentation
    ds.BitsAllocated, ds.NumberOfFrames = 32, 1
    ds.FloatPixelData = _numbers(SIZE, SIZE).astype("<f4").tobytes()
    return ds


def _directory() -> bytes:
    """A DICOMDIR that lists one file beside it."""
    from pydicom.fileset import FileSet

    with tempfile.TemporaryDirectory() as folder:
        (source := Path(folder, "source")).write_bytes(_written(_ct(StudyID="1", StudyTime="120000")))
        files = FileSet()
        files.UID = f"{ROOT}.8"
        files.add(source)
        files.write(Path(folder, "set"))
        return Path(folder, "set", "DICOMDIR").read_bytes()


LISTED = "PT000000/ST000000/SE000000/IM000000"
"""Where the file that the DICOMDIR lists lies."""


def listed_file() -> bytes:
    """What stands there."""
    return _written(_ct())


def seeds() -> tuple[Seed, ...]:
    """Every seed, in an order that stays."""
    grey16, grey8 = _numbers(SIZE, SIZE, dtype="<u2", low=0), _numbers(SIZE, SIZE, dtype="u1", low=0, high=255)
    cr8 = partial(_image, CR, "CR", grey8)
    found = [
        Seed("ct explicit", _written(_ct()), samples=2),
        Seed("ct implicit", _written(_ct(), IMPLICIT), syntax=IMPLICIT, samples=2),
        Seed("ct big endian", _written(_ct(), BIG), syntax=BIG, samples=2),
        Seed("ct deflated", _written(_ct(), DEFLATED), deflated, samples=2),
        Seed("ct gzip", _written(_ct()), gzipped),
        Seed("ct 12 bits", _written(_image(CT, "CT", grey16 & 0xFFF, BitsStored=12, HighBit=11))),
        Seed("cr 8 bits", _written(cr8()), samples=1),
        Seed("nested", _written(_nested())),
        Seed("nested implicit", _written(_nested(), IMPLICIT), syntax=IMPLICIT),
        Seed("mr", _written(_image(MR, "MR", grey16, EchoTime="12", RescaleType=None, PhotometricInterpretation="MONOCHROME1"))),
        Seed("pet", _written(_pet())),
        Seed("modality lut", _written(_with_lut())),
        Seed("ultrasound", _written(_ultrasound(1))),
        Seed("ultrasound frames", _written(_ultrasound())),
        Seed("nuclear", _written(_nuclear())),
        Seed("floats", _written(_floats())),
        Seed("rgb", _written(_colour("RGB"))),
        Seed("rgb planar", _written(_colour("RGB", PlanarConfiguration=1))),
        Seed("ybr", _written(_colour("YBR_FULL"))),
        Seed("palette", _written(_palette())),
        Seed("enhanced ct", _written(_enhanced(ENHANCED_CT, "CT", undefined=False))),
        Seed("enhanced mr", _written(_enhanced(ENHANCED_MR, "MR", undefined=True))),
        Seed("enhanced implicit", _written(_enhanced(ENHANCED_CT, "CT", undefined=True), IMPLICIT), syntax=IMPLICIT),
    ]
    for name, syntax in (("rle", RLE), ("jpeg-ls", JPEG_LS), ("jpeg 2000", J2K)):
        ds = _ct(_size(syntax))
        found.append(Seed(name, _encoded(ds, _by_pydicom(ds, syntax), syntax), syntax=syntax))
    ds = _image(CR, "CR", _numbers(WAVELETS, WAVELETS, dtype="u1", low=0, high=255))
    found.append(Seed("jpeg 2000 lossy", _encoded(ds, _by_pydicom(ds, J2K_LOSSY), J2K_LOSSY), syntax=J2K_LOSSY))
    found.append(Seed("jpeg baseline", _encoded(cr8(), [_by_pillow(grey8)], BASELINE), syntax=BASELINE))
    ds = _image(CT, "CT", grey16)
    found.append(Seed("jpeg lossless", _encoded(ds, _jpeg_lossless(ds), JPEG_LOSSLESS), syntax=JPEG_LOSSLESS))
    for photometric, syntax in (("RGB", RLE), ("RGB", JPEG_LS), ("YBR_RCT", J2K), ("YBR_FULL_422", BASELINE)):
        ds = _colour("RGB", _size(syntax))
        pixels = np.frombuffer(ds.PixelData, "u1").reshape(ds.Rows, ds.Columns, 3)
        frames = [_by_pillow(pixels)] if syntax == BASELINE else _by_pydicom(ds, syntax)
        ds.PhotometricInterpretation = photometric
        found.append(Seed(f"colour {photometric} {syntax[-2:]}", _encoded(ds, frames, syntax), syntax=syntax))
    for table, syntax in (("basic", RLE), ("none", J2K), ("extended", JPEG_LS), ("fragments", J2K)):
        ds = _enhanced(ENHANCED_CT, "CT", undefined=False, size=_size(syntax))
        found.append(Seed(f"frames {table}", _encoded(ds, _by_pydicom(ds, syntax), syntax, table), syntax=syntax))
    found += [
        Seed("zip", _written(_ct()), zipped, ending=".zip"),
        Seed("zip deflated", _written(_ct()), partial(zipped, method=zipfile.ZIP_DEFLATED), ending=".zip"),
        Seed("directory", _directory(), ending=""),
    ]
    return tuple(found)


def _size(syntax: str) -> int:
    return WAVELETS if syntax in (J2K, J2K_LOSSY) else SIZE
