"""Lungs as they were found, and what a reader may add to them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from ctreview.anatomy.candidates import DenseCandidate, DenseClass
from ctreview.errors import WrongUse
from ctreview.volume.labels import LabelMap

__all__ = ["LungMap", "accept_candidates"]


@dataclass(frozen=True, eq=False)
class LungMap(LabelMap):
    """Lungs that were found, and how much of them is dense.

    Attributes
    ----------
    dense_ml : float
        How much of them was recovered though it holds no air, in millilitres to one decimal.
    candidates : tuple of DenseCandidate
        Dense tissue that a reader may add to them: in neither lung and in no number, largest first.
    """

    dense_ml: float = 0.0
    candidates: tuple[DenseCandidate, ...] = ()


def accept_candidates(lungs: LungMap, accepted: Mapping[str, DenseClass] | Collection[str]) -> LungMap:
    """Take candidates into the lungs.

    Parameters
    ----------
    lungs : LungMap
    accepted : mapping of str to DenseClass, or collection of str
        Ids, with what each is; without it, what was proposed.

    Returns
    -------
    LungMap
        Consolidation and collapse belong to the lung they border on; an effusion stays outside. None of the
        accepted is a candidate any more.

    Raises
    ------
    WrongUse
        No candidate has one of the ids.
    """
    known = {candidate.id: candidate for candidate in lungs.candidates}
    unknown = sorted(set(accepted) - set(known))
    if unknown:
        raise WrongUse(
            f"no candidate is called {', '.join(unknown)}", remedy=f"There are: {', '.join(known) or 'none'}."
        )
    array = lungs.array.copy()
    for name in accepted:
        candidate = known[name]
        kind = accepted[name] if isinstance(accepted, Mapping) else candidate.proposed
        part = array[candidate.box]
        if kind != "effusion":
            part[candidate.mask & (part == 0)] = lungs.scheme[candidate.side].value
    rest = tuple(candidate for candidate in lungs.candidates if candidate.id not in accepted)
    return replace(lungs, array=array, candidates=rest)
