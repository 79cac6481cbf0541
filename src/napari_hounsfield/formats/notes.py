"""What our own files say about themselves: class names, names of maps, unit, modality and padding.

A short JSON text that travels in a NIfTI header extension or an NRRD key. It names classes and units only: nothing about the
patient, the study or the computer.
"""

from __future__ import annotations

import json
import logging
import math
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_hounsfield.results import Features
from napari_hounsfield.volume import LabelMap, Volume

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

KEY = "napari_hounsfield"
_log = logging.getLogger(__name__)
MAX_BYTES = 1 << 20
MAX_NAMES = 65536
MAX_NAME = 200
_PLAIN = re.compile(r"[A-Za-z0-9/ .-]{0,32}")
_LABEL_TABLE = re.compile(r'<Label Key="(\d{1,9})"[^>]{0,400}>\s*(?:<!\[CDATA\[)?([^<\]]{1,200})')


@dataclass(frozen=True)
class Notes:
    """Names that a header carries beside its voxels."""

    classes: Mapping[int, str] = field(default_factory=dict)
    maps: Sequence[str] = ()
    unit: str = ""
    modality: str = ""
    padding: tuple[float, float] | None = None
    """First and last value of what lies outside the scanned field; of maps, where all of them are 0."""

    @classmethod
    def of(cls, data: Volume | LabelMap | Features) -> Notes:
        """What is worth noting about `data`."""
        if isinstance(data, LabelMap):
            return cls(classes=dict(data.classes))
        if isinstance(data, Features):
            return cls(maps=tuple(data.names), padding=(0.0, 0.0) if is_zero_in_padding(data) else None)
        return cls(unit=data.unit, modality=data.modality, padding=padding_of(data))

    def to_text(self) -> str:
        """JSON on one line; empty if there is nothing to say."""
        notes: dict[str, Any] = {}
        if self.classes:
            notes["classes"] = {str(value): name for value, name in self.classes.items()}
        if self.maps:
            notes["maps"] = list(self.maps)
        if self.unit:
            notes["unit"] = self.unit
        if self.modality:
            notes["modality"] = self.modality
        if self.padding is not None:
            notes["padding"] = list(self.padding)
        return json.dumps({KEY: notes}, ensure_ascii=False) if notes else ""

    @classmethod
    def from_text(cls, text: str | bytes) -> Notes:
        """Notes in `text`, whatever it is: what cannot be understood, or is too long, gives empty notes."""
        if len(text) > MAX_BYTES:
            return cls()
        try:
            text = text.decode("utf-8") if isinstance(text, bytes) else text
            content = json.loads(text.rstrip("\0"))
        except (ValueError, RecursionError):
            return cls()
        notes = content.get(KEY) if isinstance(content, dict) else None
        if not isinstance(notes, dict):
            return cls()
        maps = notes.get("maps")
        return cls(
            classes=class_names(notes.get("classes")),
            maps=tuple(_name(m) for m in maps[:MAX_NAMES]) if isinstance(maps, list) else (),
            unit=_plain(notes.get("unit")),
            modality=_plain(notes.get("modality")),
            padding=_range(notes.get("padding")),
        )


def padding_of(volume: Volume) -> tuple[float, float] | None:
    """Range of values that are outside the scanned field and nowhere inside; None where there is none, with a word in the log."""
    if volume.valid is None or volume.valid.all() or volume.axes != "zyx":
        return None
    padded = [plane[~valid] for plane, valid in zip(volume.array, volume.valid, strict=True) if not valid.all()]
    first, last = min(float(values.min()) for values in padded), max(float(values.max()) for values in padded)
    for plane, valid in zip(volume.array, volume.valid, strict=True):
        if not np.array_equal((plane >= first) & (plane <= last), ~valid):
            _log.warning("%s: which voxels are padding cannot be kept in this format", volume.name or "image")
            return None
    return first, last


def is_zero_in_padding(maps: Features) -> bool:
    """Whether all maps are 0 outside the scanned field, and nowhere inside: as probabilities are."""
    if maps.valid is None or maps.valid.all():
        return False
    return all(np.array_equal(maps.array[:, z].any(axis=0), valid) for z, valid in enumerate(maps.valid))


def with_padding(volume: Volume, notes: Notes) -> Volume:
    """The volume whose padding is known from its notes."""
    if notes.padding is None or volume.axes != "zyx":
        return volume
    first, last = notes.padding
    valid = (volume.array < first) | (volume.array > last)
    return volume if valid.all() or not valid.any() else replace(volume, valid=valid)


def class_names(table: Any) -> dict[int, str]:
    """Names of label values from a JSON object, `{"1": "lung"}` or `{"lung": 1}`; what is neither is left out."""
    names: dict[int, str] = {}
    if isinstance(table, dict) and len(table) <= MAX_NAMES:
        for key, value in table.items():
            if isinstance(value, str) and re.fullmatch(r"-?\d{1,9}", key):
                names[int(key)] = _name(value)
            elif isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**9:
                names[value] = _name(key)
    return names


def label_table(text: bytes) -> dict[int, str]:
    """Names in a Connectome Workbench `LabelTable`, which TotalSegmentator puts into its NIfTI headers."""
    if len(text) > MAX_BYTES or b"<LabelTable>" not in text:
        return {}
    return {int(key): _name(name) for key, name in _LABEL_TABLE.findall(text.decode("utf-8", "replace"))[:MAX_NAMES]}


def one_line(text: Any) -> str:
    """A name without control characters and line ends."""
    return "".join(c if c.isprintable() else " " for c in str(text)).strip()


def _name(value: Any) -> str:
    return one_line(value)[:MAX_NAME]


def _range(value: Any) -> tuple[float, float] | None:
    numbers = isinstance(value, list) and len(value) == 2 and all(type(v) in (int, float) and math.isfinite(v) for v in value)
    return (float(value[0]), float(value[1])) if numbers else None


def _plain(value: Any) -> str:
    return value if isinstance(value, str) and _PLAIN.fullmatch(value) else ""
