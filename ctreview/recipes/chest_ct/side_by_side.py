"""Two registered scans judged side by side: each helps the other to its lungs and to what in them is opacity."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ctreview.anatomy import (
    LUNG_SCHEME,
    aerated_lung_mask,
    divide_lungs,
    lung_size,
    missed_lung_ml,
    remove_unconfirmed_dense_lung,
)
from ctreview.anatomy.coarse import upsampled
from ctreview.opacity import JointClassification
from ctreview.progress import Progress, part, quiet
from ctreview.recipes.chest_ct.pair import PairAnalysis, find_common_rule, with_opacity
from ctreview.recipes.chest_ct.scan import ScanPair, analyse_scan, analyse_with_lungs
from ctreview.recipes.chest_ct.settings import ChestCtSettings
from ctreview.recipes.steps import StepTimer
from ctreview.volume.correspondence import DIRECTIONS, corresponding_voxels
from ctreview.volume.labels import LabelMap
from ctreview.volume.transform import Transform

__all__ = ["Priors", "analyse_side_by_side", "priors_for", "recover_lost_lung", "remove_lone_pieces"]

Priors = tuple[LabelMap | None, LabelMap | None]

LOST_ML = 3.0
"""So much aerated lung, in lungs of 5 L, must one scan lose before the other one helps it."""

CARRIED_MM = 3.0
"""Spacing at which lungs are carried to the other scan; `find_lungs` reads a prior in blocks of about 2 mm."""


def analyse_side_by_side(
    pair: PairAnalysis,
    transform: Transform | None,
    *,
    settings: ChestCtSettings | None = None,
    timer: StepTimer | None = None,
    progress: Progress = quiet,
) -> PairAnalysis:
    """Let two registered scans help each other to their lungs and to what in them is opacity.

    Lung that one of them lost is looked for again where the other one shows it aerated, small airless pieces that only
    one takes for lung are left out, a fissure that one shows parts the lobes of both, and what both show alike is
    called the same in both. Nothing of this where they are not registered.
    """
    if transform is None:
        return pair
    settings, timer = settings or ChestCtSettings(), timer or StepTimer()
    scans = recover_lost_lung(pair.scans, transform, settings=settings, timer=timer, progress=part(progress, 0.0, 0.5))
    scans = remove_lone_pieces(scans, transform, settings=settings, timer=timer, progress=part(progress, 0.5, 0.7))
    thresholds = pair.thresholds
    changed = scans is not pair.scans
    scans = carry_fissures(scans, transform, timer=timer)
    if changed:
        scans, thresholds = find_common_rule(scans, growth=pair.growth, settings=settings, timer=timer)
    with timer("opacity"):
        beside = JointClassification.of(
            (scans[0].excess, scans[1].excess), thresholds, transform, settings=settings.opacity
        )
    # what each scan showed by itself is not kept beside what both show
    before, after = (replace(one, excess=judged) for one, judged in zip(scans, beside.excess, strict=True))

    def find_opacity(number: int, listener: Progress) -> LabelMap:
        return beside.classify(number, progress=listener)

    points = with_opacity(
        (before, after), find_opacity, settings=settings, timer=timer, progress=part(progress, 0.7, 1.0)
    )
    return PairAnalysis((before, after), thresholds, points, beside, pair.growth)


def recover_lost_lung(
    scans: ScanPair,
    transform: Transform,
    *,
    settings: ChestCtSettings | None = None,
    timer: StepTimer | None = None,
    progress: Progress = quiet,
) -> ScanPair:
    """Analyse again a scan that lost lung which the other one shows; the same pair where none did."""
    priors = priors_for(scans, transform)
    if priors == (None, None):
        return scans
    again = list(scans)
    for number, prior in enumerate(priors):
        if prior is not None and scans[number].given.lungs is None:
            old, listener = scans[number], part(progress, 0.5 * number, 0.5 * number + 0.5)
            again[number] = analyse_scan(
                old.volume,
                old.age_years,
                prior=prior,
                quality=old.quality,
                given=old.given,
                settings=settings,
                timer=timer,
                progress=listener,
            )
    return again[0], again[1]


def remove_lone_pieces(
    scans: ScanPair,
    transform: Transform,
    *,
    settings: ChestCtSettings | None = None,
    timer: StepTimer | None = None,
    progress: Progress = quiet,
) -> ScanPair:
    """Leave small airless pieces out of the lungs that only one of the scans takes for lung; else the same pair."""
    timer = timer or StepTimer()
    kept = list(scans)
    for number, own in enumerate(scans):
        if not own.lungs.dense_ml and own.given.lungs is None:
            continue
        with timer("lungs"):
            # what the other scan's field of view leaves out is no place where it has none of its lung
            other = _carried(scans[1 - number].lungs, transform, number, unseen=own.lungs)
            lungs = remove_unconfirmed_dense_lung(own.volume, own.lungs, own.vessels, other)
        if lungs is not own.lungs:
            listener = part(progress, 0.5 * number, 0.5 * number + 0.5)
            kept[number] = analyse_with_lungs(own, lungs, settings=settings, timer=timer, progress=listener)
    return scans if all(one is own for one, own in zip(kept, scans, strict=True)) else (kept[0], kept[1])


def carry_fissures(scans: ScanPair, transform: Transform, *, timer: StepTimer | None = None) -> ScanPair:
    """Let each scan's lobes end at fissures that only the other one shows; the same pair where there are no lobes."""
    first, second = scans
    if first.lobes is None or second.lobes is None:
        return scans
    with (timer or StepTimer())("lobes"):
        lobes = (
            first.lobes.with_carried(second.lobes, first.lungs, transform.to_fixed),
            second.lobes.with_carried(first.lobes, second.lungs, transform.to_moving),
        )
        before, after = (
            replace(scan, lobes=own, regions=divide_lungs(scan.lungs, lobes=own))
            for scan, own in zip(scans, lobes, strict=True)
        )
    return before, after


