"""The pooled figures of a comparison with their intervals, a line a model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

FIGURES = {"accuracy": "AR", "sensitivity": "SE", "specificity": "SP", "auc": "AUC"}
SIGNIFICANT = 0.05
DASH = "\N{EN DASH}"


class ResultTable(QTableWidget):
    """Figures of a record."""

    def __init__(self) -> None:
        super().__init__(0, 1 + len(FIGURES))
        self.setHorizontalHeaderLabels(["model", *FIGURES.values()])
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setStyleSheet("font-size: 11px")  # five columns in the width of a dock
        vertical: Any = self.verticalHeader()
        vertical.hide()
        header: Any = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)

    def show_record(self, record: Mapping[str, Any]) -> None:
        """Show a record, the best accuracy first."""
        models = sorted(record["models"].items(), key=lambda model: -(model[1]["pooled"]["accuracy"] or 0))
        self.setRowCount(len(models))
        for line, (name, model) in enumerate(models):
            title = QTableWidgetItem(name)
            title.setToolTip(model["title"])
            self.setItem(line, 0, title)
            for column, figure in enumerate(FIGURES, start=1):
                item = QTableWidgetItem(_text(model["pooled"], figure))
                reasons = model["pooled"]["reasons"]
                item.setToolTip(str(reasons.get(figure) or reasons.get(f"intervals.{figure}", "")))
                self.setItem(line, column, item)
        self.resizeRowsToContents()


def _text(pooled: Mapping[str, Any], figure: str) -> str:
    """A figure, and a line below it its interval."""
    value, ends = pooled[figure], pooled["intervals"][figure]
    if value is None:
        return DASH
    return f"{value:.3f}" + ("" if ends is None else "\n" + DASH.join(f"{end:.3f}".removeprefix("0") for end in ends))


def summary(record: Mapping[str, Any]) -> str:
    """In a line, what was compared, and which models differ."""
    folds = record["images"]["fold"]
    positive = f"{record['positive']} is positive" if record["positive"] else "mean over classes"
    tests = [(f"{each['first']} and {each['second']}", each["mcnemar"]["p_adjusted"]) for each in record["comparisons"]]
    different = [f"{pair} (p {p:.2g})" for pair, p in tests if p is not None and p < SIGNIFICANT]
    lost = f"; {len(record['unreadable'])} images cannot be read" if record.get("unreadable") else ""
    twice = f"; {len(record['near_duplicates'])} pairs are nearly the same image" if record.get("near_duplicates") else ""
    differ = f"; accuracy differs: {', '.join(different)}" if different else f"; no two accuracies differ at p < {SIGNIFICANT}"
    of = f"{len(folds) - folds.count(None)} images in {record['folds']['count']} folds"
    return f"{of}; {positive}{lost}{twice}{differ * bool(tests)}"
