"""How bright muscle is in STIR: over a reference, and within the muscles themselves."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ctreview.checks import Check
from ctreview.errors import InputRefused, WrongUse
from ctreview.muscle.maps.noise import body_mask, noise_sd
from ctreview.muscle.maps.tissue_map import TissueMap
from ctreview.volume.mr_contrast import FAT_SUPPRESSED, contrast_name
from ctreview.volume.volume import Volume

__all__ = ["LEAST_VOXELS", "comparable_stir", "require_stir", "stir_ratio", "stir_robust_z"]

Mask = npt.NDArray[np.bool_]
LEAST_VOXELS = 30
"""Of muscle or of a reference, for a spread or a level."""

_TIME_TOLERANCE = 0.1


def require_stir(volume: Volume) -> None:
    """Refuse what is no fat-suppressed image without contrast agent.

    Raises
    ------
    InputRefused
        It was made after a contrast agent was given, which shortens T1 and changes STIR where it is taken up.
    WrongUse
        It is no STIR and no fat-suppressed T2 image.
    """
    if volume.acquisition.contrast:
        raise InputRefused(
            "this STIR was acquired after a contrast agent was given, which changes its brightness where it goes",
            remedy="Use the STIR from before the agent; without one, oedema is judged by eye.",
        )
    name = contrast_name(volume)
    if name not in FAT_SUPPRESSED:
        raise WrongUse(
            f"this image is {name}, and oedema is measured in STIR or fat-suppressed T2",
            remedy="Name the STIR series; of a NIfTI say --contrast FILE=STIR.",
        )


def stir_ratio(volume: Volume, reference: Mask) -> TissueMap:
    """Signal over the median of a reference that the reader has confirmed.

    Parameters
    ----------
    volume : Volume
        STIR or fat-suppressed T2; correct its bias field first, since the reference lies elsewhere than the muscle.
    reference : ndarray of bool
        Tissue that is taken to be healthy.

    Raises
    ------
    InputRefused, WrongUse
        As `require_stir`; or the reference is too small or dark.
    """
    require_stir(volume)
    values = np.asarray(volume.array, np.float32)
    level = _reference_level(values, reference)
    valid = body_mask(values)
    caveats = (
        Check(
            "stir_reference",
            level,
            None,
            ok=True,
            message=(
                "The ratio stands or falls with its reference, which may be ill itself; it compares between dates only "
                "with the same coil, TI and TE."
            ),
            effect="tells",
        ),
        *_not_known(volume),
    )
    noise = noise_sd(values)
    floor = None if noise is None else noise / level
    return TissueMap("stir_ratio", volume.with_array(values / np.float32(level)), "{ratio}", valid, caveats, floor)


def stir_robust_z(volume: Volume, muscle: Mask) -> TissueMap:
    """How far each voxel lies from the median of all muscle, in robust standard deviations (1.4826 MAD).

    It finds what is brighter than the rest. Where most muscle is ill, it finds nothing.

    Raises
    ------
    InputRefused, WrongUse
        As `require_stir`; or there is too little muscle.
    """
    require_stir(volume)
    values = np.asarray(volume.array, np.float32)
    if muscle.sum() < LEAST_VOXELS:
        raise WrongUse(f"there are {int(muscle.sum())} voxels of muscle, too few for a spread")
    inside = values[muscle]
    median = float(np.median(inside))
    spread = 1.4826 * float(np.median(np.abs(inside - median)))
    if spread <= 0:
        raise WrongUse("the muscle has one value everywhere, so that nothing stands out")
    share = spread / median if median > 0 else 1.0
    caveat = Check(
        "stir_robust_z",
        round(share, 4),
        None,
        ok=True,
        message="Brightness is compared with the patient's other muscle, whose robust standard deviation is "
        f"{share:.0%} of its median: oedema of most muscle would not stand out.",
        effect="tells",
    )
    shown = volume.with_array(((values - median) / spread).astype(np.float32))
    noise = noise_sd(values)
    floor = None if noise is None else noise / spread
    return TissueMap("stir_robust_z", shown, "{z}", muscle, (caveat, *_not_known(volume)), floor)


def comparable_stir(one: Volume, other: Volume) -> Check:
    """Whether ratios of two dates were made alike: inversion time, echo time, field strength and coil."""
    a, b = one.acquisition.sequence, other.acquisition.sequence
    pairs = (
        ("TI", a.inversion_time_ms, b.inversion_time_ms),
        ("TE", a.echo_time_ms, b.echo_time_ms),
        ("field strength", a.field_strength_t, b.field_strength_t),
    )
    apart = [name for name, x, y in pairs if x and y and abs(x - y) > _TIME_TOLERANCE * max(x, y)]
    unknown = [name for name, x, y in pairs if x is None or y is None]
    if a.coil is None or b.coil is None:
        unknown.append("coil")
    elif a.coil != b.coil:
        apart.append("coil")
    if apart:
        return Check(
            "stir_protocol",
            ", ".join(apart),
            None,
            ok=False,
            message=f"The two STIR images differ in {', '.join(apart)}: their ratios do not compare.",
            effect="stops",
        )
    return Check(
        "stir_protocol",
        ", ".join(unknown) or None,
        None,
        ok=not unknown,
        message=(
            f"Whether the two STIR images were made alike is not known ({', '.join(unknown)} not stated)."
            if unknown
            else "The two STIR images were made alike."
        ),
        effect="tells",
    )


def _reference_level(values: npt.NDArray[np.float32], reference: Mask) -> float:
    if reference.shape != values.shape or reference.sum() < LEAST_VOXELS:
        raise WrongUse(
            f"the reference has {int(reference.sum())} voxels, and {LEAST_VOXELS} are needed",
            remedy="Draw it larger, in muscle that looks healthy.",
        )
    level = float(np.median(values[reference]))
    if level <= 0:
        raise WrongUse("the reference is dark, so that nothing can be said over it")
    return level


def _not_known(volume: Volume) -> list[Check]:
    if volume.acquisition.contrast is not None:
        return []
    return [
        Check(
            "contrast_agent_unknown",
            None,
            None,
            ok=False,
            message="Whether a contrast agent was given before is not stated.",
            effect="tells",
        )
    ]
