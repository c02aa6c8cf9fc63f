"""Groups of muscles that were drawn once, proposed on the other side and at the other timepoint by registration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ctreview.checks import Check
from ctreview.errors import RegistrationFailed, WrongUse
from ctreview.muscle.groups import GROUP_SCHEME, GROUPS
from ctreview.muscle.scheme import LimbSide, tissue_key
from ctreview.muscle.segment import LimbTissue
from ctreview.possible_values import require_possible
from ctreview.progress import Progress, part, quiet
from ctreview.registration import MatchingStage, RegistrationSettings, register
from ctreview.volume.labels import Label, LabelMap, Scheme
from ctreview.volume.resample import warp_labels
from ctreview.volume.volume import Volume

__all__ = ["GroupCarrySettings", "GroupedLimbs", "carry_groups", "mirror_groups"]

Mask = npt.NDArray[np.bool_]

_LIMB = Scheme((Label(1, "limb", (200, 200, 200)),))
_OTHER: Mapping[LimbSide, LimbSide] = {"right": "left", "left": "right"}


def _registration() -> RegistrationSettings:
    """Of images that are 1 at the level of lean muscle; the last round follows the septa between muscles."""
    return RegistrationSettings(
        intensity_range=(0.0, 2.5),
        affine_stages=(
            MatchingStage(6.0, 36.0, 12.0, 600, 0.62, 1.4, neighbours_mm=60.0),
            MatchingStage(4.0, 16.0, 8.0, 800, 0.62, 1.4, neighbours_mm=50.0),
        ),
        stages=(
            MatchingStage(4.0, 16.0, 8.0, 1000, 0.5, 1.0, neighbours_mm=40.0, width_mm=30.0),
            MatchingStage(2.5, 7.5, 7.5, 3000, 0.5, 1.0, neighbours_mm=25.0, width_mm=15.0),
        ),
    )


@dataclass(frozen=True)
class GroupCarrySettings:
    """How groups are carried.

    Attributes
    ----------
    registration : RegistrationSettings
    least_dice : float
        Muscle of both limbs must overlap by this Dice once they lie over each other, or no group is proposed.
    """

    registration: RegistrationSettings = field(default_factory=_registration)
    least_dice: float = 0.85

    def __post_init__(self) -> None:
        require_possible(self)


@dataclass(frozen=True, eq=False)
class GroupedLimbs:
    """An examination as carrying sees it.

    Attributes
    ----------
    image : Volume
        That tissue is told by.
    tissue : LimbTissue
        On the same grid.
    """

    image: Volume
    tissue: LimbTissue

    def limb(self, side: LimbSide) -> _Limb:
        """One limb."""
        number = 1 + self.tissue.sides.index(side)
        inside = self.tissue.limbs.number == number
        keys = [tissue_key(one, side) for one in ("muscle", "intermuscular_fat")]
        image = np.where(inside, self.tissue.levels.corrected, 0).astype(np.float32)
        return _Limb(self.image.with_array(image), inside, self.tissue.labels.mask(*keys))


@dataclass(frozen=True, eq=False)
class _Limb:
    """A limb without the coil's sensitivity, where it is, and what lies inside its fascia and outside bone."""

    image: Volume
    inside: Mask
    muscles: Mask

    def mirrored(self) -> _Limb:
        """Right for left, about the middle of the grid."""
        image, inside, muscles = (_mirrored(one) for one in (self.image.array, self.inside, self.muscles))
        return _Limb(self.image.with_array(image), inside, muscles)

    def labels(self, mask: Mask) -> LabelMap:
        return LabelMap(mask.astype(np.uint8), self.image.geometry, _LIMB)


