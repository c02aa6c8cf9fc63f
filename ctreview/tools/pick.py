"""One click that takes or removes a connected piece."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cc3d
import fill_voids
import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter

from ctreview.edits.replay import EditDoesNotApply, Patch
from ctreview.tools.brush import stroke
from ctreview.tools.canvas import Box, Canvas, Mask, box_around
from ctreview.volume.geometry import FloatArray

__all__ = ["Gate", "PickSettings", "learn_gate", "piece_at", "remove_piece", "take_piece"]

_FIRST_LOOK = 48
"""Voxels to each side of a click that are searched for its piece first."""


@dataclass(frozen=True)
class PickSettings:
    """How a piece is grown from a click.

    Attributes
    ----------
    reach_mm : float
        No farther from the click than this.
    learn_radius_mm : float
        The gate is learned from the voxels this close to the click.
    gate_widths : float
        Half the gate in robust standard deviations of those voxels.
    narrowest_hu : float
        Half the gate at least, so that a very even place does not make it useless.
    widening_hu : float
        What one step of the wheel adds to both sides of the gate.
    least_share : float
        Lighter or denser tissue moves the gate only if it is at least this share of the reach.
    smoothing_mm : float
        Gaussian standard deviation that the image is smoothed with before it is gated, against noise.
    """

    reach_mm: float = 40.0
    learn_radius_mm: float = 3.0
    gate_widths: float = 2.5
    narrowest_hu: float = 60.0
    widening_hu: float = 20.0
    least_share: float = 0.02
    smoothing_mm: float = 0.8


@dataclass(frozen=True)
class Gate:
    """A range of densities, both ends included."""

    low_hu: float
    high_hu: float


def learn_gate(
    canvas: Canvas, point: Sequence[float], *, steps: int = 0, settings: PickSettings = PickSettings()
) -> Gate:
    """The range of densities that belongs to the place clicked.

    The place is the median of the voxels close to the click and their robust spread (1.4826 · MAD). Where the reach
    holds clearly lighter or denser tissue as well, that side of the gate lies halfway to it: there a blurred edge has
    its true place.

    Parameters
    ----------
    canvas : Canvas
        The image; only voxels that may be labelled are learned from.
    point : point
        The click in LPS millimetres.
    steps : int
        Steps of the wheel: above 0 widens, below 0 narrows.
    settings : PickSettings
        Radius, width, least width.

    Raises
    ------
    EditDoesNotApply
        No voxel there may be labelled.
    """
    near = _values(canvas, point, settings.learn_radius_mm)
    if not len(near):
        raise EditDoesNotApply("nothing around the click may be labelled")
    around = _values(canvas, point, settings.reach_mm)
    middle = float(np.median(near))
    spread = 1.4826 * float(np.median(np.abs(near - middle)))
    half = max(settings.gate_widths * spread, settings.narrowest_hu)

    def side(beyond: FloatArray) -> float:
        common = len(beyond) >= settings.least_share * len(around)
        edge = max(half, float(np.median(beyond)) / 2) if common else half
        return max(edge + steps * settings.widening_hu, settings.widening_hu)

    below, above = middle - around, around - middle
    return Gate(middle - side(below[below > half]), middle + side(above[above > half]))


def take_piece(
    canvas: Canvas,
    *,
    point: Sequence[float],
    label: str,
    steps: int = 0,
    settings: PickSettings = PickSettings(),
) -> Patch:
    """Label the connected piece around a click whose density is like that of the place clicked.

    Parameters
    ----------
    canvas : Canvas
        The piece stays where labels may be set and does not cross the barrier.
    point : point
        The click in LPS millimetres.
    label : str
        What the piece becomes.
    steps : int
        Steps of the wheel: above 0 grows the piece, below 0 shrinks it.
    settings : PickSettings
        Reach and gate.

    Returns
    -------
    Patch
        The box of the reach.

    Raises
    ------
    EditDoesNotApply
        The click lies outside the image, or where no label may be set.
    """
    seed = canvas.voxel_at(point)
    gate = learn_gate(canvas, point, steps=steps, settings=settings)
    box = box_around(canvas.geometry, [point], settings.reach_mm)
    reach = stroke(canvas.geometry, np.asarray([point], dtype=float), settings.reach_mm, box)
    smooth = _smoothed(canvas, box, settings.smoothing_mm)
    open_to_grow = reach & canvas.allowed(box) & (smooth >= gate.low_hu) & (smooth <= gate.high_hu)
    local = _nearest_open(open_to_grow, tuple(n - s.start for n, s in zip(seed, box, strict=True)), canvas)
    pieces = cc3d.connected_components(open_to_grow, connectivity=6)
    piece = fill_voids.fill(pieces == pieces[local])
    return canvas.patch(box, np.asarray(piece, dtype=bool), label)


def piece_at(canvas: Canvas, point: Sequence[float]) -> tuple[Box, Mask]:
    """The connected piece of one label under a point: its box and where in the box it is.

    Raises
    ------
    EditDoesNotApply
        No label is there.
    """
    seed = canvas.voxel_at(point)
    value = canvas.labels.array[seed]
    if value == 0:
        raise EditDoesNotApply("no piece lies under the click")
    # most pieces are small beside the image: look around the click first, and farther only where the piece goes on
    reach = _FIRST_LOOK
    while True:
        window = tuple(
            slice(max(0, n - reach), min(m, n + reach + 1))
            for n, m in zip(seed, canvas.labels.array.shape, strict=True)
        )
        pieces = cc3d.connected_components(canvas.labels.array[window] == value, connectivity=26)
        number = int(pieces[tuple(n - s.start for n, s in zip(seed, window, strict=True))])
        inner = cc3d.statistics(pieces)["bounding_boxes"][number]
        if not _goes_on(inner, window, canvas.labels.array.shape):
            break
        reach *= 2
    a, b, c = (slice(int(s.start + w.start), int(s.stop + w.start)) for s, w in zip(inner, window, strict=True))
    return (a, b, c), np.asarray(pieces[inner] == number)


def _goes_on(inner: Sequence[slice], window: Sequence[slice], shape: Sequence[int]) -> bool:
    """Whether a piece touches a side of the window behind which there is more of the image."""
    return any(
        (s.start == 0 and w.start > 0) or (s.stop + w.start == w.stop and w.stop < n)
        for s, w, n in zip(inner, window, shape, strict=True)
    )


def remove_piece(canvas: Canvas, *, point: Sequence[float], label: str | None = None) -> Patch:
    """Give the connected piece under a click another label, or none.

    Raises
    ------
    EditDoesNotApply
        No label is there.
    """
    box, piece = piece_at(canvas, point)
    return canvas.patch(box, piece, label)


def _values(canvas: Canvas, point: Sequence[float], radius_mm: float) -> FloatArray:
    """The densities of what may be labelled within a radius of a point."""
    box = box_around(canvas.geometry, [point], radius_mm)
    near = stroke(canvas.geometry, np.asarray([point], dtype=float), radius_mm, box) & canvas.allowed(box)
    return np.asarray(canvas.volume.array[box][near], dtype=np.float64)


def _smoothed(canvas: Canvas, box: Box, sigma_mm: float) -> npt.NDArray[np.float32]:
    """The image smoothed over what may be labelled only, so that vessels and chest wall do not bleed in."""
    sigma = [sigma_mm / s for s in canvas.geometry.spacing]
    weight = canvas.allowed(box).astype(np.float32)
    values = gaussian_filter(canvas.volume.array[box] * weight, sigma, truncate=3.0)
    return np.asarray(values / np.maximum(gaussian_filter(weight, sigma, truncate=3.0), 1e-3))


def _nearest_open(open_to_grow: Mask, seed: tuple[int, ...], canvas: Canvas) -> tuple[int, ...]:
    """The seed, or the closest voxel within two voxels of it that is inside the gate (one noisy voxel is no reason)."""
    if open_to_grow[seed]:
        return seed
    window = tuple(slice(max(0, n - 2), n + 3) for n in seed)
    near = np.argwhere(open_to_grow[window]) + [s.start for s in window]
    if not len(near):
        raise EditDoesNotApply("the place clicked may not be labelled")
    apart = ((near - np.asarray(seed)) * np.array(canvas.geometry.spacing)) ** 2
    a, b, c = (int(n) for n in near[int(np.argmin(apart.sum(axis=1)))])
    return a, b, c
