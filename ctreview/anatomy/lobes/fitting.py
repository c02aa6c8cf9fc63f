"""From a scan and a prior to the surface of a fissure: first by sheets far around, then by contrast along it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import cc3d
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from ctreview.anatomy.coarse import Mask
from ctreview.anatomy.lobes.crests import Crests, CrestSettings, crests, sheet_votes, sub_sample
from ctreview.anatomy.lobes.evidence import EvidenceSettings, find_sheet
from ctreview.anatomy.lobes.fissure import Fissure
from ctreview.anatomy.lobes.frame import LungFrame
from ctreview.anatomy.lobes.gaps import GapSettings, VesselGap, find_gap, gap_places, gap_trust
from ctreview.anatomy.lobes.line import LineContrast, LineSettings, line_contrast
from ctreview.anatomy.lobes.prior import FissurePrior
from ctreview.anatomy.lobes.search import SearchSettings, search_modes
from ctreview.anatomy.lobes.slab import FissureSlab
from ctreview.anatomy.lobes.surface import SurfacePosterior, fit_surface
from ctreview.possible_values import require_possible
from ctreview.volume.geometry import FloatArray

__all__ = ["FissureSettings", "SlabSampler", "find_fissure"]

Places = tuple[FloatArray, FloatArray]
"""Places, as `FissurePlane.coordinates` gives them, and how far each may lie off the surface."""

SlabSampler = Callable[[FloatArray, float], FissureSlab]
"""Samples around a surface, given as heights of nodes, within a reach in template millimetres."""


@dataclass(frozen=True)
class FissureSettings:
    """How a surface is fitted to what is seen.

    Attributes
    ----------
    evidence, gaps, crests, search, line
        Settings of the steps.
    gates_mm : tuple of float
        How far from the surface crests may lie in each round of the first fit, in template millimetres.
    crest_mm : float
        How far one crest may lie off the fissure, in template millimetres.
    alike_mm : float
        Crests within so much of each other count as one.
    steepest : float
        By how much the rise of a crest may differ from that of the surface.
    near_mm : float
        How far around the first fit is looked for contrast, in template millimetres, and in those of the patient where
        these are larger.
    clear : float
        From this ratio of contrast to noise on a fissure is seen.
    faint : float
        From this on it is seen where it continues what is clear.
    fades : float
        What has less than this share of the median contrast where the fissure is seen is none, however clear: vessels
        beside a fissure that ends are fainter than it.
    least_piece_mm2 : float
        Pieces with less that is clear are there by chance; the same in small lungs, where means along the surface reach
        as far.
    line_mm : float
        How far a place of such contrast may lie off the fissure, in template millimetres; larger than it is, since
        neighbours err alike.
    line_gates_mm : tuple of float
        Places farther from the surface than this are left out of the next round.
    unlikely : float
        A piece is left out that lies farther from where all others let it be expected, in standard deviations.
    gaps_alike : float
        By what factor places between vessels may lie farther off there, since neighbours err alike.
    usual_error_mm : float
        By how much a surface errs in any case, in template millimetres.
    every_mm : float
        Distance of these places, in millimetres of the patient.
    rounds : int
        How often contrast is measured along the surface that was fitted last.
    seen_mm : float
        Contrast no farther off the surface shows the fissure, in template millimetres.
    """

    evidence: EvidenceSettings = field(default_factory=EvidenceSettings)
    gaps: GapSettings = field(default_factory=GapSettings)
    crests: CrestSettings = field(default_factory=CrestSettings)
    search: SearchSettings = field(default_factory=SearchSettings)
    line: LineSettings = field(default_factory=LineSettings)
    gates_mm: tuple[float, ...] = (8.0, 6.0, 4.5, 3.5, 3.0, 3.0)
    crest_mm: float = 1.5
    alike_mm: float = 4.0
    steepest: float = 0.5
    near_mm: float = 13.0
    clear: float = 4.0
    faint: float = 3.0
    fades: float = 0.4
    least_piece_mm2: float = 200.0
    line_mm: float = 3.0
    line_gates_mm: tuple[float, ...] = (6.0, 4.0, 3.0)
    unlikely: float = 2.5
    gaps_alike: float = 2.0
    usual_error_mm: float = 2.0
    every_mm: float = 4.0
    rounds: int = 2
    seen_mm: float = 1.8

    def __post_init__(self) -> None:
        require_possible(
            self,
            every_mm=(0.5, 100.0),
            rounds=(0, 20),
            least_piece_mm2=(0.0, 1e6),
            clear=(0.0, 1e3),
            faint=(0.0, 1e3),
            fades=(0.0, 1.0),
        )


def find_fissure(
    sample: SlabSampler,
    prior: FissurePrior,
    frame: LungFrame,
    *,
    reach_mm: float,
    size: float,
    settings: FissureSettings | None = None,
) -> Fissure:
    """Find the surface of a fissure.

    Parameters
    ----------
    sample : SlabSampler
    prior : FissurePrior
    frame : LungFrame
    reach_mm : float
        How far from its expected place, in template millimetres.
    size : float
        Of the lung, as a ratio of lengths; 1 in an adult.
    settings : FissureSettings, optional
    """
    settings = settings or FissureSettings()
    gap, places, surface = _by_sheets(sample(prior.mean, reach_mm), prior, size, settings)
    seen = places[0]
    for _ in range(settings.rounds):
        slab, contrast = _along(sample, surface, frame, settings)
        weak = _by_gaps(gap, surface, seen, settings)
        clear = _clear_places(slab, contrast, prior, weak, settings)
        seen = clear[0]
        places = _joined(clear, weak)
        surface = fit_surface(prior, *places)
    slab, contrast = _along(sample, surface, frame, settings)
    where_seen, by_chance = _seen(slab, contrast, settings)
    # as deep in the lung as sheets are looked for
    edge = max(1, round(settings.evidence.wall_mm / slab.spacing[0]))
    inside = ndimage.binary_erosion(slab.lung[..., len(slab.heights) // 2], iterations=edge)
    return Fissure(surface, frame, slab.position, inside, where_seen, by_chance, *places)


def _along(
    sample: SlabSampler, surface: SurfacePosterior, frame: LungFrame, settings: FissureSettings
) -> tuple[FissureSlab, LineContrast]:
    # in small lungs as far in millimetres of the patient: what is there by chance does not shrink with the patient
    larger = max(1.0, float(np.linalg.norm(frame.scale * surface.prior.plane.normal)))
    slab = sample(surface.height, settings.near_mm * larger)
    return slab, line_contrast(slab, find_sheet(slab, settings=settings.evidence), settings=settings.line)


def _by_sheets(
    slab: FissureSlab, prior: FissurePrior, size: float, settings: FissureSettings
) -> tuple[VesselGap, Places, SurfacePosterior]:
    """Gaps far around the expected place, and crests and the surface through the most sheet and the fewest vessels."""
    sheet = find_sheet(slab, settings=settings.evidence)
    votes, weight = sheet_votes(slab, sheet, size, settings=settings.crests)
    gap = find_gap(slab, weight > 0.5, prior.plane, settings=settings.gaps)
    points = crests(slab, sheet, weight)
    height = search_modes(slab, votes, gap, prior, settings=settings.search)
    surface = SurfacePosterior(prior, height, np.zeros_like(height))
    found: Places = np.zeros((0, 3)), np.zeros(0)
    for gate in settings.gates_mm:
        used, agreement = _agreeing(surface, points, gate, settings)
        places = points.coordinates[used]
        crowd = np.sqrt(_crowd(places, settings.alike_mm / prior.plane.step))
        found = places, settings.crest_mm * crowd / np.sqrt(agreement)
        surface = fit_surface(prior, *_joined(found, _by_gaps(gap, surface, places, settings)))
    return gap, found, surface


def _by_gaps(gap: VesselGap, surface: SurfacePosterior, seen: FloatArray, settings: FissureSettings) -> Places:
    """What gaps between vessels tell, as far as they do where sheets are seen."""
    return gap_places(gap, surface, gap_trust(gap, seen, settings=settings.gaps), settings=settings.gaps)


def _joined(*found: Places) -> Places:
    """Places of several kinds together."""
    return np.vstack([places for places, _ in found]), np.concatenate([deviation for _, deviation in found])


def _agreeing(
    surface: SurfacePosterior, points: Crests, gate: float, settings: FissureSettings
) -> tuple[Mask, FloatArray]:
    """Which crests agree with a surface in place and rise, and how well those do (Tukey's biweight)."""
    position = points.coordinates[:, :2]
    off = (points.coordinates[:, 2] - surface.at(position)[0]) / gate
    rise = [surface.at(position + half)[0] - surface.at(position - half)[0] for half in ((0.5, 0.0), (0.0, 0.5))]
    apart = np.linalg.norm(points.slope - np.column_stack(rise), axis=1)
    apart /= surface.prior.plane.step * settings.steepest
    used = (np.abs(off) < 1.0) & (apart < 1.0)
    agreement = points.weight * (1.0 - off**2) * (1.0 - apart**2)
    return used, np.maximum(agreement[used], 1e-3)


def _crowd(places: FloatArray, cell: float) -> FloatArray:
    """How many places lie in the same cell of the plane as each."""
    key = np.floor(places[:, :2] / cell).astype(np.int64)
    _, where, count = np.unique(key, axis=0, return_inverse=True, return_counts=True)
    return np.asarray(count[where.ravel()], dtype=np.float64)


def _clear_places(
    slab: FissureSlab, contrast: LineContrast, prior: FissurePrior, weak: Places, settings: FissureSettings
) -> Places:
    """Places of highest contrast near the surface through which one fissure can run, also by weak places."""
    reach = np.abs(slab.heights) <= settings.near_mm / 2
    ratio = np.where(reach, contrast.ratio, 0.0) - 0.02 * np.abs(slab.heights)
    best = np.argmax(ratio, axis=2)
    high = np.take_along_axis(contrast.ratio, best[..., None], axis=2)[..., 0]
    clear, sheet = _clear_sheets(ratio, best, slab, settings.clear, settings)
    least = settings.fades * float(np.median(high[clear])) if clear.any() else 0.0
    if least > settings.clear:
        clear, sheet = _clear_sheets(ratio, best, slab, least, settings)
    every = [max(1, round(settings.every_mm / spacing)) for spacing in slab.spacing[:2]]
    chosen = np.zeros(clear.shape, dtype=bool)
    chosen[every[0] // 2 :: every[0], every[1] // 2 :: every[1]] = True
    i, j = np.nonzero(chosen & clear)
    k = best[i, j]
    heights = slab.expected[i, j] + slab.heights[k] + slab.step * sub_sample(contrast.ratio, i, j, k)
    places = np.column_stack([slab.position[i, j], heights])
    deviation = settings.line_mm / np.sqrt(np.clip(high[i, j] / settings.clear, 0.5, 2.0))
    used = kept = _likely(prior, (places, deviation), weak, sheet[i, j], settings)
    for gate in settings.line_gates_mm:
        fitted = fit_surface(prior, *_joined((places[used], deviation[used]), weak))
        used = kept & (np.abs(places[:, 2] - fitted.at(places[:, :2])[0]) < gate)
    return places[used], deviation[used]


def _clear_sheets(
    ratio: npt.NDArray[Any], best: npt.NDArray[Any], slab: FissureSlab, least: float, settings: FissureSettings
) -> tuple[Mask, npt.NDArray[Any]]:
    """Columns whose best place lies in a large sheet, neighbours in height as well, and the number of each sheet."""
    sheets = cc3d.connected_components(ratio >= least, connectivity=26)
    sheet = np.take_along_axis(sheets, best[..., None], axis=2)[..., 0]
    area = np.bincount(sheet.ravel()) * (slab.spacing[0] * slab.spacing[1])
    return (sheet > 0) & (area[sheet] >= settings.least_piece_mm2), sheet


def _likely(
    prior: FissurePrior,
    found: Places,
    weak: Places,
    pieces: npt.NDArray[Any],
    settings: FissureSettings,
) -> Mask:
    """Which places lie in pieces where the others let the fissure be expected; the smallest are judged first.

    A scar or the wall of a bulla is a sheet as well, but lies where no fissure can run that passes through the rest.
    """
    places, deviation = found
    kept = np.ones(len(places), dtype=bool)
    numbers, counts = np.unique(pieces, return_counts=True)
    for number in numbers[np.argsort(counts)][:-1]:
        own = pieces == number
        rest = kept & ~own
        if np.count_nonzero(own) > np.count_nonzero(rest):
            continue
        others = _joined((places[rest], deviation[rest]), (weak[0], settings.gaps_alike * weak[1]))
        height, spread = fit_surface(prior, *others, unlike=1.0).at(places[own, :2])
        off = (places[own, 2] - height) / np.hypot(spread, settings.usual_error_mm)
        kept[own] = abs(float(np.median(off))) < settings.unlikely
    return kept


def _large_pieces(
    contrast: npt.NDArray[np.float32], slab: FissureSlab, settings: FissureSettings, usual: float = 0.0
) -> Mask:
    """Pieces of contrast along the surface of which enough is clear, also beside what is usual of it."""
    least = settings.fades * usual
    pieces, count = ndimage.label(contrast >= max(settings.faint, least))
    clear = (contrast >= max(settings.clear, least)).ravel()
    area = np.bincount(pieces.ravel(), clear, minlength=count + 1) * (slab.spacing[0] * slab.spacing[1])
    large = area >= settings.least_piece_mm2
    large[0] = False
    return np.asarray(large[pieces])


def _seen(slab: FissureSlab, contrast: LineContrast, settings: FissureSettings) -> tuple[Mask, float]:
    """Where contrast shows the fissure at the surface, and how often it does so far above and below."""
    half = max(1, round(settings.seen_mm / slab.step))
    middle = len(slab.heights) // 2
    off = round(settings.line.noise_mm / slab.patient_per_template / slab.step)

    def high(centre: int) -> npt.NDArray[np.float32]:
        window = slice(max(0, centre - half), centre + half + 1)
        return np.asarray(contrast.ratio[..., window].max(axis=2))

    at_surface = high(middle)
    first = at_surface[_large_pieces(at_surface, slab, settings)]
    usual = float(np.median(first)) if first.size else 0.0

    chance = []
    for centre in (max(0, middle - off - half), min(len(slab.heights) - 1, middle + off + half)):
        known = contrast.measured[..., centre]
        by_chance = _large_pieces(high(centre), slab, settings, usual) & known
        chance.append(int(np.count_nonzero(by_chance)) / max(1, int(np.count_nonzero(known))))
    return _large_pieces(at_surface, slab, settings, usual), float(np.mean(chance))
