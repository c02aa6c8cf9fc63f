"""How slices sample the patient: what lies between them, and how much each of them averages."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from ctreview.dicom.frame import Instance
from ctreview.dicom.sort import Stack

__all__ = ["THICK_MM", "sampling_warnings", "unscanned_share"]

GAP_SHARE = 0.1
"""Slices may lie this share of their distance apart without a word: thickness is rounded, and edges are soft."""

THICK_MM = 3.0
"""Thicker slices average vessels and small haze with what lies beside them."""

_WHOLE = 0.05


def unscanned_share(thickness_mm: float | None, spacing_mm: float) -> float:
    """Which share of the patient lies between the slices, where they are thinner than they are apart; else 0."""
    if thickness_mm is None or spacing_mm <= 0:
        return 0.0
    return max(0.0, 1.0 - thickness_mm / spacing_mm)


def sampling_warnings(thickness_mm: float | None, members: Sequence[Instance], stack: Stack) -> tuple[str, ...]:
    """Sentences about gaps between slices, slices that may have been lost evenly, and thick slices.

    Parameters
    ----------
    thickness_mm : float or None
        As the header states it.
    members : sequence of Instance
        The images, for what they say of their numbers and distances.
    stack : Stack
        Where they lie.
    """
    if len(stack.order) < 2:
        return ()
    spacing = float(np.linalg.norm(stack.affine[:3, 0]))
    found = []
    share = unscanned_share(thickness_mm, spacing)
    if share > GAP_SHARE:
        found.append(f"{thickness_mm:g} mm thick every {spacing:.4g} mm: {100 * share:.0f} % not scanned.")
    found += _lost_evenly(members, spacing)
    if thickness_mm is not None and thickness_mm > THICK_MM:
        found.append(
            f"The slices are {thickness_mm:g} mm thick: vessels and small haze are averaged with what lies beside them."
        )
    return tuple(found)


def _lost_evenly(members: Sequence[Instance], spacing: float) -> list[str]:
    """Slices that were lost at regular distances leave an even grid, and traces in the headers of the others."""
    stated = {instance.spacing_between_mm for instance in members}
    between = stated.pop() if len(stated) == 1 else None
    times = spacing / between if between is not None and between > 0 else 1.0
    if round(times) >= 2 and abs(times - round(times)) <= _WHOLE * times:
        return [
            f"The header puts the slices {between:g} mm apart, and they lie {spacing:.4g} mm apart: "
            f"{_lost(round(times))} may have been lost."
        ]
    step = _number_step(members)
    return [f"The slices are numbered in steps of {step}: {_lost(step)} may have been lost."] if step > 1 else []


def _lost(times: int) -> str:
    return "every second one" if times == 2 else f"{times - 1} of {times}"


def _number_step(members: Sequence[Instance]) -> int:
    """The one step between consecutive slice numbers; 1 where there are several, or too few to tell."""
    numbers = sorted({instance.instance_number for instance in members if instance.instance_number is not None})
    steps = {after - before for before, after in pairwise(numbers)}
    return steps.pop() if len(steps) == 1 and len(numbers) == len(members) > 3 else 1
