"""An outline that clings to edges between clicks, and the lasso that needs none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_gradient_magnitude
from skimage.draw import polygon2mask
from skimage.graph import MCP_Geometric

from ctreview.edits.replay import Patch
from ctreview.errors import EditDoesNotApply
from ctreview.tools.canvas import Canvas
from ctreview.volume.box import Box
from ctreview.volume.geometry import FloatArray

__all__ = ["LiveWireSettings", "lasso", "live_wire", "wire"]


@dataclass(frozen=True)
class LiveWireSettings:
    """What draws the wire.

    Attributes
    ----------
    edge_mm : float
        Gaussian standard deviation of the gradient, in millimetres.
    edge_hu_per_mm : float
        A gradient this steep halves the cost of a step.
    margin_mm : float
        How far the wire may leave the box of the clicks.
    """

    edge_mm: float = 0.8
    edge_hu_per_mm: float = 40.0
    margin_mm: float = 20.0


def wire(
    canvas: Canvas,
    *,
    points: Sequence[Sequence[float]],
    plane: int = 0,
    closed: bool = True,
    settings: LiveWireSettings | None = None,
) -> FloatArray:
    """The cheapest path along edges through clicks in one slice.

    Parameters
    ----------
    canvas : Canvas
        The image.
    points : sequence of points, shape (n, 3)
        The clicks in LPS millimetres, all in one slice.
    plane : {0, 1, 2}
        The array axis across the slice.
    closed : bool
        Whether the last click is joined to the first.
    settings : LiveWireSettings
        What counts as an edge.

    Returns
    -------
    ndarray, shape (m, 3)
        The path in LPS millimetres, a point a voxel.

    Notes
    -----
    Intelligent scissors / live wire: Mortensen and Barrett 1995; Falcão et al., Graph Models Image Process 1998.
    """
    settings = settings or LiveWireSettings()
    clicks, level = _clicks(canvas, points, plane)
    low, values = _window(canvas, clicks, plane, level, settings.margin_mm)
    spacing = [s for axis, s in enumerate(canvas.geometry.spacing) if axis != plane]
    steep = gaussian_gradient_magnitude(values, [settings.edge_mm / s for s in spacing])
    steep = steep / np.mean(spacing)
    cost = 1.0 / (1.0 + steep / settings.edge_hu_per_mm) + 0.02
    stops = [tuple(int(v) for v in np.rint(click - low)) for click in clicks]
    legs = list(zip(stops, stops[1:] + stops[:1] if closed else stops[1:], strict=False))
    path: list[tuple[int, int]] = []
    for start, end in legs:
        search = MCP_Geometric(cost, sampling=spacing)
        search.find_costs([start], [end])
        path.extend(search.traceback(end)[:-1] if closed else search.traceback(end))
    return _to_lps(canvas, np.asarray(path, dtype=float) + low, plane, level)


def live_wire(
    canvas: Canvas,
    *,
    points: Sequence[Sequence[float]],
    label: str | None,
    plane: int = 0,
    one_part: bool = True,
    settings: LiveWireSettings | None = None,
) -> Patch:
    """Label what a live wire through the clicks encloses, in their slice; ``one_part`` is that of `lasso`.

    Raises
    ------
    EditDoesNotApply
        Fewer than three clicks, or outside the image.
    """
    settings = settings or LiveWireSettings()
    if len(points) < 3:
        raise EditDoesNotApply("an outline needs at least three clicks")
    outline = wire(canvas, points=points, plane=plane, settings=settings).tolist()
    return lasso(canvas, points=outline, label=label, plane=plane, one_part=one_part)


def lasso(
    canvas: Canvas,
    *,
    points: Sequence[Sequence[float]],
    label: str | None,
    plane: int = 0,
    only: Sequence[str] | None = None,
    depth_mm: float = 0.0,
    one_part: bool = True,
) -> Patch:
    """Label what a free-hand outline encloses.

    Parameters
    ----------
    canvas : Canvas
        The labels.
    points : sequence of points, shape (n, 3)
        The outline in LPS millimetres, in one slice; it is closed.
    label : str or None
        What the inside becomes; None erases.
    plane : {0, 1, 2}
        The array axis across the slice.
    only : sequence of str, optional
        Change only what has one of these labels now (to turn ground glass into consolidation, say).
    depth_mm : float
        How far to either side of the slice the outline reaches.
    one_part : bool
        Whether only the part of the organ (the lung) changes that has most of what is enclosed.
    """
    if len(points) < 3:
        raise EditDoesNotApply("an outline needs at least three points")
    corners, level = _clicks(canvas, points, plane, inside=False)
    shape = canvas.geometry.shape
    flat = [n for axis, n in enumerate(shape) if axis != plane]
    low = np.clip(np.floor(corners.min(axis=0)), 0, flat).astype(int)
    high = np.clip(np.ceil(corners.max(axis=0)) + 1, 0, flat).astype(int)
    if np.any(high <= low):
        raise EditDoesNotApply("the outline lies outside the image")
    inside = polygon2mask(high - low, corners - low)
    reach = int(depth_mm / canvas.geometry.spacing[plane] + 1e-9)
    levels = slice(max(0, level - reach), min(shape[plane], level + reach + 1))
    spans = [slice(int(a), int(b)) for a, b in zip(low, high, strict=True)]
    spans.insert(plane, levels)
    box: Box = (spans[0], spans[1], spans[2])
    where = np.broadcast_to(np.expand_dims(inside, plane), [s.stop - s.start for s in box]).copy()
    if only is not None:
        where &= np.isin(canvas.labels.array[box], [canvas.value(key) for key in only])
    return canvas.patch(box, where, label, part=canvas.part_with_most(box, where) if one_part else 0)


def _clicks(
    canvas: Canvas, points: Sequence[Sequence[float]], plane: int, *, inside: bool = True
) -> tuple[FloatArray, int]:
    """Clicks as in-plane indices (n, 2), and the slice they lie in."""
    index = canvas.geometry.to_index(np.asarray(points, dtype=float))
    level = round(float(index[:, plane].mean()))
    flat = np.delete(index, plane, axis=1)
    size = np.delete(np.array(canvas.geometry.shape), plane)
    outside = not 0 <= level < canvas.geometry.shape[plane]
    if outside or (inside and (np.any(np.rint(flat) < 0) or np.any(np.rint(flat) >= size))):
        raise EditDoesNotApply("the outline lies outside the image")
    return flat, level


def _window(
    canvas: Canvas, clicks: FloatArray, plane: int, level: int, margin_mm: float
) -> tuple[FloatArray, npt.NDArray[np.float32]]:
    """The part of the slice around the clicks, and the in-plane index of its corner."""
    picture = np.take(canvas.volume.array, level, axis=plane)
    margin = [margin_mm / s for axis, s in enumerate(canvas.geometry.spacing) if axis != plane]
    low = np.maximum(np.floor(clicks.min(axis=0) - margin), 0).astype(int)
    high = np.minimum(np.ceil(clicks.max(axis=0) + margin) + 1, picture.shape).astype(int)
    return low.astype(float), picture[low[0] : high[0], low[1] : high[1]].astype(np.float32)


def _to_lps(canvas: Canvas, flat: FloatArray, plane: int, level: int) -> FloatArray:
    return canvas.geometry.to_lps(np.insert(flat, plane, level, axis=1))
