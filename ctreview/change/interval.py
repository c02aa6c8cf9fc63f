"""How far each number of change could be off: a sensitivity interval and what makes it wide."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from ctreview.change.comparison import Interval
from ctreview.change.sensitivity import COUNTED, Response
from ctreview.errors import WrongUse
from ctreview.volume.geometry import FloatArray

__all__ = ["SOURCES", "Conditions", "IntervalSettings", "find_intervals"]

SOURCES: Mapping[str, str] = {
    "threshold": "the threshold of both scans together",
    "threshold of each scan": "the threshold of each scan on its own",
    "local threshold": "thresholds that are off in one place and not in another",
    "boundary": "the boundary of opacity, in both scans together",
    "boundary of each scan": "the boundary of opacity in each scan on its own",
    "vessels": "the boundary between opacity and vessels",
    "mask": "the boundary of the organ",
    "inspiration": "depth of breath",
    "kernel": "different reconstruction kernels",
    "calibration": "calibration of the HU scale",
}
"""What is varied, by the name that stands in `Interval.dominant` and `Interval.sources`, in words."""

_GLASS, _SOLID, _BOTH = range(COUNTED)


@dataclass(frozen=True)
class IntervalSettings:
    """What is varied, and by how much.

    A limit ``±a`` is the half width of a rectangular distribution: the limits say what is thought possible and
    nothing more is known within them (JCGM 100:2008, 4.3.7), so a source of ±25 HU has a standard deviation of
    14.4 HU and never exceeds 25.

    Attributes
    ----------
    level : float
        Share of draws within the interval.
    draws, seed : int
        Number of random draws, and the seed that makes them the same every time.
    common_threshold_hu : float
        Limit for the threshold of both scans together (DESIGN §4).
    own_threshold_hu : float
        Limit for the threshold of each scan on its own, and for that of each block on its own.
    boundary_voxels : float
        Limit for the boundary of opacity, all over both scans together: the same rule draws it in both (DESIGN §4).
    own_boundary_voxels : float
        Limit for what it differs in each scan on its own, as well as for the boundary of the organ. Set on phantoms
        (docs/decisions/0021-interval.md).
    block_mm : float
        Side of the cubes within which local errors of the threshold are alike.
    kernel_share : float
        Limit for the change of a volume by another kernel (DESIGN §4: up to 14 %).
    calibration_hu : float
        Limit for the HU scale of each scan, which moves mass: acceptance limits for the CT number of water are
        ±4 HU (IEC 61223-3-5) to ±5 HU.
    least_baseline_ml : float
        Below this there is no relative change.
    """

    level: float = 0.95
    draws: int = 4000
    seed: int = 20260
    common_threshold_hu: float = 25.0
    own_threshold_hu: float = 10.0
    boundary_voxels: float = 0.5
    own_boundary_voxels: float = 0.2
    block_mm: float = 20.0
    kernel_share: float = 0.14
    calibration_hu: float = 5.0
    least_baseline_ml: float = 5.0

    def __post_init__(self) -> None:
        if not 0 < self.level < 1 or self.draws < 100:
            raise WrongUse("an interval needs a level between 0 and 1 and at least 100 draws")

    @property
    def shifts_hu(self) -> tuple[float, ...]:
        """The shifts of the threshold at which the segmentation is done anew."""
        common, own = self.common_threshold_hu, self.own_threshold_hu
        # volume rises steeply where a low threshold reaches the noise of normal lung, hence one step in between
        return (-common, -(common + own) / 2, -own, own, common)


@dataclass(frozen=True)
class Conditions:
    """What is known about the pair and widens its intervals.

    Attributes
    ----------
    volume_ratio : float or None
        Organ volume at follow-up over that at baseline, where a difference of it means depth of breath.
    kernels_differ : bool
    """

    volume_ratio: float | None = None
    kernels_differ: bool = False


@dataclass(frozen=True, eq=False)
class _Draws:
    """Random factors, each of shape (draws,) or, for the two scans, (2, draws); 0 where a source is held still."""

    common_hu: FloatArray
    own_hu: FloatArray
    edge: FloatArray
    own_edge: FloatArray
    vessel: FloatArray
    rim: FloatArray
    inspiration: FloatArray
    kernel: FloatArray
    calibration_hu: FloatArray
    local: FloatArray


def find_intervals(
    baseline: Response,
    followup: Response,
    *,
    conditions: Conditions | None = None,
    settings: IntervalSettings | None = None,
) -> dict[str, dict[str, Interval | None]]:
    """Intervals of every number of change in every region that both scans have.

    Draws everything that the numbers rest on at once, and takes the middle ``level`` of the results. Then each
    source is drawn alone, to say what makes the interval wide. Depth of breath is drawn between the raw volume of
    the follow-up and the volume that it would have at the baseline's organ volume; as the value is the raw one, the
    interval may lie to one side of it.

    Parameters
    ----------
    baseline, followup : Response
    conditions : Conditions, optional
        What widens the intervals of this pair.
    settings : IntervalSettings, optional

    Returns
    -------
    dict of str to dict
        By region, then by ``opacity_ml``, ``ground_glass_ml``, ``consolidation_ml``, ``opacity_pp``,
        ``opacity_relative_percent`` (None below 5 mL at baseline), ``mass_g``.
    """
    conditions, settings = conditions or Conditions(), settings or IntervalSettings()
    names = tuple(name for name in baseline.names if name in followup.names)
    pair = baseline.select(names), followup.select(names)
    still = _changes(pair, _draw(pair, conditions, settings, ()))
    whole = _changes(pair, _draw(pair, conditions, settings, SOURCES))
    alone = {name: _changes(pair, _draw(pair, conditions, settings, (name,))) for name in SOURCES}
    tail = 50.0 * (1.0 - settings.level)
    ends = {key: np.percentile(found, [tail, 100.0 - tail], axis=-1) for key, found in whole.items()}
    halves = {
        source: {
            key: np.ptp(np.percentile(found, [tail, 100.0 - tail], axis=-1), axis=0) / 2
            for key, found in changes.items()
        }
        for source, changes in alone.items()
    }
    relative = pair[0].opacity_ml[_unshifted(pair[0]), :, _BOTH] >= settings.least_baseline_ml
    return {
        name: {
            key: _interval(
                float(still[key][row, 0]),
                ends[key][:, row],
                {source: float(found[key][row]) for source, found in halves.items()},
                settings.level,
            )
            if key != "opacity_relative_percent" or relative[row]
            else None
            for key in whole
        }
        for row, name in enumerate(names)
    }


def _interval(value: float, ends: FloatArray, sources: Mapping[str, float], level: float) -> Interval:
    return Interval(
        value=value,
        low=min(float(ends[0]), value),
        high=max(float(ends[1]), value),
        level=level,
        dominant=max(sources, key=lambda name: sources[name]),
        sources={name: half for name, half in sources.items() if half > 0},
    )


def _unshifted(response: Response) -> int:
    return int(np.argmin(np.abs(response.shifts_hu)))


def _draw(
    pair: tuple[Response, Response], conditions: Conditions, settings: IntervalSettings, active: Iterable[str]
) -> _Draws:
    """Draw the active sources; every source has its own stream, so that one alone draws what it draws in company."""
    active = set(active)
    n = settings.draws if active else 1
    streams = dict(zip(SOURCES, np.random.SeedSequence(settings.seed).spawn(len(SOURCES)), strict=True))

    def uniform(source: str, scans: int, limit: float) -> FloatArray:
        if source not in active:
            return np.zeros((scans, n))
        return np.random.default_rng(streams[source]).uniform(-limit, limit, (scans, n))

    # responses were taken for half a voxel
    common, own = settings.boundary_voxels / 0.5, settings.own_boundary_voxels / 0.5
    ratio = uniform("inspiration", 1, 0.5)[0] + (0.5 if "inspiration" in active else 0.0)
    return _Draws(
        common_hu=uniform("threshold", 1, settings.common_threshold_hu)[0],
        own_hu=uniform("threshold of each scan", 2, settings.own_threshold_hu),
        edge=uniform("boundary", 1, common)[0],
        own_edge=uniform("boundary of each scan", 2, own),
        vessel=uniform("vessels", 1, common)[0],
        rim=uniform("mask", 2, own),
        inspiration=1.0 + ratio * (1.0 / (conditions.volume_ratio or 1.0) - 1.0),
        kernel=1.0 + uniform("kernel", 1, settings.kernel_share if conditions.kernels_differ else 0.0)[0],
        calibration_hu=uniform("calibration", 2, settings.calibration_hu),
        local=_local(pair, np.random.default_rng(streams["local threshold"]), n, "local threshold" in active),
    )


def _local(pair: tuple[Response, Response], random: np.random.Generator, draws: int, active: bool) -> FloatArray:
    """Errors that are alike within a block and not beyond it, shape (2, draws, regions, 3).

    A wild bootstrap over blocks: the response of each keeps or changes its sign at random (Cameron, Gelbach and
    Miller, Rev Econ Stat 2008, doi 10.1162/rest.90.3.414). Voxels are never resampled: neighbours err together.
    """
    regions = len(pair[0].names)
    found = np.zeros((2, draws, regions, COUNTED))
    for scan, response in enumerate(pair):
        blocks = len(response.blocks)
        if active and blocks:
            signs = random.integers(0, 2, (draws, blocks), dtype=np.int8).astype(np.float32) * 2 - 1
            flat = response.blocks.reshape(blocks, -1).astype(np.float32)
            found[scan] = (signs @ flat).reshape(draws, regions, COUNTED)
    return found


def _changes(pair: tuple[Response, Response], draws: _Draws) -> dict[str, FloatArray]:
    """Follow-up minus baseline under every draw, by the name of the number; shape (regions, draws)."""
    before, after = (_opacity(response, draws, scan) for scan, response in enumerate(pair))
    after = after * (draws.inspiration * draws.kernel)
    whole = [
        response.volume_ml[:, None] + response.rim_ml[:, None] * draws.rim[scan] for scan, response in enumerate(pair)
    ]
    # Volume at the baseline's depth of breath, so that a share compares like with like.
    whole[1] = whole[1] * draws.inspiration
    mass = [
        response.mass_g[:, None]
        + response.rim_g[:, None] * draws.rim[scan]
        + response.volume_ml[:, None] * draws.calibration_hu[scan] / 1000.0
        for scan, response in enumerate(pair)
    ]
    least = np.maximum(0.2 * pair[0].opacity_ml[_unshifted(pair[0]), :, _BOTH], 1e-9)[:, None]
    return {
        "opacity_ml": after[_BOTH] - before[_BOTH],
        "ground_glass_ml": after[_GLASS] - before[_GLASS],
        "consolidation_ml": after[_SOLID] - before[_SOLID],
        "opacity_pp": 100.0 * (_share(after[_BOTH], whole[1]) - _share(before[_BOTH], whole[0])),
        "opacity_relative_percent": 100.0 * (after[_BOTH] - before[_BOTH]) / np.maximum(before[_BOTH], least),
        "mass_g": mass[1] - mass[0],
    }


def _share(part: FloatArray, whole: FloatArray) -> FloatArray:
    return np.asarray(np.divide(part, whole, out=np.zeros_like(part), where=whole > 0))


def _opacity(response: Response, draws: _Draws, scan: int) -> FloatArray:
    """Millilitres of one scan under every draw, shape (3, regions, draws), never below 0."""
    found = response.opacity_ml[_unshifted(response)][..., None]
    moved = _at(response, draws.common_hu)
    # The errors of one scan add to what is common: each source is varied about what was found, not about an extreme
    # of another one, where the threshold may already lie in the noise of normal lung.
    moved = moved + _at(response, draws.own_hu[scan]) - found
    moved = moved + response.edge[..., None] * (draws.edge + draws.own_edge[scan])
    moved = moved + response.vessel[..., None] * draws.vessel + response.rim[..., None] * draws.rim[scan]
    moved = moved + np.moveaxis(draws.local[scan], 0, -1)
    return np.asarray(np.maximum(np.moveaxis(moved, 1, 0), 0.0))


def _at(response: Response, shift_hu: FloatArray) -> FloatArray:
    """Millilitres at shifts (draws,) of the threshold, linear between those that were tried: (regions, 3, draws)."""
    shifts = response.shifts_hu
    if len(shifts) == 1:
        return np.broadcast_to(response.opacity_ml[0][..., None], (*response.opacity_ml[0].shape, len(shift_hu)))
    at = np.clip(np.searchsorted(shifts, shift_hu, side="right") - 1, 0, len(shifts) - 2)
    part = np.clip((shift_hu - shifts[at]) / (shifts[at + 1] - shifts[at]), 0.0, 1.0)
    low, high = (np.moveaxis(response.opacity_ml[at + more], 0, -1) for more in (0, 1))
    return np.asarray(low + (high - low) * part)
