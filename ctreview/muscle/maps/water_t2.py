"""T2 of the water of muscle: by phase graphs with the transmit field and a fat component, else by one exponential."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, sqrt

import numba
import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter, map_coordinates

from ctreview.checks import Check
from ctreview.compiled import compiled, compiled_in_parallel
from ctreview.errors import WrongUse
from ctreview.muscle.maps.noise import body_mask, noise_sd
from ctreview.muscle.maps.spin_echo import EchoTrain, echo_trains
from ctreview.muscle.maps.tissue_map import TissueMap
from ctreview.possible_values import require_possible
from ctreview.volume.geometry import require_same_grid
from ctreview.volume.volume import Volume

__all__ = ["WaterT2Settings", "mono_exponential_t2", "water_t2"]

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

_LEAST_ECHOES = 6
_FAT_T1_MS = 370.0
_EVEN = 0.02


@dataclass(frozen=True)
class WaterT2Settings:
    """How T2 is fitted.

    Attributes
    ----------
    t2_ms : tuple of float
        Lowest and highest T2 of water that is looked for.
    b1 : tuple of float
        Lowest and highest transmit field. With pulses of 180° a field above 1 acts as one as much below.
    fat_t2_ms : float
        Apparent T2 of fat, which has several components, where it cannot be taken from the fat of the image.
    b1_smooth_mm : float
        The transmit field changes over no less.
    least_water : float
        Share of water below which a voxel's T2 is none of muscle and is left out.
    """

    t2_ms: tuple[float, float] = (10.0, 250.0)
    b1: tuple[float, float] = (0.5, 1.0)
    fat_t2_ms: float = 140.0
    b1_smooth_mm: float = 12.0
    least_water: float = 0.3

    def __post_init__(self) -> None:
        require_possible(self, t2_ms=(1.0, 5000.0), b1=(0.2, 1.5), fat_t2_ms=(30.0, 500.0), least_water=(0.0, 1.0))


def water_t2(
    echoes: Sequence[Volume], *, subcutaneous_fat: Mask | None = None, settings: WaterT2Settings | None = None
) -> TissueMap:
    """T2 of water from a train of spin echoes of equal spacing.

    Every voxel is water of one T2 and fat of one, both by extended phase graphs at a transmit field that is first
    fitted on a coarse grid and smoothed. With fewer than six echoes, or uneven ones, one exponential is fitted instead.

    Parameters
    ----------
    echoes : sequence of Volume
        With their echo times, by time.
    subcutaneous_fat : ndarray of bool, optional
        Where the T2 of fat is measured.
    settings : WaterT2Settings

    Returns
    -------
    TissueMap
        In ms; valid where there is water.

    Raises
    ------
    GridMismatch
        The echoes do not lie on one grid.
    WrongUse
        There are fewer than two, or a header lacks an echo time.
    """
    settings = settings or WaterT2Settings()
    times = _times(echoes)
    spacing = times[0]
    even = all(abs(time - (n + 1) * spacing) <= _EVEN * spacing for n, time in enumerate(times))
    if len(times) < _LEAST_ECHOES or not even:
        return mono_exponential_t2(echoes)
    require_same_grid(*echoes)
    images = np.stack([np.asarray(one.array, np.float32) for one in echoes])
    body = body_mask(images[0])
    train = EchoTrain(spacing, len(times), _refocusing(echoes[0]))
    nodes = _Nodes.of(train, settings)
    b1 = _transmit_field(images, body, nodes, echoes[0].geometry.spacing, settings)
    fat_t2 = _fat_t2(images, body, b1, nodes, subcutaneous_fat) or settings.fat_t2_ms
    fat = echo_trains(train, [fat_t2], nodes.b1, t1_ms=_FAT_T1_MS)[0]
    t2, share = np.zeros(body.shape, np.float32), np.zeros(body.shape, np.float32)
    signals = np.ascontiguousarray(images[:, body].T)
    found, water = np.empty(len(signals), np.float32), np.empty(len(signals), np.float32)
    index = np.rint(np.interp(b1[body], nodes.b1, np.arange(len(nodes.b1)))).astype(np.intp)
    _fit_t2(signals, index, nodes.water, fat, np.log(nodes.t2), found, water)
    t2[body], share[body] = found, water
    valid = body & (share >= settings.least_water)
    noise = noise_sd(images[-1])
    caveats = (
        Check(
            "fat_t2",
            fat_t2,
            None,
            ok=True,
            message=f"Fat of a T2 of {fat_t2:.0f} ms was fitted beside water; the slice profile is not modelled.",
            effect="tells",
        ),
    )
    floor = _floor(images, body, times, noise)
    t2[~valid] = 0
    return TissueMap("water_t2", echoes[0].with_array(t2, unit="ms"), "ms", valid, caveats, floor)


def mono_exponential_t2(echoes: Sequence[Volume]) -> TissueMap:
    """T2 by one exponential through the echoes, without the first where there are more than two.

    Raises
    ------
    GridMismatch
        The echoes do not lie on one grid.
    WrongUse
        There are fewer than two, or a header lacks an echo time.
    """
    times = np.array(_times(echoes))
    require_same_grid(*echoes)
    images = np.stack([np.asarray(one.array, np.float32) for one in echoes])
    body = body_mask(images[0])
    used = slice(1, None) if len(times) > 2 else slice(None)
    signal = np.log(np.maximum(images[used][:, body], np.float32(1e-3)))
    weight = np.maximum(images[used][:, body], np.float32(1e-3)) ** 2  # noise of a logarithm falls with the signal
    at = times[used].astype(np.float32)[:, None]
    total = weight.sum(axis=0)
    mean_t, mean_s = (weight * at).sum(axis=0) / total, (weight * signal).sum(axis=0) / total
    slope = (weight * (at - mean_t) * (signal - mean_s)).sum(axis=0) / (weight * (at - mean_t) ** 2).sum(axis=0)
    t2 = np.zeros(body.shape, np.float32)
    t2[body] = np.where(slope < 0, -1 / np.minimum(slope, np.float32(-1e-4)), 0)
    caveat = Check(
        "mono_exponential_t2",
        float(len(times)),
        float(_LEAST_ECHOES),
        ok=False,
        message=(
            f"T2 was fitted as one exponential through {len(at)} echoes: fat and stimulated echoes make it longer, "
            "by 10 ms and more in fatty muscle. It compares within one protocol only."
        ),
        effect="tells",
    )
    valid = body & (t2 > 0)
    floor = _floor(images, body, tuple(times), noise_sd(images[-1]))
    return TissueMap("mono_exponential_t2", echoes[0].with_array(t2, unit="ms"), "ms", valid, (caveat,), floor)


@dataclass(frozen=True, eq=False)
class _Nodes:
    """Trains of water at the T2 and transmit fields between which the fit looks."""

    t2: npt.NDArray[np.float64]
    b1: npt.NDArray[np.float64]
    water: npt.NDArray[np.float64]

    @classmethod
    def of(cls, train: EchoTrain, settings: WaterT2Settings) -> _Nodes:
        low, high = settings.t2_ms
        t2 = np.geomspace(low, high, 90)
        top = settings.b1[1] if train.refocusing_degrees >= 179.0 else max(settings.b1[1], 1.25)
        b1 = np.linspace(settings.b1[0], top, 41)
        return cls(t2, b1, echo_trains(train, t2, b1))


def _times(echoes: Sequence[Volume]) -> tuple[float, ...]:
    if len(echoes) < 2:
        raise WrongUse(f"a T2 takes two echoes or more, not {len(echoes)}")
    times = tuple(one.acquisition.sequence.echo_time_ms or 0.0 for one in echoes)
    if min(times) <= 0 or list(times) != sorted(set(times)):
        raise WrongUse(
            "the echo times are not known, or two echoes have one time",
            remedy="Give the DICOM series of one acquisition.",
        )
    return times


def _refocusing(volume: Volume) -> float:
    """Angle of the refocusing pulses: the header's where it is one of these, else 180°."""
    angle = volume.acquisition.sequence.flip_angle_degrees
    return angle if angle is not None and 100.0 < angle <= 180.0 else 180.0


