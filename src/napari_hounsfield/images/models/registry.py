"""The registry of models: a new one is a class in a module of its own, listed here."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from napari_hounsfield.errors import ParameterError

from .model import ModelKind

KINDS = {
    "dl-cnn": "dl_cnn:GaborCNN",
    "cnn": "cnn:PlainCNN",
    "svm-gabor": "svm_gabor:GaborSVM",
    "svm-hog": "svm_hog:HogSVM",
    "svm-pixels": "svm_pixels:PixelSVM",
    "svm": "best_svm:BestSVM",
    "rnn": "rnn:RowLSTM",
    "dnn": "dnn:DenseNetwork",
    "multi-stream": "multi_stream:MultiStreamCNN",
    "densenet": "monai_networks:DenseNet",
    "resnet": "monai_networks:ResNet",
    "boosting-gabor": "boosting_gabor:GaborBoosting",
    "auto-encoder": "auto_encoder:StackedAutoEncoder",
    "deep-belief": "deep_belief:DeepBelief",
}
"""Name of each kind, and where it is: imported when it is first used."""


@cache
def kind_of(name: str) -> ModelKind:
    """The kind of a name.

    Raises
    ------
    ParameterError
        If there is none.
    """
    if name not in KINDS:
        raise ParameterError(f"models: {name!r} is not one of {', '.join(KINDS)}")
    module, _, member = KINDS[name].partition(":")
    kind: ModelKind = getattr(import_module(f"{__package__}.{module}"), member)()
    return kind
