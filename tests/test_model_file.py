"""One function reads every kind of model, and refuses what is none."""

from __future__ import annotations

import numpy as np
import pytest
from safetensors.numpy import save_file

import napari_hounsfield as nh
from napari_hounsfield.errors import FormatError, ModelError
from napari_hounsfield.formats.tensor_file import kind_of_file


def test_what_is_no_model_is_refused_in_one_line(tmp_path):
    foreign, text, missing = (tmp_path / name for name in ("foreign.safetensors", "text.safetensors", "missing.safetensors"))
    save_file({"weight": np.zeros(3, np.float32)}, foreign)
    text.write_text("no model")
    for path, error in ((foreign, ModelError), (text, FormatError), (missing, FormatError)):
        assert kind_of_file(path) == ""
        with pytest.raises(error, match=path.name) as caught:
            nh.load_model(path)
        assert "\n" not in str(caught.value)


def test_a_kind_that_is_not_known_is_named(tmp_path):
    path = tmp_path / "other.safetensors"
    save_file({"weight": np.zeros(3, np.float32)}, path, {"napari-hounsfield": '{"kind": "oracle", "schema": 1}'})
    assert kind_of_file(path) == "oracle"
    with pytest.raises(ModelError, match="oracle"):
        nh.load_model(path)
