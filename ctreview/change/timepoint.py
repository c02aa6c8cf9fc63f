"""One scan of a comparison and what was found in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ctreview.change.candidates import Candidate
from ctreview.volume.labels import LabelMap
from ctreview.volume.regions import Regions
from ctreview.volume.volume import Volume

__all__ = ["Timepoint"]


@dataclass(frozen=True, eq=False)
class Timepoint:
    """One scan and what was found in it, all on the scan's own grid.

    Attributes
    ----------
    volume : Volume
    organ : LabelMap
        Its counted labels are what is measured: lungs without the airways.
    opacity : LabelMap
        What is sought in it; the scheme says which labels are counted together.
    regions : Regions
    vessels : LabelMap or None
        Vessels and airway walls, which were left out of the opacity.
    fate : LabelMap or None
        At baseline ``resolved``, ``persistent``, ``worsened``, ``improved``; at follow-up ``new`` and
        ``persistent_followup``. None where the two scans could not be registered.
    facts : mapping
        What may be written about the scan: protocol, grid, age; no identity and no date. Ready for JSON.
    parts : LabelMap or None
        Parts of the organ that have a border of their own, such as lobes; ``regions`` counts them.
    candidates : tuple of Candidate
        Dense pieces that are offered: in ``organ`` and ``opacity`` only where a reader accepted them.
    """

    volume: Volume = field(repr=False)
    organ: LabelMap = field(repr=False)
    opacity: LabelMap = field(repr=False)
    regions: Regions = field(repr=False)
    vessels: LabelMap | None = field(default=None, repr=False)
    fate: LabelMap | None = field(default=None, repr=False)
    facts: Mapping[str, Any] = field(default_factory=dict)
    parts: LabelMap | None = field(default=None, repr=False)
    candidates: tuple[Candidate, ...] = field(default=(), repr=False)
