"""Every edit is in the registry, and looks no further than it says."""

from __future__ import annotations

import numpy as np
import pytest

import napari_hounsfield as nh
from napari_hounsfield.editing.params import EditParams
from napari_hounsfield.editing.registry import EDITS, plane_of

from .conftest import AFFINE, OBLIQUE, ball

POLYGON = (1, 3, 2, 1, 4, 16, 1, 17, 9)
CASES = [
    ("margin", {"mm": 3.5}),
    ("margin", {"mm": 3.5, "others": "overwrite", "classes": (1,)}),
    ("margin", {"mm": -2.5}),
    ("margin", {"mm": 4, "within": "coronal"}),
    *[("smooth", {"method": method, "mm": 1.6}) for method in ("median", "gaussian", "opening", "closing")],
    ("smooth", {"method": "opening", "mm": 2, "within": "axial"}),
    ("fill_holes", {"within": "sagittal"}),
    ("combine", {"classes": (2,)}),
    ("scissors", {"points": POLYGON, "first": 3, "last": 9}),
    ("scissors", {"points": POLYGON, "how": "fill outside", "plane": "coronal", "label": 2, "last": 9}),
    ("fill_range", {"lower": 20, "points": POLYGON, "first": 3}),
]


@pytest.fixture(scope="module", params=[AFFINE, OBLIQUE], ids=["upright", "sheared"])
def data(request):
    """Rough classes that touch, and an image."""
    random = np.random.default_rng(1)
    array = np.zeros((16, 20, 21), np.uint8)
    array[ball(array.shape, (6, 10, 8), 8)] = 1
    array[ball(array.shape, (10, 12, 15), 7)] = 2
    array[random.random(array.shape) < 0.06] = 3
    array[random.random(array.shape) < 0.06] = 0
    labels = nh.LabelMap(array, request.param, {1: "one", 2: "two", 3: "three"})
    return nh.Volume(random.integers(0, 40, array.shape).astype(np.int16), request.param), labels


@pytest.mark.parametrize(("name", "values"), CASES)
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_plane_is_right_from_what_lies_within_reach(name, values, axis, data):
    edit = EDITS[name]
    inputs = data[-1:] if len(edit.operation.inputs) == 1 or name == "combine" else data
    params = edit.operation.params_type(**values)
    whole = edit.operation(*inputs, params=params).array
    assert not np.array_equal(whole, data[1].array)
    for index in range(0, data[1].array.shape[axis], 3):
        plane = plane_of(edit, inputs, params, axis, index)
        if plane is None:
            assert name == "fill_holes"
            continue
        found = edit.operation(*plane.data, params=plane.params).array
        assert np.array_equal(found.take(plane.index, axis), whole.take(index, axis))
        assert found.shape[axis] < whole.shape[axis] or edit.reach(params, data[1].grid)[axis] > 3


def test_every_edit_is_listed():
    found = {
        name
        for name in nh.__all__
        if isinstance(getattr(nh, name), nh.Operation) and issubclass(getattr(nh, name).params_type, EditParams)
    }
    assert found == set(EDITS)
    for name, edit in EDITS.items():
        assert edit.operation.name == name
        assert edit.operation.result is nh.LabelMap


def test_what_must_see_all_says_so(data):
    grid = data[1].grid
    for name in ("islands", "interpolate", "copy_slice", "grow_region", "from_seeds"):
        assert plane_of(EDITS[name], data, EDITS[name].operation.params_type(), 0, 3) is None
    assert EDITS["fill_holes"].slab(nh.FillHolesParams(), grid, 0, 3) is None
    assert EDITS["margin"].slab(nh.MarginParams(mm=0), grid, 0, 3) == slice(2, 5)
