"""The part of each limb that both examinations show, between two heights along the femur.

Heights are matched by shares of the femur's length where both femurs are known, which takes growth into account; else
by the cross-sections of the limb, where these are alike. Slices that lie partly in the shared part count by that share.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from ctreview.muscle.femur import Femur
from ctreview.muscle.limb_segment import LimbSegment, limb_key
from ctreview.muscle.scheme import LimbSide
from ctreview.recipes.muscle_mri.measured import MuscleMriResult
from ctreview.recipes.muscle_mri.registering import LimbsRegistration
from ctreview.volume.geometry import FloatArray

__all__ = ["SharedPart", "find_shared_parts", "place_groups", "slice_weights"]

Heights = tuple[float, float]


@dataclass(frozen=True)
class SharedPart:
    """Of one limb.

    Attributes
    ----------
    side : {"right", "left", "unknown"}
    baseline_mm, followup_mm : tuple of float
        LPS z of its lower and upper end in each examination.
    matched_by : {"femur", "registration"}
    end_error_mm : float
        How far an end in the follow-up may be off from that of the baseline.
    shares : tuple of float
        Its length over that of the limb that the baseline, and the follow-up, shows.
    femur_shares : tuple of float or None
        Its ends as shares of the femur's length from the knee; None where the femur is not known.
    segment : {"thigh", "lower_leg"}
    """

    side: LimbSide
    baseline_mm: Heights
    followup_mm: Heights
    matched_by: Literal["femur", "registration"]
    end_error_mm: float
    shares: tuple[float, float]
    femur_shares: tuple[float, float] | None = None
    segment: LimbSegment = "thigh"

    @property
    def region(self) -> str:
        """The key of the limb."""
        return limb_key(self.side, self.segment)

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {
            "region": self.region,
            "baseline_mm": list(self.baseline_mm),
            "followup_mm": list(self.followup_mm),
            "matched_by": self.matched_by,
            "end_error_mm": self.end_error_mm,
            "baseline_share": self.shares[0],
            "followup_share": self.shares[1],
            "femur_shares": None if self.femur_shares is None else list(self.femur_shares),
        }


def find_shared_parts(
    pair: tuple[MuscleMriResult, MuscleMriResult], registration: LimbsRegistration | None
) -> tuple[SharedPart, ...]:
    """Of each limb that both show; none for a limb whose heights cannot be matched.

    Parameters
    ----------
    pair : tuple of MuscleMriResult
        Baseline and follow-up.
    registration : LimbsRegistration or None
        None where there is none that may be believed.
    """
    found = []
    for side in pair[0].tissue.sides:
        if side not in pair[1].tissue.sides:
            continue
        femurs = [scan.found.femurs[scan.tissue.region(side)] for scan in pair]
        lines = [_middle_line(scan, side) for scan in pair]
        thickest = max(scan.labels.geometry.spacing[0] for scan in pair)
        scale = _by_femur(femurs[0], femurs[1])
        if scale is not None:
            part = _cut(side, lines, scale, "femur", thickest / 2)
        elif registration is not None and side in registration.matches:
            match = registration.matches[side]
            off = max(thickest, match.apart_mm) / 2
            part = _cut(side, lines, (match.start_mm, match.factor), "registration", off)
        else:
            continue
        if part is not None:
            found.append(replace(_with_femur(part, femurs[0]), segment=pair[0].tissue.segment))
    return tuple(found)


Line = tuple[FloatArray, Heights]
"""Middles of a limb in its slices, in LPS millimetres, and the height of its lowest and highest face."""
Scale = tuple[float, float]
"""Height in the follow-up = first + second · height in the baseline."""


def _middle_line(scan: MuscleMriResult, side: LimbSide) -> Line:
    limbs, geometry = scan.tissue.limbs, scan.labels.geometry
    here = (limbs.number == 1 + scan.tissue.sides.index(side)) & ~limbs.joined[:, None, None]
    levels = np.flatnonzero(here.any(axis=(1, 2)))
    middle = np.argwhere(here.any(axis=0)).mean(axis=0)
    points = geometry.to_lps([(level, *middle) for level in levels])
    ends = geometry.to_lps([(levels[0] - 0.5, *middle), (levels[-1] + 0.5, *middle)])[:, 2].tolist()
    return points, (min(ends), max(ends))


def _by_femur(before: Femur, after: Femur) -> Scale | None:
    if before.length_mm is None or after.length_mm is None or before.knee_mm is None or after.knee_mm is None:
        return None
    ratio = after.length_mm / before.length_mm
    return after.knee_mm - ratio * before.knee_mm, ratio


def _cut(
    side: LimbSide, lines: list[Line], scale: Scale, by: Literal["femur", "registration"], off_mm: float
) -> SharedPart | None:
    start, slope = scale
    (low, high), (other_low, other_high) = lines[0][1], lines[1][1]
    low, high = max(low, (other_low - start) / slope), min(high, (other_high - start) / slope)
    if high <= low:
        return None
    there = start + slope * low, start + slope * high
    shares = (high - low) / np.ptp(lines[0][1]), (there[1] - there[0]) / np.ptp(lines[1][1])
    return SharedPart(side, (low, high), there, by, off_mm, (float(shares[0]), float(shares[1])))


def _with_femur(part: SharedPart, femur: Femur) -> SharedPart:
    if femur.length_mm is None or femur.knee_mm is None:
        return part
    low, high = ((end - femur.knee_mm) / femur.length_mm for end in part.baseline_mm)
    return replace(part, femur_shares=(low, high))


def slice_weights(scan: MuscleMriResult, heights: Mapping[int, Heights]) -> FloatArray:
    """How much of each slice lies between two heights, by the number of the limb; shape (slices, numbers + 1)."""
    geometry = scan.labels.geometry
    found = np.zeros((geometry.shape[0], 256))
    for number, (low, high) in heights.items():
        middle = np.argwhere((scan.tissue.limbs.number == number).any(axis=0)).mean(axis=0)
        z = geometry.to_lps([(level, *middle) for level in range(geometry.shape[0])])[:, 2]
        half = geometry.spacing[0] / 2
        found[:, number] = np.clip((np.minimum(z + half, high) - np.maximum(z - half, low)) / (2 * half), 0.0, 1.0)
    return found


def place_groups(scan: MuscleMriResult, heights: Mapping[str, Heights]) -> dict[str, tuple[tuple[str, ...], float]]:
    """Which limbs each drawn group lies in, and what share of it between the heights of these."""
    if scan.groups is None:
        return {}
    regions = ["", *(scan.tissue.region(side) for side in scan.tissue.sides)]
    weights = slice_weights(scan, {n: heights[region] for n, region in enumerate(regions) if region in heights})
    found = {}
    for label in scan.groups.scheme:
        where = np.nonzero(scan.groups.array == label.value)
        if len(where[0]):
            number = scan.tissue.limbs.number[where]
            within = tuple(regions[n] for n in np.unique(number) if n)
            found[label.key] = within, float(weights[where[0], number].mean())
    return found
