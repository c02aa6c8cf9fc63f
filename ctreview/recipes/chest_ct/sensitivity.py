"""How the numbers of one scan move with what they rest on, a reader's corrections included."""

from __future__ import annotations

from collections.abc import Callable

from ctreview.change import (
    IntervalSettings,
    Perturbation,
    Sensitivity,
    Timepoint,
    find_sensitivity,
    ml_to_confirm,
)
from ctreview.progress import Progress, quiet
from ctreview.volume.labels import LabelMap

__all__ = ["TO_CONFIRM", "scan_sensitivity"]

TO_CONFIRM = "dense tissue to confirm"
"""The source of an interval that open candidates are: what may be consolidation would count if it were accepted."""


def scan_sensitivity(
    point: Timepoint,
    opacity_at: Callable[[float], LabelMap],
    *,
    settings: IntervalSettings | None = None,
    progress: Progress = quiet,
) -> Sensitivity:
    """How the numbers of one scan move with what they rest on.

    ``opacity_at`` gives the opacity with the threshold shifted and a reader's corrections: what the reader drew stands,
    whatever the threshold.
    """
    settings = settings or IntervalSettings()
    done = 0

    def variant(perturbation: Perturbation) -> LabelMap:
        nonlocal done
        progress(done, len(settings.shifts_hu), "varying the threshold")
        done += 1
        return opacity_at(perturbation.threshold_hu)

    found = find_sensitivity(
        point.regions,
        point.opacity,
        vessels=point.vessels,
        variants=variant,
        shifts_hu=settings.shifts_hu,
        block_mm=settings.block_mm,
    )
    open_ml = ml_to_confirm(point.candidates, point.regions, "consolidation")
    return found.with_alternative(TO_CONFIRM, "consolidation", open_ml)
