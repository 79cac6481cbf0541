"""Recognition of medical images in Hounsfield units: read, filter, train on what is painted, segment, measure, write.

Every name is imported when it is first used, so that importing the package costs almost nothing.
"""

import importlib
from typing import Any

from ._version import __version__

_HOME = {
    "Volume": "volume",
    "LabelMap": "volume",
    "Samples": "volume",
    "Features": "volume",
    "Segmentation": "volume",
    "Source": "volume",
    "Record": "volume",
    "Grid": "grid",
    "axial_affine": "grid",
    "Params": "operation",
    "Progress": "operation",
    "Operation": "operation",
    "HounsfieldError": "errors",
    "DicomError": "errors",
    "UnsupportedDicomError": "errors",
    "FormatError": "errors",
    "GridError": "errors",
    "LabelError": "errors",
    "IntensityError": "errors",
    "ParameterError": "errors",
    "ModelError": "errors",
    "WriteError": "errors",
    "scan": "dicom",
    "Scan": "dicom",
    "Series": "dicom",
    "ReadParams": "dicom",
    "read": "formats",
    "write": "formats",
    "window": "intensity",
    "WindowParams": "intensity",
    "threshold": "intensity",
    "ThresholdParams": "intensity",
    "gabor": "gabor",
    "GaborParams": "gabor",
    "features": "features",
    "FeatureParams": "features",
    "BPParams": "bp",
    "BPNetwork": "bp",
    "classes": "pixels",
    "ClassesParams": "pixels",
    "samples": "pixels",
    "SampleParams": "pixels",
    "train": "pixels",
    "TrainParams": "pixels",
    "segment": "pixels",
    "SegmentParams": "pixels",
    "PixelClassifier": "pixels",
    "load_model": "pixels",
    "clean": "cleaning",
    "CleanParams": "cleaning",
    "evaluate": "evaluation",
    "EvaluateParams": "evaluation",
    "Evaluation": "evaluation",
    "measure": "evaluation",
    "MeasureParams": "evaluation",
    "Measurements": "evaluation",
    "configure": "runtime",
    "from_layer": "_napari",
    "show": "_napari",
}

__all__ = ["__version__", *_HOME]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(f".{_HOME[name]}", __name__)
    value = getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
