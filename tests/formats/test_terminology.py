"""Codes are those that pydicom lists, or that TotalSegmentator writes; names and searches find them."""

from __future__ import annotations

import numpy as np
import pytest

from napari_hounsfield import LabelMap, terms
from napari_hounsfield.coded_terms import CATEGORIES, SIDES, _rows, term_of
from napari_hounsfield.formats.terminology import class_colour, colour_in, concept, term_in


def test_every_code_has_its_meaning_in_the_standard() -> None:
    from pydicom.sr._concepts_dict import concepts

    known: dict[tuple[str, str], set[str]] = {}
    for scheme, keywords in concepts.items():
        for keyword in keywords.values():
            for code, (meaning, _) in keyword.items():
                known.setdefault((scheme, code), set()).add(meaning.casefold())
    coded = [term.kind for _, term in _rows()]
    missing = [code for code in coded if (code.scheme, code.value) not in known]
    assert len(missing) < 40, "ribs, muscles and a few others"
    assert {code.scheme for code in coded} <= {"SCT", "DCM", "FMA", "NCIt", "BARI"}
    assert all(category.value in {value for _, value in known} for category in CATEGORIES.values())
    assert all(side.meaning.casefold() in known["SCT", side.value] for side in SIDES.values())
    differing = [c for c in coded if (c.scheme, c.value) in known and c.meaning.casefold() not in known[c.scheme, c.value]]
    assert len(differing) < 8, "names of TotalSegmentator"
    assert len(coded) > 900


@pytest.mark.parametrize(
    ("name", "meaning", "side"),
    [
        ("lung", "Lung", None),
        ("Left lung", "Lung", "Left"),
        ("kidney_right", "Kidney", "Right"),
        ("Kidneys", "Kidney", None),
        ("vertebrae_L5", "L5 vertebra", None),
        ("rib_left_7", "Seventh rib", "Left"),
        ("rib 13", "Rib", None),
        ("heart_ventricle_left", "Left ventricle of heart", None),
        ("lung_upper_lobe_left", "Upper lobe of lung", "Left"),
        ("soft tissue", "Soft tissue", None),
        ("nodule 2", "Nodule", None),
        ("urinary_bladder", "Bladder", None),
        ("left-right", "Tissue", None),
        ("Łysa góra", "Tissue", None),
        ("", "Tissue", None),
    ],
)
def test_names_are_understood(name: str, meaning: str, side: str | None) -> None:
    found = concept(name)
    assert found.kind.meaning == meaning
    assert (found.side.meaning if found.side else None) == side


def test_a_lesion_lies_in_its_organ() -> None:
    found = concept("kidney_cyst_left")
    assert found.region is not None
    assert found.region_side is not None
    assert (found.kind.meaning, found.region.meaning, found.region_side.meaning, found.side) == ("Cyst", "Kidney", "Left", None)


def test_search_finds_by_beginnings_of_words_and_by_other_names() -> None:
    best = terms("left lung")[0]
    assert (best.name, best.kind.meaning, best.side) == ("left lung", "Lung", SIDES["left"])
    assert terms("gall")[0].kind.meaning == "Gallbladder"
    assert terms("csf")[0].kind.meaning == "Cerebrospinal Fluid"
    assert {"L5 vertebra", "L1 vertebra"} <= {term.kind.meaning for term in terms("vertebra l")}
    assert terms("no such thing") == terms("") == []
    assert len(terms("a", limit=7)) == 7


def test_every_name_of_the_list_finds_itself() -> None:
    assert all(term_of(names[0]) is not None and term_of(names[0]).kind == term.kind for names, term in _rows())


def test_neighbouring_classes_differ_in_colour() -> None:
    colours = [class_colour("something", value) for value in range(1, 40)]
    assert len(set(colours)) == len(colours)
    assert class_colour("liver", 1) == class_colour("Liver", 9)


def test_labels_keep_their_own_terms_until_they_are_renamed() -> None:
    given = terms("nodule")[0]
    labels = LabelMap(np.zeros((1, 2, 2), int), np.eye(4), {1: "lung", 2: "x"}, terms={1: given, 2: given})
    assert term_in(labels, 1) == given
    assert colour_in(labels, 1) == given.colour
    renamed = labels.renamed({1: "lung", 2: "liver"})
    assert (term_in(renamed, 1), term_in(renamed, 2).kind.meaning) == (given, "Liver")
