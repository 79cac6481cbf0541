"""MetaImage (`.mha`, `.mhd` with its raw file), through SimpleITK.

Format: https://itk.org/Wiki/MetaIO/Documentation. Positions are LPS whatever `AnatomicalOrientation` says, as ITK has it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_hounsfield.errors import FormatError, HounsfieldError, WriteError
from napari_hounsfield.results import Features
from napari_hounsfield.volume import LabelMap, Volume

from .detached import detached
from .notes import KEY, Notes, with_padding
from .orientation import from_file, to_file
from .sizes import checked_size, storable

if TYPE_CHECKING:
    from pathlib import Path

_HEAD = 1 << 16
MOST_NOTES = 16_000
"""Bytes of notes that are written; MetaIO cuts longer ones."""
_TYPES = {
    "MET_CHAR": "i1", "MET_UCHAR": "u1", "MET_SHORT": "i2", "MET_USHORT": "u2", "MET_INT": "i4", "MET_UINT": "u4",
    "MET_LONG": "i4", "MET_ULONG": "u4", "MET_LONG_LONG": "i8", "MET_ULONG_LONG": "u8", "MET_FLOAT": "f4", "MET_DOUBLE": "f8",
}  # fmt: skip


def is_metaimage(head: bytes) -> bool:
    """Whether a file that begins with `head` is a MetaImage header."""
    start = head[:400].lower()
    return b"ndims" in start and b"=" in start and (b"objecttype" in start or start.lstrip().startswith(b"ndims"))


def read_metaimage(path: Path) -> tuple[Volume, Notes]:
    """Read one image with its geometry.

    Raises
    ------
    FormatError
        If the file is damaged, truncated, or names voxels outside its folder.
    """
    _check(path)
    import SimpleITK

    try:
        image: Any = SimpleITK.ReadImage(str(path), imageIO="MetaImageIO")
        array = SimpleITK.GetArrayFromImage(image)
        notes = Notes.from_text(image.GetMetaData(KEY)) if image.HasMetaDataKey(KEY) else Notes()
    except RuntimeError:  # its text holds the whole path
        raise FormatError(f"{path.name}: damaged or truncated") from None
    try:
        return _placed(path.name, image, array, notes), notes
    except FormatError:
        raise
    except HounsfieldError as error:
        raise FormatError(f"{path.name}: {error}") from None


def _check(path: Path) -> None:
    """Compare what the header declares with the file that holds the voxels."""
    with open(path, "rb") as stream:
        head = stream.read(_HEAD)
    fields: dict[str, str] = {}
    offset = 0
    for line in head.split(b"\n"):
        offset += len(line) + 1
        key, _, value = line.decode("latin-1").partition("=")
        fields[key.strip().lower()] = value.strip()
        if key.strip().lower() == "elementdatafile":
            break
    entry = fields.get("elementdatafile", "")
    if not is_metaimage(head) or not entry:
        raise FormatError(f"{path.name}: not a MetaImage file")
    local = entry.upper() == "LOCAL"
    available = path.stat().st_size - offset if local else detached(path, entry).stat().st_size
    code = _TYPES.get(fields.get("elementtype", "").upper().removesuffix("_ARRAY"))
    try:
        shape = [int(n) for n in fields.get("dimsize", "").split()]
        channels = int(fields.get("elementnumberofchannels", "1"))
    except ValueError:
        raise FormatError(f"{path.name}: its sizes are not whole numbers") from None
    if code is None or fields.get("ndims") != str(len(shape)):
        raise FormatError(f"{path.name}: its header does not say what the voxels are")
    compressed = fields.get("compresseddata", "").lower() == "true"
    needed = checked_size(path.name, [*shape, channels], code, available, compressed)
    if compressed:
        _check_inflating(path.name, path if local else detached(path, entry), offset if local else 0, needed)


def _check_inflating(name: str, path: Path, offset: int, needed: int) -> None:
    """Compare length and checksum of a zlib (or gzip) stream, since MetaIO gives what it could inflate for the whole."""
    from zlib import MAX_WBITS

    from isal import isal_zlib  # in half the time of zlib

    failed: type[Exception] = isal_zlib.error  # type: ignore[assignment]  # the stub has it wrong
    inflating: Any = isal_zlib.decompressobj(MAX_WBITS | 32)
    done = 0
    try:
        with open(path, "rb") as stream:
            stream.seek(offset)
            while not inflating.eof and done <= needed and (packed := stream.read(1 << 20)):
                while packed and not inflating.eof and done <= needed:
                    done += len(inflating.decompress(packed, 1 << 22))
                    packed = inflating.unconsumed_tail
    except failed:
        done = -1
    if not inflating.eof or done != needed:
        raise FormatError(f"{name}: damaged or truncated: its compressed voxels cannot be read")


def _placed(name: str, image: Any, array: Any, notes: Notes) -> Volume:
    dimensions, channels = image.GetDimension(), image.GetNumberOfComponentsPerPixel()
    direction = np.array(image.GetDirection()).reshape(dimensions, dimensions) * np.array(image.GetSpacing())
    if dimensions > 4 or (channels > 1 and (dimensions == 4 or channels not in (3, 4))):
        raise FormatError(f"{name}: image of {dimensions} dimensions and {channels} channels")
    space = min(dimensions, 3)
    affine = np.eye(4)
    affine[:space, :space] = direction[:space, :space]
    affine[:space, 3] = image.GetOrigin()[:space]
    axes = "tzyx" if dimensions == 4 else "zyx" + ("c" if channels > 1 else "")
    if dimensions == 2:
        array = array[np.newaxis]
    volume = Volume(array, from_file(affine, "LPS"), unit=notes.unit, modality=notes.modality, axes=axes, name=name)
    return with_padding(volume, notes)


def write_metaimage(path: Path, data: Volume | LabelMap | Features) -> None:
    """Write one `.mha` file, compressed. Names, unit and modality are in a field of its header.

    Raises
    ------
    WriteError
        If the data are colour over time, there are too many names, or SimpleITK fails. (It does not always say so: read back.)
    """
    import SimpleITK

    if isinstance(data, Volume) and data.axes == "tzyxc":
        raise WriteError("MetaImage is written with one axis beside space")
    colour = isinstance(data, Volume) and data.axes == "zyxc"
    image: Any = SimpleITK.GetImageFromArray(np.ascontiguousarray(storable(data)), isVector=colour)
    dimensions = image.GetDimension()
    affine = np.eye(dimensions)
    placed = to_file(data.affine, "LPS")
    sizes = np.linalg.norm(placed[:3, :3], axis=0)
    affine[:3, :3] = placed[:3, :3] / sizes
    image.SetDirection(affine.ravel().tolist())
    image.SetSpacing([*sizes.tolist(), *[1.0] * (dimensions - 3)])
    image.SetOrigin([*placed[:3, 3].tolist(), *[0.0] * (dimensions - 3)])
    text = Notes.of(data).to_text()
    if len(text.encode()) > MOST_NOTES:
        raise WriteError("MetaImage has no room for so many names; use .nii.gz or .nrrd")
    if text:
        image.SetMetaData(KEY, text)
    try:
        SimpleITK.WriteImage(image, str(path), useCompression=True, imageIO="MetaImageIO")
    except RuntimeError:
        raise WriteError("not written: SimpleITK failed; the disk may be full") from None
