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
    "scan": "dicom.scan",
    "Scan": "dicom.scan",
    "Series": "dicom.series",
    "ReadParams": "dicom.read_params",
    "read": "formats.reading",
    "read_labels": "formats.reading",
    "write": "formats.writing",
    "window": "intensity",
    "WindowParams": "intensity",
    "threshold": "intensity",
    "ThresholdParams": "intensity",
    "gabor": "gabor_bank",
    "GaborParams": "gabor_bank",
    "gabor_into": "gabor_output",
    "features": "feature_stack",
    "features_into": "feature_stack",
    "FeatureParams": "feature_stack",
    "BPParams": "bp",
    "BPNetwork": "bp",
    "classes": "pixels.first_classes",
    "ClassesParams": "pixels.class_params",
    "IsodataParams": "pixels.class_methods.isodata",
    "suggest_classes": "pixels.class_count",
    "SuggestParams": "pixels.class_params",
    "ClassCount": "pixels.class_count",
    "Drafts": "pixels.drafts",
    "merge_classes": "pixels.class_editing",
    "rename_classes": "pixels.class_editing",
    "drop_classes": "pixels.class_editing",
    "reorder_classes": "pixels.class_editing",
    "samples": "pixels.sampling",
    "SampleParams": "pixels.sampling",
    "train": "pixels.training",
    "TrainParams": "pixels.training",
    "segment": "pixels.recognition",
    "SegmentParams": "pixels.recognition",
    "PixelClassifier": "pixels.classifier",
    "load_model": "pixels.classifier",
    "clean": "cleaning",
    "CleanParams": "cleaning",
    "LabelEditor": "editing.editor",
    "History": "editing.history",
    "LabellingSession": "labelling.session",
    "save_session": "labelling.session_file",
    "load_session": "labelling.session_file",
    "as_script": "labelling.script",
    "margin": "editing.margin",
    "MarginParams": "editing.margin",
    "smooth": "editing.smooth",
    "SmoothParams": "editing.smooth",
    "islands": "editing.islands",
    "IslandsParams": "editing.islands",
    "fill_holes": "editing.fill_holes",
    "FillHolesParams": "editing.fill_holes",
    "combine": "editing.combine",
    "CombineParams": "editing.combine",
    "interpolate": "editing.interpolate",
    "InterpolateParams": "editing.interpolate",
    "copy_slice": "editing.copy_slice",
    "CopySliceParams": "editing.copy_slice",
    "scissors": "editing.scissors",
    "ScissorsParams": "editing.scissors",
    "fill_range": "editing.fill_range",
    "FillRangeParams": "editing.fill_range",
    "grow_region": "editing.grow_region",
    "GrowRegionParams": "editing.grow_region",
    "from_seeds": "editing.from_seeds",
    "FromSeedsParams": "editing.from_seeds",
    "surfaces": "meshes.extraction",
    "SurfaceParams": "meshes.extraction",
    "Surfaces": "meshes.mesh",
    "Surface": "meshes.mesh",
    "evaluate": "evaluation.agreement",
    "EvaluateParams": "evaluation.agreement",
    "Evaluation": "evaluation.agreement",
    "measure": "evaluation.measurement",
    "MeasureParams": "evaluation.measurement",
    "Measurements": "evaluation.measurement",
    "read_case_table": "evaluation.case_table",
    "evaluate_cases": "evaluation.cases",
    "CasesParams": "evaluation.cases",
    "StatisticsParams": "evaluation.case_statistics",
    "CasesEvaluation": "evaluation.case_results",
    "Readers": "evaluation.readers",
    "compare_readers": "evaluation.readers",
    "ReadersParams": "evaluation.readers",
    "write_report": "evaluation.report",
    "configure": "runtime",
    "from_layer": "_napari.bridge",
    "show": "_napari.bridge",
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
