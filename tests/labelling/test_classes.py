"""Classes of a session: every edit gives a new tuple, and none a doubtful one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import napari_hounsfield as nh
from napari_hounsfield.labelling import classes as edits

NAMES = st.text("abcdef ", min_size=1, max_size=4).filter(str.strip)


@given(st.lists(st.tuples(st.sampled_from(["add", "rename", "drop"]), NAMES, st.integers(1, 5)), max_size=20))
def test_names_and_numbers_stay_unique(actions: list[tuple[str, str, int]]) -> None:
    classes: edits.Classes = ()
    for action, name, value in actions:
        try:
            if action == "add":
                classes = edits.added(classes, name)
            elif action == "rename":
                classes = edits.renamed(classes, value, name)
            else:
                classes = edits.dropped(classes, value)
        except nh.LabelError:
            continue
        assert len({one.value for one in classes}) == len(classes)
        assert len({one.name.casefold() for one in classes}) == len(classes)


def test_a_free_number_is_used_again() -> None:
    classes = edits.added(edits.added(edits.added((), "a"), "b"), "c")
    classes = edits.added(edits.dropped(classes, 2), "d")
    assert edits.names(classes) == {1: "a", 2: "d", 3: "c"}


def test_a_class_keeps_its_name_in_other_letters() -> None:
    assert edits.names(edits.renamed(edits.added((), "lung"), 1, "Lung")) == {1: "Lung"}


def test_doubtful_ones_are_refused() -> None:
    classes = edits.added((), "lung", "#00ff00")
    for wrong in (
        lambda: edits.added(classes, "LUNG"),
        lambda: edits.added(classes, "  "),
        lambda: edits.added(classes, "liver", value=1),
        lambda: edits.added(classes, "liver", value=256),
        lambda: edits.recoloured(classes, 1, "green"),
        lambda: edits.renamed(classes, 7, "liver"),
    ):
        with pytest.raises(nh.LabelError):
            wrong()
