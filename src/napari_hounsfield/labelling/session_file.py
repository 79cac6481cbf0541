"""One file that holds a session: strokes, classes, parameters and classifier; images by their pseudonyms."""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from napari_hounsfield.errors import HounsfieldError, ModelError
from napari_hounsfield.formats.tensor_file import TensorFile
from napari_hounsfield.operation import Progress, finish, part
from napari_hounsfield.pixels.classifier import PixelClassifier, load_model
from napari_hounsfield.pixels.train_params import TrainParams
from napari_hounsfield.volume import Record, Volume

from .classes import StrokeClass, names
from .images import blank, identity
from .session import LabellingSession

FILE = TensorFile("labelling session", 1, (1,), 4 * 2**30)


def save_session(session: LabellingSession, path: str | Path, overwrite: bool = False) -> Path:
    """Write a session to one safetensors file; see `save_steps`."""
    return finish(save_steps(session, path, overwrite))


def save_steps(session: LabellingSession, path: str | Path, overwrite: bool = False) -> Generator[Progress, None, Path]:
    """Write a session to one safetensors file.

    Painted voxels are kept as places and classes. Of an image the file holds only shape, unit, modality and a pseudonym, which
    is made of its voxels and grid: no name, no path, no voxel.

    Raises
    ------
    WriteError
        If the file exists and `overwrite` is False, or cannot be written; nothing is left behind.
    """
    tensors: dict[str, NDArray[Any]] = {}
    images = []
    for number, image in enumerate(session.images):
        pseudonym = yield from part(identity(image.volume), number / len(session.images), (number + 1) / len(session.images))
        places = np.flatnonzero(image.strokes.array)
        tensors[f"places.{number}"] = places.astype(np.int64)
        tensors[f"values.{number}"] = image.strokes.array.reshape(-1)[places].astype(np.uint8)
        record = {"identity": pseudonym, "shape": list(image.volume.grid.shape), "unit": image.volume.unit}
        images.append({**record, "modality": image.volume.modality, "drafts": [asdict(one) for one in image.drafts]})
    if session.classifier is not None:
        tensors["classifier"] = _packed(session.classifier)
    card = {
        "parameters": session.params.model_dump(mode="json", exclude_unset=True),
        "classes": [{"value": one.value, "name": one.name, "colour": one.colour} for one in session.classes],
        "images": images,
    }
    return FILE.write(path, tensors, card, overwrite, FILE.read)


def load_session(path: str | Path, images: Sequence[Volume] = ()) -> LabellingSession:
    """Read a session; see `load_steps`."""
    return finish(load_steps(path, images))


def load_steps(path: str | Path, images: Sequence[Volume] = ()) -> Generator[Progress, None, LabellingSession]:
    """Read a session, and give it the images it was made of.

    Parameters
    ----------
    path
        What `save_session` wrote.
    images
        Volumes, in any order and wherever their files lie now: each is known by its voxels. What the session does not know is
        left out.

    Raises
    ------
    FormatError
        If the file is missing or no safetensors file.
    ModelError
        If it is no session, is damaged or from a newer version, or an image of it is not among `images`.
    """
    path = Path(path)
    tensors, card = FILE.read(path)
    known: dict[str, Volume] = {}
    for done, volume in enumerate(images):
        pseudonym = yield from part(identity(volume), done / len(images), (done + 1) / len(images))
        known[pseudonym] = volume
    try:
        session = LabellingSession(TrainParams(**card["parameters"]))
        session.classes = tuple(StrokeClass(int(c["value"]), str(c["name"]), str(c["colour"])) for c in card["classes"])
        missing = [record for record in card["images"] if record["identity"] not in known]
        if missing:
            shapes = ", ".join("x".join(str(int(n)) for n in record["shape"]) for record in missing)
            raise ModelError(f"{path.name}: {len(missing)} of its {len(card['images'])} images are not here (z, y, x: {shapes})")
        for number, record in enumerate(card["images"]):
            volume = known[record["identity"]]
            strokes = blank(volume, names(session.classes))
            _unpack(strokes.array, tensors, number, set(names(session.classes)))
            added = session.add(volume, strokes)
            added.drafts = tuple(Record(**one) for one in record.get("drafts", ()))
        if "classifier" in tensors:
            session.classifier = _unpacked(tensors["classifier"])
    except HounsfieldError as error:
        raise type(error)(f"{path.name}: {str(error).removeprefix(f'{path.name}: ')}") from None
    except (KeyError, TypeError, ValueError, ValidationError):
        raise ModelError(f"{path.name}: its description of the session is incomplete") from None
    return session


def _unpack(array: NDArray[np.uint8], tensors: Mapping[str, NDArray[Any]], number: int, classes: set[int]) -> None:
    places, values = tensors[f"places.{number}"], tensors[f"values.{number}"]
    fits = places.dtype == np.int64 and values.dtype == np.uint8 and places.ndim == 1 and places.shape == values.shape
    if not fits or (len(places) and not (places.min() >= 0 and places.max() < array.size)):
        raise ModelError("strokes lie outside their image")
    if not set(np.unique(values).tolist()) <= classes:
        raise ModelError("strokes are of classes that it does not have")
    array.reshape(-1)[places] = values


def _packed(classifier: PixelClassifier) -> NDArray[np.uint8]:
    """The classifier's own file, byte for byte, so that one check serves both."""
    with tempfile.TemporaryDirectory() as folder:
        return np.frombuffer(classifier.save(Path(folder, "classifier.safetensors")).read_bytes(), np.uint8)


def _unpacked(data: NDArray[np.uint8]) -> PixelClassifier:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "classifier.safetensors")
        path.write_bytes(data.tobytes())
        return load_model(path)
