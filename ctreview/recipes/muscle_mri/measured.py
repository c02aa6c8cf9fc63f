"""What was measured in one examination, as one frozen value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ctreview.checks import Check
from ctreview.dicom.pulse_sequence import PulseSequence
from ctreview.models import EngineFacts
from ctreview.muscle.alignment import Alignment
from ctreview.muscle.maps.stir_reference import ReferenceBall, StirReference
from ctreview.muscle.maps.tissue_map import TissueMap
from ctreview.muscle.measures import MuscleMeasures
from ctreview.muscle.segment import LimbTissue
from ctreview.volume.contrasts import Examination
from ctreview.volume.labels import LabelMap
from ctreview.volume.volume import Volume

__all__ = ["MUSCLE_SCHEMA", "MuscleMriResult"]

MUSCLE_SCHEMA = "ctreview.muscle/1"
"""Name and version of the shape that `MuscleMriResult.to_dict` gives."""


@dataclass(frozen=True, eq=False)
class MuscleMriResult:
    """What `measure_muscle` found in one examination.

    Attributes
    ----------
    image : Volume
        The image that tissue was told by.
    tissue_told_by : str
        Which contrast that is.
    images : Examination
    tissue : LimbTissue
    maps : tuple of TissueMap
        On the grid of ``image``.
    groups : LabelMap or None
        What a reader drew.
    found : MuscleMeasures
    alignments : mapping of str to Alignment
        By contrast: how it was laid over ``image``.
    stir_reference : StirReference or None
        What a reader confirmed.
    proposed_reference : ReferenceBall or None
        What could be confirmed, where nothing was.
    checks : tuple of Check
        The failed ones first.
    facts, settings, timings : mapping
        Protocol and grid, settings of every step, its seconds; ready for JSON.
    engines : mapping of str to EngineFacts
        Engines of third parties that something rests on, by what they gave; version and licence go into documents.
    """

    image: Volume
    tissue_told_by: str
    images: Examination = field(repr=False)
    tissue: LimbTissue = field(repr=False)
    maps: tuple[TissueMap, ...] = field(repr=False)
    groups: LabelMap | None = field(repr=False)
    found: MuscleMeasures = field(repr=False)
    checks: tuple[Check, ...] = field(repr=False)
    alignments: Mapping[str, Alignment] = field(default_factory=dict, repr=False)
    stir_reference: StirReference | None = None
    proposed_reference: ReferenceBall | None = None
    facts: Mapping[str, Any] = field(default_factory=dict, repr=False)
    settings: Mapping[str, Any] = field(default_factory=dict, repr=False)
    timings: Mapping[str, float] = field(default_factory=dict, repr=False)
    engines: Mapping[str, EngineFacts] = field(default_factory=dict)

    @property
    def labels(self) -> LabelMap:
        """The tissues."""
        return self.tissue.labels

    def to_dict(self) -> dict[str, Any]:
        """The content of ``muscle.json``: no identity, no array, no date."""
        return {
            "schema": MUSCLE_SCHEMA,
            "scan": dict(self.facts),
            "tissue_told_by": self.tissue_told_by,
            "contrasts": [
                {
                    "name": one.name,
                    "stations": one.stations,
                    "shape": list(one.acquired.geometry.shape),
                    "spacing_mm": [round(size, 4) for size in one.acquired.geometry.spacing],
                    "sequence": _protocol(one.acquired.acquisition.sequence),
                    "contrast_agent": one.acquired.acquisition.contrast,
                }
                for one in self.images.contrasts
            ],
            "alignments": [
                {
                    "contrast": name,
                    "shift_mm": [round(part, 2) for part in one.shift_mm],
                    "turn_degrees": round(one.turn_degrees, 2),
                    "applied": one.applied,
                }
                for name, one in self.alignments.items()
            ],
            "stir_reference": None if self.stir_reference is None else self.stir_reference.to_dict(),
            "proposed_stir_reference": None if self.proposed_reference is None else self.proposed_reference.to_dict(),
            "sides": list(self.tissue.sides),
            "limb_segment": self.tissue.segment,
            "maps": [{"kind": one.kind, "unit": one.unit, "noise_floor": one.noise_floor} for one in self.maps],
            "femurs": {
                region: {"knee_mm": one.knee_mm, "hip_mm": one.hip_mm, "source": one.source, "reason": one.reason}
                for region, one in self.found.femurs.items()
            },
            "measurements": [one.to_dict() for one in self.found.measurements],
            "engines": {name: one.to_dict() for name, one in self.engines.items()},
            "reading_warnings": list(self.image.notes),
            "checks": [check.to_dict() for check in self.checks],
        }


_PROTOCOL = (
    "echo_time_ms",
    "repetition_time_ms",
    "inversion_time_ms",
    "flip_angle_degrees",
    "field_strength_t",
    "echo_train_length",
    "echoes",
)


def _protocol(sequence: PulseSequence) -> dict[str, Any]:
    """How a contrast was made; no free text."""
    return {name: getattr(sequence, name) for name in _PROTOCOL}
