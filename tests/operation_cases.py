"""Every operation of the package on a small chest, as steps: what can be cancelled."""

import tempfile
from functools import cache
from importlib import import_module
from pathlib import Path

import numpy as np

import napari_hounsfield as nh
from napari_hounsfield.images.familiar import Familiar
from napari_hounsfield.images.models.svm_pixels import PixelSVM
from napari_hounsfield.images.prepared import PreparedImages
from napari_hounsfield.images.preparing import PrepareParams
from napari_hounsfield.images.recipe import ImageRecipe
from napari_hounsfield.operation import finish
from napari_hounsfield.pixels.classifiers import rebuilt
from napari_hounsfield.pixels.forest import ForestParams


def make_chest():
    """Six noisy slices of two lungs in a body, the tissues, and labels that are nothing but noise."""
    random = np.random.default_rng(0)
    y, x = np.mgrid[:512, :512]
    body, lungs = (y - 256) ** 2 + (x - 256) ** 2 < 200**2, (y - 256) ** 2 + (abs(x - 256) - 90) ** 2 < 70**2
    tissue = np.broadcast_to(1 + body + (body & ~lungs), (6, 512, 512)).astype(np.uint8)
    array = np.array([0, -1000, -850, 40])[tissue] + random.normal(0, 30, tissue.shape)
    volume = nh.Volume(array.astype(np.int16), nh.axial_affine((2, 0.7, 0.7)), unit="HU", modality="CT", name="chest")
    # Scikit-learn and torch take as long to import as they do; the first time only.
    for name in ("sklearn.ensemble", "torch"):
        import_module(name)
    labels = volume.label_map(tissue, {1: "air", 2: "lung", 3: "soft tissue"})
    return volume, labels, volume.label_map(random.integers(0, 4, tissue.shape, np.uint8), {})


def fill_one_slice(chest):
    """The tissues as strokes that fill one slice."""
    volume, tissues, _ = chest
    dense = tissues.array.copy()
    dense[:2] = dense[3:] = 0
    return volume.label_map(dense, tissues.classes)


def forest_of(chest, one_slice):
    """A forest that is yet to be grown, as a file gives it."""
    params = {"classifier": "forest", "features": {"texture": False}, "holdout": 0}
    trained = nh.train(chest[0], one_slice, nh.TrainParams(**params, forest={"trees": 1}))
    again = trained.params.model_copy(update={"forest": ForestParams(trees=8)})
    recogniser = rebuilt("forest", trained.recogniser.tensors(), again.forest, 0)
    return nh.PixelClassifier(again, trained.classes, recogniser, trained.unit, trained.modality)


def cases_of(chest):
    """A table of one case, whose files are written."""
    folder = Path(tempfile.mkdtemp())
    nh.write(folder / "prediction.nii.gz", chest[1])
    nh.write(folder / "reference.nii.gz", chest[1])
    (folder / "cases.csv").write_text("case,prediction,reference\n1,prediction.nii.gz,reference.nii.gz\n")
    return nh.read_case_table(folder / "cases.csv")


def ends_of(chest):
    """The tissues in the first and the last slice only."""
    array = chest[1].array.copy()
    array[1:-1] = 0
    return chest[0].label_map(array, chest[1].classes)


def shifted(chest):
    """Another lattice of the same place."""
    affine = chest[0].affine.copy()
    affine[:3, 3] += 0.3
    return nh.Volume(chest[0].array, affine, name="another")


def images_of(chest):
    """A table of twelve pictures of two classes, which are written."""
    from PIL import Image

    folder, lines = Path(tempfile.mkdtemp()), ["path,label"]
    for number in range(12):
        picture = chest[0].array[number % 6, ::16, ::16].astype(np.float32) / 8 + 128 + 20 * (number % 2)
        Image.fromarray(picture.clip(0, 255).astype(np.uint8)).save(folder / f"{number}.png")
        lines.append(f"{number}.png,{'ab'[number % 2]}")
    (folder / "table.csv").write_text("\n".join(lines))
    return nh.read_image_table(folder / "table.csv")


@cache
def image_classifier():
    """A classifier of pictures that is there already."""
    random = np.random.default_rng(0)
    images = PreparedImages(random.random((12, 16, 16), np.float32), np.arange(12) % 2, np.arange(12), ("a", "b"))
    recipe = ImageRecipe(prepare=PrepareParams(matrix=16))
    model = finish(PixelSVM().learn(images, recipe, 0))
    familiar = Familiar(finish(model.embedding_steps(images.array)), images.targets, np.arange(12))
    return nh.ImageClassifier("svm-pixels", model, ("a", "b"), recipe, familiar, {})


