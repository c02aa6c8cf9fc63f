"""A brush that adds to the organ in which labels may be set, or removes from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ctreview.edits.replay import Patch
from ctreview.errors import EditDoesNotApply
from ctreview.tools.brush import BrushSettings, brushed
from ctreview.tools.canvas import Canvas, Mask, box_around
from ctreview.volume.box import Box

__all__ = ["ORGAN_BRUSH", "DensityClass", "nearest_part", "organ_brush", "organ_change"]

ORGAN_BRUSH = "organ_brush"
"""What the act is called in a journal."""

_SEARCHED_MM = (15.0, 40.0, 80.0)
"""How far around a place its nearest part of the organ is looked for, in turn."""


@dataclass(frozen=True)
class DensityClass:
    """What added voxels are that are dense.

    Attributes
    ----------
    label : str
    from_hu : float
        Voxels from this density on get the label.
    """

    label: str
    from_hu: float


def organ_brush(
    canvas: Canvas,
    *,
    points: Sequence[Sequence[float]],
    part: str,
    adds: bool,
    plane: int = 0,
    classes: Sequence[DensityClass] = (),
    settings: BrushSettings | None = None,
) -> Patch:
    """Add what a stroke covers to a part of the organ, or remove it; the organ itself is `organ_change`'s.

    Parameters
    ----------
    canvas : Canvas
        ``within`` is the organ as it stands, with whatever else may not be added to it.
    points, plane, settings
        As in `brush`.
    part : str
        The label of ``within`` that is added to, or that loses voxels.
    adds : bool
        Whether it adds.
    classes : sequence of DensityClass
        What added voxels are labelled as by their density; the last that fits counts.

    Returns
    -------
    Patch
        Labels of what was added; what was removed has none.

    Raises
    ------
    EditDoesNotApply
        The stroke changes nothing of the organ.
    """
    box, changed, _ = organ_change(canvas, points=points, part=part, adds=adds, plane=plane, settings=settings)
    labels = canvas.labels.array[box].copy()
    labels[changed] = 0
    if adds:
        values = canvas.volume.array[box]
        free = changed if canvas.barrier is None else changed & (canvas.barrier.array[box] == 0)
        for one in classes:
            labels[free & (values >= one.from_hu)] = canvas.value(one.label)
    a, b, c = (s.start for s in box)
    return Patch((a, b, c), labels)


def organ_change(
    canvas: Canvas,
    *,
    points: Sequence[Sequence[float]],
    part: str,
    adds: bool,
    plane: int = 0,
    settings: BrushSettings | None = None,
) -> tuple[Box, Mask, int]:
    """The voxels of the organ that a stroke changes, and what they become; parameters are those of `organ_brush`.

    Returns
    -------
    box : Box
    changed : ndarray of bool
        The voxels of the box.
    value : int
        Their number in ``within`` from now on; 0 outside the organ.

    Raises
    ------
    EditDoesNotApply
        There is none, or there is no such part.
    """
    if canvas.within is None or all(label.key != part for label in canvas.within.scheme):
        raise EditDoesNotApply(f"there is no {part.replace('_', ' ')} here")
    number = canvas.within.scheme[part].value
    box, where = brushed(canvas, points, plane, settings or BrushSettings())
    changed = where & (canvas.within.array[box] == (0 if adds else number))
    if not adds and np.count_nonzero(changed) == np.count_nonzero(canvas.within.array == number):
        raise EditDoesNotApply(f"it would leave nothing of the {part.replace('_', ' ')}")
    if not changed.any():
        words = part.replace("_", " ")
        raise EditDoesNotApply(
            f"all of that belongs to the {canvas.organ} already" if adds else f"nothing there belongs to the {words}"
        )
    return box, changed, number if adds else 0


def nearest_part(canvas: Canvas, point: Sequence[float], keys: Sequence[str]) -> str:
    """The part of the organ, among some, that is nearest to a place in LPS millimetres.

    Raises
    ------
    EditDoesNotApply
        None lies within 80 mm.
    """
    assert canvas.within is not None
    values = {canvas.within.scheme[key].value: key for key in keys}
    for reach in _SEARCHED_MM:
        box = box_around(canvas.geometry, [point], reach)
        parts = canvas.within.array[box]
        at = np.argwhere(np.isin(parts, list(values)))
        if len(at):
            places = canvas.geometry.to_lps(at + [s.start for s in box])
            apart = np.linalg.norm(places - np.asarray(point, dtype=float), axis=1)
            if apart.min() <= reach:
                return values[int(parts[tuple(at[int(np.argmin(apart))])])]
    raise EditDoesNotApply(f"the {canvas.organ} lie nowhere near; choose the side that it is added to")
