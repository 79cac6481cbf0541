"""Codes are those of SNOMED CT as pydicom lists them."""

from __future__ import annotations

import pytest

from napari_hounsfield.formats.terminology import _OTHER_NAMES, _TABLE, SIDES, class_colour, concept


def test_every_code_is_in_snomed_ct_with_its_meaning() -> None:
    from pydicom.sr._concepts_dict import concepts

    known = {code: {meaning.casefold()} for keyword in concepts["SCT"].values() for code, (meaning, _) in keyword.items()}
    for keyword in concepts["SCT"].values():
        for code, (meaning, _) in keyword.items():
            known[code].add(meaning.casefold())
    for category, code, meaning, _ in _TABLE.values():
        assert meaning.casefold() in known[code]
        assert category.value in known
    assert all(side.meaning.casefold() in known[side.value] for side in SIDES.values())
    assert set(_OTHER_NAMES.values()) <= set(_TABLE)


@pytest.mark.parametrize(
    ("name", "meaning", "side"),
    [
        ("lung", "Lung", None),
        ("Left lung", "Lung", "Left"),
        ("kidney_right", "Kidney", "Right"),
        ("Kidneys", "Kidney", None),
        ("vertebrae_L5", "Vertebra", None),
        ("rib_left_7", "Rib", "Left"),
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


def test_neighbouring_classes_differ_in_colour() -> None:
    colours = [class_colour("something", value) for value in range(1, 40)]
    assert len(set(colours)) == len(colours)
    assert class_colour("liver", 1) == class_colour("Liver", 9)
