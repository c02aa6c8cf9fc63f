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
from ctreview.volume.labels import LabelMap

__all__ = ["BEYOND", "LEAST_SEEN_PERCENT", "lobe_checks", "with_lobes_of_lungs"]

LEAST_SEEN_PERCENT = 40.0
"""Of a fissure of which less is seen the rest is off by 4 to 6 mm and more (leave-one-out on 66 scans)."""

BEYOND = 1.6
"""A lobe by this factor smaller or larger than the range of healthy adults is none of five, or its border is wrong."""

PARTED: Mapping[FissureName, tuple[str, ...]] = {
    "right_oblique": LOBES[:3],
    "right_minor": LOBES[:2],
    "left_oblique": LOBES[3:],
}
"""The lobes that each fissure parts."""


def lobe_checks(lobes: LabelMap, fissures: Mapping[FissureName, Fissure]) -> tuple[Check, ...]:
    """One for each fissure, and one for the lobes of each lung; they are about lobes and leave the lung alone."""
    return (*(_seen(name, fissure) for name, fissure in fissures.items()), *_shares(lobes))


def _seen(name: FissureName, fissure: Fissure) -> Check:
    carried, placed = round(100.0 * fissure.share_carried), round(100.0 * fissure.share_placed)
    percent = round(100.0 * fissure.share_seen) + carried + placed
    ok = percent >= LEAST_SEEN_PERCENT
    words = name.replace("_", " ")
    other = f", {carried} % of it in the other scan alone" if carried else ""
    by_reader = f", {placed} % by points that a reader placed" if placed else ""
    message = f"{percent} % of the {words} fissure are {'known' if placed else 'seen'}{other}{by_reader}."
    if not ok:
        message += f" What lies in the {_listed(PARTED[name])} is not known well enough."
    return Check(f"{name}_fissure", percent, LEAST_SEEN_PERCENT, ok, message, "stops", PARTED[name], parts_only=True)


def _shares(lobes: LabelMap) -> Iterator[Check]:
    voxels = np.bincount(lobes.array.ravel(), minlength=len(LOBES) + 1)
    for side, keys in LOBES_OF_LUNG.items():
        own = {key: int(voxels[LOBE_SCHEME[key].value]) for key in keys}
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
