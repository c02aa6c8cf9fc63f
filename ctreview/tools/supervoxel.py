"""The compact patch of like density around a click: where there is no piece with an edge of its own to be taken."""

from __future__ import annotations

import cc3d
import numpy as np
import numpy.typing as npt
from scipy import ndimage
from skimage.segmentation import slic

from ctreview.errors import EditDoesNotApply
from ctreview.tools.canvas import Canvas, Mask
from ctreview.volume.box import Box

__all__ = ["cells_around", "supervoxel"]

_CELLS = 3
"""So many cells of a fixed lattice along each axis are parted at once, the clicked one in the middle."""

_FINEST = 32
"""A patch is parted in at most so many voxels along each axis, so that time does not grow with fine pixels."""


def cells_around(canvas: Canvas, seed: tuple[int, int, int], size_mm: float) -> Box:
    """The lattice cell of a voxel with those beside it, cut to the grid.

    The lattice is the grid's own, so that clicks in one cell see the same patches.
    """
    spans = []
    for n, spacing, length in zip(seed, canvas.geometry.spacing, canvas.geometry.shape, strict=True):
        edge = max(1, round(size_mm / spacing))
        first = (n // edge - _CELLS // 2) * edge
        spans.append(slice(max(0, first), min(length, first + _CELLS * edge)))
    return spans[0], spans[1], spans[2]


def supervoxel(
    values: npt.NDArray[np.float32],
    allowed: Mask,
    seed: tuple[int, int, int],
    *,
    spacing: tuple[float, float, float],
    size_mm: float,
    weight_hu: float,
) -> Mask:
    """The patch around a seed by simple linear iterative clustering (Achanta et al. 2012).

    Parameters
    ----------
    values : ndarray
        A box of the smoothed image, see `cells_around`.
    allowed : ndarray of bool
        Where in the box the patch may be.
    seed : tuple of int
        The click, in the box.
    spacing : tuple of float
        Millimetres.
    size_mm : float
        About how wide a patch is.
    weight_hu : float
        As much difference in density counts as one patch's width.

    Raises
    ------
    EditDoesNotApply
        The seed lies where nothing may be labelled.
    """
    if not allowed[seed]:
        raise EditDoesNotApply("the place clicked may not be labelled")
    # what may not be labelled looks like the median of what may, so that it draws no borders of its own
    filled = np.where(allowed, values, np.median(values[allowed])).astype(np.float32)
    patches = _patches(filled, np.array(spacing), size_mm, weight_hu)
    pieces = cc3d.connected_components((patches == patches[seed]) & allowed, connectivity=6)
    return np.asarray(pieces == pieces[seed])


def _patches(
    values: npt.NDArray[np.float32], spacing: npt.NDArray[np.float64], size_mm: float, weight_hu: float
) -> npt.NDArray[np.int64]:
    """Number of each voxel's patch.

    Found on cubes: `slic` lays its seeds out by voxels, and weighs distance by that, whatever spacing it is told.
    """
    extent = np.array(values.shape) * spacing
    cube_mm = max(float(spacing.min()), size_mm / _FINEST)
    there = np.maximum(1, np.rint(extent / cube_mm)).astype(int)
    cubes = ndimage.zoom(values, there / values.shape, order=1, mode="nearest", grid_mode=True)
    spread = float(np.ptp(cubes))
    found = slic(
        cubes,
        n_segments=int(np.prod(np.maximum(1, np.rint(extent / size_mm)))),
        # slic brings the densities to 0 … 1 first
        compactness=weight_hu / spread if spread > 0 else 1.0,
        max_num_iter=8,
        channel_axis=None,
        enforce_connectivity=False,
        start_label=1,
    )
    # the cube in which the middle of each voxel lies
    back = [((np.arange(n) + 0.5) * m / n).astype(int) for n, m in zip(values.shape, cubes.shape, strict=True)]
    return np.asarray(found[np.ix_(*back)])
