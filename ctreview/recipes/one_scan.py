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
from ctreview.recipes.corrected import replayed
from ctreview.recipes.facts import scan_facts
from ctreview.recipes.settings import ChestCtSettings
from ctreview.recipes.together import Stopwatch
from ctreview.volume.labels import LabelMap
from ctreview.volume.load import load_volume
from ctreview.volume.regions import Regions
from ctreview.volume.volume import Volume

__all__ = ["Seen", "Source", "help_each_other", "load_ct", "scan_sensitivity", "see", "seen_with"]

Source = Volume | Series | Path | str
"""A scan: an image in memory, a series of `find_series`, or a path."""


@dataclass(frozen=True, eq=False)
class Seen:
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


def see(
    volume: Volume,
    age_years: float | None,
    settings: ChestCtSettings,
    clock: Stopwatch,
    progress: Progress,
    *,
    prior: LabelMap | None = None,
    arrived: Callable[[LabelMap], None] | None = None,
) -> Seen:
    """Lungs, vessels, regions, normal lung, and density beyond it.

    ``prior`` holds the aerated lung of the other timepoint, carried over onto this grid; ``arrived`` is told the lungs
    as soon as they are there.
    """
    with clock("lungs"):
        lungs = find_lungs(volume, settings=settings.lungs, prior=prior, progress=part(progress, 0.0, 0.4))
    if arrived is not None:
        arrived(lungs)
    with clock("vessels"):
        vessels = find_vessels(volume, lungs, settings=settings.vessels, progress=part(progress, 0.4, 0.75))
    found = _measured(volume, age_years, lungs, vessels, settings, clock, part(progress, 0.8, 0.95))
    progress(1.0, 1.0, "comparing with normal lung")
    return found


def seen_with(seen: Seen, lungs: LabelMap, settings: ChestCtSettings, clock: Stopwatch, progress: Progress) -> Seen:
    """The scan with other lungs, which lie within those that were found."""
    inside = lungs.mask("right_lung", "left_lung")
    vessels = replace(seen.vessels, array=np.where(inside, seen.vessels.array, 0))
    return _measured(seen.volume, seen.age_years, lungs, vessels, settings, clock, progress)


def _measured(
    volume: Volume,
    age_years: float | None,
    lungs: LabelMap,
    vessels: LabelMap,
    settings: ChestCtSettings,
    clock: Stopwatch,
    progress: Progress,
) -> Seen:
    with clock("regions"):
        regions = divide_lungs(lungs)
    with clock("normal lung"):
        parenchyma = measure_parenchyma(volume, lungs, vessels, settings=settings.opacity, progress=progress)
        age = volume.acquisition.age_years if age_years is None else age_years
        normal = fit_normal_lung(
            volume, lungs, vessels, age_years=age, parenchyma=parenchyma, settings=settings.opacity
        )
        excess = excess_density(volume, lungs, vessels, normal, parenchyma=parenchyma, settings=settings.opacity)
    return Seen(volume, age, lungs, vessels, regions, parenchyma, normal, excess)


def help_each_other(before: Seen, after: Seen, settings: ChestCtSettings) -> tuple[Seen, Seen]:
    """Where too little of one lung is normal, take the other timepoint's normal lung for it."""
    return _helped(before, after.normal, settings), _helped(after, before.normal, settings)


def _helped(seen: Seen, other: NormalLung, settings: ChestCtSettings) -> Seen:
    if seen.normal.source == "histogram" or other.source != "histogram":
        return seen
    fitted = partial(fit_normal_lung, seen.volume, seen.lungs, seen.vessels, parenchyma=seen.parenchyma)
    normal = fitted(age_years=seen.age_years, other=other, settings=settings.opacity)
    excess = excess_density(
        seen.volume, seen.lungs, seen.vessels, normal, parenchyma=seen.parenchyma, settings=settings.opacity
    )
    return replace(seen, normal=normal, excess=excess)


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
