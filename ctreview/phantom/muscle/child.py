"""The phantom child's pelvis and thighs before and after treatment.

The published case had thin muscle on both sides and no signs of myositis. What is planted here beyond that is
assumed: a patch of oedema in the left quadriceps that goes, and a right thigh that is thinner and catches up.
"""

from __future__ import annotations

from dataclasses import replace

from ctreview.phantom.muscle.body import Legs, make_legs
from ctreview.phantom.muscle.settings import CHILD_LEGS, Course, LegsSettings, OedemaPatch, later_legs

__all__ = ["muscle_child", "muscle_child_settings"]

_PATCH = OedemaPatch("left", "quadriceps", 0.5, 15.0, 62.0)


def muscle_child_settings(*, healthy: bool = False) -> tuple[LegsSettings, LegsSettings]:
    """How the child was before and after; with ``healthy`` nothing is planted and nothing but position changes."""
    if healthy:
        return CHILD_LEGS, later_legs(CHILD_LEGS, Course())
    before = replace(CHILD_LEGS, muscle_area=(0.85, 0.92), oedema=(_PATCH,))
    return before, later_legs(before, Course(growth=1.01, muscle_area=(1.06, 1.0), fat_fraction_change=0.01, oedema=()))


def muscle_child(*, spacing: tuple[float, float, float] | None = None, healthy: bool = False) -> tuple[Legs, Legs]:
    """Make the child at both dates.

    Parameters
    ----------
    spacing : tuple of float, optional
        Voxels in millimetres; 5 × 1 × 1 mm without.
    healthy : bool
        Plant nothing: what is found then is false.
    """
    before, after = muscle_child_settings(healthy=healthy)
    if spacing is not None:
        before, after = replace(before, spacing=spacing), replace(after, spacing=spacing)
    return make_legs(before), make_legs(after)
