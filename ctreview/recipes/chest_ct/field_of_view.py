"""Whether both scans show the same part of the lungs, and lie the same way round: what a registered pair is asked."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from ctreview.anatomy.situs import compare_situs, find_situs
from ctreview.change import Timepoint, check_field_of_view
from ctreview.checks import Check
from ctreview.registration import Registration
from ctreview.volume.correspondence import DIRECTIONS, corresponding_voxels
from ctreview.volume.geometry import FloatArray
from ctreview.volume.transform import Transform
from ctreview.volume.volume import Volume

__all__ = ["CUT_PERCENT", "check_cut", "check_pair", "cut_percent", "unseen_percent"]

SAMPLED_MM = 4.0
"""Lungs are looked at in steps of this length."""

SIDES = ("right_lung", "left_lung")

FACES = {"feet": (0, 0), "head": (0, -1), "front": (1, 0), "back": (1, -1), "right": (2, 0), "left": (2, -1)}
"""Borders of an image: axis and end."""

CUT_PERCENT = 10.0
"""Share of its largest cross-section with which a lung may reach the border of the image in one scan alone. Below, what
is missing is the end of a recess, of 1 or 2 % of the lung."""


def check_pair(points: tuple[Timepoint, Timepoint], registration: Registration | None) -> tuple[Check, ...]:
    """Laterality of both scans, whether lungs are cut alike, and what both show of them.

    A registration that is too poor to tell what became of what still lays lung on lung, which is enough to see what
    lies outside; where there is none, what both show is not known.
    """
    first, second = (find_situs(point.volume, point.organ) for point in points)
    unseen = dict.fromkeys(SIDES) if registration is None else unseen_percent(points, registration.transform)
    cut = check_cut(*(cut_percent(point) for point in points))
    return (compare_situs(first, second), *cut, *check_field_of_view(unseen))


Cut = Mapping[str, Mapping[str, float]]
"""By lung, then by border: how large a cross-section lies on it, in per cent of the largest one."""


def cut_percent(point: Timepoint) -> Cut:
    """How far the borders of the image cut each lung that was found."""
    found = {}
    for key in SIDES:
        lung = point.organ.mask(key)
        if not lung.any():
            continue
        areas = [np.count_nonzero(lung, axis=tuple({0, 1, 2} - {axis})) for axis in range(3)]
        found[key] = {name: 100.0 * float(areas[axis][end] / areas[axis].max()) for name, (axis, end) in FACES.items()}
    return found


def check_cut(baseline: Cut, followup: Cut) -> tuple[Check, ...]:
    """Whether the borders of the image cut each lung alike in both scans.

    A registration may stretch a lung that was cut until it fits one that was not, so that it alone does not tell.
    """
    checks = []
    for key in (key for key in SIDES if key in baseline and key in followup):
        words = key.replace("_", " ")
        pairs = {name: (baseline[key][name], followup[key][name]) for name in FACES}
        unlike = [name for name, both in pairs.items() if max(both) > CUT_PERCENT and min(both) < max(both) / 2]
        message = f"The borders of the image do not cut the {words} in one scan alone."
        if unlike:
            message = f"The border of the image cuts the {words} in one of the two scans ({', '.join(unlike)})."
        value = max(abs(one - other) for one, other in pairs.values())
        checks.append(
            Check("lungs_cut_alike", round(value, 1), CUT_PERCENT, not unlike, message, effect="stops", regions=(key,))
        )
    return tuple(checks)


def unseen_percent(points: tuple[Timepoint, Timepoint], transform: Transform) -> dict[str, float]:
    """The share of each lung that the other scan does not show, the larger of both scans.

    Returns
    -------
    dict of str to float
        Per cent, by the name of the lung; without a lung that neither scan holds.
    """
    found: dict[str, float] = {}
    for number, direction in enumerate(DIRECTIONS):
        here, there = points[number], points[1 - number].volume
        steps = [max(1, round(SAMPLED_MM / spacing)) for spacing in here.volume.geometry.spacing]
        thin = tuple(slice(step // 2, None, step) for step in steps)
        for key in SIDES:
            coarse = np.nonzero(here.organ.array[thin] == here.organ.scheme[key].value)
            index = [part * step + step // 2 for part, step in zip(coarse, steps, strict=True)]
            if len(index[0]) == 0:
                continue
            at = corresponding_voxels(transform, direction, here.volume.geometry, there.geometry, index)
            share = 100.0 * float(np.mean(_unseen(at, there)))
            found[key] = max(share, found.get(key, 0.0))
    return found


def _unseen(at: FloatArray, volume: Volume) -> npt.NDArray[np.bool_]:
    """Whether places, as indices of voxels, lie where a scan measured nothing."""
    nearest = np.rint(at).astype(np.int64)
    outside = np.any((nearest < 0) | (nearest >= volume.geometry.shape), axis=1)
    if volume.unmeasured is not None:
        inside = nearest[~outside]
        outside[~outside] = volume.unmeasured[tuple(inside.T)]
    return np.asarray(outside)
