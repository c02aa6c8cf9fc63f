"""One click that takes or removes a connected piece."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import cc3d
import edt
import fill_voids
import numpy as np
import numpy.typing as npt

from ctreview.edits.replay import Patch
from ctreview.errors import EditDoesNotApply
from ctreview.tools.brush import stroke
from ctreview.tools.canvas import Canvas, Mask, box_around
from ctreview.tools.local_density import smoothed
from ctreview.tools.supervoxel import cells_around, supervoxel
from ctreview.volume.box import Box, bounding_box, widened

__all__ = ["Gate", "PickSettings", "learn_gate", "piece_at", "remove_piece", "take_piece"]

_FIRST_WINDOW = 48
"""Voxels to each side of a click that are searched for its piece first."""


_HALF_WAY = 0.6
"""A little more than half: what is clicked is mostly the dense middle of a piece."""


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
        Half the gate at least, in robust standard deviations of those voxels.
    narrowest_hu : float
        Half the gate at least, so that a very even place does not make it useless.
    widening_hu : float
        What one step of the wheel adds to both sides of the gate.
    least_share : float
        Lighter or denser tissue moves the gate only if it is at least this share of the reach.
    smoothing_mm : float
        Gaussian standard deviation that the image is smoothed with before anything else, against noise.
    neck_mm : float
        Where the piece is thinner than about this, it does not run on: noise makes such bridges.
    takes : {"piece", "supervoxel"}
        Whether a click takes all that is connected and like it, or the compact patch of like density around it: for
        what fades into its surroundings and has no edge to stop at.
    supervoxel_mm : float
        About how wide such a patch is; a step of the wheel changes it by a fifth.
    supervoxel_hu : float
        As much difference in density counts as one patch's width.
    """

    reach_mm: float = 40.0
    learn_radius_mm: float = 3.0
    gate_widths: float = 2.0
    narrowest_hu: float = 35.0
    widening_hu: float = 15.0
    least_share: float = 0.02
    smoothing_mm: float = 1.2
    neck_mm: float = 5.0
    takes: Literal["piece", "supervoxel"] = "piece"
    supervoxel_mm: float = 14.0
    supervoxel_hu: float = 80.0


@dataclass(frozen=True)
class Gate:
    """A range of densities, both ends included."""

    low_hu: float
    high_hu: float


