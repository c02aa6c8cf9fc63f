"""The image around the expected place of a fissure, sampled along its own plane and across it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from ctreview.anatomy.lobes.frame import LungFrame
from ctreview.anatomy.lobes.prior import FissurePrior, node_weights
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
    """

    hu: Image
    lung: Mask
    vessel: Mask
    position: FloatArray
    expected: FloatArray
    heights: FloatArray
    steps: FloatArray
    image_mm: float

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
    over = expected[..., None] + heights
    places = np.concatenate([np.broadcast_to(position[:, :, None], (*over.shape, 2)), over[..., None]], axis=-1)
    index = np.moveaxis(grid.to_index(frame.to_patient(plane.points(places))), -1, 0)
    hu = ndimage.map_coordinates(scan.volume.array, index, output=np.float32, order=1, mode="nearest")
    nearest = np.rint(index).astype(np.int32)
    inside = np.all([(part >= 0) & (part < n) for part, n in zip(nearest, grid.shape, strict=True)], axis=0)
    at = tuple(np.clip(part, 0, n - 1) for part, n in zip(nearest, grid.shape, strict=True))
    lung = (scan.lungs.array[at] == scan.lungs.scheme[prior.side].value) & inside
    vessel = (scan.vessels.array[at] > 0) & inside
    normal = frame.scale * plane.normal
    voxel = float(np.linalg.norm(grid.affine[:3, :3].T @ (normal / np.linalg.norm(normal))))
    return FissureSlab(hu, lung, vessel, position, expected, heights, np.asarray(unit * step), voxel)
