"""The figures that the seed of this project published, for those who compare: ten folds of 100 CT lung images of 20 patients."""

from __future__ import annotations

TABLE_3 = {
    "DL-CNN": {"sensitivity": 0.897, "specificity": 0.915, "accuracy": 0.927},
    "CNN": {"sensitivity": 0.714, "specificity": 0.686, "accuracy": 0.736},
    "SVM": {"sensitivity": 0.685, "specificity": 0.701, "accuracy": 0.802},
}
"""Table 3 of Wang, Jiang and Zhuang, drawn there as Figure 2; no counts or intervals, on images that were never published."""

WARNING = (
    "The published figures are of other images, which nobody has, so no difference from them is a result. They cannot all come "
    "from one table of counts either: accuracy would have to lie between sensitivity and specificity."
)
