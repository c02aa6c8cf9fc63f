"""What is found in each scan by itself, before a threshold is needed: lungs, vessels, regions, normal lung."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from ctreview.anatomy import LobeMap, LungMap, divide_lungs, find_lobes, find_lungs, find_vessels, lobes_of_engine
from ctreview.change import Timepoint
from ctreview.checks import Check
from ctreview.image_quality import ImageQuality, measure_image_quality
from ctreview.lung import check_lung_size, lies_within_image
from ctreview.opacity import (
    Excess,
    NormalLung,
    Parenchyma,
    excess_density,
    fit_normal_lung,
    measure_parenchyma,
)
from ctreview.opacity.streaks import check_streaks
from ctreview.progress import Progress, part, quiet
from ctreview.recipes.chest_ct.candidates import lung_checks_now, offered_by
from ctreview.recipes.chest_ct.engines import GivenParts, ask_engines
from ctreview.recipes.chest_ct.settings import ChestCtSettings
from ctreview.recipes.scan_facts import scan_facts
from ctreview.recipes.steps import StepTimer
from ctreview.volume.labels import LabelMap
from ctreview.volume.regions import Regions
from ctreview.volume.volume import Volume

__all__ = ["ScanAnalysis", "ScanPair", "analyse_scan", "analyse_with_lungs", "with_normal_lung_of_other"]


@dataclass(frozen=True, eq=False)
class ScanAnalysis:
    """One scan up to where a threshold is needed."""

    volume: Volume
    age_years: float | None
    quality: ImageQuality
    lungs: LungMap
    vessels: LabelMap
    lobes: LobeMap | None
    given: GivenParts
    regions: Regions
    parenchyma: Parenchyma
    normal: NormalLung
    excess: Excess

    def checks(self, point: Timepoint) -> tuple[Check, ...]:
        """What was looked at in lungs and vessels; the size of the lungs with what a reader took into them."""
        size = check_lung_size(
            point.organ.volume_ml("right_lung", "left_lung"),
            self.age_years,
            self.volume.acquisition.height_m,
            whole=lies_within_image(point.organ),
        )
        lobes = () if point.parts is None else point.parts.checks
        return (
            *lung_checks_now(self.lungs, point),
            *(() if size is None else (size,)),
            *self.vessels.checks,
            *check_streaks(self.parenchyma, self.excess.streaks_hu),
            *lobes,
        )

    def timepoint(self, opacity: LabelMap) -> Timepoint:
        """The scan with this opacity."""
        return Timepoint(
            volume=self.volume,
            organ=self.lungs,
            opacity=opacity,
            regions=self.regions,
            vessels=self.vessels,
            facts={**scan_facts(self.volume, self.age_years), **self.given.facts()},
            parts=self.lobes,
            candidates=offered_by(self.lungs),
        )


ScanPair = tuple[ScanAnalysis, ScanAnalysis]
"""Baseline and follow-up."""


def analyse_scan(
    volume: Volume,
    age_years: float | None,
    *,
    prior: LabelMap | None = None,
    quality: ImageQuality | None = None,
    given: GivenParts | None = None,
    on_lungs: Callable[[LabelMap], None] | None = None,
    settings: ChestCtSettings | None = None,
    timer: StepTimer | None = None,
    progress: Progress = quiet,
) -> ScanAnalysis:
    """Lungs, vessels, regions, normal lung, and density beyond it.

    ``prior`` holds the aerated lung of the other timepoint, carried over onto this grid; ``quality`` is that of the
    image where it was measured before, ``given`` what engines gave where they were asked before; ``on_lungs`` is told
    the lungs as soon as they are there.
    """
    settings, timer = settings or ChestCtSettings(), timer or StepTimer()
    if given is None and (settings.lungs_from or settings.lobes_from):
        with timer("engines"):
            given = ask_engines(volume, settings=settings, progress=part(progress, 0.0, 0.2))
    given = given or GivenParts()
    with timer("lungs"):
        lungs = find_lungs(
            volume, settings=settings.lungs, prior=prior, given=given.lungs, progress=part(progress, 0.2, 0.4)
        )
    if on_lungs is not None:
        on_lungs(lungs)
    with timer("vessels"):
        vessels = find_vessels(volume, lungs, settings=settings.vessels, progress=part(progress, 0.4, 0.75))
    lobes = None
    if settings.lobes:
        with timer("lobes"):
            listener = part(progress, 0.75, 0.8)
            lobes = (
                find_lobes(volume, lungs, vessels, settings=settings.lobe, progress=listener)
                if given.lobes is None
                else lobes_of_engine(given.lobes, lungs)
            )
    with timer("image quality"):
        if quality is None:
            quality = measure_image_quality(volume, lungs.mask("right_lung", "left_lung"))
    found = _analyse_density(
        volume,
        age_years,
        quality,
        lungs,
        vessels,
        lobes,
        given,
        settings=settings,
        timer=timer,
        progress=part(progress, 0.8, 0.95),
    )
    progress(1.0, 1.0, "comparing with normal lung")
    return found


def analyse_with_lungs(
    scan: ScanAnalysis,
    lungs: LungMap,
    *,
    settings: ChestCtSettings | None = None,
    timer: StepTimer | None = None,
    progress: Progress = quiet,
) -> ScanAnalysis:
    """The scan with other lungs, which lie within those that were found."""
    settings, timer = settings or ChestCtSettings(), timer or StepTimer()
    inside = lungs.mask("right_lung", "left_lung")
    vessels = replace(scan.vessels, array=np.where(inside, scan.vessels.array, 0))
    lobes = None if scan.lobes is None else scan.lobes.within(lungs)
    return _analyse_density(
        scan.volume,
        scan.age_years,
        scan.quality,
        lungs,
        vessels,
        lobes,
        scan.given,
        settings=settings,
        timer=timer,
        progress=progress,
    )


def _analyse_density(
    volume: Volume,
    age_years: float | None,
    quality: ImageQuality,
    lungs: LungMap,
    vessels: LabelMap,
    lobes: LobeMap | None,
    given: GivenParts,
    *,
    settings: ChestCtSettings,
    timer: StepTimer,
    progress: Progress,
) -> ScanAnalysis:
    with timer("regions"):
        regions = divide_lungs(lungs, lobes=lobes)
    with timer("normal lung"):
        parenchyma = measure_parenchyma(
            volume, lungs, vessels, spread=quality.spread, settings=settings.opacity, progress=progress
        )
        age = volume.acquisition.age_years if age_years is None else age_years
        normal = fit_normal_lung(
            volume, lungs, vessels, age_years=age, parenchyma=parenchyma, settings=settings.opacity
        )
        excess = excess_density(volume, lungs, vessels, normal, parenchyma=parenchyma, settings=settings.opacity)
    return ScanAnalysis(volume, age, quality, lungs, vessels, lobes, given, regions, parenchyma, normal, excess)


def with_normal_lung_of_other(
    scan: ScanAnalysis, other: NormalLung, *, settings: ChestCtSettings | None = None
) -> ScanAnalysis:
    """The scan by the other timepoint's normal lung, where too little of its own lung is normal."""
    if scan.normal.source == "histogram" or other.source != "histogram":
        return scan
    settings = settings or ChestCtSettings()
    fitted = partial(fit_normal_lung, scan.volume, scan.lungs, scan.vessels, parenchyma=scan.parenchyma)
    normal = fitted(age_years=scan.age_years, other=other, settings=settings.opacity)
    excess = excess_density(
        scan.volume, scan.lungs, scan.vessels, normal, parenchyma=scan.parenchyma, settings=settings.opacity
    )
    return replace(scan, normal=normal, excess=excess)
