"""What segments are, in codes that other programs know: a list to search, `terms`.

The list is `coded_terms.tsv`: SNOMED CT (`SCT`) and DICOM (`DCM`) codes of PS3.16's context groups for segments (7150, 7191 to
7198), with the structures of common segmentation models, colours and other names.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from re import sub

Colour = tuple[int, int, int]
"""Red, green, blue, 0 to 255."""


@dataclass(frozen=True)
class Code:
    """A concept of a coding scheme: SNOMED CT, unless it says otherwise."""

    value: str
    meaning: str
    scheme: str = "SCT"


@dataclass(frozen=True)
class Term:
    """What a segment is: its category and type, and where it lies."""

    category: Code
    kind: Code
    side: Code | None = None
    """Left or right, or what else qualifies the type."""
    colour: Colour | None = None
    region: Code | None = None
    """Where in the body, of what the type does not place: the kidney of a cyst."""
    region_side: Code | None = None
    name: str = ""
    """A name for a class of this kind."""


CATEGORIES = {
    "abnormal": Code("49755003", "Morphologically Abnormal Structure"),
    "anatomy": Code("123037004", "Anatomical Structure"),
    "body substance": Code("91720002", "Body Substance"),
    "function": Code("246464006", "Function"),
    "object": Code("260787004", "Physical object"),
    "spatial": Code("309825002", "Spatial and Relational Concept"),
    "substance": Code("105590001", "Substance"),
    "tissue": Code("85756007", "Tissue"),
}
SIDES = {"left": Code("7771000", "Left"), "right": Code("24028007", "Right")}


def terms(query: str, limit: int = 20) -> list[Term]:
    """Find terms by the words of a name, the best match first.

    Parameters
    ----------
    query
        Words, or beginnings of words, in any order: `left lung`, `vertebra L5`, `cyst`. `left` and `right` give the side.
    limit
        How many at most.
    """
    exact = term_of(query)
    asked = words(query)
    if not asked:
        return []
    sides, rest = [word for word in asked if word in SIDES], [word for word in asked if word not in SIDES]
    found = []
    for names, entry in _entries():
        for wanted, side in ((asked, None), (rest, sides[0] if len(sides) == 1 else None))[: 1 + bool(sides)]:
            places = [_matches(name, wanted) for name in names]
            if wanted and any(place is not None for place in places):
                ranks = [(place, len(name)) for place, name in zip(places, names, strict=True) if place is not None]
                found.append((*min(ranks), entry.name, _sided(entry, side)))
                break
    ordered = [one[-1] for one in sorted(found, key=lambda one: one[:3])]
    first = [] if exact is None else [exact]
    return list(dict.fromkeys([*first, *ordered]))[:limit]


def term_of(name: str) -> Term | None:
    """What a class name means: `kidney_left`, `Left kidney` and `kidneys` are all the kidney; None for names that are not known.

    A name is looked up as it stands, then without the side, without numbers, without a plural's `s`; and `kidney cyst left` is
    a cyst whose region is the left kidney.
    """
    asked = words(name)
    sides = [word for word in asked if word in SIDES]
    side = sides[0] if len(sides) == 1 else None
    rest = [word for word in asked if word not in SIDES]
    unnumbered = [word for word in rest if not word.isdigit()]
    general = [word for word in unnumbered if not _is_level(word)]
    whole = _table().get(" ".join(asked))
    if whole is not None:
        return whole
    for some in (rest, unnumbered, general):
        if (entry := _table().get(" ".join(some))) is not None:
            return _sided(entry, side)
    for cut in range(1, len(unnumbered)):
        place, lesion = (_table().get(" ".join(part)) for part in (unnumbered[:cut], unnumbered[cut:]))
        if place and lesion and place.category == CATEGORIES["anatomy"] and lesion.category == CATEGORIES["abnormal"]:
            where = SIDES[side] if side else place.side
            return replace(lesion, region=place.kind, region_side=where, name=" ".join(asked))
    return None


def words(name: str) -> list[str]:
    """The words of a name, in lower case."""
    return sub(r"[\W_]+", " ", name.casefold()).split()


def _is_level(word: str) -> bool:
    """Whether a word is a level of the spine or a number: `l5`, `12`."""
    return word[-1:].isdigit() and word.lstrip("ctls").isdigit()


def _sided(entry: Term, side: str | None) -> Term:
    if side is None or SIDES.keys() & {*words(entry.name), *words(entry.kind.meaning)}:
        return entry  # which has its side in its code
    return replace(entry, side=SIDES[side], name=f"{side} {entry.name}")


def _matches(name: tuple[str, ...], wanted: list[str]) -> int | None:
    """0 for the very words, 1 where the first word begins the name, 2 for others; None where a word is not there."""
    if list(name) == wanted:
        return 0
    if not all(any(own.startswith(word) for own in name) for word in wanted):
        return None
    return 1 if name[0].startswith(wanted[0]) else 2


@cache
def _rows() -> tuple[tuple[tuple[str, ...], Term], ...]:
    """Names and term of every row of the list."""
    from importlib.resources import files

    rows = []
    text = files("napari_hounsfield").joinpath("coded_terms.tsv").read_text(encoding="utf-8")
    for line in text.splitlines()[1:]:
        name, category, scheme, value, meaning, colour, others = (line.split("\t") + [""] * 7)[:7]
        term = Term(CATEGORIES[category], Code(value, meaning, scheme), colour=_colour(colour), name=name)
        rows.append(((name, *filter(None, others.split("|"))), term))
    return tuple(rows)


def _colour(text: str) -> Colour | None:
    if not text:
        return None
    red, green, blue = (int(part) for part in text.split(","))
    return red, green, blue


@cache
def _entries() -> tuple[tuple[tuple[tuple[str, ...], ...], Term], ...]:
    return tuple((tuple(tuple(words(name)) for name in (*names, term.kind.meaning)), term) for names, term in _rows())


@cache
def _table() -> dict[str, Term]:
    """Term by name, singular and plural."""
    table: dict[str, Term] = {}
    for names, term in _rows():
        for name in (*names, term.kind.meaning):
            plain = " ".join(words(name))
            table.setdefault(plain, term)
            table.setdefault(plain + "s", term)
    return table
