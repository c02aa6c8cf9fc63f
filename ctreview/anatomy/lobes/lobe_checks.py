"""Whether the borders of lobes are known well enough, and whether there are as many lobes as are looked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import numpy as np

from ctreview.anatomy.lobes.fissure import Fissure
from ctreview.anatomy.lobes.prior import FissureName
from ctreview.anatomy.lobes.scheme import LOBE_SCHEME, LOBES, LOBES_OF_LUNG
from ctreview.checks import Check
from ctreview.models import LOBE_SHARES
from ctreview.volume.geometry import FloatArray
from ctreview.volume.labels import LabelMap

__all__ = [
    "BEYOND",
    "LEAST_BRONCHUS_PERCENT",
    "LEAST_SEEN_PERCENT",
    "bronchus_checks",
    "lobe_checks",
    "with_lobes_of_lungs",
]

LEAST_SEEN_PERCENT = 40.0
"""Of a fissure of which less is seen the rest is off by 4 to 6 mm and more (leave-one-out on 66 scans)."""

BEYOND = 1.6
"""A lobe by this factor smaller or larger than the range of healthy adults is none of five, or its border is wrong."""

LEAST_BRONCHUS_PERCENT = 50.0
"""Of the bronchi of a lobe at least so much lies in it; in two scans with slices of 2 mm all of it does."""

LEAST_BRONCHUS_PIECES = 5
"""Fewer places in a lobe's bronchi are no evidence."""

PARTED: Mapping[FissureName, tuple[str, ...]] = {
    "right_oblique": LOBES[:3],
    "right_minor": LOBES[:2],
    "left_oblique": LOBES[3:],
}
"""The lobes that each fissure parts."""


def lobe_checks(lobes: LabelMap, fissures: Mapping[FissureName, Fissure]) -> tuple[Check, ...]:
    """One for each fissure, and one for the lobes of each lung; they are about lobes and leave the lung alone."""
    return (*(_seen(name, fissure) for name, fissure in fissures.items()), *_shares(lobes))


def bronchus_checks(lobes: LabelMap, bronchi: Mapping[str, FloatArray]) -> tuple[Check, ...]:
    """Whether bronchi lie in the lobes that they feed, for each lung with enough such (`find_lobar_bronchi`)."""
    found = (
        _bronchi_inside(lobes, side, {lobe: bronchi[lobe] for lobe in keys if lobe in bronchi})
        for side, keys in LOBES_OF_LUNG.items()
    )
    return tuple(check for check in found if check is not None)


def _bronchi_inside(lobes: LabelMap, side: str, bronchi: Mapping[str, FloatArray]) -> Check | None:
    """None where no lobe has enough places to be judged."""
    own = [LOBE_SCHEME[lobe].value for lobe in LOBES_OF_LUNG[side]]
    percents = {}
    for lobe, places in bronchi.items():
        index = np.rint(lobes.geometry.to_index(places)).astype(np.int64)
        found = lobes.array[tuple(np.clip(index, 0, np.array(lobes.geometry.shape) - 1).T)]
        found = found[np.isin(found, own)]
        if len(found) >= LEAST_BRONCHUS_PIECES:
            percents[lobe] = round(100.0 * float(np.mean(found == LOBE_SCHEME[lobe].value)))
    if not percents:
        return None
    odd = [lobe for lobe, percent in percents.items() if percent < LEAST_BRONCHUS_PERCENT]
    words = side.replace("_", " ")
    message = f"The bronchi that are seen in the {words} lie in the lobes that they feed."
    if odd:
        message = (
            f"The bronchi of the {_listed(odd)} lie in another lobe as the {words} is divided: a fissure was not "
            "found where it is."
        )
    worst = min(percents.values())
    keys = LOBES_OF_LUNG[side]
    return Check(f"{side}_bronchi", worst, LEAST_BRONCHUS_PERCENT, not odd, message, "stops", keys, parts_only=True)


def _seen(name: FissureName, fissure: Fissure) -> Check:
    carried, placed = round(100.0 * fissure.share_carried), round(100.0 * fissure.share_placed)
    percent = round(100.0 * fissure.share_seen) + carried + placed
    ok = percent >= LEAST_SEEN_PERCENT
    words = name.replace("_", " ")
    other = f", {carried} % of it in the other scan alone" if carried else ""
    by_reader = f", {placed} % by points that a reader placed" if placed else ""
    message = (
        f"{percent} % of the {words} fissure are {'known' if placed else 'seen'}{other}{by_reader}; "
        f"its place is uncertain by {fissure.deviation_mm:.1f} mm on average."
    )
    if not ok:
        message += (
            f" It may be hidden, or not there where lobes have grown together or one was removed: what lies in the "
            f"{_listed(PARTED[name])} is not known well enough."
        )
    return Check(f"{name}_fissure", percent, LEAST_SEEN_PERCENT, ok, message, "stops", PARTED[name], parts_only=True)


def _shares(lobes: LabelMap) -> Iterator[Check]:
    for side, keys in LOBES_OF_LUNG.items():
        own = {key: lobes.voxels[key] for key in keys}
        if not any(own.values()):
            continue
        # of one lung, as the other one may be missing or ill
        usual = [sum(LOBE_SHARES[key]) / 2 for key in keys]
        total = sum(own.values()) / sum(usual)
        odd = [key for key in keys if not _possible(own[key] / total, *LOBE_SHARES[key])]
        words = side.replace("_", " ")
        message = f"The lobes of the {words} are of usual size."
        if odd:
            message = (
                f"The {_listed(odd)} would be unusually small or large for the {words}: a lobe is missing or "
                "collapsed, or a fissure was not found where it is."
            )
        yield Check(f"{side}_lobes", ", ".join(odd) or None, None, not odd, message, "stops", keys, parts_only=True)


def _possible(share: float, least: float, largest: float) -> bool:
    return least / BEYOND <= share <= largest * BEYOND


def _listed(keys: Iterable[str]) -> str:
    words = [key.replace("_", " ") for key in keys]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def with_lobes_of_lungs(checks: Iterable[Check]) -> tuple[Check, ...]:
    """Checks of which those about a lung are also about its lobes."""
    return tuple(
        replace(
            check, regions=(*check.regions, *(lobe for side in check.regions for lobe in LOBES_OF_LUNG.get(side, ())))
        )
        for check in checks
    )
