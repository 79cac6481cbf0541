"""Read one damaged file as users do, and judge what comes of it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from napari_hounsfield.dicom.scan import Scan, scan
from napari_hounsfield.errors import HounsfieldError
from napari_hounsfield.formats.dicom_sr_reading import ReportedMeasurements
from napari_hounsfield.volume import Volume

from .images import SECRET, SIZE
from .layout import Layout
from .mutating import Mutation, mutated
from .seeds import LISTED, Seed, document_seeds, listed_file, seeds

LISTED_EVERY = 8
"""One mutation in so many starts from a container (zip, gzip, DICOMDIR) that is damaged as a whole, not only within."""


class WrongError(Exception):
    """The reader did what it must not."""


@dataclass(frozen=True)
class Outcome:
    """What came of one file."""

    seed: str
    mutators: tuple[str, ...]
    read: int
    """Volumes read."""
    refused: int
    """Series and files refused."""


class Corpus:
    """The valid files, and every mutation of them by its number."""

    def __init__(self, seed: int, only: str = "", documents: bool = False) -> None:
        self.seed = seed
        self.seeds = tuple(one for one in (document_seeds() if documents else seeds()) if only in one.name)
        self.layouts = [Layout.of(seed.plain, seed.syntax) for seed in self.seeds]
        self.whole = {s.name: read_whole(s) for s in self.seeds if s.samples}

    def mutation(self, index: int) -> tuple[Seed, Mutation, bytes]:
        """The mutation of this number: the valid file, how it is damaged, and the bytes of the damaged one."""
        rng = Random((self.seed << 40) + index)
        which = rng.randrange(len(self.seeds))
        seed = self.seeds[which]
        found = mutated(self.layouts[which], rng)
        packed = seed.pack(found.data)
        if seed.pack is not bytes and rng.randrange(LISTED_EVERY) == 0:
            packed = bytearray(seed.pack(seed.plain))
            for _ in range(rng.choice((1, 2, 8))):
                packed[rng.randrange(len(packed))] = rng.randrange(256)
            end = rng.choice((len(packed), rng.randrange(len(packed))))
            found, packed = Mutation(found.data, ("container",)), bytes(packed[:end])
        return seed, found, packed


def prepare(folder: Path) -> None:
    """Put the file there that the DICOMDIR lists."""
    target = folder / LISTED
    target.parent.mkdir(parents=True)
    target.write_bytes(listed_file())


def judge_valid(seed: Seed, folder: Path) -> None:
    """Read a valid file.

    Raises
    ------
    WrongError
        If it is refused.
    """
    file = folder / f"valid{seed.ending}"
    file.write_bytes(seed.pack(seed.plain))
    if seed.reader is not None:
        seed.reader(file)
        file.unlink()
        return
    volumes, refused = _volumes(scan(file))
    file.unlink()
    if len(volumes) != 1 or refused > (seed.ending == ".zip"):  # beside the image, the archives hold a text
        raise WrongError(f"{seed.name} is not read")


def judge(corpus: Corpus, index: int, folder: Path) -> Outcome:
    """Read the mutation of this number.

    Raises
    ------
    BaseException
        Whatever the reader raises that is no error of its own, and WrongError where what it reads or says is wrong.
    """
    seed, mutation, data = corpus.mutation(index)
    file = folder / f"{index}{seed.ending}"
    file.write_bytes(data)
    try:
        if seed.reader is not None:
            return Outcome(seed.name, mutation.names, *_document(seed.reader, file))
        try:
            found = scan(file)
        except HounsfieldError as error:
            _check_words(str(error))
            if mutation.changed:
                raise WrongError(f"other pixels, and it is refused: {error}") from None
            return Outcome(seed.name, mutation.names, 0, 1)
        volumes, refused = _volumes(found)
    finally:
        file.unlink()
    if mutation.changed and seed.name in corpus.whole:
        _check_pixels(volumes, corpus.whole[seed.name], mutation, seed)
    return Outcome(seed.name, mutation.names, len(volumes), refused)


def _document(reader: Callable[[Path], Any], file: Path) -> tuple[int, int]:
    """Read labels or figures, alone and as one of the files of a folder: how much was read, and refused."""
    read = 0
    with contextlib.suppress(HounsfieldError):
        scan(file)
    try:
        found = reader(file)
        for data in found if isinstance(found, list) else [found]:
            told = data.table() if isinstance(data, ReportedMeasurements) else [repr(data), *getattr(data, "warnings", ())]
            _check_words(*told)
            if isinstance(data, ReportedMeasurements):
                json.dumps(data.to_json(), allow_nan=False)
            read += 1
    except HounsfieldError as error:
        _check_words(str(error))
        return read, 1
    return read, 0


def _volumes(found: Scan) -> tuple[list[Volume], int]:
    told = found.to_json()
    for series in told["series"]:
        del series["uid"]  # the one place where a UID belongs
        _check_words(series["name"])
    _check_words(json.dumps(told, allow_nan=False), repr(found), lines=False)
    volumes = []
    refused = len(found.skipped)
    for series in found.series:
        try:
            volume = series.read()
        except HounsfieldError as error:
            _check_words(str(error))
            refused += 1
            continue
        assert series.plan is not None
        if volume.array.shape != series.plan.shape or volume.grid.shape != series.shape:
            raise WrongError(f"plan says {series.plan.shape}, array is {volume.array.shape}")
        if not np.isfinite(volume.affine).all() or not abs(np.linalg.det(volume.affine[:3, :3])) > 0:
            raise WrongError("affine is none")
        _check_words(repr(volume), *volume.warnings)
        volumes.append(volume)
    return volumes, refused


def _check_words(*texts: str, lines: bool = True) -> None:
    for text in texts:
        if SECRET in text.upper():
            raise WrongError(f"names a patient: {text}")
        if lines and not (text and text.isprintable() and len(text) < 2000):
            raise WrongError(f"not one short line: {text!r}")


def _check_pixels(volumes: list[Volume], whole: np.ndarray, mutation: Mutation, seed: Seed) -> None:
    """Where only bytes of the pixel data are others, only their voxels are others."""
    if len(volumes) != 1 or volumes[0].array.shape != whole.shape:
        raise WrongError("other pixels, and it is no longer read")
    hit = np.zeros(whole.size, bool)
    hit[[at // seed.samples for at in mutation.changed]] = True
    if (volumes[0].array != whole).ravel()[~hit].any():
        raise WrongError("voxels changed whose bytes did not")


def read_whole(seed: Seed) -> np.ndarray:
    """Values of a valid file, computed from its bytes."""
    layout = Layout.of(seed.plain, seed.syntax)
    element = next(e for e in layout.elements if e.tag == 0x7FE00010)
    kind = f"{element.order}i2" if seed.samples == 2 else "u1"
    stored = np.frombuffer(layout.data[element.value :], kind)
    return stored.astype(np.int64).reshape(1, SIZE, SIZE) - 1024
