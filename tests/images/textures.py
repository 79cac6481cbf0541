"""Pictures of two textures, waves that run across or along, to be told apart."""

from __future__ import annotations

import csv

import numpy as np
from PIL import Image

from napari_hounsfield.images.prepared import PreparedImages

CLASSES = ("across", "along")


def textures(count=24, side=48, seed=0, slices=0):
    """Images, half of each class, of two a patient."""
    random = np.random.default_rng(seed)
    targets = np.arange(count) % 2
    y, x = np.mgrid[:side, :side]
    shape = (slices, side, side) if slices else (side, side)
    images = []
    for target in targets:
        phase, wave = random.uniform(0, 2 * np.pi), 2 * np.pi * (y if target else x) / 8
        images.append(0.5 + 0.2 * np.sin(wave + phase) + random.normal(0, 0.1, shape))
    return PreparedImages(np.clip(images, 0, 1).astype(np.float32), targets, np.arange(count) // 2, CLASSES)


def write_textures(folder, count=24, side=48, seed=0):
    """The same as PNG with a table; its path."""
    images = textures(count, side, seed)
    folder.mkdir()
    rows = []
    for number, (image, target, patient) in enumerate(zip(images.array, images.targets, images.patients, strict=True)):
        Image.fromarray(np.rint(255 * image).astype(np.uint8)).save(folder / f"{number}.png")
        rows.append((f"{number}.png", CLASSES[target], f"patient {patient}"))
    with open(folder / "table.csv", "w", newline="") as file:
        csv.writer(file).writerows([("path", "label", "patient"), *rows])
    return folder / "table.csv"
