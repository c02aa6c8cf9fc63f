"""Growing, shrinking and smoothing the outline of a label by millimetres."""

from __future__ import annotations

from dataclasses import replace

import edt
import numpy as np
from scipy.ndimage import gaussian_filter

from ctreview.edits.replay import Patch
from ctreview.errors import EditDoesNotApply, WrongUse
from ctreview.tools.canvas import Canvas, Mask
from ctreview.volume.box import Box, bounding_box

__all__ = ["move_outline", "smooth_outline"]


def move_outline(canvas: Canvas, *, label: str, by_mm: float, one_part: bool = True) -> Patch:
    """Move the outline of a label outwards (above 0) or inwards (below 0) by a distance in millimetres.

    It grows only over background that may be labelled, never over another label; with ``one_part`` never into a part
    of the organ (the other lung) from another one.
    """
    box, mask = _padded(canvas, label, max(by_mm, 0.0))
    spacing = canvas.geometry.spacing
    if by_mm >= 0:
        near = edt.edt(~mask, anisotropy=spacing) <= by_mm
        crossing = near & ~_near_in_each_part(canvas, box, mask, by_mm) if one_part else np.zeros_like(near)
        grown = canvas.patch(box, near & ~crossing & (canvas.labels.array[box] == 0), label)
        return replace(grown, in_other_part=int(np.count_nonzero(crossing & (canvas.labels.array[box] == 0))))
    # the border of the image is no outline: black_border=False lets a mask that touches it stay there
    inside = edt.edt(mask, anisotropy=spacing, black_border=False) > -by_mm
    return canvas.patch(box, mask & ~inside, None)


def smooth_outline(canvas: Canvas, *, label: str, by_mm: float, one_part: bool = True) -> Patch:
    """Round off what is smaller than about ``by_mm``: the mask is blurred and cut where its volume stays the same.

    With ``one_part`` the label comes to no part of the organ from another one.
    """
    if not by_mm > 0:
        raise WrongUse(f"smoothing needs a length above 0 mm, not {by_mm}")
    box, mask = _padded(canvas, label, 3 * by_mm)
    blurred = gaussian_filter(mask.astype(np.float32), [by_mm / s for s in canvas.geometry.spacing], mode="nearest")
    free = canvas.allowed(box) & ((canvas.labels.array[box] == 0) | mask)
    if one_part:
        free &= _near_in_each_part(canvas, box, mask, 3 * by_mm)
    wanted = int(mask.sum())
    candidates = np.sort(blurred[free & (blurred > 0)])
    cut = float(candidates[max(0, len(candidates) - wanted)])
    smooth = free & (blurred >= cut) & (blurred > 0)
    labels = canvas.labels.array[box].copy()
    labels[mask] = 0
    labels[smooth] = canvas.value(label)
    a, b, c = (s.start for s in box)
    return Patch((a, b, c), labels)


def _near_in_each_part(canvas: Canvas, box: Box, mask: Mask, by_mm: float) -> Mask:
    """Where a mask is near that lies in the same part of the organ; what lies in no part is in reach of all."""
    parts = np.zeros(mask.shape, np.uint8) if canvas.within is None else canvas.within.array[box]
    near = np.zeros_like(mask)
    for part in np.unique(parts):
        source = mask if part == 0 else mask & ((parts == part) | (parts == 0))
        if source.any():
            near |= (parts == part) & (edt.edt(~source, anisotropy=canvas.geometry.spacing) <= by_mm)
    return near


def _padded(canvas: Canvas, label: str, margin_mm: float) -> tuple[Box, Mask]:
    """A label's box with a margin, cut to the image, and the label in it."""
    there = canvas.labels.array == canvas.value(label)
    if not there.any():
        raise EditDoesNotApply(f"there is no {canvas.labels.scheme[label].name} to change")
    box = bounding_box(there, [int(np.ceil(margin_mm / spacing)) + 1 for spacing in canvas.geometry.spacing])
    return box, np.ascontiguousarray(there[box])
