"""Voxels of muscle and around it as lists, and muscle drawn otherwise than it was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.ndimage import binary_dilation, binary_erosion

from ctreview.muscle.morphology import CROSS, distance_in_slices
from ctreview.muscle.scheme import SIDES, tissue_key
from ctreview.recipes.muscle_mri.measured import MuscleMriResult
from ctreview.recipes.muscle_mri.settings import MuscleMriSettings
from ctreview.volume.box import bounding_box
from ctreview.volume.labels import LabelMap

__all__ = ["DrawnMuscle", "MuscleVoxels", "draw_muscle", "list_voxels"]

Mask = npt.NDArray[np.bool_]
Values = npt.NDArray[np.float32]

_NEIGHBOURS = CROSS.copy()
_NEIGHBOURS[0, 1, 1] = False


@dataclass(frozen=True, eq=False)
class MuscleVoxels:
    """Voxels of muscle, of the fat between, of bone, and one voxel around, as lists.

    Attributes
    ----------
    level, number : ndarray
        Slice and limb.
    muscle, between, bone, dark : ndarray of bool
    ring, edge : ndarray of bool
        What the compartment wins, and loses, where its border lies one voxel further out, or in.
    bone_ring, bone_edge : ndarray of bool
        The same of bone.
    inner : ndarray of bool
        Farther from the border than the settings say.
    single : ndarray of bool
        Hot by themselves, without a hot neighbour within the slice: noise makes such ones too.
    hot_ring, hot_edge : ndarray of bool
        What hot voxels win, and lose, where their border lies one voxel further out, or in.
    likeness : ndarray
        To fat.
    maps : mapping of str to ndarray
        By kind.
    valid : mapping of str to ndarray of bool
    groups : ndarray of uint8
        What a reader drew; 0 for nothing.
    drawn_borders : mapping of int to (ndarray of bool, ndarray of bool)
        By the number of a group: what it wins, and loses, where its border within the muscle lies one voxel further
        out, or in. Its border on the fascia is that of the compartment.
    """

    level: npt.NDArray[np.intp]
    number: npt.NDArray[np.uint8]
    muscle: Mask
    between: Mask
    bone: Mask
    dark: Mask
    ring: Mask
    edge: Mask
    bone_ring: Mask
    bone_edge: Mask
    inner: Mask
    single: Mask
    hot_ring: Mask
    hot_edge: Mask
    likeness: Values
    maps: Mapping[str, Values] = field(default_factory=dict)
    valid: Mapping[str, Mask] = field(default_factory=dict)
    groups: npt.NDArray[np.uint8] | None = None
    drawn_borders: Mapping[int, tuple[Mask, Mask]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class DrawnMuscle:
    """One way in which muscle could have been drawn."""

    muscle: Mask
    inside: Mask
    bone: Mask


def list_voxels(scan: MuscleMriResult, settings: MuscleMriSettings) -> MuscleVoxels:
    """List what is looked at of an examination."""
    labels, limbs, levels = scan.labels, scan.tissue.limbs, scan.tissue.levels

    def tissue(*names: str) -> Mask:
        there = {label.key for label in labels.scheme}
        return labels.mask(*(key for side in SIDES for name in names if (key := tissue_key(name, side)) in there))

    muscle, between, bone = tissue("muscle"), tissue("intermuscular_fat"), tissue("bone_cortex", "bone_marrow")
    inside = muscle | between
    ring = binary_dilation(inside, CROSS) & limbs.inside & ~inside & ~bone
    edge = inside & ~binary_erosion(inside, CROSS, border_value=1)
    inner = distance_in_slices(inside, labels.geometry.spacing) > settings.measures.erode_mm
    bone_ring = binary_dilation(bone, CROSS) & limbs.inside & ~bone
    bone_edge = bone & ~binary_erosion(bone, CROSS, border_value=1)
    where = np.nonzero(inside | ring | bone | bone_ring)
    maps = {one.kind: one for one in scan.maps}
    hot = np.zeros(inside.shape, bool)
    if "stir_robust_z" in maps:
        hot = muscle & inner & (maps["stir_robust_z"].array >= settings.measures.hot_z)
    single = hot & ~binary_dilation(hot, _NEIGHBOURS)
    hot_ring = binary_dilation(hot & ~single, CROSS) & ~hot
    hot_edge = hot & ~binary_erosion(hot, CROSS)
    return MuscleVoxels(
        where[0],
        limbs.number[where],
        muscle[where],
        between[where],
        bone[where],
        levels.dark[where],
        ring[where],
        edge[where],
        bone_ring[where],
        bone_edge[where],
        inner[where],
        single[where],
        hot_ring[where],
        hot_edge[where],
        levels.fat_likeness[where],
        {kind: one.array[where] for kind, one in maps.items()},
        {kind: one.valid[where] for kind, one in maps.items()},
        None if scan.groups is None else scan.groups.array[where],
        {} if scan.groups is None else _drawn_borders(scan.groups, inside, where),
    )


def _drawn_borders(
    groups: LabelMap, inside: Mask, where: tuple[npt.NDArray[np.intp], ...]
) -> dict[int, tuple[Mask, Mask]]:
    found = {}
    for label in groups.scheme:
        group = groups.array == label.value
        if not group.any():
            continue
        box = bounding_box(group, (0, 2, 2))
        own, rest = group[box], inside[box] & ~group[box]
        ring, edge = np.zeros_like(group), np.zeros_like(group)
        ring[box], edge[box] = rest & binary_dilation(own, CROSS), own & binary_dilation(rest, CROSS)
        found[label.value] = ring[where], edge[where]
    return found


def draw_muscle(voxels: MuscleVoxels, *, threshold: float = 0.5, border: int = 0, bone_border: int = 0) -> DrawnMuscle:
    """Muscle by another threshold between it and fat, or with a border of the compartment or of bone one voxel off."""
    # what a reader took for muscle against the threshold stays muscle whichever it is
    lost = voxels.muscle & ~voxels.dark & (voxels.likeness < 0.5) & (voxels.likeness >= threshold)
    won = (voxels.between | voxels.ring) & (voxels.likeness >= 0.5) & (voxels.likeness < threshold)
    muscle = (voxels.muscle & ~lost) | won
    inside = voxels.muscle | voxels.between | won
    if border > 0:
        muscle, inside = muscle | voxels.ring, inside | voxels.ring
    elif border < 0:
        muscle, inside = muscle & ~voxels.edge, inside & ~voxels.edge
    bone = voxels.bone
    if bone_border:
        bone = bone | voxels.bone_ring if bone_border > 0 else bone & ~voxels.bone_edge
    return DrawnMuscle(muscle, inside, bone)
