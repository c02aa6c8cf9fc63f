"""Patches of opacity followed through more than two scans: each keeps one identity, with merge and split said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ctreview.cohort.patches import OpacityPatch, PairPatches, PatchSettings, shared_share

__all__ = ["PatchSighting", "follow_patches"]

Links = Mapping[tuple[int, int], float]
"""How many millilitres a patch of one scan and one of the next have in common."""


@dataclass(frozen=True)
class PatchSighting:
    """A patch at one timepoint.

    Attributes
    ----------
    patch : int
        Its identity, from 1, the same at every timepoint.
    timepoint : int
        From 0.
    ml : float
        0 where it is gone.
    region : str
        Where most of it lies; where it was, once it is gone.
    event : str
        ``"first seen"`` at the first scan, ``"new"``, ``"persists"``, ``"split from N"``, ``"merged into N"``,
        ``"gone"``, or ``"not linked"`` where the scan could not be registered with the one before.
    """

    patch: int
    timepoint: int
    ml: float
    region: str
    event: str


def follow_patches(pairs: Sequence[PairPatches], *, settings: PatchSettings | None = None) -> tuple[PatchSighting, ...]:
    """Give every patch of a series of scans one identity.

    A patch that lies in several of the next scan is split: the one with most in common keeps the identity, the others
    get new ones. Several that lie in one of the next scan are merged: that with most in common gives its identity.

    Parameters
    ----------
    pairs : sequence of PairPatches
        Each scan and the next, in the order of time. Two pairs find a scan's patches each in its own way, since a pair
        is judged side by side: those of the pair in which the scan is the later one count.
    settings : PatchSettings, optional

    Returns
    -------
    tuple of PatchSighting
        By timepoint, then by identity.
    """
    settings = settings or PatchSettings()
    if not pairs:
        return ()
    patches: Sequence[OpacityPatch] = pairs[0].baseline
    owners = list(range(1, len(patches) + 1))
    seen = [
        PatchSighting(owner, 0, one.ml, one.region, "first seen") for owner, one in zip(owners, patches, strict=True)
    ]
    born = len(owners)
    for timepoint, pair in enumerate(pairs, 1):
        links = _through(patches, pair, settings)
        step = _Step(owners, patches, pair.followup, links, born)
        seen += sorted(step.sightings(timepoint), key=lambda one: one.patch)
        patches, owners, born = pair.followup, step.owners, step.born
    return tuple(seen)


def _through(patches: Sequence[OpacityPatch], pair: PairPatches, settings: PatchSettings) -> Links | None:
    """From the patches of a scan as it was found before, through those that this pair finds in it, to the next scan."""
    if pair.common_ml is None:
        return None
    if patches is pair.baseline:
        return pair.common_ml
    found: dict[tuple[int, int], float] = {}
    for place, patch in enumerate(patches):
        for (here, there), ml in pair.common_ml.items():
            share = shared_share(patch, pair.baseline[here])
            if share >= settings.common_share:
                found[place, there] = found.get((place, there), 0.0) + share * ml
    return found


class _Step:
    """From one scan to the next: who becomes whom."""

    def __init__(
        self,
        owners: Sequence[int],
        before: Sequence[OpacityPatch],
        after: Sequence[OpacityPatch],
        links: Links | None,
        born: int,
    ) -> None:
        self._before_owners, self._before, self._after, self._links = owners, before, after, links
        self._heirs: dict[int, int] = {}
        for here, there in sorted(links or {}, key=lambda pair: -(links or {})[pair]):
            if here not in self._heirs and there not in self._heirs.values():
                self._heirs[here] = there
        kept = {there: owners[here] for here, there in self._heirs.items()}
        self.owners = []
        self.born = born
        for place in range(len(after)):
            if place not in kept:
                self.born += 1
            self.owners.append(kept.get(place, self.born))

    def sightings(self, timepoint: int) -> list[PatchSighting]:
        found = [
            PatchSighting(owner, timepoint, one.ml, one.region, self._came(place))
            for place, (owner, one) in enumerate(zip(self.owners, self._after, strict=True))
        ]
        ended = [here for here in range(len(self._before)) if here not in self._heirs]
        return found + [
            PatchSighting(self._before_owners[here], timepoint, 0.0, self._before[here].region, self._went(here))
            for here in ended
            if self._links is not None
        ]

    def _came(self, place: int) -> str:
        if self._links is None:
            return "not linked"
        if place in self._heirs.values():
            return "persists"
        sources = {here: ml for (here, there), ml in self._links.items() if there == place}
        return f"split from {self._before_owners[max(sources, key=lambda one: sources[one])]}" if sources else "new"

    def _went(self, here: int) -> str:
        targets = {there: ml for (one, there), ml in (self._links or {}).items() if one == here}
        return f"merged into {self.owners[max(targets, key=lambda one: targets[one])]}" if targets else "gone"
