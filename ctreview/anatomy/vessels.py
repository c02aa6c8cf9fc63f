"""Vessels, and the walls of airways, inside the lungs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cc3d
import numba
import numpy as np
import numpy.typing as npt
import SimpleITK

from ctreview.anatomy.coarse import Mask, Spacing, opened
from ctreview.anatomy.costal import costal_depth
from ctreview.anatomy.lung_size import relative_size
from ctreview.anatomy.lungs import LUNG_SCHEME
from ctreview.anatomy.tubeness import update_tubeness
from ctreview.compiled import compiled, compiled_in_parallel
from ctreview.errors import SegmentationFailed, WrongUse
from ctreview.possible_values import require_possible
from ctreview.progress import Progress, quiet
from ctreview.volume.box import bounding_box
from ctreview.volume.counting import look_up
from ctreview.volume.distance import beside, dilated
from ctreview.volume.geometry import require_same_grid
from ctreview.volume.labels import Code, Label, LabelMap, Scheme
from ctreview.volume.smoothing import gaussian
from ctreview.volume.volume import Volume

__all__ = ["VESSEL_SCHEME", "VesselSettings", "find_vessels"]

Image = npt.NDArray[np.float32]

BLOOD_HU = 40.0

_STRUCTURE = Code("91723000", "SCT", "Anatomical Structure")

VESSEL_SCHEME = Scheme(
    (
        Label(1, "vessel", (204, 121, 167), Code("59820001", "SCT", "Blood vessel"), _STRUCTURE),
        Label(2, "airway_wall", (230, 159, 0), Code("110726009", "SCT", "Trachea and bronchus"), _STRUCTURE),
    )
)
"""What `find_vessels` gives. The colours are safe for colour blindness (Okabe and Ito)."""


@dataclass(frozen=True)
class VesselSettings:
    """How vessels are found.

    Attributes
    ----------
    grid_mm, wide_grid_mm : float
        Size of voxels on which narrow and wide vessels are looked for; a coarser axis of the image stays as it is.
    scales_mm, wide_scales_mm : tuple of float
        Standard deviations of the Gaussians; a vessel answers most to the one of about a third of its diameter.
    least_hu, wide_least_hu : tuple of float
        For each scale what the middle of a vessel has at least, at that scale: wide ones show the density of blood,
        narrow ones lose it to partial volume. Bands of ground glass do not reach it.
    solid_hu : float
        A dense body above this may be consolidation.
    solid_mm, solid_depth_mm : tuple of float
        It is no vessel if thicker than twice the one, and no deeper below the ribs than the other, in lungs of 5 L.
    flatness : float
        How much it counts against a wide vessel that its cross-section is flat, as the edge of a consolidation is.
    wide_depth_mm : tuple of float
        For each wide scale how deep below the ribs such vessels begin, in lungs of 5 L; scaled with the cube root of
        volume. Nearer to the ribs vessels are narrow, and a wide bright band is the edge of a consolidation.
    low_hu, high_hu : float
        Hysteresis on the strength of vessels (a quarter of their contrast, see `tubeness.update_tubeness`).
    lumen_low_hu, lumen_high_hu : float
        The same for the lumen of bronchi.
    contrast_hu : float
        A voxel of a vessel stands out of the lung around by at least this.
    wall_contrast_hu : float
        That of an airway wall, of which partial volume leaves less.
    haze_contrast : float
        In ground glass a vessel stands out by at least this share of what blood would: lobules stand out by less.
    clear_hu : float
        Lung around that is no more than this above the usual lung counts as clear, not as ground glass; in between it
        goes over by degrees.
    haze_hu : float
        Lung around that is at least this much above the usual lung counts wholly as ground glass.
    least_ml : float
        Smaller pieces are no vessels.
    lumen_hu : float
        The lumen of a bronchus is darker than this.
    wall_mm : float
        How far from the lumen its wall is looked for.
    """

    grid_mm: float = 1.0
    wide_grid_mm: float = 2.0
    scales_mm: tuple[float, ...] = (1.0, 1.5)
    wide_scales_mm: tuple[float, ...] = (2.5, 4.0)
    least_hu: tuple[float, ...] = (-750.0, -550.0)
    wide_least_hu: tuple[float, ...] = (-320.0, -250.0)
    wide_depth_mm: tuple[float, ...] = (20.0, 30.0)
    solid_hu: float = -300.0
    solid_mm: tuple[float, ...] = (3.0, 5.5)
    solid_depth_mm: tuple[float, ...] = (30.0, 50.0)
    flatness: float = 0.5
    low_hu: float = 30.0
    high_hu: float = 60.0
    lumen_low_hu: float = 15.0
    lumen_high_hu: float = 30.0
    contrast_hu: float = 110.0
    wall_contrast_hu: float = 70.0
    haze_contrast: float = 0.3
    clear_hu: float = 50.0
    haze_hu: float = 100.0
    least_ml: float = 0.05
    lumen_hu: float = -900.0
    wall_mm: float = 2.5

    def __post_init__(self) -> None:
        require_possible(self, grid_mm=(0.25, 20.0), wide_grid_mm=(0.25, 20.0), scales_mm=(0.1, 50.0))
        if len(self.solid_mm) != len(self.solid_depth_mm):
            raise WrongUse("each thickness of a dense body needs a depth")
        wide = len(self.wide_scales_mm)
        if len(self.scales_mm) != len(self.least_hu) or {len(self.wide_least_hu), len(self.wide_depth_mm)} != {wide}:
            raise WrongUse("vessels need one least density for each scale, and wide ones a depth")


@dataclass(frozen=True)
class _Grid:
    """A resampled copy of the lungs' box: the image, and where lung is."""

    image: Image
    lung: Mask
    spacing: Spacing


