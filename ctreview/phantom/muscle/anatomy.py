"""One leg and one half of the pelvis, evaluated at the voxels of a grid."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import cos, radians, sin, sqrt
from typing import Self

import numpy as np
import numpy.typing as npt

from ctreview.phantom.muscle.cross_section import (
    LEG_MUSCLES,
    PELVIS_MUSCLES,
    THIGH_MUSCLES,
    Floats,
    Muscle,
    Oval,
    cells,
    oval,
)
from ctreview.phantom.muscle.schemes import GROUPS, SIDES
from ctreview.phantom.muscle.settings import LegsSettings
from ctreview.phantom.muscle.tissues import MATTER, TISSUE, Composition
from ctreview.volume.geometry import Geometry

__all__ = ["Leg", "Place", "leg_at", "lower_leg_at", "pelvis_at"]

_SKIN_MM, _FASCIA_MM = 1.3, 0.8
_GROIN = 0.97
"""Share of the femur's length at which the thighs join the trunk."""
_LOWER_LEG = 0.85
"""Length of the lower leg over that of the femur."""
_PELVIS = 0.45
"""Height of the pelvis over the length of the femur."""
_OUTSIDE = np.float32(-99)
Bytes = npt.NDArray[np.uint8]
Slab = tuple[slice, ...]


@dataclass(frozen=True, eq=False)
class Leg:
    """One side of a body.

    Attributes
    ----------
    settings : LegsSettings
    side : str
    jitter : ndarray, shape (muscles, 2)
        By how much its muscles lie elsewhere than is usual.
    """

    settings: LegsSettings
    side: str
    jitter: Floats

    @classmethod
    def of(cls, settings: LegsSettings, side: str) -> Self:
        """One side."""
        rng = np.random.default_rng((settings.anatomy_seed, SIDES.index(side)))
        number = max(len(THIGH_MUSCLES), len(PELVIS_MUSCLES))
        return cls(settings, side, rng.normal(0.0, 0.02, (number, 2)).astype(np.float32))

    @property
    def radius_mm(self) -> float:
        """Half the width inside the fascia."""
        return self.settings.thigh_radius_mm * sqrt(self.settings.muscle_area[SIDES.index(self.side)])

    @property
    def hip_mm(self) -> float:
        """From the mid plane to the middle of the hip joint."""
        return self.settings.thigh_radius_mm + 1.25 * self.settings.subcutaneous_mm + 3.0

    def lateral(self, geometry: Geometry, slab: Slab) -> Floats:
        """Millimetres from the mid plane to this side."""
        return self.coordinates(geometry, slab)[0]

    def coordinates(self, geometry: Geometry, slab: Slab) -> tuple[Floats, Floats, Floats]:
        """Millimetres to the side, the back and the head in the body, each of a shape that broadcasts to the slab."""
        settings = self.settings
        turn = radians(settings.turn_degrees)
        sign = 1.0 if self.side == "left" else -1.0
        back = np.array([[sign * cos(turn), sign * sin(turn), 0.0], [-sin(turn), cos(turn), 0.0], [0.0, 0.0, 1.0]])
        affine, start = back @ geometry.affine[:3, :3], back @ (geometry.origin - settings.offset)
        steps = [np.arange(n)[part] for n, part in zip(geometry.shape, slab, strict=True)]

        def along(row: int) -> Floats:
            total = np.full((1, 1, 1), start[row])
            for axis in range(3):
                if abs(affine[row, axis]) > 1e-9:
                    others = [other for other in range(3) if other != axis]
                    total = total + affine[row, axis] * np.expand_dims(steps[axis], others)
            return total.astype(np.float32)

        return along(0), along(1), along(2)


@dataclass(frozen=True, eq=False)
class Place:
    """What lies at the voxels of a slab, as one part of one side says.

    Attributes
    ----------
    here : ndarray of bool
        Where it is this part's to say.
    composition : Composition
    tissue, group : ndarray of uint8
        Numbers of the schemes (of groups those of the right side); 0 for none.
    oedema : ndarray of bool
    """

    here: npt.NDArray[np.bool_]
    composition: Composition
    tissue: Bytes
    group: Bytes
    oedema: npt.NDArray[np.bool_]


