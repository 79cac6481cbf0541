"""Edits of a draft: what is merged, renamed, dropped and reordered, how sure it is then, and what the history says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import napari_hounsfield as nh


def draft_of(shares, names=("air", "fat", "bone", "water")):
    """A draft with the probabilities (classes, z, y, x)."""
    affine = nh.axial_affine((3, 1, 1))
    labels = nh.LabelMap((shares.argmax(axis=0) + 1).astype(np.uint8), affine, dict(enumerate(names[: len(shares)], 1)))
    ordered = np.sort(shares, axis=0)
    return nh.Segmentation(labels, nh.Features(shares, names[: len(shares)], affine), ordered[-1] - ordered[-2])


@pytest.fixture
def draft():
    shares = np.random.default_rng(0).dirichlet(np.ones(4), (3, 5, 6)).astype(np.float32)
    return draft_of(np.moveaxis(shares, -1, 0).copy())


def without(draft):
    return nh.Segmentation(draft.labels, None, draft.sureness)


def test_a_merge_takes_the_smallest_number_and_keeps_the_others(draft):
    merged = nh.merge_classes(draft, ["bone", 2], "tissue")
    before = draft.labels.array
    np.testing.assert_array_equal(merged.labels.array, np.where(before == 3, 2, before))
    assert merged.labels.classes == {1: "air", 2: "tissue", 4: "water"}
    assert merged.probabilities.names == ("air", "tissue", "water")
    np.testing.assert_allclose(merged.probabilities.array[1], draft.probabilities.array[1:3].sum(axis=0), atol=1e-6)
    assert merged.history[-1].operation == "merge_classes"
    assert merged.history[-1].parameters == {"classes": [2, 3], "name": "tissue"}
    assert draft.labels.classes[3] == "bone", "the draft itself stays"
    assert nh.merge_classes(draft, [1, 2]).labels.classes[1] == "air"


@given(seed=st.integers(0, 10_000))
def test_sureness_of_a_merge_is_computed_anew_and_without_probabilities_never_too_high(seed):
    shares = np.moveaxis(np.random.default_rng(seed).dirichlet(np.ones(4), (1, 6, 6)), -1, 0).astype(np.float32)
    draft = draft_of(shares.copy())
    merged = nh.merge_classes(draft, [2, 4])
    sums = np.stack([shares[0], shares[1] + shares[3], shares[2]])
    own = np.array([0, 1, 2, 1])[shares.argmax(axis=0)]
    others = np.where(np.arange(3)[:, None, None, None] == own, 0, sums)
    expected = np.maximum(np.take_along_axis(sums, own[None], axis=0)[0] - others.max(axis=0), 0)
    np.testing.assert_allclose(merged.sureness, expected, atol=1e-6)
    cautious = nh.merge_classes(without(draft), [2, 4]).sureness
    assert (cautious <= expected + 1e-6).all()
    assert (cautious[own == 1] == draft.sureness[own == 1]).all()


def test_renaming_changes_nothing_but_names(draft):
    renamed = nh.rename_classes(draft, {"fat": "adipose", 4: "fat"})
    assert renamed.labels.classes == {1: "air", 2: "adipose", 3: "bone", 4: "fat"}
    assert renamed.probabilities.names == ("air", "adipose", "bone", "fat")
    np.testing.assert_array_equal(renamed.labels.array, draft.labels.array)
    np.testing.assert_array_equal(renamed.sureness, draft.sureness)


def test_what_is_dropped_is_unlabelled_and_not_sure(draft):
    for given_ in (draft, without(draft)):
        dropped = nh.drop_classes(given_, ["fat"])
        gone = draft.labels.array == 2
        assert not dropped.labels.array[gone].any()
        assert not dropped.sureness[gone].any()
        assert (dropped.sureness[~gone] >= draft.sureness[~gone] - 1e-6).all()
        assert dropped.labels.classes == {1: "air", 3: "bone", 4: "water"}
    shares = nh.drop_classes(draft, ["fat"]).probabilities
    assert shares.names == ("air", "bone", "water")
    np.testing.assert_allclose(shares.array.sum(axis=0), ~gone, atol=1e-6)


def test_a_new_order_is_new_numbers(draft):
    ordered = nh.reorder_classes(draft, ["water", 3])
    assert ordered.labels.classes == {1: "water", 2: "bone", 3: "air", 4: "fat"}
    for name in ordered.labels.classes.values():
        before = next(v for v, n in draft.labels.classes.items() if n == name)
        after = next(v for v, n in ordered.labels.classes.items() if n == name)
        np.testing.assert_array_equal(ordered.labels.array == after, draft.labels.array == before)
        np.testing.assert_array_equal(ordered.probabilities.array[after - 1], draft.probabilities.array[before - 1])
    back = nh.reorder_classes(ordered, list(draft.labels.classes.values()))
    np.testing.assert_array_equal(back.labels.array, draft.labels.array)
    np.testing.assert_array_equal(back.probabilities.array, draft.probabilities.array)
    np.testing.assert_array_equal(back.sureness, draft.sureness)


def test_edits_follow_each_other_and_plain_labels_do_too(draft):
    labels = nh.LabelMap(draft.labels.array, draft.labels.affine, {1: "air"})
    edited = nh.drop_classes(nh.merge_classes(nh.rename_classes(labels, {2: "fat"}), ["air", "fat"]), ["label 4"])
    assert [r.operation for r in edited.history] == ["rename_classes", "merge_classes", "drop_classes"]
    assert edited.labels.classes == {1: "air", 3: "label 3"}
    assert set(np.unique(edited.labels.array)) == {0, 1, 3}
    assert edited.sureness is None


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (lambda d: nh.merge_classes(d, ["air"]), "two classes or more"),
        (lambda d: nh.merge_classes(d, ["air", "lung"]), "no class 'lung'; there are air, fat, bone, water"),
        (lambda d: nh.merge_classes(d, [1, 2], "bone"), "two classes would be called 'bone'"),
        (lambda d: nh.rename_classes(d, {1: " "}), "no name"),
        (lambda d: nh.rename_classes(d, {1: "fat"}), "merge them instead"),
        (lambda d: nh.drop_classes(d, [9]), "no class 9"),
        (lambda d: nh.reorder_classes(d, [1, "air"]), "given twice"),
    ],
)
def test_edits_that_cannot_be_are_refused(draft, edit, reason):
    with pytest.raises(nh.LabelError, match=reason):
        edit(draft)
