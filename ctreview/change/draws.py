"""Random factors that the numbers of two scans rest on, and what they do to every number of change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from ctreview.change.interval_settings import REFERENCE_ML, SOURCES, Conditions, IntervalSettings
from ctreview.change.sensitivity import Sensitivity
from ctreview.volume.geometry import FloatArray

__all__ = ["OF_IMAGING", "RAW", "Draws", "Interpretation", "Pair", "changes", "draw", "interpretations", "unshifted"]

ALL = "all"
"""All other interpretations together."""

OF_IMAGING = ("sharpness", "slice thickness", "noise")
"""Sources that are found by measuring the better scan again, imaged as the other one is."""

_SUM = -1

Pair = tuple[Sensitivity, Sensitivity]


@dataclass(frozen=True)
class Interpretation:
    """One way to read the numbers of a pair; unlike an error it is true or not, and nothing in between.

    Attributes
    ----------
    counting : tuple of str
        What is counted beside the rest, in both scans, by the names in `Sensitivity.alternatives_ml`.
    volume_factor : float
        The follow-up's volumes are multiplied by this, to what they would be at the baseline's depth of breath.
    """

    counting: tuple[str, ...] = ()
    volume_factor: float = 1.0


RAW = Interpretation()
"""As the numbers were found."""


def interpretations(pair: Pair, conditions: Conditions) -> dict[str, Interpretation]:
    """The other ways to read a pair, by the source that is in doubt; and all of them together."""
    names = tuple(dict.fromkeys(name for sensitivity in pair for name in sensitivity.alternatives_ml))
    there = tuple(
        name for name in names if any(one.alternatives_ml[name].any() for one in pair if name in one.alternatives_ml)
    )
    found = {name: Interpretation(counting=(name,)) for name in there}
    factor = 1.0
    if conditions.volume_ratio is not None:
        factor = 1.0 / conditions.volume_ratio
        found["inspiration"] = Interpretation(volume_factor=factor)
    if len(found) > 1:
        found[ALL] = Interpretation(counting=there, volume_factor=factor)
    return found


@dataclass(frozen=True, eq=False)
class Draws:
    """Factors of shape (draws,) where both scans share one, else (2, draws); 0 where a source is held still.

    ``local``, of shape (2, draws, regions, columns), is in millilitres. ``degraded`` runs from 0, as both scans were
    imaged, to 1, imaged alike.
    """

    common_hu: FloatArray
    own_hu: FloatArray
    edge: FloatArray
    own_edge: FloatArray
    vessel: FloatArray
    rim: FloatArray
    dense: FloatArray
    own_dense: FloatArray
    overlooked: FloatArray
    kernel: FloatArray
    degraded: Mapping[str, FloatArray]
    gap_mm: FloatArray
    scale_hu: FloatArray
    age_hu: FloatArray
    local: FloatArray
    borders: Mapping[str, FloatArray]


def draw(pair: Pair, conditions: Conditions, settings: IntervalSettings, active: Iterable[str]) -> Draws:
    """Draw the active sources; every source has its own stream, so that one alone draws what it draws in company."""
    active = set(active)
    n = settings.draws if active else 1
    spawned = np.random.SeedSequence(settings.seed).spawn(1 + max(source.stream for source in SOURCES.values()))
    streams = {name: spawned[source.stream] for name, source in SOURCES.items()}

    def uniform(source: str, scans: int, limit: float) -> FloatArray:
        if source not in active:
            return np.zeros((scans, n))
        return np.random.default_rng(streams[source]).uniform(-limit, limit, (scans, n))

    # sensitivities were taken for half a voxel
    common, own = settings.boundary_voxels / 0.5, settings.own_boundary_voxels / 0.5
    return Draws(
        common_hu=uniform("threshold", 1, settings.common_threshold_hu)[0],
        own_hu=uniform("threshold of each scan", 2, settings.own_threshold_hu),
        edge=uniform("boundary", 1, common)[0],
        own_edge=uniform("boundary of each scan", 2, own),
        vessel=uniform("vessels", 2, common),
        rim=uniform("mask", 2, own),
        dense=uniform("dense tissue", 1, settings.dense_share)[0],
        own_dense=uniform("dense tissue", 2, settings.dense_share / 2),
        overlooked=uniform("overlooked opacity", 2, settings.overlooked_ml),
        kernel=1.0 + uniform("kernel", 1, settings.kernel_share if conditions.kernels_differ else 0.0)[0],
        # what unlike images do to the change has a direction, and both scans share it
        degraded={
            source: 0.5 + uniform(source, 1, 0.5)[0] if source in active else np.zeros(n) for source in OF_IMAGING
        },
        # a standard deviation of 1 mm for each of the gap
        gap_mm=uniform("slice gaps", 2, 3.0**0.5) * np.array(conditions.gaps_mm)[:, None],
        scale_hu=(
            uniform("air calibration", 1, conditions.air_hu)
            + uniform("contrast agent", 1, conditions.contrast_hu)
            + uniform("growth", 1, conditions.growth_hu)
        )[0],
        age_hu=uniform("unknown age", 1, conditions.unknown_age_hu)[0],
        borders=_borders(pair, np.random.default_rng(streams["borders of parts"]), n, "borders of parts" in active),
        local=_local(pair, np.random.default_rng(streams["local threshold"]), n, "local threshold" in active),
    )


def _borders(pair: Pair, random: np.random.Generator, draws: int, active: bool) -> dict[str, FloatArray]:
    """By how many of its standard deviations each border lies off in each scan, shape (2, draws)."""
    names = sorted({name for sensitivity in pair for name in sensitivity.borders})
    if not active:
        return {name: np.zeros((2, draws)) for name in names}
    # rectangular as all others, with a standard deviation of 1
    return {name: random.uniform(-(3.0**0.5), 3.0**0.5, (2, draws)) for name in names}


def _local(pair: Pair, random: np.random.Generator, draws: int, active: bool) -> FloatArray:
    """Errors that are alike within a block and not beyond it, shape (2, draws, regions, columns).

    A wild bootstrap over blocks: the sensitivity of each keeps or changes its sign at random (Cameron, Gelbach and
    Miller, Rev Econ Stat 2008, doi 10.1162/rest.90.3.414). Voxels are never resampled: neighbours err together.
    """
    regions, columns = len(pair[0].names), len(pair[0].classes) + 1
    found = np.zeros((2, draws, regions, columns))
    for scan, sensitivity in enumerate(pair):
        blocks = len(sensitivity.blocks)
        if active and blocks:
            signs = random.integers(0, 2, (draws, blocks), dtype=np.int8).astype(np.float32) * 2 - 1
            flat = sensitivity.blocks.reshape(blocks, -1).astype(np.float32)
            found[scan] = (signs @ flat).reshape(draws, regions, columns)
    return found


def changes(pair: Pair, draws: Draws, interpretation: Interpretation = RAW) -> dict[str, FloatArray]:
    """Follow-up minus baseline under every draw, by the name of the number; shape (regions, draws)."""
    before, after = (_opacity(sensitivity, draws, scan, interpretation) for scan, sensitivity in enumerate(pair))
    after = after * (interpretation.volume_factor * draws.kernel)
    whole = [_volume(sensitivity, draws, scan) for scan, sensitivity in enumerate(pair)]
    # Volume at the baseline's depth of breath, so that a share compares like with like.
    whole[1] = whole[1] * interpretation.volume_factor
    least = np.maximum(0.2 * pair[0].opacity_ml[unshifted(pair[0]), :, _SUM], 1e-9)[:, None]
    change = after - before
    return {
        "opacity_ml": change[_SUM],
        **{f"{key}_ml": change[place] for place, key in enumerate(pair[0].classes)},
        "opacity_pp": 100.0 * (_share(after[_SUM], whole[1]) - _share(before[_SUM], whole[0])),
        "opacity_relative_percent": 100.0 * change[_SUM] / np.maximum(before[_SUM], least),
    }


def _share(part: FloatArray, whole: FloatArray) -> FloatArray:
    return np.asarray(np.divide(part, whole, out=np.zeros_like(part), where=whole > 0))


def _volume(sensitivity: Sensitivity, draws: Draws, scan: int) -> FloatArray:
    """Millilitres of the regions of one scan under every draw, shape (regions, draws)."""
    found = sensitivity.volume_ml[:, None] + sensitivity.rim_ml[:, None] * draws.rim[scan]
    for name, border in sensitivity.borders.items():
        found = np.maximum(found + border.volume_ml[:, None] * draws.borders[name][scan], 0.0)
    return np.asarray(found)


def _opacity(sensitivity: Sensitivity, draws: Draws, scan: int, interpretation: Interpretation) -> FloatArray:
    """Millilitres of one scan under every draw, shape (columns, regions, draws), never below 0."""
    found = sensitivity.opacity_ml[unshifted(sensitivity)][..., None]
    moved = _at(sensitivity, draws.common_hu)
    # The errors of one scan add to what is common: each source is varied about what was found, not about an extreme
    # of another one, where the threshold may already lie in the noise of normal lung.
    moved = moved + _at(sensitivity, draws.own_hu[scan]) - found
    moved = moved + _per_hu(sensitivity)[..., None] * (draws.age_hu + (draws.scale_hu if scan == 1 else 0.0))
    moved = moved + sensitivity.edge[..., None] * (draws.edge + draws.own_edge[scan])
    moved = moved + sensitivity.vessel[..., None] * draws.vessel[scan] + sensitivity.rim[..., None] * draws.rim[scan]
    for source, table in sensitivity.degraded_ml.items():
        moved = moved + table[..., None] * draws.degraded[source]
    for name, border in sensitivity.borders.items():
        moved = moved + border.opacity_ml[..., None] * draws.borders[name][scan]
    moved = moved + sensitivity.gap_ml[..., None] * draws.gap_mm[scan]
    moved = moved + np.sqrt(sensitivity.volume_ml / REFERENCE_ML)[:, None, None] * draws.overlooked[scan]
    moved = moved + sensitivity.bordering_ml[..., None] * (draws.dense + draws.own_dense[scan])
    moved = np.maximum(np.moveaxis(moved + np.moveaxis(draws.local[scan], 0, -1), 1, 0), 0.0)
    if sensitivity.beside_ml is not None:
        # what cancels is in neither scan, and only what is off about it is added: less than nothing as well as more
        moved += sensitivity.beside_ml.T[..., None] * draws.own_dense[scan]
    for name in interpretation.counting:
        if name in sensitivity.alternatives_ml:  # a source may be there in one of the scans alone
            moved += sensitivity.alternatives_ml[name].T[..., None]
    return np.asarray(moved)


def _at(sensitivity: Sensitivity, shift_hu: FloatArray) -> FloatArray:
    """Millilitres at shifts of the threshold, linear between those that were tried; shape (regions, columns, draws)."""
    shifts = sensitivity.shifts_hu
    if len(shifts) == 1:
        return np.broadcast_to(sensitivity.opacity_ml[0][..., None], (*sensitivity.opacity_ml[0].shape, len(shift_hu)))
    at = np.clip(np.searchsorted(shifts, shift_hu, side="right") - 1, 0, len(shifts) - 2)
    part = np.clip((shift_hu - shifts[at]) / (shifts[at + 1] - shifts[at]), 0.0, 1.0)
    low, high = (np.moveaxis(sensitivity.opacity_ml[at + more], 0, -1) for more in (0, 1))
    return np.asarray(low + (high - low) * part)


def _per_hu(sensitivity: Sensitivity) -> FloatArray:
    """Millilitres lost for each HU that the threshold rises, by the widest shifts that were tried."""
    shifts = sensitivity.shifts_hu
    rise = sensitivity.opacity_ml[-1] - sensitivity.opacity_ml[0]
    return np.asarray(rise / max(float(shifts[-1] - shifts[0]), 1.0))


def unshifted(sensitivity: Sensitivity) -> int:
    """Which row of ``opacity_ml`` is that of the thresholds as they are."""
    return int(np.argmin(np.abs(sensitivity.shifts_hu)))
