"""The density of the lung between its vessels, brought to one resolution on a working grid.

Scans differ in voxel size, kernel and noise, and thresholds compare only what was smoothed alike. Vessels, airway
walls, fissures and the partial volume of the pleura are not averaged in: they get weight 0, and the mean of the
lung around them stands in their place (normalised convolution, Knutsson and Westin 1993).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ctreview.anatomy.lung_size import ADULT_LUNGS_ML
from ctreview.errors import SegmentationFailed
from ctreview.image_quality import PointSpread, measure_spread
from ctreview.opacity.blocks import THREADS, block_means, thin_structures
from ctreview.opacity.borders import moving_organs
from ctreview.opacity.partial_volume import partial_volume, structure_size
from ctreview.opacity.settings import OpacitySettings
from ctreview.progress import Progress, quiet
from ctreview.volume.box import bounding_box
from ctreview.volume.distance import distance
from ctreview.volume.geometry import Geometry, require_same_grid
from ctreview.volume.labels import LabelMap
from ctreview.volume.smoothing import gaussian
from ctreview.volume.volume import Volume

__all__ = ["Parenchyma", "measure_parenchyma"]

LEAST_WEIGHT = 0.01
"""Means of less weight than this (1: a voxel's surroundings in full) are not used."""
FWHM = 2.0 * float(np.sqrt(2.0 * np.log(2.0)))
"""Full width at half maximum of a Gaussian in standard deviations."""
Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Parenchyma:
    """Density of lung tissue on a working grid over the lungs' box.

    Attributes
    ----------
    source : Geometry
        The scan's grid.
    start : tuple of int
        Index in the scan's grid of the first voxel of the first block.
    factors : tuple of int
        How many of the scan's voxels make one working voxel, along each axis.
    geometry : Geometry
        The working grid.
    hu : ndarray of float32
        Density in HU at the resolution for borders.
    smoothed_hu : ndarray of float32
        The same at the wider resolution for detection.
    tissue_fraction : ndarray of float32
        Share of the lung around, at the wider resolution, that is tissue between vessels and walls.
    known : ndarray of bool
        Where enough lung tissue lay around to say a density.
    lung_fraction : ndarray of float32
        Share of each working voxel that is lung.
    side : ndarray of uint8
        1 where the right lung is in the middle of a working voxel, 2 where the left is.
    depth_mm : ndarray of float32
        Distance to the lung's border, 0 outside.
    moving_mm : ndarray of float32
        Distance to heart, mediastinum and diaphragm.
    lung_ml : float
        Volume of both lungs.
    lung, vessel : ndarray of uint8
        The masks on the scan's own grid, cut to the box.
    """

    source: Geometry
    start: tuple[int, int, int]
    factors: tuple[int, int, int]
    geometry: Geometry
    hu: Floats
    smoothed_hu: Floats
    tissue_fraction: Floats
    known: Bools
    lung_fraction: Floats
    side: npt.NDArray[np.uint8]
    depth_mm: Floats
    moving_mm: Floats
    lung_ml: float
    lung: npt.NDArray[np.uint8]
    vessel: npt.NDArray[np.uint8]

    @property
    def scale(self) -> float:
        """Size of this lung beside an adult's of 5 L, as a length; lengths set for an adult are scaled with it."""
        return float(min(max((self.lung_ml / ADULT_LUNGS_ML) ** (1 / 3), 0.5), 1.2))

    @property
    def inside(self) -> Bools:
        """Working voxels that are mostly lung and whose density is known."""
        return np.asarray(self.known & (self.lung_fraction >= 0.5))


def measure_parenchyma(
    volume: Volume,
    lungs: LabelMap,
    vessels: LabelMap | None,
    *,
    spread: PointSpread | None = None,
    settings: OpacitySettings | None = None,
    progress: Progress = quiet,
) -> Parenchyma:
    """Bring the lung's density, without vessels, walls and fissures, to one resolution.

    Parameters
    ----------
    volume : Volume
        CT in HU.
    lungs : LabelMap
        With labels ``right_lung`` and ``left_lung``, on the scan's grid.
    vessels : LabelMap or None
        Vessels and airway walls to leave out (all labels), on the scan's grid.
    spread : PointSpread, optional
        The scan's point spread, where it was measured before.

    Returns
    -------
    Parenchyma

    Raises
    ------
    WrongUse
        The volume is not in HU.
    GridMismatch
        The grids differ.
    SegmentationFailed
        The lungs are empty.
    """
    settings = settings or OpacitySettings()
    volume.require_hu("opacity is measured in")
    require_same_grid(*(item for item in (volume, lungs, vessels) if item is not None))
    lung = lungs.mask("right_lung", "left_lung")
    start, stop, factors = _blocks(lung, volume.geometry, settings)
    box = tuple(slice(a, b) for a, b in zip(start, stop, strict=True))
    lung_box = np.ascontiguousarray(lung[box]).view(np.uint8)
    vessel_box = (
        np.zeros_like(lung_box) if vessels is None else np.ascontiguousarray(vessels.array[box] > 0).view(np.uint8)
    )
    progress(0, 4, "averaging the lung between its vessels")
    if spread is None:
        spread = measure_spread(volume)
    total, weight, share = _tissue(volume, box, lung_box, vessel_box, factors, spread, settings, progress)
    geometry = _working_geometry(volume.geometry, start, factors, share.shape)
    progress(2, 4, "smoothing to one resolution")
    fine = _widths(spread, geometry, settings.resolution_mm)
    wide = _widths(spread, geometry, settings.detection_mm)
    with ThreadPoolExecutor(THREADS) as pool:
        sums, norms, wide_sums, wide_norms, around = pool.map(
            _gaussian, (total, weight, total, weight, share), (fine, fine, wide, wide, wide)
        )
    smoothed = _mean(wide_sums, wide_norms)
    hu = np.where(norms > LEAST_WEIGHT, _mean(sums, norms), smoothed)
    mostly = share >= 0.5
    depth = distance(mostly, geometry.spacing)
    progress(4, 4, "smoothing to one resolution")
    return Parenchyma(
        source=volume.geometry,
        start=start,
        factors=factors,
        geometry=geometry,
        hu=hu,
        smoothed_hu=smoothed,
        tissue_fraction=wide_norms / np.maximum(around, np.float32(1e-3)),
        known=wide_norms > LEAST_WEIGHT,
        lung_fraction=share,
        side=_side(lungs, start, factors, share.shape),
        depth_mm=depth,
        moving_mm=distance(~moving_organs(mostly), geometry.spacing),
        lung_ml=float(lung_box.sum(dtype=np.int64)) * volume.geometry.voxel_ml,
        lung=lung_box,
        vessel=vessel_box,
    )


def _tissue(
    volume: Volume,
    box: tuple[slice, ...],
    lung: npt.NDArray[np.uint8],
    vessel: npt.NDArray[np.uint8],
    factors: tuple[int, int, int],
    spread: PointSpread,
    settings: OpacitySettings,
    progress: Progress,
) -> tuple[Floats, Floats, Floats]:
    """Sums and weights of the tissue in each block, without dense structures and what they shed, and lung shares."""
    hu, spacing = volume.array[box], volume.geometry.spacing
    partial, excluded = partial_volume(
        hu,
        lung,
        vessel,
        spacing=spacing,
        spread_mm=spread.by_axis,
        factors=factors,
        margin=_margin(volume.geometry, settings),
        settings=settings,
    )
    progress(1, 4, "leaving thin structures out")
    np.subtract(hu, partial, out=partial)
    total, weight, share = block_means(partial, lung, excluded, np.array(factors), np.zeros(3, dtype=int))
    size = structure_size(spread.by_axis, spacing, factors, settings)
    thin = thin_structures(total, weight, share, size, settings.thin_hu)
    total[thin] = 0.0
    weight[thin] = 0.0
    return total, weight, share


def _blocks(
    lung: Bools, geometry: Geometry, settings: OpacitySettings
) -> tuple[tuple[int, int, int], tuple[int, int, int], tuple[int, int, int]]:
    """First and one-past-last index of the lungs' box (a few voxels wider), and the voxels per block."""
    if not lung.any():
        raise SegmentationFailed("the lungs are empty", remedy="Check the lung segmentation before opacity is sought.")
    a, b, c = (max(1, int(settings.working_mm / s + 1e-6)) for s in geometry.spacing)
    x, y, z = bounding_box(lung, (2 * a, 2 * b, 2 * c))
    return (x.start, y.start, z.start), (x.stop, y.stop, z.stop), (a, b, c)


def _side(
    lungs: LabelMap, start: tuple[int, int, int], factors: tuple[int, int, int], shape: tuple[int, ...]
) -> npt.NDArray[np.uint8]:
    """Which lung each block's middle lies in; a block that the grid's end cuts short is in neither."""
    middles = tuple(slice(a + n // 2, a + n * size, n) for a, n, size in zip(start, factors, shape, strict=True))
    labels = lungs.array[middles]
    side = np.zeros(shape, dtype=np.uint8)
    for value, key in enumerate(("right_lung", "left_lung"), start=1):
        there = tuple(slice(0, n) for n in labels.shape)
        side[there][labels == lungs.scheme[key].value] = value
    return side


def _margin(geometry: Geometry, settings: OpacitySettings) -> tuple[int, int, int]:
    """Margin in voxels along each axis: nearer to the lung's border a voxel is not used."""
    a, b, c = (max(1, round(settings.pleura_mm / s)) for s in geometry.spacing)
    return a, b, c


def _working_geometry(
    geometry: Geometry, start: tuple[int, int, int], factors: tuple[int, int, int], shape: tuple[int, ...]
) -> Geometry:
    steps = np.array(factors, dtype=float)
    affine = np.array(geometry.affine)
    affine[:3, :3] = geometry.affine[:3, :3] * steps
    affine[:3, 3] = geometry.to_lps(np.array(start) + (steps - 1) / 2)
    return Geometry((shape[0], shape[1], shape[2]), affine, geometry.frame_of_reference)


def _widths(spread: PointSpread, working: Geometry, fwhm_mm: float) -> tuple[float, float, float]:
    """Gaussian widths in working voxels that bring each axis to ``fwhm_mm``, what the image is blurred already off."""
    target = (fwhm_mm / FWHM) ** 2
    a, b, c = (
        # averaging a block adds the variance of its box
        float(np.sqrt(max(target - blur**2 - step**2 / 12.0, 0.04)) / step)
        for blur, step in zip(spread.by_axis, working.spacing, strict=True)
    )
    return a, b, c


def _gaussian(values: Floats, widths: tuple[float, float, float]) -> Floats:
    return gaussian(values, widths, mode="constant", truncate=3.0)


def _mean(sums: Floats, norms: Floats) -> Floats:
    """Weighted means, and a value far below any where there is too little weight."""
    hu = np.full(sums.shape, -1000.0, dtype=np.float32)
    np.divide(sums, norms, out=hu, where=norms > LEAST_WEIGHT)
    return hu
