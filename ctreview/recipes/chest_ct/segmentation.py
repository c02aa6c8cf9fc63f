"""What was found in one scan, as one frozen value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ctreview.change import RegionMeasures, Timepoint
from ctreview.checks import Check
from ctreview.edits import Edit
from ctreview.opacity import NormalLung, Thresholds
from ctreview.recipes.chest_ct.measuring import scan_document
from ctreview.volume.labels import LabelMap
from ctreview.volume.regions import Regions
from ctreview.volume.volume import Volume

__all__ = ["Segmentation"]


@dataclass(frozen=True, eq=False)
class Segmentation:
    """What `segment` found in one scan.

    Attributes
    ----------
    timepoint : Timepoint
        The scan with its lungs, vessels, regions and opacity.
    measures : mapping of str to RegionMeasures
        By region.
    normal : NormalLung
        What was taken as this patient's normal lung.
    thresholds : Thresholds
        Where opacity begins.
    checks : tuple of Check
        The failed ones first.
    fixed_bands : tuple of mapping
        Counts of the lungs between fixed limits of density, ready for JSON.
    settings, timings : mapping
        Settings of every step, and its seconds; ready for JSON.
    accepted : tuple of Edit
        Records of the candidates that were accepted.
    """

    timepoint: Timepoint
    measures: Mapping[str, RegionMeasures] = field(repr=False)
    normal: NormalLung = field(repr=False)
    thresholds: Thresholds = field(repr=False)
    checks: tuple[Check, ...] = field(repr=False)
    fixed_bands: tuple[Mapping[str, Any], ...] = field(repr=False)
    settings: Mapping[str, Any] = field(default_factory=dict, repr=False)
    timings: Mapping[str, float] = field(default_factory=dict, repr=False)
    accepted: tuple[Edit, ...] = field(default=(), repr=False)

    @property
    def volume(self) -> Volume:
        """The scan."""
        return self.timepoint.volume

    @property
    def lungs(self) -> LabelMap:
        """Right lung, left lung, trachea and main bronchi."""
        return self.timepoint.organ

    @property
    def vessels(self) -> LabelMap | None:
        """Vessels and airway walls, left out of the opacity."""
        return self.timepoint.vessels

    @property
    def regions(self) -> Regions:
        """The parts that are counted."""
        return self.timepoint.regions

    @property
    def opacity(self) -> LabelMap:
        """Ground glass, consolidation, dependent opacity."""
        return self.timepoint.opacity

    @property
    def interpretable(self) -> bool:
        """Whether no check stops what is said of both lungs; one about lobes alone does not."""
        whole = self.regions.names[0]
        return not any(check.stops and check.concerns(whole, whole) for check in self.checks)

    def to_dict(self) -> dict[str, Any]:
        """The content of ``measurements.json``: no identity, no array, no date."""
        return scan_document(self.timepoint, self.measures, self.checks, self.thresholds, self.fixed_bands)