@dataclass(eq=False)
class _Draft:
    """A slab in the making; what is put later lies on top."""

    composition: Composition
    tissue: Bytes
    soft_mm: float

    def share(self, depth: Floats) -> Floats:
        """Share of each voxel that lies inside; an edge is as soft as a voxel is wide."""
        return np.asarray(np.clip(np.float32(0.5) + depth / np.float32(self.soft_mm), 0, 1))

    def put(self, name: str, depth: Floats, *, fat_fraction: float | None = None) -> None:
        """Put a tissue where a depth in millimetres is positive."""
        matter = MATTER[name]
        if fat_fraction is not None:
            matter = replace(matter, water=1 - fat_fraction, fat=fat_fraction)
        self.composition.mix(self.share(depth), matter)
        self.tissue[np.broadcast_to(depth > 0, self.tissue.shape)] = TISSUE[name]


def _draft(geometry: Geometry, inside: Oval, fat_mm: Floats) -> _Draft:
    """Skin, the fat under it, and the fascia."""
    shape = inside.depth.shape
    soft_mm = sqrt(np.prod(sorted(geometry.spacing)[:2]))
    draft = _Draft(Composition.empty(shape), np.zeros(shape, np.uint8), soft_mm)
    draft.put("skin", inside.depth + fat_mm + np.float32(_SKIN_MM))
    draft.put("subcutaneous_fat", inside.depth + fat_mm)
    draft.put("fascia", inside.depth + np.float32(_FASCIA_MM))
    return draft


def leg_at(leg: Leg, geometry: Geometry, slab: Slab) -> Place | None:
    """The thigh in a slab; None if the slab lies above it, or the body has lower legs instead."""
    settings = leg.settings
    if settings.lower_legs:
        return None
    x, y, z = leg.coordinates(geometry, slab)
    height = 1 + z / np.float32(settings.femur_length_mm)
    if float(height.min()) > _GROIN:
        return None
    along = np.clip(height, 0, 1)
    girth = np.interp(along, (0.0, 0.15, 0.5, 0.8, 1.0), (0.66, 0.7, 0.88, 1.0, 1.04)).astype(np.float32)
    half_width = girth * np.float32(leg.radius_mm)
    u = x - np.float32(leg.hip_mm) * (np.float32(0.74) + np.float32(0.26) * along)
    inside = oval(u, y, half_width, half_width * np.float32(0.96), wave=0.025, turn=np.float32(0.5) + along)
    fat_mm = np.float32(settings.subcutaneous_mm) * (
        np.float32(0.8) + np.float32(0.25) * along + np.float32(0.3) * inside.posterior_share
    )
    draft = _draft(geometry, inside, fat_mm)
    group = _put_muscles(draft, leg, inside, THIGH_MUSCLES, along, half_width)
    oedema = _put_oedema(draft, leg, group, inside, half_width, height)
    _put_bundles(draft, inside, along, half_width)
    _put_femur(draft, settings, (u, y), along, half_width)
    here = np.broadcast_to(height <= _GROIN, draft.tissue.shape)
    return Place(here, draft.composition, draft.tissue, group, oedema)


def lower_leg_at(leg: Leg, geometry: Geometry, slab: Slab) -> Place | None:
    """The lower leg in a slab, where the body has one; None if the slab lies above it."""
    settings = leg.settings
    x, y, z = leg.coordinates(geometry, slab)
    below = -1 - z / np.float32(settings.femur_length_mm)
    if not settings.lower_legs or float(below.max()) <= 0:
        return None
    along = np.clip(below / np.float32(_LOWER_LEG), 0, 1)
    girth = np.interp(along, (0.0, 0.3, 0.7, 1.0), (0.6, 0.66, 0.44, 0.36)).astype(np.float32)
    half_width = girth * np.float32(leg.radius_mm)
    u = x - np.float32(0.74 * leg.hip_mm)
    inside = oval(u, y, half_width, half_width, wave=0.03, turn=np.float32(0.5) + along)
    fat_mm = np.float32(settings.subcutaneous_mm) * (np.float32(0.6) + np.float32(0.2) * inside.posterior_share)
    draft = _draft(geometry, inside, fat_mm)
    group = _put_muscles(draft, leg, inside, LEG_MUSCLES, along, half_width)
    shaft = np.float32(settings.femur_radius_mm)
    knee = np.exp(-((along / np.float32(0.12)) ** 2))
    for lateral, posterior, radius in (
        (-0.2, -0.35, shaft * (np.float32(0.95) + np.float32(0.5) * knee)),
        (0.48, 0.1, np.float32(0.5) * shaft),
    ):
        away = np.hypot(u - np.float32(lateral) * half_width, y - np.float32(posterior) * half_width)
        draft.put("bone_cortex", radius - away)
        cortex = np.float32(0.35) * radius
        draft.put("bone_marrow", radius - cortex - away, fat_fraction=settings.marrow_fat_fraction)
    here = np.broadcast_to(below > 0, draft.tissue.shape)
    return Place(here, draft.composition, draft.tissue, group, np.zeros(draft.tissue.shape, bool))


