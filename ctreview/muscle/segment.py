"""Tissues of thighs in MR images: subcutaneous fat, muscle, fat between muscles, cortex, marrow; right and left."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import cc3d
import numpy as np
import numpy.typing as npt
from scipy.ndimage import binary_erosion

from ctreview.checks import Check
from ctreview.muscle.bones import Bones, BoneSettings, find_bones
from ctreview.muscle.fascia import fascia_depth_mm, without_rim
from ctreview.muscle.limb_segment import LimbSegment, find_segment, limb_key
from ctreview.muscle.limbs import Limbs, LimbSettings, find_limbs
from ctreview.muscle.morphology import closed_in_slices, near_in_slices, opened_in_slices
from ctreview.muscle.scheme import TISSUE_SCHEME, TISSUES, LimbSide, tissue_key
from ctreview.muscle.tissue_levels import FatSignal, LevelSettings, TissueLevels, find_levels, levels_of_dixon
from ctreview.possible_values import require_possible
from ctreview.volume.box import bounding_box
from ctreview.volume.geometry import Geometry, require_same_grid
from ctreview.volume.labels import LabelMap
from ctreview.volume.volume import Volume

__all__ = ["CompartmentSettings", "LimbTissue", "TissueSettings", "find_tissue"]

Mask = npt.NDArray[np.bool_]
Image = npt.NDArray[np.float32]


@dataclass(frozen=True)
class CompartmentSettings:
    """How the fascia is found: muscle with its gaps closed.

    Attributes
    ----------
    fat_share : float
        From this likeness to fat on, a voxel is fat; half-way between the levels.
    least_radius_share : float
        Lean pieces that hold no disc of this radius, a share of the limb's own, are skin, vessels or noise, and lead no
        fascia.
    least_piece_share : float
        Lean pieces smaller than this share of the largest of a limb lead none either.
    gap_share : float
        The radius of the disc that follows the fascia from outside, as a share of the limb's own radius: it passes over
        gaps between muscles that are narrower than it.
    rim_water : float
        At the rim, a voxel with less water is fascia: this share of the way from fat below the skin to muscle. Only
        water images show that.
    most_oblong : float
        Fascia is left where pixels are longer than wide by more than this factor.
    """

    fat_share: float = 0.5
    least_radius_share: float = 0.035
    least_piece_share: float = 0.01
    gap_share: float = 0.2
    rim_water: float = 0.5
    most_oblong: float = 1.5

    def __post_init__(self) -> None:
        require_possible(self)


@dataclass(frozen=True)
class TissueSettings:
    """Settings of `find_tissue`."""

    limbs: LimbSettings = field(default_factory=LimbSettings)
    levels: LevelSettings = field(default_factory=LevelSettings)
    bones: BoneSettings = field(default_factory=BoneSettings)
    compartment: CompartmentSettings = field(default_factory=CompartmentSettings)


@dataclass(frozen=True, eq=False)
class LimbTissue:
    """Tissues of one examination.

    Attributes
    ----------
    labels : LabelMap
        By `TISSUE_SCHEME`.
    sides : tuple of str
        Which limbs are there, in the order of their numbers.
    levels : TissueLevels
        On the same grid.
    limbs : Limbs
    bones : Bones
    segment : {"thigh", "lower_leg"}
        Of the limbs, as their bones tell.
    """

    labels: LabelMap
    sides: tuple[LimbSide, ...]
    levels: TissueLevels = field(repr=False)
    limbs: Limbs = field(repr=False)
    bones: Bones = field(repr=False)
    segment: LimbSegment = "thigh"

    @property
    def checks(self) -> tuple[Check, ...]:
        """What was looked at."""
        return self.labels.checks

    def region(self, side: LimbSide) -> str:
        """What the limb of a side is called in measures and documents: ``"right_thigh"``."""
        return limb_key(side, self.segment)

    def taken_for(self, side: LimbSide) -> LimbTissue:
        """The one limb that there is, taken for that side."""
        table = np.zeros(256, np.uint8)
        for tissue in TISSUES:
            before = TISSUE_SCHEME[tissue_key(tissue, self.sides[0])].value
            table[before] = TISSUE_SCHEME[tissue_key(tissue, side)].value
        message = f"One limb is imaged; it was stated to be the {side} one."
        stated = Check("side", "stated", None, ok=True, message=message)
        checks = (stated, *(check for check in self.checks if check.name != "side"))
        labels = replace(self.labels, array=table[self.labels.array], checks=checks)
        return replace(self, labels=labels, sides=(side,), limbs=replace(self.limbs, sides=(side,)))


def find_tissue(
    image: Volume,
    *,
    fat: Volume | None = None,
    fat_signal: FatSignal | None = None,
    settings: TissueSettings | None = None,
) -> LimbTissue:
    """Find the tissues of one or two limbs.

    Parameters
    ----------
    image : Volume
        In canonical axes. Of two images, that of water.
    fat : Volume, optional
        The fat image of the same acquisition.
    fat_signal : {"bright", "dark"}, optional
        Of one image, whether its fat is brighter than its muscle; found in the image if not given.
    settings : TissueSettings, optional

    Raises
    ------
    GridMismatch
        Water and fat do not lie on one grid.
    SegmentationFailed
        No limb, no muscle, or no difference between muscle and fat.
    """
    settings = settings or TissueSettings()
    geometry = require_same_grid(image, *(() if fat is None else (fat,)))
    signal = np.ascontiguousarray(image.array, np.float32)
    total = signal if fat is None else signal + np.asarray(fat.array, np.float32)
    limbs = find_limbs(total, geometry, unmeasured=image.unmeasured, settings=settings.limbs)
    if fat is None:
        levels = find_levels(
            signal,
            limbs.inside,
            limbs.depth_mm,
            geometry,
            fat_signal=fat_signal,
            limbs=limbs.number,
            settings=settings.levels,
        )
    else:
        levels = levels_of_dixon(
            signal, np.asarray(fat.array, np.float32), inside=limbs.inside, settings=settings.levels
        )
    bones = find_bones(levels.dark, limbs.inside, limbs.depth_mm, geometry, settings=settings.bones)
    labels = _labelled(limbs, levels, bones, geometry, settings)
    segment, told = find_segment(bones, limbs, geometry)
    labels = replace(labels, checks=(*labels.checks, *told))
    return LimbTissue(labels, limbs.sides, levels, limbs, bones, segment)


def _labelled(
    limbs: Limbs, levels: TissueLevels, bones: Bones, geometry: Geometry, settings: TissueSettings
) -> LabelMap:
    chosen = settings.compartment
    is_fat = levels.fat_likeness >= chosen.fat_share
    found = np.zeros(geometry.shape, np.uint8)
    for number, side in enumerate(limbs.sides, 1):
        limb = limbs.number == number
        compartment = _compartment(limb, is_fat, levels.dark, limbs, bones, geometry, chosen, settings.limbs.skin_mm)
        if levels.beneath_mm is not None:  # the fascia itself was followed: its line, where it is known
            known = limb & np.isfinite(levels.beneath_mm)
            compartment = np.where(known, levels.beneath_mm > 0, compartment)
        compartment = _without_fascia(compartment, limb, is_fat, levels, geometry, chosen)
        for tissue, where in (
            ("subcutaneous_fat", limb & ~compartment),
            ("muscle", compartment & ~is_fat),
            ("intermuscular_fat", compartment & is_fat & ~levels.dark),
            ("muscle", compartment & levels.dark),
            ("bone_cortex", limb & bones.inside),
            ("bone_marrow", limb & bones.marrow),
        ):
            found[where] = TISSUE_SCHEME[tissue_key(tissue, side)].value
    found[~levels.parted] = 0
    return LabelMap(
        found,
        geometry,
        TISSUE_SCHEME,
        (*limbs.checks, *_contrast_checks(levels, levels.water is not None, settings.levels)),
    )


def _contrast_checks(levels: TissueLevels, fat: bool, settings: LevelSettings) -> tuple[Check, ...]:
    """Slices in which nothing can be told apart, and whether one contrast is weak in the others."""
    found = []
    without = np.flatnonzero(~levels.parted)
    if len(without):
        slices = f"{len(without)} of {len(levels.parted)} slices"
        message = f"In {slices} muscle and fat are equally bright: nothing is measured there."
        found.append(Check("slices_without_contrast", len(without), 0, ok=False, message=message))
    contrast = abs(levels.fat_ratio - 1) / max(1.0, levels.fat_ratio)
    if not fat and contrast < settings.good_contrast:
        message = (
            f"Fat and muscle differ by {contrast:.0%} only, so that fat which a coil brightens may be counted as"
            " muscle: look at the outlines."
        )
        found.append(Check("weak_contrast", round(contrast, 2), settings.good_contrast, ok=False, message=message))
    return tuple(found)


def _without_fascia(
    compartment: Mask,
    limb: Mask,
    is_fat: Mask,
    levels: TissueLevels,
    geometry: Geometry,
    settings: CompartmentSettings,
) -> Mask:
    """The compartment without the fascia that a threshold between fat and muscle leaves in it.

    It is left where pixels are much longer than wide, which mix it with too much else.
    """
    spacing = geometry.spacing
    if max(spacing[1:]) > settings.most_oblong * min(spacing[1:]):
        return compartment
    if levels.water is not None:
        rim = compartment & ~binary_erosion(compartment, np.ones((1, 3, 3), bool), border_value=1)
        outside = levels.water[limb & ~compartment & is_fat & ~levels.dark]
        of_fat = float(np.median(outside)) if len(outside) else 0.0
        return np.asarray(compartment & ~(rim & (levels.water < of_fat + settings.rim_water * (1.0 - of_fat))))
    if levels.fat_signal == "bright":
        depth = fascia_depth_mm(levels.corrected, limb & ~is_fat, compartment, levels.fat_ratio, spacing)
        return without_rim(compartment, limb & ~compartment, depth, spacing)
    return compartment


def _compartment(
    limb: Mask,
    is_fat: Mask,
    dark: Mask,
    limbs: Limbs,
    bones: Bones,
    geometry: Geometry,
    settings: CompartmentSettings,
    skin_mm: float,
) -> Mask:
    """What lies inside the fascia of one limb: its muscle, with gaps closed."""
    spacing = geometry.spacing
    box = bounding_box(limb, (0, 2, 2))
    lean = (limb & ~is_fat & ~dark)[box] & (limbs.depth_mm[box] > skin_mm)
    radius = float(np.sqrt(np.median(limb[box].sum(axis=(1, 2))) * spacing[1] * spacing[2] / np.pi))
    least = settings.least_radius_share * radius
    core = opened_in_slices(lean, spacing, least)
    pieces = cc3d.connected_components(core, connectivity=6)
    size = np.bincount(pieces.ravel())
    size[0] = 0
    core = (size >= max(1.0, settings.least_piece_share * size.max()))[pieces]
    core = lean & near_in_slices(core, spacing, 1.5 * least)  # the corners that opening took
    core |= bones.inside[box] & limb[box]
    whole = closed_in_slices(core, spacing, settings.gap_share * radius)
    whole &= limb[box] & (limbs.depth_mm[box] > skin_mm)
    found = np.zeros(limb.shape, bool)
    found[box] = opened_in_slices(whole, spacing, least)
    return found
