"""Error maps and surface-distance maps."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist

import napari_hounsfield as nh
from napari_hounsfield.evaluation.layers import error_map, surface_distance_map
from napari_hounsfield.evaluation.surface import surface

AFFINE = nh.axial_affine((3.0, 0.7, 0.8), (-10, 20, 30))


@pytest.fixture
def pair():
    found, there = np.zeros((2, 6, 12, 12), np.uint8)
    there[1:5, 2:8, 2:8] = 2
    found[1:5, 3:10, 2:7] = 2
    found[0, 0, 0] = there[5, 11, 11] = 1
    return found, there


def test_error_map_sorts_every_voxel(pair):
    found, there = pair
    errors = error_map(nh.LabelMap(found, AFFINE), nh.LabelMap(there, AFFINE), 2)
    assert errors.classes == {1: "true positive", 2: "false positive", 3: "false negative"}
    expected = np.zeros(found.shape, int)
    expected[(found == 2) & (there == 2)] = 1
    expected[(found == 2) & (there != 2)] = 2
    expected[(found != 2) & (there == 2)] = 3
    assert np.array_equal(errors.array, expected)
    (figures,) = [c for c in nh.evaluate(nh.LabelMap(found, AFFINE), nh.LabelMap(there, AFFINE)).classes if c.label == 2]
    assert [(errors.array == k).sum() for k in (1, 2, 3)] == [figures.tp, figures.fp, figures.fn]


def test_error_map_matches_names_and_geometry(pair):
    found, there = pair
    affine = AFFINE.copy()
    affine[:3, 3] += affine[:3, 0] * (len(found) - 1)
    affine[:3, 0] *= -1
    ours = nh.LabelMap(np.flip(np.where(found == 2, 7, 0), 0), affine, classes={7: "Liver"})
    theirs = nh.LabelMap(np.where(there == 2, 2, 0), AFFINE, classes={2: "liver"})
    plain = error_map(nh.LabelMap(found, AFFINE), nh.LabelMap(there, AFFINE), 2)
    named = error_map(ours, theirs, 2)
    assert np.array_equal(named.array, plain.array)
    assert np.allclose(named.affine, AFFINE)


def test_surface_distances_lie_on_the_surface(pair):
    found, there = pair
    distances = surface_distance_map(nh.LabelMap(found, AFFINE), nh.LabelMap(there, AFFINE), 2)
    edges = [surface(m == 2) for m in (found, there)]
    assert np.array_equal(distances.valid, edges[0])
    between = cdist(*(np.argwhere(e) * (3.0, 0.7, 0.8) for e in edges)).min(axis=1)
    assert distances.array[edges[0]] == pytest.approx(between, rel=1e-6)
    assert (distances.array[~edges[0]] == 0).all()
    assert distances.unit == "mm"


def test_what_is_not_there_is_refused(pair):
    found, there = (nh.LabelMap(m, AFFINE, classes={2: "liver"}) for m in pair)
    with pytest.raises(nh.LabelError, match="no voxel of 'label 9'"):
        surface_distance_map(found, there, 9)
    assert not error_map(found, there, 9).array.any()
    with pytest.raises(nh.GridError, match="grids differ"):
        error_map(found, nh.LabelMap(pair[1], nh.axial_affine((3, 1, 1))), 2)