def pelvis_at(leg: Leg, geometry: Geometry, slab: Slab) -> Place | None:
    """One half of the pelvis in a slab; None if the slab lies below it."""
    settings = leg.settings
    x, y, z = leg.coordinates(geometry, slab)
    height = 1 + z / np.float32(settings.femur_length_mm)
    if float(height.max()) <= _GROIN:
        return None
    radius = np.float32(leg.radius_mm)
    along = np.clip((height - np.float32(_GROIN)) / np.float32(_PELVIS), 0, 1)
    half_width = np.float32(leg.hip_mm) + radius * (np.float32(1.03) - np.float32(0.12) * along)
    # both halves meet at one depth, however their muscles differ
    half_depth = np.full_like(half_width, 1.22 * settings.thigh_radius_mm * sqrt(sum(settings.muscle_area) / 2))
    inside = oval(x, y, half_width, half_depth, wave=-0.03, turn=np.zeros_like(along))
    fat_mm = np.float32(1.2 * settings.subcutaneous_mm) * (np.float32(1) + np.float32(0.35) * inside.posterior_share)
    draft = _draft(geometry, inside, fat_mm)
    group = _put_muscles(draft, leg, inside, PELVIS_MUSCLES, along, np.float32(0.5) * (half_width + half_depth))
    oedema = _put_oedema(draft, leg, group, inside, half_width, height)
    _put_pelvic_bones(draft, leg, (x, y, z), along)
    here = np.broadcast_to(height > _GROIN, draft.tissue.shape)
    return Place(here, draft.composition, draft.tissue, group, oedema)


def _put_muscles(
    draft: _Draft, leg: Leg, inside: Oval, muscles: tuple[Muscle, ...], along: Floats, scale: Floats
) -> Bytes:
    """Muscles and the fat between them; gives the number of each voxel's group."""
    settings, composition = leg.settings, draft.composition
    owner, border = cells(inside, muscles, along, leg.jitter, scale)
    known = [GROUPS.index(muscle.group) + 1 if muscle.group in GROUPS else 0 for muscle in muscles]
    group = np.asarray(np.array(known, np.uint8)[owner])
    draft.put("muscle", inside.depth)
    share = draft.share(inside.depth)
    replaced = share * _fat_fraction(leg, group, inside, along)
    np.subtract(composition.water, replaced, out=composition.water)
    np.add(composition.fat, replaced, out=composition.fat)
    np.add(composition.t2_ms, share * np.float32(settings.t2_ms - MATTER["muscle"].t2_ms), out=composition.t2_ms)
    draft.put("intermuscular_fat", np.minimum(np.float32(settings.septum_mm / 2) - border, inside.depth))
    viscera = [number for number, muscle in enumerate(muscles) if muscle.name == "viscera"]
    if viscera:
        draft.put("viscera", np.where(np.isin(owner, viscera), np.minimum(border, inside.depth), _OUTSIDE))
    group[inside.depth <= 0] = 0
    return group


def _fat_fraction(leg: Leg, group: Bytes, inside: Oval, along: Floats) -> Floats:
    """Of the muscle at each voxel: that of its group, in streaks."""
    values = np.full(len(GROUPS) + 1, leg.settings.fat_fraction, np.float32)
    for one in leg.settings.fatty:
        if one.side == leg.side:
            values[GROUPS.index(one.group) + 1] = one.fat_fraction
    u, v = inside.lateral, inside.posterior
    streaks = np.sin(23 * u + 9 * np.sin(5 * v) + 4 * along) * np.sin(19 * v - 7 * np.sin(4 * u) + 3 * along)
    return np.asarray(np.minimum(values[group] * (1 + np.float32(0.35) * streaks), 1), np.float32)


def _put_oedema(
    draft: _Draft, leg: Leg, group: Bytes, inside: Oval, scale: Floats, height: Floats
) -> npt.NDArray[np.bool_]:
    """Longer T2 and a little more water in balls around the middle of the largest muscle of a group."""
    settings, composition = leg.settings, draft.composition
    found = np.zeros(draft.tissue.shape, bool)
    for patch in settings.oedema:
        if patch.side != leg.side:
            continue
        below = patch.height <= _GROIN
        along = np.array([patch.height if below else (patch.height - _GROIN) / _PELVIS], np.float32)
        muscles = [one for one in (THIGH_MUSCLES if below else PELVIS_MUSCLES) if one.group == patch.group]
        if not muscles:
            continue
        largest = max(muscles, key=lambda one: float(one.at(along)[2][0]))
        lateral, posterior, _ = (float(part[0]) for part in largest.at(along))
        away = np.sqrt(
            ((inside.lateral - np.float32(lateral)) * scale) ** 2
            + ((inside.posterior - np.float32(posterior)) * scale) ** 2
            + ((height - np.float32(patch.height)) * np.float32(settings.femur_length_mm)) ** 2
        )
        muscle = (group == GROUPS.index(patch.group) + 1) & (draft.tissue == TISSUE["muscle"])
        depth = np.where(muscle, np.float32(patch.radius_mm) - away, _OUTSIDE)
        share = draft.share(depth)
        np.add(composition.t2_ms, share * (np.float32(patch.t2_ms) - composition.t2_ms), out=composition.t2_ms)
        np.multiply(composition.water, 1 + np.float32(0.06) * share, out=composition.water)
        found |= depth > 0
    return found


