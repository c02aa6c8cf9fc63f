"""Branching vessels and bronchi that fill the lobes.

Each tree starts at its lobe's hilum and must reach points spread evenly through the lobe. The points are split in two
again and again across their longest extent, and each half gets a branch towards its middle (after the idea of
space-division trees, Kitaoka et al., J Appl Physiol 1999, doi 10.1152/jappl.1999.87.6.2207). Radii follow the number
of points behind a branch with exponent 1/2.9 (Murray's law has 1/3; measured arteries lie below).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import sqrt

import numpy as np
import numpy.typing as npt

from ctreview.phantom.body import Shape, depth_and_lobe, reference_lung_points

__all__ = ["AIRWAY", "ARTERY", "VEIN", "Tree", "grow_trees"]

ARTERY, VEIN, AIRWAY = 0, 1, 2
Floats = npt.NDArray[np.float64]

_CARINA = np.array([0.0, 6.0, 0.0])
_BRONCHI = {
    1: [(-14.0, 8.0, -10.0), (-28.0, 9.0, -14.0), (-40.0, 8.0, -6.0)],
    2: [(-14.0, 8.0, -10.0), (-28.0, 9.0, -16.0), (-32.0, 4.0, -32.0), (-46.0, -14.0, -44.0)],
    3: [(-14.0, 8.0, -10.0), (-28.0, 9.0, -16.0), (-32.0, 8.0, -32.0), (-42.0, 20.0, -50.0)],
    4: [(18.0, 10.0, -12.0), (36.0, 14.0, -22.0), (48.0, 5.0, -16.0)],
    5: [(18.0, 10.0, -12.0), (36.0, 14.0, -22.0), (46.0, 26.0, -44.0)],
}
_ARTERY_SHIFT = {
    1: (3.0, -7.0, 3.0),
    2: (-6.0, -4.0, 4.0),
    3: (-9.0, -3.0, 2.0),
    4: (0.0, -3.0, 11.0),
    5: (7.0, 4.0, 6.0),
}
_ATRIUM = {s: np.array([20.0 * s, 14.0, -42.0]) for s in (-1, 1)}
_VEIN_ENTRY = {
    1: (-40.0, -6.0, -22.0),
    2: (-42.0, -10.0, -36.0),
    3: (-40.0, 22.0, -60.0),
    4: (46.0, -8.0, -26.0),
    5: (42.0, 26.0, -58.0),
}


@dataclass(frozen=True, eq=False)
class Tree:
    """Rods of the reference body.

    Attributes
    ----------
    segments : ndarray, shape (n, 8)
        Start x, y, z, radius; end x, y, z, radius; reference millimetres (radius of the lumen for airways).
    kind : ndarray of uint8, shape (n,)
        `ARTERY`, `VEIN` or `AIRWAY`.
    lobe : ndarray of uint8, shape (n,)
        The lobe it feeds; 0 for trachea and main bronchi.
    """

    segments: Floats
    kind: npt.NDArray[np.uint8]
    lobe: npt.NDArray[np.uint8]


def _spread(candidates: Floats, count: int, rng: np.random.Generator) -> Floats:
    """About ``count`` of the candidates, evenly spread: one from each cell of a jittered lattice."""
    volume = len(candidates)
    cell = (volume / max(count, 1)) ** (1 / 3)
    scaled = np.floor(candidates / (cell * 4.0) + rng.random(3)).astype(np.int64)
    order = rng.permutation(len(candidates))
    _, first = np.unique(scaled[order], axis=0, return_index=True)
    return np.asarray(candidates[order[first]] + rng.normal(0, 1.0, (len(first), 3)))


def _branch(root: Floats, targets: Floats, rng: np.random.Generator) -> list[tuple[Floats, Floats, int]]:
    """Rods (start, end, number of targets behind) from the root to each target."""
    rods: list[tuple[Floats, Floats, int]] = []
    stack = [(root, targets)]
    chance = iter(rng.standard_normal((2 * len(targets), 6)))
    while stack:
        start, cloud = stack.pop()
        n = len(cloud)
        if n == 1:
            rods.append((start, cloud[0], 1))
            continue
        draw = next(chance)
        reach = 0.42 if n > 3 else 0.55
        step = reach * (cloud.sum(axis=0) / n - start)
        end = start + step + 0.05 * sqrt(step @ step) * draw[:3]
        rods.append((start, end, n))
        # across the longest extent of the cloud, a little askew
        along = 0.22 * draw[3:]
        along[np.argmax(cloud.max(axis=0) - cloud.min(axis=0))] += 1.0
        order = np.argsort(cloud @ along)
        cut = max(1, min(n - 1, round(n * (0.5 + 0.08 * max(-2.5, min(2.5, draw[0]))))))
        stack += [(end, cloud[order[:cut]]), (end, cloud[order[cut:]])]
    return rods


def _curve(rods: list[tuple[Floats, Floats, int]], radius: Floats, rng: np.random.Generator) -> Floats:
    """Rods of two pieces each, bent a little, tapering from the parent's radius to their own."""
    start, end = np.array([rod[0] for rod in rods]), np.array([rod[1] for rod in rods])
    length = np.linalg.norm(end - start, axis=1, keepdims=True)
    knee = 0.5 * (start + end) + 0.03 * length * rng.standard_normal(start.shape)
    r = radius[:, None]
    return np.concatenate(
        [np.concatenate([start, 1.06 * r, knee, r], axis=1), np.concatenate([knee, r, end, 0.9 * r], axis=1)]
    )


