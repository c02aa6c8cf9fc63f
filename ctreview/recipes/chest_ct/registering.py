"""Registration of the lungs of two scans, and whether it may be believed."""

from __future__ import annotations

from dataclasses import replace

from ctreview.change import Timepoint
from ctreview.checks import Check
from ctreview.errors import RegistrationFailed
from ctreview.progress import Progress, quiet
from ctreview.recipes.chest_ct.settings import ChestCtSettings
from ctreview.registration import Registration, register
from ctreview.volume.labels import LabelMap

__all__ = ["register_lungs"]


def register_lungs(
    points: tuple[Timepoint, Timepoint],
    *,
    settings: ChestCtSettings | None = None,
    progress: Progress = quiet,
) -> tuple[Registration | None, tuple[Check, ...]]:
    """Register the lungs of two scans.

    Returns
    -------
    Registration or None
        None where it failed. One that is not ``ok`` is too poor to say what became of what, and good enough to say
        which part of the lungs both scans show.
    tuple of Check
        Whether it may be believed.
    """
    settings = settings or ChestCtSettings()
    try:
        found = register(
            points[0].volume,
            points[1].volume,
            fixed_mask=_without_airways(points[0].organ),
            moving_mask=_without_airways(points[1].organ),
            fixed_ignore=points[0].opacity,
            moving_ignore=points[1].opacity,
            settings=settings.registration,
            progress=progress,
        )
    except RegistrationFailed as failure:
        message = (
            f"The two scans could not be registered: {failure.found}. Volumes stand; what became of what is withheld."
        )
        return None, (Check("registration", "failed", "found", ok=False, message=message, effect="stops"),)
    if not found.ok:
        message = (
            "The registration is not good enough to say what became of what: each scan is judged by itself, and fate "
            "is withheld."
        )
        return found, (Check("registration", "poor", "good", ok=False, message=message, effect="widens"), *found.checks)
    return found, found.checks


def _without_airways(lungs: LabelMap) -> LabelMap:
    """Both lungs alone: the trachea slides along them, and its length is a matter of the field of view."""
    return replace(lungs, array=lungs.array * lungs.mask("right_lung", "left_lung"))
