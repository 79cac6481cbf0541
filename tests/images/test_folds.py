import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_hounsfield.errors import FormatError, ParameterError
from napari_hounsfield.images.folds import inner_split, load_folds, stratified_folds
from napari_hounsfield.images.prepared import PreparedImages

patients_with_classes = st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=6), min_size=6, max_size=60)


def flat(patients):
    targets = np.array([target for each in patients for target in each])
    names = np.array([f"P{number}" for number, each in enumerate(patients) for _ in each])
    return targets, names


def images_of(targets, patients):
    return PreparedImages(np.zeros((len(targets), 2, 2), np.float32), targets, patients, ("a", "b", "c"))


@given(patients_with_classes, st.integers(2, 5), st.integers(0, 9), st.sampled_from((0.0, 0.2)))
def test_every_image_in_one_fold_and_no_patient_in_two(patients, count, seed, locked):
    targets, names = flat(patients)
    try:
        folds = stratified_folds(targets, names, count, seed, locked)
    except ParameterError:
        return
    assert len(folds.of) == len(targets)
    assert set(folds.of) <= set(range(-1, count))
    assert set(range(count)) <= set(folds.of)
    assert all(len(set(folds.of[names == name])) == 1 for name in set(names))
    assert len(set(names[folds.locked])) == round(locked * len(patients))
    for fold in range(count):
        train, test = folds.split(fold)
        assert sorted([*train, *test]) == list(np.flatnonzero(~folds.locked))
        assert not set(names[train]) & set(names[test])


@given(st.integers(0, 50), st.integers(40, 200), st.floats(0.1, 0.9))
def test_classes_have_near_shares(seed, count, share):
    random = np.random.default_rng(seed)
    targets = (np.arange(count) < max(10, int(share * count))).astype(int)
    folds = stratified_folds(targets, random.permutation(count), 5, seed)
    for value in set(targets):
        assert np.ptp(np.bincount(folds.of[targets == value], minlength=5)) <= 1
    assert np.ptp(np.bincount(folds.of)) <= 2


def test_patients_of_both_classes_are_kept_together_in_balance():
    targets = np.tile([0, 1, 0, 1, 1, 0, 1, 0, 1, 0], 10)
    folds = stratified_folds(targets, np.repeat(np.arange(20), 5).astype(str), 10, 0)
    assert np.bincount(folds.of).tolist() == [10] * 10


def test_what_is_locked_depends_on_names_alone():
    random = np.random.default_rng(1)
    names = np.array([f"P{n}" for n in range(100)])
    targets = np.arange(100) % 4 == 0
    order = random.permutation(100)
    first = stratified_folds(targets, names, 10, 0, 0.2)
    second = stratified_folds(targets[order], names[order], 5, 7, 0.2)
    assert set(names[first.locked]) == set(names[order][second.locked])
    assert first.locked.sum() == 20
    assert targets[first.locked].sum() == 5


def test_too_few_patients_are_refused():
    with pytest.raises(ParameterError, match="4 is the most"):
        stratified_folds([0, 1, 0, 1], list("abcd"), 5, 0)
    with pytest.raises(ParameterError, match="class 2 of 2 is of 1 patients"):
        stratified_folds([0, 0, 0, 1], list("abcd"), 2, 0)


def test_same_seed_same_folds_another_seed_others():
    targets, names = np.arange(60) % 2, np.arange(60).astype(str)
    one, again, other = (stratified_folds(targets, names, 5, seed).of for seed in (3, 3, 4))
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()


def test_frozen_in_a_file(tmp_path):
    folds = stratified_folds(np.arange(20) % 2, np.arange(20).astype(str), 5, 3, 0.2, table="abc")
    folds.save(tmp_path / "folds.json")
    read = load_folds(tmp_path / "folds.json", "abc")
    np.testing.assert_array_equal(read.of, folds.of)
    assert (read.count, read.seed, read.table) == (5, 3, "abc")
    with pytest.raises(FormatError, match="another table"):
        load_folds(tmp_path / "folds.json", "abd")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"kind": "napari-hounsfield folds", "of": [9], "count": 2, "seed": 0}'])
def test_damaged_files_are_refused(tmp_path, text):
    (tmp_path / "folds.json").write_text(text)
    with pytest.raises(FormatError, match="holds no folds"):
        load_folds(tmp_path / "folds.json")


@given(patients_with_classes, st.integers(0, 9), st.sampled_from((0.1, 0.2, 0.5)))
def test_inner_split_keeps_patients_and_has_every_class_on_both_sides(patients, seed, share):
    targets, names = flat(patients)
    held = inner_split(images_of(targets, names), share, seed)
    assert not set(names[held]) & set(names[~held])
    pure = all(len(set(each)) == 1 for each in patients)
    for value in set(targets):
        if pure and len(set(names[targets == value])) > 1:
            assert (targets[held] == value).any()
            assert (targets[~held] == value).any()


def test_nothing_is_held_back_of_one_patient():
    assert not inner_split(images_of(np.array([0, 1, 0]), np.zeros(3, int)), 0.2, 0).any()


def test_inner_split_holds_its_share():
    targets = np.arange(500) % 5 == 0
    held = inner_split(images_of(targets.astype(int), np.arange(500)), 0.2, 0)
    assert held.sum() == pytest.approx(100, abs=2)
    assert targets[held].sum() == pytest.approx(20, abs=1)
