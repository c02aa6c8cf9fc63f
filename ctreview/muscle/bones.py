"""Bones: a dark ring with something brighter in it, slice after slice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cc3d
import fill_voids
import numpy as np
import numpy.typing as npt
from skimage.morphology import convex_hull_image

from ctreview.muscle.morphology import closed_in_slices, distance_in_slices, near_in_slices, opened_in_slices
from ctreview.possible_values import require_possible
from ctreview.volume.box import bounding_box
from ctreview.volume.geometry import Geometry

__all__ = ["BoneSettings", "Bones", "find_bones"]

_SECTORS = 24
"""Directions around a bone that are looked in."""

Mask = npt.NDArray[np.bool_]
Image = npt.NDArray[np.float32]


@dataclass(frozen=True)
class BoneSettings:
    """What is taken for bone.

    Attributes
    ----------
    gap_mm : float
        Half the width of gaps in the cortex that are closed.
    least_radius_mm : float
        A bone holds a disc of this radius; vessels do not.
    least_marrow_share : float
        Share of a bone that is enclosed by its cortex, in its slices together.
    least_length_mm : float
        Of a bone across slices.
    least_ring_share : float
        In a slice beside one that shows a bone, a ring that is open goes on as that bone where cortex lies in at least
        this share of all directions.
    moves_mm : float
        So far the outline of a bone may move from slice to slice.
    deep_mm : float
        Bone begins at least so deep below the skin.
    slender_radius_mm : float
        A slender bone, a child's fibula, holds a disc of this radius. It lies beside a wider one.
    slender_length_share : float
        It is at least so long as this share of the longest bone.
    """

    gap_mm: float = 2.0
    least_radius_mm: float = 4.0
    least_marrow_share: float = 0.08
    least_length_mm: float = 20.0
    least_ring_share: float = 0.6
    moves_mm: float = 4.0
    deep_mm: float = 4.0
    slender_radius_mm: float = 2.0
    slender_length_share: float = 0.5

    def __post_init__(self) -> None:
        require_possible(self)


@dataclass(frozen=True, eq=False)
class Bones:
    """Bone and what is in it.

    Attributes
    ----------
    number : ndarray of uint16
        1, 2 … in each bone, the largest first; 0 outside. Cortex and marrow together.
    marrow : ndarray of bool
    """

    number: npt.NDArray[np.uint16]
    marrow: Mask

    @property
    def inside(self) -> Mask:
        """Where any bone is."""
        return np.asarray(self.number > 0)


def find_bones(
    dark: Mask, inside: Mask, depth_mm: Image, geometry: Geometry, *, settings: BoneSettings | None = None
) -> Bones:
    """Find bones in limbs.

    Parameters
    ----------
    dark : ndarray of bool
        Where signal is too low for muscle and fat.
    inside, depth_mm : ndarray
        The limbs, and the depth below their skin.
    geometry : Geometry
    settings : BoneSettings, optional
    """
    settings = settings or BoneSettings()
    spacing = geometry.spacing
    cortex = closed_in_slices(dark & inside & (depth_mm > settings.deep_mm), spacing, settings.gap_mm)
    filled = np.stack([fill_voids.fill(np.ascontiguousarray(plane)) for plane in cortex]).astype(bool)
    marrow = opened_in_slices(filled & ~cortex, spacing, 1.0)
    whole = opened_in_slices(filled & inside, spacing, settings.least_radius_mm)
    pieces = cc3d.connected_components(whole, connectivity=6)
    size = np.bincount(pieces.ravel())
    enclosed = np.bincount(pieces[marrow], minlength=len(size))
    levels = _levels_of(pieces, len(size))
    good = (enclosed >= settings.least_marrow_share * size) & (levels * spacing[0] >= settings.least_length_mm)
    good[0] = False
    order = np.flatnonzero(good)[np.argsort(-size[good])]
    table = np.zeros(len(size), np.uint16)
    table[order] = np.arange(1, len(order) + 1)
    number = table[pieces]
    dark = dark & inside & (depth_mm > settings.deep_mm)
    for bone in range(1, len(order) + 1):
        _follow(number, bone, dark, spacing, settings)
    if len(order):
        box = bounding_box(dark, (0, 1, 1))
        ring = _add_slender(number[box], dark[box], spacing, settings)
        cortex[box] = np.where(number[box] > len(order), ring, cortex[box])
    return Bones(number, np.asarray((marrow | ~cortex) & (number > 0)))


def _add_slender(number: npt.NDArray[np.uint16], dark: Mask, spacing: Sequence[float], settings: BoneSettings) -> Mask:
    """Number the bones that are too slender for the first search, along a longer one; gives cortex by narrower gaps.

    Where its ring is closed around marrow it is followed to both ends. What is thin and dark without marrow is a vessel
    or a tendon; loops of septa hold muscle, but not over such a length.
    """
    cortex = closed_in_slices(dark & (number == 0), spacing, 1.5 * max(spacing[1:]))  # wider, and thin marrow is lost
    last = int(number.max())
    longest = max(np.count_nonzero((number == bone).any(axis=(1, 2))) for bone in range(1, last + 1))
    filled = np.stack([fill_voids.fill(np.ascontiguousarray(plane)) for plane in cortex]).astype(bool) & (number == 0)
    marrow = filled & ~cortex
    pieces = cc3d.connected_components(opened_in_slices(filled, spacing, settings.slender_radius_mm), connectivity=6)
    size, enclosed = np.bincount(pieces.ravel()), np.bincount(pieces[marrow], minlength=int(pieces.max()) + 1)
    widest = np.count_nonzero(number) / longest
    good = (enclosed >= settings.least_marrow_share * size) & (size <= widest * _levels_of(pieces, len(size)))
    good[0] = False
    followed = replace(settings, moves_mm=settings.slender_radius_mm)
    for piece in np.flatnonzero(good)[np.argsort(-size[good])]:
        bone = np.asarray(pieces == piece).astype(np.uint16)
        if not bone.any() or (number[bone > 0] > 0).any():  # part of one that was followed before
            continue
        _follow(bone, 1, dark & (number == 0), spacing, followed)
        there = bone > 0
        seen, long = (np.count_nonzero(mask.any(axis=(1, 2))) for mask in (there & marrow, there))
        if seen * spacing[0] >= settings.least_length_mm and long >= settings.slender_length_share * longest:
            last += 1
            number[there & (number == 0)] = last
    return cortex


def _follow(
    number: npt.NDArray[np.uint16], bone: int, dark: Mask, spacing: Sequence[float], settings: BoneSettings
) -> None:
    """Go on with a bone beyond its last slice at either end, while its ring can be seen, if open in places."""
    levels = np.flatnonzero((number == bone).any(axis=(1, 2)))
    for last, step in ((int(levels[0]), -1), (int(levels[-1]), 1)):
        level = last + step
        while 0 <= level < len(number):
            found = _next_section(number[level - step] == bone, dark[level] & (number[level] == 0), spacing, settings)
            found &= number[level] == 0
            if not found.any():
                break
            number[level][found] = bone
            level += step


def _next_section(before: Mask, dark: Mask, spacing: Sequence[float], settings: BoneSettings) -> Mask:
    """The bone in a slice, from that in the slice before it; empty where too little of a ring is seen."""
    near = near_in_slices(before[None], spacing, settings.moves_mm)[0]
    core = distance_in_slices(before[None], spacing)[0] > settings.moves_mm
    ring = dark & near & ~core
    places = np.argwhere(ring) - np.argwhere(before).mean(axis=0)
    if len(places) < 3:
        return np.zeros_like(before)
    sectors = np.floor((np.arctan2(*(places * spacing[1:]).T) + np.pi) / (2 * np.pi) * _SECTORS).astype(int)
    if len(np.unique(sectors % _SECTORS)) < settings.least_ring_share * _SECTORS:
        return np.zeros_like(before)
    return np.asarray(convex_hull_image(ring) & near)


def _levels_of(pieces: npt.NDArray[np.integer], count: int) -> npt.NDArray[np.int64]:
    """In how many slices each piece lies."""
    levels = np.zeros(count, np.int64)
    for plane in pieces:
        levels[np.unique(plane)] += 1
    return levels
