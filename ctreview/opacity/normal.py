"""What this patient's own healthy lung looks like in this scan."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import ndimage as ndi

from ctreview.checks import Check
from ctreview.opacity.parenchyma import Parenchyma, measure_parenchyma
from ctreview.opacity.priors import ADULT_YEARS, Prior, prior_for
from ctreview.opacity.settings import OpacitySettings
from ctreview.progress import Progress, quiet
from ctreview.volume.geometry import Geometry
from ctreview.volume.labels import LabelMap
from ctreview.volume.volume import Volume

__all__ = ["Gravity", "NormalLung", "NormalLungSource", "fit_normal_lung"]

NormalLungSource = Literal["histogram", "age", "other timepoint"]
Floats = npt.NDArray[np.float32]

BIN_HU = 2.0
LOWEST_HU, HIGHEST_HU = -1000.0, -300.0
SAMPLES = 400_000
SUBPLEURAL_MM = 12.0
"""Depth of the denser rim in a lung of 5 L; scaled with the cube root of volume."""
LOW_QUANTILE = 0.2
SIDES_APART_HU = 40.0
"""Healthy lungs of one patient differ by less than this, gravity taken off; by some 5 HU in the scans looked at."""


@dataclass(frozen=True)
class Gravity:
    """Which way was down, and from where to where the lungs reach along it.

    Attributes
    ----------
    down : {1, -1}
        1 where the patient's back was down (supine), -1 where it was up (prone): the sign along LPS y.
    top_mm, bottom_mm : float
        LPS y of the uppermost and the lowest lung.
    assumed : bool
        Whether the posture was not in the header and supine was assumed.
    """

    down: int
    top_mm: float
    bottom_mm: float
    assumed: bool

    def height(self, geometry: Geometry) -> Floats:
        """How far down each voxel lies: 0 at the uppermost lung, 1 at the lowest; shape ``geometry.shape``."""
        reach = self.bottom_mm - self.top_mm
        steps = geometry.affine[1, :3] / reach
        first = (geometry.affine[1, 3] - self.top_mm) / reach
        a, b, c = (np.arange(n, dtype=np.float32) * np.float32(s) for n, s in zip(geometry.shape, steps, strict=True))
        return np.asarray(a[:, None, None] + b[None, :, None] + c[None, None, :] + np.float32(first), dtype=np.float32)


@dataclass(frozen=True)
class NormalLung:
    """Density of the healthy part of one patient's lung in one scan.

    Attributes
    ----------
    mu_hu : float
        Mean density halfway down gravity.
    sigma_hu : float
        Standard deviation about it, at the resolution opacity is looked for.
    rise_hu : float
        Rise from the uppermost to the lowest lung; held to its prior.
    gravity : Gravity
        Which way was down.
    sides_apart_hu : float
        Where one lung is lighter than a healthy one: by how much. Beyond `SIDES_APART_HU` the other lung alone set
        what is normal.
    subpleural : tuple of (float, float)
        How much denser (HU) normal lung is at some depths (mm) below the pleura than deep inside: septa, fine vessels
        and breathing make a rim of some millimetres.
    normal_fraction : float
        Share of the lung within the normal range.
    source : {"histogram", "age", "other timepoint"}
        Where ``mu_hu`` comes from.
    lung_ml : float
        Volume of both lungs: how deep the breath was.
    age_years : float or None
        Age that the priors were taken for; adults' where ``None``.
    checks : tuple of Check
        What makes this fit less than sure.
    """

    mu_hu: float
    sigma_hu: float
    rise_hu: float
    gravity: Gravity
    normal_fraction: float
    source: NormalLungSource
    lung_ml: float
    age_years: float | None = None
    sides_apart_hu: float = 0.0
    subpleural: tuple[tuple[float, float], ...] = ()
    checks: tuple[Check, ...] = ()

    def expected_hu(self, geometry: Geometry, *, depth_mm: Floats | None = None) -> Floats:
        """Density that normal lung would have at each voxel of a grid, in HU.

        Parameters
        ----------
        geometry : Geometry
            The grid.
        depth_mm : ndarray, shape ``geometry.shape``, optional
            Distance to the lung's border; without it the rim under the pleura is treated as the rest.
        """
        expected = np.asarray(self.mu_hu + self.rise_hu * (self.gravity.height(geometry) - 0.5), dtype=np.float32)
        if depth_mm is not None and self.subpleural:
            depths, rises = zip(*self.subpleural, strict=True)
            steps = np.arange(0.0, depths[-1] + 0.5, 0.25)
            table = np.interp(steps, depths, rises).astype(np.float32)
            expected += table[np.minimum((depth_mm * 4.0).astype(np.int32), len(table) - 1)]
        return expected

    def at_volume(self, lung_ml: float) -> float:
        """Mean density in HU that this lung would have at another volume, its mass kept (ρ = 1 + HU/1000)."""
        return (1000.0 + self.mu_hu) * self.lung_ml / lung_ml - 1000.0


def fit_normal_lung(
    volume: Volume,
    lungs: LabelMap,
    vessels: LabelMap | None,
    *,
    age_years: float | None = None,
    other: NormalLung | None = None,
    parenchyma: Parenchyma | None = None,
    settings: OpacitySettings | None = None,
    progress: Progress = quiet,
) -> NormalLung:
    """Fit a Gaussian to the lower side of the lung's histogram, gravity taken off.

    Ground glass adds only to the upper side, so the lower side tells what the healthy lung is. The rise along
    gravity is not fitted: ventral ground glass would flatten it and hide itself. It follows from the prior for the
    age and for how inflated the lung is.

    Parameters
    ----------
    volume, lungs, vessels
        As for `measure_parenchyma`.
    age_years : float, optional
        Overrides the age in the header.
    other : NormalLung, optional
        That of the patient's other timepoint; used where less than a third of this lung is normal.
    parenchyma : Parenchyma, optional
        Where it was measured before; else it is measured here.

    Returns
    -------
    NormalLung
        Its checks: ``age_known``, ``posture_known``, ``normal_lung_share``, ``lungs_alike``.

    Raises
    ------
    WrongUse, GridMismatch, SegmentationFailed
        As `measure_parenchyma`.
    """
    settings = settings or OpacitySettings()
    if parenchyma is None:
        parenchyma = measure_parenchyma(volume, lungs, vessels, settings=settings, progress=progress)
    age = volume.acquisition.age_years if age_years is None else age_years
    prior = prior_for(age)
    inside = parenchyma.inside
    gravity = find_gravity(volume, parenchyma)
    # a lung too small to hold a depth of 3 mm is still a lung
    deep = inside & (parenchyma.depth_mm >= settings.least_depth_mm * parenchyma.scale)
    looked_at = deep if deep.sum() > 1000 else inside
    sample = _sample(parenchyma, gravity, looked_at)
    mu, sigma, rise = _fit(sample.deeper(), prior)
    apart = 0.0
    if mu < prior.lightest_hu:
        # a lung that emphysema or trapped air made lighter says nothing of what is normal
        one_by_one = sorted(
            _fit(_sample(parenchyma, gravity, one).deeper(), prior)
            for one in (looked_at & (parenchyma.side == side) for side in (1, 2))
            if one.sum() > 1000
        )
        if len(one_by_one) == 2 and one_by_one[1][0] <= prior.densest_hu:
            apart = one_by_one[1][0] - one_by_one[0][0]
        if apart > SIDES_APART_HU:
            mu, sigma, rise = one_by_one[1]
    share = sample.share(mu, sigma, rise, settings)
    fitted = NormalLung(mu, sigma, rise, gravity, share, "histogram", parenchyma.lung_ml, age, sides_apart_hu=apart)
    fitted = _with_enough_normal_lung(fitted, sample, prior, other, settings)
    fitted = replace(fitted, subpleural=_subpleural(sample, fitted, settings))
    return replace(fitted, checks=_checks(fitted, settings))


def find_gravity(volume: Volume, parenchyma: Parenchyma) -> Gravity:
    """Find which way was down from the DICOM patient position; supine where it does not say."""
    posture = (volume.acquisition.posture or "").upper()
    known = posture.endswith(("S", "P")) and len(posture) == 3
    down = -1 if known and posture.endswith("P") else 1
    index = np.argwhere(parenchyma.lung_fraction[::2, ::2, ::2] >= 0.5) * 2
    if len(index) == 0:
        index = np.argwhere(parenchyma.lung_fraction > 0)
    along = index @ parenchyma.geometry.affine[1, :3] + parenchyma.geometry.affine[1, 3]
    low, high = (float(v) for v in np.percentile(along, (0.5, 99.5)))
    high = max(high, low + 1.0)
    return Gravity(down, low, high, not known) if down == 1 else Gravity(down, high, low, not known)


@dataclass(frozen=True, eq=False)
class _Sample:
    """Densities of the lung; how far below the middle of it (in heights of the lung), and below the pleura, each is."""

    values: Floats
    drops: Floats
    depths_mm: Floats
    reach_mm: float

    def level(self, rise: float) -> Floats:
        """Densities as they would be halfway down gravity."""
        return np.asarray(self.values - np.float32(rise) * self.drops)

    def share(self, mu: float, sigma: float, rise: float, settings: OpacitySettings) -> float:
        limit = mu + min(max(settings.sigmas * sigma, settings.least_excess_hu), settings.greatest_excess_hu)
        return float(np.mean(self.level(rise) <= limit))

    def deeper(self) -> _Sample:
        """Only what lies beyond the rim under the pleura, where enough does."""
        chosen = self.depths_mm > self.reach_mm
        if chosen.sum() < 1000:
            return self
        return replace(self, values=self.values[chosen], drops=self.drops[chosen], depths_mm=self.depths_mm[chosen])


def _sample(parenchyma: Parenchyma, gravity: Gravity, chosen: npt.NDArray[np.bool_]) -> _Sample:
    step = max(1, int(chosen.sum()) // SAMPLES)
    drops = gravity.height(parenchyma.geometry)[chosen][::step] - np.float32(0.5)
    reach = SUBPLEURAL_MM * parenchyma.scale
    return _Sample(parenchyma.smoothed_hu[chosen][::step], drops, parenchyma.depth_mm[chosen][::step], reach)


def _subpleural(sample: _Sample, fitted: NormalLung, settings: OpacitySettings) -> tuple[tuple[float, float], ...]:
    """Rise of the lung's lower side towards the pleura: nowhere falling towards it, and capped.

    A low quantile is compared, so that ground glass under the pleura, which leaves some of each depth free, does not
    pass for a normal rim; the cap holds where it leaves none.
    """
    level = sample.level(fitted.rise_hu)
    deep = level[sample.depths_mm > sample.reach_mm]
    edges = np.linspace(0.0, sample.reach_mm, 6)
    if len(deep) < 500:
        return ()
    base = float(np.quantile(deep, LOW_QUANTILE))
    rises = [0.0]
    for low, high in zip(edges[-2::-1], edges[:0:-1], strict=True):
        here = level[(sample.depths_mm > low) & (sample.depths_mm <= high)]
        rise = float(np.quantile(here, LOW_QUANTILE)) - base if len(here) > 200 else rises[-1]
        rises.append(min(max(rise, rises[-1]), settings.greatest_subpleural_hu))
    depths = [*(0.5 * (edges[:-1] + edges[1:])), sample.reach_mm * 1.1]
    return tuple((float(d), r) for d, r in zip(depths, rises[::-1], strict=True))


def _fit(sample: _Sample, prior: Prior) -> tuple[float, float, float]:
    """Mean, standard deviation and rise; the rise depends on the mean, hence a few rounds."""
    rise = (prior.inspired_rise_hu + prior.expired_rise_hu) / 2
    mu, sigma = prior.routine_hu, 30.0
    for _ in range(4):
        mu, sigma = _lower_gaussian(sample.level(rise))
        rise = prior.rise_hu(mu)
    return mu, sigma, rise


def _lower_gaussian(level: Floats) -> tuple[float, float]:
    """Mean and standard deviation of a Gaussian fitted to the lower side of the lowest peak of a histogram."""
    edges = np.arange(LOWEST_HU, HIGHEST_HU + BIN_HU, BIN_HU)
    counts = np.histogram(level, edges)[0].astype(float)
    centres = (edges[:-1] + edges[1:]) / 2
    smooth = ndi.gaussian_filter1d(counts, 8.0 / BIN_HU)
    peak = _lowest_peak(smooth)
    mode = float(centres[peak])
    below = mode - level[(level < mode) & (level > mode - 150.0)]
    sigma = float(np.quantile(below, 0.6827)) if below.size > 100 else 30.0
    sigma = min(max(sigma, 10.0), 60.0)
    # the logarithm of a Gaussian is a parabola; fitted from well below the peak to just beyond it
    used = (centres > mode - 2.0 * sigma) & (centres < mode + 0.6 * sigma) & (counts > 5)
    if used.sum() < 6:
        return mode, sigma
    bend, slope, _ = np.polyfit(centres[used] - mode, np.log(counts[used]), 2, w=np.sqrt(counts[used]))
    if bend >= 0:
        return mode, sigma
    mu, width = mode - slope / (2 * bend), float(np.sqrt(-1 / (2 * bend)))
    if abs(mu - mode) > sigma or not 0.6 < width / sigma < 1.6:
        return mode, sigma
    return float(mu), width


def _lowest_peak(smooth: npt.NDArray[np.float64]) -> int:
    """Index of the least dense peak that holds an appreciable part of the lung; healthy lung is the lightest."""
    peaks = np.flatnonzero((smooth[1:-1] >= smooth[:-2]) & (smooth[1:-1] > smooth[2:])) + 1
    below = np.cumsum(smooth) / max(float(smooth.sum()), 1.0)
    high = float(smooth.max())
    for peak in peaks:
        if smooth[peak] > 0.3 * high and below[peak] > 0.08:
            return int(peak)
    return int(np.argmax(smooth))


def _with_enough_normal_lung(
    fitted: NormalLung, sample: _Sample, prior: Prior, other: NormalLung | None, settings: OpacitySettings
) -> NormalLung:
    """Take the other timepoint's lung, or that of the age, where too little of this one is normal."""
    if fitted.normal_fraction >= settings.least_normal_share and fitted.mu_hu <= prior.densest_hu:
        return fitted
    source: NormalLungSource
    if other is not None and other.source == "histogram":
        mu, sigma, source = other.at_volume(fitted.lung_ml), other.sigma_hu, "other timepoint"
    else:
        mu, sigma, source = prior.routine_hu, 30.0, "age"
    rise = prior.rise_hu(mu)
    share = sample.share(mu, sigma, rise, settings)
    return replace(fitted, mu_hu=mu, sigma_hu=sigma, rise_hu=rise, normal_fraction=share, source=source)


