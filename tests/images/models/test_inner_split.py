"""Patients held back: whole ones, of every class, about as many as asked for."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from napari_hounsfield.images.models.inner_split import inner_split
from napari_hounsfield.images.prepared import PreparedImages


@given(st.integers(1, 30), st.integers(2, 4), st.integers(1, 4), st.floats(0.05, 0.5), st.integers(0, 9))
def test_whole_patients_of_every_class(patients: int, classes: int, each: int, share: float, seed: int) -> None:
    owners = np.repeat(np.arange(patients * classes), each)
    targets = owners % classes
    images = PreparedImages(np.zeros((len(owners), 2, 2), np.float32), targets, owners, [str(k) for k in range(classes)])
    held = inner_split(images, share, seed)
    assert not set(owners[held]) & set(owners[~held])
    assert set(targets[~held]) == set(range(classes))
    for label in range(classes):
        assert len(set(owners[held & (targets == label)])) == min(patients - 1, round(share * patients))
    assert np.array_equal(held, inner_split(images, share, seed))
