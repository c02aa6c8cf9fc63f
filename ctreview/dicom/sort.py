"""The order of slices and the grid they make, from their positions in the patient and from nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from ctreview.dicom.frame import Frame

__all__ = ["Stack", "StackFault", "stack_of"]

Fault = Literal["incomplete", "mixed", "doubled", "gap", "uneven", "wandering"]

SAME_POSITION_MM = 0.005
"""Slices closer than this along the normal lie in the same place."""

EVEN_SHARE, EVEN_MM = 0.05, 0.06
"""Positions may leave an even grid by 5 % of the spacing or by 0.06 mm (headers that round to 0.1 mm)."""

QUIET_SHARE = 0.01
"""Up to 1 % of the spacing nothing is said about it."""

PARALLEL = 2e-3
"""Direction cosines of one stack may differ by this much (headers that round to three digits)."""

TILT_DEGREES = 0.1
"""A drift of less than this is kept in the affine as it is and not called a gantry tilt."""


class StackFault(Exception):
    """Slices that make no grid.

    Attributes
    ----------
    fault : str
        ``"incomplete"``, ``"mixed"``, ``"doubled"``, ``"gap"``, ``"uneven"`` or ``"wandering"``.
    stack : Stack or None
        For uneven spacing and gaps: the sorted slices all the same, for those who resample.
    """

    def __init__(self, fault: Fault, message: str, stack: Stack | None = None) -> None:
        super().__init__(message)
        self.fault: Fault = fault
        self.stack = stack


@dataclass(frozen=True, eq=False)
class Stack:
    """Slices in order along their normal, and where their grid lies.

    Attributes
    ----------
    order : tuple of int
        Places in the given list, from the lowest position along the normal upwards.
    affine : ndarray, shape (4, 4)
        From index (slice, row, column) to LPS millimetres, sheared where the gantry was tilted.
    slice_positions_mm : ndarray
        Position of each sorted slice along the normal, from the first.
    tilt_degrees : float
        Angle between the normal and the direction in which the slices follow each other.
    even : bool
        Whether the spacing is the same throughout; if not, the affine holds its mean.
    notes : tuple of str
        What is not perfect and was accepted.
    """

    order: tuple[int, ...]
    affine: npt.NDArray[np.float64]
    slice_positions_mm: npt.NDArray[np.float64]
    tilt_degrees: float = 0.0
    even: bool = True
    notes: tuple[str, ...] = ()


def stack_of(frames: Sequence[Frame], *, thickness_mm: float | None = None) -> Stack:
    """Sort slices along their normal and derive their grid.

    Parameters
    ----------
    frames : sequence of Frame
        Slices of one stack in any order.
    thickness_mm : float, optional
        The spacing to assume where there is one slice only.

    Raises
    ------
    StackFault
        They make no even grid; the message says which and where.
    """
    rows, columns, spacing, positions = _shared_plane(frames)
    normal = np.asarray(np.cross(rows, columns), dtype=np.float64)
    heights = positions @ normal
    order = np.argsort(heights, kind="stable")
    distances = heights[order] - heights[order[0]]
    affine = np.eye(4)
    affine[:3, 1] = columns * spacing[0]
    affine[:3, 2] = rows * spacing[1]
    affine[:3, 3] = positions[order[0]]
    if len(frames) == 1:
        affine[:3, 0] = normal * (thickness_mm or 1.0)
        note = "There is one slice only; its thickness stands for the spacing."
        return Stack((0,), affine, distances, notes=(note,))
    affine[:3, 0] = (positions[order[-1]] - positions[order[0]]) / (len(frames) - 1)
    _refuse_doubled(distances)
    drift_notes, tilt = _drift(positions[order], distances, normal)
    stack = Stack(tuple(int(i) for i in order), affine, distances, tilt, notes=drift_notes)
    return replace(stack, notes=(*drift_notes, *_evenness(stack)))


def _shared_plane(
    frames: Sequence[Frame],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], tuple[float, float], npt.NDArray[np.float64]]:
    """Row and column direction (unit vectors), pixel spacing, and all positions."""
    for name in ("position", "orientation", "spacing"):
        if any(getattr(frame, name) is None for frame in frames):
            words = {"position": "image position", "orientation": "image orientation", "spacing": "pixel spacing"}
            raise StackFault("incomplete", f"the header gives no {words[name]}")
    orientations = np.array([frame.orientation for frame in frames])
    first = orientations[0]
    lengths = np.linalg.norm(orientations.reshape(-1, 2, 3), axis=2)
    if np.abs(lengths - 1).max() > 0.01 or abs(first[:3] @ first[3:]) > 0.01:
        raise StackFault("incomplete", "the image orientation is not a pair of perpendicular unit vectors")
    if np.abs(orientations - first).max() > PARALLEL:
        raise StackFault("mixed", "slices of different orientation")
    spacings = np.array([frame.spacing for frame in frames])
    if np.abs(spacings - spacings[0]).max() > 1e-3 * spacings[0].min():
        raise StackFault("mixed", "slices of different pixel spacing")
    if len({(frame.layout.rows, frame.layout.columns) for frame in frames}) > 1:
        raise StackFault("mixed", "slices of different matrix size")
    mean = orientations.mean(axis=0) if len(frames) > 1 else first
    rows = mean[:3] / np.linalg.norm(mean[:3])
    columns = mean[3:] - rows * (rows @ mean[3:])
    positions = np.array([frame.position for frame in frames], dtype=float)
    if np.abs(positions).max() > 1e6:
        raise StackFault("incomplete", "the image position is more than a kilometre away")
    spacing = (float(spacings[0][0]), float(spacings[0][1]))
    return rows, columns / np.linalg.norm(columns), spacing, positions


def _refuse_doubled(distances: npt.NDArray[np.float64]) -> None:
    same = int((np.diff(distances) < SAME_POSITION_MM).sum())
    if same == len(distances) - 1:
        raise StackFault("doubled", f"all {len(distances)} slices lie at the same position, so that they are no volume")
    if same:
        at = distances[1:][np.diff(distances) < SAME_POSITION_MM][0]
        raise StackFault(
            "doubled",
            f"{same} of {len(distances)} slices lie at the same position as another one (the first {at:.1f} mm from "
            "the lowest slice)",
        )


def _drift(
    positions: npt.NDArray[np.float64], distances: npt.NDArray[np.float64], normal: npt.NDArray[np.float64]
) -> tuple[tuple[str, ...], float]:
    """How the slices shift within their plane as they follow each other: not at all, evenly (tilt), or anyhow."""
    within = positions - positions[0] - np.outer(distances, normal)
    slope = within[-1] / distances[-1]
    away = float(np.linalg.norm(within - np.outer(distances, slope), axis=1).max())
    if away > 0.5:
        raise StackFault("wandering", f"slices shift sideways by up to {away:.1f} mm from one to the next")
    tilt = float(np.degrees(np.arctan(np.linalg.norm(slope))))
    if tilt <= TILT_DEGREES:
        return (), 0.0
    return (f"The gantry was tilted by {tilt:.1f}°.",), tilt


def _evenness(stack: Stack) -> tuple[str, ...]:
    """Whether the slices lie on an even grid.

    Raises
    ------
    StackFault
        They do not: slices are missing, or the spacing changes.
    """
    distances = stack.slice_positions_mm
    even = distances[-1] / (len(distances) - 1)
    away = float(np.abs(distances - np.arange(len(distances)) * even).max())
    if away <= max(EVEN_SHARE * even, EVEN_MM):
        if away <= QUIET_SHARE * even + 1e-3:
            return ()
        return (f"Slice positions leave an even grid by up to {away:.2g} mm (spacing {even:.4g} mm).",)
    steps = np.diff(distances)
    usual = float(np.median(steps))
    multiples = steps / usual
    whole = np.abs(multiples - np.round(multiples)) <= EVEN_SHARE + EVEN_MM / usual
    if whole.all() and round(float(multiples.min())) == 1:
        missing = int(np.round(multiples).sum()) - len(steps)
        where = ", ".join(f"{place:.1f} mm" for place in distances[:-1][multiples > 1.5][:3])
        raise StackFault(
            "gap", f"{missing} of {len(distances) + missing} slices are missing (after {where} from the lowest)", stack
        )
    raise StackFault(
        "uneven",
        f"the slice spacing changes between {steps.min():.4g} and {steps.max():.4g} mm",
        replace(stack, even=False),
    )
