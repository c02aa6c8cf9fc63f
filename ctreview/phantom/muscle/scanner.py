"""What an MR scanner does to a body: fields that are not even, noise, and images that are mixed up."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from ctreview.phantom.muscle.body import Legs
from ctreview.volume.geometry import Geometry

__all__ = ["Fields", "MrScanner", "Swap"]

Floats = npt.NDArray[np.float32]
Swap = Literal["none", "whole", "right", "left", "upper"]
"""Where water is called fat, and fat water: nowhere, everywhere, in one leg, in the upper station."""


@dataclass(frozen=True)
class MrScanner:
    """A scanner.

    Attributes
    ----------
    field_strength_t : float
    coil : str
        Its name.
    coil_bias : float
        By how much the sensitivity of the coil falls from its brightest to its darkest place, as a share.
    b1_spread : float
        How far the transmit field strays from what was meant, as a share.
    b0_hz : float
        How far the resonance frequency strays.
    signal_to_noise : float
        Full signal of muscle over the standard deviation of the noise in each channel; 0 for no noise.
    stations : int
        1, or 2 where the couch moved: a lower and an upper part, each with a gain of its own.
    overlap_slices : int
        That both stations hold.
    station_gain : float
        Of the upper station over the lower one.
    swap : Swap
    seed : int
        Of the noise.
    """

    field_strength_t: float = 3.0
    coil: str = "body"
    coil_bias: float = 0.3
    b1_spread: float = 0.15
    b0_hz: float = 60.0
    signal_to_noise: float = 80.0
    stations: int = 1
    overlap_slices: int = 2
    station_gain: float = 1.15
    swap: Swap = "none"
    seed: int = 1

    def noisy(self, signal: npt.NDArray[np.complex64], channel: int) -> npt.NDArray[np.complex64]:
        """Noise on both channels; ``channel`` keeps the noise of two images apart."""
        if self.signal_to_noise <= 0:
            return signal
        rng = np.random.default_rng((self.seed, channel))
        sd = np.float32(1.0 / self.signal_to_noise)
        noise = rng.standard_normal((2, *signal.shape), dtype=np.float32) * sd
        return np.asarray(signal + noise[0] + np.complex64(1j) * noise[1])

    def magnitude(self, signal: Floats, channel: int) -> Floats:
        """What is stored of a signal: its magnitude with noise, which is never below zero (Rician)."""
        return np.asarray(np.abs(self.noisy(signal.astype(np.complex64), channel)), np.float32)


@dataclass(frozen=True, eq=False)
class Fields:
    """The fields of a scanner on the grid of a body."""

    legs: Legs
    scanner: MrScanner

    @property
    def geometry(self) -> Geometry:
        """The grid."""
        return self.legs.geometry

    @cached_property
    def _place(self) -> tuple[Floats, Floats, Floats]:
        """Left, posterior and head from the middle of the grid, in halves of its size; each broadcasts to the grid."""
        grid = self.geometry
        middle = grid.to_lps((np.array(grid.shape) - 1) / 2)
        half = np.abs(grid.corners() - middle).max(axis=0) + 1e-6
        found = []
        for row in range(3):
            total = np.full((1, 1, 1), (grid.origin[row] - middle[row]) / half[row])
            for axis, n in enumerate(grid.shape):
                step = grid.affine[row, axis] / half[row]
                if abs(step) > 1e-9:
                    others = [other for other in range(3) if other != axis]
                    total = total + step * np.expand_dims(np.arange(n), others)
            found.append(total.astype(np.float32))
        return found[0], found[1], found[2]

    @cached_property
    def coil(self) -> Floats:
        """Sensitivity, about 1; it falls to the middle, as from coils around the body, and to one side."""
        x, y, z = self._place
        shape = 0.45 * (x * x + y * y) + 0.3 * x - 0.25 * y - 0.3 * z * z
        shape = (shape - shape.min()) / (np.ptp(shape) + np.float32(1e-6))
        return np.asarray(1 - np.float32(self.scanner.coil_bias) * (1 - shape), np.float32)

    @cached_property
    def b1(self) -> Floats:
        """Flip angle that is reached over the one that is meant."""
        x, y, z = self._place
        shape = 0.5 - 0.9 * (x - np.float32(0.2)) ** 2 - 0.35 * y + 0.2 * z
        return np.asarray(1 + np.float32(self.scanner.b1_spread) * np.clip(shape, -1, 1), np.float32)

    @cached_property
    def b0_hz(self) -> Floats:
        """Resonance frequency over that of the middle."""
        x, y, z = self._place
        shape = 0.7 * x + 0.5 * x * y - 0.6 * y * y + 0.4 * z * z * z - 0.3 * x * x
        return np.asarray(np.float32(self.scanner.b0_hz) * shape, np.float32)
