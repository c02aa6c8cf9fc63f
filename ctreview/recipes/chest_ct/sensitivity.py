"""How the numbers of one scan move with what they rest on, a reader's corrections included."""

from __future__ import annotations

from collections.abc import Callable

import cc3d
import edt
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from ctreview.anatomy.other_timepoint import AIRLESS_HU, BLOCK_MM, TOLERANCE_MM
from ctreview.change import (
    IntervalSettings,
    Perturbation,
    Sensitivity,
    Timepoint,
    find_sensitivity,
    ml_to_confirm,
    open_candidates,
)
from ctreview.progress import Progress, quiet
from ctreview.volume.correspondence import DIRECTIONS, corresponding_voxels
from ctreview.volume.geometry import Geometry
from ctreview.volume.labels import LabelMap
from ctreview.volume.transform import Transform

__all__ = ["TO_CONFIRM", "scan_sensitivity", "with_open_candidates"]

TO_CONFIRM = "dense tissue to confirm"
"""The source of an interval that open candidates are: what may be consolidation would count if it were accepted."""


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


def with_open_candidates(
    sensitivities: tuple[Sensitivity, Sensitivity], points: tuple[Timepoint, Timepoint], transform: Transform | None
) -> tuple[Sensitivity, Sensitivity]:
    """The same with what open candidates would add to each scan, were they accepted as consolidation.

    What the other scan shows as dense at the same place, and outside its lungs as well, is left out: accepted in both
    scans it changes nothing, and one reader will not call the same tissue lung in one of them alone.
    """
    first, second = (
        one.with_alternative(
            TO_CONFIRM,
            "consolidation",
            ml_to_confirm(
                points[number].candidates,
                points[number].regions,
                "consolidation",
                settled={} if transform is None else _dense_in_both(points, transform, number),
            ),
        )
        for number, one in enumerate(sensitivities)
    )
    return first, second


def _dense_in_both(points: tuple[Timepoint, Timepoint], transform: Transform, number: int) -> dict[str, float]:
    """By id the share of each open candidate of a scan that is dense and no lung in the other scan too.

    As with fates, a part that is not so counts where it is somewhere deeper than a registration may be off, and then
    whole; a rim that is nowhere deeper is no finding.
    """
    own, other = points[number], points[1 - number]
    found = {}
    for piece in (one.piece for one in open_candidates(own.candidates)):
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
