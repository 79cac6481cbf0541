"""The image sets that models are compared on, each as an ImageTable."""

from __future__ import annotations

import csv
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from napari_hounsfield.images.table import ImageTable, read_image_table

FOLDER = "09_classification"
SETS = ("cxr_pneumonia_224", "busi_ultrasound_256", "pneumoniamnist_28", "lung")


def image_set(name: str, data: Path, work: Path | None = None) -> ImageTable:
    """Table of a set by its name.

    Parameters
    ----------
    data
        Folder of real images.
    work
        Where pictures and tables are written if they are not there; None: a new temporary folder.
    """
    folder = (Path(tempfile.mkdtemp(prefix="image-set-")) if work is None else work) / name
    folder.mkdir(parents=True, exist_ok=True)
    table = folder / "table.csv"
    if table.exists():
        return read_image_table(table)
    if name == "lung":
        from napari_hounsfield.demo.lung_set import write_lung_set

        return read_image_table(write_lung_set(folder))
    source = data / FOLDER / name
    if name == "pneumoniamnist_28":
        return read_image_table(write_pneumonia_mnist(source / "pneumoniamnist_balanced_trainval.npz", folder))
    return read_image_table(copy_labelled(source, folder))


def copy_labelled(source: Path, folder: Path) -> Path:
    """Copy the pictures that `labels.csv` lists, with a table; an image without a patient is of one of its own."""
    with open(source / "labels.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    written = []
    for row in rows:
        name = Path(row["file"]).name
        shutil.copyfile(source / row["file"], folder / name)
        written.append((name, row["class"].lower(), row.get("patient", "") or Path(name).stem))
    return _written(folder / "table.csv", written)


def write_pneumonia_mnist(archive: Path, folder: Path) -> Path:
    """Write PneumoniaMNIST's training and validation images as PNG with a table, shuffled by a seed; returns the table."""
    import numpy as np
    from PIL import Image

    with np.load(archive, allow_pickle=False) as content:
        images = np.concatenate([content["train_images"], content["val_images"]])
        labels = np.concatenate([content["train_labels"], content["val_labels"]]).ravel()
    rows = []
    for number in np.random.default_rng(0).permutation(len(images)):
        name = f"{number:04d}.png"
        Image.fromarray(images[number]).save(folder / name)
        rows.append((name, "pneumonia" if labels[number] else "normal", f"{number:04d}"))
    return _written(folder / "table.csv", rows)


def _written(table: Path, rows: Iterable[tuple[str, str, str]]) -> Path:
    with open(table, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("path", "label", "patient"))
        writer.writerows(rows)
    return table
