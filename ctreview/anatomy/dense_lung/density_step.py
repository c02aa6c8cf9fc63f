"""Dense tissue behind wide edges that differs in density from what lies behind it.

Consolidation that lies on liver, heart or aorta hides its deep border only where it has their density. Where it does
not, it is the tissue of one density that begins at the edge and ends in a step: letting in more density hardly makes it
larger. An organ that begins at a wide edge goes on, step by step, into what is a little denser or lighter.
"""

from __future__ import annotations

from collections.abc import Iterator

import cc3d
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from ctreview.anatomy.body import BONE_HU
from ctreview.anatomy.coarse import CoarseImage, Mask, Spacing, opened
from ctreview.anatomy.dense_lung.expected_border import PATCH_EDGE, wide_patches
from ctreview.anatomy.dense_lung.local_mean import mean_within
from ctreview.volume.box import bounding_box, widened
from ctreview.volume.distance import dilated

__all__ = ["tissue_of_one_density"]

Floats32 = npt.NDArray[np.float32]

STEP = 2
"""Tissue is followed in cells of so many blocks along each axis, whose means hold little noise."""

MEAN_MM = 3.0
SOFT_HU = -30.0
SEED_MM = 40.0
"""Patches of wide edges are divided into parts about this wide, in lungs of 5 L: not all behind one is one tissue."""

LEAST_CM2 = 3.0
"""Of wide edges in such a part, in lungs of 5 L."""

SHELL_MM = 10.0
"""The density is that of the tissue within this distance of the edges, in lungs of 5 L."""

FEW_CELLS = 12
NARROW_HU, WIDE_HU = 8.0, 15.0
"""Tissue within the first and the second of that density. Means of cells vary by 3 to 5 HU within one tissue."""

MOST_GROWTH = 0.3
"""By so many cells may the border of the tissue move outwards where the range gets wider (decision 0030)."""

DEEPEST_MM = 80.0
"""No deeper below the edges, in lungs of 5 L; tissue that reaches so far with much of its border has no end."""

ENDLESS_SHARE = 0.08
LEAST_ML = 10.0
LEAST_CELLS_ML = 5.0
"""Of a piece, in lungs of 5 L, and of the cells it is found by: those at its border are mostly something else, which is
half of a small piece."""

BORDER_MM = 9.0
"""Two cells: so far beside the cells blocks belong to the piece that have its density."""

LEVEL_MM = 6.0
"""Over so much the densities of cells are averaged for the blocks beside them."""

BLOCK_HU = 10.0
"""Half-way to tissue that differs by 20 HU, which consolidation and organs without contrast do (28 and 45 to 50)."""


