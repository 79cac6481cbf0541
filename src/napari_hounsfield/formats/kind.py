"""Which format a file is of: the content decides, the suffix where the content does not."""

from __future__ import annotations

import gzip
import zlib
from typing import TYPE_CHECKING

from napari_hounsfield.dicom.archive import is_archive
from napari_hounsfield.dicom.files import is_regular
from napari_hounsfield.errors import FormatError

from .atomic import full_suffix
from .metaimage import is_metaimage
from .nifti import HEAD_BYTES, is_nifti
from .ome_zarr_store import is_zarr

if TYPE_CHECKING:
    from pathlib import Path

_NAMED = {
    ".nii": "NIfTI", ".nii.gz": "NIfTI", ".hdr": "NIfTI", ".nrrd": "NRRD", ".nhdr": "NRRD", ".seg.nrrd": "NRRD",
    ".mha": "MetaImage", ".mhd": "MetaImage",
}  # fmt: skip


def kind_of(path: Path) -> str:
    """`folder`, `OME-Zarr`, `NIfTI`, `NRRD`, `MetaImage`, `DICOM SEG`, `RTSTRUCT` or `DICOM` (also a zip archive of anything).

    Raises
    ------
    FormatError
        If it does not exist, cannot be opened, is empty, or is of none of these formats.
    """
    if path.is_dir():
        return "OME-Zarr" if is_zarr(path) or full_suffix(path) == ".ome.zarr" else "folder"
    try:
        if not is_regular(path):
            raise FormatError(f"{path.name}: not a regular file")
        with open(path, "rb") as stream:
            head = stream.read(HEAD_BYTES)
        if head[:2] == b"\x1f\x8b":
            head = _inflated_head(path)
    except OSError as error:
        raise FormatError(f"{path.name}: {(error.strerror or 'cannot be opened').lower()}") from None
    if not head:
        raise FormatError(f"{path.name}: empty file, or damaged")
    if is_nifti(head):
        return "NIfTI"
    if head.startswith(b"NRRD000"):
        return "NRRD"
    if is_archive(head):
        return "DICOM"
    if head[128:132] == b"DICM":
        from .dicom_seg_reading import is_dicom_seg
        from .rtstruct_contours import is_rtstruct

        if is_dicom_seg(path):
            return "DICOM SEG"
        return "RTSTRUCT" if is_rtstruct(path) else "DICOM"
    if is_metaimage(head):
        return "MetaImage"
    suffix = full_suffix(path)
    if suffix in _NAMED:
        raise FormatError(f"{path.name}: not a {_NAMED[suffix]} file, though its name says so")
    if suffix in ("", ".dcm", ".rtstruct.dcm", ".dicom", ".ima", ".img"):
        return "DICOM"  # whose reader says what is wrong with it
    raise FormatError(f"{path.name}: none of DICOM, NIfTI, NRRD, MetaImage")


def _inflated_head(path: Path) -> bytes:
    try:
        with gzip.open(path) as stream:
            return stream.read(HEAD_BYTES)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        return b""


def holds_one_image(path: Path, kind: str) -> bool:
    """Whether the format is one of an image a file, which tells no labels from other images."""
    return kind in ("NIfTI", "MetaImage") or (kind == "NRRD" and full_suffix(path) != ".seg.nrrd")
