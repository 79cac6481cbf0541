"""NIfTI-1 and -2 (`.nii`, `.nii.gz`, `.hdr` with `.img`), through nibabel.

The NIfTI-1 standard (nifti1.h, Cox et al. 2004): voxels fastest along x, positions RAS, `sform` before `qform`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_hounsfield.errors import FormatError, HounsfieldError, WriteError
from napari_hounsfield.results import Features
from napari_hounsfield.volume import LabelMap, Volume

from .gzip_stream import gzip_reader, gzip_writer
from .notes import Notes, label_table, with_padding
from .orientation import MILLIMETRES, from_file, is_sheared, to_file
from .sizes import checked_size, native, read_to_end, storable

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_hounsfield.grid import Affine

MAX_EXTENSIONS = 1 << 24
"""Bytes of header extensions that are read at most."""
HEAD_BYTES = 540
_SCANNER = 1
_COMMENT = 6
_RGB = np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")])


def is_nifti(head: bytes) -> bool:
    """Whether a file that begins with `head` (540 bytes, decompressed) is NIfTI."""
    return head[344:348] in (b"n+1\0", b"ni1\0") or head[4:8] in (b"n+2\0", b"ni2\0")


def read_nifti(path: Path) -> tuple[Volume, Notes]:
    """Read one image with its geometry; whole numbers stay whole when `scl_slope` and `scl_inter` are.

    Raises
    ------
    FormatError
        If the file is damaged, truncated, complex, or of more than four dimensions.
    """
    try:
        with open(path, "rb") as plain:
            compressed = plain.read(2) == b"\x1f\x8b"
            plain.seek(0)
            with gzip_reader(plain) if compressed else plain as stream:
                found = _volume(path.name, _image(path, stream, compressed))
                read_to_end(stream)
                return found
    except FormatError:
        raise
    except HounsfieldError as error:
        raise FormatError(f"{path.name}: {error}") from None
    except MemoryError:
        raise FormatError(f"{path.name}: too large for the memory of this computer") from None
    except Exception:  # nibabel, gzip and numpy raise many kinds on damaged files, some with the file's content in their text
        raise FormatError(f"{path.name}: damaged or truncated") from None


def _image(path: Path, stream: Any, compressed: bool) -> Any:
    """The nibabel image, after its header was compared with the size of the file; its voxels are still on the disk."""
    import nibabel as nib

    head = stream.read(HEAD_BYTES)
    if not is_nifti(head):
        raise FormatError(f"{path.name}: not a NIfTI file")
    kind: Any = nib.Nifti2Image if head[4:6] == b"n+" or head[4:6] == b"ni" else nib.Nifti1Image
    header = kind.header_class(head[: kind.header_class.sizeof_hdr], check=False)
    pair = header["magic"].item().startswith(b"ni")
    voxels = path.with_suffix(".img") if pair else path
    if not voxels.is_file():
        raise FormatError(f"{path.name}: its voxels, {voxels.name}, are missing")
    if not pair and not 0 <= float(header["vox_offset"]) <= MAX_EXTENSIONS:
        raise FormatError(f"{path.name}: its header gives an impossible offset of the voxels")
    checked_size(path.name, header.get_data_shape(), header.get_data_dtype(), voxels.stat().st_size, compressed)
    if pair:
        return nib.load(path)
    stream.seek(0)
    return kind.from_stream(stream)


def _volume(name: str, image: Any) -> tuple[Volume, Notes]:
    header = image.header
    shape = header.get_data_shape()
    while len(shape) > 3 and shape[-1] == 1:
        shape = shape[:-1]
    shape = (*shape, 1, 1)[: max(3, len(shape))]
    stored = np.asanyarray(image.dataobj.get_unscaled()).reshape(shape, order="F").T
    if stored.dtype.kind == "c" or len(shape) > 4:
        raise FormatError(f"{name}: images of {'complex numbers' if stored.dtype.kind == 'c' else f'{len(shape)} dimensions'}")
    notes = _notes(header, stored)
    axes = "zyx" if len(shape) == 3 else "tzyx"
    if stored.dtype.names:
        stored = np.ascontiguousarray(stored).view(np.uint8).reshape(*stored.shape, -1)
        axes += "c"
    else:
        stored = _rescaled(native(stored), image.dataobj.slope, image.dataobj.inter)
    length = MILLIMETRES.get(header.get_xyzt_units()[0], 1.0)
    affine = from_file(image.affine, "RAS", length)
    warnings = tuple(_geometry_warnings(header, length))
    volume = Volume(stored, affine, unit=notes.unit, modality=notes.modality, axes=axes, name=name, warnings=warnings)
    return with_padding(volume, notes), notes


def _rescaled(stored: NDArray[Any], slope: float, inter: float) -> NDArray[Any]:
    """`slope * stored + inter`: int16 or int32 when whole and in range, float32 (float64 stays) otherwise."""
    if slope == 1 and inter == 0:
        return stored
    if stored.dtype.kind in "iu" and float(slope).is_integer() and float(inter).is_integer():
        ends = [int(slope) * int(end) + int(inter) for end in (stored.min(), stored.max())]
        for kind in (np.int16, np.int32):
            if np.iinfo(kind).min <= min(ends) and max(ends) <= np.iinfo(kind).max:
                return (stored.astype(np.int64) * int(slope) + int(inter)).astype(kind)
    wide = stored.dtype == np.float64
    return (stored * np.float64(slope) + np.float64(inter)).astype(np.float64 if wide else np.float32)


def _notes(header: Any, stored: NDArray[Any]) -> Notes:
    """Our own notes, or the names of a label table as far as their values occur: such tables list all that a program knows."""
    found = Notes()
    for extension in header.extensions:
        content = extension.get_content()
        if isinstance(content, bytes) and extension.get_code() == _COMMENT:
            own = Notes.from_text(content)
            found = own if own != Notes() else found
        elif isinstance(content, bytes) and not found.classes and stored.dtype.kind in "iuf" and (table := label_table(content)):
            present = {value for plane in stored for value in np.unique(plane).tolist()}
            found = Notes(classes={value: name for value, name in table.items() if value in present})
    return found


def _geometry_warnings(header: Any, length: float) -> list[str]:
    warnings = []
    sform, scode = header.get_sform(coded=True)
    qform, qcode = header.get_qform(coded=True)
    if not scode and not qcode:
        warnings.append("no position and orientation in the header: axes are taken as they come, centred")
    elif scode and qcode and np.abs(sform - qform).max() > 0.01 * max(header.get_zooms()[:3]) and not is_sheared(sform):
        warnings.append("sform and qform differ: sform is used")
    if length != 1:
        warnings.append("lengths in the header are not mm: converted")
    return warnings


def write_nifti(path: Path, data: Volume | LabelMap | Features) -> None:
    """Write NIfTI-1 (NIfTI-2 beyond 32767 voxels an axis): sform, and qform too unless the grid is sheared; lengths in mm.

    Time points and feature maps are the fourth axis. Nothing about the patient or the study is written; names of classes and
    maps, unit and modality go into a header extension.

    Raises
    ------
    WriteError
        If NIfTI cannot hold the data.
    """
    import nibabel as nib
    from nibabel.nifti1 import Nifti1Extension

    array = storable(data)
    if isinstance(data, Volume) and "c" in data.axes:
        if data.axes != "zyxc" or array.dtype != np.uint8 or array.shape[-1] != 3:
            raise WriteError("NIfTI holds colour only as 8-bit RGB without time")
        array = np.ascontiguousarray(array).view(_RGB)[..., 0]
    kind: Any = nib.Nifti1Image if max(array.shape) <= np.iinfo(np.int16).max else nib.Nifti2Image
    image = kind(array.T, None, dtype=array.dtype)
    _place(image, to_file(data.affine, "RAS"))
    header: Any = image.header
    header["descrip"] = b"napari-hounsfield"
    if isinstance(data, LabelMap):
        header.set_intent("label")
    text = Notes.of(data).to_text()
    if text:
        header.extensions.append(Nifti1Extension("comment", text.encode()))
    with open(path, "wb") as plain:
        if path.name.endswith(".gz"):
            with gzip_writer(plain) as packed:
                image.to_stream(packed)
        else:
            image.to_stream(plain)


def _place(image: Any, affine: Affine) -> None:
    """Position and voxel size into the header; a sheared grid has no quaternion, so its qform is marked as unknown."""
    image.set_sform(affine, _SCANNER)
    image.set_qform(affine, 0 if is_sheared(affine) else _SCANNER)
    image.header.set_xyzt_units("mm", "unknown")
    sizes = np.linalg.norm(affine[:3, :3], axis=0)
    image.header.set_zooms((*sizes, *(1.0,) * (image.ndim - 3)))
