"""Images without labels, to be classified."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from napari_hounsfield.errors import FormatError
from napari_hounsfield.formats.notes import one_line

from .reading import is_picture
from .table import ALONE, ImageEntry, ImageTable


def image_list(paths: Iterable[str | Path]) -> ImageTable:
    """List images.

    Parameters
    ----------
    paths
        Files, and folders: one with pictures (PNG, JPEG, TIFF, BMP) stands for each of them, another for one series.

    Raises
    ------
    FormatError
        If a path does not exist, or there is none.
    """
    found = [image for path in paths for image in _images(Path(path))]
    if not found:
        raise FormatError("no image is given")
    entries = [ImageEntry(image, "", ALONE + str(number), number) for number, image in enumerate(found, start=1)]
    return ImageTable(tuple(entries), Path.cwd())


def _images(path: Path) -> Iterator[Path]:
    if not path.exists():
        raise FormatError(f"{one_line(path.name)}: no such file or folder")
    pictures = [each for each in sorted(path.iterdir()) if is_picture(each)] if path.is_dir() else []
    yield from pictures or [path]
