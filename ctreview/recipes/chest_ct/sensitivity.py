"""How the numbers of one scan move with what they rest on, a reader's corrections included."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import cc3d
import edt
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from ctreview.anatomy import LOBES
from ctreview.anatomy.other_timepoint import AIRLESS_HU, BLOCK_MM, TOLERANCE_MM
from ctreview.change import (
    IntervalSettings,
    Perturbation,
    Sensitivity,
    Timepoint,
    change_ml,
    find_sensitivity,
    ml_to_confirm,
    open_candidates,
    shares_of_regions,
)
from ctreview.progress import Progress, quiet
from ctreview.recipes.chest_ct.lobe_volumes import lost_lung_ml
from ctreview.tools.candidate import OfferedPiece
from ctreview.volume.correspondence import DIRECTIONS, corresponding_voxels
from ctreview.volume.geometry import Geometry
from ctreview.volume.labels import LabelMap
from ctreview.volume.transform import Transform

__all__ = ["STREAKS", "TO_CONFIRM", "scan_sensitivity", "with_open_candidates", "with_streaks_counted"]

STREAKS = "streaks"
"""The source of an interval that streaks of metal or contrast agent are: what they may add is taken off."""

TO_CONFIRM = "dense tissue to confirm"
"""The source of an interval that open candidates are: each may be consolidation, and counts if accepted as that."""


def scan_sensitivity(
    point: Timepoint,
    opacity_at: Callable[[float], LabelMap],
    *,
    settings: IntervalSettings | None = None,
    progress: Progress = quiet,
) -> Sensitivity:
    """How the numbers of one scan move with what they rest on.

    ``opacity_at`` gives the opacity with the threshold shifted and a reader's corrections: what the reader drew stands,
    whatever the threshold.
    """
    settings = settings or IntervalSettings()
    done = 0

    def variant(perturbation: Perturbation) -> LabelMap:
        nonlocal done
        progress(done, len(settings.shifts_hu), "varying the threshold")
        done += 1
        return opacity_at(perturbation.threshold_hu)

    return find_sensitivity(
        point.regions,
        point.opacity,
        vessels=point.vessels,
        variants=variant,
        shifts_hu=settings.shifts_hu,
        block_mm=settings.block_mm,
    )


def with_streaks_counted(sensitivity: Sensitivity, point: Timepoint, with_streaks: LabelMap) -> Sensitivity:
    """The same with what a scan would hold more if all that lies within streaks were opacity."""
    won = change_ml(point.regions, point.opacity, with_streaks)
    by_region = np.array([max(float(won[name][-1]), 0.0) for name in sensitivity.names])
    return sensitivity.with_alternative(STREAKS, "ground_glass", by_region)


def with_open_candidates(
    sensitivities: tuple[Sensitivity, Sensitivity], points: tuple[Timepoint, Timepoint], transform: Transform | None
) -> tuple[Sensitivity, Sensitivity]:
    """The same with what open candidates, of whatever proposed class, would add to each scan as consolidation.

    What the other scan shows as dense at the same place, and outside its lungs as well, is left out: accepted in both
    scans it changes nothing, and one reader will not call the same tissue lung in one of them alone. That holds for
    the lungs. A lobe that is smaller than the other scan lets expect may have lost just that tissue, which then counts
    as what is open. And of a lobe such tissue may be all that there is, whose border each scan may draw otherwise.
    """
    lost = lost_lung_ml(sensitivities, _known_lobes(points))
    found = []
    for number, (one, point) in enumerate(zip(sensitivities, points, strict=True)):
        settled = {} if transform is None else _dense_in_both(points, transform, number)
        settled = _less_lost_lung(settled, point, lost[number])
        opened = {piece.id: 1.0 - settled.get(piece.id, 0.0) for piece in _open_pieces(point)}
        open_ml = ml_to_confirm(point.candidates, point.regions, settled=settled)
        settled_ml = ml_to_confirm(point.candidates, point.regions, proposed="consolidation", settled=opened)
        of_lobes = [name.split("/")[0] in LOBES for name in one.names]
        found.append(
            one.with_alternative(TO_CONFIRM, "consolidation", open_ml).with_beside(
                "consolidation", np.where(of_lobes, settled_ml, 0.0)
            )
        )
    return found[0], found[1]


def _known_lobes(points: tuple[Timepoint, Timepoint]) -> tuple[str, ...]:
    """Lobes whose borders are known well enough in both scans."""
    checks = (check for point in points if point.parts is not None for check in point.parts.checks)
    stopped = {region for check in checks if check.stops for region in check.regions}
    return tuple(lobe for lobe in LOBES if lobe not in stopped)


def _open_pieces(point: Timepoint) -> tuple[OfferedPiece, ...]:
    return tuple(one.piece for one in open_candidates(point.candidates))


def _less_lost_lung(settled: Mapping[str, float], point: Timepoint, lost_ml: Mapping[str, float]) -> dict[str, float]:
    """By id the share of each open candidate that is settled where lobes lost no more lung than ``lost_ml`` says."""
    names = point.regions.names
    pieces = [piece for piece in _open_pieces(point) if piece.proposed == "consolidation" and piece.id in settled]
    shares = {piece.id: shares_of_regions(piece, point.regions) for piece in pieces}
    found = dict(settled)
    for lobe, ml in lost_ml.items():
        row = names.index(lobe)
        beside_ml = sum(piece.ml * settled[piece.id] * shares[piece.id][row] for piece in pieces)
        for piece in pieces if beside_ml else ():
            found[piece.id] -= settled[piece.id] * float(shares[piece.id][row]) * min(1.0, ml / beside_ml)
    return found


def _dense_in_both(points: tuple[Timepoint, Timepoint], transform: Transform, number: int) -> dict[str, float]:
    """By id the share of each open candidate of a scan that is dense and no lung in the other scan too.

    As with fates, a part that is not so counts where it is somewhere deeper than a registration may be off, and then
    whole; a rim that is nowhere deeper is no finding.
    """
    own, other = points[number], points[1 - number]
    found = {}
    for piece in _open_pieces(own):
        index = np.argwhere(piece.mask)
        depth = np.zeros(piece.mask.shape, dtype=np.float32)
        depth[tuple(index.T)] = _beyond_dense(
            own.volume.geometry, other, transform, number, index + [span.start for span in piece.box]
        )
        parts = cc3d.connected_components(depth > 0, connectivity=26)
        deepest = ndimage.maximum(depth, parts, np.arange(parts.max() + 1))
        apart = np.isin(parts, 1 + np.flatnonzero(deepest[1:] > TOLERANCE_MM))
        found[piece.id] = 1.0 - float(np.count_nonzero(apart)) / len(index)
    return found


def _beyond_dense(
    grid: Geometry, other: Timepoint, transform: Transform, number: int, index: npt.NDArray[np.int64]
) -> npt.NDArray[np.float32]:
    """How many millimetres each voxel lies, in the other scan, off dense tissue outside the lungs; 0 within it."""
    at = corresponding_voxels(transform, DIRECTIONS[number], grid, other.volume.geometry, list(index.T))
    nearest = np.rint(at).astype(np.int64)
    seen = np.all((nearest >= 0) & (nearest < other.volume.geometry.shape), axis=1)
    found = np.full(len(index), np.inf, dtype=np.float32)
    if not seen.any():
        return found
    spacing = np.array(other.volume.geometry.spacing)
    reach = np.ceil((TOLERANCE_MM + BLOCK_MM) / spacing).astype(int)
    start = np.maximum(nearest[seen].min(axis=0) - reach, 0)
    stop = np.minimum(nearest[seen].max(axis=0) + reach + 1, other.volume.geometry.shape)
    box = tuple(slice(a, b) for a, b in zip(start, stop, strict=True))
    width = [max(1, int(BLOCK_MM / mm)) for mm in spacing]
    hu = ndimage.uniform_filter(other.volume.array[box].astype(np.float32), width)
    dense = (hu > AIRLESS_HU) & (other.organ.array[box] == 0)
    found[seen] = edt.edt(~dense, spacing)[tuple((nearest[seen] - start).T)]
    return found
