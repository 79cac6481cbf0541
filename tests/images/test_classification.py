"""Train on all, save, classify: by script and command line."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image
from tests.images.textures import CLASSES, textures, write_textures

import napari_hounsfield as nh
from napari_hounsfield.cli import main
from napari_hounsfield.errors import FormatError, LabelError, ModelError, ParameterError, WriteError
from napari_hounsfield.images.comparison_reading import read_comparison

RECIPE = {"prepare": {"matrix": 48}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_textures(tmp_path_factory.mktemp("study") / "images").parent


@pytest.fixture(scope="module")
def classifier(folder):
    return nh.train_images(nh.read_image_table(folder / "table.csv"), nh.TrainImagesParams(model="svm-gabor", recipe=RECIPE))


def test_a_saved_classifier_says_the_same_and_what_it_is(classifier, tmp_path):
    again = nh.load_model(classifier.save(tmp_path / "textures.safetensors"))
    assert isinstance(again, nh.ImageClassifier)
    assert (again.kind, again.classes, again.card) == (classifier.kind, classifier.classes, classifier.card)
    assert again.history == classifier.history
    assert [record.operation for record in again.history] == ["train_images"]
    assert again.card["data"]["images"] == 24
    assert again.card["data"]["patients"] == 12
    assert "diagnosis" in again.card["intended_use"]
    image = nh.Volume(textures(count=2, seed=5).array[:1] * 255, np.eye(4))
    assert nh.classify(image, again).to_json() == nh.classify(image, classifier).to_json()
    with pytest.raises(WriteError):
        classifier.save(tmp_path / "textures.safetensors")


def test_images_are_named_with_examples_and_the_unlike_are_said_to_be_so(classifier, folder, tmp_path):
    found = nh.classify(nh.image_list([folder / "3.png", folder / "4.png"]), classifier)
    assert [one.label for one in found.decisions] == ["along", "across"]
    first = found.decisions[0]
    assert sum(first.probabilities.values()) == pytest.approx(1)
    assert first.nearest[0][:2] == (5, "along")  # itself: line 5 of the table
    assert not first.unlike
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (48, 48), np.uint8)).save(tmp_path / "noise.png")
    (noise,) = nh.classify(nh.image_list([tmp_path / "noise.png"]), classifier).decisions
    assert noise.unlike
    assert "unlike the training images" in noise.summary


def test_unreadable_images_are_listed_and_none_is_an_error(classifier, folder, tmp_path):
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    found = nh.classify(nh.image_list([tmp_path / "broken.png", folder / "0.png"]), classifier)
    assert [one.row for one in found.decisions] == [2]
    assert found.unreadable[0][0] == 1
    with pytest.raises(FormatError):
        nh.classify(nh.image_list([tmp_path / "broken.png"]), classifier)
    with pytest.raises(FormatError, match="no such file"):
        nh.image_list([tmp_path / "nothing.png"])


def test_a_folder_of_pictures_stands_for_each(folder):
    assert len(nh.image_list([folder]).entries) == 24


def test_damaged_and_foreign_files_are_refused_in_one_line(classifier, tmp_path):
    path = classifier.save(tmp_path / "textures.safetensors")
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelError, match="damaged"):
        nh.load_model(path)
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(FormatError):
        nh.load_model(path)


def test_figures_of_the_same_model_alone_go_onto_the_card(folder):
    table = nh.read_image_table(folder / "table.csv")
    comparison = nh.crossvalidate(table, nh.CrossValidateParams(models="svm-pixels", folds=3, recipe=RECIPE))
    model = nh.train_images(table, comparison, nh.TrainImagesParams(model="svm-pixels", recipe=RECIPE))
    found = model.card["figures"]["crossvalidation"]
    assert found["folds"] == 3
    assert found["pooled"] == comparison.record["models"]["svm-pixels"]["pooled"]
    with pytest.raises(ParameterError, match="svm-hog"):
        nh.train_images(table, comparison, nh.TrainImagesParams(model="svm-hog", recipe=RECIPE))
    with pytest.raises(ParameterError, match="recipe"):
        nh.train_images(table, comparison, nh.TrainImagesParams(model="svm-pixels"))


def test_one_class_and_unknown_models_are_refused(folder):
    entries = nh.read_image_table(folder / "table.csv")
    with pytest.raises(LabelError):
        nh.train_images(nh.image_list([folder]), nh.TrainImagesParams(model="svm-hog", recipe=RECIPE))
    with pytest.raises(ValueError, match="not one of"):
        nh.TrainImagesParams(model="oracle")
    assert entries.classes == CLASSES


def test_the_map_of_what_speaks_for_a_class_lies_where_the_texture_is(classifier):
    across, along = textures(count=2).array
    image = np.hstack([along[:, :24], across[:, 24:]])
    volume = nh.Volume(image[None] * 255, nh.axial_affine((1.0, 0.5, 0.5)))
    found = nh.occlusion(volume, classifier, nh.OcclusionParams(label="along", size=0.3, steps=6))
    assert found.array.shape == (1, 1, 48, 48)
    assert found.names == ("speaks for along",)
    assert np.array_equal(found.affine, volume.affine)
    assert found.array[0, 0, :, :20].mean() > 0 > found.array[0, 0, :, 28:].mean()
    with pytest.raises(ParameterError):
        nh.occlusion(volume, classifier, nh.OcclusionParams(label="nothing"))


def test_commands_train_with_figures_classify_and_write_a_table(folder, tmp_path, capsys):
    table, model, study = str(folder / "table.csv"), str(tmp_path / "model.safetensors"), str(tmp_path / "study")
    shared = ["--matrix", "48"]
    assert main(["crossvalidate", table, "--models", "svm-hog", "--folds", "3", "--out", study, *shared]) == 0
    assert main(["train-images", table, model, "--model", "svm-hog", "--comparison", study, *shared]) == 0
    assert read_comparison(study).record["models"].keys() == {"svm-hog"}
    assert nh.load_model(model).card["figures"]
    capsys.readouterr()
    assert main(["classify", str(folder / "0.png"), "--model", model, "--out", str(tmp_path / "found.csv"), "--json"]) == 0
    (image,) = json.loads(capsys.readouterr().out)["images"]
    assert image["label"] == "across"
    assert image["path"] == str(folder / "0.png")
    assert (tmp_path / "found.csv").read_text().splitlines()[0].startswith("path,row,label,probability_across")
    assert main(["segment", str(folder / "0.png"), str(tmp_path / "out.nii.gz"), "--model", model]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert main(["train-images", table, model, "--model", "svm-hog"]) == 2
    assert "overwrite" in capsys.readouterr().err