def priors_for(scans: ScanPair, transform: Transform) -> Priors:
    """The other timepoint's aerated lung, on the grid of a scan whose own lungs lost some of it; None where none did.

    Consolidation at the border of the lung looks like what lies beyond. Where the other scan has aerated lung in that
    place, it was lung.
    """
    first, second = (_prior(scans, transform, number) for number in (0, 1))
    return first, second


def _prior(scans: ScanPair, transform: Transform, number: int) -> LabelMap | None:
    own, other = scans[number], scans[1 - number]
    prior = _carried(aerated_lung_mask(other.volume, other.lungs), transform, number)
    size = lung_size(own.lungs)
    return prior if missed_lung_ml(own.volume, own.lungs, prior) >= LOST_ML * size**3 else None


def _carried(lungs: LabelMap, transform: Transform, number: int, *, unseen: LabelMap | None = None) -> LabelMap:
    """The other scan's lungs on the grid of baseline (0) or follow-up (1), in steps of some millimetres.

    Where the other scan does not reach there is what ``unseen`` has there; nothing unless it is given.
    """
    grid = (transform.fixed, transform.moving)[number]
    steps = [max(1, round(CARRIED_MM / spacing)) for spacing in grid.spacing]
    axes = [np.arange(step // 2, size, step) for step, size in zip(steps, grid.shape, strict=True)]
    index = np.meshgrid(*axes, indexing="ij")
    there = corresponding_voxels(transform, DIRECTIONS[number], grid, lungs.geometry, [part.ravel() for part in index])
    at = np.rint(there).astype(np.int64)
    inside = np.all((at >= 0) & (at < lungs.geometry.shape), axis=-1)
    coarse = (
        np.zeros(index[0].shape, dtype=np.uint8) if unseen is None else unseen.array[np.ix_(*axes)].astype(np.uint8)
    )
    coarse.ravel()[inside] = lungs.array[tuple(at[inside].T)]
    return LabelMap(upsampled(coarse, tuple(steps), grid.shape), grid, LUNG_SCHEME)
