"""Where two scans image unlike: the better one measured again, imaged as the other is, for the interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy import fft
from scipy import ndimage as ndi

from ctreview.change import DegradedVolumes, change_ml
from ctreview.dicom.comparability import compare_acquisitions
from ctreview.image_quality import ImageQuality, PointSpread, compare_image_quality
from ctreview.opacity import Excess, JointClassification, classify, excess_density, measure_parenchyma
from ctreview.recipes.chest_ct.pair import PairAnalysis
from ctreview.recipes.chest_ct.scan import ScanAnalysis
from ctreview.recipes.chest_ct.settings import ChestCtSettings
from ctreview.recipes.steps import StepTimer
from ctreview.volume.box import bounding_box
from ctreview.volume.geometry import FloatArray, Geometry
from ctreview.volume.labels import LabelMap
from ctreview.volume.transform import Transform
from ctreview.volume.volume import Volume

__all__ = ["degraded_ml"]

LEAST_MM = 0.1
"""Blur that adds less than this to a scan of any sharpness changes no voxel by more than rounding."""

BOX = 12.0**0.5
"""Width of a box profile over its standard deviation."""

MARGIN_MM = 12.0
"""Around the lungs: farther off no blur that is added reaches them."""

SEED = 0
"""The noise that is added is the same every time."""

Floats = npt.NDArray[np.float32]


def degraded_ml(
    pair: PairAnalysis,
    transform: Transform | None = None,
    *,
    settings: ChestCtSettings | None = None,
    timer: StepTimer | None = None,
) -> tuple[DegradedVolumes, DegradedVolumes]:
    """What the numbers of each scan would change by were the better one imaged as the other one is.

    The image of the sharper, thinner or less noisy scan is blurred within slices, blurred across them, or made noisier
    until it is as the other scan's, and opacity is found anew by the same lungs, vessels, normal lung and threshold:
    in both scans side by side where they were judged so, since what one shows moves the other, too. Nothing of this
    where the two image alike.

    Parameters
    ----------
    pair : PairAnalysis
    transform : Transform, optional
        By which they were judged side by side.

    Returns
    -------
    pair of mapping
        Of baseline and follow-up: millilitres by the source of the interval, then by region.
    """
    settings, timer = settings or ChestCtSettings(), timer or StepTimer()
    first, second = pair.scans
    images = compare_image_quality(first.quality, second.quality)
    slices = compare_acquisitions(first.volume.acquisition, second.volume.acquisition).slice_thickness
    found: tuple[dict[str, Mapping[str, FloatArray]], ...] = ({}, {})
    with timer("image quality"):
        for number, scan in enumerate(pair.scans):
            other = pair.scans[1 - number]
            variants: dict[str, tuple[Volume, PointSpread]] = {}
            if images.sharpness.widens or slices.widens:
                variants |= _blurred(scan, _spread(scan), _spread(other))
            if images.noise.widens:
                variants |= _noisier(scan, other.quality)
            for source, variant in variants.items():
                opacity = _opacity(pair, number, variant, transform, settings)
                for which, labels in opacity.items():
                    point = pair.points[which]
                    found[which][source] = change_ml(point.regions, point.opacity, labels)
    return found[0], found[1]


def _spread(scan: ScanAnalysis) -> PointSpread:
    """The point spread; where the image does not tell it, slices are as the header says."""
    spread, thickness = scan.quality.spread, scan.volume.acquisition.slice_thickness_mm
    return spread if spread.measured or thickness is None else replace(spread, through_plane_mm=thickness / BOX)


def _blurred(scan: ScanAnalysis, own: PointSpread, other: PointSpread) -> dict[str, tuple[Volume, PointSpread]]:
    """The scan as blurred within slices, and across them, as the other; without what it has at least as much of."""
    variants = {}
    in_plane = float(np.sqrt(max(other.in_plane_mm**2 - own.in_plane_mm**2, 0.0)))
    if in_plane >= LEAST_MM:
        spread = replace(own, in_plane_mm=other.in_plane_mm)
        variants["sharpness"] = _changed(scan, (0.0, in_plane, in_plane), 0.0, 0.0), spread
    across = float(np.sqrt(max(other.through_plane_mm**2 - own.through_plane_mm**2, 0.0)))
    if across >= LEAST_MM:
        spread = replace(own, through_plane_mm=other.through_plane_mm)
        variants["slice thickness"] = _changed(scan, (across, 0.0, 0.0), 0.0, 0.0), spread
    return variants


def _noisier(scan: ScanAnalysis, other: ImageQuality) -> dict[str, tuple[Volume, PointSpread]]:
    """The scan with so much noise added as the other has more."""
    own = scan.quality.noise
    if own is None or other.noise is None or other.noise.sd_hu <= own.sd_hu:
        return {}
    added = float(np.sqrt(other.noise.sd_hu**2 - own.sd_hu**2))
    return {"noise": (_changed(scan, (0.0, 0.0, 0.0), added, other.spread.in_plane_mm), scan.quality.spread)}


def _changed(scan: ScanAnalysis, sigma_mm: tuple[float, float, float], noise_hu: float, kernel_mm: float) -> Volume:
    """The scan blurred and made noisier in the lungs and around, the noise by a kernel of that blur."""
    volume, spacing = scan.volume, np.array(scan.volume.geometry.spacing)
    margin = [int(np.ceil(MARGIN_MM / step)) for step in spacing]
    box = bounding_box(scan.lungs.mask("right_lung", "left_lung"), margin)
    part = volume.array[box].astype(np.float32)
    if any(sigma_mm):
        part = ndi.gaussian_filter(part, np.array(sigma_mm) / spacing, truncate=3.0)
    if noise_hu:
        part += noise_hu * _noise(part.shape, volume.geometry, kernel_mm)
    array = volume.array.copy()
    array[box] = np.clip(np.rint(part), -1024, 3071).astype(array.dtype)
    return volume.with_array(array)


def _noise(shape: tuple[int, ...], geometry: Geometry, kernel_mm: float) -> Floats:
    """Noise of variance 1 as filtered back-projection makes it within slices.

    Its power rises with the frequency, by the ramp, and falls as what the kernel lets pass (Riederer et al., Phys Med
    Biol 1978, doi 10.1088/0031-9155/23/3/008): there is less of it at low frequencies, which smoothing leaves, than in
    white noise of the same variance.
    """
    noise = np.random.default_rng(SEED).standard_normal(shape, dtype=np.float32)
    rows, columns = (fft.fftfreq(n, step) for n, step in zip(shape[1:], geometry.spacing[1:], strict=True))
    frequency = np.hypot(rows[:, None], np.abs(columns[None, : shape[2] // 2 + 1]))
    gain = np.sqrt(frequency) * np.exp(-2.0 * (np.pi * kernel_mm * frequency) ** 2)
    noise = fft.irfft2(fft.rfft2(noise) * gain.astype(np.float32), s=shape[1:])
    return np.asarray(noise / noise.std(), dtype=np.float32)


def _opacity(
    pair: PairAnalysis,
    number: int,
    variant: tuple[Volume, PointSpread],
    transform: Transform | None,
    settings: ChestCtSettings,
) -> dict[int, LabelMap]:
    """Opacity with one of the scans imaged otherwise: of both, or of that one alone where each is judged by itself."""
    scan, other = pair.scans[number], pair.scans[1 - number]
    volume, spread = variant
    parenchyma = measure_parenchyma(volume, scan.lungs, scan.vessels, spread=spread, settings=settings.opacity)
    own = _excess(replace(scan, volume=volume, parenchyma=parenchyma), settings)
    if transform is None:
        return {number: classify(own, pair.thresholds[number], settings=settings.opacity)}
    beside = _excess(other, settings)
    both = (own, beside) if number == 0 else (beside, own)
    joint = JointClassification.of(both, pair.thresholds, transform, settings=settings.opacity)
    return {which: joint.classify(which) for which in range(2)}


def _excess(scan: ScanAnalysis, settings: ChestCtSettings) -> Excess:
    """What the scan shows by itself."""
    return excess_density(
        scan.volume, scan.lungs, scan.vessels, scan.normal, parenchyma=scan.parenchyma, settings=settings.opacity
    )
