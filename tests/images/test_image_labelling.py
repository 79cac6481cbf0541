"""Labels given to images one after the other: order, undoing, screening, blindness, and the table that comes of it."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import napari_hounsfield as nh
from napari_hounsfield.errors import FormatError, LabelError
from napari_hounsfield.images.image_labelling import ImageLabelling
from napari_hounsfield.images.labels_file import images_to_label, labels_path
from napari_hounsfield.images.preparing import PrepareParams, prepared
from napari_hounsfield.images.reading import read_image
from napari_hounsfield.images.table import NOT_FIT, ImageEntry, ImageTable

CLASSES = ("healthy", "ill")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "images").mkdir()
    for number in range(6):
        Image.fromarray(np.full((8, 8), number, np.uint8)).save(tmp_path / "images" / f"{number}.png")
    return tmp_path / "images"


@pytest.fixture
def labelling(folder):
    return ImageLabelling(images_to_label(folder), CLASSES)


def test_images_are_labelled_one_after_the_other_and_saved_as_a_table(labelling, folder):
    assert [labelling.title, len(labelling), labelling.labelled] == ["0.png", 6, 0]
    labelling.give(0)
    labelling.give(1)
    labelling.screen_out()
    labelling.go(1)
    labelling.give(1)
    assert (labelling.title, labelling.labelled) == ("5.png", 4)
    assert labelling.counts == {"healthy": 1, "ill": 2, NOT_FIT: 1}
    path = labelling.save(folder / "labels.csv")
    table = nh.read_image_table(path)
    assert [(entry.path.name, entry.label) for entry in table.entries] == [
        ("0.png", "healthy"),
        ("1.png", "ill"),
        ("4.png", "ill"),
    ]
    assert table.notes[-1] == f"1 images are {NOT_FIT}, and are left out"
    assert len(images_to_label(folder).entries) == 6, "labels beside them are no image"


def test_it_goes_on_where_it_was_left(labelling, folder):
    assert labels_path(labelling.images) == folder / "labels.csv"
    labelling.give(1)
    labelling.screen_out()
    path = labelling.save(folder / "labels.csv")
    again = ImageLabelling.resumed(images_to_label(folder), path, CLASSES)
    assert (again.title, again.labels, again.classes) == ("2.png", {0: "ill", 1: NOT_FIT}, CLASSES)
    assert ImageLabelling.resumed(images_to_label(folder), path).classes == ("ill",), "classes without an image are not in it"


def test_patients_and_regions_are_kept(folder):
    (folder / "list.csv").write_text('path;patient;region\n0.png;"A; b";\n0.png;;0 0 4 4\n1.png;C;\n')
    labelling = ImageLabelling(images_to_label(folder / "list.csv"), CLASSES)
    for label in (0, 1, 0):
        labelling.give(label)
    path = labelling.save(labels_path(labelling.images))
    assert path.name == "list.labels.csv"
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["patient"] for row in rows] == ["A; b", "", "C"]
    assert [row["region"] for row in rows] == ["", "0 0 4 4", ""]
    assert [entry.label for entry in nh.read_image_table(path).entries] == ["healthy", "ill", "healthy"]


def test_blind_readers_see_no_names_and_another_order(folder, labelling):
    blind = ImageLabelling(images_to_label(folder), CLASSES, blind_seed=1)
    same = ImageLabelling(images_to_label(folder), CLASSES, blind_seed=1)
    orders = []
    for each in (labelling, blind, same):
        orders.append([])
        for _ in range(6):
            orders[-1].append(each.current.path.name)
            each.go(1)
    assert sorted(orders[1]) == orders[0] != orders[1] == orders[2]
    assert not any(name in blind.title for name in orders[0])
    at_hand = blind.current
    blind.give(1)
    blind.undo()
    blind.give(1)
    blind.go(-5)
    before = blind.current
    blind.set_blind(None)
    assert blind.current == before
    assert blind.labels == {orders[0].index(at_hand.path.name): "ill"}


def test_classes_are_renamed_moved_and_added(labelling):
    labelling.give(0)
    labelling.give(1)
    labelling.set_classes(["healthy", "pneumonia"])
    assert labelling.labels == {0: "healthy", 1: "pneumonia"}
    labelling.set_classes(["pneumonia", "tumour", "healthy"])
    assert labelling.labels == {0: "healthy", 1: "pneumonia"}
    labelling.undo()
    assert labelling.labels == {0: "healthy"}
    labelling.set_classes(["healthy"])
    for wrong in (["a", "a"], ["healthy", ""], ["healthy", NOT_FIT], []):
        with pytest.raises(LabelError):
            labelling.set_classes(wrong)
    with pytest.raises(LabelError):
        labelling.give(1)


def test_labels_of_other_images_are_not_taken(labelling, folder, tmp_path):
    (tmp_path / "labels.csv").write_text("path,label\nimages/0.png,ill\nlabels.csv,ill\n")
    with pytest.raises(FormatError, match="line 3 is none of the images"):
        ImageLabelling.resumed(images_to_label(folder), tmp_path / "labels.csv")
    (tmp_path / "empty").mkdir()
    for nothing in (tmp_path / "empty", tmp_path / "none.csv"):
        with pytest.raises(FormatError):
            images_to_label(nothing)


STEPS = st.lists(st.sampled_from(["0", "1", "out", "clear", "on", "back", "next"]), max_size=30)


@given(STEPS, st.one_of(st.none(), st.integers(0, 5)))
def test_whatever_was_given_is_undone_and_redone(steps, seed):
    images = ImageTable(tuple(ImageEntry(path, "", " ") for path in map(_path, range(5))), _path("table.csv"))
    labelling = ImageLabelling(images, CLASSES, seed)
    seen = [labelling.labels]
    acts = {
        "0": lambda: labelling.give(0), "1": lambda: labelling.give(1), "out": labelling.screen_out, "clear": labelling.clear,
        "on": lambda: labelling.go(1), "back": lambda: labelling.go(-1), "next": labelling.next_unlabelled,
    }  # fmt: skip
    for step in steps:
        acts[step]()
        if step in ("0", "1", "out", "clear"):
            seen.append(labelling.labels)
    assert labelling.labelled == sum(labelling.counts.values()) == len(labelling.labels)
    for expected in reversed(seen[:-1]):
        assert labelling.undo()
        assert labelling.labels == expected
    assert not labelling.undo()
    for expected in seen[1:]:
        assert labelling.redo()
        assert labelling.labels == expected
    assert not labelling.redo()


def _path(name):
    return Path(f"/images/{name}")


def test_colours_and_reversed_values_are_seen_as_read(tmp_path):
    random = np.random.default_rng(0)
    colours = random.integers(0, 256, (12, 12, 3)).astype(np.uint8)
    Image.fromarray(colours).save(tmp_path / "colours.png")
    params = PrepareParams(matrix=12)
    shown = nh.Volume(colours[None], np.eye(4), axes="zyxc")
    read = prepared(read_image(tmp_path / "colours.png"), params)
    assert np.abs(prepared(shown, params) - read).max() <= 1 / 255 + 1e-6
    ramp = np.arange(64, dtype=np.uint8).reshape(1, 8, 8)
    upside = prepared(nh.Volume(ramp, np.eye(4), inverted=True), params)
    assert np.allclose(upside, prepared(nh.Volume(63 - ramp, np.eye(4)), params))
