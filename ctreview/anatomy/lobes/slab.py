"""The image around the expected place of a fissure, sampled along its own plane and across it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ctreview.anatomy.lobes.frame import LungFrame
from ctreview.anatomy.lobes.prior import FissurePrior, node_weights
from ctreview.compiled import compiled
from ctreview.volume.geometry import FloatArray
from ctreview.volume.labels import LabelMap
from ctreview.volume.volume import Volume

__all__ = ["FissureSlab", "ScanLabels", "sample_slab"]

Image = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class FissureSlab:
    """Samples in columns across the expected surface of a fissure.

    Attributes
    ----------
    hu : ndarray of float32, shape (n, m, heights)
    lung, vessel : ndarray of bool, same shape
        Where the lung is that the fissure parts; vessels and airway walls.
    position : ndarray, shape (n, m, 2)
        Of each column in nodes of the prior's plane.
    expected : ndarray, shape (n, m)
        Height of the surface that it follows, in template millimetres.
    heights : ndarray, shape (heights,)
        Heights of samples over it, in template millimetres, rising.
    steps : ndarray, shape (3, 3)
        Patient millimetres from one sample to the next along each axis, as columns.
    image_mm : float
        Distance of the image's own voxels across the surface.
    thickest_mm : float
        Their largest side: the thickness of slices, as a rule.
    """

    hu: Image
    lung: Mask
    vessel: Mask
    position: FloatArray
    expected: FloatArray
    heights: FloatArray
    steps: FloatArray
    image_mm: float
    thickest_mm: float

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Millimetres of the patient between samples along each axis."""
        a, b, c = (float(length) for length in np.linalg.norm(self.steps, axis=0))
        return a, b, c

    @property
    def step(self) -> float:
        """Template millimetres between samples across the surface."""
        return float(self.heights[1] - self.heights[0])

    @property
    def patient_per_template(self) -> float:
        """Millimetres of the patient for one of the template, across the surface."""
        return self.spacing[2] / self.step


@dataclass(frozen=True, eq=False)
class ScanLabels:
    """A scan with its lungs, and its vessels and airway walls, on one grid."""

    volume: Volume
    lungs: LabelMap
    vessels: LabelMap


def sample_slab(
    scan: ScanLabels,
    prior: FissurePrior,
    frame: LungFrame,
    surface: FloatArray,
    *,
    reach_mm: float,
    sample_mm: float,
) -> FissureSlab:
    """Sample the image within some template millimetres of a surface.

    Parameters
    ----------
    scan : ScanLabels
    prior : FissurePrior
    frame : LungFrame
        Of the lung that it parts.
    surface : ndarray, shape (nodes,)
        Heights of the surface that it follows.
    reach_mm : float
        How far above and below, in template millimetres.
    sample_mm : float
        Distance of samples, in millimetres of the patient.
    """
    plane, grid = prior.plane, scan.lungs.geometry
    unit = plane.axes.T / frame.scale[:, None]  # millimetres of the patient for one of the template, as columns
    step = sample_mm / np.linalg.norm(unit, axis=0)
    count = [int((n - 1) * plane.step / s) + 1 for n, s in zip(plane.shape, step[:2], strict=True)]
    axes = [np.arange(n) * s / plane.step for n, s in zip(count, step[:2], strict=True)]
    position = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    expected = (node_weights(plane, position.reshape(-1, 2)) @ surface).reshape(position.shape[:2])
    half = int(reach_mm / step[2])
    heights = np.arange(-half, half + 1) * step[2]
    first, *columns = (
        grid.to_index(frame.to_patient(plane.points(place))) for place in ((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1))
    )
    to_index = np.column_stack([column - first for column in columns])
    base = first + np.concatenate([position, expected[..., None]], axis=-1) @ to_index.T
    shape = (*expected.shape, len(heights))
    hu, lung, vessel = np.empty(shape, dtype=np.float32), np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    side = scan.lungs.scheme[prior.side].value
    _sample(
        scan.volume.array, scan.lungs.array, scan.vessels.array, side, base, to_index[:, 2], heights, hu, lung, vessel
    )
    normal = frame.scale * plane.normal
    voxel = float(np.linalg.norm(grid.affine[:3, :3].T @ (normal / np.linalg.norm(normal))))
    return FissureSlab(hu, lung, vessel, position, expected, heights, np.asarray(unit * step), voxel, max(grid.spacing))


@compiled(fastmath=True)
def _sample(
    image: Any,
    lungs: Any,
    vessels: Any,
    side: int,
    base: Any,
    step: Any,
    heights: Any,
    hu: Any,
    lung: Any,
    vessel: Any,
) -> None:  # pragma: no cover - compiled
    """The image between voxels, linear and beyond its end that of the end; lung and vessels of the nearest voxel."""
    n0, n1, n2 = image.shape
    for i in range(base.shape[0]):
        for j in range(base.shape[1]):
            for k in range(len(heights)):
                x = base[i, j, 0] + step[0] * heights[k]
                y = base[i, j, 1] + step[1] * heights[k]
                z = base[i, j, 2] + step[2] * heights[k]
                a, b, c = int(np.floor(x + 0.5)), int(np.floor(y + 0.5)), int(np.floor(z + 0.5))
                if 0 <= a < n0 and 0 <= b < n1 and 0 <= c < n2:
                    lung[i, j, k] = lungs[a, b, c] == side
                    vessel[i, j, k] = vessels[a, b, c] > 0
                x, y, z = min(max(x, 0.0), n0 - 1.0), min(max(y, 0.0), n1 - 1.0), min(max(z, 0.0), n2 - 1.0)
                a, b, c = int(x), int(y), int(z)
                p, q, r = x - a, y - b, z - c
                d, e, f = min(a + 1, n0 - 1), min(b + 1, n1 - 1), min(c + 1, n2 - 1)
                near = (1.0 - q) * ((1.0 - r) * image[a, b, c] + r * image[a, b, f]) + q * (
                    (1.0 - r) * image[a, e, c] + r * image[a, e, f]
                )
                far = (1.0 - q) * ((1.0 - r) * image[d, b, c] + r * image[d, b, f]) + q * (
                    (1.0 - r) * image[d, e, c] + r * image[d, e, f]
                )
                hu[i, j, k] = (1.0 - p) * near + p * far
