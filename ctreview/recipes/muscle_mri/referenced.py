"""One examination measured again after a reader confirmed the reference that its STIR is set against."""

from __future__ import annotations

from dataclasses import replace

from ctreview.change import failed_first
from ctreview.checks import Check
from ctreview.errors import WrongUse
from ctreview.muscle.maps.stir_reference import ReferenceBall, measured_reference
from ctreview.recipes.muscle_mri.maps import covered_by, fat_suppressed, ratio_to
from ctreview.recipes.muscle_mri.measured import MuscleMriResult

__all__ = ["with_stir_reference", "without_stir_reference"]

_NOT_CONFIRMED = "stir_reference_not_confirmed"


def with_stir_reference(scan: MuscleMriResult, ball: ReferenceBall) -> MuscleMriResult:
    """The examination with a map of STIR over a reference; numbers are measured anew by `measured_again`.

    Parameters
    ----------
    scan : MuscleMriResult
        As the computer found it.
    ball : ReferenceBall
        Where a reader takes muscle to be healthy.

    Raises
    ------
    InputRefused
        STIR was made after a contrast agent was given.
    WrongUse
        There is no fat-suppressed image, or the reference is too small, dark, or lies not wholly in it.
    """
    stir, alignment = fat_suppressed(scan.images), scan.alignments.get("STIR")
    if stir is None or alignment is None:
        raise WrongUse(
            "there is no STIR or fat-suppressed T2 here that a reference could be confirmed in",
            remedy="Open that series with the others.",
        )
    ratio = ratio_to(ball, alignment.volume, covered_by(stir, alignment, scan.labels.geometry))
    kept = [check for check in scan.checks if check.name != _NOT_CONFIRMED and check not in ratio.caveats]
    return replace(
        scan,
        maps=(*(one for one in scan.maps if one.kind != "stir_ratio"), ratio),
        checks=failed_first((*kept, *ratio.caveats)),
        stir_reference=measured_reference(alignment.volume, ball),
        proposed_reference=None,
    )


def without_stir_reference(scan: MuscleMriResult, reason: str) -> MuscleMriResult:
    """The examination with a check that says why the reference that was confirmed does not apply."""
    message = f"No STIR ratio is given: the reference that was confirmed does not apply ({reason})."
    said = Check(_NOT_CONFIRMED, None, None, ok=False, message=message)
    kept = [check for check in scan.checks if check.name != _NOT_CONFIRMED]
    return replace(scan, checks=failed_first((said, *kept)))
