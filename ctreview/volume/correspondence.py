"""The same place of the patient in two grids, through a transform, for many voxels at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.ndimage import map_coordinates

from ctreview.volume.geometry import FloatArray, Geometry, require_frame
from ctreview.volume.transform import Transform

__all__ = ["DIRECTIONS", "Direction", "corresponding_voxels"]

Direction = Literal["to moving", "to fixed"]

DIRECTIONS: tuple[Direction, Direction] = ("to moving", "to fixed")
"""From baseline to follow-up, and back."""

LATTICE_MM = 6.0
"""Distance of the nodes at which points are carried; linear in between, as displacements themselves are."""


def corresponding_voxels(
    transform: Transform, direction: Direction, here: Geometry, there: Geometry, index: Sequence[npt.NDArray[np.int64]]
) -> FloatArray:
    """Where voxels of one grid lie in another, within some tenths of a millimetre.

    Parameters
    ----------
    transform : Transform
    direction : {"to moving", "to fixed"}
        ``here`` lies in the fixed image and ``there`` in the moving one, or the other way round.
    here, there : Geometry
        The two grids; any grids in the frames of the two images.
    index : sequence of three ndarray, each of shape (n,)
        Voxels of ``here``.

    Returns
    -------
    ndarray, shape (n, 3)
        Their index in ``there``, with decimals; may lie outside of it.

    Raises
    ------
    GridMismatch
        One of the grids does not lie in the frame of its image.
    """
    ends = (transform.fixed, transform.moving) if direction == "to moving" else (transform.moving, transform.fixed)
    for grid, end in zip((here, there), ends, strict=True):
        require_frame(grid, end)
    if len(index[0]) == 0:
        return np.zeros((0, 3))
    steps = [max(1, round(LATTICE_MM / mm)) for mm in here.spacing]
    # nodes around what is asked for alone: a lung fills a quarter of its image
    firsts = [int(part.min()) // step for part, step in zip(index, steps, strict=True)]
    lasts = [-(-int(part.max()) // step) for part, step in zip(index, steps, strict=True)]
    nodes = np.meshgrid(
        *(np.arange(first, last + 1) * step for first, last, step in zip(firsts, lasts, steps, strict=True)),
        indexing="ij",
    )
    points = here.to_lps(np.stack(nodes, axis=-1))
    carried = transform.to_moving(points) if direction == "to moving" else transform.to_fixed(points, tolerance_mm=0.1)
    target = there.to_index(carried)
    at = np.stack([part / step - first for part, step, first in zip(index, steps, firsts, strict=True)])
    parts = [
        map_coordinates(np.ascontiguousarray(target[..., axis]), at, order=1, mode="nearest", prefilter=False)
        for axis in range(3)
    ]
    return np.stack(parts, axis=-1)
