"""How bright lean tissue and fat are in one image, everywhere in it, and how much of either each voxel looks like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.ndimage import binary_erosion, gaussian_filter, gaussian_filter1d, zoom

from ctreview.errors import SegmentationFailed
from ctreview.muscle.fascia_contour import beneath_fascia_mm
from ctreview.muscle.morphology import CROSS
from ctreview.possible_values import require_possible
from ctreview.volume.geometry import Geometry

__all__ = ["FatSignal", "LevelSettings", "TissueLevels", "find_levels", "levels_of_dixon"]

Image = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

_FEWEST_PURE = 200
"""Voxels of fat from which its level is taken."""

FatSignal = Literal["bright", "dark"]
"""Whether fat is brighter or darker than muscle in an image."""


@dataclass(frozen=True)
class LevelSettings:
    """How the levels of tissue are followed through the coil's sensitivity.

    Attributes
    ----------
    field_mm : float
        Standard deviation of the Gaussian over which the levels are averaged; sensitivity changes over longer ways.
    along_mm : float
        The same along the limb for the ratio of fat to muscle, which changes at the ends of a slab of excitation.
    prior : float
        Probability of fat right below the skin, and of muscle in the depth, before the signal is looked at.
    fascia_prior : float
        The same outside and inside the fascia, where it was followed.
    rounds : int
        Times that tissue and levels are found in turn.
    like_fat : float
        What is at least so much like bright fat, by its level on the coarse grid, shows the level on the fine one.
    pure_share : float
        The quantile of that which is taken for the level of fat, where too little fat is wide enough to have voxels
        that are surrounded by it; else their median is taken.
    dark_share : float
        Below this share of the darker of both levels a voxel is neither muscle nor fat: cortex, tendon, a flow void.
    grid_mm : float
        Voxels of the coarse grid on which levels are found.
    least_contrast : float
        Fat and muscle must differ by this share of the brighter one, or nothing is parted.
    good_contrast : float
        Where they differ by less, outlines are to be looked at: coils brighten by as much from skin to depth.
    """

    field_mm: float = 35.0
    along_mm: float = 12.0
    prior: float = 0.95
    fascia_prior: float = 0.999
    rounds: int = 12
    like_fat: float = 0.75
    pure_share: float = 0.7
    dark_share: float = 0.45
    grid_mm: float = 3.0
    least_contrast: float = 0.15
    good_contrast: float = 0.35

    def __post_init__(self) -> None:
        require_possible(self, rounds=(1, 1000), grid_mm=(0.5, 20.0))


@dataclass(frozen=True, eq=False)
class TissueLevels:
    """An image told by its own tissue.

    Attributes
    ----------
    fat_likeness : ndarray of float32
        0 at the level of lean tissue, 1 at that of fat, linear in signal between; beyond both clipped to −0.5 and 1.5.
        It is no fat fraction unless the image was one.
    dark : ndarray of bool
        Signal too low for either.
    corrected : ndarray of float32
        The image with the sensitivity taken off, 1 at the level of lean tissue: for looking and registering only.
    fat_signal : {"bright", "dark"}
    fat_ratio : float
        Level of fat divided by that of lean tissue.
    parted : ndarray of bool, shape (slices,)
        In which axial slices fat and muscle differ enough to be told apart.
    water : ndarray of float32, or None
        Signal of water over that of lean muscle around it, where water was imaged on its own.
    beneath_mm : ndarray of float32, or None
        How far beneath the fascia a voxel lies, where the fascia was followed (`beneath_fascia_mm`).
    """

    fat_likeness: Image
    dark: Mask
    corrected: Image
    fat_signal: FatSignal
    fat_ratio: float
    parted: Mask
    water: Image | None = None
    beneath_mm: Image | None = None


def find_levels(
    image: Image,
    inside: Mask,
    depth_mm: Image,
    geometry: Geometry,
    *,
    fat_signal: FatSignal | None = None,
    limbs: npt.NDArray[np.uint8] | None = None,
    settings: LevelSettings | None = None,
) -> TissueLevels:
    """Tell lean tissue from fat by levels that the image shows itself.

    The logarithm of signal is that of two tissues plus a smooth field; tissue and field are found in turn (Wells et
    al., IEEE Trans Med Imaging 1996, doi 10.1109/42.511747). What lies right below the skin is likelier fat, and what
    lies deep likelier lean, before the signal says otherwise.

    Parameters
    ----------
    image, inside, depth_mm : ndarray
        The signal, where the limbs are, and how deep below the skin.
    geometry : Geometry
    fat_signal : {"bright", "dark"}, optional
        From the kind of contrast; found in the image if not given.
    limbs : ndarray of uint8, optional
        The number of each limb; with it, the fascia is followed where fat and muscle differ little.
    settings : LevelSettings, optional

    Raises
    ------
    SegmentationFailed
        Fat and muscle are equally bright.
    """
    settings = settings or LevelSettings()
    factors = [max(1, round(settings.grid_mm / spacing)) for spacing in geometry.spacing]
    logarithm = np.log(np.maximum(image, 1e-3 * float(np.percentile(image[inside], 99))))
    coarse = [_averaged(values, factors) for values in (logarithm, inside.astype(np.float32), depth_mm)]
    spacing = np.array(geometry.spacing) * factors
    y, within, depth = coarse[0], coarse[1] > 0.99, coarse[2]
    shell, deep = _below_skin_and_deep(within, depth)
    start = _first_ratio(y, shell, deep, fat_signal)
    prior = np.full(y.shape, 0.5, np.float32)
    prior[shell], prior[deep] = settings.prior, 1.0 - settings.prior
    under_skin = inside & (depth_mm > 2.5)
    shallow = depth_mm < 2.5 + 0.12 * float(np.percentile(depth_mm[inside], 95))  # marrow lies deeper

    def levels() -> tuple[Image, Image]:
        """The image without its field, and fat's level in each slice of it."""
        field, ratio = _levels(y, within, depth, spacing, start, prior, settings)
        corrected = image / np.exp(_spread(field, image.shape))
        of_fat = np.exp(_spread(ratio[:, None, None], (image.shape[0], 1, 1)))
        if np.median(of_fat) > 1:  # what is darker than dark fat is no purer fat, but cortex, fascia, vessels
            of_fat = _sharpened(of_fat, corrected, under_skin, shallow, geometry.spacing[0], settings)
        return corrected, of_fat

    corrected, fat_level = levels()
    beneath = None
    # by the level of pure fat: on the coarse grid a thin layer is mixed with muscle and seems to differ little
    if limbs is not None and _contrast(float(np.median(fat_level))) < settings.good_contrast:
        beneath = beneath_fascia_mm(image, limbs, depth_mm, geometry.spacing, fat_bright=start > 0)
        unknown = _averaged(np.isnan(beneath).astype(np.float32), factors)
        _take_fascia(prior, _averaged(np.nan_to_num(beneath), factors), unknown, settings)
        corrected, fat_level = levels()
    away = np.abs(fat_level - 1.0) / np.maximum(1.0, fat_level)
    parted = away[:, 0, 0] >= settings.least_contrast
    whole = float(np.median(fat_level))
    if not parted.any():
        raise SegmentationFailed(
            "muscle and fat are equally bright in this image",
            remedy="Give a series in which they differ, such as T1, or water and fat images.",
        )
    step = np.where(parted[:, None, None], fat_level - 1.0, whole - 1.0).astype(np.float32)
    likeness = np.clip((corrected - 1.0) / step, -0.5, 1.5)
    dark = corrected < settings.dark_share * np.minimum(1.0, fat_level)
    return TissueLevels(
        likeness.astype(np.float32),
        np.asarray(dark),
        corrected.astype(np.float32),
        "bright" if whole > 1 else "dark",
        whole,
        parted,
        beneath_mm=beneath,
    )


