"""Fat fraction: from water and fat images, from two echoes, or by a fit of six echoes or more."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, exp, radians, sin

import numpy as np
import numpy.typing as npt

from ctreview.checks import Check
from ctreview.errors import GridMismatch, WrongUse
from ctreview.muscle.maps.noise import body_mask, noise_sd
from ctreview.muscle.maps.tissue_map import MapKind, TissueMap
from ctreview.muscle.maps.water_fat_fit import fit_magnitudes
from ctreview.volume.geometry import require_same_grid
from ctreview.volume.volume import Volume

__all__ = ["dixon_fat_fraction", "echo_fat_fraction", "two_point_fat_fraction"]

Floats = npt.NDArray[np.float32]

_LEAST_ECHOES = 6
_LOW_FLIP_DEGREES = 5.0
"""Reeder et al., J Magn Reson Imaging 2012;36:1011: low flip angle, correction for T2*, spectrum of several peaks."""
_MUSCLE_T1_MS, _FAT_T1_MS = {1.5: 1000.0, 3.0: 1400.0}, {1.5: 290.0, 3.0: 370.0}
"""Stanisz et al., Magn Reson Med 2005;54:507 (muscle); de Bazelaire et al., Radiology 2004;230:652 (fat)."""
_SAID_T1_BIAS = 0.01


def dixon_fat_fraction(water: Volume, fat: Volume) -> TissueMap:
    """Signal fat fraction F/(W+F) of the water and fat images that a scanner has made.

    Its reconstruction is not known (peaks of fat, T2*), so it is never called a proton-density fat fraction. Water and
    fat must have been checked for swaps (`ctreview.muscle.maps.swaps`).

    Raises
    ------
    GridMismatch
        They do not lie on one grid.
    """
    require_same_grid(water, fat)
    w, f = _floats(water), _floats(fat)
    total = w + f
    valid = body_mask(total)
    share = np.where(valid, f / np.maximum(total, np.float32(1e-6)), 0).astype(np.float32)
    floor = _floor(noise_sd(f), total, valid)
    caveats = [
        _signal_caveat("water and fat were parted by the scanner, in a way that its images do not tell"),
        *_t1_caveat(water),
        *_floor_caveat(floor),
    ]
    return TissueMap("signal_fat_fraction", _map(water, share), "1", valid, tuple(caveats), floor)


def two_point_fat_fraction(in_phase: Volume, opposed_phase: Volume) -> TissueMap:
    """Signal fat fraction of two magnitudes, in phase and opposed: above 50 % it reads as much below.

    Raises
    ------
    GridMismatch
        They do not lie on one grid.
    """
    require_same_grid(in_phase, opposed_phase)
    together, against = _floats(in_phase), _floats(opposed_phase)
    valid = body_mask(together)
    share = np.where(valid, (together - against) / np.maximum(2 * together, np.float32(1e-6)), 0).astype(np.float32)
    floor = _floor(noise_sd(together), together, valid)
    ambiguous = Check(
        "fat_fraction_above_half",
        None,
        None,
        ok=False,
        message=(
            "Two magnitudes cannot tell water from fat: a fat fraction above 50 % is shown as 100 % less it. "
            "Decay between the echoes (T2*) is counted as fat."
        ),
        effect="tells",
    )
    caveats = (
        _signal_caveat("it rests on two echoes"),
        ambiguous,
        *_t1_caveat(in_phase),
        *_floor_caveat(floor),
    )
    return TissueMap("signal_fat_fraction", _map(in_phase, share), "1", valid, caveats, floor)


def echo_fat_fraction(echoes: Sequence[Volume]) -> TissueMap:
    """Fat fraction by a fit of magnitudes of a gradient echo train: water, fat of six peaks, one T2*.

    Both solutions, mostly water and mostly fat, are fitted; the one that agrees better is taken, and where noise
    leaves that open, the one that agrees better around. The values may fall below 0 by noise, so that means stay right.

    Parameters
    ----------
    echoes : sequence of Volume
        Three or more, each with its echo time and the field strength in its acquisition.

    Returns
    -------
    TissueMap
        Of a proton-density fat fraction where there are six echoes or more and the flip angle is at most 5°; else of a
        signal fat fraction, with the reason.

    Raises
    ------
    GridMismatch
        The echoes do not lie on one grid.
    WrongUse
        There are fewer than three, or a header lacks an echo time or the field strength.
    """
    times, field = _echo_times(echoes)
    require_same_grid(*echoes)
    images = np.stack([_floats(one) for one in echoes])
    valid = body_mask(images.max(axis=0))  # where water and fat cancel, one echo alone is dark
    noise = noise_sd(images[0])
    found, scatter = fit_magnitudes(images, valid, times, field, noise)
    floor = _floor(noise, images[0], valid, scatter)
    reasons = _why_not_proton_density(echoes[0], len(echoes))
    kind: MapKind = "signal_fat_fraction" if reasons else "proton_density_fat_fraction"
    caveats = (
        *([_signal_caveat("; ".join(reasons))] if reasons else []),
        *_t1_caveat(echoes[0]),
        *_floor_caveat(floor),
    )
    return TissueMap(kind, _map(echoes[0], found), "1", valid, caveats, floor)


def _echo_times(echoes: Sequence[Volume]) -> tuple[tuple[float, ...], float]:
    facts = [one.acquisition.sequence for one in echoes]
    times = [one.echo_time_ms for one in facts]
    field = facts[0].field_strength_t if facts else None
    if len(echoes) < 3:
        raise WrongUse(f"a fit of the fat fraction takes three echoes or more, not {len(echoes)}")
    if field is None or any(time is None for time in times):
        raise WrongUse(
            "a fit of the fat fraction needs echo times and field strength, which the headers lack",
            remedy="Give the DICOM series rather than converted files.",
        )
    known = tuple(time for time in times if time is not None)
    if len(set(known)) < len(known):
        raise GridMismatch("two of the echoes have one echo time", remedy="Give the echoes of one acquisition.")
    return known, field


def _why_not_proton_density(volume: Volume, echoes: int) -> list[str]:
    flip = volume.acquisition.sequence.flip_angle_degrees
    reasons = [f"it rests on {echoes} echoes, and {_LEAST_ECHOES} are needed"] if echoes < _LEAST_ECHOES else []
    if flip is None:
        reasons.append("the flip angle is not known")
    elif flip > _LOW_FLIP_DEGREES:
        reasons.append(f"the flip angle of {flip:g}° weights by T1, and at most {_LOW_FLIP_DEGREES:g}° would not")
    return reasons


def _signal_caveat(reason: str) -> Check:
    return Check(
        "signal_fat_fraction",
        None,
        None,
        ok=False,
        message=f"This is a signal fat fraction, which compares within one protocol only: {reason}.",
        effect="tells",
    )


def _t1_caveat(volume: Volume) -> list[Check]:
    """By how much T1 raises the fat fraction at 50 %, where the header tells, if by more than a point."""
    facts = volume.acquisition.sequence
    flip, repetition, field = facts.flip_angle_degrees, facts.repetition_time_ms, facts.field_strength_t
    if flip is None or repetition is None or field is None or "GR" not in facts.kinds:
        return []
    nearest = min(_MUSCLE_T1_MS, key=lambda known: abs(known - field))
    water, fat = (_spoiled(t1[nearest], flip, repetition) for t1 in (_MUSCLE_T1_MS, _FAT_T1_MS))
    bias = fat / (fat + water) - 0.5
    if bias <= _SAID_T1_BIAS:
        return []
    return [
        Check(
            "t1_weighting",
            bias,
            _SAID_T1_BIAS,
            ok=False,
            message=(
                f"By T1 weighting (flip angle {flip:g}°, TR {repetition:g} ms) 50 % fat reads as "
                f"{100 * (0.5 + bias):.0f} %; less away from 50 %."
            ),
            effect="tells",
        )
    ]


def _spoiled(t1_ms: float, flip_degrees: float, repetition_ms: float) -> float:
    """Signal of a spoiled gradient echo over that at full recovery and the same angle."""
    left = exp(-repetition_ms / t1_ms)
    return sin(radians(flip_degrees)) * (1 - left) / (1 - cos(radians(flip_degrees)) * left)


def _floor(
    noise: float | None, total: Floats, valid: npt.NDArray[np.bool_], scatter: float | None = None
) -> float | None:
    """Noise of the fraction of one voxel: of the fit, or of the images over their sum."""
    if noise is None or not valid.any():
        return None
    bright = float(np.median(total[valid]))
    return (noise / bright) * (1.0 if scatter is None else scatter)


def _floor_caveat(floor: float | None) -> list[Check]:
    if floor is None:
        return [
            Check(
                "fat_fraction_noise",
                None,
                None,
                ok=False,
                message="The noise is not known, since the air around the body was set to zero.",
                effect="tells",
            )
        ]
    return [
        Check(
            "fat_fraction_noise",
            floor,
            None,
            ok=True,
            message=f"Noise moves the fat fraction of one voxel by {100 * floor:.1f} points (one standard deviation).",
            effect="tells",
        )
    ]


def _floats(volume: Volume) -> Floats:
    return np.asarray(volume.array, np.float32)


def _map(volume: Volume, values: Floats) -> Volume:
    return volume.with_array(values, unit="fraction")