def _transmit_field(
    images: Floats, body: Mask, nodes: _Nodes, spacing: tuple[float, float, float], settings: WaterT2Settings
) -> Floats:
    """Fitted where one T2 explains the echoes well, on every fourth voxel, then smoothed with weights."""
    step = 4
    coarse, here = images[:, :, ::step, ::step], body[:, ::step, ::step]
    signals = np.ascontiguousarray(coarse[:, here].T)
    best, quality = np.empty(len(signals), np.float32), np.empty(len(signals), np.float32)
    _search(signals, nodes.water[::3], nodes.b1, best, quality)
    field, weight = np.zeros(here.shape, np.float32), np.zeros(here.shape, np.float32)
    field[here], weight[here] = best, quality
    sigma = [0.7, *(settings.b1_smooth_mm / (step * size) for size in spacing[1:])]
    smooth = gaussian_filter(field * weight, sigma) / np.maximum(gaussian_filter(weight, sigma), np.float32(1e-9))
    rows = [np.arange(n, dtype=float) / s for n, s in zip(body.shape, (1, step, step), strict=True)]
    grid = np.meshgrid(*rows, indexing="ij", sparse=False)
    return np.asarray(map_coordinates(smooth, grid, order=1, mode="nearest"), np.float32)


def _fat_t2(images: Floats, body: Mask, b1: Floats, nodes: _Nodes, fat: Mask | None) -> float | None:
    """Median T2 of the fat under the skin, as one component; None without it."""
    if fat is None or (fat & body).sum() < 50:
        return None
    where = fat & body
    signals = np.ascontiguousarray(images[:, where].T)[:20_000]
    index = np.rint(np.interp(b1[where][:20_000], nodes.b1, np.arange(len(nodes.b1)))).astype(np.intp)
    found, share = np.empty(len(signals), np.float32), np.empty(len(signals), np.float32)
    _fit_t2(signals, index, nodes.water, np.zeros(nodes.water.shape[1:]), np.log(nodes.t2), found, share)
    return float(np.median(found))