def _checks(fitted: NormalLung, settings: OpacitySettings) -> tuple[Check, ...]:
    age, least = fitted.age_years, settings.least_normal_share
    apart = round(fitted.sides_apart_hu)
    alike = fitted.sides_apart_hu <= SIDES_APART_HU
    bands = "a child's" if age is not None and age < ADULT_YEARS else "an adult's"
    sources = {
        "histogram": "its own histogram",
        "age": f"what is usual for {bands} age",
        "other timepoint": "the other timepoint",
    }
    return (
        Check(
            "age_known",
            age,
            None,
            age is not None,
            f"Density is judged by {bands} bands."
            if age is not None
            else "The age is not known, so density is judged by an adult's bands; a child's lung is denser.",
        ),
        Check(
            "posture_known",
            "prone" if fitted.gravity.down < 0 else "supine",
            None,
            not fitted.gravity.assumed,
            "The posture is in the header."
            if not fitted.gravity.assumed
            else "The posture is not in the header; the patient is taken to have lain on the back.",
        ),
        Check(
            "normal_lung_share",
            round(fitted.normal_fraction, 3),
            round(least, 3),
            fitted.source == "histogram",
            f"{fitted.normal_fraction:.0%} of the lung is of normal density; "
            f"normal was set by {sources[fitted.source]}.",
        ),
        Check(
            "lungs_alike",
            apart,
            SIDES_APART_HU,
            alike,
            "Neither lung is far lighter than the other and than a healthy one."
            if alike
            else f"One lung is {apart} HU lighter than the other and lighter than a healthy one; normal was set by the "
            "other.",
        ),
    )
