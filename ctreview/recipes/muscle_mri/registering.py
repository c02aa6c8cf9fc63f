"""Limbs of two examinations laid over each other, each by itself, and whether that may be believed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

import numpy as np

from ctreview.checks import Check
from ctreview.muscle.limb_matching import LimbMatch, LimbSlices, limb_slices, match_limbs
from ctreview.muscle.scheme import LimbSide
from ctreview.progress import Progress, quiet
from ctreview.recipes.muscle_mri.measured import MuscleMriResult
from ctreview.recipes.muscle_mri.settings import MuscleMriSettings
from ctreview.volume.geometry import FloatArray, Geometry
from ctreview.volume.transform import Transform

__all__ = ["LimbsRegistration", "RegisteredLimbs", "register_limbs"]

_GRID_MM = 8.0
"""Between the nodes of the displacement: between limbs it changes, and within one it is a straight one."""


@dataclass(frozen=True, eq=False)
class LimbsRegistration:
    """Where each limb of the baseline lies in the follow-up.

    Attributes
    ----------
    matches : mapping of side to LimbMatch
        Those that may be believed.
    transform : Transform
        From points of the baseline to points of the follow-up; each point moves with the limb that is nearest.
    """

    matches: Mapping[LimbSide, LimbMatch]
    transform: Transform = field(repr=False)

    @property
    def figures(self) -> dict[str, float]:
        """Of every match, for documents."""
        return {
            f"{side}_{name}": float(value)
            for side, match in self.matches.items()
            for name, value in asdict(match).items()
            if isinstance(value, float)
        }


RegisteredLimbs = tuple[LimbsRegistration | None, tuple[Check, ...]]
"""What `register_limbs` gives."""


def register_limbs(
    before: MuscleMriResult,
    after: MuscleMriResult,
    *,
    settings: MuscleMriSettings | None = None,
    progress: Progress = quiet,
) -> RegisteredLimbs:
    """Lay each limb of the baseline over that of the follow-up by its cross-sections.

    Parameters
    ----------
    before, after : MuscleMriResult
    settings : MuscleMriSettings, optional

    Returns
    -------
    LimbsRegistration or None
        None where no limb may be laid over its other date.
    tuple of Check
        One for each limb; where it stops, it does so for that limb alone.
    """
    chosen = (settings or MuscleMriSettings()).matching
    sides = [side for side in before.tissue.sides if side in after.tissue.sides]
    matches: dict[LimbSide, LimbMatch] = {}
    slices: dict[LimbSide, tuple[LimbSlices, LimbSlices]] = {}
    checks = []
    for number, side in enumerate(sides):
        progress(number, len(sides), "laying limbs over each other")
        pair = limb_slices(before.tissue, side, chosen), limb_slices(after.tissue, side, chosen)
        match = match_limbs(*pair, side, chosen, segment=before.tissue.segment)
        if match is None:
            region = before.tissue.region(side)
            message = f"Too few slices show the {region.replace('_', ' ')} to match heights by."
            checks.append(Check("registration", "too few", None, False, message, "stops", regions=(region,)))
            continue
        checks.append(match.check)
        if match.check.ok:
            matches[side], slices[side] = match, pair
    progress(1, 1, "laying limbs over each other")
    if not matches:
        return None, tuple(checks)
    grids = before.labels.geometry, after.labels.geometry
    moves = [_Move(matches[side], slices[side]) for side in matches]
    return LimbsRegistration(matches, _transform(moves, *grids)), tuple(checks)


class _Move:
    """A shift, a turn and a factor along and across one limb, about its own middle line."""

    def __init__(self, match: LimbMatch, slices: tuple[LimbSlices, LimbSlices]) -> None:
        self._match = match
        self._lines = [np.polyfit(one.z_mm, one.middle_mm, 1) for one in slices]
        self._across = float(np.median(slices[1].radius_mm) / np.median(slices[0].radius_mm))
        turn = np.radians(match.turn_degrees)
        self._turn = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])

    def middle(self, z_mm: FloatArray) -> FloatArray:
        """LPS x and y of the limb's middle line at heights of the baseline, shape (…, 2)."""
        return np.asarray(z_mm[..., None] * self._lines[0][0] + self._lines[0][1])

    def __call__(self, points: FloatArray) -> FloatArray:
        """Where points (…, 3) come to lie; LPS millimetres."""
        z = points[..., 2]
        there = self._match.start_mm + self._match.factor * z
        across = self._across * (points[..., :2] - self.middle(z)) @ self._turn
        middle = there[..., None] * self._lines[1][0] + self._lines[1][1]
        return np.concatenate([across + middle, there[..., None]], axis=-1)


def _transform(moves: list[_Move], fixed: Geometry, moving: Geometry) -> Transform:
    grid = fixed.resized([max(_GRID_MM, size) for size in fixed.spacing])
    nodes = grid.to_lps(np.stack(np.meshgrid(*map(np.arange, grid.shape), indexing="ij"), axis=-1))
    away = np.stack([np.linalg.norm(nodes[..., :2] - move.middle(nodes[..., 2]), axis=-1) for move in moves])
    moved = np.stack([move(nodes) for move in moves])
    nearest = np.take_along_axis(moved, away.argmin(axis=0)[None, ..., None], axis=0)[0]
    displacement = np.moveaxis(nearest - nodes, -1, 0).astype(np.float32)
    return Transform(fixed, moving, np.eye(4), displacement, grid)
