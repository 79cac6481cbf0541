"""Several readers: agreement against scikit-learn and published numbers, STAPLE against SimpleITK, classes, grids."""

from __future__ import annotations

import json

import numpy as np
import pytest
import SimpleITK
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import cohen_kappa_score

import napari_hounsfield as nh
from napari_hounsfield.evaluation.readers import Readers, ReadersParams, compare_readers

AFFINE = nh.axial_affine((3, 0.7, 0.8), (-10, 20, 30))


def maps(*arrays, classes=None, affine=AFFINE):
    return [nh.LabelMap(np.asarray(a, np.uint8), affine, classes or {}) for a in arrays]


def noisy_readers(seed, readers=4, classes=3):
    random = np.random.default_rng(seed)
    truth = np.zeros((5, 14, 16), np.uint8)
    truth[1:4, 3:10, 4:12] = 1
    truth[2:4, 5:8, 6:9] = 2
    return [
        np.where(random.random(truth.shape) < share, random.integers(0, classes, truth.shape, np.uint8), truth)
        for share in random.uniform(0.02, 0.3, readers)
    ]


arrays = st.integers(2, 4).flatmap(
    lambda readers: hnp.array_shapes(min_dims=3, max_dims=3, max_side=4).flatmap(
        lambda shape: st.lists(hnp.arrays(np.uint8, shape, elements=st.integers(0, 2)), min_size=readers, max_size=readers)
    )
)


@settings(max_examples=50)
@given(arrays)
def test_pairs_equal_scikit_learn_and_simpleitk(readings):
    found = compare_readers(Readers(maps(*readings)))
    flat = [each.ravel() for each in readings]
    for i, ours in enumerate(flat):
        for j, theirs in enumerate(flat):
            same = len(set(ours) | set(theirs)) < 2
            assert found.kappa[i][j] == (None if same else pytest.approx(cohen_kappa_score(ours, theirs), abs=1e-12))
            for c in found.classes:
                a, b = ours == c.label, theirs == c.label
                if not (a.any() or b.any()):
                    assert c.dice[i][j] is None
                    assert c.reasons["dice"]
                    continue
                overlap = SimpleITK.LabelOverlapMeasuresImageFilter()
                overlap.Execute(*(SimpleITK.GetImageFromArray(m.astype(np.uint8).reshape(readings[0].shape)) for m in (a, b)))
                assert c.dice[i][j] == pytest.approx(overlap.GetDiceCoefficient(), abs=1e-9)
                if not (a.all() and b.all()):
                    assert c.kappa[i][j] == pytest.approx(cohen_kappa_score(a, b), abs=1e-12)


def test_fleiss_of_the_published_example():
    """Fleiss 1971, as often shown: ten subjects, fourteen raters, five categories; kappa 0.210."""
    table = [
        [0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7],
    ]  # fmt: skip
    readings = np.array([np.repeat(range(5), row) for row in table]).T.reshape(14, 1, 2, 5)
    found = compare_readers(Readers(maps(*readings)))
    assert found.fleiss_kappa == pytest.approx(0.20993, abs=5e-6)