def tissue_of_one_density(coarse: CoarseImage, lung: Mask, other: Mask, edges: Floats32, size: float) -> Mask:
    """Find soft tissue of one density that begins at wide edges of a lung and ends in a step.

    Parameters
    ----------
    coarse : CoarseImage
        In HU.
    lung, other : ndarray of bool
        Blocks of the lung in question, and of what is known to be something else.
    edges : ndarray of float32
        Of `relative_edge_width`.
    size : float
        Size of the lungs, 1 for those of an adult of 5 L (a length's ratio).
    """
    found = np.zeros(lung.shape, dtype=bool)
    spacing = coarse.spacing
    box = bounding_box(lung, int(DEEPEST_MM * size / min(spacing)) + 1)
    inside, hu, beside = lung[box], coarse.array[box], edges[box]
    surface = inside & ~ndimage.binary_erosion(inside, border_value=1)
    patches, _ = wide_patches(surface, beside, spacing, size)
    soft = (hu > SOFT_HU) & (hu < BONE_HU) & ~inside & ~other[box]
    inner = soft & ~ndimage.binary_dilation(inside | other[box], np.ones((3, 3, 3), dtype=bool))
    density = _means(hu, inner, spacing)
    cell_mm = spacing[0] * STEP, spacing[1] * STEP, spacing[2] * STEP
    level = np.full(density.shape, np.nan, dtype=np.float32)
    for seed in _seeds(patches, spacing, size):
        cells = np.zeros(density.shape, dtype=bool)
        cells[tuple((seed // STEP).T)] = True
        _grow(density, cells & np.isnan(level), cell_mm, size, level)
    if np.isfinite(level).any():
        found[box] = _judged(_blocks(level, hu, soft, inner, spacing), soft, beside, coarse, size)
    return found


def _means(hu: Floats32, use: Mask, spacing: Spacing) -> Floats32:
    """Means over cells and their neighbours of the blocks in use; NaN where half of a cell or more is not in use."""
    total, count = (_sums(np.where(use, values, 0).astype(np.float32)) for values in (hu, np.float32(1)))
    mostly = count > 0.5 * STEP**3
    sigma = [MEAN_MM / (mm * STEP) for mm in spacing]
    total, count = (ndimage.gaussian_filter(part, sigma, truncate=2.5) for part in (total, count))
    return np.where(mostly, total / np.maximum(count, 0.1), np.nan).astype(np.float32)


def _sums(values: Floats32) -> Floats32:
    room = [(0, -length % STEP) for length in values.shape]
    a, b, c = ((length + more[1]) // STEP for length, more in zip(values.shape, room, strict=True))
    return np.asarray(np.pad(values, room).reshape(a, STEP, b, STEP, c, STEP).sum(axis=(1, 3, 5)))


def _seeds(patches: npt.NDArray[np.uint32], spacing: Spacing, size: float) -> Iterator[npt.NDArray[np.intp]]:
    """Indices of the blocks of each part of the patches that is large enough."""
    index = np.argwhere(patches > 0)
    if not len(index):
        return
    cubes = np.floor(index * np.array(spacing) / (SEED_MM * size)).astype(np.intp)
    parts = np.column_stack([patches[tuple(index.T)].astype(np.intp), cubes])
    _, number = np.unique(parts, axis=0, return_inverse=True)
    number = number.ravel()
    least = LEAST_CM2 * 100 * size**2 / (spacing[1] * spacing[2])
    for chosen in np.flatnonzero(np.bincount(number) >= least):
        yield index[number == chosen]


def _grow(density: Floats32, seed: Mask, cell_mm: Spacing, size: float, level: Floats32) -> None:
    """Enter the density beside a seed into the cells that have it, where that tissue ends in a step."""
    if not seed.any():
        return
    box = widened(bounding_box(seed), int(DEEPEST_MM * size / min(cell_mm)) + 1, density.shape)
    hu, reach = density[box], dilated(seed[box], DEEPEST_MM * size, cell_mm)
    shell = dilated(seed[box], SHELL_MM * size, cell_mm) & np.isfinite(hu)
    if np.count_nonzero(shell) < FEW_CELLS:
        return
    beside = float(np.median(hu[shell]))
    narrow, wide = (_alike(hu, beside, within, reach, shell) for within in (NARROW_HU, WIDE_HU))
    ml = np.count_nonzero(wide) * cell_mm[0] * cell_mm[1] * cell_mm[2] / 1000.0
    if ml >= LEAST_CELLS_ML * size**3 and _growth(narrow, wide) <= MOST_GROWTH and not _is_endless(wide, hu, reach):
        level[box][wide] = beside


def _alike(hu: Floats32, level: float, within: float, reach: Mask, shell: Mask) -> Mask:
    alike = (np.abs(hu - level) < within) & reach
    alike = ndimage.binary_opening(np.pad(alike, 2, mode="edge"), np.ones((2, 2, 2), dtype=bool))[2:-2, 2:-2, 2:-2]
    pieces = cc3d.connected_components(alike, connectivity=6)
    hit = np.unique(pieces[shell & alike])
    return np.asarray(np.isin(pieces, hit[hit > 0]))


def _growth(narrow: Mask, wide: Mask) -> float:
    """By how many cells the border of tissue lies farther outside in the wider range."""
    border = np.count_nonzero(ndimage.binary_dilation(np.pad(narrow, 1))) - np.count_nonzero(narrow)
    more = np.count_nonzero(wide) - np.count_nonzero(narrow)
    return more / border if border else np.inf


def _is_endless(tissue: Mask, hu: Floats32, reach: Mask) -> bool:
    """Whether much of the border of tissue is where it was followed no farther."""
    rim = ndimage.binary_dilation(np.pad(tissue, 1))[1:-1, 1:-1, 1:-1] & ~tissue
    onward = rim & np.isfinite(hu) & ~reach
    return bool(np.count_nonzero(onward) > ENDLESS_SHARE * np.count_nonzero(rim))


def _blocks(level: Floats32, hu: Floats32, soft: Mask, inner: Mask, spacing: Spacing) -> Mask:
    """Blocks of the cells that have a level, and blocks beside them of that density."""
    for axis in range(3):
        level = np.repeat(level, STEP, axis=axis)
    level = level[tuple(slice(0, length) for length in soft.shape)]
    blocks = np.isfinite(level) & soft
    box = bounding_box(blocks, 1 + int(BORDER_MM / min(spacing)))
    cells, part = blocks[box], inner[box]
    near = part & dilated(cells, BORDER_MM, spacing)
    expected = mean_within(np.nan_to_num(level[box]), cells, LEVEL_MM, spacing)
    alike = near & (np.abs(mean_within(hu[box], part, MEAN_MM, spacing) - expected) < BLOCK_HU)
    alike = opened(alike | cells, min(spacing), spacing) & alike
    pieces = cc3d.connected_components(alike | cells, connectivity=6)
    blocks[box] |= np.isin(pieces, np.unique(pieces[cells]))
    return blocks


def _judged(blocks: Mask, soft: Mask, edges: Floats32, coarse: CoarseImage, size: float) -> Mask:
    """The tissue, of pieces whose edges to the lung are wide as a whole."""
    # the block beside the lung holds some air and was not looked at
    blocks |= (
        soft
        & ndimage.binary_dilation(blocks, np.ones((3, 3, 3), dtype=bool))
        & dilated(np.isfinite(edges), 1.5 * max(coarse.spacing), coarse.spacing)
    )
    pieces = cc3d.connected_components(blocks, connectivity=6)
    found = np.zeros(soft.shape, dtype=bool)
    for number, limits in enumerate(cc3d.statistics(pieces)["bounding_boxes"]):
        if number == 0:
            continue
        box = widened(limits, 3, soft.shape)
        piece = pieces[box] == number
        if coarse.volume_ml(piece) >= LEAST_ML * size**3 and _edge(piece, edges[box]) >= PATCH_EDGE:
            found[box] |= piece
    return found


def _edge(piece: Mask, edges: Floats32) -> float:
    beside = edges[ndimage.binary_dilation(piece, np.ones((3, 3, 3), dtype=bool), iterations=2)]
    beside = beside[np.isfinite(beside)]
    return float(beside.mean()) if len(beside) else 0.0
