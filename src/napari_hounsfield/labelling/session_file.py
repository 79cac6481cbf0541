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

from napari_hounsfield.channels import Channels, aligned_steps, as_channels
from napari_hounsfield.errors import HounsfieldError, ModelError
from napari_hounsfield.formats.tensor_file import TensorFile
from napari_hounsfield.operation import Progress, finish, part
from napari_hounsfield.pixels.classifier import PixelClassifier, load_model
from napari_hounsfield.pixels.train_params import TrainParams
from napari_hounsfield.volume import Record, Volume

from .classes import StrokeClass, names
from .images import blank, identity
from .session import LabellingSession

FILE = TensorFile("labelling session", 2, (1, 2), 4 * 2**30)
"""Schema 1 had no channels."""


def save_session(session: LabellingSession, path: str | Path, overwrite: bool = False) -> Path:
    """Write a session to one safetensors file; see `save_steps`."""
    return finish(save_steps(session, path, overwrite))


def save_steps(session: LabellingSession, path: str | Path, overwrite: bool = False) -> Generator[Progress, None, Path]:
    """Write a session to one safetensors file.

    Painted voxels are kept as places and classes. Of an image and its channels, before they were resampled, the file holds only
    the channel's name, shape, unit, modality and a pseudonym, which is made of voxels and grid: no other name, no path, no voxel.

    Raises
    ------
    WriteError
        If the file exists and `overwrite` is False, or cannot be written; nothing is left behind.
    """
    tensors: dict[str, NDArray[Any]] = {}
    images = []
    for number, image in enumerate(session.images):
        steps = _records(image.channels)
        main, *further = yield from part(steps, number / len(session.images), (number + 1) / len(session.images))
        places = np.flatnonzero(image.strokes.array)
        tensors[f"places.{number}"] = places.astype(np.int64)
        tensors[f"values.{number}"] = image.strokes.array.reshape(-1)[places].astype(np.uint8)
        images.append(main | {"channels": further, "drafts": [asdict(one) for one in image.drafts]})
    if session.classifier is not None:
        tensors["classifier"] = _packed(session.classifier)
    card = {
        "learned": {"outdated": session.outdated, "warm": session.warm},
        "parameters": session.params.model_dump(mode="json", exclude_unset=True),
        "classes": [{"value": one.value, "name": one.name, "colour": one.colour} for one in session.classes],
        "images": images,
    }
    return FILE.write(path, tensors, card, overwrite, FILE.read)


def load_session(path: str | Path, images: Volume | Sequence[Volume] = ()) -> LabellingSession:
    """Read a session; see `load_steps`."""
    return finish(load_steps(path, images))


def load_steps(path: str | Path, images: Volume | Sequence[Volume] = ()) -> Generator[Progress, None, LabellingSession]:
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
    path, images = Path(path), [images] if isinstance(images, Volume) else images
    tensors, card = FILE.read(path)
    known: dict[str, Volume] = {}
    for done, volume in enumerate(images):
        pseudonym = yield from part(identity(volume), done / len(images), (done + 1) / len(images))
        known[pseudonym] = volume
    try:
        session = LabellingSession(TrainParams(**card["parameters"]))
        session.classes = tuple(StrokeClass(int(c["value"]), str(c["name"]), str(c["colour"])) for c in card["classes"])
        needed = [one for record in card["images"] for one in (record, *record.get("channels", ()))]
        missing = [record for record in needed if record["identity"] not in known]
        if missing:
            shapes = ", ".join("x".join(str(int(n)) for n in record["shape"]) for record in missing)
            there = f"{len(missing)} of its {len(needed)} images are not here"
            raise ModelError(f"{path.name}: {there} (z, y, x: {shapes}){_unlike(missing, images)}")
        for number, record in enumerate(card["images"]):
            image = yield from _found(record, known)
            strokes = blank(image.main, names(session.classes))
            _unpack(strokes.array, tensors, number, set(names(session.classes)))
            added = session.add(image, strokes)
            added.drafts = tuple(Record(**one) for one in record.get("drafts", ()))
        if "classifier" in tensors:
            how = card.get("learned", {})
            session.resume(_unpacked(tensors["classifier"]), bool(how.get("outdated", True)), bool(how.get("warm", True)))
    except HounsfieldError as error:
        raise type(error)(f"{path.name}: {str(error).removeprefix(f'{path.name}: ')}") from None
    except (KeyError, TypeError, ValueError, ValidationError):
        raise ModelError(f"{path.name}: its description of the session is incomplete") from None
    return session


def _unlike(missing: Sequence[Mapping[str, Any]], images: Sequence[Volume]) -> str:
    """Why an image that is there, of the size of a missing one, is not that one; empty where there is none."""
    alike = [(record, volume) for record in missing for volume in images if tuple(record["shape"]) == volume.grid.shape]
    for record, volume in alike:
        if record["unit"] == volume.unit:
            return "; one of that size is here, but its voxels or its place differ"
    return "".join(f"; one of that size is here, but in {v.unit or 'no unit'}, not {r['unit'] or 'none'}" for r, v in alike[:1])


def _records(channels: Channels) -> Generator[Progress, None, list[dict[str, Any]]]:
    """What the file holds of an image and of each further channel."""
    found, count = [], len(channels.originals)
    for done, (name, volume) in enumerate(zip(channels.names, channels.originals, strict=True)):
        pseudonym = yield from part(identity(volume), done / count, (done + 1) / count)
        kept = {"unit": volume.unit, "modality": volume.modality, "shape": list(volume.grid.shape)}
        found.append({"identity": pseudonym, "name": name, **kept})
    return found


def _found(record: Mapping[str, Any], known: Mapping[str, Volume]) -> Generator[Progress, None, Channels]:
    """The image of a record with its channels; whether they belong together was settled when they were first put together."""
    main, further = known[record["identity"]], record.get("channels", ())
    if not further:
        return as_channels(main)
    named = [str(one["name"]) for one in (record, *further)]
    return (yield from aligned_steps(main, [known[one["identity"]] for one in further], named, any_frame=True))


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