def mirror_groups(
    limbs: GroupedLimbs,
    groups: LabelMap,
    *,
    drawn_on: LimbSide,
    settings: GroupCarrySettings | None = None,
    progress: Progress = quiet,
) -> LabelMap:
    """Propose the groups of one side on the other: their limb is mirrored and laid over the other one.

    Parameters
    ----------
    limbs : GroupedLimbs
    groups : LabelMap
        By `ctreview.muscle.groups.GROUP_SCHEME`, filled between drawn slices, on the grid of the examination.
    drawn_on : {"right", "left"}
    settings : GroupCarrySettings, optional

    Returns
    -------
    LabelMap
        Groups of the other side alone. Where the limbs do not fit each other there are none, and ``checks`` says why.

    Raises
    ------
    WrongUse
        The examination does not show both sides.
    """
    target = _OTHER.get(drawn_on)
    if target is None or not {drawn_on, target} <= set(limbs.tissue.sides):
        raise WrongUse("groups can be carried to the other side only where the right and the left limb are imaged")
    table = np.zeros(256, np.uint8)
    for group in GROUPS:
        table[GROUP_SCHEME[tissue_key(group, drawn_on)].value] = GROUP_SCHEME[tissue_key(group, target)].value
    turned = LabelMap(_mirrored(table[groups.array]), groups.geometry, GROUP_SCHEME)
    return _carried(
        limbs.limb(drawn_on).mirrored(), turned, limbs.limb(target), settings or GroupCarrySettings(), progress
    )


def carry_groups(
    source: GroupedLimbs,
    groups: LabelMap,
    target: GroupedLimbs,
    *,
    settings: GroupCarrySettings | None = None,
    progress: Progress = quiet,
) -> LabelMap:
    """Propose groups on another examination of the same patient, limb by limb.

    Parameters
    ----------
    source : GroupedLimbs
        Where they were drawn.
    groups : LabelMap
        By `ctreview.muscle.groups.GROUP_SCHEME`, filled between drawn slices, on the grid of ``source``.
    target : GroupedLimbs
    settings : GroupCarrySettings, optional

    Returns
    -------
    LabelMap
        On the grid of ``target``. A limb that does not fit gets none, and ``checks`` says why.

    Raises
    ------
    WrongUse
        The examinations have no limb in common.
    """
    sides = [side for side in source.tissue.sides if side in target.tissue.sides]
    if not sides:
        raise WrongUse("the two examinations have no limb in common")
    array = np.zeros(target.image.geometry.shape, np.uint8)
    checks: list[Check] = []
    for number, side in enumerate(sides):
        own = [GROUP_SCHEME[tissue_key(group, side)].value for group in GROUPS]
        of_side = replace(groups, array=np.where(np.isin(groups.array, own), groups.array, 0))
        steps = part(progress, number / len(sides), (number + 1) / len(sides))
        found = _carried(source.limb(side), of_side, target.limb(side), settings or GroupCarrySettings(), steps)
        array[found.array > 0] = found.array[found.array > 0]
        checks += found.checks
    return LabelMap(array, target.image.geometry, GROUP_SCHEME, tuple(checks))


def _carried(
    source: _Limb, groups: LabelMap, target: _Limb, settings: GroupCarrySettings, progress: Progress
) -> LabelMap:
    """Groups of one limb on another, inside its fascia."""
    grid = target.image.geometry
    nothing = np.zeros(grid.shape, np.uint8)
    try:
        found = register(
            target.image,
            source.image,
            fixed_mask=target.labels(target.inside),
            moving_mask=source.labels(source.inside),
            settings=settings.registration,
            progress=progress,
        )
    except RegistrationFailed as failure:
        check = _check(0.0, settings, f"The limbs could not be laid over each other: {failure.found}.")
        return LabelMap(nothing, grid, GROUP_SCHEME, (check,))
    there = warp_labels(source.labels(source.muscles), found.transform).array > 0
    both = np.count_nonzero(there) + np.count_nonzero(target.muscles)
    dice = 2 * int(np.count_nonzero(there & target.muscles)) / max(1, int(both))
    if dice < settings.least_dice:
        check = _check(
            dice, settings, f"Muscle of the two limbs overlaps by a Dice of {dice:.2f} only: draw the groups."
        )
        return LabelMap(nothing, grid, GROUP_SCHEME, (check,))
    carried = warp_labels(groups, found.transform).array
    check = _check(dice, settings, f"Groups were carried over; muscle overlaps by a Dice of {dice:.2f}. Look at them.")
    return LabelMap(np.where(target.muscles, carried, 0), grid, GROUP_SCHEME, (check,))


def _check(dice: float, settings: GroupCarrySettings, message: str) -> Check:
    ok = dice >= settings.least_dice
    return Check("carried_groups", round(dice, 3), settings.least_dice, ok=ok, message=message)


def _mirrored(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.ascontiguousarray(array[:, :, ::-1])