@given(arrays)
def test_fleiss_equals_the_definition(readings):
    found = compare_readers(Readers(maps(*readings)))
    flat = np.array([each.ravel() for each in readings])
    times = np.array([(flat == k).sum(axis=0) for k in range(3)]).T
    readers = len(flat)
    observed = ((times**2).sum(axis=1) - readers).mean() / (readers * (readers - 1))
    chance = ((times.sum(axis=0) / times.sum()) ** 2).sum()
    if (times.sum(axis=0) > 0).sum() < 2:
        assert found.fleiss_kappa is None
        assert found.reasons["fleiss_kappa"]
    else:
        assert found.fleiss_kappa == pytest.approx((observed - chance) / (1 - chance), abs=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_staple_equals_simpleitk(seed):
    readings = noisy_readers(seed, 3 + seed % 3)
    found = compare_readers(Readers(maps(*readings)))
    images = [SimpleITK.GetImageFromArray(each) for each in readings]
    probabilities = []
    for c in found.classes:
        oracle = SimpleITK.STAPLEImageFilter()
        oracle.SetForegroundValue(c.label)
        probabilities.append(SimpleITK.GetArrayFromImage(oracle.Execute(images)))
        assert c.converged
        assert c.sensitivity == pytest.approx(oracle.GetSensitivity(), abs=1e-9)
        assert c.specificity == pytest.approx(oracle.GetSpecificity(), abs=1e-9)
    expected = np.where(np.max(probabilities, axis=0) >= 0.5, np.argmax(probabilities, axis=0) + 1, 0)
    assert np.array_equal(found.consensus.array, expected)
    assert [c.consensus_voxels for c in found.classes] == [(expected == c.label).sum() for c in found.classes]


def test_readers_who_agree_have_no_error():
    (reading, *_) = noisy_readers(0)
    found = compare_readers(Readers(maps(reading, reading, reading)))
    assert np.array_equal(found.consensus.array, reading)
    assert found.fleiss_kappa == pytest.approx(1)
    for c in found.classes:
        assert set(c.sensitivity) == set(c.specificity) == {1.0}
        assert np.array_equal(c.dice, np.ones((3, 3)))


def test_consensus_lies_on_the_grid_and_carries_names_and_history():
    found = compare_readers(Readers(maps(*noisy_readers(1), classes={1: "lung", 2: "tumour"}), ["a", "b", "c", "d"]))
    assert np.array_equal(found.consensus.affine, AFFINE)
    assert found.consensus.classes == {1: "lung", 2: "tumour"}
    assert found.consensus.history[-1].operation == found.history[-1].operation == "compare_readers"
    assert found.names == ("a", "b", "c", "d")
    said = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert [c["name"] for c in said["classes"]] == ["lung", "tumour"]
    assert said["readers"] == ["a", "b", "c", "d"]
    assert len(found.table()) == 1 + 2 * 4 + 1 + 1 + 3 * 6 + 1 + 1 + 3


def test_maps_that_are_stored_flipped_are_matched():
    (first, second, _, _) = maps(*noisy_readers(2))
    affine = second.affine.copy()
    affine[:3, 3] += affine[:3, 1] * (second.array.shape[1] - 1)
    affine[:3, 1] *= -1
    turned = nh.LabelMap(second.array[:, ::-1], affine)
    plain, other = (compare_readers(Readers([first, each])) for each in (second, turned))
    assert plain.to_json() == other.to_json()
    assert np.array_equal(plain.consensus.array, other.consensus.array)


def test_classes_are_matched_by_name_and_never_share_a_number():
    first, second = np.array([[[1, 1, 2, 0]]]), np.array([[[2, 2, 1, 1]]])
    (ours,), (theirs,) = maps(first, classes={1: "lung", 2: "liver"}), maps(second, classes={2: "Lung", 1: "heart"})
    found = compare_readers(Readers([ours, theirs]))
    assert {c.name: c.voxels for c in found.classes} == {"lung": (2, 2), "liver": (1, 0), "heart": (0, 2)}
    assert next(c for c in found.classes if c.name == "lung").dice[0][1] == 1
    assert len({c.label for c in found.classes}) == 3


def test_a_class_that_nobody_saw_is_undefined_with_a_reason():
    found = compare_readers(Readers(maps(*noisy_readers(3), classes={1: "lung", 2: "tumour", 3: "bone"})))
    bone = found.classes[-1]
    assert bone.name == "bone"
    assert set(bone.sensitivity) == {None}
    assert bone.fleiss_kappa is None
    assert bone.consensus_voxels == 0
    assert {"dice", "kappa", "fleiss_kappa", "sensitivity"} <= set(bone.reasons)
    json.dumps(found.to_json(), allow_nan=False)


def test_all_of_one_class():
    found = compare_readers(Readers(maps(*[np.ones((2, 3, 3))] * 2)))
    assert found.kappa == [[None, None], [None, None]]
    assert (found.classes[0].specificity, found.classes[0].dice) == ((None, None), [[1.0, 1.0], [1.0, 1.0]])
    empty = compare_readers(Readers(maps(*[np.zeros((2, 3, 3))] * 2)))
    assert empty.classes == ()
    assert not empty.consensus.array.any()


def test_region_counts_as_cropping_does():
    readings = noisy_readers(4)
    region = np.zeros(readings[0].shape, np.uint8)
    region[1:4, 2:11, 3:13] = 1
    inside = compare_readers(Readers(maps(*readings)), *maps(region))
    cropped = compare_readers(Readers(maps(*(each[1:4, 2:11, 3:13] for each in readings))))
    assert inside.to_json() == cropped.to_json()
    assert np.array_equal(inside.consensus.array[1:4, 2:11, 3:13], cropped.consensus.array)
    assert not inside.consensus.array[region == 0].any()
    whole = compare_readers(Readers(maps(*readings)))
    assert whole.voxels == readings[0].size > inside.voxels


def test_order_of_readers_permutes_the_figures():
    readings = noisy_readers(5, 3)
    found, turned = (compare_readers(Readers(maps(*each))) for each in (readings, readings[::-1]))
    assert np.array_equal(found.consensus.array, turned.consensus.array)
    for ours, theirs in zip(found.classes, turned.classes, strict=True):
        assert ours.sensitivity == pytest.approx(theirs.sensitivity[::-1], abs=1e-12)
        assert np.allclose(ours.dice, np.array(theirs.dice)[::-1, ::-1])


def test_iterations_that_do_not_suffice_are_told():
    found = compare_readers(Readers(maps(*noisy_readers(6))), params=ReadersParams(iterations=2))
    assert {(c.iterations, c.converged) for c in found.classes} == {(2, False)}


def test_work_can_be_cancelled():
    fractions = [step.fraction for step in compare_readers.steps(Readers(maps(*noisy_readers(7))))]
    assert fractions == sorted(fractions)
    assert len(fractions) > 10


def test_readers_that_do_not_fit_are_refused():
    first, second, third, _ = maps(*noisy_readers(8))
    with pytest.raises(nh.LabelError, match="takes two or more"):
        Readers([first])
    with pytest.raises(nh.LabelError, match="1 different names for 2 readers"):
        Readers([first, second], ["a", "a"])
    other = nh.LabelMap(third.array, nh.axial_affine((3, 1, 1)))
    with pytest.raises(nh.GridError):
        Readers([first, other])
    with pytest.raises(nh.GridError):
        compare_readers(Readers([first, second]), other)
    with pytest.raises(nh.LabelError, match="holds no voxel"):
        compare_readers(Readers([first, second]), nh.LabelMap(np.zeros_like(first.array), AFFINE))