def _below_skin_and_deep(within: Mask, depth: Image) -> tuple[Mask, Mask]:
    """Where fat is likely, and where muscle."""
    deepest = np.percentile(depth[within], 95)
    return within & (depth > 2.5) & (depth < 2.5 + 0.12 * deepest), within & (depth > 0.45 * deepest)


def _first_ratio(y: Image, shell: Mask, deep: Mask, fat_signal: FatSignal | None) -> float:
    """Fat over muscle, as a logarithm, before anything is known of the coil."""
    start = float(np.median((y - _slice_quantiles(y, deep, 0.5))[shell]))
    if fat_signal == "dark" and start >= 0:
        raise SegmentationFailed(
            "fat is dark in this contrast, but nothing below the skin is darker than what lies deep",
            remedy="Fat as dark as air hides where the limb ends: give T1, or water and fat images, as well.",
        )
    return 0.5 if fat_signal == "bright" and start < 0 else start


def _contrast(fat_ratio: float) -> float:
    """By which share of the brighter one fat and muscle differ."""
    return abs(fat_ratio - 1.0) / max(1.0, fat_ratio)


def _take_fascia(prior: Image, beneath: Image, unknown: Image, settings: LevelSettings) -> None:
    """Put into the probability of fat on which side of the fascia a voxel lies, where that is known."""
    known = unknown < 0.5
    prior[known & (beneath < -settings.grid_mm / 2)] = settings.fascia_prior
    prior[known & (beneath > settings.grid_mm)] = 1.0 - settings.fascia_prior


