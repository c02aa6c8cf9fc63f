"""Whether what a network gave can be a pair of lungs, their lobes, or groups of muscles.

A network that was trained on adults, on another orientation or on other slices fails quietly: it always gives labels.
What is impossible is refused; what is unusual is told.
"""

from __future__ import annotations

from collections.abc import Mapping

import cc3d
import numpy as np

from ctreview.checks import Check
from ctreview.errors import SegmentationFailed
from ctreview.models.segmenter import STRUCTURES, Structure
from ctreview.volume.box import bounding_box
from ctreview.volume.labels import LabelMap
from ctreview.volume.volume import Volume

__all__ = ["BY_OURSELVES", "LOBE_SHARES", "refuse_impossible", "segmentation_checks"]

_LUNGS = "ctreview finds lungs and lobes by itself"
BY_OURSELVES: Mapping[Structure, str] = {
    "lungs": _LUNGS,
    "lobes": _LUNGS,
    "muscle_groups": "groups can be drawn on a few slices and filled",
}
"""What to do without an engine."""

SMALLEST_MUSCLE_ML, LARGEST_MUSCLE_ML = 5.0, 40000.0
"""A part of one muscle of a child, and more than all muscle of the strongest adult."""

SMALLEST_ML, LARGEST_ML = 50.0, 12000.0
"""Both lungs of a newborn at rest, and more than the tallest adult's."""

AIR_HU, AERATED_SHARE = -300.0, 0.3
"""In the worst of acute respiratory distress about a third of the lung holds air; with less, other organs are in it."""

LOBE_SHARES: Mapping[str, tuple[float, float]] = {
    "right_upper_lobe": (0.12, 0.23),
    "right_middle_lobe": (0.07, 0.14),
    "right_lower_lobe": (0.22, 0.34),
    "left_upper_lobe": (0.18, 0.27),
    "left_lower_lobe": (0.19, 0.29),
}
"""Range of the share of each lobe in the volume of both lungs of supine adults."""

ONE_PIECE_SHARE = 0.95
"""Share of a part that its largest piece holds: lungs and lobes are one piece each but for a few voxels."""

_ABOVE = (("right_upper_lobe", "right_lower_lobe"), ("left_upper_lobe", "left_lower_lobe"))


def refuse_impossible(labels: LabelMap, volume: Volume, structure: Structure, *, by: str) -> None:
    """Refuse what cannot be lungs, lobes or groups of muscles.

    Parameters
    ----------
    labels : LabelMap
        Parts as in ``STRUCTURES[structure]``, on the grid of ``volume`` (canonical axes).
    volume : Volume
        In HU where lungs or lobes are asked.
    structure : Structure
    by : str
        Who gave it, for the message.

    Raises
    ------
    SegmentationFailed
        With the reason.
    """
    reason = _impossible_muscle(labels) if structure == "muscle_groups" else _impossible(labels, volume)
    if reason:
        raise SegmentationFailed(
            f"what {by} gave as {structure.replace('_', ' ')} is not believed: {reason}",
            remedy=f"Look at it in the engine's own viewer; {BY_OURSELVES[structure]}.",
        )


def _impossible(labels: LabelMap, volume: Volume) -> str:
    total = labels.volume_ml()
    if not SMALLEST_ML <= total <= LARGEST_ML:
        return f"{total:.0f} mL in all; {SMALLEST_ML:.0f} to {LARGEST_ML:.0f} mL can be"
    aerated = float(np.mean(volume.array[labels.mask()] < AIR_HU))
    if aerated < AERATED_SHARE:
        return f"only {aerated:.0%} of it holds air"
    middle = _middles(labels)
    if _sides_exchanged(middle):
        return _EXCHANGED
    for upper, lower in _ABOVE:
        if upper in middle and lower in middle and middle[upper][0] <= middle[lower][0]:
            return f"the {upper.replace('_', ' ')} lies below the {lower.replace('_', ' ')}"
    return ""


_EXCHANGED = "right and left are exchanged or lie within each other"


def _impossible_muscle(labels: LabelMap) -> str:
    total = labels.volume_ml()
    if not SMALLEST_MUSCLE_ML <= total <= LARGEST_MUSCLE_ML:
        return f"{total:.0f} mL in all; {SMALLEST_MUSCLE_ML:.0f} to {LARGEST_MUSCLE_ML:.0f} mL can be"
    return _EXCHANGED if _sides_exchanged(_middles(labels)) else ""


def _sides_exchanged(middle: Mapping[str, tuple[float, ...]]) -> bool:
    right = [place[2] for key, place in middle.items() if key.startswith("right")]
    left = [place[2] for key, place in middle.items() if key.startswith("left")]
    return bool(right and left and max(right) >= min(left))


def _middles(labels: LabelMap) -> dict[str, tuple[float, ...]]:
    """Mean index of each part that is there: to the head, posterior, left."""
    found = {}
    for label in labels.scheme:
        if labels.voxels[label.key]:
            mask = labels.array == label.value
            box = bounding_box(mask)
            found[label.key] = tuple(
                float(part.start + where.mean()) for part, where in zip(box, np.nonzero(mask[box]), strict=True)
            )
    return found


def segmentation_checks(labels: LabelMap, structure: Structure) -> tuple[Check, ...]:
    """What is unusual about lungs or lobes that a network gave.

    Returns
    -------
    tuple of Check
        ``engine_lobes_parts`` (one is missing), ``engine_lobes_shares`` (a lobe is larger or smaller than any of
        healthy adults), ``engine_lobes_pieces`` (a part lies in several pieces); of lungs the same but for the shares,
        of groups of muscles none. All tell.
    """
    missing = [key for key in STRUCTURES[structure] if not labels.voxels[key]]
    total = max(1, sum(labels.voxels.values()))
    shares = {key: labels.voxels[key] / total for key in STRUCTURES[structure] if key in LOBE_SHARES}
    odd = [key for key, share in shares.items() if share and not LOBE_SHARES[key][0] <= share <= LOBE_SHARES[key][1]]
    torn = [label.key for label in labels.scheme if _largest_share(labels, label.value) < ONE_PIECE_SHARE]
    if structure == "muscle_groups":  # which of them an image shows, and in how many pieces, is as it was acquired
        return ()
    found = [
        _told(f"engine_{structure}_parts", missing, "Every part was found.", "Not found: {}."),
        _told(f"engine_{structure}_pieces", torn, "Each part is one piece.", "In several pieces: {}."),
    ]
    if structure == "lobes":
        well = "Lobes have the shares of healthy adults."
        found.append(_told("engine_lobes_shares", odd, well, "Of unusual size: {}."))
    return tuple(found)


def _largest_share(labels: LabelMap, value: int) -> float:
    mask = labels.array == value
    if not mask.any():
        return 1.0
    pieces = cc3d.statistics(cc3d.connected_components(mask[bounding_box(mask)], connectivity=26))
    return float(np.max(pieces["voxel_counts"][1:]) / np.count_nonzero(mask))


def _told(name: str, keys: list[str], well: str, otherwise: str) -> Check:
    named = ", ".join(key.replace("_", " ") for key in keys)
    return Check(name, named or None, None, not keys, otherwise.format(named) if keys else well, regions=tuple(keys))
