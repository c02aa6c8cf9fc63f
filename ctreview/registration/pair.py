"""Two images made ready for each other: clamped, cut to their masks, no finer than needed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ctreview.errors import RegistrationFailed
from ctreview.registration.features import mind_descriptors
from ctreview.registration.keypoints import distinctiveness
from ctreview.registration.sampling import sample
from ctreview.volume.box import bounding_box
from ctreview.volume.geometry import FloatArray, Geometry, require_same_grid
from ctreview.volume.labels import LabelMap
from ctreview.volume.transform import Transform
from ctreview.volume.volume import Volume

__all__ = ["PreparedImage", "PyramidLevel", "RegistrationPair", "prepare_pair"]

Image = npt.NDArray[np.float32]

LEVEL_MARGIN_MM = 9.0
"""Seen around the mask on a working grid: the patches of keypoints at its surface."""

MARGIN_MM = 40.0
"""Kept around a mask: the widest search and patch, so that matches at its edge see real surroundings."""


@dataclass(frozen=True, eq=False)
class PreparedImage:
    """One image of the pair, coarse enough to be quick.

    Attributes
    ----------
    image : ndarray of float32
        Clamped values.
    mask : ndarray of float32
        Share of each voxel inside the organ.
    ignore : ndarray of float32 or None
        Share of each voxel that is not to be relied on.
    geometry : Geometry
        Where all three lie.
    centroid : ndarray, shape (3,)
        Of the mask, LPS millimetres.
    volume_ml : float
        Of the mask, from the native grid.
    box : tuple of ndarray
        Lowest and highest LPS coordinates of the mask.
    """

    image: Image
    mask: Image
    ignore: Image | None
    geometry: Geometry
    centroid: FloatArray
    volume_ml: float
    box: tuple[FloatArray, FloatArray]
    background: float


@dataclass(frozen=True, eq=False)
class PyramidLevel:
    """The fixed image on one working grid, and what matching needs of it, made once.

    Attributes
    ----------
    grid : Geometry
        Isotropic, parallel to the patient's axes, over the mask and `LEVEL_MARGIN_MM` around it.
    image : ndarray of float32
        Clamped values.
    mask : ndarray of bool
        The organ.
    descriptors : ndarray of uint64
        Descriptors.
    """

    grid: Geometry
    image: Image
    mask: npt.NDArray[np.bool_]
    descriptors: npt.NDArray[np.uint64]
    _strengths: dict[float, Image] = field(default_factory=dict)

    def strength(self, sharpness: float, *, threads: int = 1) -> Image:
        """How distinctive each voxel is."""
        if sharpness not in self._strengths:
            self._strengths[sharpness] = distinctiveness(self.image, sigma=sharpness, threads=threads)
        return self._strengths[sharpness]


@dataclass(frozen=True, eq=False)
class RegistrationPair:
    """Both sides and the native grids they came from."""

    fixed: PreparedImage
    moving: PreparedImage
    fixed_geometry: Geometry
    moving_geometry: Geometry
    _levels: dict[float, PyramidLevel] = field(default_factory=dict)

    def level(self, spacing_mm: float, *, threads: int = 1) -> PyramidLevel:
        """The fixed image on the working grid of that spacing; made on first use."""
        if spacing_mm not in self._levels:
            grid = self.grid(spacing_mm, LEVEL_MARGIN_MM)
            image, mask = self.fixed_on(grid, threads=threads), self.fixed_mask_on(grid, threads=threads)
            self._levels[spacing_mm] = PyramidLevel(grid, image, mask, mind_descriptors(image, threads=threads))
        return self._levels[spacing_mm]

    def grid(self, spacing_mm: float, margin_mm: float) -> Geometry:
        """Isotropic voxels parallel to the patient's axes, over the fixed mask and a margin."""
        low, high = self.fixed.box[0] - margin_mm, self.fixed.box[1] + margin_mm
        count = np.ceil((high - low) / spacing_mm).astype(int) + 1
        shape = (int(count[2]), int(count[1]), int(count[0]))
        frame = self.fixed_geometry.frame_of_reference
        return Geometry.aligned(shape, (spacing_mm,) * 3, origin=low.tolist(), frame_of_reference=frame)

    def transform(self, affine: FloatArray) -> Transform:
        """An affine between the two native grids."""
        return Transform(self.fixed_geometry, self.moving_geometry, affine)

    def fixed_on(self, grid: Geometry, *, threads: int = 1) -> Image:
        """The fixed image on a grid."""
        side = self.fixed
        return sample(side.image, side.geometry, grid, None, fill=side.background, threads=threads)

    def moving_on(self, grid: Geometry, transform: Transform, *, threads: int = 1) -> Image:
        """The moving image brought onto a grid of the fixed one."""
        side = self.moving
        return sample(side.image, side.geometry, grid, transform, fill=side.background, threads=threads)

    def fixed_mask_on(self, grid: Geometry, *, threads: int = 1) -> npt.NDArray[np.bool_]:
        """The fixed mask on a grid."""
        side = self.fixed
        return np.asarray(sample(side.mask, side.geometry, grid, None, fill=0.0, threads=threads) >= 0.5)

    def moving_mask_on(self, grid: Geometry, transform: Transform, *, threads: int = 1) -> npt.NDArray[np.bool_]:
        """The moving mask brought onto a grid of the fixed image."""
        side = self.moving
        return np.asarray(sample(side.mask, side.geometry, grid, transform, fill=0.0, threads=threads) >= 0.5)


