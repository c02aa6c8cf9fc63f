"""Pelvis and thighs with a known answer: what each voxel is made of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ctreview.dicom.acquisition import Acquisition
from ctreview.phantom.muscle.anatomy import Leg, Place, leg_at, lower_leg_at, pelvis_at
from ctreview.phantom.muscle.schemes import COMPARTMENT_SCHEME, COMPARTMENTS, GROUP_SCHEME, GROUPS, SIDES, TISSUE_SCHEME
from ctreview.phantom.muscle.settings import LegsSettings
from ctreview.phantom.muscle.tissues import TISSUE, Composition
from ctreview.volume.geometry import Geometry
from ctreview.volume.labels import LabelMap
from ctreview.volume.volume import Volume

__all__ = ["Legs", "make_legs"]

_SLAB_VOXELS = 400_000
Mask = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Legs:
    """A body and its truth, all on one grid.

    Attributes
    ----------
    settings : LegsSettings
    composition : Composition
        Water, fat and relaxation of each voxel.
    compartments, groups, tissues : LabelMap
        By side: fat, muscle and bone; by side: groups of muscles; tissues of both sides.
    oedema : ndarray of bool
        Where it was planted.
    """

    settings: LegsSettings
    composition: Composition
    compartments: LabelMap
    groups: LabelMap
    tissues: LabelMap
    oedema: Mask

    @property
    def geometry(self) -> Geometry:
        """The grid."""
        return self.compartments.geometry

    @property
    def acquisition(self) -> Acquisition:
        """Who and when."""
        return Acquisition(
            modality="MR",
            patient=self.settings.patient,
            age_years=self.settings.age_years,
            acquired=self.settings.acquired,
            posture="FFS",
            slice_thickness_mm=self.geometry.spacing[0],
            manufacturer="ctreview phantom",
            scanner="muscle",
        )

    @cached_property
    def fat_fraction(self) -> Volume:
        """Fat over fat and water, 0 where there is neither (air, cortex)."""
        water, fat = self.composition.water, self.composition.fat
        total = water + fat
        share = np.where(total > 0.1, fat / np.maximum(total, np.float32(1e-6)), 0).astype(np.float32)
        return Volume(share, self.geometry, "fraction", self.acquisition)

    @cached_property
    def t2(self) -> Volume:
        """Transverse relaxation time of the water in milliseconds, 0 in air."""
        there = self.composition.water > 0.02
        values = np.where(there, self.composition.t2_ms, 0).astype(np.float32)
        return Volume(values, self.geometry, "ms", self.acquisition)

    def side(self, name: str) -> Mask:
        """Everything on one side ("right", "left") of the body's mid plane."""
        lateral = Leg.of(self.settings, name).lateral(self.geometry, (slice(None),) * 3)
        return np.broadcast_to(lateral > 0, self.geometry.shape)


def make_legs(settings: LegsSettings | None = None) -> Legs:
    """Make pelvis and thighs; the same settings give the same body.

    Returns
    -------
    Legs
        With its truth; `scan_legs` scans it.
    """
    settings = settings or LegsSettings()
    geometry = settings.geometry or _grid(settings)
    composition = Composition.empty(geometry.shape)
    compartments, groups, tissues = (np.zeros(geometry.shape, np.uint8) for _ in range(3))
    oedema = np.zeros(geometry.shape, bool)
    legs = [Leg.of(settings, side) for side in SIDES]
    layers = max(1, _SLAB_VOXELS // (geometry.shape[1] * geometry.shape[2]))
    for start in range(0, geometry.shape[0], layers):
        slab = (slice(start, start + layers), slice(None), slice(None))
        for number, leg in enumerate(legs):
            mine = np.broadcast_to(leg.lateral(geometry, slab) > 0, oedema[slab].shape)
            for place in (part(leg, geometry, slab) for part in (leg_at, pelvis_at, lower_leg_at)):
                if place is not None:
                    here = place.here & mine
                    composition.take(slab, here, place.composition)
                    _label(compartments[slab], groups[slab], tissues[slab], here, place, number)
                    oedema[slab] |= here & place.oedema & (tissues[slab] == TISSUE["muscle"])
    return Legs(
        settings,
        composition,
        LabelMap(compartments, geometry, COMPARTMENT_SCHEME),
        LabelMap(groups, geometry, GROUP_SCHEME),
        LabelMap(tissues, geometry, TISSUE_SCHEME),
        oedema,
    )


def _grid(settings: LegsSettings) -> Geometry:
    """A grid that holds the body, from above the knee."""
    spacing = settings.spacing
    radius = settings.thigh_radius_mm
    ends = (-1.8, -1.04) if settings.lower_legs else (-0.96, 0.32 if settings.pelvis else -0.08)
    low, high = (end * settings.femur_length_mm for end in ends)
    half_width = 2.05 * radius + 3.0 * settings.subcutaneous_mm + 10.0
    half_depth = 1.22 * radius + 2.0 * settings.subcutaneous_mm + 10.0
    extent = np.array([high - low, 2 * half_depth, 2 * half_width])
    shape = settings.shape or tuple(int(n) for n in np.ceil(extent / spacing))
    middle = np.array([0.0, 0.0, 0.5 * (low + high)]) + settings.offset
    size = np.array(spacing) * (np.array(shape) - 1)
    origin = (middle - size[::-1] / 2).tolist()
    a, b, c = shape
    return Geometry.aligned((a, b, c), spacing, origin=origin, frame_of_reference="source:muscle phantom")


def _label(compartments: Bytes, groups: Bytes, tissues: Bytes, here: Mask, place: Place, side: int) -> None:
    """Write the labels of one place of one side."""
    np.copyto(tissues, place.tissue, where=here)
    # vessels run in the fat between muscles; fascia belongs to the fat that it bounds
    compartment_of = {name: name for name in COMPARTMENTS}
    compartment_of |= {"vessel": "intermuscular_fat", "fascia": "subcutaneous_fat"}
    for tissue, name in compartment_of.items():
        value = 1 + side * len(COMPARTMENTS) + COMPARTMENTS.index(name)
        compartments[here & (place.tissue == TISSUE[tissue])] = value
    muscle = here & (place.tissue == TISSUE["muscle"]) & (place.group > 0)
    groups[muscle] = place.group[muscle] + np.uint8(side * len(GROUPS))
