"""The fascia as a closed line around each limb, by the step of signal across it, where levels alone do not tell.

A coil may brighten by as much from one side of a limb to the other as fat and muscle differ; across the few millimetres
of a border it does not. So the line is sought along which what lies right outside differs most from what lies right
inside, in the direction in which fat and muscle differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter, gaussian_filter1d, map_coordinates

from ctreview.possible_values import require_possible

__all__ = ["FasciaContourSettings", "beneath_fascia_mm"]

Image = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True)
class FasciaContourSettings:
    """How the fascia is followed around a limb.

    Attributes
    ----------
    directions : int
        Around the middle of the limb.
    step_mm : float
        Along a direction.
    near_mm, far_mm : float
        What lies between so far from the line is compared on both sides: beyond the fascia's own dark line, and near
        enough for a coil to be even.
    skin_mm, blur_voxels : float
        What lies less deep than both together is skin and its blur, and is not compared; so the line lies deeper.
    line_weight, most_dark : float
        How much the line's own darkness counts beside the step across it, and up to which (of the logarithm).
    deepest_share : float
        And at most at this share of the way to the middle.
    slices : float
        Standard deviation over which steps are averaged from slice to slice.
    """

    directions: int = 180
    step_mm: float = 1.0
    near_mm: float = 1.5
    far_mm: float = 6.0
    skin_mm: float = 2.0
    blur_voxels: float = 1.5
    line_weight: float = 0.5
    most_dark: float = 0.4
    deepest_share: float = 0.55
    slices: float = 0.7

    def __post_init__(self) -> None:
        require_possible(self, directions=(16, 720), step_mm=(0.2, 5.0), deepest_share=(0.05, 0.95))


def beneath_fascia_mm(
    image: Image,
    limbs: npt.NDArray[np.uint8],
    depth_mm: Image,
    spacing: Sequence[float],
    *,
    fat_bright: bool,
    settings: FasciaContourSettings | None = None,
) -> Image:
    """How far beneath the fascia each voxel lies, within its slice, along the way to the middle of its limb.

    Parameters
    ----------
    image : ndarray
        Signal.
    limbs : ndarray of uint8
        The number of each limb, 0 outside.
    depth_mm : ndarray
        Below the skin.
    spacing : sequence of float
    fat_bright : bool
        Whether fat is brighter than muscle.
    settings : FasciaContourSettings, optional

    Returns
    -------
    ndarray of float32
        Millimetres, below 0 outside the fascia; NaN outside limbs, where the image ends before the skin, and where the
        line lies as near to the skin as it can be looked for.
    """
    settings = settings or FasciaContourSettings()
    found = np.full(image.shape, np.nan, np.float32)
    smooth = gaussian_filter(image, (0.0, *(0.7 / size for size in spacing[1:])))
    logarithm = np.log(np.maximum(smooth, 1e-3 * float(np.percentile(image[limbs > 0], 99))))
    for number in range(1, int(limbs.max()) + 1):
        levels = np.flatnonzero((limbs == number).any(axis=(1, 2)))
        rays = [_Rays(logarithm[k], limbs[k] == number, depth_mm[k], spacing, fat_bright, settings) for k in levels]
        most = max(one.steps.shape[1] for one in rays)
        steps = np.stack([np.pad(one.steps, ((0, 0), (0, most - one.steps.shape[1]))) for one in rays])
        steps = gaussian_filter1d(steps, settings.slices, axis=0, mode="nearest")
        for level, ray, of_slice in zip(levels, rays, steps, strict=True):
            line = _closed_line(np.where(ray.possible, of_slice[:, : ray.steps.shape[1]], -1e3))
            where = limbs[level] == number
            found[level][where] = ray.beneath(where, line * settings.step_mm)
    return found


class _Rays:
    """Signal from the skin towards the middle of one limb in one slice, direction by direction."""

    def __init__(
        self,
        logarithm: Image,
        limb: Mask,
        depth_mm: Image,
        spacing: Sequence[float],
        fat_bright: bool,
        settings: FasciaContourSettings,
    ) -> None:
        self._pixel, self._step = np.array(spacing[1:]), settings.step_mm
        self._middle = np.argwhere(limb).mean(axis=0)
        self._angles = 2 * np.pi * np.arange(settings.directions) / settings.directions
        across = float(np.hypot(*(np.array(limb.shape) * self._pixel)))
        far = np.arange(0.0, across, 0.5 * settings.step_mm)
        inside = map_coordinates(limb.astype(np.float32), self._places(far[None, :]), order=0) > 0
        self.skin_mm = far[inside.shape[1] - 1 - inside[:, ::-1].argmax(axis=1)]
        edge = map_coordinates(depth_mm, self._places(self.skin_mm[:, None]), order=1)[:, 0]
        self.seen = edge < 4.0 * settings.step_mm  # else the image ends there, not the limb
        depth = settings.step_mm * np.arange(max(2, int(self.skin_mm.max() / settings.step_mm)))
        away = np.maximum(self.skin_mm[:, None] - depth[None, :], 0.0)
        signal = map_coordinates(logarithm, self._places(away), order=1, mode="nearest")
        skin = settings.skin_mm + settings.blur_voxels * max(spacing[1:])
        self.steps = np.where(self.seen[:, None], _steps(signal, skin, fat_bright, settings), 0.0)
        deepest = settings.deepest_share * self.skin_mm[:, None]
        least = skin + settings.near_mm + settings.step_mm
        self._least_mm = least
        self.possible = (depth[None, :] >= least) & (depth[None, :] <= np.maximum(deepest, least))

    def _places(self, away_mm: Floats) -> list[Floats]:
        return [
            self._middle[0] + away_mm * np.sin(self._angles)[:, None] / self._pixel[0],
            self._middle[1] + away_mm * np.cos(self._angles)[:, None] / self._pixel[1],
        ]

    def beneath(self, where: Mask, line_mm: Floats) -> Image:
        """Millimetres beneath a line that lies so deep in each direction."""
        away = (np.argwhere(where) - self._middle) * self._pixel
        angle = np.arctan2(away[:, 0], away[:, 1]) % (2 * np.pi)
        place = angle / (2 * np.pi) * len(self._angles)
        low = np.floor(place).astype(int) % len(self._angles)
        followed = self.seen & (line_mm >= self._least_mm + self._step)  # else it may lie nearer to the skin
        part = place - np.floor(place)
        radius = self.skin_mm - line_mm
        of_line = (1 - part) * radius[low] + part * np.roll(radius, -1)[low]
        beneath = of_line - np.linalg.norm(away, axis=1)
        return np.where(followed[low], beneath, np.nan).astype(np.float32)


def _steps(signal: Floats, least_mm: float, fat_bright: bool, settings: FasciaContourSettings) -> Floats:
    """How well each place of a ray fits the fascia.

    It is a step from fat to muscle, and a darker line between both: the first such line under the skin.
    """
    total = np.cumsum(np.pad(signal, ((0, 0), (1, 0))), axis=1)
    places, end = np.arange(signal.shape[1]), signal.shape[1]
    near, far, least = (round(mm / settings.step_mm) for mm in (settings.near_mm, settings.far_mm, least_mm))

    def mean(low: npt.NDArray[np.int_], high: npt.NDArray[np.int_]) -> Floats:
        low, high = np.clip(low, 0, end), np.clip(high, 0, end)
        return np.asarray((total[:, high] - total[:, low]) / np.maximum(high - low, 1))

    outside = mean(np.maximum(places - far, np.minimum(least, places - near - 1)), places - near)
    inside = mean(places + near + 1, places + far + 1)
    step = outside - inside if fat_bright else inside - outside
    line = np.clip(np.minimum(inside, outside) - signal, 0.0, settings.most_dark)
    clear = np.where(places >= least + near, line, 0.0)
    passed = np.maximum.accumulate(np.pad(clear, ((0, 0), (2 * near + 1, 0))), axis=1)[:, :end]
    return np.asarray(step + settings.line_weight * (line - passed))


def _closed_line(gain: Floats) -> npt.NDArray[np.int_]:
    """The depth in each direction of the closed line of most gain; from one direction to the next it moves by a step.

    The line is found twice around; the second time it begins where the first ended.
    """
    twice = np.concatenate([gain, gain])
    best = twice[0].copy()
    came = np.zeros(twice.shape, np.int8)
    for number in range(1, len(twice)):
        padded = np.pad(best, 1, constant_values=-1e9)
        options = np.stack([padded[:-2], padded[1:-1], padded[2:]])
        choice = options.argmax(axis=0)
        came[number] = choice - 1
        best = options[choice, np.arange(len(best))] + twice[number]
    line = np.zeros(len(twice), int)
    line[-1] = int(best.argmax())
    for number in range(len(twice) - 1, 0, -1):
        line[number - 1] = line[number] + came[number, line[number]]
    half = len(gain) // 2
    middle = line[half : half + len(gain)]
    return np.roll(middle, half)
