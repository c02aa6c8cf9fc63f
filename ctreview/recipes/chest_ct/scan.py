"""What is done with each scan before a threshold is needed: lungs, vessels, regions, normal lung."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from ctreview.anatomy import divide_lungs, find_lungs, find_vessels
from ctreview.change import IntervalSettings, Perturbation, Sensitivity, Timepoint, find_sensitivity
from ctreview.dicom.series import Series
from ctreview.edits import Edit
from ctreview.errors import WrongModality
from ctreview.opacity import (
    Excess,
    NormalLung,
    Parenchyma,
    excess_density,
    fit_normal_lung,
    measure_parenchyma,
)
from ctreview.progress import Progress, part
from ctreview.recipes.chest_ct.corrections import replayed
from ctreview.recipes.chest_ct.facts import scan_facts
from ctreview.recipes.chest_ct.settings import ChestCtSettings
from ctreview.recipes.steps import StepTimer
from ctreview.volume.labels import LabelMap
from ctreview.volume.load import load_volume
from ctreview.volume.regions import Regions
from ctreview.volume.volume import Volume

__all__ = ["ScanAnalysis", "Source", "analyse_scan", "help_each_other", "load_ct", "scan_sensitivity", "with_lungs"]

Source = Volume | Series | Path | str
"""A scan: an image in memory, a series of `find_series`, or a path."""


@dataclass(frozen=True, eq=False)
class ScanAnalysis:
    """One scan up to where a threshold is needed."""

    volume: Volume
    age_years: float | None
    lungs: LabelMap
    vessels: LabelMap
    regions: Regions
    parenchyma: Parenchyma
    normal: NormalLung
    excess: Excess

    def timepoint(self, opacity: LabelMap) -> Timepoint:
        """The scan with this opacity."""
        return Timepoint(
            volume=self.volume,
            organ=self.lungs,
            opacity=opacity,
            regions=self.regions,
            vessels=self.vessels,
            facts=scan_facts(self.volume, self.age_years),
        )


def load_ct(source: Source, series: str | None, settings: ChestCtSettings, progress: Progress) -> Volume:
    """Load a scan, in canonical axes.

    Raises
    ------
    WrongModality
        It is no CT, or its numbers are no HU.
    """
    volume = (
        source
        if isinstance(source, Volume)
        else load_volume(source, series=series, settings=settings.load, progress=progress)
    )
    if volume.unit != "HU" or volume.acquisition.modality not in (None, "CT"):
        raise WrongModality(
            f"this is {volume.acquisition.modality or 'no CT'}, and density in HU is needed",
            where=None if isinstance(source, Volume | Series) else source,
            remedy="Give a CT.",
        )
    return volume.canonical()


def analyse_scan(
    volume: Volume,
    age_years: float | None,
    settings: ChestCtSettings,
    timer: StepTimer,
    progress: Progress,
    *,
    prior: LabelMap | None = None,
    on_labels: Callable[[LabelMap], None] | None = None,
) -> ScanAnalysis:
    """Lungs, vessels, regions, normal lung, and density beyond it.

    ``prior`` holds the aerated lung of the other timepoint, carried over onto this grid; ``on_labels`` is told the
    lungs as soon as they are there.
    """
    with timer("lungs"):
        lungs = find_lungs(volume, settings=settings.lungs, prior=prior, progress=part(progress, 0.0, 0.4))
    if on_labels is not None:
        on_labels(lungs)
    with timer("vessels"):
        vessels = find_vessels(volume, lungs, settings=settings.vessels, progress=part(progress, 0.4, 0.75))
    found = _measured(volume, age_years, lungs, vessels, settings, timer, part(progress, 0.8, 0.95))
    progress(1.0, 1.0, "comparing with normal lung")
    return found


def with_lungs(
    scan: ScanAnalysis, lungs: LabelMap, settings: ChestCtSettings, timer: StepTimer, progress: Progress
) -> ScanAnalysis:
    """The scan with other lungs, which lie within those that were found."""
    inside = lungs.mask("right_lung", "left_lung")
    vessels = replace(scan.vessels, array=np.where(inside, scan.vessels.array, 0))
    return _measured(scan.volume, scan.age_years, lungs, vessels, settings, timer, progress)


def _measured(
    volume: Volume,
    age_years: float | None,
    lungs: LabelMap,
    vessels: LabelMap,
    settings: ChestCtSettings,
    timer: StepTimer,
    progress: Progress,
) -> ScanAnalysis:
    with timer("regions"):
        regions = divide_lungs(lungs)
    with timer("normal lung"):
        parenchyma = measure_parenchyma(volume, lungs, vessels, settings=settings.opacity, progress=progress)
        age = volume.acquisition.age_years if age_years is None else age_years
        normal = fit_normal_lung(
            volume, lungs, vessels, age_years=age, parenchyma=parenchyma, settings=settings.opacity
        )
        excess = excess_density(volume, lungs, vessels, normal, parenchyma=parenchyma, settings=settings.opacity)
    return ScanAnalysis(volume, age, lungs, vessels, regions, parenchyma, normal, excess)


def help_each_other(
    before: ScanAnalysis, after: ScanAnalysis, settings: ChestCtSettings
) -> tuple[ScanAnalysis, ScanAnalysis]:
    """Where too little of one lung is normal, take the other timepoint's normal lung for it."""
    return _helped(before, after.normal, settings), _helped(after, before.normal, settings)


def _helped(scan: ScanAnalysis, other: NormalLung, settings: ChestCtSettings) -> ScanAnalysis:
    if scan.normal.source == "histogram" or other.source != "histogram":
        return scan
    fitted = partial(fit_normal_lung, scan.volume, scan.lungs, scan.vessels, parenchyma=scan.parenchyma)
    normal = fitted(age_years=scan.age_years, other=other, settings=settings.opacity)
    excess = excess_density(
        scan.volume, scan.lungs, scan.vessels, normal, parenchyma=scan.parenchyma, settings=settings.opacity
    )
    return replace(scan, normal=normal, excess=excess)


def scan_sensitivity(
    point: Timepoint,
    opacity_at: Callable[[float], LabelMap],
    settings: IntervalSettings,
    progress: Progress,
    edits: Sequence[Edit] = (),
    other: LabelMap | None = None,
) -> Sensitivity:
    """How the numbers of one scan move with what they rest on.

    ``opacity_at`` gives the opacity with the threshold shifted. A reader's ``edits`` are replayed on every variant:
    what the reader drew stands, whatever the threshold.
    """
    done = 0

    def variant(perturbation: Perturbation) -> LabelMap:
        nonlocal done
        progress(done, len(settings.shifts_hu), "varying the threshold")
        done += 1
        found = opacity_at(perturbation.threshold_hu)
        return replayed(point, found, edits, other).labels if edits else found

    return find_sensitivity(
        point.volume,
        point.regions,
        point.opacity,
        vessels=point.vessels,
        variants=variant,
        shifts_hu=settings.shifts_hu,
        block_mm=settings.block_mm,
    )
