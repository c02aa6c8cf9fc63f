"""Which height of a limb at one date is which at another, by its cross-sections: bone, muscles, fascia and skin.

Growth, wasting and a turn of the leg change a cross-section less than the way along it does. So each slice is looked at
about the middle of what lies inside the fascia, in units of its own radius, and the heights of both dates are laid over
each other by one shift and one factor, at the turn at which the slices look most alike. Every shift is tried.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.ndimage import map_coordinates

from ctreview.checks import Check
from ctreview.muscle.limb_segment import LimbSegment, limb_key
from ctreview.muscle.scheme import LimbSide, tissue_key
from ctreview.muscle.segment import LimbTissue
from ctreview.possible_values import require_possible
from ctreview.volume.geometry import FloatArray

__all__ = ["LimbMatch", "LimbMatchSettings", "LimbSlices", "limb_slices", "match_limbs"]

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

_LEAST_SLICES = 4
"""Fewer slices have no halves to be looked at by themselves."""

_BONE_REACH = 2.0
"""So far around a bone it is looked at, in units of its usual radius and of ``LimbMatchSettings.reach``."""


@dataclass(frozen=True)
class LimbMatchSettings:
    """How slices of a limb are compared.

    Attributes
    ----------
    radii, directions : int
        Places that are looked at in a slice.
    reach : float
        Of the farthest of them, in units of the radius inside the fascia.
    step_mm : float
        Between two shifts that are tried.
    factor_step : float
        Between two factors that are tried.
    least_factor, most_factor : float
        Between which the limb may seem shorter, as it lies askew, and longer, as it grew.
    most_turn_degrees : float
        So far the leg may be turned about its length.
    least_overlap : float
        Share of the shorter of both that the other one has to show.
    most_apart_slices : float
        The lower and the upper half, each laid over the other date by itself, may differ by so many slices.
    least_alike : float
        Correlation of the slices that belong together, below which they show nothing alike.
    """

    radii: int = 24
    directions: int = 120
    reach: float = 1.2
    step_mm: float = 1.0
    factor_step: float = 0.01
    least_factor: float = 0.97
    most_factor: float = 1.14
    most_turn_degrees: float = 24.0
    least_overlap: float = 0.4
    most_apart_slices: float = 1.5
    least_alike: float = 0.6

    def __post_init__(self) -> None:
        require_possible(self, radii=(4, 200), directions=(16, 720), step_mm=(0.1, 10.0), factor_step=(0.001, 0.1))


@dataclass(frozen=True, eq=False)
class LimbSlices:
    """Cross-sections of one limb, from the feet to the head.

    Attributes
    ----------
    z_mm : ndarray
        LPS z of the middle of each.
    middle_mm : ndarray, shape (slices, 2)
        LPS x and y of the middle of what lies inside the fascia.
    radius_mm : ndarray
        Of a disc of that area.
    looks : ndarray of float32, shape (slices, values, directions)
        Likeness to fat inside the fascia on rings around its middle, and bone on rings around its own, which wasting
        of muscle leaves as wide as it was; each weighed by the length of its ring.
    """

    z_mm: FloatArray
    middle_mm: FloatArray
    radius_mm: FloatArray
    looks: Floats = field(repr=False)

    @property
    def slice_mm(self) -> float:
        """From slice to slice."""
        return float(np.median(np.abs(np.diff(self.z_mm))))


@dataclass(frozen=True)
class LimbMatch:
    """How heights of one date are those of another.

    Attributes
    ----------
    side : {"right", "left", "unknown"}
    start_mm, factor : float
        Height at follow-up = start + factor · height at baseline, in LPS millimetres.
    turn_degrees : float
        Of the leg about its length.
    alike : float
        Mean correlation of the slices that belong together.
    apart_mm : float
        Between where the lower and where the upper half would lie by itself.
    check : Check
        Stops where it is not convincing.
    """

    side: LimbSide
    start_mm: float
    factor: float
    turn_degrees: float
    alike: float
    apart_mm: float
    check: Check


def limb_slices(tissue: LimbTissue, side: LimbSide, settings: LimbMatchSettings | None = None) -> LimbSlices:
    """Look at the cross-sections of a limb.

    Slices in which limbs are joined, or muscle and fat could not be told apart, are left out.
    """
    settings = settings or LimbMatchSettings()
    geometry, labels = tissue.labels.geometry, tissue.labels
    soft, hard = (
        labels.mask(*(tissue_key(name, side) for name in names))
        for names in (("muscle", "intermuscular_fat"), ("bone_cortex", "bone_marrow"))
    )
    inside = soft | hard
    fat = np.where(soft, np.clip(tissue.levels.fat_likeness, 0.0, 1.0), np.where(hard, 0.0, 1.0)).astype(np.float32)
    shown = inside.any(axis=(1, 2)) & ~tissue.limbs.joined & tissue.levels.parted
    levels = np.flatnonzero(shown)
    pixel = geometry.spacing[1] * geometry.spacing[2]
    bone_radius = _usual_radius(hard[levels], pixel)
    middles, radii, looks = [], [], []
    for level in levels:
        middle, radius = np.argwhere(inside[level]).mean(axis=0), _radius(inside[level], pixel)
        look = _rings(fat[level], middle, radius, geometry.spacing, settings)
        core = np.argwhere(hard[level]).mean(axis=0) if hard[level].any() else middle
        bone = _rings(hard[level].astype(np.float32), core, _BONE_REACH * bone_radius, geometry.spacing, settings)
        middles.append(middle)
        radii.append(radius)
        looks.append(np.concatenate([look - look.sum() / look.size, bone]))
    points = geometry.to_lps([(level, *middle) for level, middle in zip(levels, middles, strict=True)]).reshape(-1, 3)
    return LimbSlices(points[:, 2], points[:, :2], np.array(radii), np.array(looks, np.float32))


def _radius(mask: Mask, pixel_mm2: float) -> float:
    """Of a disc of the area of a mask."""
    return float(np.sqrt(np.count_nonzero(mask) * pixel_mm2 / np.pi))


def _usual_radius(bone: Mask, pixel_mm2: float) -> float:
    """Of the bone in most slices; it grows with the limb and does not waste with its muscle."""
    found = [_radius(plane, pixel_mm2) for plane in bone if plane.any()]
    return float(np.median(found)) if found else 1.0


def _rings(
    plane: Floats, middle: FloatArray, radius_mm: float, spacing: Sequence[float], settings: LimbMatchSettings
) -> Floats:
    """What lies on rings around a place, by direction; a ring counts by its length."""
    angles = 2 * np.pi * np.arange(settings.directions) / settings.directions
    rings = settings.reach * (np.arange(settings.radii) + 0.5) / settings.radii
    away = radius_mm * rings[:, None]
    places = [middle[0] + away * np.sin(angles) / spacing[1], middle[1] + away * np.cos(angles) / spacing[2]]
    weight = np.sqrt(rings / rings.sum())[:, None]
    return np.asarray(weight * map_coordinates(plane, places, order=1, mode="nearest"), np.float32)


def match_limbs(
    before: LimbSlices,
    after: LimbSlices,
    side: LimbSide,
    settings: LimbMatchSettings | None = None,
    *,
    segment: LimbSegment = "thigh",
) -> LimbMatch | None:
    """Lay the heights of a limb at one date over those at another; ``segment`` is for the words of its check.

    Returns
    -------
    LimbMatch or None
        None where a date shows too few slices to say anything.
    """
    settings = settings or LimbMatchSettings()
    if min(len(before.z_mm), len(after.z_mm)) < _LEAST_SLICES:
        return None
    table = _Likeness(before, after, settings)
    factors = np.arange(settings.least_factor, settings.most_factor + 1e-9, settings.factor_step)
    best = max((table.best(float(factor)) for factor in factors), key=lambda one: one[0])
    alike, start, factor, turn = best
    apart = table.halves_apart(start, factor, turn)
    thick = max(before.slice_mm, after.slice_mm)
    degrees = float(table.turns[turn] * 360.0 / settings.directions)
    check = _check(limb_key(side, segment), alike, apart, thick, settings)
    return LimbMatch(side, start, factor, degrees, alike, apart, check)


class _Likeness:
    """How much alike every slice of one date and every slice of the other are, at every turn."""

    def __init__(self, before: LimbSlices, after: LimbSlices, settings: LimbMatchSettings) -> None:
        self.before, self.after, self.settings = before, after, settings
        most = round(settings.most_turn_degrees / 360.0 * settings.directions)
        self.turns = np.arange(-most, most + 1)
        spectra = [np.fft.rfft(one.looks, axis=-1) for one in (before, after)]
        product = np.einsum("ikf,jkf->ijf", spectra[0].conj(), spectra[1], optimize=True)
        whole = np.fft.irfft(product, n=settings.directions, axis=-1)
        self._product = whole[:, :, self.turns]
        here, there = (one.looks.reshape(len(one.looks), -1) for one in (before, after))
        self._here, self._there = (np.einsum("ik,ik->i", one, one) for one in (here, there))
        self._next = np.append(np.einsum("ik,ik->i", there[:-1], there[1:]), 0.0)

    def best(self, factor: float) -> tuple[float, float, float, int]:
        """The likeness, start, factor and turn at which the slices are most alike for a factor."""
        starts = self._starts(factor)
        alike, shown = self._at(starts, factor)
        mean = np.where(shown[:, :, None], alike, 0).sum(axis=1) / np.maximum(shown.sum(axis=1), 1)[:, None]
        mean[self._overlap(starts, factor) < self.settings.least_overlap] = -1.0
        place, turn = np.unravel_index(int(mean.argmax()), mean.shape)
        return float(mean[place, turn]), float(starts[place]), factor, int(turn)

    def halves_apart(self, start: float, factor: float, turn: int) -> float:
        """Where the lower half would lie by itself, less where the upper one would, in millimetres of the follow-up."""
        shared = np.flatnonzero(self._at(np.array([start]), factor)[1][0])
        starts = self._starts(factor)
        alike, shown = self._at(starts, factor)
        found = []
        for half in np.array_split(shared, 2):
            there = shown[:, half].mean(axis=1) >= 0.75
            mean = np.where(shown[:, half], alike[:, half, turn], 0).sum(axis=1) / np.maximum(
                shown[:, half].sum(axis=1), 1
            )
            found.append(float(starts[np.where(there, mean, -1.0).argmax()]))
        return abs(found[0] - found[1])

    def _starts(self, factor: float) -> FloatArray:
        """Every shift at which they overlap enough."""
        low = self.after.z_mm.min() - factor * self.before.z_mm.max()
        high = self.after.z_mm.max() - factor * self.before.z_mm.min()
        return np.arange(low, high, self.settings.step_mm)

    def _overlap(self, starts: FloatArray, factor: float) -> FloatArray:
        """Share of the shorter limb, as it is shown, that the other shows."""
        ends = starts[:, None] + factor * np.array([self.before.z_mm.min(), self.before.z_mm.max()])
        other = self.after.z_mm.min(), self.after.z_mm.max()
        shared = np.minimum(ends[:, 1], other[1]) - np.maximum(ends[:, 0], other[0])
        return np.asarray(shared / min(float(np.ptp(ends[0])), other[1] - other[0]))

    def _at(self, starts: FloatArray, factor: float) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
        """Likeness of each slice with where it comes to lie, shape (starts, slices, turns), and whether that is shown.

        Between two slices the other date is what lies between both.
        """
        count = len(self.after.z_mm)
        target = starts[:, None] + factor * self.before.z_mm
        place = np.interp(target, self.after.z_mm, np.arange(count), left=-1.0, right=-1.0)
        shown = place >= 0
        low = np.clip(np.floor(place).astype(int), 0, count - 2)
        part = np.clip(place - low, 0.0, 1.0)
        here = np.arange(len(self.before.z_mm))[None, :]
        product = (1 - part)[..., None] * self._product[here, low] + part[..., None] * self._product[here, low + 1]
        square = (1 - part) ** 2 * self._there[low] + 2 * part * (1 - part) * self._next[low]
        square = square + part**2 * self._there[low + 1]
        return product / np.sqrt(np.maximum(self._here * square, 1e-12))[..., None], shown


def _check(key: str, alike: float, apart: float, thick: float, settings: LimbMatchSettings) -> Check:
    words, region = key.replace("_", " "), (key,)
    limit = settings.most_apart_slices * thick
    if alike < settings.least_alike:
        message = f"Slices of the {words} at both dates look alike by a correlation of {alike:.2f} only."
        return Check("registration", round(alike, 3), settings.least_alike, False, message, "stops", regions=region)
    ok = apart <= limit
    message = (
        f"Heights of the {words} are matched by its cross-sections: its lower and its upper half agree to "
        f"{apart:.0f} mm."
        if ok
        else f"The lower and the upper half of the {words} match other heights of the other date, {apart:.0f} mm apart:"
        " which part both show is not known."
    )
    return Check("registration", round(apart, 1), round(limit, 1), ok, message, "stops", regions=region)
