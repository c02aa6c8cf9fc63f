"""Where in an organ a voxel lies: how far from its border, and how deep along gravity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import edt
import numba
import numpy as np
import numpy.typing as npt

from ctreview.compiled import compiled_in_parallel
from ctreview.tools.canvas import Canvas, Mask
from ctreview.tools.cells import Cells
from ctreview.tools.local_density import Stack

__all__ = ["OrganPosition", "pack_position"]

_FAR_MM = 30.0
"""Farther from the border than this is all the same."""

_BORDER_MM = 3.0
"""The distance to the border is worked out on a grid about this fine, and interpolated."""


@dataclass(frozen=True, eq=False)
class OrganPosition:
    """What says where a voxel lies: the distance to the organ's border on a coarse grid, and which way is down."""

    distance: Stack
    first: npt.NDArray[np.float64]
    steps: npt.NDArray[np.float64]
    down: npt.NDArray[np.float64]

    @property
    def numbers(self) -> tuple[npt.NDArray[Any], ...]:
        """In the order of `pack_position`."""
        return self.distance, self.first, self.steps, self.down

    def on(self, cells: Cells) -> OrganPosition:
        """The same for the middles of cells, counted in cells."""
        size = np.array(cells.steps, float)
        middle = (size - 1) / 2
        down = np.append(self.down[:3] * size, self.down[3] + self.down[:3] @ middle)
        return OrganPosition(self.distance, (self.first - middle) / size, self.steps / size, down)

    @classmethod
    def from_canvas(cls, canvas: Canvas) -> OrganPosition:
        """Work it out for the whole of a canvas."""
        spacing = np.array(canvas.geometry.spacing)
        # posterior is down unless the patient lies prone
        up = -1.0 if (canvas.volume.acquisition.posture or "").endswith("P") else 1.0
        down = up * canvas.geometry.affine[1, :3]
        steps = np.maximum(1, np.rint(_BORDER_MM / spacing)).astype(int)
        if canvas.within is None:
            far = np.full((1, 1, 1), _FAR_MM, np.float32)
            return cls(far, np.zeros(3), steps.astype(float), np.append(down, 0.0))
        a, b, c = (slice(int(s // 2), None, int(s)) for s in steps)
        organ = np.ascontiguousarray(canvas.within.array[a, b, c] > 0)
        # the border of the image is no border of the organ
        distance = edt.edt(organ, anisotropy=tuple(spacing * steps), black_border=False)
        distance = np.minimum(distance, np.float32(_FAR_MM))
        return cls(
            distance, (steps // 2).astype(float), steps.astype(float), np.append(down, -_highest(organ, down * steps))
        )


def _highest(organ: Mask, down: npt.NDArray[np.float64]) -> float:
    """How deep the organ begins, to two voxels."""
    index = np.argwhere(organ[::2, ::2, ::2])
    return float(2.0 * (index @ down).min()) if len(index) else 0.0


@compiled_in_parallel()
def pack_position(
    inside: Mask,
    starts: npt.NDArray[np.int64],
    corner: npt.NDArray[np.float64],
    distance: Stack,
    first: npt.NDArray[np.float64],
    steps: npt.NDArray[np.float64],
    down: npt.NDArray[np.float64],
    out: Stack,
) -> None:
    """Write where a voxel lies into its row: the interpolated distance, and the depth."""
    top0, top1, top2 = distance.shape[0] - 1, distance.shape[1] - 1, distance.shape[2] - 1
    for i in numba.prange(inside.shape[0]):
        row = starts[i]
        z = min(max((corner[0] + i - first[0]) / steps[0], 0.0), float(top0))
        z0 = min(int(z), max(top0 - 1, 0))
        z1, tz = min(z0 + 1, top0), z - z0
        for j in range(inside.shape[1]):
            y = min(max((corner[1] + j - first[1]) / steps[1], 0.0), float(top1))
            y0 = min(int(y), max(top1 - 1, 0))
            y1, ty = min(y0 + 1, top1), y - y0
            level = down[0] * (corner[0] + i) + down[1] * (corner[1] + j) + down[3]
            for k in range(inside.shape[2]):
                if not inside[i, j, k]:
                    continue
                x = min(max((corner[2] + k - first[2]) / steps[2], 0.0), float(top2))
                x0 = min(int(x), max(top2 - 1, 0))
                x1, tx = min(x0 + 1, top2), x - x0
                near = (1 - ty) * ((1 - tx) * distance[z0, y0, x0] + tx * distance[z0, y0, x1])
                near += ty * ((1 - tx) * distance[z0, y1, x0] + tx * distance[z0, y1, x1])
                next_ = (1 - ty) * ((1 - tx) * distance[z1, y0, x0] + tx * distance[z1, y0, x1])
                next_ += ty * ((1 - tx) * distance[z1, y1, x0] + tx * distance[z1, y1, x1])
                out[row, 5] = (1 - tz) * near + tz * next_
                out[row, 6] = level + down[2] * (corner[2] + k)
                row += 1