def _radii(tips: Floats, trunk: float) -> Floats:
    """Radius of each rod from the number of tips behind it: ``trunk`` at the root, not below 0.55 mm at the end."""
    return np.asarray(np.maximum(0.55, trunk * (tips / tips.max()) ** (1 / 2.9)))


def _stem(points: list[Floats], r0: float, r1: float) -> Floats:
    radii = np.linspace(r0, r1, len(points))
    pairs = zip(points[:-1], points[1:], radii[:-1], radii[1:], strict=True)
    return np.array([[*a, ra, *b, rb] for a, b, ra, rb in pairs]).reshape(-1, 8)


@lru_cache(maxsize=8)
def grow_trees(shape: Shape, seed: int, detail: float = 1.0) -> Tree:
    """Grow arteries, veins and bronchi for a body.

    Parameters
    ----------
    shape : Shape
        The body they must fit in.
    seed : int
        Same seed, same trees.
    detail : float
        1 for about 9000 arteries in both lungs; less for coarse grids.
    """
    rng = np.random.default_rng([seed, 7])
    points, lobes = reference_lung_points(shape, 4.0)
    distance, _ = depth_and_lobe(points, shape)
    parts: list[tuple[Floats, int, int]] = []
    for lobe in range(1, 6):
        room = points[(lobes == lobe) & (distance > 5.0)]
        if not len(room):  # a body without this lobe
            continue
        count = max(12, round(detail * len(room) / 8.5))
        parts += _lobe_trees(lobe, room, count, rng)
    trachea = _stem([np.array([0.0, -4.0 - 0.08 * 40, 190.0]), np.array([0.0, 0.0, 60.0]), _CARINA], 8.6, 8.4)
    parts.append((trachea, AIRWAY, 0))
    for side, path in ((-1, _BRONCHI[3][:2]), (1, _BRONCHI[5][:2])):
        stem = _stem([_CARINA, *(np.array(p) for p in path)], 6.8 if side < 0 else 6.2, 6.0 if side < 0 else 5.6)
        parts.append((stem, AIRWAY, 0))
    return Tree(
        np.concatenate([p[0] for p in parts]),
        np.concatenate([np.full(len(p[0]), p[1], np.uint8) for p in parts]),
        np.concatenate([np.full(len(p[0]), p[2], np.uint8) for p in parts]),
    )


def _lobe_trees(lobe: int, room: Floats, count: int, rng: np.random.Generator) -> list[tuple[Floats, int, int]]:
    path = [np.array(p) for p in _BRONCHI[lobe]]
    shift = np.array(_ARTERY_SHIFT[lobe])
    arteries = _branch(path[-1] + shift, _spread(room, count, rng), rng)
    tips = np.array([r[2] for r in arteries], dtype=float)
    trunk = 5.4 if lobe in (3, 5) else 4.8 if lobe != 2 else 3.6
    radius = _radii(tips, trunk)
    out = [(_curve(arteries, radius, rng), ARTERY, lobe)]
    out.append((_stem([path[-2] + shift * 1.2, path[-1] + shift], trunk * 1.15, trunk), ARTERY, lobe))
    # bronchi run beside the arteries as far as their lumen can be seen
    wide = radius > 1.7
    beside = -shift / np.linalg.norm(shift)
    bronchi = _curve([r for r, w in zip(arteries, wide, strict=True) if w], 0.78 * radius[wide], rng)
    for k in (0, 4):
        bronchi[:, k : k + 3] += beside * (2.4 * bronchi[:, [k + 3]] + 0.5)
    out.append((bronchi, AIRWAY, lobe))
    joint = bronchi[0, :3] if len(bronchi) else path[-1]
    out.append((_stem([*path[1:-1], joint], 4.6, float(bronchi[0, 3]) if len(bronchi) else 3.0), AIRWAY, lobe))
    side = -1 if lobe <= 3 else 1
    entry = np.array(_VEIN_ENTRY[lobe])
    veins = _branch(entry, _spread(room, round(count * 0.8), rng), rng)
    tips = np.array([r[2] for r in veins], dtype=float)
    radius = _radii(tips, 0.92 * trunk)
    out.append((_curve(veins, radius, rng), VEIN, lobe))
    out.append((_stem([_ATRIUM[side], entry], trunk * 1.2, trunk), VEIN, lobe))
    return out
