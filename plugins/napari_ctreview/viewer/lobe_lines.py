"""The borders of lobes as thin lines over the slices, in every plane; dashed where the fissure is not known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ctreview.anatomy.lobes import BorderLine, LobeBorders
from napari_ctreview.viewer.annotations import Drawing
from napari_ctreview.viewer.correspondence import TimepointRole
from napari_ctreview.viewer.pane import Pane

__all__ = ["LobeLines"]

_COLOUR = "#ffe36e"


class LobeLines:
    """Draws the borders of lobes on the panes and on their further planes.

    Parameters
    ----------
    panes : sequence of Pane

    Attributes
    ----------
    wanted : bool
        Whether the reader wants to see them.
    needed : bool
        Whether a tool is in hand that works on them.
    """

    def __init__(self, panes: Sequence[Pane]) -> None:
        self._panes = panes
        self.wanted = self.needed = False
        self._borders: dict[TimepointRole, LobeBorders] = {}
        self._lines: dict[int, tuple[tuple[Any, ...], tuple[BorderLine, ...]]] = {}
        for pane in panes:
            pane.in_every_plane.append(self.on)

    def show_borders(self, role: TimepointRole, borders: LobeBorders | None) -> None:
        """Take the borders of one scan, as they are from now on; None where there are none."""
        if borders is None:
            self._borders.pop(role, None)
        else:
            self._borders[role] = borders
        self._redraw()

    def clear(self) -> None:
        """Forget the borders of scans that are gone."""
        self._borders.clear()
        self._lines.clear()
        self._redraw()

    def toggle(self) -> None:
        """Show the borders, or hide them."""
        self.wanted = not self.wanted
        self._redraw()

    def need(self, needed: bool) -> None:
        """Show them while a tool works on them."""
        self.needed = needed
        self._redraw()

    def on(self, pane: Pane) -> Sequence[Drawing]:
        """The lines on the slice that a pane shows."""
        borders = self._borders.get(pane.role)
        if not (self.wanted or self.needed) or borders is None or pane.volume is None:
            return ()
        if not pane.geometry.same_grid(borders.geometry):
            return ()
        across = pane.across
        level = round(float(borders.geometry.to_index(pane.centre)[across]))
        if not 0 <= level < borders.geometry.shape[across]:
            return ()
        key = (borders, across, level)
        known = self._lines.get(id(pane))
        if known is None or known[0] != key:
            known = key, borders.in_slice(across, level)
            self._lines[id(pane)] = known
        return [_drawing(pane, line) for line in known[1]]

    def _redraw(self) -> None:
        for pane in self._panes:
            pane.changed_in_every_plane()


def _drawing(pane: Pane, line: BorderLine) -> Drawing:
    pixels, _ = pane.pixels_of(line.points)
    points = tuple((float(x), float(y)) for x, y in pixels)
    return Drawing(points, colour=_COLOUR, width=1.1, dashed=not line.known, shadow=False)
