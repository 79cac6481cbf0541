"""Class tables go to CSV, JSON, 3D Slicer and ITK-SNAP, and come back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_hounsfield import ClassRow, FormatError, LabelMap, WriteError, read_classes, terms, write_classes

SUFFIXES = [".csv", ".json", ".ctbl", ".label"]
words = st.text(st.characters(whitelist_categories=("L", "N")), min_size=1, max_size=8)
rows = st.lists(
    st.builds(
        ClassRow,
        st.integers(0, 70000),
        st.lists(words, min_size=1, max_size=3).map(" ".join),
        st.tuples(*[st.integers(0, 255)] * 3),
    ),
    min_size=1,
    max_size=9,
    unique_by=lambda row: row.label,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(table=rows, suffix=st.sampled_from(SUFFIXES))
def test_tables_come_back_as_they_were(tmp_path, table, suffix):
    assert read_classes(write_classes(tmp_path / f"t{suffix}", table, overwrite=True)) == table


def test_names_alone_get_the_colours_of_segmentations(tmp_path):
    assert write_classes(tmp_path / "t.csv", {3: "liver", 1: "left lung"}).read_text() == (
        "label,name,colour\n1,left lung,#78b4dc\n3,liver,#dd8265\n"
    )
    assert read_classes(tmp_path / "t.csv")[1] == ClassRow(3, "liver", (221, 130, 101))


def test_a_label_map_gives_its_own_colours(tmp_path):
    liver = replace(terms("liver")[0], colour=(1, 2, 3))
    labels = LabelMap(np.zeros((1, 2, 2), np.uint8), np.eye(4)[[2, 1, 0, 3]], {3: "liver", 1: "other"}, terms={3: liver})
    found = read_classes(write_classes(tmp_path / "t.csv", labels))
    assert [(row.label, row.name) for row in found] == [(1, "other"), (3, "liver")]
    assert found[1].colour == (1, 2, 3)


def test_tables_of_others_are_read(tmp_path):
    slicer = "# Color table file /x/y.ctbl\n# 3 values\n0 Background 0 0 0 0\n1 left_lung 128 174 128 255\n"
    (tmp_path / "s.ctbl").write_text(slicer)
    assert [(row.label, row.name) for row in read_classes(tmp_path / "s.ctbl")] == [(0, "Background"), (1, "left lung")]
    snap = '# ITK-SnAP Label Description File\n    0     0    0    0        0  0  0    "Clear Label"\n'
    snap += '    7   255    0   10        0.5  1  1    "Tumour (left)"\n'
    (tmp_path / "labels.txt").write_text(snap)
    assert read_classes(tmp_path / "labels.txt")[1] == ClassRow(7, "Tumour (left)", (255, 0, 10))
    (tmp_path / "plain.csv").write_text("\ufefflabel,name\n4,spleen\n", encoding="utf-8")
    assert read_classes(tmp_path / "plain.csv")[0].name == "spleen"


@pytest.mark.parametrize(
    "text", ["", "[]", "label,name\n", "label,name\nx,y\n", "1 lung 300 0 0 255\n", "label,name\n-1,a\n", '{"classes": 3}', "\0"]
)
def test_what_is_no_table_is_refused(tmp_path, text):
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(FormatError, match=r"^t\.csv: no class table$"):
        read_classes(tmp_path / "t.csv")


def test_a_number_that_comes_twice_and_files_that_are_not_there(tmp_path):
    (tmp_path / "t.csv").write_text("label,name\n1,a\n1,b\n")
    with pytest.raises(FormatError, match="a number comes twice"):
        read_classes(tmp_path / "t.csv")
    with pytest.raises(FormatError, match="no such file"):
        read_classes(tmp_path / "no.csv")
    with pytest.raises(WriteError, match=r"^t\.csv: exists"):
        write_classes(tmp_path / "t.csv", {1: "a"})
    with pytest.raises(WriteError, match="is written as"):
        write_classes(tmp_path / "t.xml", {1: "a"})
