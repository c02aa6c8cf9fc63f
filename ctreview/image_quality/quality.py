"""How one scan images, and whether two of them image alike enough to be compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ctreview.checks import Check, Effect
from ctreview.errors import WrongUse
from ctreview.image_quality.air import outside_air_hu
from ctreview.image_quality.noise import Noise, measure_noise
from ctreview.image_quality.spread import PointSpread, measure_spread
from ctreview.volume.volume import Volume

__all__ = ["ImageQuality", "ImageQualityChecks", "ImageQualityLimits", "compare_image_quality", "measure_image_quality"]

BOX = 12.0**0.5
"""Width of a box profile over its standard deviation."""


@dataclass(frozen=True)
class ImageQuality:
    """Sharpness, noise and calibration of one scan, measured in its image.

    Attributes
    ----------
    spread : PointSpread
    noise : Noise or None
        None where there was too little soft tissue.
    air_hu : float or None
        Air around the body; None where it could not be measured.
    slice_spacing_mm : float
        From slice to slice.
    """

    spread: PointSpread
    noise: Noise | None
    air_hu: float | None
    slice_spacing_mm: float

    @property
    def resolution_mm(self) -> float:
        """One standard deviation for the point spread in all directions: the cube root of their product."""
        return float((self.spread.in_plane_mm**2 * self.spread.through_plane_mm) ** (1 / 3))

    @property
    def slice_thickness_mm(self) -> float:
        """Thickness of a slice with a box profile of the measured spread."""
        return self.spread.through_plane_mm * BOX

    @property
    def gap_mm(self) -> float:
        """What of the body lies between slices and was not imaged."""
        return max(0.0, self.slice_spacing_mm - self.slice_thickness_mm)


@dataclass(frozen=True)
class ImageQualityLimits:
    """Up to where two scans image alike, and up to where bringing them to one resolution was shown to hold.

    Attributes
    ----------
    alike_sharpness, greatest_sharpness : float
        Ratio of the two resolutions: what lies beyond the first widens the interval, beyond the second stops. At 1.64
        a scan against itself was not called changed; two kernels of one acquisition at 2.1 were 66 mL apart.
    greatest_resolution_mm : float
        A scan that is blurred more than this shows rings around vessels that the model does not take away.
    greatest_across_mm : float
        The same across slices, whatever the header says or does not: the softest scan of 5 mm at hand measures 1.84
        mm, slices averaged to 6 mm 1.87 to 2.27 mm.
    alike_noise, greatest_noise : float
        Ratio of noise. At 4.3 a scan against itself was not called changed.
    alike_gap_mm, greatest_gap_mm : float
        What lies between two slices of the scan with the wider gaps.
    alike_air_hu, greatest_air_hu : float
        Difference of the air around the body.
    """

    alike_sharpness: float = 1.3
    greatest_sharpness: float = 1.7
    greatest_resolution_mm: float = 1.4
    greatest_across_mm: float = 1.9
    alike_noise: float = 1.5
    greatest_noise: float = 4.5
    alike_gap_mm: float = 1.0
    greatest_gap_mm: float = 5.0
    alike_air_hu: float = 5.0
    greatest_air_hu: float = 20.0

    def __post_init__(self) -> None:
        pairs = (
            (self.alike_sharpness, self.greatest_sharpness),
            (self.alike_noise, self.greatest_noise),
            (self.alike_gap_mm, self.greatest_gap_mm),
            (self.alike_air_hu, self.greatest_air_hu),
        )
        if any(not 0 <= alike <= greatest for alike, greatest in pairs):
            raise WrongUse("scans that image alike must lie within what may be compared at all")


def measure_image_quality(volume: Volume, lung: npt.NDArray[np.bool_] | None = None) -> ImageQuality:
    """Measure sharpness, noise and calibration of a scan.

    Parameters
    ----------
    volume : Volume
        CT in HU, in canonical axes.
    lung : ndarray of bool, optional
        What is lung, and so no air around the body where the image ends within it.

    Returns
    -------
    ImageQuality

    Raises
    ------
    WrongUse
        The volume is not in HU.
    """
    return ImageQuality(
        measure_spread(volume),
        measure_noise(volume),
        outside_air_hu(volume, lung),
        float(volume.geometry.spacing[0]),
    )


class ImageQualityChecks(NamedTuple):
    """How two scans image, one beside the other.

    Attributes
    ----------
    sharpness, resolution, noise, slice_gap, air : Check
        The last is called ``air_around_the_body``. What could not be measured is accepted, with a sentence that says
        so. Beyond what was shown to hold a check stops; short of that it widens.
    """

    sharpness: Check
    resolution: Check
    noise: Check
    slice_gap: Check
    air: Check


def compare_image_quality(
    baseline: ImageQuality, followup: ImageQuality, *, limits: ImageQualityLimits | None = None
) -> ImageQualityChecks:
    """Compare how two scans image."""
    limits = limits or ImageQualityLimits()
    return ImageQualityChecks(
        _sharpness(baseline, followup, limits),
        _resolution(baseline, followup, limits),
        _noise(baseline, followup, limits),
        _gap(baseline, followup, limits),
        _air(baseline, followup, limits),
    )


def _graded(name: str, value: float, alike: float, greatest: float, what: str, consequence: str) -> Check:
    """A check that widens from one limit on and stops from another."""
    stops = value > greatest
    effect: Effect = "stops" if stops else "widens"
    limit = greatest if stops else alike
    ok = value <= alike
    message = f"{what}{'.' if ok else '; ' + consequence}"
    if stops:
        message += f" Comparing was shown to hold up to {greatest:g}."
    return Check(name, round(value, 2), limit, ok, message, effect=effect)


def _sharpness(a: ImageQuality, b: ImageQuality, limits: ImageQualityLimits) -> Check:
    one, other = a.resolution_mm, b.resolution_mm
    if not (a.spread.measured and b.spread.measured):
        return Check("sharpness", None, None, True, "Too few edges were found to measure how sharp both scans are.")
    ratio = max(one, other) / min(one, other)
    what = f"Edges are blurred by {one:.2f} and {other:.2f} mm (ratio {ratio:.2f})"
    consequence = "blur spreads vessels and walls into the lung around."
    return _graded("sharpness", ratio, limits.alike_sharpness, limits.greatest_sharpness, what, consequence)


def _resolution(a: ImageQuality, b: ImageQuality, limits: ImageQualityLimits) -> Check:
    worst, limit = max(a.resolution_mm, b.resolution_mm), limits.greatest_resolution_mm
    across = max(quality.spread.through_plane_mm if quality.spread.measured else 0.0 for quality in (a, b))
    what = f"The less sharp scan is blurred by {worst:.2f} mm"
    if across > limits.greatest_across_mm:
        worst, limit = across, limits.greatest_across_mm
        what = f"The less sharp scan is blurred by {across:.2f} mm across its slices"
    return _graded("resolution", worst, limit, limit, what, "vessels melt into the lung around.")


def _noise(a: ImageQuality, b: ImageQuality, limits: ImageQualityLimits) -> Check:
    if a.noise is None or b.noise is None:
        return Check("noise", None, None, True, "There was too little soft tissue to measure the noise of both scans.")
    one, other = a.noise.sd_hu, b.noise.sd_hu
    ratio = max(one, other) / max(min(one, other), 1.0)
    what = f"The noise in soft tissue is {one:.0f} and {other:.0f} HU"
    return _graded("noise", ratio, limits.alike_noise, limits.greatest_noise, what, "faint opacity is lost in it.")


def _gap(a: ImageQuality, b: ImageQuality, limits: ImageQualityLimits) -> Check:
    if not (a.spread.measured and b.spread.measured):
        return Check("slice_gap", None, None, True, "Too few edges were found to measure the thickness of slices.")
    worst = max(a.gap_mm, b.gap_mm)
    what = f"Up to {worst:.1f} mm between slices were not imaged" if worst > 0 else "No gaps lie between slices"
    consequence = "what lies there is inferred from its neighbours."
    return _graded("slice_gap", worst, limits.alike_gap_mm, limits.greatest_gap_mm, what, consequence)


def _air(a: ImageQuality, b: ImageQuality, limits: ImageQualityLimits) -> Check:
    name = "air_around_the_body"
    if a.air_hu is None or b.air_hu is None:
        return Check(name, None, None, True, "The air around the body could not be measured in both scans.")
    apart = abs(b.air_hu - a.air_hu)
    what = f"Air around the body measures {a.air_hu:.0f} and {b.air_hu:.0f} HU"
    consequence = "density may differ for another reason than disease."
    return _graded(name, apart, limits.alike_air_hu, limits.greatest_air_hu, what, consequence)
