"""A box of lung with known opacity, and what a segmenter of it gives: no organ, no file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ctreview.change import Perturbation, Sensitivity, find_sensitivity
from ctreview.volume.geometry import Geometry
from ctreview.volume.labels import Label, LabelMap, Scheme
from ctreview.volume.regions import Division, Partition, Regions
from ctreview.volume.transform import Transform
from ctreview.volume.volume import Volume

OPACITY = Scheme(
    (
        Label(1, "ground_glass", (0, 0, 1), severity=1),
        Label(2, "consolidation", (0, 1, 0), severity=2, dense=True),
        Label(3, "dependent_opacity", (1, 0, 0), counted=False, may_be="ground_glass"),
    )
)
DIVISIONS = (Division(("apical", "middle", "basal"), "third"), Division(("ventral", "dorsal"), "half"))
LUNG_HU, GLASS_HU, SOLID_HU = -850.0, -600.0, -50.0


def grid(shape: tuple[int, int, int] = (40, 44, 48), spacing: tuple[float, ...] = (2.0, 1.5, 1.5)) -> Geometry:
    return Geometry.aligned(shape, spacing, origin=(-30.0, -20.0, 5.0), frame_of_reference="source:test")


def ball(geometry: Geometry, centre: tuple[float, float, float], radius_mm: float) -> np.ndarray:
    """Voxels within a radius of a centre given in voxels of ``geometry``."""
    offsets = [(np.arange(n) - c) * s for n, c, s in zip(geometry.shape, centre, geometry.spacing, strict=True)]
    squares = np.meshgrid(*[o**2 for o in offsets], indexing="ij")
    return sum(squares) <= radius_mm**2


def labels(geometry: Geometry, *, glass: np.ndarray | None = None, solid: np.ndarray | None = None) -> LabelMap:
    array = np.zeros(geometry.shape, dtype=np.uint8)
    if glass is not None:
        array[glass] = 1
    if solid is not None:
        array[solid] = 2
    return LabelMap(array, geometry, OPACITY)


def box_regions(geometry: Geometry, margin: int = 2) -> Regions:
    """The organ is the grid less a margin; its two sides, and below and above the middle of the whole."""
    inside = np.zeros(geometry.shape, dtype=bool)
    inside[margin:-margin, margin:-margin, margin:-margin] = True
    half = np.arange(geometry.shape[0])[:, None, None] >= geometry.shape[0] // 2
    right = np.arange(geometry.shape[2])[None, None, :] < geometry.shape[2] // 2
    whole = np.where(inside, 1 + half.astype(np.uint8), 0).astype(np.uint8)
    sides = np.where(inside, np.where(right, 1, 2), 0).astype(np.uint8)
    return Regions(
        geometry,
        (
            Partition(whole, {"lungs": (1, 2), "lungs/basal": (1,), "lungs/apical": (2,)}),
            Partition(sides, {"right_lung": (1,), "left_lung": (2,)}),
        ),
        DIVISIONS,
    )


def shift_transform(geometry: Geometry, offset_lps: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Transform:
    affine = np.eye(4)
    affine[:3, 3] = offset_lps
    return Transform(geometry, geometry, affine)


@dataclass(frozen=True)
class Scan:
    """A painted scan, its regions, and a plain threshold as its segmenter."""

    volume: Volume
    regions: Regions

    def segment(self, perturbation: Perturbation = Perturbation()) -> LabelMap:  # noqa: B008 - frozen
        smooth = ndimage.gaussian_filter(self.volume.array.astype(np.float32), 0.7)
        middle = (LUNG_HU + GLASS_HU) / 2 + perturbation.threshold_hu
        inside = self.regions.mask("lungs")
        solid = inside & (smooth > (GLASS_HU + SOLID_HU) / 2 + perturbation.threshold_hu)
        return labels(self.volume.geometry, glass=inside & (smooth > middle) & ~solid, solid=solid)

    def sensitivity(self) -> Sensitivity:
        return find_sensitivity(self.regions, self.segment(), variants=self.segment)


def paint(geometry: Geometry, parts: dict[float, np.ndarray], *, noise_hu: float = 25.0, seed: int = 0) -> Scan:
    """A scan of the box with the given HU inside the given masks, blurred a little and made noisy."""
    hu = np.full(geometry.shape, LUNG_HU)
    for value, mask in parts.items():
        hu[mask] = value
    hu = ndimage.gaussian_filter(hu, 0.6)
    noise = np.random.default_rng(seed).normal(0, noise_hu, geometry.shape)
    return Scan(Volume(np.round(hu + noise).astype(np.int16), geometry), box_regions(geometry))