def _levels(
    y: Image,
    within: Mask,
    depth: Image,
    spacing: npt.NDArray[np.float64],
    start: float,
    prior: Image,
    settings: LevelSettings,
) -> tuple[Image, Image]:
    """The field of lean tissue on the coarse grid, and fat's ratio to it in each slice; both are logarithms."""
    _, deep = _below_skin_and_deep(within, depth)
    field = _slice_quantiles(y, deep, 0.5)
    if start > 0:  # near the knee most of what is deep is bright marrow: the lean side of all below the shell is muscle
        shell = depth < 2.5 + 0.12 * np.percentile(depth[within], 95)
        field = _slice_quantiles(y, within & ~shell, 0.35)
    field = np.broadcast_to(field, y.shape).astype(np.float32)
    ratio = np.full(len(y), start, np.float32)
    sd = max(0.1, abs(start) / 3)
    for _ in range(settings.rounds):
        residual, of_fat = y - field, ratio[:, None, None]
        apart = within & (residual > np.minimum(0.0, of_fat) - 0.8)
        fat = np.where(apart, _posterior(residual, of_fat, sd, prior), 0.0)
        lean = np.where(apart, 1.0 - fat, 0.0)
        ratio = _of_slices((fat * residual).sum(axis=(1, 2)), fat.sum(axis=(1, 2)), spacing[0], settings)
        of_fat = ratio[:, None, None]
        away = fat * (residual - of_fat) + lean * residual
        square = (fat * (residual - of_fat) ** 2 + lean * residual**2).sum()
        sd = max(0.06, float(np.sqrt(square / max(float((fat + lean).sum()), 1.0))))
        weight = np.where(np.abs(away) < 3 * sd, fat + lean, 0.0).astype(np.float32)
        field = field + _smooth(away * weight, weight, spacing, settings.field_mm)
    return field, ratio


def _sharpened(
    fat_level: Image, corrected: Image, where: Mask, shallow: Mask, spacing_mm: float, settings: LevelSettings
) -> Image:
    """The level of bright fat where a voxel holds nothing else: on the coarse grid thin fat is mixed with the rest.

    What is like fat by one level gives the next one, until both agree.
    """
    samples = [plane[there] for plane, there in zip(corrected, where, strict=True)]
    for _ in range(settings.rounds):
        before = fat_level
        fat_level = _level_of(samples, before, settings.pure_share, spacing_mm, settings)
        if np.allclose(fat_level, before, rtol=0.005):
            break
    like = where & (corrected > 1.0 + settings.like_fat * (fat_level - 1.0))
    surrounded = shallow & binary_erosion(like, CROSS)
    if np.count_nonzero(surrounded) < _FEWEST_PURE:
        return fat_level
    samples = [plane[there] for plane, there in zip(corrected, surrounded, strict=True)]
    return _level_of(samples, fat_level, 0.5, spacing_mm, settings)


def _level_of(
    samples: list[Image], fat_level: Image, share: float, spacing_mm: float, settings: LevelSettings
) -> Image:
    """A quantile of what is like fat in each slice, over neighbouring slices."""
    total, weight = np.zeros((2, len(samples), 1, 1), np.float32)
    for level, (values, of_fat) in enumerate(zip(samples, fat_level.ravel(), strict=True)):
        like_fat = values[values > 1.0 + settings.like_fat * (of_fat - 1.0)]
        if len(like_fat):
            weight[level] = len(like_fat)
            total[level] = len(like_fat) * np.quantile(like_fat, share)
    found = _of_slices(total, weight, spacing_mm, settings)
    return np.asarray(np.where(weight.sum() > 0, found, fat_level), np.float32)