def find_vessels(
    volume: Volume, lungs: LabelMap, *, settings: VesselSettings | None = None, progress: Progress = quiet
) -> LabelMap:
    """Find vessels and walls of bronchi inside the lungs.

    Parameters
    ----------
    volume : Volume
        In HU.
    lungs : LabelMap
        Of `find_lungs`, on the same grid.
    settings : VesselSettings
        How.
    progress : Progress
        Called with the progress.

    Returns
    -------
    LabelMap
        Of `VESSEL_SCHEME` on the grid of ``volume``; nothing outside the lungs.

    Raises
    ------
    SegmentationFailed
        There is no lung to look in.
    GridMismatch
        The lungs lie elsewhere.

    Notes
    -----
    Tubes are found by the curvature of the smoothed image at several scales (`tubeness`), which a flat patch of ground
    glass or consolidation has not and a vessel inside it has. Voxels of the full grid then belong to a tube where
    they stand out of the mean of what lies around and is no tube.
    """
    settings = settings or VesselSettings()
    require_same_grid(volume, lungs)
    inside = lungs.mask("right_lung", "left_lung")
    if not inside.any():
        raise SegmentationFailed("there is no lung to look for vessels in", remedy="Look at the lung mask.")
    progress(0, 4, "vessels")
    box = bounding_box(inside, 4)
    # what is denser than blood is of no interest, and a rib would ring into the lung
    hu = volume.array[box].astype(np.float32)
    np.clip(hu, -1024, 100, out=hu)
    lung = np.ascontiguousarray(inside[box])
    full = _Grid(hu, lung, volume.geometry.spacing)
    fine = _resampled(full, settings.grid_mm)
    wide = _resampled(fine, settings.wide_grid_mm)
    progress(1, 4, "vessels")
    bright, dark = _tubeness(fine, [fine.lung] * len(settings.scales_mm), settings.scales_mm, settings.least_hu, 0.0)
    size, depth = _costal_depth(lungs.array[box], full.spacing, wide)
    deep = [wide.lung & (depth > size * least) for least in settings.wide_depth_mm]
    bright_wide, _ = _tubeness(wide, deep, settings.wide_scales_mm, settings.wide_least_hu, settings.flatness)
    _raise_to_coarser(bright, bright_wide, fine.lung, np.array(fine.spacing), np.array(wide.spacing))
    bright[
        _onto(
            _thick_consolidation(wide, depth, size, settings).astype(np.uint8),
            wide.spacing,
            fine.spacing,
            fine.lung.shape,
        )
        > 0
    ] = 0
    progress(2, 4, "vessels")
    tubes = _hysteresis(bright, fine, settings.low_hu, settings.high_hu, settings.least_ml)
    hollow = np.where(fine.image < settings.lumen_hu, dark, 0)
    lumen = _hysteresis(hollow, fine, settings.lumen_low_hu, settings.lumen_high_hu, settings.least_ml)
    usual, around = _surroundings(wide, fine, tubes | lumen)
    progress(3, 4, "vessels")
    zone = _candidate_zone(tubes, lumen, fine.spacing, settings.wall_mm)
    labels = np.zeros(volume.array.shape, dtype=np.uint8)
    spacings = np.array(full.spacing), np.array(fine.spacing), np.array(wide.spacing)
    contrast = np.array([np.inf, settings.contrast_hu, settings.wall_contrast_hu])
    haze = np.array([settings.haze_contrast, usual + settings.clear_hu, usual + settings.haze_hu])
    _label(hu, lung, zone, around, *spacings, contrast, haze, labels[box])
    progress(4, 4, "vessels")
    return LabelMap(labels, volume.geometry, VESSEL_SCHEME)