def prepare_pair(
    fixed: Volume,
    moving: Volume,
    fixed_mask: LabelMap,
    moving_mask: LabelMap,
    *,
    fixed_ignore: LabelMap | None = None,
    moving_ignore: LabelMap | None = None,
    spacing_mm: float,
    intensity_range: tuple[float, float],
    threads: int = 1,
) -> RegistrationPair:
    """Cut both images to their masks and average voxels that are finer than ``spacing_mm``.

    Raises
    ------
    GridMismatch
        A mask does not lie on its image.
    RegistrationFailed
        A mask is empty.
    """
    with ThreadPoolExecutor(max(1, min(threads, 2))) as pool:
        one = pool.submit(_side, fixed, fixed_mask, fixed_ignore, "fixed", spacing_mm, intensity_range)
        other = pool.submit(_side, moving, moving_mask, moving_ignore, "moving", spacing_mm, intensity_range)
        return RegistrationPair(one.result(), other.result(), fixed.geometry, moving.geometry)


def _side(
    volume: Volume, mask: LabelMap, ignore: LabelMap | None, which: str, spacing_mm: float, limits: tuple[float, float]
) -> PreparedImage:
    require_same_grid(volume, mask, *(() if ignore is None else (ignore,)))
    if not mask.array.any():
        raise RegistrationFailed(
            f"the mask of the {which} image is empty", remedy="Segment the organ in both images first."
        )
    tight = bounding_box(mask.array)
    start, stop = np.array([span.start for span in tight]), np.array([span.stop for span in tight])
    geometry = volume.geometry
    around = np.ceil(MARGIN_MM / np.array(geometry.spacing)).astype(int)
    low, high = np.maximum(start - around, 0), np.minimum(stop + around, geometry.shape)
    # Averaging whole voxels keeps values where they are; a finer detail than the working grid would only alias.
    factor = np.maximum(np.floor(spacing_mm / np.array(geometry.spacing) + 0.05), 1).astype(int)
    factor = np.minimum(factor, high - low)
    high = low + (high - low) // factor * factor
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    small = _coarser(geometry.crop(low.tolist(), high.tolist()), factor)
    image = np.clip(_averaged(volume.array[box], factor), *limits)
    share = _averaged(mask.array[box] > 0, factor)
    unsure = None if ignore is None else _averaged(ignore.array[box] > 0, factor)
    points, weights = _mass(share, small)
    centroid = weights @ points / weights.sum()
    corners = geometry.crop(start.tolist(), stop.tolist()).corners()
    volume_ml = float(np.count_nonzero(mask.array)) * geometry.voxel_ml
    extent = (corners.min(axis=0), corners.max(axis=0))
    return PreparedImage(image, share, unsure, small, centroid, volume_ml, extent, limits[0])


def _averaged(array: npt.NDArray[np.generic], factor: npt.NDArray[np.int64]) -> Image:
    a, b, c = (int(f) for f in factor)
    depth, height, width = (n // f for n, f in zip(array.shape, (a, b, c), strict=True))
    total = np.zeros((depth, height, width), dtype=np.float32)
    for i in range(a):
        for j in range(b):
            for k in range(c):
                total += array[i::a, j::b, k::c]
    total /= np.float32(a * b * c)
    return total


def _coarser(geometry: Geometry, factor: npt.NDArray[np.int64]) -> Geometry:
    affine = np.array(geometry.affine)
    affine[:3, :3] = geometry.affine[:3, :3] * factor
    affine[:3, 3] = geometry.to_lps((factor - 1) / 2)
    a, b, c = (int(n) // int(f) for n, f in zip(geometry.shape, factor, strict=True))
    return Geometry((a, b, c), affine, geometry.frame_of_reference)


def _mass(share: Image, geometry: Geometry) -> tuple[FloatArray, FloatArray]:
    index = np.argwhere(share > 0)
    return geometry.to_lps(index), share[tuple(index.T)].astype(np.float64)
