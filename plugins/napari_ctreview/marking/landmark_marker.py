"""Places that a reader marks in muscle MRI by one click: the ends of the femur, and the reference of STIR."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from qtpy.QtCore import QObject, Signal

from ctreview.muscle.maps.stir_reference import ReferenceBall
from ctreview.volume.geometry import FloatArray
from napari_ctreview.viewer.annotations import Drawing
from napari_ctreview.viewer.mouse_gestures import CursorPosition
from napari_ctreview.viewer.pane import Pane
from napari_ctreview.viewer.panes import Panes
from napari_ctreview.viewer.planes import Plane

__all__ = ["LandmarkMarker", "ShownBall", "ShownHeight"]

_COLOUR, _PROPOSED = "#7fd7ff", "#ffd166"
_ROUND = np.linspace(0, 2 * np.pi, 49)


@dataclass(frozen=True)
class ShownHeight:
    """A height that is drawn across coronal and sagittal slices: LPS z, and what it is called."""

    z_mm: float
    text: str


@dataclass(frozen=True)
class ShownBall:
    """A ball that is drawn where a slice cuts it; one that is only proposed is dashed."""

    ball: ReferenceBall
    text: str
    proposed: bool = False


class LandmarkMarker(QObject):
    """Lets the next click in a pane say where something lies.

    Parameters
    ----------
    panes : Panes

    Attributes
    ----------
    landmark : str or None
        What is marked with the next click.
    shown : callable
        Asked for the number of a pane at every painting: the heights and balls that are drawn there.
    placed : Signal(int, str, object)
        The number of the pane, what was marked, and where: LPS millimetres.
    changed : Signal()
        Another landmark waits for its click, or none.
    """

    placed = Signal(int, str, object)
    changed = Signal()

    def __init__(self, panes: Panes, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._panes = panes
        self.landmark: str | None = None
        self.shown: Callable[[int], Sequence[ShownHeight | ShownBall]] = lambda _number: ()
        for number, pane in enumerate(panes.panes):
            pane.in_every_plane.append(partial(self._drawn, number))
        panes.mouse.clicked.connect(self._click)

    def select(self, landmark: str) -> None:
        """Mark this with the next click; chosen once more, it is put down."""
        again = self.landmark == landmark
        self.deactivate()
        if not again:
            self.landmark = landmark
            self._panes.mouse.grab(self)
            self.changed.emit()

    def deactivate(self) -> None:
        """Give the mouse back."""
        self.landmark = None
        self._panes.mouse.release(self)
        self.changed.emit()

    def redraw(self) -> None:
        """Draw what is shown now."""
        for pane in self._panes.panes:
            pane.changed_in_every_plane()

    def _click(self, cursor: CursorPosition) -> None:
        landmark = self.landmark
        if landmark is not None and self._panes.mouse.grabber is self and cursor.button == "left":
            self.deactivate()
            self.placed.emit(cursor.pane, landmark, cursor.lps)

    def _drawn(self, number: int, pane: Pane) -> list[Drawing]:
        if pane.volume is None:
            return []
        found = (_height(one, pane) if isinstance(one, ShownHeight) else _ball(one, pane) for one in self.shown(number))
        return [one for one in found if one is not None]


def _height(one: ShownHeight, pane: Pane) -> Drawing | None:
    """A line across the image; on an axial slice none lies."""
    if pane.plane is Plane.AXIAL:
        return None
    corners = pane.geometry.corners()
    ends = np.array([pane.centre, pane.centre])
    axis = 0 if pane.plane is Plane.CORONAL else 1
    low, high = corners[:, axis].min(), corners[:, axis].max()
    ends[:, axis] = low, low + 0.75 * (high - low)  # its name stands behind it
    ends[:, 2] = one.z_mm
    return _line(pane, ends, one.text, _COLOUR, closed=False, dashed=False)


def _ball(one: ShownBall, pane: Pane) -> Drawing | None:
    """The circle in which the slice cuts it."""
    centre, radius = np.array(one.ball.centre_mm), one.ball.radius_mm
    directions = pane.geometry.directions
    normal = directions[:, pane.across]
    off = float((pane.centre - centre) @ normal)
    if abs(off) >= radius:
        return None
    first, second = (directions[:, axis] for axis in range(3) if axis != pane.across)
    around = np.outer(np.cos(_ROUND), first) + np.outer(np.sin(_ROUND), second)
    ring = centre + off * normal + (radius**2 - off**2) ** 0.5 * around
    return _line(pane, ring, one.text, _PROPOSED if one.proposed else _COLOUR, closed=True, dashed=one.proposed)


def _line(pane: Pane, points: FloatArray, text: str, colour: str, *, closed: bool, dashed: bool) -> Drawing:
    pixels, _ = pane.pixels_of(points)
    return Drawing(tuple((float(x), float(y)) for x, y in pixels), closed, text, colour, 1.6, dashed)
