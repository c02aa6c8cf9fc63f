"""Registration of the limbs of two examinations, and whether it may be believed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ctreview.checks import Check
from ctreview.errors import RegistrationFailed
from ctreview.progress import Progress, quiet
from ctreview.recipes.muscle_mri.measured import MuscleMriResult
from ctreview.recipes.muscle_mri.settings import MuscleMriSettings
from ctreview.registration import QualityLimits, Registration, register
from ctreview.volume.labels import Label, LabelMap, Scheme
from ctreview.volume.volume import Volume

__all__ = ["RegisteredLimbs", "register_limbs"]

RegisteredLimbs = tuple[Registration | None, tuple[Check, ...]]
"""What `register_limbs` gives."""

_LIMBS = Scheme((Label(1, "limbs", (200, 200, 200)),))


def register_limbs(
    before: MuscleMriResult,
    after: MuscleMriResult,
    *,
    settings: MuscleMriSettings | None = None,
    progress: Progress = quiet,
) -> RegisteredLimbs:
    """Lay the limbs of the baseline over those of the follow-up.

    The image is that of which the sensitivity of the coil was taken off; what it measures is not asked.

    Parameters
    ----------
    before, after : MuscleMriResult
    settings : MuscleMriSettings, optional

    Returns
    -------
    Registration or None
        None where it failed, or found too little to be believed.
    tuple of Check
    """
    settings = settings or MuscleMriSettings()
    (fixed, fixed_mask), (moving, moving_mask) = _ready(before), _ready(after)
    try:
        found = register(
            fixed,
            moving,
            fixed_mask=fixed_mask,
            moving_mask=moving_mask,
            settings=replace(settings.registration, threads=settings.threads),
            progress=progress,
        )
    except RegistrationFailed as failure:
        message = f"The two examinations could not be laid over each other: {failure.found}."
        return None, (Check("registration", "failed", "found", ok=False, message=message, effect="stops"),)
    matched, limit = found.figures["matched_share"], QualityLimits().matched_share
    if matched < limit:
        message = (
            f"Of the structures of one examination {100 * matched:.0f} % were found in the other, too few to lay "
            "one over the other."
        )
        return None, (Check("registration", round(matched, 3), limit, ok=False, message=message, effect="stops"),)
    message = "The two examinations were laid over each other; that only finds the part that both show."
    return found, (Check("registration", round(matched, 3), limit, ok=True, message=message),)


def _ready(scan: MuscleMriResult) -> tuple[Volume, LabelMap]:
    inside = scan.tissue.limbs.inside
    image = scan.image.with_array(np.where(inside, scan.tissue.levels.corrected, 0).astype(np.float32))
    return image, LabelMap(inside.astype(np.uint8), scan.labels.geometry, _LIMBS)
