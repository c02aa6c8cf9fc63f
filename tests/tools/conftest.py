from __future__ import annotations

import numpy as np
import pytest

from ctreview.tools import Canvas
from ctreview.volume.geometry import Geometry
from ctreview.volume.labels import Label, LabelMap, Scheme
from ctreview.volume.volume import Volume

SCHEME = Scheme((Label(1, "ground_glass", (255, 200, 0)), Label(2, "consolidation", (0, 100, 200))))
ORGAN = Scheme((Label(1, "organ", (200, 200, 200)),))
TUBE = Scheme((Label(1, "tube", (200, 0, 0)),))
LESION = np.array([10.0, -5.0, 20.0])


def grid(oblique: float = 0.0) -> Geometry:
    """40 × 48 × 56 voxels of 2 × 1.2 × 1.2 mm around the origin, turned about the head axis by an angle."""
    turn = np.array([(np.cos(oblique), -np.sin(oblique), 0), (np.sin(oblique), np.cos(oblique), 0), (0, 0, 1)])
    affine = np.eye(4)
    affine[:3, :3] = turn @ np.array([(0, 0, 1.2), (0, 1.2, 0), (2.0, 0, 0)])
    affine[:3, 3] = -affine[:3, :3] @ np.array([19.5, 23.5, 27.5])
    return Geometry((40, 48, 56), affine, "1.2.3")


def distance_to(geometry: Geometry, point: np.ndarray) -> np.ndarray:
    index = np.stack(np.meshgrid(*(np.arange(n) for n in geometry.shape), indexing="ij"), axis=-1)
    return np.linalg.norm(geometry.to_lps(index) - point, axis=-1)


def make_canvas(oblique: float = 0.0, *, noise: float = 20.0) -> Canvas:
    """A round organ at −850 HU with a ball of −600 HU (8 mm radius) crossed by a tube of +30 HU."""
    geometry = grid(oblique)
    generator = np.random.default_rng(5)
    organ = distance_to(geometry, np.zeros(3)) < 36
    lesion = distance_to(geometry, LESION) < 8
    along = np.linspace(-15, 15, 61)[:, None] * np.array([1.0, 0, 0]) + LESION
    tube = np.min([distance_to(geometry, p) for p in along], axis=0) < 1.5
    hu = np.where(organ, -850.0, 40.0)
    hu[lesion] = -600
    hu[tube] = 30
    hu += generator.normal(0, noise, hu.shape)
    volume = Volume(hu.astype(np.int16), geometry)
    return Canvas(
        volume,
        LabelMap(np.zeros(geometry.shape, np.uint8), geometry, SCHEME),
        within=LabelMap(organ.astype(np.uint8), geometry, ORGAN),
        barrier=LabelMap(tube.astype(np.uint8), geometry, TUBE),
    )


@pytest.fixture
def canvas() -> Canvas:
    return make_canvas()