def _put_bundles(draft: _Draft, inside: Oval, along: Floats, scale: Floats) -> None:
    """Fat around the femoral vessels and around the sciatic nerve, and the vessels."""
    levels = (0.1, 0.6, 1.0)
    u = np.interp(along, levels, (-0.1, -0.45, -0.3)).astype(np.float32)
    v = np.interp(along, levels, (0.35, -0.2, -0.72)).astype(np.float32)

    def away(lateral: Floats, posterior: Floats) -> Floats:
        return np.asarray(np.hypot(inside.lateral - lateral, inside.posterior - posterior))

    draft.put("intermuscular_fat", (np.float32(0.1) - away(u, v)) * scale)
    draft.put(
        "intermuscular_fat",
        (np.float32(0.07) - away(np.array([0.14], np.float32), np.array([0.3], np.float32))) * scale,
    )
    for shift in (-0.04, 0.045):
        draft.put("vessel", (np.float32(0.042) - away(u + np.float32(shift), v)) * scale)


def _put_femur(
    draft: _Draft, settings: LegsSettings, place: tuple[Floats, Floats], along: Floats, scale: Floats
) -> None:
    shaft = np.float32(settings.femur_radius_mm)
    knee, hip = np.exp(-((along / np.float32(0.13)) ** 2)), np.exp(-(((1 - along) / np.float32(0.1)) ** 2))
    radius = shaft * (1 + np.float32(0.9) * knee + np.float32(0.35) * hip)
    cortex = shaft * (np.float32(0.36) - np.float32(0.24) * knee - np.float32(0.2) * hip)
    u = place[0] - np.float32(0.1) * scale * (1 - knee)
    v = place[1] + np.float32(0.06) * scale
    depth = radius - np.hypot(u / (1 + np.float32(0.25) * knee), v)
    draft.put("bone_cortex", depth)
    draft.put("bone_marrow", depth - cortex, fat_fraction=settings.marrow_fat_fraction)


def _put_pelvic_bones(draft: _Draft, leg: Leg, places: tuple[Floats, Floats, Floats], along: Floats) -> None:
    """Bladder, femoral head, wing of the ilium, sacrum."""
    settings, (x, y, z) = leg.settings, places
    radius, hip, head = np.float32(leg.radius_mm), np.float32(leg.hip_mm), np.float32(1.55 * settings.femur_radius_mm)
    length = np.float32(settings.femur_length_mm)
    away = np.sqrt((x / radius) ** 2 + (y / radius + np.float32(0.4)) ** 2 + ((z - 0.13 * length) / radius) ** 2)
    draft.put("bladder", (np.float32(0.38) - away) * radius)
    ball = head - np.sqrt((x - hip) ** 2 + y * y + (z - np.float32(0.02) * length) ** 2)
    from_wing = x - hip * (np.float32(0.82) + np.float32(0.2) * along)
    behind = y - np.float32(0.1) * radius
    across = np.float32(0.8) * from_wing + np.float32(0.6) * behind
    down = np.float32(0.8) * behind - np.float32(0.6) * from_wing
    wide = np.float32(0.75) * radius * np.clip((along - np.float32(0.1)) / np.float32(0.3), 0, 1)
    wing = np.minimum(np.float32(0.5) * head - np.abs(across), wide - np.abs(down))
    away = np.hypot(x / (np.float32(0.62) * radius), (y - np.float32(0.72) * radius) / (np.float32(0.3) * radius))
    sacrum = np.where(along > np.float32(0.35), (1 - away) * np.float32(0.3) * radius, _OUTSIDE)
    for depth in (ball, wing, sacrum):
        draft.put("bone_cortex", depth)
        draft.put(
            "bone_marrow",
            depth - np.float32(0.18 * settings.femur_radius_mm),
            fat_fraction=settings.marrow_fat_fraction,
        )
