"""What became of the opacity of two scans, and what changed in each region."""

from __future__ import annotations

from collections.abc import Mapping

from ctreview.change import (
    Fate,
    Interval,
    RegionChange,
    RegionMeasures,
    Timepoint,
    check_coverage,
    fate_ml,
    find_fate,
    judge,
)
from ctreview.checks import Check
from ctreview.recipes.chest_ct.settings import ChestCtSettings
from ctreview.registration import Registration

__all__ = ["opacity_fate", "region_changes"]


def opacity_fate(
    points: tuple[Timepoint, Timepoint],
    registration: Registration | None,
    *,
    settings: ChestCtSettings | None = None,
) -> tuple[Fate | None, tuple[Check, ...]]:
    """What became of each voxel, and whether both scans see all of it.

    Fate is withheld where the registration failed or is too poor; whether both scans see all of the opacity is asked
    all the same.
    """
    if registration is None:
        return None, (check_coverage(None, 0.0),)
    fate = find_fate(
        points[0].opacity, points[1].opacity, registration.transform, settings=(settings or ChestCtSettings()).fate
    )
    opacity_ml = sum(point.opacity.counted_ml() for point in points)
    return fate if registration.ok else None, (check_coverage(fate.unseen_ml, opacity_ml),)


def region_changes(
    points: tuple[Timepoint, Timepoint],
    measures: tuple[Mapping[str, RegionMeasures], ...],
    intervals: Mapping[str, Mapping[str, Interval | None]],
    fate: Fate | None,
    checks: tuple[Check, ...],
    *,
    settings: ChestCtSettings | None = None,
) -> tuple[RegionChange, ...]:
    """What changed in every region that both scans have, the whole first; checks count where they concern it."""
    settings = settings or ChestCtSettings()
    fates = {} if fate is None else fate_ml(fate, points[0].regions, points[1].regions)
    found, whole = [], next(iter(intervals))
    for name, change in intervals.items():
        opacity, before, after = change["opacity_ml"], measures[0][name], measures[1][name]
        assert opacity is not None
        concerned = [check for check in checks if check.concerns(name, whole)]
        verdict = judge(opacity, before, after, concerned, settings=settings.verdict)
        found.append(RegionChange(name, before, after, change, fates.get(name), verdict))
    return tuple(found)
