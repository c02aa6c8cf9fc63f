"""A small textured organ, and what a known transform makes of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ctreview.registration import MatchingStage, RegistrationSettings
from ctreview.volume.geometry import FloatArray, Geometry
from ctreview.volume.labels import Label, LabelMap, Scheme
from ctreview.volume.transform import Transform
from ctreview.volume.volume import Volume

ORGAN = Scheme((Label(1, "organ", (200, 80, 80)),))
SPACING = 2.0


@dataclass(frozen=True)
class Organ:
    """An ellipsoid full of random texture, defined at every point of space."""

    seed: int = 0
    size: int = 40

    @property
    def geometry(self) -> Geometry:
        half = (self.size - 1) * SPACING / 2
        return Geometry.aligned(
            (self.size,) * 3, (SPACING,) * 3, origin=(-half,) * 3, frame_of_reference=f"source:{self.seed}"
        )

    def texture(self) -> np.ndarray:
        noise = np.random.default_rng(self.seed).standard_normal((self.size,) * 3)
        blobs = ndimage.gaussian_filter(noise, 1.2)
        return (-800 + 350 * blobs / blobs.std()).astype(np.float32)

    def inside(self, points: FloatArray) -> np.ndarray:
        return (points**2 / np.array([30.0, 27.0, 32.0]) ** 2).sum(axis=-1) < 1

    def at(self, points: FloatArray) -> np.ndarray:
        """Values at points (…, 3): texture inside, soft tissue outside."""
        index = np.moveaxis(self.geometry.to_index(points), -1, 0)
        values = ndimage.map_coordinates(self.texture(), index, order=1, mode="reflect")
        return np.where(self.inside(points), values, 40.0)

    def scanned(self, geometry: Geometry, back: np.ndarray) -> tuple[Volume, LabelMap]:
        """The image whose voxels show what lies at the points ``back`` (…, 3) of the organ."""
        values = np.rint(self.at(back)).astype(np.int16)
        mask = self.inside(back).astype(np.uint8)
        return Volume(values, geometry), LabelMap(mask, geometry, ORGAN)

    def before(self) -> tuple[Volume, LabelMap]:
        return self.scanned(self.geometry, points_of(self.geometry))

    def after(self, transform: Transform) -> tuple[Volume, LabelMap]:
        """What is seen on ``transform.moving`` when every point p of the organ moves to T(p)."""
        points = points_of(transform.moving)
        return self.scanned(transform.moving, transform.to_fixed(points, tolerance_mm=0.01))


def points_of(geometry: Geometry) -> FloatArray:
    """LPS millimetres of every voxel, shape (*geometry.shape, 3)."""
    return geometry.to_lps(np.moveaxis(np.indices(geometry.shape), 0, -1))


def moved_grid(geometry: Geometry, shift: tuple[float, float, float], grow: int = 0) -> Geometry:
    """A second scanner's grid: elsewhere, and larger on every side by ``grow`` voxels."""
    origin = geometry.origin + np.array(shift) - grow * SPACING
    shape = tuple(n + 2 * grow for n in geometry.shape)
    return Geometry.aligned(shape, geometry.spacing, origin=origin, frame_of_reference="source:second")  # type: ignore[arg-type]


def brisk() -> RegistrationSettings:
    """Settings for an organ of 40³ voxels: fewer keypoints and fewer stages."""
    return RegistrationSettings(
        affine_stages=(MatchingStage(4.0, 16.0, 8.0, 200, 0.5, 1.0, neighbours_mm=30.0),),
        stages=(
            MatchingStage(2.0, 8.0, 6.0, 600, 0.4, 0.7, neighbours_mm=12.0, width_mm=10.0),
            MatchingStage(2.0, 4.0, 4.0, 1500, 0.4, 0.7, neighbours_mm=8.0, coupling=0.3, width_mm=6.0, both_ways=True),
        ),
        threads=1,
    )


def affine_of(shift: tuple[float, float, float], scale: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> FloatArray:
    """Scale about the origin (x, y, z), then shift."""
    affine = np.diag([*scale, 1.0])
    affine[:3, 3] = shift
    return affine


def waves(fixed: Geometry, moving: Geometry, affine: FloatArray, amplitude_mm: float) -> Transform:
    """A transform with a smooth displacement of at most about ``amplitude_mm``."""
    low = fixed.corners().min(axis=0) - 8
    count = int(np.ceil((np.ptp(fixed.corners(), axis=0).max() + 16) / 4.0)) + 1
    grid = Geometry.aligned((count,) * 3, (4.0,) * 3, origin=low.tolist(), frame_of_reference=fixed.frame_of_reference)
    x, y, z = np.moveaxis(points_of(grid), -1, 0)
    wave = [np.sin(y / 14.0 + 0.5), np.cos(z / 13.0), np.sin(x / 15.0 - 1.0)]
    return Transform(fixed, moving, affine, (amplitude_mm * np.stack(wave) / 1.7).astype(np.float32), grid)