def _of_slices(total: Image, weight: Image, spacing_mm: float, settings: LevelSettings) -> Image:
    """Weighted means over neighbouring slices."""
    sigma = settings.along_mm / spacing_mm
    below = gaussian_filter1d(weight.astype(np.float64), sigma, mode="nearest")
    above = gaussian_filter1d(total.astype(np.float64), sigma, mode="nearest")
    return np.asarray(above / np.maximum(below, 1e-6), np.float32)


def _slice_quantiles(y: Image, where: Mask, share: float) -> Image:
    """A quantile of each slice, shape (slices, 1, 1); where a slice has none of it, that of all."""
    whole = float(np.quantile(y[where], share))
    pairs = zip(y, where, strict=True)
    found = [float(np.quantile(plane[there], share)) if there.any() else whole for plane, there in pairs]
    return np.array(found, np.float32)[:, None, None]


def _posterior(residual: Image, ratio: Image, sd: float, prior: Image) -> Image:
    """Probability of fat."""
    odds = ((residual**2) - (residual - ratio) ** 2) / (2 * sd * sd)
    return np.asarray(1.0 / (1.0 + (1.0 - prior) / prior * np.exp(-np.clip(odds, -50, 50))), np.float32)


def _smooth(values: Image, weight: Image, spacing: npt.NDArray[np.float64], mm: float) -> Image:
    """Weighted mean over a Gaussian; across slices a third as wide, since signal falls off at the ends of a slab."""
    sigma = np.array([mm / 3.0, mm, mm]) / spacing
    below = gaussian_filter(weight, sigma, truncate=3.0)
    above = gaussian_filter(values.astype(np.float32), sigma, truncate=3.0)
    return np.asarray(above / np.maximum(below, 1e-4), np.float32)


def _averaged(values: Image, factors: list[int]) -> Image:
    """Means of blocks; the last ones are filled up with their edge."""
    filled = np.pad(
        values, [(0, -size % factor) for size, factor in zip(values.shape, factors, strict=True)], mode="edge"
    )
    a, b, c = (size // factor for size, factor in zip(filled.shape, factors, strict=True))
    return np.asarray(filled.reshape(a, factors[0], b, factors[1], c, factors[2]).mean(axis=(1, 3, 5)), np.float32)


def _spread(coarse: Image, shape: tuple[int, ...]) -> Image:
    """A coarse field on the full grid, linear between the middles of blocks."""
    factors = [-(-full // few) for full, few in zip(shape, coarse.shape, strict=True)]
    fine = zoom(coarse, factors, order=1, mode="nearest", grid_mode=True)
    return np.asarray(fine[: shape[0], : shape[1], : shape[2]], np.float32)


def levels_of_dixon(water: Image, fat: Image, *, settings: LevelSettings | None = None, inside: Mask) -> TissueLevels:
    """The same from water and fat images: fat's share of their sum, which no sensitivity of the coil moves.

    Likeness is that share over what it is in fat alone.
    """
    settings = settings or LevelSettings()
    total = water + fat
    share = np.divide(fat, total, out=np.zeros_like(total), where=total > 0)
    local = _local_level(total, inside)
    dark = np.asarray(total < settings.dark_share * local)
    lean = inside & ~dark & (share < 0.5)
    level = _local_level(water, lean if lean.any() else inside)
    relative = np.divide(water, level, out=np.zeros_like(water), where=level > 0).astype(np.float32)
    parted = np.ones(len(water), bool)
    likeness = np.clip(share / _pure_fat(share, inside & ~dark, settings), 0.0, 1.5).astype(np.float32)
    return TissueLevels(likeness, dark, relative, "dark", 0.0, parted, relative)


def _pure_fat(share: Image, where: Mask, settings: LevelSettings) -> float:
    """What fat's share is where there is nothing but fat: below 1, since fat holds some water."""
    like_fat = share[where & (share > settings.like_fat)]
    return float(np.median(like_fat)) if len(like_fat) >= _FEWEST_PURE else 1.0


def _local_level(signal: Image, where: Mask) -> Image:
    weight = where.astype(np.float32)
    sigma = (1.0, 20.0, 20.0)
    return np.asarray(
        gaussian_filter(signal * weight, sigma, truncate=2.0)
        / np.maximum(gaussian_filter(weight, sigma, truncate=2.0), 1e-3)
    )
