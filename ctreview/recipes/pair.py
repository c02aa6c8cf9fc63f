"""Two timepoints looked at together: one rule for both, and each helps the other where it is unsure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from ctreview.anatomy import LUNG_SCHEME, aerated_part, lost_ml, lung_size, without_lone_dense
from ctreview.anatomy.coarse import spread
from ctreview.change import Timepoint
from ctreview.opacity import OpacitySettings, SideBySide, Thresholds, classify, common_thresholds
from ctreview.progress import Progress, part, quiet
from ctreview.recipes.one_scan import Seen, help_each_other, see, seen_with
from ctreview.recipes.settings import ChestCtSettings
from ctreview.recipes.together import Arrived, Stopwatch, both, nobody
from ctreview.volume.labels import LabelMap
from ctreview.volume.places import DIRECTIONS, places
from ctreview.volume.transform import Transform
from ctreview.volume.volume import Volume

__all__ = ["LookedAt", "Priors", "judge_side_by_side", "leave_lone_dense_out", "look_again", "look_at", "priors_for"]

Priors = tuple[LabelMap | None, LabelMap | None]

LOST_ML = 3.0
"""So much aerated lung, in lungs of 5 L, must one scan lose before the other one helps it."""

CARRIED_MM = 3.0
"""Spacing at which lungs are carried to the other scan; `find_lungs` reads a prior in blocks of about 2 mm."""


@dataclass(frozen=True, eq=False)
class LookedAt:
    """Both timepoints, judged by one rule; ``beside`` where they were registered and judged side by side."""

    seen: tuple[Seen, Seen]
    thresholds: tuple[Thresholds, Thresholds]
    points: tuple[Timepoint, Timepoint]
    beside: SideBySide | None = None

    def opacity(
        self, number: int, settings: OpacitySettings, *, shift_hu: float = 0.0, progress: Progress = quiet
    ) -> LabelMap:
        """Opacity of one of the scans under a shifted threshold."""
        if self.beside is not None:
            return self.beside.classify(number, shift_hu=shift_hu, progress=progress)
        excess, rule = self.seen[number].excess, self.thresholds[number]
        return classify(excess, rule, shift_hu=shift_hu, settings=settings, progress=progress)


def look_at(
    volumes: tuple[Volume, Volume],
    ages: tuple[float | None, float | None],
    settings: ChestCtSettings,
    clock: Stopwatch,
    progress: Progress,
    arrived: Arrived = nobody,
) -> LookedAt:
    """Segment both scans, find a common rule, and find opacity by it."""
    seen = both(
        lambda listener: see(volumes[0], ages[0], settings, clock, listener, arrived=partial(arrived, 0, "lungs")),
        lambda listener: see(volumes[1], ages[1], settings, clock, listener, arrived=partial(arrived, 1, "lungs")),
        threads=settings.threads,
        progress=part(progress, 0.0, 0.8),
    )
    found = _judged(seen, settings, clock, part(progress, 0.8, 1.0))
    for number, point in enumerate(found.points):
        arrived(number, "opacity", point.opacity)
    return found


def look_again(
    found: LookedAt, priors: Priors, settings: ChestCtSettings, clock: Stopwatch, progress: Progress
) -> LookedAt:
    """Look again at the scans that have a prior; the other one is as it was."""
    seen = list(found.seen)
    for number, prior in enumerate(priors):
        if prior is not None:
            old, listener = seen[number], part(progress, 0.4 * number, 0.4 * number + 0.4)
            seen[number] = see(old.volume, old.age_years, settings, clock, listener, prior=prior)
    return _judged((seen[0], seen[1]), settings, clock, part(progress, 0.8, 1.0))


def judge_side_by_side(
    found: LookedAt, transform: Transform | None, settings: ChestCtSettings, clock: Stopwatch, progress: Progress
) -> LookedAt:
    """Where both scans show the same density, call both the same; nothing where they are not registered."""
    if transform is None:
        return found
    with clock("opacity"):
        excess = found.seen[0].excess, found.seen[1].excess
        beside = SideBySide.of(excess, found.thresholds, transform, settings=settings.opacity)
        points = both(
            lambda listener: found.seen[0].timepoint(beside.classify(0, progress=listener)),
            lambda listener: found.seen[1].timepoint(beside.classify(1, progress=listener)),
            threads=settings.threads,
            progress=progress,
        )
    # three arrays of each scan, which nobody asks for again, are let go of
    first, second = (replace(one, excess=judged) for one, judged in zip(found.seen, beside.excess, strict=True))
    return replace(found, seen=(first, second), points=points, beside=beside)


def _judged(seen: tuple[Seen, Seen], settings: ChestCtSettings, clock: Stopwatch, progress: Progress) -> LookedAt:
    with clock("normal lung"):
        before, after = help_each_other(*seen, settings)
        first, second = common_thresholds((before.normal, after.normal), settings=settings.opacity)
    with clock("opacity"):
        points = both(
            lambda listener: before.classified(first, settings.opacity, listener),
            lambda listener: after.classified(second, settings.opacity, listener),
            threads=settings.threads,
            progress=progress,
        )
    return LookedAt((before, after), (first, second), points)


def leave_lone_dense_out(
    found: LookedAt, transform: Transform | None, settings: ChestCtSettings, clock: Stopwatch, progress: Progress
) -> LookedAt:
    """Leave small airless pieces out of the lungs that only one of the scans takes for lung."""
    if transform is None:
        return found
    seen = list(found.seen)
    for number, own in enumerate(found.seen):
        if not _recovered_ml(own.lungs):
            continue
        listener = part(progress, 0.4 * number, 0.4 * number + 0.4)
        with clock("lungs"):
            # what the other scan's field of view leaves out is no place where it has none of its lung
            other = _carried(found.seen[1 - number].lungs, transform, number, unseen=own.lungs)
            lungs = without_lone_dense(own.volume, own.lungs, own.vessels, other)
        if lungs is not own.lungs:
            seen[number] = seen_with(own, lungs, settings, clock, listener)
    if seen[0] is found.seen[0] and seen[1] is found.seen[1]:
        return found
    return _judged((seen[0], seen[1]), settings, clock, part(progress, 0.8, 1.0))


def priors_for(found: LookedAt, transform: Transform | None) -> Priors:
    """The other timepoint's aerated lung, on the grid of a scan whose own lungs lost some of it; None where none did.

    Consolidation at the border of the lung looks like what lies beyond. Where the other scan has aerated lung in that
    place, it was lung.
    """
    if transform is None:
        return None, None
    first, second = (_prior(found, transform, number) for number in (0, 1))
    return first, second


def _prior(found: LookedAt, transform: Transform, number: int) -> LabelMap | None:
    own, other = found.seen[number], found.seen[1 - number]
    prior = _carried(aerated_part(other.volume, other.lungs), transform, number)
    size = lung_size(own.lungs)
    return prior if lost_ml(own.volume, own.lungs, prior) >= LOST_ML * size**3 else None


def _recovered_ml(lungs: LabelMap) -> float:
    """How much of the lungs was recovered though it holds no air."""
    return sum(
        float(check.value)
        for check in lungs.checks
        if check.name == "dense_lung_recovered" and isinstance(check.value, int | float)
    )


def _carried(lungs: LabelMap, transform: Transform, number: int, *, unseen: LabelMap | None = None) -> LabelMap:
    """The other scan's lungs on the grid of baseline (0) or follow-up (1), in steps of some millimetres.

    Where the other scan does not reach there is what ``unseen`` has there; nothing unless it is given.
    """
    grid = (transform.fixed, transform.moving)[number]
    steps = [max(1, round(CARRIED_MM / spacing)) for spacing in grid.spacing]
    axes = [np.arange(step // 2, size, step) for step, size in zip(steps, grid.shape, strict=True)]
    index = np.meshgrid(*axes, indexing="ij")
    there = places(transform, DIRECTIONS[number], grid, lungs.geometry, [part.ravel() for part in index])
    at = np.rint(there).astype(np.int64)
    inside = np.all((at >= 0) & (at < lungs.geometry.shape), axis=-1)
    coarse = (
        np.zeros(index[0].shape, dtype=np.uint8) if unseen is None else unseen.array[np.ix_(*axes)].astype(np.uint8)
    )
    coarse.ravel()[inside] = lungs.array[tuple(at[inside].T)]
    return LabelMap(spread(coarse, tuple(steps), grid.shape), grid, LUNG_SCHEME)
