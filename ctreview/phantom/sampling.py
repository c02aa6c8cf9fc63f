"""Body, lung and trees brought onto a grid of the patient."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import ceil, floor, pi, sqrt

import numpy as np
import numpy.typing as npt

from ctreview.compiled import compiled
from ctreview.phantom.body import (
    Shape,
    body_hu,
    couch_hu,
    extra_fissure,
    fissures,
    lobe_at,
    lung_distance,
    skin_distance,
)
from ctreview.phantom.motion import Motion, bump_ratio, to_reference
from ctreview.phantom.texture import ripple
from ctreview.phantom.trees import AIRWAY, Tree
from ctreview.volume.geometry import Geometry

__all__ = ["BodyOnGrid", "TreesOnGrid", "sample_body", "sample_trees", "soft_size"]

SLAB = 8
"""Slices that one thread works on at a time."""
Floats32 = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class BodyOnGrid:
    """The body at the voxels of a grid; every array has the grid's shape.

    Attributes
    ----------
    tissue_hu : ndarray of float32
        HU of all that is not lung (also where lung is).
    lung_depth : ndarray of float32
        Millimetres into the lung; negative outside.
    lobe : ndarray of uint8
        1–5 in the lungs (depth above 0), else 0.
    fissure : ndarray of float32
        Share of a fissure's sheet in the voxel.
    ratio : ndarray of float32
        Volume of this piece of lung over its volume at full inspiration.
    dependency : ndarray of float32
        0 at the highest, 1 at the lowest point of the lungs along gravity, at rest in the reference.
    grain : ndarray of float32
        HU by which lung tissue itself varies from place to place.
    """

    tissue_hu: Floats32
    lung_depth: Floats32
    lobe: npt.NDArray[np.uint8]
    fissure: Floats32
    ratio: Floats32
    dependency: Floats32
    grain: Floats32


@dataclass(frozen=True, eq=False)
class TreesOnGrid:
    """Vessels and bronchi at the voxels of a grid, as shares of the voxel (0–1)."""

    vessel: Floats32
    bronchus: Floats32
    """Lumen and wall together."""
    lumen: Floats32
    large_lumen: npt.NDArray[np.bool_]
    """Lumen of the trachea and main bronchi."""


def soft_size(geometry: Geometry) -> float:
    """Length in millimetres over which an edge is spread to stand for a voxel that it cuts."""
    return float(np.prod(geometry.spacing) ** (1 / 3))


@compiled()
def _body_kernel(start, affine, shape, m, b, h, scale, fissure_mm, down, couch, out):  # type: ignore[no-untyped-def]
    tissue, depth, lobe, fissure, ratio, dependency, grain = out
    for i in range(shape[0]):
        for j in range(shape[1]):
            for k in range(shape[2]):
                px = affine[0, 0] * (i + start) + affine[0, 1] * j + affine[0, 2] * k + affine[0, 3]
                py = affine[1, 0] * (i + start) + affine[1, 1] * j + affine[1, 2] * k + affine[1, 3]
                pz = affine[2, 0] * (i + start) + affine[2, 1] * j + affine[2, 2] * k + affine[2, 3]
                x, y, z, wall, r = to_reference(px, py, pz, m)
                hr = h / scale
                skin = skin_distance(x, y, wall, b)
                if skin < -hr:
                    tissue[i, j, k] = couch_hu(x, y, couch * down[1], hr, b)
                    depth[i, j, k] = -99.0
                    continue
                d, side = lung_distance(x, y, z, b)
                depth[i, j, k] = d * scale
                ratio[i, j, k] = r
                dependency[i, j, k] = 0.5 + 0.5 * (down[0] * x / 130.0 + down[1] * (y - 4.0) / 88.0)
                if d * scale > h:
                    tissue[i, j, k] = 40.0
                else:
                    tissue[i, j, k] = body_hu(x, y, z, wall, skin, hr, b)
                if d > -hr:
                    ratio[i, j, k] = r * bump_ratio(px, py, pz, m)
                    lobe[i, j, k] = lobe_at(x, y, z, b) if d > 0 else 0
                    grain[i, j, k] = 14.0 * ripple(x, y, z, 7.0, 3) + 12.0 * ripple(x, y, z, 19.0, 5)
                    oblique, minor = fissures(x, y, z, side, b)
                    near = abs(oblique)
                    if side < 0 and oblique > 0:
                        near = min(near, abs(minor))
                    near = scale * min(near, extra_fissure(x, y, z, side, b))
                    if near < 3.0 * h:
                        sigma = 0.45 * h
                        fissure[i, j, k] = min(1.0, fissure_mm / (2.507 * sigma) * np.exp(-0.5 * (near / sigma) ** 2))


def sample_body(
    geometry: Geometry,
    shape: Shape,
    motion: Motion,
    *,
    fissure_mm: float,
    down: tuple[float, float],
    couch: bool = True,
    threads: int = 2,
) -> BodyOnGrid:
    """Evaluate the body at every voxel.

    Parameters
    ----------
    geometry : Geometry
        Any grid; oblique ones too.
    shape : Shape
        The body.
    motion : Motion
        Where a point of the patient lies in it.
    fissure_mm : float
        Thickness of the fissures.
    down : tuple of float
        Direction of gravity in x and y.
    couch : bool
        Whether the couch is drawn.
    threads : int
        Slabs are worked on side by side; the result does not depend on it.
    """
    arrays = (
        np.empty(geometry.shape, np.float32),
        np.empty(geometry.shape, np.float32),
        np.zeros(geometry.shape, np.uint8),
        np.zeros(geometry.shape, np.float32),
        np.ones(geometry.shape, np.float32),
        np.zeros(geometry.shape, np.float32),
        np.zeros(geometry.shape, np.float32),
    )
    affine, numbers = np.ascontiguousarray(geometry.affine), (motion.packed(), shape.packed())
    size, gravity = soft_size(geometry), np.array(down, dtype=np.float64)

    def slab(start: int) -> None:
        part = tuple(array[start : start + SLAB] for array in arrays)
        _body_kernel(
            start, affine, part[0].shape, *numbers, size, motion.mean_scale, fissure_mm, gravity, float(couch), part
        )

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(slab, range(0, geometry.shape[0], SLAB)))
    return BodyOnGrid(*arrays)


@compiled()
def _rod_kernel(rods, airway, lobes, affine, inverse, spacing, h, lobe, out):  # type: ignore[no-untyped-def]
    vessel, bronchus, lumen, large = out
    n0, n1, n2 = vessel.shape
    low, high = np.empty(3), np.empty(3)
    for s in range(len(rods)):
        ax, ay, az, ra, bx, by, bz, rb = rods[s]
        wall = 0.25 + 0.13 * max(ra, rb) if airway[s] else 0.0
        reach = max(ra, rb) + wall + h
        for a in range(3):
            u = inverse[a, 0] * ax + inverse[a, 1] * ay + inverse[a, 2] * az + inverse[a, 3]
            v = inverse[a, 0] * bx + inverse[a, 1] * by + inverse[a, 2] * bz + inverse[a, 3]
            low[a] = min(u, v) - reach / spacing[a]
            high[a] = max(u, v) + reach / spacing[a]
        ux, uy, uz = bx - ax, by - ay, bz - az
        norm = ux * ux + uy * uy + uz * uz + 1e-9
        for i in range(max(0, ceil(low[0])), min(n0, floor(high[0]) + 1)):
            for j in range(max(0, ceil(low[1])), min(n1, floor(high[1]) + 1)):
                for k in range(max(0, ceil(low[2])), min(n2, floor(high[2]) + 1)):
                    here = lobe[i, j, k]
                    if here != 0 and lobes[s] != 0 and here != lobes[s]:
                        continue
                    px = affine[0, 0] * i + affine[0, 1] * j + affine[0, 2] * k + affine[0, 3]
                    py = affine[1, 0] * i + affine[1, 1] * j + affine[1, 2] * k + affine[1, 3]
                    pz = affine[2, 0] * i + affine[2, 1] * j + affine[2, 2] * k + affine[2, 3]
                    t = ((px - ax) * ux + (py - ay) * uy + (pz - az) * uz) / norm
                    t = min(1.0, max(0.0, t))
                    dx, dy, dz = px - ax - t * ux, py - ay - t * uy, pz - az - t * uz
                    dist = sqrt(dx * dx + dy * dy + dz * dz)
                    r = ra + t * (rb - ra)
                    if airway[s]:
                        outer = min(1.0, max(0.0, 0.5 + (r + wall - dist) / h))
                        inner = min(1.0, max(0.0, 0.5 + (r - dist) / h)) * min(1.0, 4.0 * r * r / (h * h))
                        bronchus[i, j, k] = max(bronchus[i, j, k], outer)
                        lumen[i, j, k] = max(lumen[i, j, k], inner)
                        if lobes[s] == 0 and dist < r:
                            large[i, j, k] = True
                    else:
                        share = min(1.0, max(0.0, 0.5 + (r - dist) / h)) * min(1.0, pi * r * r / (h * h))
                        vessel[i, j, k] = max(vessel[i, j, k], share)


def sample_trees(geometry: Geometry, tree: Tree, motion: Motion, body: BodyOnGrid) -> TreesOnGrid:
    """Draw the trees, moved with the body; a branch stays in its own lobe and the mediastinum."""
    rods = np.empty_like(tree.segments)
    for at in (0, 4):
        rods[:, at : at + 3] = motion.from_reference(tree.segments[:, at : at + 3])
        rods[:, at + 3] = tree.segments[:, at + 3] * motion.mean_scale
    # a vessel that gets shorter gets wider, so that the blood in it stays the same
    ratio = motion.volume_ratio(0.5 * (rods[:, :3] + rods[:, 4:7]))
    blood = (tree.kind != AIRWAY) & (tree.lobe > 0)
    rods[:, [3, 7]] *= np.where(blood, ratio ** (-1 / 6), 1.0)[:, None]
    arrays = (
        np.zeros(geometry.shape, np.float32),
        np.zeros(geometry.shape, np.float32),
        np.zeros(geometry.shape, np.float32),
        np.zeros(geometry.shape, np.bool_),
    )
    affine = np.ascontiguousarray(geometry.affine)
    _rod_kernel(
        rods,
        tree.kind == AIRWAY,
        tree.lobe,
        affine,
        np.linalg.inv(affine),
        np.array(geometry.spacing),
        soft_size(geometry),
        body.lobe,
        arrays,
    )
    return TreesOnGrid(*arrays)