def learn_gate(canvas: Canvas, point: Sequence[float], *, steps: int = 0, settings: PickSettings | None = None) -> Gate:
    """The range of densities that belongs to the place clicked.

    The place is the median of the smoothed voxels close to the click. Where the reach holds clearly lighter or denser
    tissue as well, that side of the gate lies halfway to it: there a blurred edge has its true place.

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
    settings = settings or PickSettings()
    return _Neighbourhood.at(canvas, point, settings).gate(steps, settings)


@dataclass(frozen=True, eq=False)
class _Neighbourhood:
    """The surroundings of a click: their box, how far the reach goes, and the smoothed image."""

    box: Box
    seed: tuple[int, int, int]
    reach: Mask
    near: Mask
    smooth: npt.NDArray[np.float32]

    @classmethod
    def at(cls, canvas: Canvas, point: Sequence[float], settings: PickSettings) -> _Neighbourhood:
        """Look around a click; the reach and what is near are where labels may be set."""
        seed = canvas.voxel_at(point)
        path = np.asarray([point], dtype=float)
        box = box_around(canvas.geometry, path, settings.reach_mm)
        allowed = canvas.allowed_beside(seed, box)
        reach, near = (
            stroke(canvas.geometry, path, radius, box) & allowed
            for radius in (settings.reach_mm, settings.learn_radius_mm)
        )
        if not near.any():
            raise EditDoesNotApply("nothing around the click may be labelled")
        a, b, c = (n - s.start for n, s in zip(seed, box, strict=True))
        return cls(box, (a, b, c), reach, near, _smoothed(canvas, box, allowed, settings.smoothing_mm))

    def gate(self, steps: int, settings: PickSettings) -> Gate:
        """The densities like that of the click."""
        near = self.smooth[self.near]
        # some ten thousand voxels say where lighter and denser tissue lies as well as a million do
        around = self.smooth[self.reach]
        around = around[:: max(1, len(around) // 30_000)]
        middle = float(np.median(near))
        least = max(settings.gate_widths * 1.4826 * float(np.median(np.abs(near - middle))), settings.narrowest_hu)
        wheel = steps * settings.widening_hu
        low, high = (_range_limit(sign * (around - middle), least, settings.least_share) for sign in (-1.0, 1.0))
        return Gate(middle - max(low + wheel, settings.widening_hu), middle + max(high + wheel, settings.widening_hu))


def _range_limit(beyond: npt.NDArray[np.float32], least: float, share: float) -> float:
    """Half way from the click to what lies beyond it, found by taking the means of both in turn (Ridler, Calvard 1978).

    Twice the least where there is too little of it to matter.
    """
    edge = least
    beyond = np.sort(beyond)
    for _ in range(10):
        first = int(np.searchsorted(beyond, edge, side="right"))
        if len(beyond) - first < share * len(beyond):
            return 2 * least
        # the median of all beyond the edge
        middle = beyond[[(first + len(beyond) - 1) // 2, (first + len(beyond)) // 2]]
        edge = max(least, _HALF_WAY * float(middle.mean()))
    return edge


def take_piece(
    canvas: Canvas,
    *,
    point: Sequence[float],
    label: str | None,
    steps: int = 0,
    one_part: bool = True,
    settings: PickSettings | None = None,
) -> Patch:
    """Label the connected piece around a click whose density is like that of the place clicked.

    Parameters
    ----------
    canvas : Canvas
        The piece stays where labels may be set, in the part that is clicked (of several labels in ``within``: a
        lung, a lobe), and does not cross the barrier.
    point : point
        The click in LPS millimetres.
    label : str or None
        What the piece becomes; None takes the label from what looks like the place clicked.
    steps : int
        Steps of the wheel: above 0 grows the piece, below 0 shrinks it.
    one_part : bool
        Whether the click has to lie in a part; else a click beside the organ takes the nearest piece in it.
    settings : PickSettings
        Reach and gate, or the size of a supervoxel.

    Returns
    -------
    Patch
        The box of the reach.

    Raises
    ------
    EditDoesNotApply
        The click lies outside the image, or where no label may be set.
    """
    settings = settings or PickSettings()
    if one_part:
        canvas.require_inside(canvas.voxel_at(point))
    if settings.takes == "supervoxel":
        return _take_supervoxel(canvas, point, label, steps, settings)
    look = _Neighbourhood.at(canvas, point, settings)
    gate = look.gate(steps, settings)
    box = look.box
    like = look.reach & (look.smooth >= gate.low_hu) & (look.smooth <= gate.high_hu)
    if label is None:
        like &= canvas.labels.array[box] > 0
    piece = _connected(like, _nearest_open(like, look.seed, canvas), canvas.geometry.spacing, settings.neck_mm)
    piece = fill_voids.fill(piece)
    return canvas.patch(box, np.asarray(piece, dtype=bool), label)


def _take_supervoxel(
    canvas: Canvas, point: Sequence[float], label: str | None, steps: int, settings: PickSettings
) -> Patch:
    """Label the patch around a click; with no label, only what is labelled there loses it."""
    seed = canvas.voxel_at(point)
    size = settings.supervoxel_mm * 1.2**steps
    box = cells_around(canvas, seed, size)
    allowed = canvas.allowed_beside(seed, box)
    a, b, c = (n - s.start for n, s in zip(seed, box, strict=True))
    values = _smoothed(canvas, box, allowed, settings.smoothing_mm)
    patch = supervoxel(
        values,
        allowed,
        (a, b, c),
        spacing=canvas.geometry.spacing,
        size_mm=size,
        weight_hu=settings.supervoxel_hu,
    )
    return canvas.patch(box, patch, label)


def _connected(like: Mask, seed: tuple[int, ...], spacing: Sequence[float], neck_mm: float) -> Mask:
    """The piece of a mask around a seed, cut off where it is thinner than a neck."""
    pieces = cc3d.connected_components(like, connectivity=6)
    # one voxel around it: distances in what is connected with the seed do not depend on what lies beyond
    box = widened(cc3d.statistics(pieces)["bounding_boxes"][int(pieces[seed])], (1, 1, 1), like.shape)
    a, b, c = (n - s.start for n, s in zip(seed, box, strict=True))
    piece = np.zeros_like(like)
    piece[box] = _without_necks(pieces[box] == pieces[seed], (a, b, c), spacing, neck_mm)
    return piece


def _without_necks(like: Mask, seed: tuple[int, int, int], spacing: Sequence[float], neck_mm: float) -> Mask:
    """The part of a connected piece that holds the seed, or is thick and close to it."""
    inside = edt.edt(like, anisotropy=spacing, black_border=False, parallel=2)
    # a click on something thin wants something thin
    radius = min(neck_mm, float(inside[tuple(slice(max(0, n - 2), n + 3) for n in seed)].max())) / 2
    thick = inside > radius
    cores = cc3d.connected_components(thick, connectivity=6)
    number = cores[seed]
    if not number:
        close = np.argwhere(thick)
        apart = np.linalg.norm((close - seed) * np.asarray(spacing), axis=1)
        nearest = int(np.argmin(apart))
        number = cores[tuple(close[nearest])] if apart[nearest] <= 2 * neck_mm else 0
    return _grown(cores == number, like, spacing, 1.3 * radius) if number else like  # the click lies in something thin


def _grown(core: Mask, like: Mask, spacing: Sequence[float], by_mm: float) -> Mask:
    """A core, and what is like it no farther than so many millimetres."""
    box = bounding_box(core, [int(np.ceil(by_mm / s)) for s in spacing])
    piece = np.zeros_like(like)
    away = edt.edt(~core[box], anisotropy=spacing, black_border=False, parallel=2)
    piece[box] = (away <= by_mm) & like[box]
    return piece


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
    # most pieces are small: search around the click first, and farther only where the piece reaches the edge
    reach = _FIRST_WINDOW
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


def remove_piece(canvas: Canvas, *, point: Sequence[float], label: str | None = None, one_part: bool = True) -> Patch:
    """Give the connected piece under a click another label, or none.

    With ``one_part`` what of it lies in another part of the organ (the other lung) stays.

    Raises
    ------
    EditDoesNotApply
        No label is there.
    """
    box, piece = piece_at(canvas, point)
    return canvas.patch(box, piece, label, part=canvas.part_at(canvas.voxel_at(point)) if one_part else 0)


def _smoothed(canvas: Canvas, box: Box, allowed: Mask, sigma_mm: float) -> npt.NDArray[np.float32]:
    """The image smoothed over what may be labelled only, so that vessels and chest wall do not bleed in."""
    return smoothed(canvas.volume.array[box].astype(np.float32), allowed, sigma_mm, canvas.geometry.spacing)


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
