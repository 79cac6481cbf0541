"""One safetensors file of arrays with a description in JSON: what models and sessions are kept in. Nothing in it is executed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield._version import __version__
from napari_hounsfield.errors import FormatError, ModelError

from .atomic import atomic_path

METADATA_KEY = "napari-hounsfield"
Tensors = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class TensorFile:
    """A kind of such files.

    Attributes
    ----------
    kind
        Its name, which the file holds.
    schema
        Version of what is written.
    readable
        Versions that are read.
    largest
        Bytes; a larger file is refused before it is read.
    """

    kind: str
    schema: int
    readable: tuple[int, ...]
    largest: int

    def write(
        self, path: str | Path, tensors: Tensors, card: Mapping[str, Any], overwrite: bool, check: Callable[[Path], Any]
    ) -> Path:
        """Write arrays and description; `check` reads the file back before it gets its name.

        Raises
        ------
        WriteError
            If the file exists and `overwrite` is False, or cannot be written; nothing is left behind.
        """
        from safetensors.numpy import save

        whole = {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}
        head = {"kind": self.kind, "schema": self.schema, "version": __version__, "sha256": _digest(whole)}
        text = json.dumps({**card, **head}, sort_keys=True, allow_nan=False)
        target = Path(path)
        with atomic_path(target, overwrite) as temporary:
            temporary.write_bytes(save(whole, {METADATA_KEY: text}))
            check(temporary)
        return target

    def read(self, path: str | Path) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        """Arrays and description.

        Raises
        ------
        FormatError
            If the file is missing or is no safetensors file.
        ModelError
            If it is of another kind, damaged, too large, or from a newer version.
        """
        path = Path(path)
        tensors, metadata = self._open(path)
        try:
            card: dict[str, Any] = json.loads(metadata[METADATA_KEY])
            kind, schema = card["kind"], card["schema"]
        except (KeyError, TypeError, ValueError, RecursionError):
            raise ModelError(f"{path.name}: not a model or session of napari-hounsfield") from None
        if kind != self.kind:
            raise ModelError(f"{path.name}: holds a {str(kind)[:40]!r}, not a {self.kind}")
        if schema not in self.readable:
            what = f"schema {str(schema)[:8]}, this one reads up to {self.schema}"
            raise ModelError(f"{path.name}: written by another version ({what})")
        if card.get("sha256") != _digest(tensors):
            raise ModelError(f"{path.name}: damaged, its tensors do not have the hash that was recorded")
        if not all(np.isfinite(tensor).all() for tensor in tensors.values()):
            raise ModelError(f"{path.name}: holds values that are not finite")
        return tensors, card

    def _open(self, path: Path) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
        from safetensors import SafetensorError, safe_open

        try:
            if path.stat().st_size > self.largest:
                raise ModelError(f"{path.name}: larger than any {self.kind} ({self.largest >> 20} MiB)")
            with safe_open(path, framework="numpy") as file:
                return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
        except OSError as error:
            raise FormatError(f"{path.name}: {error.strerror or 'cannot be read'}") from None
        except (SafetensorError, TypeError) as error:
            raise FormatError(f"{path.name}: not a safetensors file ({str(error)[:80]})") from None


def kind_of_file(path: str | Path) -> str:
    """What kind a file says that it is, by its header alone; empty where it says nothing that can be read."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            return str(json.loads((file.metadata() or {})[METADATA_KEY])["kind"])
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, RecursionError):
        return ""


def _digest(tensors: Tensors) -> str:
    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"{name} {tensor.dtype.str} {tensor.shape}\n".encode())
        digest.update(tensor.tobytes())
    return digest.hexdigest()
