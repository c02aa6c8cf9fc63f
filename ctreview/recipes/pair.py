"""Two timepoints looked at together: one rule for both, and each helps the other where it is unsure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from ctreview.anatomy import LUNG_SCHEME
from ctreview.change import Timepoint
from ctreview.opacity import Thresholds, common_thresholds
from ctreview.progress import Progress, part
from ctreview.recipes.one_scan import Seen, help_each_other, see
from ctreview.recipes.settings import ChestCtSettings
from ctreview.recipes.together import Arrived, Stopwatch, both, nobody
from ctreview.volume.labels import LabelMap
from ctreview.volume.resample import warp_labels
from ctreview.volume.transform import Transform
from ctreview.volume.volume import Volume

__all__ = ["LookedAt", "Priors", "look_again", "look_at", "priors_for"]

Priors = tuple[LabelMap | None, LabelMap | None]

DOUBT = ("dense_lung_recovered", "pleural_fluid")
"""Checks of the lungs whose value, in mL, says how much of the mask is not aerated and had to be decided."""

DOUBTFUL_ML = 20.0
"""One scan must be in doubt about this much more than the other before the other one helps it."""

CARRIED_MM = 3.0
"""Spacing at which lungs are carried to the follow-up; `find_lungs` reads a prior in blocks of about 2 mm."""


@dataclass(frozen=True, eq=False)
class LookedAt:
    """Both timepoints, judged by one rule."""

    seen: tuple[Seen, Seen]
    thresholds: tuple[Thresholds, Thresholds]
    points: tuple[Timepoint, Timepoint]


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


def priors_for(found: LookedAt, transform: Transform | None) -> Priors:
    """The other timepoint's lungs, on the grid of the scan whose own lungs are in doubt; None where they are not.

    Consolidation and fluid at the chest wall look alike in one scan; where the other scan has aerated lung in that
    place, it was lung.
    """
    if transform is None:
        return None, None
    doubt = [_doubt_ml(one.lungs) for one in found.seen]
    if abs(doubt[0] - doubt[1]) < DOUBTFUL_ML:
        return None, None
    if doubt[0] > doubt[1]:
        return warp_labels(found.seen[1].lungs, transform), None
    return None, _carried(found.seen[0].lungs, transform)


def _doubt_ml(lungs: LabelMap) -> float:
    return sum(
        float(check.value) for check in lungs.checks if check.name in DOUBT and isinstance(check.value, int | float)
    )


def _carried(lungs: LabelMap, transform: Transform) -> LabelMap:
    """The baseline's lungs on the follow-up's grid, in steps of some millimetres."""
    grid = transform.moving
    steps = [max(1, round(CARRIED_MM / spacing)) for spacing in grid.spacing]
    axes = [np.arange(step // 2, size, step) for step, size in zip(steps, grid.shape, strict=True)]
    index = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    at = np.rint(lungs.geometry.to_index(transform.to_fixed(grid.to_lps(index), tolerance_mm=0.5))).astype(np.int64)
    inside = np.all((at >= 0) & (at < lungs.geometry.shape), axis=-1)
    coarse = np.zeros(index.shape[:3], dtype=np.uint8)
    coarse[inside] = lungs.array[tuple(at[inside].T)]
    for axis, (step, size) in enumerate(zip(steps, grid.shape, strict=True)):
        nearest = np.minimum(np.arange(size) // step, coarse.shape[axis] - 1)
        coarse = np.take(coarse, nearest, axis=axis)
    return LabelMap(coarse, grid, LUNG_SCHEME)