def _resampled(grid: _Grid, target_mm: float) -> _Grid:
    a, b, c = (max(s, target_mm) for s in grid.spacing)
    if (a, b, c) == grid.spacing:
        return grid
    image = _onto(grid.image, grid.spacing, (a, b, c))
    return _Grid(image, _onto(grid.lung.astype(np.uint8), grid.spacing, (a, b, c)) > 0, (a, b, c))


def _onto(
    array: npt.NDArray[Any], spacing: Spacing, target: Spacing, shape: tuple[int, ...] | None = None
) -> npt.NDArray[Any]:
    """Another spacing over the same box (or ``shape``): linear for images, nearest for masks."""
    spans = zip(array.shape, spacing, target, strict=True)
    shape = shape or tuple(max(1, int(np.ceil(n * s / t - 1e-6))) for n, s, t in spans)
    image = SimpleITK.GetImageFromArray(array)
    image.SetSpacing([float(s) for s in spacing[::-1]])
    image.SetOrigin([0.5 * float(s) for s in spacing[::-1]])
    work = SimpleITK.ResampleImageFilter()
    work.SetSize(shape[::-1])
    work.SetOutputSpacing([float(t) for t in target[::-1]])
    work.SetOutputOrigin([0.5 * float(t) for t in target[::-1]])
    work.SetInterpolator(SimpleITK.sitkLinear if array.dtype == np.float32 else SimpleITK.sitkNearestNeighbor)
    work.UseNearestNeighborExtrapolatorOn()
    return np.asarray(SimpleITK.GetArrayFromImage(work.Execute(image)))


def _smooth(image: Image, sigma_mm: float, spacing: Spacing) -> Image:
    return gaussian(image, [sigma_mm / s for s in spacing], truncate=3.0)


def _costal_depth(lungs: npt.NDArray[np.uint8], spacing: Spacing, wide: _Grid) -> tuple[float, Image]:
    """Size of the lungs (a length's ratio, 1 for 5 L), and depth below the ribs on the wide grid."""
    labels = _onto(lungs, spacing, wide.spacing, wide.lung.shape)
    right, left = (labels == LUNG_SCHEME[key].value for key in ("right_lung", "left_lung"))
    ml = np.count_nonzero(right | left) * float(np.prod(wide.spacing)) / 1000.0
    return relative_size(ml, both=bool(right.any() and left.any())), costal_depth(right, left, wide.spacing)


def _thick_consolidation(wide: _Grid, depth: Image, size: float, settings: VesselSettings) -> Mask:
    """Dense bodies that are thicker than any vessel so far below the ribs: consolidation, with its edge."""
    dense = wide.lung & (wide.image > settings.solid_hu)
    solid = np.zeros(dense.shape, dtype=bool)
    for radius, deepest in zip(settings.solid_mm, settings.solid_depth_mm, strict=True):
        # a ball of less than a voxel and a quarter opens nothing
        at_least = max(size * radius, 1.25 * max(wide.spacing))
        solid |= opened(dense, at_least, wide.spacing) & (depth < size * deepest)
    return dilated(solid, 2.0, wide.spacing)


def _tubeness(
    grid: _Grid, where: list[Mask], scales: tuple[float, ...], least: tuple[float, ...], flatness: float
) -> tuple[Image, Image]:
    """How strong bright and dark tubes are, the most over all scales, each within its own mask."""
    bright: Image = np.zeros(grid.image.shape, dtype=np.float32)
    dark: Image = np.zeros(grid.image.shape, dtype=np.float32)
    for inside, scale, least_hu in zip(where, scales, least, strict=True):
        smooth = _smooth(grid.image, scale, grid.spacing)
        update_tubeness(smooth, inside, grid.spacing, scale, least_hu, flatness, bright, dark)
    return bright, dark


def _hysteresis(strength: Image, grid: _Grid, low: float, high: float, least_ml: float) -> Mask:
    """Tubes of some strength that are strong somewhere and not tiny."""
    labels = cc3d.connected_components((strength > low) & grid.lung, connectivity=26)
    sizes = np.zeros(1 + int(labels.max()), dtype=np.int64)
    keep = np.zeros(len(sizes), dtype=bool)
    _find_strong(labels, strength, np.float32(high), sizes, keep)
    keep &= sizes * float(np.prod(grid.spacing)) / 1000.0 > least_ml
    return look_up(keep, labels)


@compiled()
def _find_strong(labels: Any, strength: Any, high: float, sizes: Any, strong: Any) -> None:  # pragma: no cover
    """How many voxels each piece has, and whether it is strong somewhere."""
    for i in range(labels.shape[0]):
        for j in range(labels.shape[1]):
            for k in range(labels.shape[2]):
                label = labels[i, j, k]
                if label != 0:
                    sizes[label] += 1
                    strong[label] |= strength[i, j, k] > high


