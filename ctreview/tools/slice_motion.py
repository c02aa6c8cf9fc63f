"""How what an image shows shifts from one slice to the next."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.ndimage import map_coordinates, zoom
from skimage.registration import optical_flow_ilk

__all__ = ["SliceMotion"]

Image = npt.NDArray[np.float32]

_WARPS = 5
"""Times that a slice is brought nearer to its neighbour at each scale."""


class SliceMotion:
    """Shifts within the slices of a stack, from each to its neighbours; computed when asked for.

    Optical flow in windows (Le Besnerais and Champagnat, ICIP 2005, doi 10.1109/ICIP.2005.1529706).

    Parameters
    ----------
    stack : ndarray of float32, shape (slices, rows, columns)
        The image, in any unit.
    spacing : sequence of float
        Millimetres of a row and of a column.
    window_mm : float
        Half the width of what moves together.
    grid_mm : float
        Pixels on which shifts are sought; finer ones are averaged.
    """

    def __init__(self, stack: Image, spacing: Sequence[float], *, window_mm: float, grid_mm: float) -> None:
        self._stack = stack
        self._window = max(2, round(window_mm / grid_mm))
        self._factors = [min(1.0, size / grid_mm) for size in spacing]
        low, high = np.percentile(stack, (1, 99))
        self._low, self._width = float(low), max(float(high - low), 1e-6)
        self._coarse: dict[int, Image] = {}
        self._shifts: dict[tuple[int, int], Image] = {}

    def along(self, levels: Sequence[int], plane: Image) -> list[Image]:
        """Values of the first of some levels, carried along with the image to each of them.

        Parameters
        ----------
        levels : sequence of int
            Each next to the one before it, in either direction.
        plane : ndarray
            Values of the first level.
        """
        found = [plane]
        grid = np.indices(plane.shape, dtype=np.float32)
        total = np.zeros_like(grid)
        for before, here in itertools.pairwise(levels):
            step = self.shift(here, before)
            total = step + np.stack([_at(part, grid + step) for part in total])
            found.append(_at(plane, grid + total))
        return found

    def shift(self, here: int, there: int) -> Image:
        """Where each pixel of a slice lies in another one, less its own place: shape (2, rows, columns), in pixels."""
        if (here, there) not in self._shifts:
            self._shifts[here, there] = self._found(here, there)
        return self._shifts[here, there]

    def _found(self, here: int, there: int) -> Image:
        one, other = (self._on_grid(level) for level in (here, there))
        flow = optical_flow_ilk(
            one, other, radius=self._window, num_warp=_WARPS, gaussian=True, prefilter=False, dtype=np.float32
        )
        back = [full / few for full, few in zip(self._stack.shape[1:], one.shape, strict=True)]
        parts = [
            zoom(part, back, order=1, mode="nearest", grid_mode=True) * scale
            for part, scale in zip(flow, back, strict=True)
        ]
        return np.stack(parts).astype(np.float32)

    def _on_grid(self, level: int) -> Image:
        if level not in self._coarse:
            plane = np.clip((self._stack[level] - self._low) / self._width, 0.0, 1.0)
            self._coarse[level] = np.asarray(
                zoom(plane, self._factors, order=1, mode="nearest", grid_mode=True), np.float32
            )
        return self._coarse[level]


def _at(plane: Image, places: Image) -> Image:
    return np.asarray(map_coordinates(plane, places, order=1, mode="nearest", prefilter=False), np.float32)
