"""Least squares of water, fat and T2* to the magnitudes of several gradient echoes."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, sqrt

import numba
import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter

from ctreview.compiled import compiled, compiled_in_parallel
from ctreview.muscle.maps.fat_spectrum import fat_signal

__all__ = ["fit_magnitudes"]

Floats = npt.NDArray[np.float32]

_FRACTIONS = np.linspace(0, 1, 11)
_STARTS = np.array([(0, 4), (4, 6), (5, 7), (7, 11)])
"""From where to where among these a fit starts: two that are mostly water, two that are mostly fat."""
_DECAYS = np.array([5.0, 20.0, 40.0, 70.0, 110.0, 170.0, 260.0, 420.0])
"""1/T2* in 1/s from which the fits start."""
_MOST_DECAY = 1000.0
_CLEAR = 16.0
"""Four standard deviations of noise: so much better agreement needs no neighbours."""
_ITERATIONS = 8


def fit_magnitudes(
    images: Floats,
    valid: npt.NDArray[np.bool_],
    echo_times_ms: Sequence[float],
    field_strength_t: float,
    noise: float | None,
) -> tuple[Floats, float]:
    """Fat fraction of every valid voxel.

    Parameters
    ----------
    images : ndarray, shape (echoes, …)
    valid : ndarray of bool
    echo_times_ms, field_strength_t
    noise : float or None
        Standard deviation in each channel; without it that of the fit's residue.

    Returns
    -------
    ndarray of float32
        0 where not valid.
    float
        Standard deviation of the fraction over that of the noise relative to the first echo, for muscle.
    """
    fat = fat_signal(echo_times_ms, field_strength_t)
    seconds = np.asarray(echo_times_ms, dtype=float) / 1000.0
    signals = np.ascontiguousarray(images[:, valid].T)
    fraction, misfit = np.zeros((len(signals), 2), np.float32), np.zeros((len(signals), 2), np.float32)
    _fit(signals, seconds, fat.real.copy(), (np.abs(fat) ** 2), _FRACTIONS, _DECAYS, _STARTS, fraction, misfit)
    better = np.zeros(valid.shape, np.float32)
    better[valid] = misfit[:, 1] - misfit[:, 0]  # positive: mostly water agrees better; infinite: no other solution
    variance = noise**2 if noise else _variance(misfit, len(seconds))
    scale = max(variance, 1e-12)
    clipped = np.clip(better / scale, -_CLEAR, _CLEAR).astype(np.float32)
    around = np.stack([gaussian_filter(layer, 1.0) for layer in clipped])
    choice = np.where(np.abs(clipped) >= _CLEAR, clipped, around)[valid]
    found = np.zeros(valid.shape, np.float32)
    found[valid] = np.where(choice >= 0, fraction[:, 0], fraction[:, 1])
    return found, _scatter(fat, seconds)


def _variance(misfit: Floats, echoes: int) -> float:
    return float(np.median(misfit.min(axis=1))) / max(1, echoes - 3) if len(misfit) else 1.0


def _scatter(fat: npt.NDArray[np.complex128], seconds: npt.NDArray[np.float64]) -> float:
    """Of the fraction per unit of noise over signal, by the Cramér-Rao bound of muscle (5 % fat, T2* 30 ms)."""
    water, share, decay = 0.95, 0.05, np.exp(-seconds / 0.03)
    size = np.abs(water + share * fat)
    jacobian = np.stack(
        [
            (water + share * fat.real) / size * decay,
            (water * fat.real + share * np.abs(fat) ** 2) / size * decay,
            -seconds * size * decay,
        ],
        axis=1,
    )
    if len(seconds) < 3:
        return 1.0
    covariance = np.linalg.pinv(jacobian.T @ jacobian)
    gradient = np.array([-share, water, 0.0])
    return float(np.sqrt(gradient @ covariance @ gradient))


@compiled_in_parallel(fastmath=True)
def _fit(signals, seconds, real, square, fractions, decays, starts, fraction, misfit):  # type: ignore[no-untyped-def]
    """Both solutions of every voxel: coarse searches of each half, refined."""
    shapes, norms = _shapes(seconds, real, square, fractions, decays)
    for voxel in numba.prange(len(signals)):
        misfit[voxel, 0] = misfit[voxel, 1] = np.inf
        for start in range(len(starts)):
            i, j, amplitude = _nearest(signals[voxel], shapes, norms, starts[start, 0], starts[start, 1])
            w, f = amplitude * (1 - fractions[i]), amplitude * fractions[i]
            w, f, left = _refined(signals[voxel], seconds, real, square, w, f, decays[j])
            share = f / (w + f) if w + f > 1e-9 else 0.0
            half = 1 if share > 0.5 else 0  # where it ended, wherever it began
            if left < misfit[voxel, half]:
                fraction[voxel, half] = share
                misfit[voxel, half] = left


@compiled(fastmath=True)
def _shapes(seconds, real, square, fractions, decays):  # type: ignore[no-untyped-def]
    """Signals of unit amplitude, and their sums of squares."""
    shapes, norms = np.empty((len(fractions), len(decays), len(seconds))), np.zeros((len(fractions), len(decays)))
    for i in range(len(fractions)):
        w, f = 1 - fractions[i], fractions[i]
        for j in range(len(decays)):
            for e in range(len(seconds)):
                size = sqrt(max(w * w + 2 * w * f * real[e] + f * f * square[e], 0.0)) * exp(-decays[j] * seconds[e])
                shapes[i, j, e] = size
                norms[i, j] += size * size
    return shapes, norms


@compiled(fastmath=True)
def _nearest(signal, shapes, norms, low, high):  # type: ignore[no-untyped-def]
    """Fraction and decay whose signal fits best, among some fractions, and its amplitude."""
    best, at_i, at_j, amplitude = -1.0, low, 0, 0.0
    for i in range(low, high):
        for j in range(shapes.shape[1]):
            dot = 0.0
            for e in range(len(signal)):
                dot += signal[e] * shapes[i, j, e]
            gain = dot * dot / norms[i, j]
            if gain > best:
                best, at_i, at_j, amplitude = gain, i, j, dot / norms[i, j]
    return at_i, at_j, amplitude


@compiled(fastmath=True)
def _refined(signal, seconds, real, square, w, f, decay):  # type: ignore[no-untyped-def]
    """Damped Gauss-Newton steps for water, fat and decay; gives water, fat and the sum of squared residues."""
    damping = 1e-2
    left = _residue(signal, seconds, real, square, w, f, decay)
    for _ in range(_ITERATIONS):
        a00 = a01 = a02 = a11 = a12 = a22 = b0 = b1 = b2 = 0.0
        for e in range(len(seconds)):
            fade = exp(-decay * seconds[e])
            size = sqrt(max(w * w + 2 * w * f * real[e] + f * f * square[e], 1e-12))
            model = size * fade
            jw = (w + f * real[e]) / size * fade
            jf = (w * real[e] + f * square[e]) / size * fade
            jd = -seconds[e] * model
            r = signal[e] - model
            a00 += jw * jw
            a01 += jw * jf
            a02 += jw * jd
            a11 += jf * jf
            a12 += jf * jd
            a22 += jd * jd
            b0 += jw * r
            b1 += jf * r
            b2 += jd * r
        a00 *= 1 + damping
        a11 *= 1 + damping
        a22 *= 1 + damping
        c00, c01, c02 = a11 * a22 - a12 * a12, a02 * a12 - a01 * a22, a01 * a12 - a02 * a11
        determinant = a00 * c00 + a01 * c01 + a02 * c02
        if abs(determinant) < 1e-20:
            break
        c11, c12, c22 = a00 * a22 - a02 * a02, a01 * a02 - a00 * a12, a00 * a11 - a01 * a01
        new_w = w + (c00 * b0 + c01 * b1 + c02 * b2) / determinant
        new_f = f + (c01 * b0 + c11 * b1 + c12 * b2) / determinant
        new_decay = min(max(decay + (c02 * b0 + c12 * b1 + c22 * b2) / determinant, 0.0), _MOST_DECAY)
        # noise may take either a little below zero, so that means stay right
        least = -0.1 * (abs(w) + abs(f))
        new_w, new_f = max(new_w, least), max(new_f, least)
        new_left = _residue(signal, seconds, real, square, new_w, new_f, new_decay)
        if new_left < left:
            gained = left - new_left
            w, f, decay, left = new_w, new_f, new_decay, new_left
            damping *= 0.2
            if gained < 1e-6 * left:
                break
        else:
            damping *= 8.0
    return w, f, left


@compiled(fastmath=True)
def _residue(signal, seconds, real, square, w, f, decay):  # type: ignore[no-untyped-def]
    total = 0.0
    for e in range(len(seconds)):
        size = sqrt(max(w * w + 2 * w * f * real[e] + f * f * square[e], 0.0))
        r = signal[e] - size * exp(-decay * seconds[e])
        total += r * r
    return total
