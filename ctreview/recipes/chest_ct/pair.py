"""Both scans analysed, and their opacity found by one rule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from ctreview.change import Timepoint
from ctreview.opacity import JointClassification, NormalLung, OpacitySettings, Thresholds, classify, common_thresholds
from ctreview.progress import Progress, part, quiet
from ctreview.recipes.chest_ct.references import air_offsets_hu, reference_hu
from ctreview.recipes.chest_ct.scan import ScanPair, analyse_scan, with_normal_lung_of_other
from ctreview.recipes.chest_ct.settings import ChestCtSettings
from ctreview.recipes.steps import LabelsListener, StepTimer, ignore_labels, run_both
from ctreview.volume.labels import LabelMap
from ctreview.volume.volume import Volume

__all__ = ["PairAnalysis", "analyse_pair", "find_common_rule", "with_opacity"]


@dataclass(frozen=True, eq=False)
class PairAnalysis:
    """Both timepoints, judged by one rule; ``beside`` where they were registered and judged side by side.

    ``growth`` is the follow-up's predicted lung volume over the baseline's.
    """

    scans: ScanPair
    thresholds: tuple[Thresholds, Thresholds]
    points: tuple[Timepoint, Timepoint]
    beside: JointClassification | None = None
    growth: float = 1.0

    def opacity(
        self,
        number: int,
        *,
        shift_hu: float = 0.0,
        with_streaks: bool = False,
        settings: OpacitySettings | None = None,
        progress: Progress = quiet,
    ) -> LabelMap:
        """Opacity of one of the scans under a shifted threshold; ``with_streaks`` leaves in what streaks may add."""
        if self.beside is not None:
            return self.beside.classify(number, shift_hu=shift_hu, with_streaks=with_streaks, progress=progress)
        excess, rule = self.scans[number].excess, self.thresholds[number]
        excess = excess.with_streaks() if with_streaks else excess
        return classify(excess, rule, shift_hu=shift_hu, settings=settings, progress=progress)


def analyse_pair(
    volumes: tuple[Volume, Volume],
    ages: tuple[float | None, float | None],
    *,
    growth: float = 1.0,
    on_labels: LabelsListener = ignore_labels,
    settings: ChestCtSettings | None = None,
    timer: StepTimer | None = None,
    progress: Progress = quiet,
) -> PairAnalysis:
    """Segment both scans, find a common rule, and find opacity by it."""
    settings, timer = settings or ChestCtSettings(), timer or StepTimer()
    analyse = partial(analyse_scan, settings=settings, timer=timer)
    scans = run_both(
        lambda listener: analyse(volumes[0], ages[0], on_lungs=partial(on_labels, 0, "lungs"), progress=listener),
        lambda listener: analyse(volumes[1], ages[1], on_lungs=partial(on_labels, 1, "lungs"), progress=listener),
        threads=settings.threads,
        progress=part(progress, 0.0, 0.8),
    )
    scans, thresholds = find_common_rule(scans, growth=growth, settings=settings, timer=timer)

    def find_opacity(number: int, listener: Progress) -> LabelMap:
        return classify(scans[number].excess, thresholds[number], settings=settings.opacity, progress=listener)

    points = with_opacity(scans, find_opacity, settings=settings, timer=timer, progress=part(progress, 0.8, 1.0))
    for number, point in enumerate(points):
        on_labels(number, "opacity", point.opacity)
    return PairAnalysis(scans, thresholds, points, growth=growth)


def find_common_rule(
    scans: ScanPair,
    *,
    growth: float = 1.0,
    settings: ChestCtSettings | None = None,
    timer: StepTimer | None = None,
) -> tuple[ScanPair, tuple[Thresholds, Thresholds]]:
    """Where opacity begins in both scans; where too little of one lung is normal, the other's normal lung stands in.

    A lung keeps its mass from breath to breath and not as it grows: ``growth``, the follow-up's predicted volume over
    the baseline's, is no breath.
    """
    settings, timer = settings or ChestCtSettings(), timer or StepTimer()
    with timer("normal lung"):
        before = with_normal_lung_of_other(scans[0], _grown(scans[1].normal, 1.0 / growth), settings=settings)
        after = with_normal_lung_of_other(scans[1], _grown(scans[0].normal, growth), settings=settings)
        references = [
            reference_hu(scan.volume, scan.lungs, spread_mm=scan.quality.spread.in_plane_mm) for scan in scans
        ]
        offsets = air_offsets_hu(references[0], references[1], (scans[0].quality.air_hu, scans[1].quality.air_hu))
        first, second = common_thresholds(
            (before.normal, after.normal),
            inflation=(before.normal.lung_ml, after.normal.lung_ml / growth),
            offsets_hu=offsets,
            settings=settings.opacity,
        )
    return (before, after), (first, second)


def _grown(normal: NormalLung, factor: float) -> NormalLung:
    """Normal lung of the same density, as large as it is at the other timepoint by growth alone."""
    return replace(normal, lung_ml=normal.lung_ml * factor)


def with_opacity(
    scans: ScanPair,
    find_opacity: Callable[[int, Progress], LabelMap],
    *,
    settings: ChestCtSettings | None = None,
    timer: StepTimer | None = None,
    progress: Progress = quiet,
) -> tuple[Timepoint, Timepoint]:
    """Both scans with the opacity that is found in each."""
    settings, timer = settings or ChestCtSettings(), timer or StepTimer()
    with timer("opacity"):
        return run_both(
            lambda listener: scans[0].timepoint(find_opacity(0, listener)),
            lambda listener: scans[1].timepoint(find_opacity(1, listener)),
            threads=settings.threads,
            progress=progress,
        )
