"""The limbs against air, the depth below the skin, and which limb is right and which left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cc3d
import edt
import fill_voids
import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter
from skimage.filters import threshold_otsu

from ctreview.checks import Check
from ctreview.errors import SegmentationFailed
from ctreview.muscle.morphology import distance_in_slices, near_in_slices, opened_in_slices
from ctreview.muscle.scheme import LimbSide
from ctreview.possible_values import require_possible
from ctreview.volume.geometry import Geometry

__all__ = ["LimbSettings", "Limbs", "find_limbs"]

Mask = npt.NDArray[np.bool_]
Image = npt.NDArray[np.float32]
Levels = npt.NDArray[np.bool_]

_QUIET_MM = 1.5
"""Standard deviation over which noise is averaged before air is sought; at most a voxel."""

FAINTEST = 0.02
"""No tissue but cortex is darker than this share of the brightest."""


@dataclass(frozen=True)
class LimbSettings:
    """How limbs are told from air, and from each other.

    Attributes
    ----------
    air_mm : float
        Half the width that a dark place needs before it may be air: the cortex of a bone that the image cuts is
        narrower.
    skin_mm : float
        What lies less deep is skin and its blur, and counts as subcutaneous.
    least_share : float
        A piece smaller than this share of the largest is no limb (a marker, a hand).
    core_share : float
        What lies deeper than this share of the deepest place of a slice is the core of a limb.
    least_apart : float
        Two limbs lie side by side in at least this share of the slices.
    most_dark : float
        Where more than this share of the cores is as dark as air, muscle does not stand out.
    off_centre_mm : float
        The least distance from the middle of the scanner at which the side of a single limb is taken from where it
        lies.
    """

    air_mm: float = 6.0
    skin_mm: float = 2.5
    least_share: float = 0.2
    core_share: float = 0.45
    least_apart: float = 0.1
    most_dark: float = 0.3
    off_centre_mm: float = 30.0

    def __post_init__(self) -> None:
        require_possible(self)


@dataclass(frozen=True, eq=False)
class Limbs:
    """Where the limbs are.

    Attributes
    ----------
    number : ndarray of uint8
        1, 2 … in each limb in the order of ``sides``, 0 outside.
    sides : tuple of {"right", "left", "unknown"}
        Of the patient.
    depth_mm : ndarray of float32
        Distance to air within axial slices; where the image ends is no air.
    joined : ndarray of bool, shape (slices,)
        Axial slices above those in which two limbs are apart: the pelvis.
    checks : tuple of Check
    """

    number: npt.NDArray[np.uint8]
    sides: tuple[LimbSide, ...]
    depth_mm: Image
    joined: Levels
    checks: tuple[Check, ...]

    @property
    def inside(self) -> Mask:
        """Where any limb is."""
        return np.asarray(self.number > 0)


def find_limbs(
    image: Image, geometry: Geometry, *, unmeasured: Mask | None = None, settings: LimbSettings | None = None
) -> Limbs:
    """Find limbs in one MR image.

    Parameters
    ----------
    image : ndarray, shape ``geometry.shape``
        Signal, in canonical axes: muscle and fat above air, in any ratio.
    geometry : Geometry
    unmeasured : ndarray of bool, optional
        Where the image holds nothing.
    settings : LimbSettings, optional

    Raises
    ------
    SegmentationFailed
        Nothing stands out against air.
    """
    settings = settings or LimbSettings()
    spacing = geometry.spacing
    # single bright voxels of noise would leave no wide dark place
    quiet = gaussian_filter(image, (0.0, *(min(1.0, _QUIET_MM / size) for size in spacing[1:])))
    bright = quiet > _air_threshold(quiet)
    outside_image = _touching_border(_not_imaged(image, bright) if unmeasured is None else unmeasured, spacing)
    air = _air(~bright, spacing, settings.air_mm)
    body = ~air & ~(outside_image & ~bright)
    body = _large_pieces(opened_in_slices(body, spacing, 2.0), settings.least_share)
    if not body.any():
        raise SegmentationFailed(
            "no limb stands out against air in this image", remedy="Give a series whose muscle is brighter than noise."
        )
    body = np.stack([fill_voids.fill(np.ascontiguousarray(plane)) for plane in body]).astype(bool)
    numbers, sides, joined, checks = _sides(body, geometry, settings)
    edge_of_image = outside_image & ~near_in_slices(air & ~outside_image, spacing, 3.0)
    depth = distance_in_slices(body | edge_of_image, spacing)
    deep = body & (depth > settings.core_share * float(np.percentile(depth[body], 95)))
    if np.count_nonzero(deep & bright) < (1 - settings.most_dark) * np.count_nonzero(deep):
        raise SegmentationFailed(
            "what lies deep in the limbs is as dark as noise in much of this image",
            remedy="Give a series whose muscle is brighter than noise, such as T1, or water and fat images.",
        )
    return Limbs(numbers, sides, depth, joined, checks)


def _air_threshold(image: Image) -> float:
    """Between noise and tissue: Otsu's on the logarithm, in which muscle and fat lie close together.

    The logarithm ends at `FAINTEST` of the brightest tissue, so that air that was masked to 0 counts like noise.
    """
    sample = image.ravel()[:: max(1, image.size // 400_000)]
    brightest = float(np.percentile(sample[sample > 0], 99.5)) if (sample > 0).any() else 1.0
    return float(np.exp(threshold_otsu(np.log(np.maximum(sample, FAINTEST * brightest)), nbins=256)))


def _not_imaged(image: Image, bright: Mask) -> Mask:
    """Zeros, where the rest of the air is noise; where all air is zero it was masked, and is air."""
    zero = image == 0
    noise = np.count_nonzero(~bright & ~zero)
    return zero if noise > np.count_nonzero(zero) / 9 else np.zeros_like(zero)


def _air(dark: Mask, spacing: Sequence[float], half_width_mm: float) -> Mask:
    """Dark places that are wide, and what is dark around them: not the cortex of bones, nor vessels."""
    wide = distance_in_slices(dark, spacing) > half_width_mm
    return np.asarray(dark & near_in_slices(wide, spacing, half_width_mm + 4.0))


def _touching_border(mask: Mask, spacing: Sequence[float]) -> Mask:
    """Pieces of a mask, in each slice, that reach the edge of the image and are wider than a voxel."""
    if not mask.any():
        return mask
    found = np.zeros_like(mask)
    for level, plane in enumerate(opened_in_slices(mask, spacing, 1.5 * max(spacing[1:]))):
        pieces = cc3d.connected_components(plane, connectivity=4)
        edge = np.unique(np.concatenate([pieces[0], pieces[-1], pieces[:, 0], pieces[:, -1]]))
        found[level] = np.isin(pieces, edge[edge > 0])
    return found


def _large_pieces(mask: Mask, least_share: float) -> Mask:
    pieces = cc3d.connected_components(mask, connectivity=6)
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    return np.asarray((sizes >= max(1.0, least_share * sizes.max()))[pieces])


def _sides(
    body: Mask, geometry: Geometry, settings: LimbSettings
) -> tuple[npt.NDArray[np.uint8], tuple[LimbSide, ...], Levels, tuple[Check, ...]]:
    limbs, apart = _limbs_apart(body, geometry, settings)
    count = int(limbs.max())
    if count == 1:
        side, check = _side_of_one(limbs, geometry, settings)
        return limbs, (side,), np.zeros(len(body), bool), (check,)
    centres = [float(geometry.to_lps(np.argwhere(limbs[apart] == n).mean(axis=0))[0]) for n in range(1, count + 1)]
    order = np.argsort(centres)
    renumbered = np.zeros(count + 1, np.uint8)
    renumbered[order + 1] = np.arange(1, count + 1)
    message = "Right and left are told by where the limbs lie in the patient."
    checks = [Check("side", "both limbs", None, ok=True, message=message)]
    joined = _above_limbs(apart, body)
    if joined.any():
        message = (
            f"In the upper {np.count_nonzero(joined)} of {len(joined)} slices both limbs are joined, and organs lie"
            " inside the fascia as well: thighs are measured below that, muscles of the pelvis where they are drawn."
        )
        checks.append(Check("pelvis", int(np.count_nonzero(joined)), 0, ok=False, message=message))
    return renumbered[limbs], ("right", "left"), joined, tuple(checks)


def _above_limbs(apart: Levels, body: Mask) -> Levels:
    """The slices above the highest in which limbs are apart; axis 0 runs to the head."""
    joined = np.asarray(body.any(axis=(1, 2)))
    joined[: int(np.flatnonzero(apart)[-1]) + 1] = False
    return joined


def _limbs_apart(body: Mask, geometry: Geometry, settings: LimbSettings) -> tuple[npt.NDArray[np.uint8], Levels]:
    """Number two limbs, parted where they touch; one limb stays one. Also in which slices there are two.

    What is deep in a slice is the core of a limb. Two cores side by side, in enough slices, are two limbs, and each
    voxel belongs to the nearer one; so the trunk is parted where the limbs below it are.
    """
    spacing = geometry.spacing
    depth = distance_in_slices(body, spacing)
    cores = np.zeros(body.shape, np.uint8)
    for level, plane in enumerate(depth):
        cores[level] = _cores_of_slice(plane, spacing[2], settings)
    apart = np.asarray(cores.any(axis=(1, 2)))
    found = body.astype(np.uint8)
    if np.count_nonzero(apart) < max(2.0, settings.least_apart * np.count_nonzero(body.any(axis=(1, 2)))):
        return found, apart
    distances = [
        edt.edt(np.ascontiguousarray(cores != number), anisotropy=spacing, black_border=False) for number in (1, 2)
    ]
    found[body] = 1 + (distances[1] < distances[0])[body]
    return found, apart


def _cores_of_slice(depth: Image, column_mm: float, settings: LimbSettings) -> npt.NDArray[np.uint8]:
    """1 and 2 in the cores of the limb at lower and at higher columns; 0 everywhere where there are not two."""
    nothing = np.zeros(depth.shape, np.uint8)
    deepest = float(depth.max())
    if deepest == 0:
        return nothing
    pieces = cc3d.connected_components(depth > settings.core_share * deepest, connectivity=4)
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    large = np.flatnonzero(sizes >= settings.least_share * sizes.max())
    middles = np.array([np.flatnonzero((pieces == number).any(axis=0)).mean() for number in large])
    if len(large) < 2 or np.ptp(middles) * column_mm < 1.5 * deepest:
        return nothing
    low = middles <= 0.5 * (middles.min() + middles.max())
    nothing[np.isin(pieces, large[low])] = 1
    nothing[np.isin(pieces, large[~low])] = 2
    return nothing


def _side_of_one(limbs: npt.NDArray[np.uint8], geometry: Geometry, settings: LimbSettings) -> tuple[LimbSide, Check]:
    x = float(geometry.to_lps(np.argwhere(limbs == 1).mean(axis=0))[0])
    if abs(x) < settings.off_centre_mm:
        message = (
            "One limb lies in the middle of the scanner: which side it is cannot be assessed from the image. Say it"
            " where it is known."
        )
        return "unknown", Check("side", round(x, 1), settings.off_centre_mm, ok=False, message=message)
    side: LimbSide = "left" if x > 0 else "right"
    message = (
        f"One limb is imaged; it lies {abs(x):.0f} mm to the patient's {side} of the scanner's middle and is taken for"
        f" the {side} one. Say the side where that is wrong."
    )
    return side, Check("side", round(x, 1), settings.off_centre_mm, ok=True, message=message)