def _surroundings(wide: _Grid, fine: _Grid, tubes: Mask) -> tuple[float, Image]:
    """Median of lung that is no tube, and its mean within about a centimetre, on the wide grid."""
    tubes = _onto(beside(tubes).astype(np.uint8), fine.spacing, wide.spacing) > 0
    use = wide.lung & ~tubes
    weight = _smooth(use.astype(np.float32), 5.0, wide.spacing)
    total = _smooth(np.where(use, wide.image, 0).astype(np.float32), 5.0, wide.spacing)
    usual = float(np.median(wide.image[use])) if use.any() else -850.0
    # a trace of the usual lung where there is nothing but vessels, as at the hilum
    return usual, np.asarray((total + 0.002 * usual) / (weight + 0.002), dtype=np.float32)


def _candidate_zone(tubes: Mask, lumen: Mask, spacing: Spacing, wall_mm: float) -> npt.NDArray[np.uint8]:
    """Where a voxel may be vessel (1), airway wall (2) or neither (0), on the fine grid."""
    steps = max(1, int(np.ceil(wall_mm / max(spacing))))
    for _ in range(steps):
        lumen = beside(lumen)
    zone = lumen.view(np.uint8) * np.uint8(2)
    zone[beside(tubes)] = 1
    return zone


@compiled_in_parallel()
def _raise_to_coarser(
    bright: Any, other: Any, lung: Any, spacing: Any, other_spacing: Any
) -> None:  # pragma: no cover - compiled
    """Raise a map to the values of one on a coarser grid, by linear interpolation."""
    for i in numba.prange(bright.shape[0]):
        for j in range(bright.shape[1]):
            for k in range(bright.shape[2]):
                if lung[i, j, k]:
                    value = _linear(other, spacing, other_spacing, i, j, k)
                    bright[i, j, k] = max(bright[i, j, k], value)


@compiled(inline="always")
def _linear(image: Any, spacing: Any, image_spacing: Any, i: int, j: int, k: int) -> float:  # pragma: no cover
    """Value of an image of another spacing over the same box at a voxel."""
    a = min(max((i + 0.5) * spacing[0] / image_spacing[0] - 0.5, 0.0), image.shape[0] - 1.0)
    b = min(max((j + 0.5) * spacing[1] / image_spacing[1] - 0.5, 0.0), image.shape[1] - 1.0)
    c = min(max((k + 0.5) * spacing[2] / image_spacing[2] - 0.5, 0.0), image.shape[2] - 1.0)
    i0, j0, k0 = int(a), int(b), int(c)
    i1, j1, k1 = min(i0 + 1, image.shape[0] - 1), min(j0 + 1, image.shape[1] - 1), min(k0 + 1, image.shape[2] - 1)
    u, v, w = a - i0, b - j0, c - k0
    low = (image[i0, j0, k0] * (1 - w) + image[i0, j0, k1] * w) * (1 - v) + (
        image[i0, j1, k0] * (1 - w) + image[i0, j1, k1] * w
    ) * v
    high = (image[i1, j0, k0] * (1 - w) + image[i1, j0, k1] * w) * (1 - v) + (
        image[i1, j1, k0] * (1 - w) + image[i1, j1, k1] * w
    ) * v
    return low * (1 - u) + high * u  # type: ignore[no-any-return]


@compiled_in_parallel()
def _label(
    hu: Any,
    lung: Any,
    zone: Any,
    around: Any,
    spacing: Any,
    zone_spacing: Any,
    around_spacing: Any,
    contrast: Any,
    haze: Any,
    labels: Any,
) -> None:  # pragma: no cover - compiled
    for i in numba.prange(hu.shape[0]):
        zi = min(int((i + 0.5) * spacing[0] / zone_spacing[0]), zone.shape[0] - 1)
        for j in range(hu.shape[1]):
            zj = min(int((j + 0.5) * spacing[1] / zone_spacing[1]), zone.shape[1] - 1)
            for k in range(hu.shape[2]):
                if not lung[i, j, k]:
                    continue
                zk = min(int((k + 0.5) * spacing[2] / zone_spacing[2]), zone.shape[2] - 1)
                kind = zone[zi, zj, zk]
                if kind == 0:
                    continue
                level = _linear(around, spacing, around_spacing, i, j, k)
                hazy = min(max((level - haze[1]) / (haze[2] - haze[1]), 0.0), 1.0)
                least = max(contrast[kind], hazy * haze[0] * (BLOOD_HU - level))
                if hu[i, j, k] > level + least:
                    labels[i, j, k] = kind
