"""Groups of muscles by an engine of a third party, where settings name one."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ctreview.checks import Check
from ctreview.models import EngineFacts, find_segmenter, run_segmenter
from ctreview.muscle.groups import GROUP_SCHEME
from ctreview.muscle.scheme import tissue_key
from ctreview.muscle.segment import LimbTissue
from ctreview.progress import Progress, quiet
from ctreview.volume.labels import LabelMap
from ctreview.volume.volume import Volume

__all__ = ["LEAST_INSIDE", "EngineGroups", "ask_for_groups"]

LEAST_INSIDE = 0.7
"""Share of a side's groups that has to lie within muscle of that side: engines draw borders a voxel elsewhere, and take
fat between muscles in, but do not name skin, bone or the other leg."""


@dataclass(frozen=True, eq=False)
class EngineGroups:
    """What an engine gave.

    Attributes
    ----------
    labels : LabelMap or None
        By `GROUP_SCHEME`, within muscle; None where nothing of it is believed.
    facts : EngineFacts
    check : Check
        Whether it lies where muscle was found.
    """

    labels: LabelMap | None
    facts: EngineFacts
    check: Check


def ask_for_groups(name: str, image: Volume, tissue: LimbTissue, *, progress: Progress = quiet) -> EngineGroups:
    """Ask an engine for groups of muscles, and take those of a side where they lie in its muscle.

    Raises
    ------
    WrongUse
        No engine is called so, it does not find groups, or its package or weights are missing.
    SegmentationFailed
        It failed, or what it gave cannot be muscle.
    """
    given = run_segmenter(find_segmenter(name), image, "muscle_groups", progress=progress)
    array = np.zeros(given.geometry.shape, np.uint8)
    off: list[str] = []
    worst = 1.0
    for side in ("right", "left"):
        keys = [label.key for label in given.scheme if label.key.startswith(side) and given.voxels[label.key]]
        if not keys:
            continue
        if side not in tissue.sides:
            off.append(side)
            worst = 0.0
            continue
        muscle = tissue.labels.mask(*(tissue_key(one, side) for one in ("muscle", "intermuscular_fat")))
        inside = float(muscle[given.mask(*keys)].mean())
        worst = min(worst, inside)
        if inside < LEAST_INSIDE:
            off.append(side)
            continue
        for key in keys:
            array[given.mask(key) & muscle] = GROUP_SCHEME[key].value
    message = (
        f"Groups by {given.engine.title} ({given.engine.licence}) lie in muscle; look at them."
        if not off
        else f"Groups by {given.engine.title} of the {' and the '.join(off)} side do not lie in its muscle: left out."
    )
    check = Check("engine_groups_in_muscle", round(worst, 3), LEAST_INSIDE, not off, message)
    labels = LabelMap(array, given.geometry, GROUP_SCHEME) if array.any() else None
    return EngineGroups(None if labels is None else replace(labels, checks=(check,)), given.engine, check)