PLAIN = {"texture": False}
CASES = {
    "window": lambda c, s: nh.window.steps(c[0]),
    "threshold": lambda c, s: nh.threshold.steps(c[0]),
    "gabor": lambda c, s: nh.gabor.steps(c[0], nh.GaborParams(pool="mean")),
    "gabor, volume": lambda c, s: nh.gabor.steps(c[0], nh.GaborParams(pool="mean", planes="volume")),
    "features": lambda c, s: nh.features.steps(c[0]),
    "features, gabor plus": lambda c, s: nh.features.steps(c[0], nh.FeatureParams.from_preset("gabor plus")),
    "classes": lambda c, s: nh.classes.steps(c[0]),
    "classes, kmeans": lambda c, s: nh.classes.steps(c[0], nh.ClassesParams(method="kmeans", features=PLAIN)),
    "classes, gmm": lambda c, s: nh.classes.steps(c[0], nh.ClassesParams(method="gmm", count=4, features=PLAIN)),
    "classes, isodata": lambda c, s: nh.classes.steps(c[0], nh.ClassesParams(method="isodata", features=PLAIN)),
    "suggest_classes": lambda c, s: nh.suggest_classes.steps(c[0], nh.SuggestParams(most=6, features=PLAIN)),
    "suggest_classes, gmm": lambda c, s: nh.suggest_classes.steps(c[0], nh.SuggestParams(method="gmm", features=PLAIN)),
    "samples": lambda c, s: nh.samples.steps(c[1]),
    "train, bp": lambda c, s: nh.train.steps(c[0], s, nh.TrainParams(bp={"iterations": 20}, features=PLAIN)),
    "train, forest": lambda c, s: nh.train.steps(
        c[0], s, nh.TrainParams(classifier="forest", forest={"trees": 6}, features=PLAIN)
    ),
    "segment, forest": lambda c, s: nh.segment.steps(c[0], forest_of(c, s)),
    "clean": lambda c, s: nh.clean.steps(c[1]),
    "clean, noise": lambda c, s: nh.clean.steps(c[2], nh.CleanParams(drop_border=False)),
    "surfaces": lambda c, s: nh.surfaces.steps(c[1]),
    "surfaces, noise": lambda c, s: nh.surfaces.steps(c[2]),
    "margin": lambda c, s: nh.margin.steps(c[1], nh.MarginParams(mm=10, classes=2)),
    "margin, noise": lambda c, s: nh.margin.steps(c[2], nh.MarginParams(mm=-1)),
    "smooth": lambda c, s: nh.smooth.steps(c[2], nh.SmoothParams(mm=4)),
    "smooth, opening": lambda c, s: nh.smooth.steps(c[1], nh.SmoothParams(method="opening", mm=4)),
    "islands": lambda c, s: nh.islands.steps(c[2], nh.IslandsParams(keep=1)),
    "fill_holes": lambda c, s: nh.fill_holes.steps(c[2], nh.FillHolesParams(within="coronal")),
    "combine": lambda c, s: nh.combine.steps(c[1], nh.CombineParams(label=1, classes=2)),
    "interpolate": lambda c, s: nh.interpolate.steps(ends_of(c)),
    "copy_slice": lambda c, s: nh.copy_slice.steps(c[1]),
    "scissors": lambda c, s: nh.scissors.steps(c[1], nh.ScissorsParams(points=(0, 9, 9, 0, 500, 9, 0, 9, 500))),
    "fill_range": lambda c, s: nh.fill_range.steps(c[0], c[1], nh.FillRangeParams(lower=0, inside=2)),
    "grow_region": lambda c, s: nh.grow_region.steps(
        c[0], c[1], nh.GrowRegionParams(method="confidence", points=(3, 256, 166), others="overwrite")
    ),
    "from_seeds": lambda c, s: nh.from_seeds.steps(c[0], s),
    "match": lambda c, s: nh.match.steps(c[1], shifted(c), nh.MatchParams(method="shape")),
    "match_image": lambda c, s: nh.match_image.steps(c[0], shifted(c)),
    "evaluate": lambda c, s: nh.evaluate.steps(c[2], c[1]),
    "measure": lambda c, s: nh.measure.steps(c[0], c[1]),
    "compare_readers": lambda c, s: nh.compare_readers.steps(nh.Readers([c[1], c[2]], ["first", "second"])),
    "crossvalidate": lambda c, s: nh.crossvalidate.steps(images_of(c), nh.CrossValidateParams(models="svm-pixels", folds=2)),
    "train_images": lambda c, s: nh.train_images.steps(images_of(c), nh.TrainImagesParams(model="svm-pixels")),
    "classify": lambda c, s: nh.classify.steps(images_of(c), image_classifier()),
    "occlusion": lambda c, s: nh.occlusion.steps(c[0], image_classifier()),
    "evaluate_cases": lambda c, s: nh.evaluate_cases.steps(cases_of(c)),
}
