"""The folder of a comparison: frozen folds, what each model said of each fold, so that it is resumed, and what came of it."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_hounsfield.errors import FormatError, ParameterError, WriteError

from .fold_outcome import LARGEST, FoldOutcome
from .folds import LOCKED, Folds, load_folds

if TYPE_CHECKING:
    from napari_hounsfield.operation import Progress

    from .comparison import Comparison

FOLDS, RECORD, COST, REPORT = "folds.json", "crossvalidation.json", "cost.json", "report.html"
PARTS, ABOUT = "folds", "about.json"
_NUMBERS = re.compile(r"\[\n\s+([^\[\]{}]*?)\n\s+\]")


class FoldStore:
    """A folder that a comparison is written to as it goes, each file whole or not at all.

    `folds.json` may be there before: the folds of another comparison of the same table. Everything else must be of the same
    comparison: the same images, parameters and versions; only which models are compared, and what is positive, may change.

    Parameters
    ----------
    folder
        Made when the first file is written.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self._key = ""

    def check(self) -> None:
        """Raise before anything long if the folder cannot be used.

        Raises
        ------
        WriteError
            If it is a file, cannot be written to, or holds files of these names that no comparison wrote.
        """
        begun = (self.folder / PARTS / ABOUT).exists()
        foreign = [name for name in (RECORD, COST, REPORT, PARTS) if (self.folder / name).exists() and not begun]
        if self.folder.exists() and not self.folder.is_dir():
            raise WriteError(f"{self.folder.name}: is a file, not a folder")
        if foreign:
            raise WriteError(f"{self.folder.name}: holds {foreign[0]}, which no comparison wrote; choose another folder")
        nearest = next(each for each in (self.folder, *self.folder.absolute().parents) if each.exists())
        if not os.access(nearest, os.W_OK):
            raise WriteError(f"{self.folder.name}: cannot be written to")

    def frozen(self, make: Callable[[], Folds], about: Mapping[str, Any]) -> Folds:
        """The folds of the folder, or those that are made and frozen now.

        Parameters
        ----------
        make
            Makes the folds.
        about
            JSON-ready, what the comparison is of: digests of the rows, `table`, and of what is seen of them, `images`;
            `parameters`, `versions`.

        Raises
        ------
        ParameterError
            If the folder was begun with something else.
        FormatError
            If its files are damaged.
        """
        path, begun = self.folder / FOLDS, self.begun()
        if begun is not None and (different := _difference(begun, about)):
            raise ParameterError(f"{self.folder.name}: was begun {different}; choose another folder")
        folds = load_folds(path, about["table"]) if path.exists() else make()
        digest = hashlib.sha256(folds.of.astype("<i8").tobytes()).hexdigest()
        if begun is not None and begun.get("folds") != digest:
            raise ParameterError(f"{self.folder.name}: {FOLDS} is not the one that it was begun with; choose another folder")
        self._key = hashlib.sha256(json.dumps([dict(about), digest], sort_keys=True).encode()).hexdigest()
        if begun is None:
            try:
                (self.folder / PARTS).mkdir(parents=True, exist_ok=True)
            except OSError as error:
                reason = (error.strerror or "no reason given").lower()
                raise WriteError(f"{self.folder.name}: cannot be made ({reason})") from None
            if not path.exists():
                folds.save(path)
            self._write(f"{PARTS}/{ABOUT}", json.dumps({**about, "folds": digest}, indent=1))
        return folds

    def get(self, model: str, fold: int, shape: tuple[int, int]) -> FoldOutcome | None:
        """What a model said of a fold (`LOCKED`: of the locked part), as (images, classes); None if unknown, or damaged."""
        path = self._part(model, fold)
        try:
            if path.stat().st_size > LARGEST:
                return None
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeError):
            return None
        return FoldOutcome.from_text(text, self._key_of(model, fold), shape)

    def put(self, model: str, fold: int, outcome: FoldOutcome) -> None:
        """Keep what a model said of a fold."""
        self._write(f"{PARTS}/{self._part(model, fold).name}", outcome.to_text(self._key_of(model, fold)))

    def written(self, comparison: Comparison) -> Generator[Progress, None, None]:
        """Write what came of it: the report, its cost, and last the record."""
        from .comparison_report import report_steps

        report = yield from report_steps(comparison.record)
        self._write(REPORT, report)
        self._write(COST, json_text(comparison.cost))
        self._write(RECORD, json_text(comparison.record))

    def _part(self, model: str, fold: int) -> Path:
        return self.folder / PARTS / f"{model}-{'locked' if fold == LOCKED else fold + 1}.json"

    def _key_of(self, model: str, fold: int) -> str:
        return f"{self._key}-{model}-{fold}"

    @property
    def models(self) -> tuple[str, ...]:
        """Models of which something is finished, in alphabetical order."""
        return tuple(sorted({path.stem.rpartition("-")[0] for path in (self.folder / PARTS).glob("*-*.json")}))

    def begun(self) -> dict[str, Any] | None:
        """What the comparison of the folder is of, as `frozen` was told; None where none was begun.

        Raises
        ------
        FormatError
            If that is damaged.
        """
        path = self.folder / PARTS / ABOUT
        if not path.exists():
            return None
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (ValueError, RecursionError):
            content = None
        if not isinstance(content, dict):
            raise FormatError(f"{self.folder.name}: {PARTS}/{ABOUT} is damaged; choose another folder")
        return content

    def _write(self, name: str, text: str) -> None:
        from napari_hounsfield.formats.atomic import atomic_path

        with atomic_path(self.folder / name, overwrite=True) as temporary:
            temporary.write_text(text, encoding="utf-8", newline="\n")


def json_text(record: Mapping[str, Any]) -> str:
    """JSON with a line for each list of numbers; the same for the same record."""
    text = json.dumps(record, indent=1, allow_nan=False, ensure_ascii=False)
    return _NUMBERS.sub(lambda found: "[" + re.sub(r"\n\s+", " ", found[1]) + "]", text) + "\n"


def _difference(begun: Mapping[str, Any], about: Mapping[str, Any]) -> str:
    """In words, in what a folder differs from what is asked for; empty if in nothing."""
    if begun.get("table") != about["table"]:
        return "from another table"
    for part in ("parameters", "versions"):
        ours, theirs = _flat(about[part]), _flat(begun.get(part) or {})
        for name in dict.fromkeys([*ours, *theirs]):
            if ours.get(name) != theirs.get(name):
                return f"with {name} {theirs.get(name, 'unknown')}, not {ours.get(name, 'unknown')}"
    return "" if begun.get("images") == about["images"] else "from other images"


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in values.items():
        flat |= _flat(value, f"{prefix}{name}.") if isinstance(value, Mapping) else {prefix + name: value}
    return flat
