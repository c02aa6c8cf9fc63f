"""Two ellipsoid lungs with a known density, for tests that need no anatomy."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage as ndi

from ctreview.dicom.acquisition import Acquisition
from ctreview.volume.geometry import Geometry
from ctreview.volume.labels import Label, LabelMap, Scheme
from ctreview.volume.volume import Volume

LUNG_SCHEME = Scheme((Label(1, "right_lung", (0, 0, 0)), Label(2, "left_lung", (0, 0, 0))))
VESSEL_SCHEME = Scheme((Label(1, "vessel", (0, 0, 0)), Label(2, "airway_wall", (0, 0, 0))))
REACH = (80.0, 70.0, 45.0)
"""Half axes of each lung in millimetres: head, back, left. Both lungs together hold 2.1 L."""
CENTRES = ((0.0, 0.0, -60.0), (0.0, 0.0, 60.0))


@dataclass(frozen=True)
class Ball:
    """A patch: centre (head, back, left) in mm, radius in mm, HU added to the lung, or its own HU."""

    centre: tuple[float, float, float]
    radius: float
    added: float = 200.0
    own_hu: float | None = None

    @property
    def ml(self) -> float:
        return 4 / 3 * np.pi * self.radius**3 / 1000


@dataclass(frozen=True)
class Body:
    """What `body` gives: the scan, its lungs, its vessels, and the places of its voxels."""

    volume: Volume
    lungs: LabelMap
    vessels: LabelMap
    places: tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]] = field(repr=False)

    def ball(self, ball: Ball) -> npt.NDArray[np.bool_]:
        return np.asarray(sum((p - c) ** 2 for p, c in zip(self.places, ball.centre, strict=True)) < ball.radius**2)


def body(
    *balls: Ball,
    spacing: tuple[float, float, float] = (2.0, 1.2, 1.2),
    mean_hu: float = -860.0,
    rise_hu: float = 40.0,
    noise_hu: float = 15.0,
    blur_mm: float = 0.7,
    vessels: int = 0,
    vessel_mm: tuple[float, float] = (1.0, 2.5),
    posture: str | None = "HFS",
    age_years: float | None = 40.0,
    seed: int = 1,
    added: Any = None,
) -> Body:
    """Make a scan: lungs with a rise along gravity, balls, straight vessels from front to back, blur and noise.

    ``added(head, back, left)`` may give HU that are added to the lung besides.
    """
    counts = [int(2 * (r + m) / s) + 1 for r, m, s in zip((80, 70, 105), (10, 10, 10), spacing, strict=True)]
    shape = (counts[0], counts[1], counts[2])
    origin = [-(n - 1) * s / 2 for n, s in zip(shape, spacing, strict=True)]
    geometry = Geometry.aligned(shape, spacing, origin=origin[::-1], frame_of_reference="source:body")
    axes = [np.arange(n) * s + o for n, s, o in zip(shape, spacing, origin, strict=True)]
    head, back, left = np.meshgrid(*axes, indexing="ij", sparse=True)
    down = -1 if posture and posture.endswith("P") else 1
    hu = np.full(shape, 30.0, dtype=np.float32)
    lung = np.zeros(shape, dtype=np.uint8)
    for number, (h, b, x) in enumerate(CENTRES, start=1):
        inside = ((head - h) / REACH[0]) ** 2 + ((back - b) / REACH[1]) ** 2 + ((left - x) / REACH[2]) ** 2 < 1
        lung[inside] = number
    tissue = np.broadcast_to(mean_hu + rise_hu * down * back / (2 * REACH[1]), shape).astype(np.float32)
    if added is not None:
        tissue = tissue + added(head, back, left).astype(np.float32)
    for ball in balls:
        distance = np.sqrt((head - ball.centre[0]) ** 2 + (back - ball.centre[1]) ** 2 + (left - ball.centre[2]) ** 2)
        # soft over one voxel, so that the patch holds its millilitres on any grid
        share = np.clip(0.5 + (ball.radius - distance) / min(spacing), 0, 1).astype(np.float32)
        tissue = tissue + share * ball.added if ball.own_hu is None else tissue * (1 - share) + share * ball.own_hu
    tubes = np.zeros(shape, dtype=bool)
    rng = np.random.default_rng(seed)
    for _ in range(vessels):
        z, x = rng.uniform(-60, 60), rng.choice((-60, 60)) + rng.uniform(-30, 30)
        tubes |= np.broadcast_to((head - z) ** 2 + (left - x) ** 2 < rng.uniform(*vessel_mm) ** 2, shape)
    tubes &= lung > 0
    hu[lung > 0] = tissue[lung > 0]
    hu[tubes] = 40.0
    hu = ndi.gaussian_filter(hu, [blur_mm / s for s in spacing])
    hu += ndi.gaussian_filter(rng.standard_normal(shape), (0, 0.6, 0.6)).astype(np.float32) * noise_hu * 2.1
    acquisition = Acquisition(modality="CT", posture=posture, age_years=age_years)
    return Body(
        Volume(np.rint(hu).astype(np.int16), geometry, acquisition=acquisition),
        LabelMap(lung, geometry, LUNG_SCHEME),
        LabelMap(tubes.astype(np.uint8), geometry, VESSEL_SCHEME),
        (head, back, left),
    )


def dice(found: npt.NDArray[np.bool_], true: npt.NDArray[np.bool_]) -> float:
    """Overlap of two masks, 0 to 1."""
    return float(2 * (found & true).sum() / max(1, found.sum() + true.sum()))
