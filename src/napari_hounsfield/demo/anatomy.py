"""What the phantom's chest is made of, painted from the outside in; positions are (L, P, S) in mm."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from .phantom import AIR, BONE, FAT, LUNG, LUNG_HU, SOFT, UNLABELLED
from .shapes import Canvas, Field, smooth_random

BODY = ((0.0, 2.0, 0.0), (150.0, 108.0, 0.0))
CAGE_DEPTH = 30.0
"""From the skin to the middle of the ribs."""
TIPS = 420
"""Ends of the vessel tree of one lung."""
HILA = ((-34.0, 10.0, 168.0), (40.0, 12.0, 164.0))
"""Where the trees of the right and the left lung begin."""
Tube = tuple[NDArray[np.float64], NDArray[np.float64], tuple[float, float]]


def _body_depth(canvas: Canvas) -> Field:
    """Depth below the skin: an ellipse, flattened at the back where the patient lies."""
    depth: Field = np.minimum(canvas.ellipsoid(*BODY), 104.0 - canvas.y)
    return depth


def paint_body(canvas: Canvas) -> None:
    """Skin, fat below it, the muscles of the wall, and fat between them."""
    depth = _body_depth(canvas)
    canvas.paint(depth, 20.0, SOFT)
    canvas.paint(depth - 2.0, -105.0, FAT)
    layer = 12.0 + 3.0 * np.cos(2 * np.arctan2(canvas.y, canvas.x)) + 5.0 * np.exp(-((canvas.y + 80) ** 2) / 900)
    canvas.paint(depth - layer, 55.0, SOFT)
    groove = 1.2 - np.abs(depth - layer - 7.0 - 1.5 * np.sin(canvas.x / 18 + canvas.z / 40))
    canvas.paint(groove, -90.0, FAT)


def _dome(canvas: Canvas) -> Field:
    """Height of the diaphragm in mm, the right dome higher."""
    right = 62.0 * np.exp(-(((canvas.x + 66) / 62) ** 2) - ((canvas.y + 10) / 60) ** 2)
    left = 52.0 * np.exp(-(((canvas.x - 66) / 60) ** 2) - ((canvas.y + 5) / 60) ** 2)
    return (12.0 + np.maximum(right, left)).astype(np.float32)


def paint_lungs(canvas: Canvas, random: np.random.Generator) -> NDArray[np.bool_]:
    """Both lungs, denser towards the back where the patient lies; returns where they are."""
    cavity = _body_depth(canvas) - CAGE_DEPTH - 6.0
    apex = 40.0 * np.clip((canvas.z - 150) / 125, 0, 1) ** 2.5
    cavity = cavity - apex
    half = 10.0 + 20.0 / (1 + np.exp(-(canvas.y - 8) / 12)) + 12.0 * np.clip((canvas.z - 190) / 80, 0, 1)
    depth = np.minimum(np.minimum(cavity, np.abs(canvas.x) - half), 0.75 * (canvas.z - _dome(canvas)))
    depth = np.minimum(depth, 270.0 - canvas.z) + 1.2 * smooth_random(canvas.shape, canvas.spacing, 22.0, random)
    canvas.paint(cavity + 2.0, 45.0, SOFT)
    tissue = LUNG_HU + 0.35 * canvas.y + 9.0 * smooth_random(canvas.shape, canvas.spacing, 16.0, random)
    canvas.paint(depth, tissue, LUNG)
    lungs: NDArray[np.bool_] = canvas.labels == LUNG
    return lungs


def paint_mediastinum(canvas: Canvas) -> None:
    """Fat, heart, great vessels, oesophagus, and the airways down to the hila."""
    middle = np.minimum(26.0 - np.abs(canvas.x), _body_depth(canvas) - CAGE_DEPTH - 4.0)
    fat = np.where(canvas.labels == LUNG, -9.0, np.minimum(middle, 45.0 - np.abs(canvas.y - 5)))
    canvas.paint(np.minimum(fat, canvas.z - 60.0), -95.0, FAT)
    heart = ((22.0, -24.0, 96.0), (58.0, 46.0, 50.0))
    canvas.paint(canvas.ellipsoid(heart[0], [r + 5 for r in heart[1]]), -95.0, FAT)
    canvas.paint(canvas.ellipsoid(*heart), 48.0, SOFT)
    canvas.paint(canvas.ellipsoid((36, -22, 88), (26, 22, 30)), 40.0, SOFT)
    aorta = [
        (-10, -14, 130),
        (-14, -18, 190),
        (-8, -8, 212),
        (6, 8, 222),
        (20, 28, 212),
        (24, 40, 190),
        (22, 44, 100),
        (16, 42, 0),
    ]
    canvas.paint_path(aorta, 13.0, 46.0, SOFT)
    canvas.paint_path([(-28, -10, 130), (-30, -12, 230), (-24, -14, 288)], 9.0, 44.0, SOFT)
    canvas.paint_path([(14, -26, 130), (14, -14, 172), (-30, 4, 166)], 11.0, 46.0, SOFT)
    canvas.paint_path([(14, -14, 172), (44, 10, 168)], 10.0, 46.0, SOFT)
    canvas.paint_path([(6, 30, 0), (4, 30, 180), (0, 32, 288)], 7.0, 38.0, SOFT)
    canvas.paint_path([(12, -12, 225), (22, -4, 288)], 6.0, 44.0, SOFT)
    for radius, value, label in ((10.5, 30.0, SOFT), (8.5, -1000.0, AIR)):
        canvas.paint_path([(0, 8, 288), (0, 14, 190)], radius, value, label)
        canvas.paint_path([(0, 14, 190), (-38, 14, 166)], radius - 2.5, value, label)
        canvas.paint_path([(0, 14, 190), (42, 14, 162)], radius - 3.0, value, label)


def paint_abdomen(canvas: Canvas) -> None:
    """What lies below the diaphragm: liver, spleen, and a stomach with its bubble, in fat."""
    wall = _body_depth(canvas) - CAGE_DEPTH - 8.0
    under = np.minimum(0.75 * (_dome(canvas) - canvas.z) - 2.5, wall)
    canvas.paint(under, -105.0, FAT)
    canvas.paint(np.minimum(under - 1.0, canvas.ellipsoid((-45, -8, 10), (88, 68, 66))), 58.0, SOFT)
    canvas.paint(np.minimum(under - 1.0, canvas.ellipsoid((78, 38, 12), (30, 30, 40))), 50.0, SOFT)
    canvas.paint(np.minimum(under - 2.0, canvas.ellipsoid((56, -22, 8), (36, 30, 40))), 28.0, SOFT)
    canvas.paint(np.minimum(under - 5.0, canvas.ellipsoid((54, -42, 14), (20, 9, 16))), -990.0, AIR)


def paint_skeleton(canvas: Canvas) -> None:
    """Ribs that slope down to the front, sternum, shoulder blades, and the spine; cortex around marrow."""
    depth = _body_depth(canvas)
    angle = np.arctan2(np.abs(canvas.x), canvas.y)  # 0 at the back, pi at the front
    phase = np.mod(canvas.z + 26.0 * angle, 27.0) - 13.5
    front = np.where(angle > 2.55, -5.0, 0.0)  # cartilage, not bone
    side = np.minimum(np.abs(canvas.x) - 22.0, 1.0 + 0 * canvas.z)
    for inset, value in ((0.0, 620.0), (1.8, 260.0)):
        rib = np.minimum(4.2 - np.abs(depth - CAGE_DEPTH), 0.9 * (6.5 - np.abs(phase)))
        canvas.paint(np.minimum(rib, side + 8) - inset + front, value, BONE)
    blade = np.minimum(5.0 - np.abs(depth - CAGE_DEPTH + 13 - 0.03 * (canvas.z - 200)), 30.0 - np.abs(np.abs(canvas.x) - 90))
    blade = np.minimum(np.minimum(blade, canvas.y - 20), canvas.z - 170.0)
    sternum = np.minimum(5.5 - np.abs(depth - CAGE_DEPTH + 4), np.minimum(17.0 - np.abs(canvas.x), -canvas.y))
    sternum = np.minimum(sternum, np.minimum(canvas.z - 90, 250 - canvas.z))
    for inset, value in ((0.0, 560.0), (1.6, 180.0)):
        canvas.paint(blade - 2.0 - inset, value, BONE)
        canvas.paint(sternum - inset, value, BONE)
    _paint_spine(canvas)


def _paint_spine(canvas: Canvas) -> None:
    """Vertebrae of 26 mm: body, disc, canal, arch with transverse and spinous processes."""
    level = np.mod(canvas.z, 26.0) - 13.0
    muscles = np.minimum(canvas.ellipsoid((0, 78, 0), (48, 26, 0)), 96.0 - canvas.y)
    canvas.paint(muscles, 52.0, SOFT)
    body = canvas.ellipsoid((0, 50, 0), (20, 17, 0))
    process = np.minimum(canvas.ellipsoid((0, 70, 0), (38, 5.5, 0)), 8.0 - np.abs(level))
    spinous = np.minimum(canvas.ellipsoid((0, 84, 0), (4.5, 17, 0)), 9.0 - np.abs(level + 3))
    arch = np.minimum(canvas.ellipsoid((0, 72, 0), (15, 13, 0)), 10.0 - np.abs(level))
    canvas.paint(body, 90.0, SOFT)  # the disc
    for inset, cortex, marrow in ((0.0, 520.0, 0.0), (2.0, 0.0, 190.0)):
        for shape in (process, spinous, arch):
            canvas.paint(shape - inset, cortex or marrow, BONE)
        canvas.paint(np.minimum(body, 10.5 - np.abs(level)) - inset, cortex or marrow, BONE)
    canvas.paint(canvas.ellipsoid((0, 73, 0), (9, 8, 0)), 18.0, SOFT)
    canvas.paint(canvas.ellipsoid((0, 73, 0), (5, 4.5, 0)), 38.0, SOFT)


def paint_vessels(canvas: Canvas, lungs: NDArray[np.bool_], random: np.random.Generator) -> None:
    """A tree from each hilum that reaches all of its lung, and tapers until it is thinner than a voxel."""
    spots = np.argwhere(lungs)[:, ::-1] * np.array(canvas.spacing[::-1])
    spots += [float(axis.flat[0]) for axis in (canvas.x, canvas.y, canvas.z)]
    for hilum in HILA:
        side = spots[spots[:, 0] * hilum[0] > 0]
        points = side[random.choice(len(side), min(TIPS, len(side)), replace=False)]
        for start, stop, radii in vessel_tree(points, hilum):
            depth, window = canvas.tube(start, stop, radii)
            canvas.paint(np.where(lungs[window], depth, np.float32(-9.0)), 42.0, SOFT, window)


def vessel_tree(points: NDArray[np.float64], hilum: Sequence[float]) -> Iterator[Tube]:
    """Vessels, each with its start, stop and the radii there, from a hilum to points (n, 3) in its lung, all (L, P, S) in mm.

    The points are joined one after the other, the nearest first, to the tree that stands by then, where the way from the hilum is
    short. A vessel's cube of radius is the sum of its branches' (Murray's law).
    """
    points = points[np.argsort(np.linalg.norm(points - hilum, axis=1))]
    nodes, parents = _joined(np.vstack([hilum, points]))
    flow = np.ones(len(nodes))
    for child in range(len(nodes) - 1, 0, -1):
        flow[parents[child]] += flow[child]
    radii = 0.55 * flow ** (1 / 3)
    for child in range(1, len(nodes)):
        parent = parents[child]
        yield nodes[parent], nodes[child], (min(radii[child] * 1.1, radii[parent]), radii[child])


def _joined(nodes: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Join each node to an earlier one; returns the nodes and their parents' numbers."""
    parents = np.zeros(len(nodes), np.intp)
    way = np.zeros(len(nodes))
    for i in range(1, len(nodes)):
        step = np.linalg.norm(nodes[:i] - nodes[i], axis=1)
        parents[i] = np.argmin(step + 0.35 * way[:i])
        way[i] = way[parents[i]] + step[parents[i]]
    return nodes, parents


def paint_nodules(canvas: Canvas, random: np.random.Generator) -> NDArray[np.uint8]:
    """Two solid nodules of uneven outline; returns their numbers."""
    numbers = np.zeros(canvas.shape, np.uint8)
    bumps = 1.0 * smooth_random(canvas.shape, canvas.spacing, 7.0, random)
    for number, (centre, radius) in enumerate((((72, -14, 196), 10.0), ((-78, -20, 150), 6.5)), start=1):
        depth = canvas.ellipsoid(centre, (radius,) * 3) + bumps
        canvas.paint(depth, 38.0, SOFT)
        numbers[depth > 0] = number
    return numbers


def paint_table(canvas: Canvas) -> None:
    """The table: a thin curved shell around foam."""
    top = 107.0 - 0.0012 * canvas.x**2
    below = canvas.y - top + 0 * canvas.z
    shape = np.minimum(np.minimum(below, 132.0 - 0.003 * canvas.x**2 - canvas.y), 118.0 - np.abs(canvas.x))
    shape = np.minimum(shape, -_body_depth(canvas) - 1.0)
    canvas.paint(shape, -250.0, UNLABELLED)
    canvas.paint(shape - 3.0, -930.0, UNLABELLED)
