"""What each figure is, in one line, for those who read it without the manual."""

from __future__ import annotations

DEFINITIONS = {
    "tp": "voxels of the class in prediction and reference",
    "fp": "voxels of the class in the prediction only",
    "fn": "voxels of the class in the reference only",
    "tn": "counted voxels of the class in neither",
    "sensitivity": "tp / (tp + fn)",
    "specificity": "tn / (tn + fp)",
    "accuracy": "(tp + tn) / (tp + fp + fn + tn)",
    "balanced_accuracy": "mean of sensitivity and specificity",
    "precision": "tp / (tp + fp)",
    "dice": "2 tp / (2 tp + fp + fn), equal to F1",
    "jaccard": "tp / (tp + fp + fn)",
    "matthews": "Matthews correlation coefficient of the four counts",
    "kappa": "Cohen's kappa of the four counts",
    "hausdorff_mm": "Hausdorff distance of the two sets of voxel centres",
    "hausdorff95_mm": "greater of the 95th percentiles of the distances of surface voxels, each to the other surface",
    "average_surface_distance_mm": "mean distance of the surface voxels of both, each to the other surface",
    "surface_dice": "share of the surface voxels of both that lie within the tolerance of the other surface",
    "volume_ml": "volume of the prediction, in what was counted",
    "reference_volume_ml": "volume of the reference, in what was counted",
    "volume_error_ml": "volume of the prediction less that of the reference",
    "volume_error": "the same as a share of the reference",
    "auc": "area under the ROC curve of the probabilities",
    "average_precision": "area under the precision-recall curve, in steps",
    "brier": "mean square of probability less truth",
    "ece": "expected calibration error",
    "predicted_objects": "connected objects in the prediction",
    "reference_objects": "connected objects in the reference",
    "detected_objects": "objects of the reference with a partner in the prediction",
    "false_positive_objects": "objects of the prediction without a partner",
    "object_sensitivity": "detected objects / objects in the reference",
    "object_precision": "objects of the prediction with a partner / objects in the prediction",
    "object_dice": "mean Dice of the pairs of objects",
}
"""Of figures that `evaluate` may give; a figure that is not here is explained in the documentation only."""

STATISTICS = {
    "n": "cases in which the figure is defined; only these are summarised",
    "mean, sd, median, quartiles": "over these cases, each of the same weight; sd divided by n - 1; quartiles linear by rank",
    "interval": "bootstrap of the mean (the median, the pooled rate): patients are drawn with replacement, with all their cases",
    "pooled": "the rate of the counts of all cases added up: large objects and images have more weight",
    "Wilson": "score interval of the pooled rate as if voxels were independent; too narrow for the spread between patients",
    "p": "Wilcoxon signed rank test, two-sided, of the mean difference of each patient",
    "p adjusted": "corrected for all classes and pairs of methods of the figure",
}