def _floor(images: Floats, body: Mask, times: tuple[float, ...], noise: float | None) -> float | None:
    """Noise of the T2 of one voxel of muscle of 35 ms, by the Cramér-Rao bound of one exponential."""
    if noise is None or not body.any():
        return None
    at = np.array(times)
    amplitude = float(np.median(images[0][body])) * exp(times[0] / 35.0)
    decay = np.exp(-at / 35.0)
    jacobian = np.stack([decay, amplitude * decay * at / 35.0**2], axis=1)
    return float(noise * sqrt(np.linalg.inv(jacobian.T @ jacobian)[1, 1]))


@compiled_in_parallel(fastmath=True)
def _search(signals, water, b1, best, quality):  # type: ignore[no-untyped-def]
    """The transmit field of the best single component of each signal; quality is high where it explains the signal."""
    for voxel in numba.prange(len(signals)):
        power = 0.0
        for e in range(signals.shape[1]):
            power += signals[voxel, e] ** 2
        top, at = -1.0, 0
        for i in range(water.shape[0]):
            for j in range(water.shape[1]):
                dot, norm = 0.0, 0.0
                for e in range(signals.shape[1]):
                    dot += signals[voxel, e] * water[i, j, e]
                    norm += water[i, j, e] ** 2
                gain = dot * dot / norm
                if gain > top:
                    top, at = gain, j
        best[voxel] = b1[at]
        misfit = max(power - top, 1e-4 * power)
        quality[voxel] = power / misfit


@compiled(fastmath=True)
def _misfit(signal, water, fat):  # type: ignore[no-untyped-def]
    """Least sum of squares of non-negative water and fat, and the share of water of it."""
    ww = ff = wf = ws = fs = ss = 0.0
    for e in range(len(signal)):
        ww += water[e] * water[e]
        ff += fat[e] * fat[e]
        wf += water[e] * fat[e]
        ws += water[e] * signal[e]
        fs += fat[e] * signal[e]
        ss += signal[e] * signal[e]
    determinant = ww * ff - wf * wf
    if determinant > 1e-9 * ww * ff and ff > 0:
        w, f = (ws * ff - fs * wf) / determinant, (fs * ww - ws * wf) / determinant
        if w >= 0 and f >= 0:
            return ss - w * ws - f * fs, w / (w + f + 1e-12)
    only_water = ss - ws * ws / ww
    only_fat = ss - fs * fs / ff if ff > 0 else 1e300
    if only_water <= only_fat:
        return only_water, 1.0
    return only_fat, 0.0


@compiled_in_parallel(fastmath=True)
def _fit_t2(signals, fields, water, fat, log_t2, found, share):  # type: ignore[no-untyped-def]
    """T2 of water of each signal: coarse, then fine, then the vertex of a parabola through three nodes."""
    nodes = len(log_t2)
    for voxel in numba.prange(len(signals)):
        j = fields[voxel]
        best, at, of_water = 1e300, 0, 0.0
        for i in range(0, nodes, 6):
            left, w = _misfit(signals[voxel], water[i, j], fat[j])
            if left < best:
                best, at, of_water = left, i, w
        for i in range(max(0, at - 5), min(nodes, at + 6)):
            left, w = _misfit(signals[voxel], water[i, j], fat[j])
            if left < best:
                best, at, of_water = left, i, w
        place = log_t2[at]
        if 0 < at < nodes - 1:
            before, _ = _misfit(signals[voxel], water[at - 1, j], fat[j])
            after, _ = _misfit(signals[voxel], water[at + 1, j], fat[j])
            curve = before - 2 * best + after
            if curve > 0:
                place += 0.5 * (before - after) / curve * (log_t2[1] - log_t2[0])
        found[voxel] = exp(place)
        share[voxel] = of_water
